"""Pub/Sub pushes an order's id: the room's server puts somebody out, or is asked again."""

import logging
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from visio.adapters import orders
from visio.adapters.database import Database, Transaction
from visio.adapters.orders import Order
from visio.adapters.roomserver import PutOut, RoomServer
from visio.call import Call
from visio.domain.events import Said
from visio.domain.refusals import Unavailable
from visio.domain.words import Facts
from visio.flows.pushed import Push, content

log = logging.getLogger("visio.room")

MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(minutes=5)


class Ordered(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What our own outbox publishes: nothing of an order but its id."""

    order_id: UUID


def run_room_order(
    push: Push, call: Call, database: Database, server: RoomServer, *, subscription: str
) -> None:
    """Return once they are out or the order is given up; raise Unavailable to be pushed again.

    A removal is worth a second only within seconds, so that the bus asks again at once; the sweep
    stands behind it.
    """
    ordered = content(push, Ordered, subscription)
    if ordered is None:
        log.error("room.malformed")
        return
    with database.at_once_as_system(call.function) as tx:
        order = orders.claim(tx, ordered.order_id, now=call.now)
        waits = order is None and orders.pending(tx, ordered.order_id)
    if order is None:
        if waits:
            raise Unavailable
        return
    put_out = server.put_out(order.meeting_id, order.identity, now=call.now)
    with database.acting_as_system(call.function) as tx:
        if put_out is PutOut.DONE:
            orders.OUTBOX.settle(tx, order.id, now=call.now)
            return
        if order.attempts >= MOST_ATTEMPTS:
            orders.OUTBOX.drop(tx, order.id, "refused", now=call.now)
            _tell_of_failure(tx, order, call)
            return
        pause = min(timedelta(seconds=2 ** (order.attempts - 1)) / 2, LONGEST_PAUSE)
        orders.OUTBOX.postpone(tx, order.id, "refused", until=call.now + pause)
    raise Unavailable


def _tell_of_failure(tx: Transaction, order: Order, call: Call) -> None:
    log.error("room.given_up", extra={"meetingId": str(order.meeting_id)})
    said = Said(at=call.now, version=1, meeting_id=order.meeting_id)
    said.notify(
        "operator",
        order.operator_id,
        "removal_failed",
        Facts(name=order.client_name),
        f"/hub/#meeting-{order.meeting_id}",
    )
    tx.say(said)

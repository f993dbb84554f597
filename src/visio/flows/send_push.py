"""Pub/Sub pushes the id of a message to a browser: it is written, encrypted and sent."""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from visio.adapters import pushes
from visio.adapters.database import Database
from visio.adapters.webpush import Pushed, Pusher
from visio.call import Call
from visio.domain.push_services import allowed
from visio.domain.words import PUSHED
from visio.flows.pushed import Push, content

log = logging.getLogger("visio.push")

# Somebody waits: what has not arrived within minutes need not arrive.
MOST_ATTEMPTS = 4
FIRST_PAUSE = timedelta(seconds=10)


class Ordered(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What our own outbox publishes: nothing of a message but its id."""

    push_id: UUID


def send_push(
    push: Push,
    call: Call,
    database: Database,
    pusher: Pusher,
    *,
    hosts: Sequence[str],
    local: bool,
    subscription: str,
) -> None:
    """Return whatever becomes of it: the outbox remembers, and the sweep hands it over again."""
    ordered = content(push, Ordered, subscription)
    if ordered is None:
        log.error("push.malformed")
        return
    with database.at_once_as_system(call.function) as tx:
        message = pushes.claim(tx, ordered.push_id, now=call.now)
    if message is None:
        return
    pushed, problem = Pushed.NEVER, _pointless(message, hosts, local=local)
    if problem is None:
        keys, topic = (message.p256dh, message.auth), message.meeting_id.hex
        text = _written(message)
        pushed = pusher.send(message.endpoint, *keys, text, topic=topic, now=call.now)
        problem = "refused"
    with database.acting_as_system(call.function) as tx:
        match pushed:
            case Pushed.SENT:
                pushes.OUTBOX.settle(tx, message.id, now=call.now)
            case Pushed.GONE:
                pushes.forget(tx, message)
            case Pushed.TRY_AGAIN if message.attempts < MOST_ATTEMPTS:
                pause = FIRST_PAUSE * 2 ** (message.attempts - 1)
                pushes.OUTBOX.postpone(tx, message.id, problem, until=call.now + pause)
            case _:
                pushes.OUTBOX.drop(tx, message.id, problem, now=call.now)


def _pointless(message: pushes.Push, hosts: Sequence[str], *, local: bool) -> str | None:
    """Why a message is not to be sent, if there is a reason."""
    if not message.waiting:
        return "answered"
    return None if allowed(message.endpoint, hosts, local=local) else "not a push service"


def _written(message: pushes.Push) -> bytes:
    """What a service worker shows: no name, since anybody may look at a locked screen."""
    words = PUSHED["en" if message.locale == "en" else "fr"]
    told = {
        "type": "client_waiting",
        "title": words.title,
        "body": f"{words.sentence}.",
        "link": f"/hub/#meeting-{message.meeting_id}",
        "meetingId": str(message.meeting_id),
    }
    return json.dumps(told, ensure_ascii=False).encode()

"""Pub/Sub pushes a signal: it is broadcast once on its channel."""

import logging
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct, to_builtins

from visio.adapters import outbox
from visio.adapters.database import Database
from visio.adapters.realtime import Broadcaster, Relayed
from visio.call import Call
from visio.domain.refusals import Unavailable
from visio.flows.pushed import Push, content

log = logging.getLogger("visio.relay")

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CHANNEL = rf"meeting:{_UUID}:status|(?:operator|client):{_UUID}:inbox"


class _Ours(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """As our outbox writes it."""


class Payload(_Ours, frozen=True, kw_only=True):
    event_id: UUID
    meeting_id: UUID | None = None
    request_id: UUID | None = None
    version: int
    at: str


class Message(_Ours, frozen=True):
    """One signal."""

    event_id: UUID
    channel: Annotated[str, Meta(pattern=rf"^(?:{CHANNEL})\Z")]
    event: Literal[
        "client_waiting",
        "client_left",
        "operator_joined",
        "entry_denied",
        "back_to_lobby",
        "lobby_message",
        "meeting_cancelled",
        "meeting_rescheduled",
        "meeting_completed",
        "request_created",
        "request_decided",
        "notification_created",
    ]
    payload: Payload


def relay_signal(
    push: Push, call: Call, database: Database, broadcaster: Broadcaster, *, subscription: str
) -> None:
    """Return once nothing more is to be done; raise Unavailable if a redelivery may help."""
    message = content(push, Message, subscription)
    if message is None:
        _bury(database, call, "malformed", push.message)
        return
    with database.at_once_as_system(call.function) as tx:
        ours = outbox.claim_relay(tx, message.event_id, now=call.now)
    if ours is False:
        return
    if ours is None:
        raise Unavailable  # another delivery of it is under way; its failure must not lose it
    payload = to_builtins(message.payload)
    relayed = broadcaster.send(message.channel, message.event, payload)
    done = relayed in (Relayed.SENT, Relayed.NEVER)
    if relayed is Relayed.SENT:
        # Browsers have it. If this is lost, a second delivery is broadcast again, and they drop it.
        with database.unheard_as_system(call.function) as tx:
            outbox.settle_relay(tx, message.event_id, sent=True, now=call.now)
        return
    with database.acting_as_system(call.function) as tx:
        outbox.settle_relay(tx, message.event_id, sent=done, now=call.now)
        if relayed is Relayed.NEVER:
            outbox.bury(tx, "refused", push.message)
    if relayed is Relayed.MISCONFIGURED:
        log.error("relay.misconfigured")
    if not done:
        raise Unavailable


def _bury(database: Database, call: Call, reason: str, envelope: Mapping[str, Any]) -> None:
    log.error("relay.malformed")
    kept = {key: envelope.get(key) for key in ("messageId", "publishTime", "data")}
    with database.acting_as_system(call.function) as tx:
        outbox.bury(tx, reason, {key: str(value)[:10_000] for key, value in kept.items()})

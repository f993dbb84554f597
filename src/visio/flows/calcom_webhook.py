"""An event comes from Cal.com: stored once, and our rows follow from all that was told."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from visio.adapters import chains, inbox
from visio.adapters.calcom import Binding, BookingTokens
from visio.adapters.database import Transaction
from visio.adapters.inbox import Stored
from visio.call import Call
from visio.domain.booking import BOOKINGS, CalcomEvent, Told
from visio.domain.events import Said
from visio.domain.refusals import MalformedEvent, MalformedJson, MissingMetadata
from visio.domain.words import Facts
from visio.flows.follow_chain import Followed, follow


class Ingested(Struct, frozen=True):
    """What an event changed, in the contract's words; and the meeting it concerns, if any."""

    outcome: str
    meeting_id: UUID | None = None


class Intake(Struct, frozen=True):
    """How bookings are bound to clients, and the rest that operators keep after each meeting."""

    tokens: BookingTokens
    token_only: bool
    buffer: timedelta


def calcom_webhook(call: Call, tx: Transaction, *, intake: Intake) -> Ingested:
    """Raises MissingMetadata for a booking that no client is bound to, which waits in quarantine,
    and MalformedEvent for a body that is no event, which is kept.
    """
    try:
        event = CalcomEvent.read(call.body)
    except MalformedJson as malformed:
        inbox.keep_unread(tx, call.body, now=call.now)
        raise MalformedEvent(malformed.message) from malformed
    return take_in(event, call.body, tx, intake=intake, stale=event.stale(call.now), now=call.now)


def take_in(
    event: CalcomEvent,
    raw: bytes,
    tx: Transaction,
    *,
    intake: Intake,
    stale: bool = False,
    booked_at: datetime | None = None,
    now: datetime,
) -> Ingested:
    """The same for an event from wherever; one that is stale is kept, and changes nothing.

    A link's token must have been good when the booking was made: now, or at `booked_at`.
    """
    told, binding = event.told, _binding(event, intake, min(booked_at or now, now))
    by_token = event.claim("bookingToken") is not None
    if told is not None:
        chains.hold(tx, told, binding.client_id if binding else None)
    storing = inbox.store(tx, event, raw, binding, by_token=by_token, stale=stale, now=now)
    chain = chains.look(tx, buffer=intake.buffer)
    stored = Stored.of(storing.rows[0])
    if stored.id is None:
        if stored.earlier_status == "quarantined" and event.trigger in BOOKINGS:
            raise MissingMetadata
        return Ingested("duplicate", stored.meeting_id)
    if stale:
        return Ingested("stale")
    if told is None or chain is None:
        inbox.settle(tx, stored.id, "ignored")
        return Ingested("ignored")
    followed = follow(tx, chain, now=now)
    return conclude(tx, stored.id, told, followed, chain, binding, now=now)


def conclude(
    tx: Transaction,
    id: UUID,
    told: Told,
    followed: Followed,
    chain: chains.HeldChain,
    binding: Binding | None,
    *,
    now: datetime,
) -> Ingested:
    """Write and say what became of one event, once its chain has been followed.

    Raises MissingMetadata where the chain is nobody's: what was written is kept.
    """
    party = chain.party
    if party is None:
        if followed.state == "dismissed" or told.trigger not in BOOKINGS:
            inbox.settle(tx, id, "ignored")
            return Ingested("ignored")
        raise MissingMetadata
    meeting_id, outcome = followed.meeting_id(told), followed.outcome(told)
    if told.seats and binding and binding.client_id != party.client_id:
        # Places of one booking are one meeting here, and it is somebody else's.
        inbox.settle(tx, id, "conflict", meeting_id)
        said = Said(at=now, version=1)
        slot = told.span.start if told.span else None
        zone = party.people.operator_time_zone
        tx.say(
            said.notify(
                "operator",
                party.operator_id,
                "booking_conflict",
                Facts(slot=slot),
                "/hub/",
                time_zone=zone,
            )
        )
        return Ingested("ignored", meeting_id)
    if any(told.uid in of.uids for of in followed.conflicts):
        inbox.settle(tx, id, "conflict", meeting_id)
        return Ingested("ignored", meeting_id)
    applied = outcome in ("created", "updated", "cancelled")
    inbox.settle(tx, id, "applied" if applied else "ignored", meeting_id)
    return Ingested(outcome, meeting_id)


def _binding(event: CalcomEvent, intake: Intake, now: datetime) -> Binding | None:
    """Whom a booking names. A token that is there and wrong binds nothing, whatever ids say."""
    if (token := event.claim("bookingToken")) is not None:
        return intake.tokens.binding(token, now=now)
    if intake.token_only:
        return None
    try:
        return Binding(UUID(event.claim("clientId") or ""), UUID(event.claim("operatorId") or ""))
    except ValueError:
        return None

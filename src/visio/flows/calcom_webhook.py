"""An event comes from Cal.com: stored once, and a direct booking becomes a meeting."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from visio.adapters import inbox, requests
from visio.adapters.calcom import Binding, BookingTokens
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.booking import Booking, CalcomEvent, book, conflict
from visio.domain.refusals import MissingMetadata


@dataclass(frozen=True, slots=True)
class Ingested:
    """created, duplicate or ignored; and the meeting it concerns, where there is one."""

    outcome: str
    meeting_id: UUID | None = None


def calcom_webhook(
    event: CalcomEvent,
    call: Call,
    tx: Transaction,
    *,
    tokens: BookingTokens,
    token_only: bool,
    buffer: timedelta,
) -> Ingested:
    """Raises MissingMetadata for a booking that no client is bound to; it waits in quarantine."""
    booking = event.booking
    binding = _binding(booking, call, tokens, token_only) if booking else None
    taken = inbox.take_in(
        tx,
        trigger=event.trigger,
        uid=event.uid,
        body=event.stored,
        body_sha256=hashlib.sha256(call.body).hexdigest(),
        logical_key=event.logical_key,
        client_id=binding.client_id if binding else None,
        operator_id=binding.operator_id if binding else None,
        starts_at=booking.starts_at if booking else None,
        ends_at=booking.ends_at if booking else None,
        buffer=buffer,
    )
    if taken.id is None:
        if taken.earlier_status == "quarantined":
            raise MissingMetadata
        return Ingested("duplicate", taken.meeting_id)
    if booking is None:
        inbox.settle(tx, taken.id, "ignored", taken.meeting_id)
        return Ingested("ignored", taken.meeting_id)
    if taken.meeting_id is not None:
        # A further seat, or a copy that says something new, of a booking that has its meeting.
        inbox.settle(tx, taken.id, "ignored", taken.meeting_id)
        return Ingested("duplicate", taken.meeting_id)
    bound = taken.bound
    if bound is None or not (_by_token(booking) or _same_address(booking, bound.client_email)):
        inbox.settle(tx, taken.id, "quarantined")
        raise MissingMetadata
    if bound.busy:
        inbox.settle(tx, taken.id, "conflict")
        time_zone = bound.people.operator_time_zone
        said = conflict(booking, operator_id=bound.operator_id, time_zone=time_zone, now=call.now)
        tx.say(said)
        return Ingested("ignored")
    booked = book(
        booking,
        client_id=bound.client_id,
        operator_id=bound.operator_id,
        people=bound.people,
        buffer=buffer,
        now=call.now,
    )
    inbox.book(tx, booking.uid, booked.meeting)
    requests.add_booked(tx, booked.request)
    inbox.settle(tx, taken.id, "applied", booked.meeting.id)
    tx.say(booked.said)
    return Ingested("created", booked.meeting.id)


def _by_token(booking: Booking) -> bool:
    return booking.claim("bookingToken") is not None


def _binding(
    booking: Booking, call: Call, tokens: BookingTokens, token_only: bool
) -> Binding | None:
    """Whom the booking names. A token that is there and wrong binds nothing, whatever ids say."""
    if (token := booking.claim("bookingToken")) is not None:
        return tokens.binding(token, now=call.now)
    if token_only:
        return None
    try:
        return Binding(
            UUID(booking.claim("clientId") or ""), UUID(booking.claim("operatorId") or "")
        )
    except ValueError:
        return None


def _same_address(booking: Booking, email: str) -> bool:
    return (booking.booker_email or "").strip().casefold() == email.strip().casefold()

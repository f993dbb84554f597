"""What the operator decides on a request, and what the client answers to other slots."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import replace

from visio.domain.events import People, Said, Side, instant, other
from visio.domain.meeting import Meeting, Span
from visio.domain.refusals import (
    AlreadyDecided,
    NothingProposed,
    SlotNotProposed,
    SlotPassed,
    SlotTaken,
)
from visio.domain.request import (
    MeetingRequest,
    RequestStatus,
    check_ahead,
    page_of,
    slot_state,
)
from visio.domain.words import Facts

ROUNDS = 3
PENDING, ACCEPTED, COUNTERED = (
    RequestStatus.PENDING,
    RequestStatus.ACCEPTED,
    RequestStatus.COUNTERED,
)


class Accept(Struct, frozen=True):
    """Either party takes a slot that the other one offers."""

    selected_slot: datetime


class Reject(Struct, frozen=True):
    reason: str


class Propose(Struct, frozen=True):
    slots: tuple[datetime, ...]
    message: str | None


class Decline(Struct, frozen=True):
    """The client takes none of the operator's slots."""

    message: str | None


class Withdraw(Struct, frozen=True):
    """The client takes the request back."""

    message: str | None


Verdict = Accept | Reject | Propose
Answer = Accept | Decline | Withdraw


class Calendar(Struct, frozen=True, kw_only=True):
    """The operator's live meetings around the slots in question, and the rest he keeps after one.

    Each span of `busy` ends with the rest that was agreed on with its meeting.
    """

    busy: Collection[Span]
    buffer: timedelta

    def check(
        self,
        field: str,
        slot: datetime,
        slots: tuple[datetime, ...],
        of: MeetingRequest,
        now: datetime,
    ) -> None:
        """Raise SlotPassed, or SlotTaken with those of `slots` that are free."""
        state = self._state(of, slot, now)
        if state == "passed":
            raise SlotPassed
        if state == "taken":
            free = [other for other in slots if self._state(of, other, now) == "free"]
            raise SlotTaken(details=[{"field": field, "problem": instant(s)} for s in free])

    def _state(self, request: MeetingRequest, slot: datetime, now: datetime) -> str:
        return slot_state(request, slot, busy=self.busy, buffer=self.buffer, now=now)


class Decided(Struct, frozen=True):
    """The request as it now is, its meeting if there is one, and what to tell."""

    request: MeetingRequest
    meeting: Meeting | None
    said: Said


def decide(
    request: MeetingRequest, verdict: Verdict, people: People, calendar: Calendar, *, now: datetime
) -> Decided | None:
    """The operator's decision, or None if this very decision has been taken before.

    Raises AlreadyDecided, InvalidFields, SlotNotProposed, SlotPassed or SlotTaken.
    """
    match verdict:
        case Accept(slot):
            asked_for = slot in request.requested_slots
            # A time of the operator's own is the client's to accept: it is no decision of his.
            if request.status is ACCEPTED and request.selected_slot == slot and asked_for:
                return None
            _must_be(request, PENDING)
            if not asked_for:
                raise SlotNotProposed
            calendar.check("requestedSlots", slot, request.requested_slots, request, now)
            return _agreed(request, slot, people, calendar, by="operator", now=now)
        case Reject(reason):
            rejected = replace(request, status=RequestStatus.REJECTED, reason=reason)
            if rejected == request:
                return None
            _must_be(request, PENDING)
            return _told(request, rejected, "reject", people, by="operator", quote=reason, now=now)
        case Propose(slots, message):
            return _proposed(request, slots, message, people, calendar, now=now)


def answer(
    request: MeetingRequest, given: Answer, people: People, calendar: Calendar, *, now: datetime
) -> Decided | None:
    """The client's answer, or None if this very answer has been given before.

    Raises AlreadyDecided, NothingProposed, SlotNotProposed, SlotPassed or SlotTaken.
    """
    proposed = request.proposed_slots or ()
    match given:
        case Accept(slot):
            if request.status is ACCEPTED and request.selected_slot == slot and slot in proposed:
                return None
            _must_be_offered(request)
            if slot not in proposed:
                raise SlotNotProposed
            calendar.check("proposedSlots", slot, proposed, request, now)
            return _agreed(request, slot, people, calendar, by="client", now=now)
        case Decline(message) | Withdraw(message):
            withdrawn = replace(request, status=RequestStatus.WITHDRAWN, reason=message)
            if withdrawn == request:
                return None
            if isinstance(given, Decline):
                _must_be_offered(request)
            _must_be(request, PENDING, COUNTERED)
            action = "decline" if isinstance(given, Decline) else "withdraw"
            return _told(request, withdrawn, action, people, by="client", quote=message, now=now)


def _must_be(request: MeetingRequest, *statuses: RequestStatus) -> None:
    if request.status not in statuses:
        raise AlreadyDecided(details=[{"field": "status", "problem": request.status.value}])


def _must_be_offered(request: MeetingRequest) -> None:
    if request.status is PENDING:
        raise NothingProposed(details=[{"field": "status", "problem": request.status.value}])
    _must_be(request, COUNTERED)


def _proposed(
    request: MeetingRequest,
    slots: tuple[datetime, ...],
    message: str | None,
    people: People,
    calendar: Calendar,
    *,
    now: datetime,
) -> Decided | None:
    countered = replace(request, status=COUNTERED, proposed_slots=slots, reason=message)
    if countered == request:
        return None
    _must_be(request, PENDING, *([COUNTERED] if request.rounds < ROUNDS else []))
    check_ahead("proposedSlots", slots, now=now)
    for slot in slots:
        calendar.check("proposedSlots", slot, slots, request, now)
    return _told(
        request,
        replace(countered, rounds=request.rounds + 1),
        "propose",
        people,
        by="operator",
        quote=message,
        slots=slots,
        now=now,
    )


def _agreed(
    request: MeetingRequest,
    slot: datetime,
    people: People,
    calendar: Calendar,
    *,
    by: Side,
    now: datetime,
) -> Decided:
    meeting = Meeting(
        id=uuid4(),
        client_id=request.client_id,
        operator_id=request.operator_id,
        request_id=request.id,
        title=people.title,
        scheduled_at=slot,
        ends_at=slot + request.duration,
        buffer_minutes=calendar.buffer // timedelta(minutes=1),
        source=request.source,
        created_at=now,
    )
    accepted = replace(request, status=ACCEPTED, selected_slot=slot, meeting_id=meeting.id)
    decided = _told(
        request, accepted, "accept", people, by=by, slots=(slot,), meeting_id=meeting.id, now=now
    )
    decided.said.record("meeting", meeting, "agree", by=by, was=None, now_is=meeting.status)
    if by == "client":  # whose calendar hears of a meeting from our e-mails alone
        decided.said.notify(
            "client",
            request.client_id,
            "proposal_taken",
            Facts(name=people.operator_name, slot=slot),
            page_of("client", request),
            time_zone=people.client_time_zone,
        )
    return replace(decided, meeting=meeting)


# What the other party is told of a change, by who made it.
TYPES = {
    ("operator", "accept"): "request_accepted",
    ("operator", "reject"): "request_rejected",
    ("operator", "propose"): "request_countered",
    ("client", "accept"): "proposal_accepted",
    ("client", "decline"): "proposal_declined",
    ("client", "withdraw"): "request_withdrawn",
}


def _told(
    before: MeetingRequest,
    after: MeetingRequest,
    action: str,
    people: People,
    *,
    by: Side,
    quote: str | None = None,
    slots: tuple[datetime, ...] = (),
    meeting_id: UUID | None = None,
    now: datetime,
) -> Decided:
    decided = replace(after, version=before.version + 1, updated_at=now)
    said = Said(at=now, version=decided.version, request_id=before.id, meeting_id=meeting_id)
    said.record(
        "request",
        before,
        action,
        by=by,
        was=before.status,
        now_is=decided.status,
        message=quote,
        slots=slots,
    )
    side = other(by)
    person = before.client_id if side == "client" else before.operator_id
    said.to_inbox(side, person, "request_decided")
    said.notify(
        side,
        person,
        TYPES[by, action],
        Facts(
            name=people.name(by),
            slot=decided.selected_slot,
            slots=slots,
            quote=quote,
        ),
        page_of(side, before),
        time_zone=people.time_zone(side),
    )
    return Decided(decided, None, said)

"""A client's request for a meeting: how it is made, and how the operator decides on it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from visio.domain.events import Said, in_words, instant
from visio.domain.meeting import Meeting, Span
from visio.domain.refusals import (
    AlreadyDecided,
    InvalidFields,
    SlotNotProposed,
    SlotPassed,
    SlotTaken,
)

HORIZON = timedelta(days=365)


class RequestStatus(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    COUNTERED = "countered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRequest:
    """Up to three slots proposed by a client, or a booking that came through Cal.com."""

    id: UUID
    client_id: UUID
    operator_id: UUID
    requested_slots: tuple[datetime, ...]
    proposed_slots: tuple[datetime, ...] | None = None
    selected_slot: datetime | None = None
    status: RequestStatus = RequestStatus.PENDING
    message: str | None = None
    reason: str | None = None
    source: str = "form"
    duration_minutes: int = 60
    meeting_id: UUID | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.duration_minutes)

    def span(self, slot: datetime) -> Span:
        """The time that one of the slots would take."""
        return Span(slot, slot + self.duration)


@dataclass(frozen=True, slots=True)
class Accept:
    selected_slot: datetime


@dataclass(frozen=True, slots=True)
class Reject:
    reason: str


Verdict = Accept | Reject


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision: the request as it now is, its meeting if there is one, and what to tell."""

    request: MeetingRequest
    meeting: Meeting | None
    said: Said


def ask(
    slots: Sequence[datetime],
    *,
    client_id: UUID,
    client_name: str,
    operator_id: UUID,
    message: str | None,
    duration_minutes: int,
    now: datetime,
) -> tuple[MeetingRequest, Said]:
    """A new request; its slots lie ahead of `now` and within a year of it."""
    problems = [
        {"field": f"requestedSlots.{index}", "problem": problem}
        for index, slot in enumerate(slots)
        for problem in (_problem(slot, now),)
        if problem
    ]
    if problems:
        raise InvalidFields(details=problems)
    request = MeetingRequest(
        id=uuid4(),
        client_id=client_id,
        operator_id=operator_id,
        requested_slots=tuple(slots),
        message=message,
        duration_minutes=duration_minutes,
        created_at=now,
        updated_at=now,
    )
    said = Said(at=now, version=request.version, request_id=request.id)
    said.to_inbox("operator", operator_id, "request_created")
    said.notify(
        "operator",
        operator_id,
        "request_created",
        "Nouvelle demande de rendez-vous",
        f"{client_name} propose {len(slots)} créneau{'x' if len(slots) > 1 else ''}.",
        f"/hub/#request-{request.id}",
    )
    return request, said


def _problem(slot: datetime, now: datetime) -> str | None:
    if slot <= now:
        return "must lie in the future"
    if slot > now + HORIZON:
        return "must lie within 365 days"
    return None


def decide(
    request: MeetingRequest,
    verdict: Verdict,
    *,
    title: str,
    operator_name: str,
    client_time_zone: str,
    busy: Collection[Span],
    now: datetime,
) -> Decided | None:
    """The operator's decision, or None if this very decision has been taken before.

    Raises AlreadyDecided, SlotNotProposed, SlotPassed or SlotTaken. `busy` holds the operator's
    live meetings around the requested slots.
    """
    if _repeats(request, verdict):
        return None
    if request.status is not RequestStatus.PENDING:
        raise AlreadyDecided(
            details=[{"field": "status", "problem": request.status.value}],
        )
    meeting: Meeting | None
    match verdict:
        case Accept(slot):
            decided, meeting = _accept(request, slot, title=title, busy=busy, now=now)
            told = (
                "Demande acceptée",
                f"{operator_name} vous attend {in_words(slot, client_time_zone)}.",
            )
        case Reject(reason):
            decided, meeting = replace(request, status=RequestStatus.REJECTED, reason=reason), None
            told = ("Demande refusée", f"{operator_name} ne peut pas vous recevoir : {reason}")
    decided = replace(decided, version=request.version + 1, updated_at=now)
    said = Said(
        at=now,
        version=decided.version,
        request_id=request.id,
        meeting_id=meeting.id if meeting else None,
    )
    said.to_inbox("client", request.client_id, "request_decided")
    said.notify(
        "client",
        request.client_id,
        f"request_{decided.status}",
        *told,
        f"/client/#request-{request.id}",
    )
    return Decided(decided, meeting, said)


def _repeats(request: MeetingRequest, verdict: Verdict) -> bool:
    match verdict:
        case Accept(slot):
            return request.status is RequestStatus.ACCEPTED and request.selected_slot == slot
        case Reject(reason):
            return request.status is RequestStatus.REJECTED and request.reason == reason


def _accept(
    request: MeetingRequest, slot: datetime, *, title: str, busy: Collection[Span], now: datetime
) -> tuple[MeetingRequest, Meeting]:
    if slot not in request.requested_slots:
        raise SlotNotProposed
    if slot <= now:
        raise SlotPassed
    if any(request.span(slot).overlaps(other) for other in busy):
        free = free_slots(request, busy=busy, now=now)
        raise SlotTaken(details=[{"field": "requestedSlots", "problem": instant(s)} for s in free])
    meeting = Meeting(
        id=uuid4(),
        client_id=request.client_id,
        operator_id=request.operator_id,
        request_id=request.id,
        title=title,
        scheduled_at=slot,
        ends_at=slot + request.duration,
        source=request.source,
        created_at=now,
    )
    accepted = replace(
        request, status=RequestStatus.ACCEPTED, selected_slot=slot, meeting_id=meeting.id
    )
    return accepted, meeting


def free_slots(request: MeetingRequest, *, busy: Collection[Span], now: datetime) -> list[datetime]:
    """The requested slots that could still be accepted."""
    return [
        slot
        for slot in request.requested_slots
        if slot > now and not any(request.span(slot).overlaps(other) for other in busy)
    ]


def expire(request: MeetingRequest, *, now: datetime) -> tuple[MeetingRequest, Said]:
    """A request that nobody decided on while any of its slots lay ahead."""
    expired = replace(
        request, status=RequestStatus.EXPIRED, version=request.version + 1, updated_at=now
    )
    said = Said(at=now, version=expired.version, request_id=request.id)
    said.to_inbox("client", request.client_id, "request_decided")
    said.notify(
        "client",
        request.client_id,
        "request_expired",
        "Demande expirée",
        "Tous les créneaux proposés sont passés. Proposez-en de nouveaux.",
        "/client/#ask",
    )
    return expired, said

"""A client's request for a meeting: how it is made, how it waits, and how it expires."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import replace

from visio.domain.events import People, Said, Side, Step
from visio.domain.meeting import Span
from visio.domain.refusals import InvalidFields
from visio.domain.words import Facts

HORIZON = timedelta(days=365)
SlotState = Literal["free", "taken", "passed"]


class RequestStatus(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    COUNTERED = "countered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether it never changes again."""
        return self not in (RequestStatus.PENDING, RequestStatus.COUNTERED, RequestStatus.ACCEPTED)


class MeetingRequest(Struct, frozen=True, kw_only=True):
    """Up to three slots proposed by a client, or a booking that came through Cal.com.

    `reason` is the latest word to the client's own `message`: why it was rejected, what came with
    the operator's other slots, or why the client took it back. `rounds` counts those offers.
    """

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
    rounds: int = 0
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.duration_minutes)

    @property
    def on_offer(self) -> tuple[datetime, ...]:
        """The slots of whoever spoke last: the operator's once there are any."""
        return self.proposed_slots or self.requested_slots

    @property
    def last_slot_at(self) -> datetime:
        """When the request expires unless somebody answers."""
        return max(self.on_offer)

    @property
    def remind_at(self) -> datetime:
        """Half the time from when it was last asked to its first slot, while it waits."""
        return self.updated_at + (min(self.requested_slots) - self.updated_at) / 2

    def span(self, slot: datetime, *, buffer: timedelta = timedelta()) -> Span:
        """The time that one of the slots would take, with the rest after it."""
        return Span(slot, slot + self.duration + buffer)


class ListedRequest(Struct, frozen=True):
    """A request with everything that happened to it, and the operator's times around its slots."""

    request: MeetingRequest
    history: tuple[Step, ...]
    busy: tuple[Span, ...]
    client_name: str

    @property
    def id(self) -> UUID:
        return self.request.id

    @property
    def created_at(self) -> datetime:
        return self.request.created_at


def ask(
    slots: Sequence[datetime],
    *,
    client_id: UUID,
    client_name: str,
    operator_id: UUID,
    message: str | None,
    duration_minutes: int,
    notice: timedelta,
    now: datetime,
) -> tuple[MeetingRequest, Said]:
    """A new request; its slots lie at least `notice` ahead of `now`, and within a year of it."""
    check_ahead("requestedSlots", slots, notice=notice, now=now)
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
    said.record(
        "request",
        request,
        "ask",
        by="client",
        was=None,
        now_is=request.status,
        message=message,
        slots=request.requested_slots,
    )
    said.to_inbox("operator", operator_id, "request_created")
    said.notify(
        "operator",
        operator_id,
        "request_created",
        Facts(name=client_name, slots=request.requested_slots, quote=message),
        page_of("operator", request),
    )
    return request, said


def check_ahead(
    field: str, slots: Sequence[datetime], *, notice: timedelta = timedelta(), now: datetime
) -> None:
    """Raise InvalidFields unless every slot lies ahead, far enough and not too far."""
    problems = [
        {"field": f"{field}.{index}", "problem": problem}
        for index, slot in enumerate(slots)
        for problem in (_problem(slot, notice, now),)
        if problem
    ]
    if problems:
        raise InvalidFields(details=problems)


def _problem(slot: datetime, notice: timedelta, now: datetime) -> str | None:
    if slot <= now:
        return "must lie in the future"
    if slot < now + notice:
        return f"must lie at least {notice // timedelta(minutes=1)} minutes ahead"
    if slot > now + HORIZON:
        return "must lie within 365 days"
    return None


def page_of(side: Side, request: MeetingRequest) -> str:
    """Where one of the two finds the request."""
    return f"/{'client' if side == 'client' else 'hub'}/#request-{request.id}"


def slot_state(
    request: MeetingRequest,
    slot: datetime,
    *,
    busy: Collection[Span],
    buffer: timedelta,
    now: datetime,
) -> SlotState:
    """Whether a slot could still be agreed on."""
    if slot <= now:
        return "passed"
    wanted = request.span(slot, buffer=buffer)
    return "taken" if any(wanted.overlaps(other) for other in busy) else "free"


def expire(
    request: MeetingRequest, people: People, *, now: datetime
) -> tuple[MeetingRequest, Said]:
    """A request that nobody decided on while any of its slots lay ahead."""
    expired = replace(
        request, status=RequestStatus.EXPIRED, version=request.version + 1, updated_at=now
    )
    said = Said(at=now, version=expired.version, request_id=request.id)
    said.record(
        "request", request, "expire", by="system", was=request.status, now_is=expired.status
    )
    said.to_inbox("client", request.client_id, "request_decided")
    said.to_inbox("operator", request.operator_id, "request_decided")
    said.notify(
        "client",
        request.client_id,
        "request_expired",
        Facts(name=people.operator_name),
        "/client/#ask",
    )
    return expired, said


def remind(request: MeetingRequest, people: People, *, now: datetime) -> Said:
    """Remind the operator of a request that waits for his answer."""
    said = Said(at=now, version=request.version, request_id=request.id)
    return said.notify(
        "operator",
        request.operator_id,
        "request_reminder",
        Facts(
            name=people.client_name,
            slot=min((s for s in request.requested_slots if s > now), default=None),
        ),
        page_of("operator", request),
        time_zone=people.operator_time_zone,
    )

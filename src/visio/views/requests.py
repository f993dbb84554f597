"""Requests for a meeting."""

from datetime import datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from visio.domain.events import Side
from visio.domain.request import ListedRequest, slot_state
from visio.views.base import Instant, View
from visio.views.steps import StepView

RequestState = Literal[
    "pending",
    "accepted",
    "rejected",
    "countered",
    "withdrawn",
    "expired",
    "completed",
    "cancelled",
]


class RequestView(View, frozen=True, kw_only=True):
    id: UUID
    client_id: UUID
    operator_id: UUID
    requested_slots: tuple[Instant, ...]
    proposed_slots: tuple[Instant, ...] | None
    selected_slot: Instant | None
    status: RequestState
    message: str | None
    reason: str | None
    source: Literal["form", "calcom"]
    duration_minutes: int
    meeting_id: UUID | None
    created_at: Instant
    updated_at: Instant


class SlotView(View, frozen=True, kw_only=True):
    """A slot on the table, as the operator's own calendar lets it stand."""

    slot: Instant
    proposed_by: Literal["client", "operator"]
    state: Literal["free", "taken", "passed"]


class ListedRequestView(RequestView, frozen=True, kw_only=True):
    """`slots` is the operator's to see: whether a slot is taken says something of others."""

    client_name: str
    history: tuple[StepView, ...]
    slots: tuple[SlotView, ...] | None

    @classmethod
    def showing(cls, listed: ListedRequest, *, buffer: timedelta | None, now: datetime) -> Self:
        """With each slot's state where `buffer`, the rest the operator keeps, is given."""
        request = listed.request
        told = {name: getattr(request, name) for name in RequestView.__struct_fields__}
        sides: tuple[tuple[Side, tuple[datetime, ...]], ...] = (
            ("client", request.requested_slots),
            ("operator", request.proposed_slots or ()),
        )
        slots = (
            None
            if buffer is None
            else tuple(
                SlotView(
                    slot=slot,
                    proposed_by=side,
                    state=slot_state(request, slot, busy=listed.busy, buffer=buffer, now=now),
                )
                for side, offered in sides
                for slot in offered
            )
        )
        return cls(
            **told,
            client_name=listed.client_name,
            history=tuple(map(StepView.taken, listed.history)),
            slots=slots,
        )

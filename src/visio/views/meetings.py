"""Meetings."""

from typing import Literal, Self
from uuid import UUID

from visio.domain.meeting import ListedMeeting
from visio.views.base import Instant, View
from visio.views.steps import StepView


class MeetingView(View, frozen=True, kw_only=True):
    id: UUID
    client_id: UUID
    operator_id: UUID
    request_id: UUID | None
    title: str
    scheduled_at: Instant
    ends_at: Instant
    status: Literal["scheduled", "in_progress", "completed", "cancelled"]
    outcome: Literal["held", "client_absent", "operator_absent", "unknown"] | None
    source: Literal["form", "calcom"]
    started_at: Instant | None
    ended_at: Instant | None
    cancel_reason: str | None


class ListedMeetingView(MeetingView, frozen=True, kw_only=True):
    history: tuple[StepView, ...]

    @classmethod
    def showing(cls, listed: ListedMeeting) -> Self:
        told = {name: getattr(listed.meeting, name) for name in MeetingView.__struct_fields__}
        return cls(**told, history=tuple(map(StepView.taken, listed.history)))

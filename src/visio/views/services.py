"""What services are told that called."""

from typing import Literal
from uuid import UUID

from visio.views.base import View


class IngestView(View, frozen=True, kw_only=True):
    outcome: Literal["created", "updated", "cancelled", "duplicate", "ignored", "stale"]
    meeting_id: UUID | None


class ReconciledView(View, frozen=True, kw_only=True):
    """How many decisions Cal.com was told, how many bookings it listed, and what became of them."""

    told: int
    read: int
    changed: int
    quarantined: int
    unreadable: int


class RoomEventView(View, frozen=True, kw_only=True):
    outcome: Literal["noted", "removed", "completed", "duplicate", "ignored"]


class SweepView(View, frozen=True, kw_only=True):
    completed: int
    expired: int
    left: int
    escalated: int
    reminded: int
    republished: int
    mails: int
    orders: int
    pushes: int

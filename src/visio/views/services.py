"""What services are told that called. Written by msgspec: such a process wakes for this alone."""

from typing import Literal, Self
from uuid import UUID

from msgspec import Struct, convert
from msgspec.json import encode


class ServiceView(Struct, frozen=True, rename="camel"):
    @classmethod
    def of(cls, value: object) -> Self:
        """The view of a value with attributes of the same names."""
        return convert(value, cls, from_attributes=True)

    def written(self) -> bytes:
        """As JSON."""
        return encode(self)


class IngestView(ServiceView, frozen=True):
    outcome: Literal["created", "updated", "cancelled", "duplicate", "ignored", "stale"]
    meeting_id: UUID | None


class ReconciledView(ServiceView, frozen=True):
    """How many decisions Cal.com was told, how many bookings it listed, and what became of them."""

    told: int
    read: int
    changed: int
    quarantined: int
    unreadable: int


class RoomEventView(ServiceView, frozen=True):
    outcome: Literal["noted", "removed", "completed", "duplicate", "ignored"]


class SweepView(ServiceView, frozen=True):
    completed: int
    expired: int
    left: int
    escalated: int
    reminded: int
    republished: int
    mails: int
    orders: int
    pushes: int

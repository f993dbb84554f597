"""Bookings that wait for the operator."""

from typing import TYPE_CHECKING, Literal, Self
from uuid import UUID

from msgspec import convert

from visio.views.base import Instant, View

if TYPE_CHECKING:
    from visio.adapters.chains import WaitingChain


class QuarantinedBookingView(View, frozen=True, kw_only=True):
    """One booking as Cal.com tells it; times are missing where it told none."""

    title: str | None
    status: Literal["requested", "confirmed"]
    starts_at: Instant | None
    ends_at: Instant | None


class QuarantinedView(View, frozen=True, kw_only=True):
    """Bookings that belong together: bound to no client, or in the way of other meetings."""

    id: UUID
    reason: Literal["unbound", "conflict"]
    booker_name: str | None
    booker_email: str | None
    bookings: tuple[QuarantinedBookingView, ...]
    created_at: Instant

    @classmethod
    def showing(cls, waiting: "WaitingChain") -> Self:
        told = {"id": waiting.id, "createdAt": waiting.created_at, **waiting.summary}
        return convert(told, cls)


class ResolvedView(View, frozen=True, kw_only=True):
    """The state is `open` once everything has been applied."""

    id: UUID
    state: Literal["open", "quarantined", "conflict", "dismissed"]
    request_ids: tuple[UUID, ...]
    meeting_ids: tuple[UUID, ...]

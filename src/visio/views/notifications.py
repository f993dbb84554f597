"""What people are told."""

from uuid import UUID

from visio.views.base import Instant, View


class NotificationView(View, frozen=True, kw_only=True):
    id: UUID
    type: str
    title: str
    body: str
    link: str | None
    read_at: Instant | None
    created_at: Instant


class ReadView(View, frozen=True, kw_only=True):
    read: int


class PushSubscriptionView(View, frozen=True, kw_only=True):
    """How many browsers of the caller's are told, and the key that a browser subscribes with."""

    subscribed: int
    public_key: str

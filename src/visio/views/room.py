"""The main room."""

from visio.views.base import Instant, View


class TicketView(View, frozen=True, kw_only=True):
    provider: str
    url: str
    token: str
    expires_at: Instant

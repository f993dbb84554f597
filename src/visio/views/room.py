"""The main room."""

from visio.views.base import Instant, View


class TicketView(View):
    provider: str
    url: str
    token: str
    expires_at: Instant

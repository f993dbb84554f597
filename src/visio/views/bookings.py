"""What Cal.com takes part in."""

from visio.views.base import Instant, View


class BookingLinkView(View, frozen=True, kw_only=True):
    """`available` says whether Cal.com answered lately: where it did not, the form is there."""

    url: str
    expires_at: Instant
    available: bool

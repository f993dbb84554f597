"""What secret links lead to."""

from visio.views.base import View


class CalendarLinkView(View, frozen=True, kw_only=True):
    """Whoever has the address reads the calendar; a new one ends the one before."""

    url: str | None


class MailPreferencesView(View, frozen=True, kw_only=True):
    reminders: bool

"""What secret links lead to."""

from visio.views.base import View


class CalendarLinkView(View):
    """Whoever has the address reads the calendar; a new one ends the one before."""

    url: str | None


class MailPreferencesView(View):
    reminders: bool

"""How often a caller may do what: each action has a limit of its own, and each caller all of them.

Far above what a page asks for, and what a person does. Services that sign have none: whoever may
call there is no stranger, and an event that is refused is an event that comes late.
"""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct


class Limit(Struct, frozen=True):
    """`burst` calls at once; after them one more with each `every` that has passed."""

    burst: int
    every: timedelta

    def times(self, factor: int) -> "Limit | None":
        """So many times as much, at once and as time goes by; with 0 there is no limit."""
        return Limit(self.burst * factor, self.every / factor) if factor else None


def _seconds(burst: int, every: float) -> Limit:
    return Limit(burst, timedelta(seconds=every))


# Pages read at intervals, when a channel rings and after each deed, several lists at a time.
READ = _seconds(120, every=0.1)

LIMITS: Mapping[str, Limit] = {
    "admit_clients": _seconds(60, every=1),
    "answer_proposal": _seconds(60, every=10),
    "booking_link": _seconds(30, every=5),
    "calendar_feed": _seconds(60, every=30),
    "calendar_file": _seconds(60, every=1),
    "calendar_link": _seconds(20, every=60),
    "cancel_meeting": _seconds(60, every=10),
    "decide_request": _seconds(120, every=5),
    "join_meeting": _seconds(60, every=2),
    "list_clients": READ,
    "list_meetings": READ,
    "list_notifications": READ,
    "list_quarantine": READ,
    "list_requests": READ,
    # One lobby takes ten a minute from each; an operator may speak in many.
    "lobby_message": _seconds(60, every=1),
    # Whoever waits says so every 15 s, in each window.
    "lobby_signal": _seconds(60, every=0.5),
    "lobby_state": READ,
    "mail_preferences": _seconds(20, every=60),
    "push_subscription": _seconds(30, every=60),
    "read_notifications": _seconds(60, every=1),
    "request_meeting": _seconds(60, every=60),
    "resolve_quarantine": _seconds(60, every=5),
    "waiting_room": READ,
    "who_am_i": READ,
}

"""What a chain of Cal.com's bookings comes to, however and in whatever order it was told.

    told       CREATED(a)  RESCHEDULED(b, of a)  CANCELLED(b)  …   any order, any number of times
                 └────────────────┬─────────────────┘
    come to                Appointment {a, b}: cancelled             a request, a meeting

`appointments` looks at the set of all that was told and at nothing else, so the order of arrival
cannot matter. What has ended stays ended: cancelled and rejected win over everything.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from visio.domain.appointment import FOREVER, MOVED_AWAY, NEVER, Appointment, Phase
from visio.domain.booking import ASKS, CONFIRMS, NO_SHOW, PASSES, Told
from visio.domain.meeting import Span

# Cal.com books a series one after the other, each with its calendars and e-mails: a minute or two.
TOGETHER = timedelta(minutes=10)


class _Booking(Struct):
    """One uid, and all that was told of it."""

    uid: str
    told: list[Told] = []
    asked: bool = False
    confirmed: bool = False
    rejected: Told | None = None
    cancelled: Told | None = None

    def look(self) -> None:
        triggers = {one.trigger for one in self.told}
        self.asked = not triggers.isdisjoint(ASKS)
        self.confirmed = not triggers.isdisjoint(CONFIRMS)
        self.rejected = _first(one for one in self.told if one.trigger == "BOOKING_REJECTED")
        self.cancelled = self._whole_cancellation()

    def _whole_cancellation(self) -> Told | None:
        """That of the booking, not of single places in it.

        A place that is given up arrives as CANCELLED of the same uid, with the attendee as a row of
        Cal.com's database. The last place is given up the ordinary way.
        """
        ends = [one for one in self.told if one.trigger == "BOOKING_CANCELLED"]
        given_up = {seat for one in ends for seat in one.seats or ()}
        taken = {seat for one in self.told if one.trigger in CONFIRMS for seat in one.seats or ()}
        return _first(
            one for one in ends if one.seats is None or (not one.leaves and taken <= given_up)
        )

    @property
    def phase(self) -> Phase | None:
        if self.cancelled:
            return Phase.CANCELLED
        if self.rejected:
            return Phase.REJECTED
        if self.confirmed:
            return Phase.CONFIRMED
        return Phase.REQUESTED if self.asked else None

    @property
    def best(self) -> Sequence[Told]:
        """What was told of it, the most telling first: whatever confirms, then asks, then ends."""
        return sorted(self.told, key=_tells, reverse=True)

    @property
    def sequence(self) -> int:
        return max((one.ical_sequence for one in self.told), default=0)

    @property
    def span(self) -> Span | None:
        return next((one.span for one in self.best if one.span), None)

    @property
    def booked_at(self) -> datetime | None:
        """When it was first told that there is one, by Cal.com's clock."""
        placing = (one.at for one in self.told if one.trigger in CONFIRMS | ASKS)
        return min((at for at in placing if at), default=None)


def _tells(told: Told) -> tuple[int, int, datetime]:
    ranked = told.trigger in CONFIRMS, told.trigger in ASKS, told.trigger not in PASSES
    rank = sum(weight for weight, holds in zip((4, 2, 1), ranked, strict=True) if holds)
    return rank, told.ical_sequence, told.at or NEVER


def _first(told: Iterable[Told]) -> Told | None:
    """The earliest, by Cal.com's clock: the same whichever came first here."""
    return min(
        told, key=lambda one: (one.at or NEVER, one.reason or "", one.by or ""), default=None
    )


def appointments(told: Collection[Told]) -> list[Appointment]:
    """What all of this comes to: each appointment once, in the order of their times."""
    bookings: dict[str, _Booking] = {}
    for one in told:
        bookings.setdefault(one.uid, _Booking(one.uid)).told.append(one)
        if one.replaces:
            bookings.setdefault(one.replaces, _Booking(one.replaces))
    for booking in bookings.values():
        booking.look()
    _spread_series(bookings)
    moved = _follow(bookings)
    groups: dict[str, set[str]] = {uid: {uid} for uid in bookings}
    for new, old in moved.items():
        joined = groups[new] | groups[old]
        for uid in joined:
            groups[uid] = joined
    distinct = {id(group): group for group in groups.values()}.values()
    come_to = [_appointment({u: bookings[u] for u in group}, moved) for group in distinct]
    return sorted(come_to, key=lambda a: (a.span.start if a.span else NEVER, a.head))


def _spread_series(bookings: dict[str, _Booking]) -> None:
    """Let one event speak for the series it names.

    Where all remaining bookings of a series go, or a series that was asked for is decided, Cal.com
    sends one event for all. It speaks of what had been booked with its own booking, never of
    another series of the same kind.
    """
    speaking = [(b, one) for b in bookings.values() for one in b.told if one.series]
    for booking, one in speaking:
        alike = [other for other in bookings.values() if _alike(booking, one, other)]
        for other in alike:
            if one is booking.cancelled and other.cancelled is None and _leads(one, booking, other):
                other.cancelled = one
        for other in _decided_with(booking, one, alike):
            if one.trigger == "BOOKING_CREATED" and booking.asked and other.asked:
                other.confirmed = True
            elif one is booking.rejected and other.asked and other.rejected is None:
                other.rejected = one


def _decided_with(booking: _Booking, one: Told, alike: list[_Booking]) -> list[_Booking]:
    """Those of a series with this booking: all that are alike, unless there are more of them than
    one series has. Then the rule tells which, where none has been moved."""
    if one.series is None or one.series.count is None or len(alike) < one.series.count:
        return alike
    return [other for other in alike if _leads(one, booking, other) or _leads(one, other, booking)]


def _alike(booking: _Booking, one: Told, other: _Booking) -> bool:
    """Whether both are of one rule, and were booked at once as far as that was told."""
    if other is booking:
        return False
    until = one.at or FOREVER
    alike = one.series is not None and any(
        told.series is not None and told.series.key == one.series.key
        for told in other.told
        if (told.at or NEVER) <= until
    )
    mine, theirs = booking.booked_at, other.booked_at
    return alike and (mine is None or theirs is None or abs(mine - theirs) <= TOGETHER)


def _leads(one: Told, booking: _Booking, other: _Booking) -> bool:
    """Whether the series that an event names leads from one booking to another."""
    first, then = booking.span, other.span
    return (
        one.series is not None
        and first is not None
        and then is not None
        and one.series.reaches(first.start, then.start)
    )


def _follow(bookings: dict[str, _Booking]) -> dict[str, str]:
    """Which booking is another one moved, by uid; one that lost its time to a request ends here.

    Moved with nobody to confirm it, a booking goes on under a new uid. Where the move has to be
    confirmed, Cal.com gives the old time up at once and in silence, and asks anew: that is a
    request of its own, known by the old uid or by nothing but the calendar's.
    """
    moved: dict[str, str] = {}
    for booking in sorted(bookings.values(), key=lambda b: b.uid):
        old = bookings.get(_replaced(booking, bookings) or "")
        if old is None or old.uid == booking.uid or _leads_to(old.uid, booking.uid, moved):
            continue
        ended = old.cancelled is not None or old.rejected is not None
        if ended:
            continue  # asked for another time, then another time: that is a new appointment
        rescheduled = any(one.trigger == "BOOKING_RESCHEDULED" for one in booking.told)
        if rescheduled or not old.confirmed:
            moved[booking.uid] = old.uid
        else:
            asking = _first(one for one in booking.told if one.trigger in ASKS)
            old.cancelled = replace(asking or booking.told[0], reason=MOVED_AWAY, by=None)
    return moved


def _leads_to(uid: str, target: str, moved: dict[str, str]) -> bool:
    seen: set[str] = set()
    while uid in moved and uid not in seen:
        seen.add(uid)
        uid = moved[uid]
        if uid == target:
            return True
    return False


def _replaced(booking: _Booking, bookings: dict[str, _Booking]) -> str | None:
    named = sorted({one.replaces for one in booking.told if one.replaces})
    if named:
        return named[0]
    asking = [
        one
        for one in booking.told
        if one.trigger == "BOOKING_REQUESTED" and one.ical_uid and one.ical_sequence > 0
    ]
    if not asking:
        return None
    same = {(one.ical_uid, one.booker_email) for one in asking}
    earlier = [
        (other.sequence, other.uid)
        for other in bookings.values()
        if other.uid != booking.uid
        and other.sequence < booking.sequence
        and any((one.ical_uid, one.booker_email) in same for one in other.told)
    ]
    return max(earlier)[1] if earlier else None


def _appointment(group: dict[str, _Booking], moved: dict[str, str]) -> Appointment:
    replaced = {moved[uid] for uid in group if uid in moved}
    heads = sorted(
        (uid for uid in group if uid not in replaced),
        key=lambda uid: (group[uid].sequence, uid),
        reverse=True,
    )
    head = group[heads[0]]
    behind = [head, *(group[uid] for uid in sorted(group) if uid != head.uid)]
    told = [one for booking in behind for one in booking.best]
    ended = head.cancelled or head.rejected
    confirmed = any(booking.confirmed for booking in behind)
    phase = head.phase
    if phase is Phase.REQUESTED and confirmed:
        phase = Phase.CONFIRMED
    last = ended or next((t for t in head.told if t.trigger == "BOOKING_RESCHEDULED"), None)
    return Appointment(
        uids=frozenset(group),
        head=head.uid,
        phase=phase,
        placed=confirmed or any(booking.asked for booking in behind),
        confirmed=confirmed,
        span=next((booking.span for booking in behind if booking.span), None),
        title=next((one.title for one in told if one.title), None),
        # Calendars keep the name under which they first knew it.
        ical_uid=next((one.ical_uid for one in sorted(told, key=_age) if one.ical_uid), None),
        ical_sequence=max((one.ical_sequence for one in told), default=0),
        by=last.by if last else None,
        reason=last.reason if last else None,
        notes=next((one.notes for one in told if one.notes), None),
        no_shows=_no_shows(told),
        bookers=frozenset(one.booker_email for one in told if one.booker_email),
    )


def _age(told: Told) -> tuple[bool, int, datetime, str]:
    return told.trigger == "BOOKING_CANCELLED", told.ical_sequence, told.at or NEVER, told.uid


def _no_shows(told: Iterable[Told]) -> dict[str, bool]:
    """Who did not come, by the latest word on each: it can be taken back."""
    marks: dict[str, bool] = {}
    words = (one for one in told if one.trigger == NO_SHOW)
    for one in sorted(words, key=lambda one: one.at or NEVER):
        marks.update(one.no_shows or {})
    return marks

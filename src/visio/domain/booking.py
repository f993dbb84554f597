"""What Cal.com tells us: one signed event, and what it says of one booking.

Tolerant of everything that may come: keys appear without notice, values change their types. What an
event means is decided by its trigger, never by the status that it carries. Shapes follow Cal.com's
public source (calcom/cal.diy) as of mid-2026.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from msgspec import Struct
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from visio.domain.events import zone
from visio.domain.meeting import Span
from visio.domain.refusals import MalformedJson
from visio.domain.storable import storable

LONGEST = timedelta(days=1)
OLDEST, SKEW = timedelta(hours=24), timedelta(minutes=5)
RETENTION = timedelta(days=30)
LONGEST_UID, LONGEST_REASON = 255, 1000
# Room before and behind: no sum with a day, a month or a zone leaves what a date can say.
ERA = range(1970, 9000)

CONFIRMS = frozenset({"BOOKING_CREATED", "BOOKING_RESCHEDULED"})
# A booking whose payment is awaited says ACCEPTED already; it is asked for, and nothing more.
ASKS = frozenset({"BOOKING_REQUESTED", "BOOKING_PAYMENT_INITIATED", "BOOKING_PAID"})
PLACES = CONFIRMS | {"BOOKING_REQUESTED"}
ENDS = frozenset({"BOOKING_REJECTED", "BOOKING_CANCELLED"})
NO_SHOW = "BOOKING_NO_SHOW_UPDATED"
# The scheduled time has come or gone, which says nothing of who was there: kept, and no more.
PASSES = frozenset({"MEETING_STARTED", "MEETING_ENDED"})
BOOKINGS = CONFIRMS | ASKS | ENDS | {NO_SHOW}


class Told(Struct, frozen=True, kw_only=True):
    """What one event says of one booking, as far as it means something here.

    `seats` holds the addresses of those whose places it speaks of, where places are booked one by
    one; `leaves` says that it is such places that are given up. `series` is the rule that it is one
    booking of.
    """

    trigger: str
    uid: str
    at: datetime | None = None
    replaces: str | None = None
    span: Span | None = None
    title: str | None = None
    ical_uid: str | None = None
    ical_sequence: int = 0
    by: str | None = None
    reason: str | None = None
    notes: str | None = None
    booker_name: str | None = None
    booker_email: str | None = None
    organizer_email: str | None = None
    seats: tuple[str, ...] | None = None
    leaves: bool = False
    no_shows: Mapping[str, bool] | None = None
    series: "Series | None" = None

    def keys(self, client_id: UUID | None) -> tuple[str, ...]:
        """By what this event and others of the same chain find each other; `client_id` is whom its
        link names.

        Anybody may book a series under somebody's address. What no link vouches for has nothing in
        common with another booking, however alike they are.
        """
        keys = [f"uid/{self.uid}"]
        if self.replaces:
            keys.append(f"uid/{self.replaces}")
        if self.series and client_id:
            keys.append(f"series/{self.series.key}/{client_id}")
        return tuple(keys)


class Series(Struct, frozen=True, kw_only=True):
    """A recurring series. `frequency` counts as iCalendar's libraries do: 0 yearly to 3 daily.

    Nothing in Cal.com's bodies ties a series together, so its bookings are known by what they have
    in common: the person, the kind of meeting, the rule, and times that follow from one another.
    `count` is how many there are of it, as far as that was told.
    """

    key: str
    frequency: int
    interval: int
    time_zone: str
    count: int | None = None

    def reaches(self, start: datetime, other: datetime) -> bool:
        """Whether the rule leads from one start to a later one, by the clock of its zone."""
        first, later = (at.astimezone(zone(self.time_zone)) for at in (start, other))
        if other <= start or first.time() != later.time():
            return False
        days = (later.date() - first.date()).days
        months = 12 * (later.year - first.year) + later.month - first.month
        match self.frequency:
            case 3:
                passed, each = days, 1
            case 2:
                passed, each = days, 7
            case 1 if first.day == later.day:
                passed, each = months, 1
            case 0 if first.day == later.day:
                passed, each = months, 12
            case _:
                return False
        steps, rest = divmod(passed, each * self.interval)
        return rest == 0 and (self.count is None or steps < self.count)


class _Envelope(BaseModel):
    """The keys that must be right where an event places a booking."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    uid: Annotated[str, Field(min_length=1, max_length=LONGEST_UID)]
    starts_at: AwareDatetime = Field(alias="startTime")
    ends_at: AwareDatetime = Field(alias="endTime")


class CalcomEvent(BaseModel):
    """One signed body. The flat shape of MEETING_* has its keys beside the trigger."""

    model_config = ConfigDict(extra="allow", frozen=True)

    trigger: Annotated[str, Field(alias="triggerEvent", min_length=1, max_length=64)]
    payload: dict[str, Any] | None = None

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Parse verified bytes. Raises MalformedJson for what no Cal.com sends."""
        try:
            event = cls.model_validate_json(raw)
        except ValidationError as error:
            raise MalformedJson("Not an event of Cal.com; is a payload template set?") from error
        if not storable(event.body):
            raise MalformedJson
        if event.trigger in PLACES:
            event._must_place()
        elif event.trigger in BOOKINGS and event.uid is None:
            raise MalformedJson(f"A {event.trigger} without the uid of a booking.")
        return event

    def _must_place(self) -> None:
        try:
            _Envelope.model_validate(self.payload or {})
        except ValidationError as error:
            what = f"A {self.trigger} without uid, startTime or endTime."
            raise MalformedJson(what) from error
        if self._span is None:
            raise MalformedJson("A booking ends after its start, within a day.")

    @property
    def body(self) -> dict[str, Any]:
        return {**(self.model_extra or {}), "payload": self.payload, "triggerEvent": self.trigger}

    @property
    def facts(self) -> dict[str, Any]:
        return self.payload if self.payload is not None else (self.model_extra or {})

    @property
    def uid(self) -> str | None:
        return _text(self.facts.get("uid"), LONGEST_UID) or _text(
            self.facts.get("bookingUid"), LONGEST_UID
        )

    @property
    def at(self) -> datetime | None:
        """When the event was made. What MEETING_* says there is when the booking was."""
        if self.trigger in PASSES:
            return None
        return instant_of((self.model_extra or {}).get("createdAt"))

    @property
    def _span(self) -> Span | None:
        starts_at = instant_of(self.facts.get("startTime"))
        ends_at = instant_of(self.facts.get("endTime"))
        if starts_at is None or ends_at is None:
            return None
        return Span(starts_at, ends_at) if timedelta() < ends_at - starts_at <= LONGEST else None

    def claim(self, key: str) -> str | None:
        """A text that the booking link carried in its metadata."""
        metadata = self.facts.get("metadata")
        return _text(metadata.get(key), 4096) if isinstance(metadata, dict) else None

    @property
    def told(self) -> Told | None:
        """What it says of a booking; None for every event that is of none."""
        facts, uid = self.facts, self.uid
        if uid is None or self.trigger not in BOOKINGS | PASSES:
            return None
        attendees = _attendees(facts)
        booker = attendees[0] if attendees and self.trigger != NO_SHOW else {}
        seated = facts.get("seatsPerTimeSlot") is not None
        return Told(
            trigger=self.trigger,
            uid=uid,
            at=self.at,
            replaces=_text(facts.get("rescheduleUid"), LONGEST_UID),
            span=self._span,
            title=_words(facts.get("title"), 500),
            ical_uid=_text(facts.get("iCalUID"), LONGEST_UID),
            ical_sequence=_sequence(facts.get("iCalSequence")),
            by=_email(facts.get("cancelledBy")) or _email(facts.get("rescheduledBy")),
            reason=_reason(self.trigger, facts),
            notes=_words(facts.get("additionalNotes"), 2000, multiline=True),
            booker_name=_name(booker, facts),
            booker_email=_email(booker.get("email")),
            organizer_email=_organizer(facts),
            seats=tuple(filter(None, (_email(a.get("email")) for a in attendees)))
            if seated
            else None,
            leaves=seated and any("bookingId" in a or "noShow" in a for a in attendees),
            no_shows=_no_shows(attendees) if self.trigger == NO_SHOW else None,
            series=_series(facts, attendees),
        )

    def stale(self, now: datetime) -> bool:
        """Whether it is too old to be more than a replay. Cal.com signs no time of sending.

        Its own account of when it was made bounds BOOKING_*; MEETING_* comes, if at all, within a
        day of the meeting.
        """
        if self.trigger in PASSES:
            span = self._span
            return span is not None and now > span.end + OLDEST + SKEW
        return self.at is not None and now - self.at > OLDEST + SKEW

    def kept_until(self, now: datetime) -> datetime:
        """Until when a copy must be recognised: longer than any would be taken in."""
        return max(now, self.at or now) + RETENTION

    @property
    def logical_key(self) -> str | None:
        """Equal for copies of one event that differ only in `createdAt`; None where nothing is."""
        facts = self.facts
        if self.uid is None or "startTime" not in facts:
            return None
        seat = facts.get("attendeeSeatId") or ""
        if not seat and facts.get("seatsPerTimeSlot") is not None:
            seat = ",".join(str(attendee.get("email")) for attendee in _attendees(facts))
        start = _utc(facts["startTime"])
        parts = (self.trigger, self.uid, str(seat), start, str(facts.get("iCalSequence") or 0))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def stored(self) -> dict[str, Any]:
        """The body less what its reader could act with: passwords and the link's token."""
        kept: dict[str, Any] = _harmless(self.body)
        return kept


# With `oneTimePassword` anybody decides a booking, with `password` they enter a video room, with
# `bookingToken` they book in a client's name.
_SECRET = frozenset({"oneTimePassword", "password", "bookingToken"})


def unread(raw: bytes) -> Any:
    """What may be kept of a body that is not understood: JSON less what one could act with.

    Of anything else its size alone, since nobody can say what stands in it.
    """
    try:
        body = json.loads(raw)
        kept = _harmless(body) if storable(body) else None
    except (ValueError, RecursionError):
        kept = None
    return kept if kept is not None else {"bytes": len(raw)}


def _harmless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _harmless(inner) for key, inner in value.items() if key not in _SECRET}
    if isinstance(value, list):
        return [_harmless(inner) for inner in value]
    return value


def _text(value: object, longest: int) -> str | None:
    """A name that programs know something by; None for what is none."""
    if not isinstance(value, str) or not (text := value.strip()) or len(text) > longest:
        return None
    return text if text.isprintable() else None


# Spaces of other widths, as in front of a French colon, and what joins the parts of an emoji.
_MEANT = frozenset("\u00a0\u2002\u2003\u2009\u202f\u3000\u200c\u200d")


def _words(value: object, longest: int, *, multiline: bool = False) -> str | None:
    """What somebody wrote, less what nobody sees: controls, and what turns a text around."""
    if not isinstance(value, str):
        return None
    meant = _MEANT | frozenset("\n\r\t") if multiline else _MEANT
    text = "".join(c for c in value if c.isprintable() or c in meant).strip()
    return text if 0 < len(text) <= longest else None


def _email(value: object) -> str | None:
    found = _text(value, 320)
    return found.lower() if found and "@" in found else None


def _sequence(value: object) -> int:
    return value if type(value) is int and 0 <= value < 1_000_000 else 0


def instant_of(value: object) -> datetime | None:
    """An aware instant in UTC, of this era, from Cal.com's texts; None for what is none."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        aware = at is not None and at.tzinfo is not None and at.year in ERA
        return at.astimezone(UTC) if at is not None and aware else None
    except (ValueError, OverflowError):
        return None


def _utc(value: object) -> str:
    at = instant_of(value)
    return at.isoformat() if at is not None else str(value)


def _attendees(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The booker first, guests behind."""
    found = facts.get("attendees")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _organizer(facts: Mapping[str, Any]) -> str | None:
    for key in ("organizer", "user"):  # the second in MEETING_*
        if isinstance(person := facts.get(key), dict):
            return _email(person.get("email"))
    return _email(facts.get("userPrimaryEmail"))


def _name(booker: Mapping[str, Any], facts: Mapping[str, Any]) -> str | None:
    if name := _words(booker.get("name"), 200):
        return name
    responses = facts.get("responses")
    answer = responses.get("name") if isinstance(responses, dict) else None
    value = answer.get("value") if isinstance(answer, dict) else answer
    if isinstance(value, dict):  # asked for in two fields
        parts = (_words(value.get(part), 100) for part in ("firstName", "lastName"))
        return " ".join(filter(None, parts)) or None
    return _words(value, 200)


def _reason(trigger: str, facts: Mapping[str, Any]) -> str | None:
    if trigger == "BOOKING_RESCHEDULED":
        responses = facts.get("responses")
        answer = responses.get("rescheduleReason") if isinstance(responses, dict) else None
        value = answer.get("value") if isinstance(answer, dict) else answer
    else:
        value = facts.get(
            "rejectionReason" if trigger == "BOOKING_REJECTED" else "cancellationReason"
        )
    if isinstance(value, str):
        value = value[:LONGEST_REASON]
    return _words(value, LONGEST_REASON, multiline=True)


def _no_shows(attendees: list[dict[str, Any]]) -> dict[str, bool]:
    marks = ((_email(a.get("email")), a.get("noShow")) for a in attendees)
    return {email: mark for email, mark in marks if email and isinstance(mark, bool)}


def _series(facts: Mapping[str, Any], attendees: list[dict[str, Any]]) -> Series | None:
    rule = facts.get("recurringEvent")
    if not isinstance(rule, dict) or type(rule.get("freq")) is not int:
        return None
    interval = rule.get("interval")
    interval = interval if type(interval) is int and 0 < interval < 1000 else 1
    count = rule.get("count")
    kind = facts.get("eventTypeId") or facts.get("type")
    person = _email(attendees[0].get("email")) if attendees else None
    if person is None or not 0 <= rule["freq"] <= 3:
        return None
    organizer = facts.get("organizer")
    time_zone = organizer.get("timeZone") if isinstance(organizer, dict) else None
    parts = (str(kind), person, str(rule["freq"]), str(interval), str(count))
    return Series(
        key=hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32],
        frequency=rule["freq"],
        interval=interval,
        time_zone=_text(time_zone, 64) or "Europe/Paris",
        count=count if type(count) is int and 0 < count < 1000 else None,
    )

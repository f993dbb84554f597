"""What Cal.com tells us, as far as it means something here.

Tolerant of everything that may come: keys appear without notice, values change their types. Shapes
follow Cal.com's public source (calcom/cal.diy) as of mid-2026.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from visio.domain.events import People, Said
from visio.domain.meeting import Meeting, page_of
from visio.domain.refusals import MalformedJson
from visio.domain.request import MeetingRequest, RequestStatus
from visio.domain.words import Facts

LONGEST = timedelta(days=1)


class Attendee(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    email: str | None = None


class Booking(BaseModel):
    """The payload of a BOOKING_CREATED."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    uid: Annotated[str, Field(min_length=1, max_length=255)]
    starts_at: AwareDatetime = Field(alias="startTime")
    ends_at: AwareDatetime = Field(alias="endTime")
    title: str | None = None
    attendees: tuple[Attendee, ...] = ()
    metadata: dict[str, Any] | None = None
    told_ical_uid: Any = Field(None, alias="iCalUID")
    told_ical_sequence: Any = Field(None, alias="iCalSequence")

    @property
    def booker_email(self) -> str | None:
        """Cal.com lists the booker first and the guests behind."""
        return self.attendees[0].email if self.attendees else None

    @property
    def ical_uid(self) -> str | None:
        """Under which calendars know the booking; None for what no calendar would take."""
        uid = self.told_ical_uid
        fits = isinstance(uid, str) and 0 < len(uid) <= 255 and uid.isprintable()
        return uid if fits else None

    @property
    def ical_sequence(self) -> int:
        sequence = self.told_ical_sequence
        return sequence if type(sequence) is int and 0 <= sequence < 1_000_000 else 0

    def claim(self, key: str) -> str | None:
        """A text that the booking link carried in its metadata."""
        value = (self.metadata or {}).get(key)
        return value if isinstance(value, str) and value else None


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
        if not _storable(event.body):
            raise MalformedJson
        return event

    @property
    def body(self) -> dict[str, Any]:
        return {**(self.model_extra or {}), "payload": self.payload, "triggerEvent": self.trigger}

    @property
    def facts(self) -> dict[str, Any]:
        return self.payload if self.payload is not None else (self.model_extra or {})

    @property
    def uid(self) -> str | None:
        uid = self.facts.get("uid") or self.facts.get("bookingUid")
        return uid[:255] if isinstance(uid, str) else None

    @property
    def booking(self) -> Booking | None:
        """The booking of a BOOKING_CREATED, None for every other event."""
        if self.trigger != "BOOKING_CREATED":
            return None
        try:
            booking = Booking.model_validate(self.payload or {})
        except ValidationError as error:
            raise MalformedJson("A BOOKING_CREATED without uid, startTime or endTime.") from error
        if not timedelta() < booking.ends_at - booking.starts_at <= LONGEST:
            raise MalformedJson("A booking ends after its start, within a day.")
        return booking

    @property
    def logical_key(self) -> str | None:
        """Equal for copies of one event that differ only in `createdAt`; None where nothing is."""
        facts = self.facts
        if self.uid is None or "startTime" not in facts:
            return None
        seat = facts.get("attendeeSeatId") or ""
        if not seat and facts.get("seatsPerTimeSlot") is not None:
            seat = ",".join(
                str(a.get("email")) for a in facts.get("attendees") or () if isinstance(a, dict)
            )
        start = _utc(facts["startTime"])
        parts = (self.trigger, self.uid, str(seat), start, str(facts.get("iCalSequence") or 0))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def stored(self) -> dict[str, Any]:
        """The body less what lets its reader in: one-time and video passwords."""
        return {key: _harmless(value) for key, value in self.body.items() if key not in _SECRET}


_SECRET = {"oneTimePassword", "password"}


def _harmless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _harmless(inner) for key, inner in value.items() if key not in _SECRET}
    if isinstance(value, list):
        return [_harmless(inner) for inner in value]
    return value


def _storable(value: Any) -> bool:
    """Whether PostgreSQL's jsonb takes it: no NUL, no number that is none."""
    match value:
        case str():
            return "\0" not in value
        case float():
            return math.isfinite(value)
        case dict():
            return all(_storable(key) and _storable(inner) for key, inner in value.items())
        case list():
            return all(map(_storable, value))
    return True


def _utc(text: object) -> str:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return str(text)


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as rows of ours."""

    request: MeetingRequest
    meeting: Meeting
    said: Said


def book(
    booking: Booking,
    *,
    client_id: UUID,
    operator_id: UUID,
    people: People,
    buffer: timedelta,
    now: datetime,
) -> Booked:
    """A direct booking: the meeting, its accepted request, and what to tell."""
    title = (booking.title or "").strip()[:500] or people.title
    starts_at, ends_at = booking.starts_at.astimezone(UTC), booking.ends_at.astimezone(UTC)
    request_id = uuid4()
    meeting = Meeting(
        id=uuid4(),
        client_id=client_id,
        operator_id=operator_id,
        request_id=request_id,
        title=title,
        scheduled_at=starts_at,
        ends_at=ends_at,
        source="calcom",
        buffer_minutes=buffer // timedelta(minutes=1),
        ical_uid=booking.ical_uid,
        ical_sequence=booking.ical_sequence,
        created_at=now,
    )
    request = MeetingRequest(
        id=request_id,
        client_id=client_id,
        operator_id=operator_id,
        requested_slots=(starts_at,),
        selected_slot=starts_at,
        status=RequestStatus.ACCEPTED,
        message="Réservation via Cal.com",
        source="calcom",
        duration_minutes=max(1, round((ends_at - starts_at) / timedelta(minutes=1))),
        meeting_id=meeting.id,
        created_at=now,
        updated_at=now,
    )
    said = Said(at=now, version=1, meeting_id=meeting.id, request_id=request.id)
    said.record(
        "request",
        request,
        "book",
        by="calcom",
        was=None,
        now_is=request.status,
        message=request.message,
        slots=request.requested_slots,
    )
    said.record("meeting", meeting, "book", by="calcom", was=None, now_is=meeting.status)
    said.to_inbox("operator", operator_id, "request_created")
    said.to_inbox("client", client_id, "request_decided")
    said.notify(
        "client",
        client_id,
        "meeting_booked",
        Facts(name=people.operator_name, slot=starts_at),
        page_of("client", meeting),
        time_zone=people.client_time_zone,
    )
    return Booked(request, meeting, said)


def conflict(booking: Booking, *, operator_id: UUID, time_zone: str, now: datetime) -> Said:
    """Tell the operator of a booking that overlaps a live meeting, or the rest after one."""
    said = Said(at=now, version=1)
    return said.notify(
        "operator",
        operator_id,
        "booking_conflict",
        Facts(slot=booking.starts_at.astimezone(UTC)),
        "/hub/",
        time_zone=time_zone,
    )

"""An appointment that Cal.com knows, and how the rows of it here are brought in line with it.

there is           told              becomes
nothing            requested         a request that waits        confirmed  a meeting
                   rejected, cancelled                           the same, ended: nobody is told
pending, countered confirmed         accepted, with its meeting  rejected   rejected
                   cancelled         cancelled
accepted           confirmed (moved) the meeting moves           rejected, cancelled  cancelled
anything that has ended, or is under way                         stays as it is
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import replace

from visio.domain import lobby, meeting
from visio.domain.events import People, Said, Side
from visio.domain.lobby import Lobby
from visio.domain.meeting import Meeting, MeetingStatus, Span
from visio.domain.request import MeetingRequest, RequestStatus
from visio.domain.request import page_of as page_of_request
from visio.domain.words import Facts

MESSAGE = "Réservation via Cal.com"
MOVED_AWAY = "Report demandé dans Cal.com"
CALLED_OFF = "Annulé dans Cal.com"
NEVER = datetime(1, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class Phase(StrEnum):
    """How far a booking has come."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (Phase.REJECTED, Phase.CANCELLED)


class Appointment(Struct, frozen=True, kw_only=True):
    """Bookings of which each moved the one before: together one request and one meeting of ours.

    `head` is the latest of them. `phase` is None where nothing was told that places or ends it.
    `placed` says whether any was asked for or confirmed at all, `confirmed` whether any was.
    """

    uids: frozenset[str]
    head: str
    phase: Phase | None
    placed: bool
    confirmed: bool
    span: Span | None
    title: str | None
    ical_uid: str | None
    ical_sequence: int
    by: str | None
    reason: str | None
    notes: str | None
    no_shows: dict[str, bool]
    bookers: frozenset[str]


class Held(Struct, frozen=True):
    """What there is of an appointment already, under its chain's lock; `uid` was its head then."""

    uid: str
    request: MeetingRequest
    lobby: Lobby | None


class Party(Struct, frozen=True, kw_only=True):
    """Whose bookings they are, and when their operator is busy: meetings by id."""

    client_id: UUID
    operator_id: UUID
    client_email: str
    operator_email: str
    people: People
    busy: Mapping[UUID, Span]
    buffer: timedelta
    sequences: Mapping[str, int] = {}
    """By the name that calendars know: the highest sequence that one of their meetings has had."""

    def after(self, there: Lobby | None) -> "Party":
        """The same, knowing of one meeting of theirs as it is now."""
        if there is None:
            return self
        now = there.meeting
        busy = {id: span for id, span in self.busy.items() if id != now.id}
        if now.live:
            rest = timedelta(minutes=now.buffer_minutes)
            busy[now.id] = Span(now.scheduled_at, now.ends_at + rest)
        sequences = dict(self.sequences)
        if now.ical_uid:
            highest = sequences.get(now.ical_uid, now.ical_sequence)
            sequences[now.ical_uid] = max(highest, now.ical_sequence)
        return replace(self, busy=busy, sequences=sequences)

    def taken(self, span: Span, *, except_for: UUID | None = None) -> bool:
        """Whether a live meeting of the operator's, or the rest after one, stands in the way."""
        wanted = Span(span.start, span.end + self.buffer)
        return any(wanted.overlaps(b) for id, b in self.busy.items() if id != except_for)


class Settled(Struct, frozen=True, kw_only=True):
    """What is to be written of one appointment. `before` is None for one that is new here.

    `lobby` is its meeting as it now is, with whoever waits there; `said` is what to tell.
    """

    outcome: str
    head: str
    before: Held | None
    request: MeetingRequest
    lobby: Lobby | None
    said: Said | None = None
    conflict: bool = False

    @property
    def held(self) -> Held:
        """The appointment once this has been written."""
        there = self.before.lobby if self.before else None
        return Held(self.head, self.request, self.lobby or there)


def settle(of: Appointment, held: Held | None, party: Party, *, now: datetime) -> Settled | None:
    """The rows as they should be, or None where they are so already.

    What ended here, by whoever's decision, stays as it ended; what is under way is left alone.
    """
    if held is None:
        return _new(of, party, now=now) if of.placed and of.phase and of.span else None
    return _changed(of, held, party, now=now) or _marked(of, held, party, now=now)


def _changed(of: Appointment, held: Held, party: Party, *, now: datetime) -> Settled | None:
    there = held.lobby
    match held.request.status, of.phase:
        case ((RequestStatus.PENDING | RequestStatus.COUNTERED), Phase.REQUESTED):
            return _asked_anew(of, held, now=now)
        case ((RequestStatus.PENDING | RequestStatus.COUNTERED), Phase.CONFIRMED):
            return _confirmed(of, held, party, now=now)
        case ((RequestStatus.PENDING | RequestStatus.COUNTERED), Phase.REJECTED):
            return _rejected(of, held, party, now=now)
        case ((RequestStatus.PENDING | RequestStatus.COUNTERED), Phase.CANCELLED):
            return _called_off(of, held, party, now=now)
        case RequestStatus.ACCEPTED, _ if held.request.selected_slot not in (
            held.request.requested_slots
        ):
            return None  # they have agreed here on a time that is none of Cal.com's
        case RequestStatus.ACCEPTED, (Phase.REJECTED | Phase.CANCELLED) if there is not None:
            return _cancelled(of, held, there, party, now=now)
        case RequestStatus.ACCEPTED, Phase.CONFIRMED if there is not None:
            return _moved(of, held, there, party, now=now)
        case RequestStatus.CANCELLED, Phase.CANCELLED if there is None and of.confirmed:
            return _cancelled_meeting(of, held, party, now=now)
    return None


def _new(of: Appointment, party: Party, *, now: datetime) -> Settled:
    """A request that was not here, as it is by now, and its meeting if it has one."""
    assert of.span is not None  # noqa: S101 -- settle has looked
    ended = of.phase is not None and of.phase.ended
    conflict = of.phase is Phase.CONFIRMED and party.taken(of.span)
    status = {
        Phase.REQUESTED: RequestStatus.PENDING,
        Phase.CONFIRMED: RequestStatus.ACCEPTED,
        Phase.REJECTED: RequestStatus.REJECTED,
        Phase.CANCELLED: RequestStatus.CANCELLED,
    }[of.phase or Phase.REQUESTED]
    booked = _meeting(of, uuid4(), party, now=now) if of.confirmed else None
    if booked and ended:
        # Rejected once it had been agreed on: its meeting goes, as if it had been told one by one.
        status = RequestStatus.CANCELLED
    request = MeetingRequest(
        id=booked.request_id if booked and booked.request_id else uuid4(),
        client_id=party.client_id,
        operator_id=party.operator_id,
        requested_slots=(of.span.start,),
        selected_slot=of.span.start if booked else None,
        status=status,
        message=MESSAGE,
        reason=of.reason if ended else None,
        source="calcom",
        duration_minutes=_minutes(of.span),
        meeting_id=booked.id if booked else None,
        created_at=now,
        updated_at=now,
    )
    said = Said(at=now, version=1, meeting_id=request.meeting_id, request_id=request.id)
    said.record(
        "request",
        request,
        "book" if of.confirmed else "ask",
        by="calcom",
        was=None,
        now_is=status,
        message=of.reason if ended else of.notes or MESSAGE,
        slots=request.requested_slots,
    )
    if booked:
        said.record("meeting", booked, "book", by="calcom", was=None, now_is=booked.status)
    if not ended:
        _tell_of_new(said, request, booked, party)
    there = Lobby(booked, None, party.people) if booked else None
    outcome = "stale" if ended else "created"
    return Settled(
        outcome=outcome,
        head=of.head,
        before=None,
        request=request,
        lobby=there,
        said=said,
        conflict=conflict,
    )


def _tell_of_new(said: Said, request: MeetingRequest, booked: Meeting | None, party: Party) -> None:
    said.to_inbox("operator", party.operator_id, "request_created")
    if booked is None:
        said.notify(
            "operator",
            party.operator_id,
            "request_created",
            Facts(
                name=party.people.client_name,
                slots=request.requested_slots,
                quote=MESSAGE,
            ),
            page_of_request("operator", request),
            time_zone=party.people.operator_time_zone,
        )
        return
    said.to_inbox("client", party.client_id, "request_decided")
    said.notify(
        "client",
        party.client_id,
        "meeting_booked",
        Facts(name=party.people.operator_name, slot=booked.scheduled_at),
        meeting.page_of("client", booked),
        time_zone=party.people.client_time_zone,
    )


def _meeting(of: Appointment, request_id: UUID, party: Party, *, now: datetime) -> Meeting:
    assert of.span is not None  # noqa: S101 -- settle has looked
    ended = of.phase is not None and of.phase.ended
    return Meeting(
        id=uuid4(),
        client_id=party.client_id,
        operator_id=party.operator_id,
        request_id=request_id,
        title=of.title or party.people.title,
        scheduled_at=of.span.start,
        ends_at=of.span.end,
        status=MeetingStatus.CANCELLED if ended else MeetingStatus.SCHEDULED,
        cancel_reason=(of.reason or CALLED_OFF) if ended else None,
        ended_at=now if ended else None,
        source="calcom",
        buffer_minutes=party.buffer // timedelta(minutes=1),
        ical_uid=of.ical_uid,
        # A second meeting under one name goes on counting where the first stopped.
        ical_sequence=max(of.ical_sequence, party.sequences.get(of.ical_uid or "", -1) + 1),
        client_no_show=_no_show(of, party),
        created_at=now,
    )


def _asked_anew(of: Appointment, held: Held, *, now: datetime) -> Settled | None:
    """A request that still waits, for another time: whoever asked has moved it."""
    if of.head == held.uid or of.span is None:
        return None
    slots, minutes = (of.span.start,), _minutes(of.span)
    request = _request(
        held,
        status=RequestStatus.PENDING,
        requested_slots=slots,
        proposed_slots=None,
        duration_minutes=minutes,
        now=now,
    )
    said = Said(at=now, version=request.version, request_id=request.id)
    said.record(
        "request",
        request,
        "move",
        by="calcom",
        was=held.request.status,
        now_is=request.status,
        message=of.reason,
        slots=slots,
    )
    said.to_inbox("operator", request.operator_id, "request_created")
    said.to_inbox("client", request.client_id, "request_decided")
    return Settled(
        outcome="updated", head=of.head, before=held, request=request, lobby=None, said=said
    )


def _confirmed(of: Appointment, held: Held, party: Party, *, now: datetime) -> Settled | None:
    """A request that waited here, accepted in Cal.com."""
    if of.span is None:
        return None
    booked = _meeting(of, held.request.id, party, now=now)
    request = _request(
        held,
        status=RequestStatus.ACCEPTED,
        requested_slots=(of.span.start,),
        selected_slot=of.span.start,
        duration_minutes=_minutes(of.span),
        meeting_id=booked.id,
        now=now,
    )
    said = _decided(held, request, "accept", slots=request.requested_slots, now=now)
    said.record("meeting", booked, "book", by="calcom", was=None, now_is=booked.status)
    said.notify(
        "client",
        party.client_id,
        "request_accepted",
        Facts(name=party.people.operator_name, slot=booked.scheduled_at),
        meeting.page_of("client", booked),
        time_zone=party.people.client_time_zone,
    )
    return Settled(
        outcome="created",
        head=of.head,
        before=held,
        request=request,
        lobby=Lobby(booked, None, party.people),
        said=said,
        conflict=party.taken(of.span),
    )


def _rejected(of: Appointment, held: Held, party: Party, *, now: datetime) -> Settled:
    request = _request(
        held,
        status=RequestStatus.REJECTED,
        reason=of.reason,
        now=now,
    )
    said = _decided(held, request, "reject", message=of.reason, now=now)
    said.notify(
        "client",
        party.client_id,
        "request_rejected",
        Facts(name=party.people.operator_name, quote=of.reason),
        page_of_request("client", request),
    )
    return Settled(
        outcome="updated", head=of.head, before=held, request=request, lobby=None, said=said
    )


def _called_off(of: Appointment, held: Held, party: Party, *, now: datetime) -> Settled:
    """A request that still waited, called off in Cal.com; with its meeting, if it was confirmed."""
    booked = _meeting(of, held.request.id, party, now=now) if of.confirmed and of.span else None
    request = _request(
        held,
        status=RequestStatus.CANCELLED,
        reason=of.reason,
        selected_slot=booked.scheduled_at if booked else None,
        meeting_id=booked.id if booked else None,
        now=now,
    )
    said = _decided(held, request, "cancel", message=of.reason, now=now)
    if booked:
        said.record("meeting", booked, "book", by="calcom", was=None, now_is=booked.status)
    for side in _told_of(of, party):
        said.notify(
            side,
            party.client_id if side == "client" else party.operator_id,
            "booking_cancelled",
            Facts(
                name=party.people.name("operator" if side == "client" else "client"),
                slot=held.request.requested_slots[0],
                quote=of.reason,
            ),
            page_of_request(side, request),
            time_zone=party.people.time_zone(side),
        )
    there = Lobby(booked, None, party.people) if booked else None
    return Settled(
        outcome="cancelled", head=of.head, before=held, request=request, lobby=there, said=said
    )


def _cancelled_meeting(of: Appointment, held: Held, party: Party, *, now: datetime) -> Settled:
    """The meeting of a request that had ended before we heard that it was confirmed at all."""
    booked = _meeting(of, held.request.id, party, now=now)
    request = _request(
        held,
        selected_slot=booked.scheduled_at,
        meeting_id=booked.id,
        now=now,
    )
    said = Said(at=now, version=request.version, request_id=request.id, meeting_id=booked.id)
    said.record("meeting", booked, "book", by="calcom", was=None, now_is=booked.status)
    return Settled(
        outcome="stale",
        head=of.head,
        before=held,
        request=request,
        lobby=Lobby(booked, None, party.people),
        said=said,
    )


def _cancelled(
    of: Appointment, held: Held, there: Lobby, party: Party, *, now: datetime
) -> Settled | None:
    if there.meeting.status is not MeetingStatus.SCHEDULED:
        return None  # they are meeting, or have met
    if of.head != held.uid and of.span is not None:
        # Moved and then cancelled, told the other way round: it ends where it was moved to.
        span = of.span
        moved = replace(there.meeting, scheduled_at=span.start, ends_at=span.end)
        there = replace(there, meeting=moved)
    closed = lobby.cancelled(
        there,
        by="calcom",
        reason=of.reason or CALLED_OFF,
        tells=_told_of(of, party),
        sequence=of.ical_sequence,
        now=now,
    )
    if closed is None:
        return None
    request = _request(
        held,
        status=RequestStatus.CANCELLED,
        reason=of.reason,
        requested_slots=(there.meeting.scheduled_at,),
        selected_slot=there.meeting.scheduled_at,
        now=now,
    )
    return Settled(
        outcome="cancelled",
        head=of.head,
        before=held,
        request=request,
        lobby=closed,
        said=closed.said,
    )


def _moved(
    of: Appointment, held: Held, there: Lobby, party: Party, *, now: datetime
) -> Settled | None:
    """A meeting that goes on at another time. Under the same uid Cal.com never moves one."""
    span = of.span
    if of.head == held.uid or span is None or there.meeting.status is not MeetingStatus.SCHEDULED:
        return None
    moved = lobby.moved(
        there,
        span,
        title=of.title or there.meeting.title,
        buffer=party.buffer,
        sequence=of.ical_sequence,
        tells=_told_of(of, party),
        reason=of.reason,
        now=now,
    )
    request = _request(
        held,
        requested_slots=(span.start,),
        selected_slot=span.start,
        duration_minutes=_minutes(span),
        now=now,
    )
    return Settled(
        outcome="updated",
        head=of.head,
        before=held,
        request=request,
        lobby=moved,
        said=moved.said,
        conflict=party.taken(span, except_for=there.meeting.id),
    )


def _marked(of: Appointment, held: Held, party: Party, *, now: datetime) -> Settled | None:
    """What the host says in Cal.com of who came, where our own eyes did not see it."""
    there, mark = held.lobby, _no_show(of, party)
    if there is None or not of.no_shows or mark == there.meeting.client_no_show:
        return None
    marked = meeting.mark_no_show(there.meeting, mark)
    said = Said(
        at=now, version=marked.version, meeting_id=marked.id, request_id=held.request.id
    ).record(
        "meeting",
        marked,
        "no_show" if mark else "no_show_withdrawn",
        by="calcom",
        was=there.meeting.status,
        now_is=marked.status,
        message=marked.outcome,
    )
    return Settled(
        outcome="updated",
        head=held.uid,
        before=held,
        request=held.request,
        lobby=replace(there, meeting=marked, said=said),
        said=said,
    )


def _no_show(of: Appointment, party: Party) -> bool:
    ours = {party.client_email.strip().lower(), *of.bookers}
    return any(mark for email, mark in of.no_shows.items() if email in ours)


def _told_of(of: Appointment, party: Party) -> tuple[Side, ...]:
    """Who does not know of it yet: both, but for whoever did it."""
    if of.by is not None and of.by == party.operator_email.strip().lower():
        return ("client",)
    if of.by is not None and of.by in {party.client_email.strip().lower(), *of.bookers}:
        return ("operator",)
    return ("client", "operator")


def _decided(
    held: Held,
    request: MeetingRequest,
    action: str,
    *,
    message: str | None = None,
    slots: tuple[datetime, ...] = (),
    now: datetime,
) -> Said:
    said = Said(
        at=now, version=request.version, request_id=request.id, meeting_id=request.meeting_id
    )
    said.record(
        "request",
        request,
        action,
        by="calcom",
        was=held.request.status,
        now_is=request.status,
        message=message,
        slots=slots,
    )
    said.to_inbox("client", request.client_id, "request_decided")
    return said.to_inbox("operator", request.operator_id, "request_decided")


def _request(held: Held, *, now: datetime, **changes: Any) -> MeetingRequest:
    """The request with some changes, which make a new version of it."""
    return replace(held.request, version=held.request.version + 1, updated_at=now, **changes)


def _minutes(span: Span) -> int:
    return max(1, round((span.end - span.start) / timedelta(minutes=1)))

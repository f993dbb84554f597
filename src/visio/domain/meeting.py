"""A meeting: the agreed time, and how it ends."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from visio.domain.events import Actor, People, Said, Side, Step, other
from visio.domain.refusals import MeetingOver, MeetingStarted
from visio.domain.words import Facts

Reminder = Literal["day", "quarter"]


class MeetingStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    HELD = "held"
    CLIENT_ABSENT = "client_absent"
    OPERATOR_ABSENT = "operator_absent"
    UNKNOWN = "unknown"


class Span(Struct, frozen=True):
    """A stretch of time, its end not included."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


class Meeting(Struct, frozen=True, kw_only=True):
    """The agreed time. `version` rises with every change of it or of its lobby, `ical_sequence`
    with every change that a calendar shows, `epoch` with every admission that ends.

    Somebody was `seen` in the lobby, and has `joined` where the room's server saw them.
    """

    id: UUID
    client_id: UUID
    operator_id: UUID
    request_id: UUID | None = None
    title: str
    scheduled_at: datetime
    ends_at: datetime
    status: MeetingStatus = MeetingStatus.SCHEDULED
    outcome: Outcome | None = None
    source: str = "form"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_reason: str | None = None
    operator_present: bool = False
    operator_seen_at: datetime | None = None
    client_seen_at: datetime | None = None
    client_joined_at: datetime | None = None
    operator_joined_at: datetime | None = None
    epoch: int = 0
    buffer_minutes: int = 0
    ical_uid: str | None = None
    ical_sequence: int = 0
    client_no_show: bool = False
    version: int = 1
    created_at: datetime

    @property
    def live(self) -> bool:
        return self.status in (MeetingStatus.SCHEDULED, MeetingStatus.IN_PROGRESS)

    def over(self, *, now: datetime, grace: timedelta) -> bool:
        """Whether nobody can meet here any more, swept or not."""
        return not self.live or now >= self.ends_at + grace


class ListedMeeting(Struct, frozen=True):
    """A meeting with everything that happened to it and in its lobby."""

    meeting: Meeting
    history: tuple[Step, ...]

    @property
    def id(self) -> UUID:
        return self.meeting.id

    @property
    def created_at(self) -> datetime:
        return self.meeting.created_at


def page_of(side: Side, meeting: Meeting) -> str:
    """Where one of the two finds the meeting."""
    return f"/{'client' if side == 'client' else 'hub'}/#meeting-{meeting.id}"


def complete(meeting: Meeting, *, by: Actor, now: datetime) -> tuple[Meeting, Said]:
    """The meeting as it ends now; `outcome` says from facts what it was."""
    completed = replace(
        meeting,
        status=MeetingStatus.COMPLETED,
        outcome=_outcome(meeting),
        ended_at=now,
        operator_present=False,
        version=meeting.version + 1,
    )
    said = _ended(meeting, completed, "complete", by=by, message=completed.outcome, now=now)
    return completed, said.on_meeting("meeting_completed")


def _outcome(meeting: Meeting) -> Outcome:
    """Absent is who never came while the other did; held if the client was let in.

    Where the room's server told us who was there, that counts, and nothing else: who was let in
    and never entered was not there. That the host says in Cal.com that the client did not come
    counts where we know nothing better.
    """
    client, operator = meeting.client_joined_at, meeting.operator_joined_at
    if client is None and operator is None:
        if meeting.started_at is not None:
            return Outcome.HELD
        if meeting.client_no_show:
            return Outcome.CLIENT_ABSENT
        client, operator = meeting.client_seen_at, meeting.operator_seen_at
    elif client is not None and operator is not None:
        return Outcome.HELD
    match client is not None, operator is not None:
        case False, True:
            return Outcome.CLIENT_ABSENT
        case True, False:
            return Outcome.OPERATOR_ABSENT
        case _:
            return Outcome.UNKNOWN


def _ended(
    before: Meeting, after: Meeting, action: str, *, by: Actor, message: str | None, now: datetime
) -> Said:
    """Record the end of a meeting, and that of the request behind it, which ends alike."""
    said = Said(at=now, version=after.version, meeting_id=after.id, request_id=after.request_id)
    said.record(
        "meeting", after, action, by=by, was=before.status, now_is=after.status, message=message
    )
    if after.request_id is not None:
        said.record("request", after, action, by=by, was="accepted", now_is=after.status)
    return said


def cancel(
    meeting: Meeting,
    people: People,
    *,
    by: Actor,
    reason: str,
    tells: tuple[Side, ...],
    sequence: int = 0,
    now: datetime,
) -> tuple[Meeting, Said] | None:
    """Call a scheduled meeting off; None if it is cancelled for this very reason already.

    `tells` are those who do not know of it yet, `sequence` is what calendars were told elsewhere.
    """
    if meeting.status is MeetingStatus.CANCELLED and meeting.cancel_reason == reason:
        return None
    if meeting.status is MeetingStatus.IN_PROGRESS:
        raise MeetingStarted
    if not meeting.live:
        raise MeetingOver
    cancelled = replace(
        meeting,
        status=MeetingStatus.CANCELLED,
        cancel_reason=reason,
        ended_at=now,
        operator_present=False,
        ical_sequence=max(meeting.ical_sequence + 1, sequence),
        version=meeting.version + 1,
    )
    said = _ended(meeting, cancelled, "cancel", by=by, message=reason, now=now)
    said.on_meeting("meeting_cancelled")
    _tell(
        said,
        meeting,
        people,
        "booking_cancelled" if by == "calcom" else "meeting_cancelled",
        meeting.scheduled_at,
        tells,
        quote=reason,
    )
    if by == "client":  # whose calendar still has it
        _tell(said, meeting, people, "meeting_called_off", meeting.scheduled_at, ("client",))
    return cancelled, said


def move(
    meeting: Meeting,
    people: People,
    span: Span,
    *,
    title: str,
    buffer: timedelta,
    by: Actor,
    reason: str | None,
    tells: tuple[Side, ...],
    sequence: int = 0,
    now: datetime,
) -> tuple[Meeting, Said]:
    """A scheduled meeting at another time: the same one, and nobody has been reminded of it yet."""
    moved = replace(
        meeting,
        title=title,
        scheduled_at=span.start,
        ends_at=span.end,
        buffer_minutes=buffer // timedelta(minutes=1),
        ical_sequence=max(meeting.ical_sequence + 1, sequence),
        version=meeting.version + 1,
    )
    said = Said(at=now, version=moved.version, meeting_id=moved.id, request_id=moved.request_id)
    said.record(
        "meeting",
        moved,
        "move",
        by=by,
        was=meeting.status,
        now_is=moved.status,
        message=reason,
        slots=(span.start,),
    )
    said.on_meeting("meeting_rescheduled")
    _tell(said, moved, people, "booking_moved", span.start, tells, quote=reason)
    return moved, said


def mark_no_show(meeting: Meeting, mark: bool) -> Meeting:
    """The meeting with the host's word on whether the client came; one that is over says so."""
    marked = replace(meeting, client_no_show=mark, version=meeting.version + 1)
    if marked.status is not MeetingStatus.COMPLETED:
        return marked
    return replace(marked, outcome=_outcome(marked))


def _tell(
    said: Said,
    meeting: Meeting,
    people: People,
    type: str,
    slot: datetime,
    sides: tuple[Side, ...],
    *,
    quote: str | None = None,
) -> Said:
    """Say something of a meeting to one or both, each in their own zone and of the other."""
    for side in sides:
        said.notify(
            side,
            meeting.client_id if side == "client" else meeting.operator_id,
            type,
            Facts(name=people.name(other(side)), slot=slot, quote=quote),
            page_of(side, meeting),
            time_zone=people.time_zone(side),
        )
    return said


def remind(meeting: Meeting, people: People, reminder: Reminder, *, now: datetime) -> Said:
    """Remind both of a meeting that is near."""
    said = Said(
        at=now, version=meeting.version, meeting_id=meeting.id, request_id=meeting.request_id
    )
    both: tuple[Side, ...] = ("client", "operator")
    type = f"meeting_reminder_{reminder}"
    return _tell(said, meeting, people, type, meeting.scheduled_at, both)

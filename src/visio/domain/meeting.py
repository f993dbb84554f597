"""A meeting: the agreed time, and how it ends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from visio.domain.events import Said, Side, in_words
from visio.domain.refusals import MeetingOver, MeetingStarted


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


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, its end not included."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """The agreed time. `version` rises with every change of it or of its lobby."""

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
    version: int = 1
    created_at: datetime

    @property
    def live(self) -> bool:
        return self.status in (MeetingStatus.SCHEDULED, MeetingStatus.IN_PROGRESS)

    def over(self, *, now: datetime, grace: timedelta) -> bool:
        """Whether nobody can meet here any more, swept or not."""
        return not self.live or now >= self.ends_at + grace


def complete(meeting: Meeting, *, now: datetime) -> tuple[Meeting, Said]:
    """The meeting as it ends now; `outcome` says from facts what it was."""
    completed = replace(
        meeting,
        status=MeetingStatus.COMPLETED,
        outcome=_outcome(meeting),
        ended_at=now,
        operator_present=False,
        version=meeting.version + 1,
    )
    said = Said(at=now, version=completed.version, meeting_id=meeting.id)
    return completed, said.on_meeting("meeting_completed")


def _outcome(meeting: Meeting) -> Outcome:
    """Held if somebody was let in; absent is who never came while the other did."""
    if meeting.started_at is not None:
        return Outcome.HELD
    match meeting.client_seen_at is not None, meeting.operator_seen_at is not None:
        case False, True:
            return Outcome.CLIENT_ABSENT
        case True, False:
            return Outcome.OPERATOR_ABSENT
        case _:
            return Outcome.UNKNOWN


def cancel(
    meeting: Meeting, *, by: Side, name: str, reason: str, now: datetime
) -> tuple[Meeting, Said] | None:
    """Call a scheduled meeting off; None if it is cancelled for this very reason already."""
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
        version=meeting.version + 1,
    )
    said = Said(at=now, version=cancelled.version, meeting_id=meeting.id)
    said.on_meeting("meeting_cancelled")
    side: Side = "client" if by == "operator" else "operator"
    person = meeting.client_id if side == "client" else meeting.operator_id
    page = "client" if side == "client" else "hub"
    said.notify(
        side,
        person,
        "meeting_cancelled",
        "Rendez-vous annulé",
        f"{name} annule le rendez-vous {in_words(meeting.scheduled_at)} : {reason}",
        f"/{page}/#meeting-{meeting.id}",
    )
    return cancelled, said

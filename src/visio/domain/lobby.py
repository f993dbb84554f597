"""The lobby of one meeting: who knocks, who is let in, and when that ends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from visio.domain.events import Actor, People, Said, Side
from visio.domain.meeting import Meeting, MeetingStatus, Span, cancel, complete, move, page_of
from visio.domain.refusals import (
    LobbyNotOpen,
    MeetingNotStarted,
    MeetingOver,
    NoOneWaiting,
    NotAdmitted,
)
from visio.domain.words import Facts

LEASE = timedelta(minutes=2)


class KnockStatus(StrEnum):
    WAITING = "waiting"
    ADMITTED = "admitted"
    DENIED = "denied"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One arrival of the client. Denied and left end it; the next arrival is a new knock."""

    id: UUID
    status: KnockStatus
    since: datetime
    renewed_at: datetime
    reason: str | None = None
    admitted_at: datetime | None = None
    ended_at: datetime | None = None

    def lapsed(self, now: datetime) -> bool:
        """Whether its lease ran out: nobody is there any more, swept or not."""
        return self.status is KnockStatus.WAITING and now >= self.renewed_at + LEASE

    def seen(self, now: datetime) -> "Knock":
        """The knock as it truly is at this instant."""
        if not self.lapsed(now):
            return self
        return replace(self, status=KnockStatus.LEFT, ended_at=self.renewed_at + LEASE)


@dataclass(frozen=True, slots=True)
class Lobby:
    """A meeting with its latest knock. `said` is None where nothing changed."""

    meeting: Meeting
    knock: Knock | None
    people: People
    said: Said | None = None

    def admits(self, now: datetime) -> bool:
        return self.knock is not None and self.knock.status is KnockStatus.ADMITTED


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator has set: how early a client may knock, how long a meeting may run over."""

    opens: timedelta | None
    grace: timedelta


def signalled(
    lobby: Lobby, signal: str, reason: str | None, *, rules: Rules, now: datetime
) -> Lobby:
    """The lobby after one signal of a party that may send it.

    Raises MeetingOver, LobbyNotOpen, NoOneWaiting or MeetingNotStarted.
    """
    if lobby.meeting.over(now=now, grace=rules.grace):
        raise MeetingOver
    seen = replace(lobby, knock=lobby.knock.seen(now) if lobby.knock else None)
    match signal:
        case "client_waiting":
            return _recorded(lobby, _knocked(seen, rules=rules, now=now), "knock", by="client")
        case "client_left":
            return _recorded(lobby, _left(seen, now=now), "leave", by="client")
        case "operator_joined":
            return _recorded(lobby, _joined(seen, now=now), "admit", by="operator")
        case "entry_denied":
            return _recorded(lobby, _denied(seen, reason, now=now), "deny", by="operator")
        case "back_to_lobby":
            return _recorded(lobby, _sent_back(seen, reason, now=now), "send_back", by="operator")
        case "meeting_ended":
            begun = now >= seen.meeting.scheduled_at or seen.meeting.operator_seen_at is not None
            if not begun:
                raise MeetingNotStarted
            return completed(seen, by="operator", now=now)
    raise AssertionError(signal)


def completed(lobby: Lobby, *, by: Actor, now: datetime) -> Lobby:
    """The lobby of a meeting that ends now: whoever was there is there no more."""
    meeting, said = complete(lobby.meeting, by=by, now=now)
    closed = Lobby(meeting, _closed(lobby.knock, now=now), lobby.people, said)
    return _recorded(lobby, closed, "complete", by=by)


def cancelled(
    lobby: Lobby,
    *,
    by: Actor,
    reason: str,
    tells: tuple[Side, ...],
    sequence: int = 0,
    now: datetime,
) -> Lobby | None:
    """The lobby of a meeting that is called off; None if it was, for this very reason."""
    done = cancel(
        lobby.meeting,
        lobby.people,
        by=by,
        reason=reason,
        tells=tells,
        sequence=sequence,
        now=now,
    )
    if done is None:
        return None
    meeting, said = done
    closed = Lobby(meeting, _closed(lobby.knock, now=now), lobby.people, said)
    return _recorded(lobby, closed, "cancel", by=by)


def moved(
    lobby: Lobby,
    span: Span,
    *,
    title: str,
    buffer: timedelta,
    reason: str | None,
    tells: tuple[Side, ...],
    sequence: int,
    now: datetime,
) -> Lobby:
    """The lobby of a meeting that Cal.com moved; whoever waits there goes on waiting."""
    meeting, said = move(
        lobby.meeting,
        lobby.people,
        span,
        title=title,
        buffer=buffer,
        by="calcom",
        reason=reason,
        tells=tells,
        sequence=sequence,
        now=now,
    )
    return replace(lobby, meeting=meeting, said=said)


def lapsed(lobby: Lobby, *, now: datetime) -> Lobby | None:
    """The lobby once a knock whose lease ran out has left; None if there is none such."""
    if lobby.knock is None or not lobby.knock.lapsed(now):
        return None
    meeting, said = _changed(lobby, now)
    left = Lobby(meeting, lobby.knock.seen(now), lobby.people, said.on_meeting("client_left"))
    return _recorded(lobby, left, "lapse", by="system")


def _recorded(before: Lobby, after: Lobby, action: str, *, by: Actor) -> Lobby:
    """Put what changed of the knock, and the start of the meeting, on the record."""
    said, knock, earlier = after.said, after.knock, before.knock
    if said is None:
        return after
    if knock is not None and (earlier is None or earlier.id != knock.id):
        said.record("knock", after.meeting, action, by=by, was=None, now_is=knock.status)
    elif knock is not None and earlier is not None and knock.status is not earlier.status:
        said.record(
            "knock",
            after.meeting,
            action,
            by=by,
            was=earlier.status,
            now_is=knock.status,
            message=knock.reason,
        )
    started = MeetingStatus.IN_PROGRESS
    if after.meeting.status is started and before.meeting.status is not started:
        said.record(
            "meeting", after.meeting, "start", by=by, was=before.meeting.status, now_is=started
        )
    return after


def _changed(lobby: Lobby, now: datetime) -> tuple[Meeting, Said]:
    meeting = replace(lobby.meeting, version=lobby.meeting.version + 1)
    return meeting, Said(at=now, version=meeting.version, meeting_id=meeting.id)


def _live(knock: Knock | None) -> bool:
    return knock is not None and knock.status in (KnockStatus.WAITING, KnockStatus.ADMITTED)


def _knocked(lobby: Lobby, *, rules: Rules, now: datetime) -> Lobby:
    if lobby.knock is not None and _live(lobby.knock):
        # A reload, a second tab or a sign of life: the same knock goes on.
        return replace(lobby, knock=replace(lobby.knock, renewed_at=now))
    if now >= lobby.meeting.ends_at:
        raise MeetingOver
    if rules.opens is not None and now < lobby.meeting.scheduled_at - rules.opens:
        raise LobbyNotOpen
    meeting, said = _changed(lobby, now)
    meeting = replace(meeting, client_seen_at=meeting.client_seen_at or now)
    said.on_meeting("client_waiting")
    said.to_inbox("operator", meeting.operator_id, "client_waiting")
    said.notify(
        "operator",
        meeting.operator_id,
        "client_waiting",
        Facts(name=lobby.people.client_name),
        page_of("operator", meeting),
    )
    knock = Knock(id=uuid4(), status=KnockStatus.WAITING, since=now, renewed_at=now)
    return Lobby(meeting, knock, lobby.people, said)


def _left(lobby: Lobby, *, now: datetime) -> Lobby:
    if lobby.knock is None or not _live(lobby.knock):
        return lobby
    meeting, said = _changed(lobby, now)
    knock = replace(lobby.knock, status=KnockStatus.LEFT, ended_at=now)
    return Lobby(meeting, knock, lobby.people, said.on_meeting("client_left"))


def _joined(lobby: Lobby, *, now: datetime) -> Lobby:
    waiting = lobby.knock is not None and lobby.knock.status is KnockStatus.WAITING
    if not waiting and lobby.meeting.operator_present:
        return lobby
    meeting, said = _changed(lobby, now)
    meeting = replace(
        meeting, operator_present=True, operator_seen_at=meeting.operator_seen_at or now
    )
    knock = lobby.knock
    if knock is not None and waiting:
        knock = replace(knock, status=KnockStatus.ADMITTED, admitted_at=now, reason=None)
        meeting = replace(
            meeting, status=MeetingStatus.IN_PROGRESS, started_at=meeting.started_at or now
        )
    return Lobby(meeting, knock, lobby.people, said.on_meeting("operator_joined"))


def _denied(lobby: Lobby, reason: str | None, *, now: datetime) -> Lobby:
    if lobby.knock is None or lobby.knock.status is not KnockStatus.WAITING:
        raise NoOneWaiting
    meeting, said = _changed(lobby, now)
    knock = replace(lobby.knock, status=KnockStatus.DENIED, reason=reason, ended_at=now)
    return Lobby(meeting, knock, lobby.people, said.on_meeting("entry_denied"))


def _sent_back(lobby: Lobby, reason: str | None, *, now: datetime) -> Lobby:
    if lobby.knock is None or not _live(lobby.knock):
        raise NoOneWaiting
    if lobby.knock.status is KnockStatus.WAITING:
        return lobby
    meeting, said = _changed(lobby, now)
    knock = replace(
        lobby.knock,
        status=KnockStatus.WAITING,
        since=now,
        renewed_at=now,
        reason=reason,
        admitted_at=None,
    )
    return Lobby(meeting, knock, lobby.people, said.on_meeting("back_to_lobby"))


def _closed(knock: Knock | None, *, now: datetime) -> Knock | None:
    if knock is None or not _live(knock):
        return knock
    return replace(knock, status=KnockStatus.LEFT, ended_at=now)


def let_in(lobby: Lobby, *, is_client: bool, grace: timedelta, now: datetime) -> None:
    """Raise MeetingOver or NotAdmitted unless this party may enter the room now."""
    if lobby.meeting.over(now=now, grace=grace):
        raise MeetingOver
    if is_client and not lobby.admits(now):
        raise NotAdmitted

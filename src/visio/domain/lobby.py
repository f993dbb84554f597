"""The lobby of one meeting: who knocks, who is let in, and when that ends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from visio.domain.events import Said
from visio.domain.meeting import Meeting, MeetingStatus, complete
from visio.domain.refusals import (
    LobbyNotOpen,
    MeetingNotStarted,
    MeetingOver,
    NoOneWaiting,
    NotAdmitted,
)

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
    client_name: str = ""
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
            return _knocked(seen, rules=rules, now=now)
        case "client_left":
            return _left(seen, now=now)
        case "operator_joined":
            return _joined(seen, now=now)
        case "entry_denied":
            return _denied(seen, reason, now=now)
        case "back_to_lobby":
            return _sent_back(seen, reason, now=now)
        case "meeting_ended":
            return _ended(seen, now=now)
    raise AssertionError(signal)


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
        "Client en attente",
        f"{lobby.client_name} attend dans la salle d’attente.",
        f"/hub/#meeting-{meeting.id}",
    )
    knock = Knock(id=uuid4(), status=KnockStatus.WAITING, since=now, renewed_at=now)
    return Lobby(meeting, knock, lobby.client_name, said)


def _left(lobby: Lobby, *, now: datetime) -> Lobby:
    if lobby.knock is None or not _live(lobby.knock):
        return lobby
    meeting, said = _changed(lobby, now)
    knock = replace(lobby.knock, status=KnockStatus.LEFT, ended_at=now)
    return Lobby(meeting, knock, lobby.client_name, said.on_meeting("client_left"))


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
    return Lobby(meeting, knock, lobby.client_name, said.on_meeting("operator_joined"))


def _denied(lobby: Lobby, reason: str | None, *, now: datetime) -> Lobby:
    if lobby.knock is None or lobby.knock.status is not KnockStatus.WAITING:
        raise NoOneWaiting
    meeting, said = _changed(lobby, now)
    knock = replace(lobby.knock, status=KnockStatus.DENIED, reason=reason, ended_at=now)
    return Lobby(meeting, knock, lobby.client_name, said.on_meeting("entry_denied"))


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
    return Lobby(meeting, knock, lobby.client_name, said.on_meeting("back_to_lobby"))


def _ended(lobby: Lobby, *, now: datetime) -> Lobby:
    begun = now >= lobby.meeting.scheduled_at or lobby.meeting.operator_seen_at is not None
    if not begun:
        raise MeetingNotStarted
    meeting, said = complete(lobby.meeting, now=now)
    return Lobby(meeting, closed(lobby.knock, now=now), lobby.client_name, said)


def closed(knock: Knock | None, *, now: datetime) -> Knock | None:
    """The knock of a lobby that closes: whoever was there is there no more."""
    if knock is None or not _live(knock):
        return knock
    return replace(knock, status=KnockStatus.LEFT, ended_at=now)


def let_in(lobby: Lobby, *, is_client: bool, grace: timedelta, now: datetime) -> None:
    """Raise MeetingOver or NotAdmitted unless this party may enter the room now."""
    if lobby.meeting.over(now=now, grace=grace):
        raise MeetingOver
    if is_client and not lobby.admits(now):
        raise NotAdmitted

"""The lobby of one meeting: who knocks, who is let in, and when that ends."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import replace

from visio.domain.events import Actor, People, Said, Side, other
from visio.domain.meeting import Meeting, MeetingStatus, Span, cancel, complete, move, page_of
from visio.domain.refusals import (
    LobbyNotOpen,
    MeetingNotStarted,
    MeetingOver,
    NoOneWaiting,
    NotAdmitted,
    Refusal,
    TooManyMessages,
)
from visio.domain.words import Facts, Locale

# A page renews its knock every 15 s: twice unheard is away, and after two minutes it has left.
AWAY = timedelta(seconds=30)
LEASE = timedelta(minutes=2)
# How long an arrival may stay unanswered before the operator is told elsewhere.
PATIENCE = MINUTE = timedelta(seconds=60)
MESSAGES_A_MINUTE = 10
MESSAGES_KEPT = 50

Devices = Literal["ready", "sound_only", "none", "untested"]
NextStep = Literal["knock_again", "ask_again", "await_word"]


class KnockStatus(StrEnum):
    WAITING = "waiting"
    ADMITTED = "admitted"
    DENIED = "denied"
    LEFT = "left"


# What tells an operator's other pages that an arrival needs no answer any more.
ANSWERED = {
    KnockStatus.ADMITTED: "operator_joined",
    KnockStatus.DENIED: "entry_denied",
    KnockStatus.LEFT: "client_left",
}


class Knock(Struct, frozen=True, kw_only=True):
    """One arrival of the client. Denied and left end it; the next arrival is a new knock."""

    id: UUID
    status: KnockStatus
    since: datetime
    renewed_at: datetime
    devices: Devices = "untested"
    reason: str | None = None
    next_step: NextStep | None = None
    remind_at: datetime | None = None
    admitted_at: datetime | None = None
    ended_at: datetime | None = None

    def lapsed(self, now: datetime) -> bool:
        """Whether its lease ran out: nobody is there any more, swept or not."""
        return self.status is KnockStatus.WAITING and now >= self.renewed_at + LEASE

    def away(self, now: datetime) -> bool:
        """Whether the page that waits has not been heard of for a while."""
        return self.status is KnockStatus.WAITING and now >= self.renewed_at + AWAY

    def seen(self, now: datetime) -> "Knock":
        """The knock as it truly is at this instant."""
        if not self.lapsed(now):
            return self
        ended_at = self.renewed_at + LEASE
        return replace(self, status=KnockStatus.LEFT, ended_at=ended_at, remind_at=None)


class LobbyMessage(Struct, frozen=True):
    """A few words at the lobby, or the key of a ready-made answer: one of both."""

    id: UUID
    sender: Side
    canned: str | None
    body: str | None
    created_at: datetime


class Lobby(Struct, frozen=True):
    """A meeting with its latest knock. `said` is None where nothing changed.

    `in_room` holds who really is in the room, as far as its server tells, and `connections` what
    it called each connection that ever was; `messages` the last that were said, oldest first.
    """

    meeting: Meeting
    knock: Knock | None
    people: People
    said: Said | None = None
    in_room: frozenset[Side] = frozenset()
    connections: frozenset[str] = frozenset()
    messages: tuple[LobbyMessage, ...] = ()
    locales: tuple[Locale, Locale] = ("fr", "fr")
    """What the client reads, and what the operator reads."""

    def admits(self, now: datetime) -> bool:
        return self.knock is not None and self.knock.status is KnockStatus.ADMITTED

    def locale(self, side: Side) -> Locale:
        return self.locales[0 if side == "client" else 1]


class Rules(Struct, frozen=True):
    """What the operator has set: how early a client may knock, how long a meeting may run over."""

    opens: timedelta | None
    grace: timedelta


class Meant(Struct, frozen=True, kw_only=True):
    """What a signal may say beyond its name.

    `knock` names the arrival that is meant: another one is neither touched nor made. A page that
    renews so knocks no second time when the operator has just turned it away.
    """

    knock: UUID | None = None
    devices: Devices | None = None
    next_step: NextStep | None = None


NOTHING_MORE = Meant()


def signalled(
    lobby: Lobby,
    signal: str,
    reason: str | None,
    meant: Meant = NOTHING_MORE,
    *,
    rules: Rules,
    now: datetime,
) -> Lobby:
    """The lobby after one signal of a party that may send it.

    A knock whose lease has run out has left before, swept or not, and that is said as well. Raises
    MeetingOver, LobbyNotOpen, NoOneWaiting or MeetingNotStarted; the first and the third say in
    their details what there is instead.
    """
    if lobby.meeting.over(now=now, grace=rules.grace):
        raise _instead(MeetingOver, lobby)
    by: Actor = "client" if signal in ("client_waiting", "client_left") else "operator"
    seen = lapsed(lobby, by=by, now=now) or lobby
    if meant.knock is not None and (seen.knock is None or seen.knock.id != meant.knock):
        raise _instead(NoOneWaiting, seen)
    after = _signalled(seen, signal, reason, meant, rules=rules, now=now)
    if seen.said is None or after.said is None or after.said is seen.said:
        return after
    return replace(after, said=seen.said.and_then(after.said))


def _signalled(
    seen: Lobby, signal: str, reason: str | None, meant: Meant, *, rules: Rules, now: datetime
) -> Lobby:
    match signal:
        case "client_waiting":
            if meant.knock is not None and not _live(seen.knock):
                raise _instead(NoOneWaiting, seen)
            knocked = _knocked(seen, meant.devices, rules=rules, now=now)
            return _recorded(seen, knocked, "knock", by="client")
        case "client_left":
            return _recorded(seen, _left(seen, now=now), "leave", by="client")
        case "operator_joined":
            if meant.knock is not None and not _live(seen.knock):
                raise _instead(NoOneWaiting, seen)
            return _recorded(seen, _joined(seen, now=now), "admit", by="operator")
        case "entry_denied":
            denied = _denied(seen, reason, meant.next_step, now=now)
            return _recorded(seen, denied, "deny", by="operator")
        case "back_to_lobby":
            return _recorded(seen, _sent_back(seen, reason, now=now), "send_back", by="operator")
        case "remove":
            removed = _removed(seen, reason, meant.next_step, now=now)
            return _recorded(seen, removed, "remove", by="operator")
        case "meeting_ended":
            begun = now >= seen.meeting.scheduled_at or seen.meeting.operator_seen_at is not None
            if not begun:
                raise MeetingNotStarted
            return completed(seen, by="operator", now=now)
    raise AssertionError(signal)


def admitted(lobby: Lobby, *, rules: Rules, now: datetime) -> Lobby:
    """The lobby once whoever waits there is let in, which they may have been already.

    Raises MeetingOver, or NoOneWaiting: unlike `operator_joined`, it is about somebody.
    """
    seen = replace(lobby, knock=lobby.knock.seen(now) if lobby.knock else None)
    if lobby.meeting.over(now=now, grace=rules.grace):
        raise _instead(MeetingOver, seen)
    if not _live(seen.knock):
        raise _instead(NoOneWaiting, seen)
    return _recorded(lobby, _joined(seen, now=now), "admit", by="operator")


def completed(lobby: Lobby, *, by: Actor, now: datetime) -> Lobby:
    """The lobby of a meeting that ends now: whoever was there is there no more.

    An operator who ends it has the client put out of the room; time alone puts nobody out.
    """
    meeting, said = complete(lobby.meeting, by=by, now=now)
    if _admitted(lobby.knock):
        meeting = _end_admission(meeting, said if by == "operator" else None)
    closed = _after(lobby, meeting, _closed(lobby.knock, now=now), said)
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
    closed = _after(lobby, meeting, _closed(lobby.knock, now=now), said)
    return _recorded(lobby, closed, "cancel", by=by)


def called_off(lobby: Lobby, *, by: Side, reason: str, rules: Rules, now: datetime) -> Lobby | None:
    """The lobby of a meeting that one of the two calls off; None if it was, for this very reason.

    Raises MeetingOver once its time has passed, swept or not: whoever did not come cannot make it
    a meeting that was cancelled.
    """
    if lobby.meeting.live and lobby.meeting.over(now=now, grace=rules.grace):
        raise MeetingOver
    return cancelled(lobby, by=by, reason=reason, tells=(other(by),), now=now)


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


def lapsed(lobby: Lobby, *, by: Actor = "system", now: datetime) -> Lobby | None:
    """The lobby once a knock whose lease ran out has left; None if there is none such.

    `by` is whoever came upon it: the sweep, or a party whose signal came first.
    """
    if lobby.knock is None or not lobby.knock.lapsed(now):
        return None
    meeting, said = _changed(lobby, now)
    left = _after(lobby, meeting, lobby.knock.seen(now), said.on_meeting("client_left"))
    return _recorded(lobby, left, "lapse", by=by)


def escalated(lobby: Lobby, *, now: datetime) -> Lobby | None:
    """The lobby once its operator is told elsewhere of who waits; None where that is not due."""
    knock = lobby.knock
    if knock is None or knock.remind_at is None or knock.away(now):
        return None
    if knock.status is not KnockStatus.WAITING or now < knock.remind_at:
        return None
    meeting = lobby.meeting
    said = Said(at=now, version=meeting.version, meeting_id=meeting.id)
    said.notify(
        "operator",
        meeting.operator_id,
        "client_still_waiting",
        Facts(name=lobby.people.client_name),
        page_of("operator", meeting),
    )
    return _after(lobby, meeting, replace(knock, remind_at=None), said)


def spoken(
    lobby: Lobby,
    side: Side,
    *,
    canned: str | None,
    body: str | None,
    factor: float,
    rules: Rules,
    now: datetime,
) -> Lobby:
    """The lobby with one more message, its last. `factor` multiplies how many a minute may have.

    Raises MeetingOver or TooManyMessages.
    """
    if lobby.meeting.over(now=now, grace=rules.grace):
        raise _instead(MeetingOver, lobby)
    lately = [m for m in lobby.messages if m.sender == side and m.created_at > now - MINUTE]
    # More than half of what a lobby remembers could not be counted, so that is the most.
    if factor and len(lately) >= min(MESSAGES_A_MINUTE * factor, MESSAGES_KEPT / 2):
        raise TooManyMessages
    meeting, said = _changed(lobby, now)
    to = other(side)
    person = meeting.client_id if to == "client" else meeting.operator_id
    said.on_meeting("lobby_message").to_inbox(to, person, "lobby_message")
    message = LobbyMessage(uuid4(), side, canned, body, now)
    messages = (*lobby.messages, message)[-MESSAGES_KEPT:]
    return replace(lobby, meeting=meeting, said=said, messages=messages)


def let_in(lobby: Lobby, *, is_client: bool, grace: timedelta, now: datetime) -> None:
    """Raise MeetingOver or NotAdmitted unless this party may enter the room now."""
    if lobby.meeting.over(now=now, grace=grace):
        raise MeetingOver
    if is_client and not lobby.admits(now):
        raise NotAdmitted


def poll_after(lobby: Lobby, *, now: datetime) -> timedelta:
    """How soon a page without a socket asks again: the net under the signals, never the way."""
    if _live(lobby.knock):
        return timedelta(seconds=5)
    near = lobby.meeting.live and lobby.meeting.scheduled_at - now < timedelta(minutes=15)
    return timedelta(seconds=15 if near else 60)


def identity(lobby: Lobby, side: Side) -> str:
    """As whom somebody is in the room. A client's carries the epoch of the admission."""
    if side == "operator":
        return f"operator:{lobby.meeting.operator_id}"
    return _guest(lobby.meeting)


def _guest(meeting: Meeting) -> str:
    return f"client:{meeting.client_id}:{meeting.epoch}"


def _end_admission(meeting: Meeting, said: Said | None) -> Meeting:
    """Make the tickets of this admission stale, and put out whoever entered with one."""
    if said is not None:
        said.put_out(meeting.id, _guest(meeting))
    return replace(meeting, epoch=meeting.epoch + 1)


def _recorded(before: Lobby, after: Lobby, action: str, *, by: Actor) -> Lobby:
    """Put what changed of the knock, and the start of the meeting, on the record.

    A knock that waits no more was answered: nobody is told of it again, and every page hears so.
    """
    said, knock, earlier = after.said, after.knock, before.knock
    if said is None:
        return after
    if knock is not None and knock.status is not KnockStatus.WAITING:
        knock = replace(knock, remind_at=None)
        if earlier is not None and earlier.status is KnockStatus.WAITING:
            said.to_inbox("operator", after.meeting.operator_id, ANSWERED[knock.status])
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
    return replace(after, knock=knock)


def _changed(lobby: Lobby, now: datetime) -> tuple[Meeting, Said]:
    meeting = replace(lobby.meeting, version=lobby.meeting.version + 1)
    return meeting, Said(at=now, version=meeting.version, meeting_id=meeting.id)


def _after(lobby: Lobby, meeting: Meeting, knock: Knock | None, said: Said) -> Lobby:
    return replace(lobby, meeting=meeting, knock=knock, said=said)


def _instead(refusal: type[Refusal], lobby: Lobby) -> Refusal:
    """The refusal, with the state that was there first."""
    there = {"meetingStatus": lobby.meeting.status.value}
    if lobby.knock is not None:
        there |= {"knock.id": str(lobby.knock.id), "knock.status": lobby.knock.status.value}
    return refusal(details=[{"field": name, "problem": value} for name, value in there.items()])


def _live(knock: Knock | None) -> bool:
    return knock is not None and knock.status in (KnockStatus.WAITING, KnockStatus.ADMITTED)


def _admitted(knock: Knock | None) -> bool:
    return knock is not None and knock.status is KnockStatus.ADMITTED


def _knocked(lobby: Lobby, devices: Devices | None, *, rules: Rules, now: datetime) -> Lobby:
    if lobby.knock is not None and _live(lobby.knock):
        # A reload, a second tab or a sign of life: the same knock goes on.
        knock = replace(lobby.knock, renewed_at=now, devices=devices or lobby.knock.devices)
        if knock.devices == lobby.knock.devices:
            return replace(lobby, knock=knock)
        meeting, said = _changed(lobby, now)
        return _after(lobby, meeting, knock, said.on_meeting("client_waiting"))
    if now >= lobby.meeting.ends_at:
        raise _instead(MeetingOver, lobby)
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
    knock = Knock(
        id=uuid4(),
        status=KnockStatus.WAITING,
        since=now,
        renewed_at=now,
        devices=devices or "untested",
        remind_at=now + PATIENCE,
    )
    return _after(lobby, meeting, knock, said)


def _left(lobby: Lobby, *, now: datetime) -> Lobby:
    if lobby.knock is None or not _live(lobby.knock):
        return lobby
    meeting, said = _changed(lobby, now)
    if _admitted(lobby.knock):
        meeting = _end_admission(meeting, said)
    knock = replace(lobby.knock, status=KnockStatus.LEFT, ended_at=now)
    return _after(lobby, meeting, knock, said.on_meeting("client_left"))


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
    return _after(lobby, meeting, knock, said.on_meeting("operator_joined"))


def _denied(
    lobby: Lobby, reason: str | None, next_step: NextStep | None, *, now: datetime
) -> Lobby:
    if lobby.knock is None or lobby.knock.status is not KnockStatus.WAITING:
        raise _instead(NoOneWaiting, lobby)
    meeting, said = _changed(lobby, now)
    knock = replace(
        lobby.knock,
        status=KnockStatus.DENIED,
        reason=reason,
        next_step=next_step or "knock_again",
        ended_at=now,
    )
    return _after(lobby, meeting, knock, said.on_meeting("entry_denied"))


def _removed(
    lobby: Lobby, reason: str | None, next_step: NextStep | None, *, now: datetime
) -> Lobby:
    if lobby.knock is None or not _live(lobby.knock):
        raise _instead(NoOneWaiting, lobby)
    meeting, said = _changed(lobby, now)
    if _admitted(lobby.knock):
        meeting = _end_admission(meeting, said)
    knock = replace(
        lobby.knock,
        status=KnockStatus.LEFT,
        reason=reason,
        next_step=next_step or "await_word",
        ended_at=now,
    )
    return _after(lobby, meeting, knock, said.on_meeting("client_left"))


def _sent_back(lobby: Lobby, reason: str | None, *, now: datetime) -> Lobby:
    if lobby.knock is None or not _live(lobby.knock):
        raise _instead(NoOneWaiting, lobby)
    if lobby.knock.status is KnockStatus.WAITING:
        return lobby
    meeting, said = _changed(lobby, now)
    meeting = _end_admission(meeting, said)
    knock = replace(
        lobby.knock,
        status=KnockStatus.WAITING,
        since=now,
        renewed_at=now,
        reason=reason,
        admitted_at=None,
    )
    return _after(lobby, meeting, knock, said.on_meeting("back_to_lobby"))


def _closed(knock: Knock | None, *, now: datetime) -> Knock | None:
    if knock is None or not _live(knock):
        return knock
    return replace(knock, status=KnockStatus.LEFT, ended_at=now)

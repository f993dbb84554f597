"""What the two parties of a meeting do at its lobby."""

from datetime import timedelta
from uuid import UUID

from visio.adapters import meetings, requests
from visio.adapters.database import Client, Transaction
from visio.adapters.rooms import LiveKit, Ticket
from visio.call import Call
from visio.domain.events import Side, other
from visio.domain.lobby import Lobby, Rules, cancelled, let_in, signalled
from visio.domain.meeting import Meeting
from visio.domain.refusals import NotFound, NotYourRole
from visio.flows.commands import CancelMeeting, LobbySignal, OfMeeting

CLIENTS = {"client_waiting", "client_left"}


def lobby_signal(command: LobbySignal, call: Call, tx: Transaction, *, rules: Rules) -> Lobby:
    """The lobby after a party's signal. Nothing but `operator_joined` lets a client in."""
    held = _held(tx, command.meeting_id)
    if (command.signal in CLIENTS) != isinstance(tx.party, Client):
        raise NotYourRole
    lobby = signalled(held, command.signal, command.reason, rules=rules, now=call.now)
    _write(tx, held, lobby)
    return lobby


def lobby_state(command: OfMeeting, tx: Transaction) -> Lobby:
    """The truth about one lobby. Reading changes nothing."""
    return _found(tx, meetings.look(tx, command.meeting_id))


def join_meeting(
    command: OfMeeting, call: Call, tx: Transaction, *, rooms: LiveKit, grace: timedelta
) -> Ticket:
    """A ticket to the main room, for who may enter at this instant."""
    lobby = _found(tx, meetings.look(tx, command.meeting_id))
    is_client = isinstance(tx.party, Client)
    let_in(lobby, is_client=is_client, grace=grace, now=call.now)
    side: Side = "client" if is_client else "operator"
    return rooms.ticket(lobby.meeting.id, side, tx.party.id, now=call.now)


def cancel_meeting(command: CancelMeeting, call: Call, tx: Transaction) -> Meeting:
    """Call a scheduled meeting off; whoever waits in its lobby waits no more."""
    held = _held(tx, command.meeting_id)
    side: Side = "client" if isinstance(tx.party, Client) else "operator"
    lobby = cancelled(held, by=side, reason=command.reason, tells=(other(side),), now=call.now)
    if lobby is None:
        return held.meeting
    _write(tx, held, lobby)
    return lobby.meeting


def _write(tx: Transaction, before: Lobby, after: Lobby) -> None:
    meetings.record(tx, (before, after))
    if not after.meeting.live:
        requests.follow_meetings(tx, after.meeting)
    if after.said is not None:
        tx.say(after.said)


def _held(tx: Transaction, meeting_id: UUID) -> Lobby:
    return _found(tx, meetings.hold(tx, meeting_id))


def _found(tx: Transaction, lobby: Lobby | None) -> Lobby:
    _ = tx.party  # a stranger is told so, whatever the meeting
    if lobby is None:
        raise NotFound
    return lobby

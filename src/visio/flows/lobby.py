"""What the two parties of a meeting do at its lobby."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from visio.adapters import lobbies, meetings, requests
from visio.adapters.database import Client, Transaction
from visio.adapters.lobbies import Waiting
from visio.adapters.rooms import Rooms, Ticket
from visio.call import Call
from visio.domain.events import Side
from visio.domain.lobby import Lobby, Meant, Rules, admitted, called_off, let_in, signalled, spoken
from visio.domain.meeting import Meeting
from visio.domain.refusals import NotFound, NotYourRole, Refusal
from visio.flows.commands import (
    AdmitClients,
    CancelMeeting,
    LobbyMessage,
    LobbySignal,
    OfMeeting,
)

CLIENTS = {"client_waiting", "client_left"}


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of one of several admissions."""

    meeting_id: UUID
    outcome: Literal["admitted", "refused"]
    code: str | None
    state: str | None


def lobby_signal(command: LobbySignal, call: Call, tx: Transaction, *, rules: Rules) -> Lobby:
    """The lobby after a party's signal. Nothing but `operator_joined` lets a client in."""
    held = _held(tx, command.meeting_id)
    if (command.signal in CLIENTS) != isinstance(tx.party, Client):
        raise NotYourRole
    meant = Meant(knock=command.knock_id, devices=command.devices, next_step=command.next_step)
    lobby = signalled(held, command.signal, command.reason, meant, rules=rules, now=call.now)
    _write(tx, held, lobby)
    return lobby


def admit_clients(
    command: AdmitClients, call: Call, tx: Transaction, *, rules: Rules
) -> list[Admission]:
    """Let in whoever waits at each of these meetings; what is refused stands in nobody's way."""
    held = {lobby.meeting.id: lobby for lobby in meetings.hold_many(tx, command.meeting_ids)}
    _ = tx.operator
    changed: list[tuple[Lobby, Lobby]] = []
    results = []
    for meeting_id in command.meeting_ids:
        before = held.get(meeting_id)
        try:
            if before is None:
                raise NotFound
            after = admitted(before, rules=rules, now=call.now)
            changed.append((before, after))
            results.append(Admission(meeting_id, "admitted", None, _state(after, call)))
        except Refusal as refusal:
            results.append(Admission(meeting_id, "refused", refusal.code, _state(before, call)))
    meetings.record(tx, *changed)
    tx.say(*(after.said for _, after in changed if after.said is not None))
    return results


def waiting_room(call: Call, tx: Transaction) -> list[Waiting]:
    """Everybody who waits at the operator's meetings, read anew from the rows themselves."""
    found = lobbies.waiting(tx, now=call.now)
    _ = tx.operator
    return found


def lobby_message(
    command: LobbyMessage, call: Call, tx: Transaction, *, rules: Rules, factor: float
) -> Lobby:
    """The lobby with what one of the two said to the other: words, which let nobody in."""
    held = _held(tx, command.meeting_id)
    lobby = spoken(
        held,
        side_of(tx),
        canned=command.canned,
        body=command.text,
        factor=factor,
        rules=rules,
        now=call.now,
    )
    lobbies.say(tx, lobby.meeting, lobby.messages[-1])
    _write(tx, held, lobby)
    return lobby


def lobby_state(command: OfMeeting, tx: Transaction) -> Lobby:
    """The truth about one lobby. Reading changes nothing."""
    return _found(tx, meetings.look(tx, command.meeting_id))


def join_meeting(
    command: OfMeeting, call: Call, tx: Transaction, *, rooms: Rooms, grace: timedelta
) -> Ticket:
    """A ticket to the main room, for who may enter at this instant."""
    lobby = _found(tx, meetings.look(tx, command.meeting_id))
    side = side_of(tx)
    let_in(lobby, is_client=side == "client", grace=grace, now=call.now)
    return rooms.ticket(lobby, side, now=call.now)


def cancel_meeting(command: CancelMeeting, call: Call, tx: Transaction, *, rules: Rules) -> Meeting:
    """Call a scheduled meeting off; whoever waits in its lobby waits no more."""
    held = _held(tx, command.meeting_id)
    lobby = called_off(held, by=side_of(tx), reason=command.reason, rules=rules, now=call.now)
    if lobby is None:
        return held.meeting
    _write(tx, held, lobby)
    return lobby.meeting


def side_of(tx: Transaction) -> Side:
    """On which side of a meeting the caller is."""
    return "client" if isinstance(tx.party, Client) else "operator"


def _state(lobby: Lobby | None, call: Call) -> str | None:
    return lobby.knock.seen(call.now).status if lobby is not None and lobby.knock else None


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

"""Somebody enters the main room."""

from datetime import timedelta

from visio.adapters import meetings
from visio.adapters.database import Transaction
from visio.adapters.rooms import Rooms, Ticket
from visio.call import Call
from visio.domain.lobby import let_in
from visio.flows.commands import OfMeeting
from visio.flows.lobby import found


def join_meeting(
    command: OfMeeting, call: Call, tx: Transaction, *, rooms: Rooms, grace: timedelta
) -> Ticket:
    """A ticket to the main room, for who may enter at this instant."""
    lobby = found(tx, meetings.look(tx, command.meeting_id))
    let_in(lobby, is_client=tx.side == "client", grace=grace, now=call.now)
    return rooms.ticket(lobby, tx.side, now=call.now)

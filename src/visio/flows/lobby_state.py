"""The truth about one lobby."""

from visio.adapters import meetings
from visio.adapters.database import Transaction
from visio.domain.lobby import Lobby
from visio.flows.commands import OfMeeting
from visio.flows.lobby import found


def lobby_state(command: OfMeeting, tx: Transaction) -> Lobby:
    """The truth about one lobby. Reading changes nothing."""
    return found(tx, meetings.look(tx, command.meeting_id))

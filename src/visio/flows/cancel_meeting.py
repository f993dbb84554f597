"""A party calls a scheduled meeting off."""

from uuid import UUID

from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.lobby import Rules, called_off
from visio.domain.meeting import Meeting
from visio.flows.commands import Command, Reason
from visio.flows.lobby import held, write


class CancelMeeting(Command):
    meeting_id: UUID
    reason: Reason


def cancel_meeting(command: CancelMeeting, call: Call, tx: Transaction, *, rules: Rules) -> Meeting:
    """Call a scheduled meeting off; whoever waits in its lobby waits no more."""
    before = held(tx, command.meeting_id)
    lobby = called_off(before, by=tx.side, reason=command.reason, rules=rules, now=call.now)
    if lobby is None:
        return before.meeting
    write(tx, before, lobby)
    return lobby.meeting

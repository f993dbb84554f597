"""Somebody puts one of their meetings into their calendar."""

from visio.adapters import agenda
from visio.adapters.agenda import Event
from visio.adapters.database import Transaction
from visio.domain.refusals import NotFound
from visio.flows.commands import OfMeeting


def calendar_file(command: OfMeeting, tx: Transaction) -> Event:
    """A meeting of the caller's, as calendars show it."""
    event = agenda.event(tx, command.meeting_id)
    _ = tx.party  # a stranger is told so, whatever the meeting
    if event is None:
        raise NotFound
    return event

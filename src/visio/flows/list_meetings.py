"""The caller's meetings, newest first, each with its history."""

from typing import Literal

from visio.adapters import meetings
from visio.adapters.database import Transaction
from visio.adapters.paging import Page, position
from visio.domain.meeting import ListedMeeting
from visio.flows.commands import Listing


class ListMeetings(Listing):
    status: Literal["scheduled", "in_progress", "completed", "cancelled"] | None = None


def list_meetings(command: ListMeetings, tx: Transaction) -> Page[ListedMeeting]:
    after = position(command.cursor)
    page = meetings.page(tx, status=command.status, after=after, limit=command.limit)
    _ = tx.party  # a stranger is refused, not shown an empty list
    return page

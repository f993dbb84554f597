"""The caller's own requests, meetings, notifications and clients, newest first."""

from datetime import timedelta

from visio.adapters import meetings, notifications, people, requests
from visio.adapters.database import Transaction
from visio.adapters.notifications import Notification
from visio.adapters.paging import Page, position
from visio.adapters.people import ListedClient
from visio.call import Call
from visio.domain.meeting import ListedMeeting
from visio.domain.request import ListedRequest
from visio.flows.commands import (
    ListClients,
    ListMeetings,
    ListNotifications,
    ListRequests,
    ReadNotifications,
)


def list_clients(command: ListClients, tx: Transaction) -> Page[ListedClient]:
    after = position(command.cursor)
    page = people.clients(tx, search=command.search, after=after, limit=command.limit)
    _ = tx.operator
    return page


def list_requests(
    command: ListRequests, tx: Transaction, *, buffer: timedelta
) -> Page[ListedRequest]:
    after = position(command.cursor)
    page = requests.page(tx, status=command.status, after=after, limit=command.limit, buffer=buffer)
    _ = tx.party  # a stranger is refused, not shown an empty list
    return page


def list_meetings(command: ListMeetings, tx: Transaction) -> Page[ListedMeeting]:
    after = position(command.cursor)
    page = meetings.page(tx, status=command.status, after=after, limit=command.limit)
    _ = tx.party
    return page


def list_notifications(command: ListNotifications, tx: Transaction) -> Page[Notification]:
    after = position(command.cursor)
    page = notifications.page(tx, unread=command.unread, after=after, limit=command.limit)
    _ = tx.party
    return page


def read_notifications(command: ReadNotifications, call: Call, tx: Transaction) -> int:
    """Mark some or all as read; how many were unread before."""
    marked = notifications.mark_read(tx, command.ids, now=call.now)
    _ = tx.party
    return marked

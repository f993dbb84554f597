"""What the caller was told, newest first."""

from visio.adapters import notifications
from visio.adapters.database import Transaction
from visio.adapters.notifications import Notification
from visio.adapters.paging import Page, position
from visio.flows.commands import Listing


class ListNotifications(Listing):
    unread: bool = False


def list_notifications(command: ListNotifications, tx: Transaction) -> Page[Notification]:
    after = position(command.cursor)
    page = notifications.page(tx, unread=command.unread, after=after, limit=command.limit)
    _ = tx.party  # a stranger is refused, not shown an empty list
    return page

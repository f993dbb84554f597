"""The caller has read some notifications, or all."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from visio.adapters import notifications
from visio.adapters.database import Transaction
from visio.call import Call
from visio.flows.commands import Command


class ReadNotifications(Command):
    """Some of the caller's notifications, or all of them."""

    ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)] | None = None


def read_notifications(command: ReadNotifications, call: Call, tx: Transaction) -> int:
    """Mark some or all as read; how many were unread before."""
    marked = notifications.mark_read(tx, command.ids, now=call.now)
    _ = tx.party
    return marked

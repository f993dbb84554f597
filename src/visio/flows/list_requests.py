"""The caller's requests, newest first, each with its history."""

from datetime import timedelta
from typing import Literal

from visio.adapters import requests
from visio.adapters.database import Transaction
from visio.adapters.paging import Page, position
from visio.domain.request import ListedRequest
from visio.flows.commands import Listing


class ListRequests(Listing):
    status: (
        Literal[
            "pending",
            "accepted",
            "rejected",
            "countered",
            "withdrawn",
            "expired",
            "completed",
            "cancelled",
        ]
        | None
    ) = None


def list_requests(
    command: ListRequests, tx: Transaction, *, buffer: timedelta
) -> Page[ListedRequest]:
    after = position(command.cursor)
    page = requests.page(tx, status=command.status, after=after, limit=command.limit, buffer=buffer)
    _ = tx.party  # a stranger is refused, not shown an empty list
    return page

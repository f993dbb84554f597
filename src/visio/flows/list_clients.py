"""The operator's clients, newest first."""

from typing import Annotated

from pydantic import Field

from visio.adapters import people
from visio.adapters.database import Transaction
from visio.adapters.paging import Page, position
from visio.adapters.people import ListedClient
from visio.flows.commands import Listing


class ListClients(Listing):
    """`search` is found anywhere in a name or an e-mail."""

    search: Annotated[str, Field(max_length=100)] | None = None


def list_clients(command: ListClients, tx: Transaction) -> Page[ListedClient]:
    after = position(command.cursor)
    page = people.clients(tx, search=command.search, after=after, limit=command.limit)
    _ = tx.operator
    return page

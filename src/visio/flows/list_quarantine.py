"""What waits for the operator: bookings bound to nobody, or that overlap another meeting."""

from visio.adapters import chains
from visio.adapters.chains import WaitingChain
from visio.adapters.database import Transaction
from visio.adapters.paging import Page, position
from visio.flows.commands import Listing


class ListQuarantine(Listing):
    """What waits for the calling operator."""


def list_quarantine(command: ListQuarantine, tx: Transaction) -> Page[WaitingChain]:
    """Newest first."""
    page = chains.waiting(tx, after=position(command.cursor), limit=command.limit)
    _ = tx.operator
    return page

"""A calendar program asks for everything that is behind a secret address."""

from typing import Annotated

from pydantic import Field

from visio.adapters import agenda
from visio.adapters.agenda import Feed
from visio.adapters.database import Transaction
from visio.adapters.links import fingerprint
from visio.call import Call
from visio.domain.refusals import NotFound
from visio.flows.commands import Command


class CalendarFeed(Command):
    """What the address says: a secret, and nothing of whose it is."""

    token: Annotated[str, Field(min_length=20, max_length=100)]


def calendar_feed(command: CalendarFeed, call: Call, tx: Transaction) -> Feed:
    """Everything for whoever knows the secret; NotFound for any other text."""
    feed = agenda.feed(tx, fingerprint(command.token), now=call.now)
    if feed is None:
        raise NotFound
    return feed

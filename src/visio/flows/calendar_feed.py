"""A calendar program asks for everything that is behind a secret address."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Self

from msgspec import Meta, Struct, ValidationError, convert

from visio.adapters import agenda
from visio.adapters.agenda import Feed
from visio.adapters.database import Transaction
from visio.adapters.links import fingerprint
from visio.call import Call
from visio.domain.refusals import InvalidFields, NotFound
from visio.domain.storable import storable

_PROBLEM = {"field": "token", "problem": "must be one secret of 20 to 100 characters, and alone"}


# Read by msgspec, as what services send is: a program asks, every hour, and often starts a process.
class CalendarFeed(Struct, frozen=True, forbid_unknown_fields=True):
    """What the address says: a secret, and nothing of whose it is."""

    token: Annotated[str, Meta(min_length=20, max_length=100)]

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """From a query string with one token and no more. Raises InvalidFields."""
        with suppress(ValueError, ValidationError):  # another number of names, or of values
            [(name, [given])] = query.items()
            if storable(given):
                return convert({name: given.strip()}, cls)
        raise InvalidFields(details=[_PROBLEM])


def calendar_feed(command: CalendarFeed, call: Call, tx: Transaction) -> Feed:
    """Everything for whoever knows the secret; NotFound for any other text."""
    feed = agenda.feed(tx, fingerprint(command.token), now=call.now)
    if feed is None:
        raise NotFound
    return feed

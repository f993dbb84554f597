"""Who the caller is to us: a page needs it to name its channels and the people in it."""

from visio.adapters import people
from visio.adapters.database import Transaction
from visio.adapters.people import Me
from visio.flows.commands import Command


class WhoAmI(Command):
    """Nothing to say: the token names the caller."""


def who_am_i(tx: Transaction) -> Me:
    """The caller's own row. Raises NotAParty for a user whom none names."""
    return people.me(tx)

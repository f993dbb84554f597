"""The operator sees everybody who waits."""

from visio.adapters import lobbies
from visio.adapters.database import Transaction
from visio.adapters.lobbies import Waiting
from visio.call import Call
from visio.flows.commands import Command


class WaitingRoom(Command):
    """Nothing to say: the caller is the operator."""


def waiting_room(call: Call, tx: Transaction) -> list[Waiting]:
    """Everybody who waits at the operator's meetings, read anew from the rows themselves."""
    found = lobbies.waiting(tx, now=call.now)
    _ = tx.operator
    return found

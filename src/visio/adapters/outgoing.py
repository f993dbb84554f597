"""The SQL that outboxes have in common whose rows a function of their own sends, one by one.

A row is claimed by whoever sends it, then done with, postponed or dropped; what is due and on
nobody's way the sweep hands to the bus again.
"""

from datetime import datetime
from uuid import UUID

from visio.adapters.database import Transaction
from visio.adapters.statements import text


def untouched(done: str) -> str:
    """That nothing has become of a row, in SQL, for whoever looks for one by its id.

    Put so that the index of what is due answers it for nobody: it is small when the server plans,
    and has everything in it when a backlog has grown.
    """
    return f"coalesce({done}, dropped_at) is null"


class Outgoing:
    """One outbox. `done` is its column for the good end, `again` how long a handed row may rest."""

    def __init__(self, table: str, *, done: str, again: str) -> None:
        self._done = text(f"""
update {table} set {done} = cast(:now as timestamptz), claimed_at = null
 where id = cast(:id as uuid)""")  # noqa: S608 -- names are constants of our own modules
        self._postpone = text(f"""
update {table}
   set next_attempt_at = cast(:until as timestamptz), claimed_at = null, problem = :problem
 where id = cast(:id as uuid)""")  # noqa: S608 -- as above
        self._drop = text(f"""
update {table}
   set dropped_at = cast(:now as timestamptz), claimed_at = null, problem = :problem
 where id = cast(:id as uuid)""")  # noqa: S608 -- as above
        # Handed over once for each attempt, and again where nothing came of it for a while.
        self._hand_over = text(f"""
update {table} o
   set handed_at = cast(:now as timestamptz)
 where o.id in (
   select id from {table}
    where {done} is null and dropped_at is null
      and next_attempt_at <= cast(:now as timestamptz)
      and (handed_at is null or handed_at < next_attempt_at
        or handed_at < cast(:now as timestamptz) - interval '{again}')
    order by next_attempt_at
    limit :limit
      for update skip locked)
returning o.id""")  # noqa: S608 -- as above

    def settle(self, tx: Transaction, id: UUID, *, now: datetime) -> None:
        """It has been done."""
        tx.write(self._done, id=id, now=now)

    def postpone(self, tx: Transaction, id: UUID, problem: str, *, until: datetime) -> None:
        """It is tried again after an instant, by the first sweep if by nobody else."""
        tx.write(self._postpone, id=id, until=until, problem=problem)

    def drop(self, tx: Transaction, id: UUID, problem: str, *, now: datetime) -> None:
        """It is given up; `problem` says why."""
        tx.write(self._drop, id=id, now=now, problem=problem)

    def hand_over(self, tx: Transaction, *, now: datetime, limit: int) -> list[UUID]:
        """What is due and on nobody's way: the caller publishes it."""
        return [row["id"] for row in tx.read(self._hand_over, now=now, limit=limit)]

"""The SQL of orders to the room's server, on their way."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from visio.adapters.database import Transaction
from visio.adapters.outgoing import Outgoing, untouched
from visio.adapters.statements import text

# A claim lasts 20 s: what a crash left half done may then be claimed again.
CLAIM = text(f"""
with claimed as (
  update visio.room_orders
     set attempts = attempts + 1, claimed_at = cast(:now as timestamptz)
   where id = cast(:id as uuid) and {untouched("done_at")}
     and (claimed_at is null or claimed_at < cast(:now as timestamptz) - interval '20 seconds')
     and (attempts = 0 or next_attempt_at <= cast(:now as timestamptz))
  returning *
)
select o.id, o.meeting_id, o.identity, o.attempts, m.operator_id, c.name as client_name
  from claimed o
  join public.meetings m on m.id = o.meeting_id
  join public.clients c on c.id = m.client_id""")  # noqa: S608 -- a constant of ours
PENDING = text(f"""
select exists (select from visio.room_orders
                where id = cast(:id as uuid) and {untouched("done_at")}) as pending""")  # noqa: S608 -- as above
OUTBOX = Outgoing("visio.room_orders", done="done_at", again="30 seconds")


class Order(Struct, frozen=True):
    """Whom the room's server is to put out, and who is told if it never does."""

    id: UUID
    meeting_id: UUID
    identity: str
    attempts: int
    operator_id: UUID
    client_name: str


def claim(tx: Transaction, order_id: UUID, *, now: datetime) -> Order | None:
    """An order that nobody else gives; None if it is done with, somebody's, or not due yet."""
    return next((Order(**row) for row in tx.read(CLAIM, id=order_id, now=now)), None)


def pending(tx: Transaction, order_id: UUID) -> bool:
    """Whether an order that could not be claimed is still to be given."""
    return bool(tx.read(PENDING, id=order_id)[0]["pending"])

"""The SQL of orders to the room's server, on their way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from visio.adapters.database import Transaction

# A claim lasts 20 s: what a crash left half done may then be claimed again.
CLAIM = text("""
with claimed as (
  update visio.room_orders
     set attempts = attempts + 1, claimed_at = cast(:now as timestamptz)
   where id = cast(:id as uuid) and done_at is null and dropped_at is null
     and (claimed_at is null or claimed_at < cast(:now as timestamptz) - interval '20 seconds')
     and (attempts = 0 or next_attempt_at <= cast(:now as timestamptz))
  returning *
)
select o.id, o.meeting_id, o.identity, o.attempts, m.operator_id, c.name as client_name
  from claimed o
  join public.meetings m on m.id = o.meeting_id
  join public.clients c on c.id = m.client_id""")
PENDING = text("""
select exists (select from visio.room_orders
                where id = cast(:id as uuid)
                  and done_at is null and dropped_at is null) as pending""")
DONE = text("""
update visio.room_orders set done_at = cast(:now as timestamptz), claimed_at = null
 where id = cast(:id as uuid)""")
POSTPONE = text("""
update visio.room_orders
   set next_attempt_at = cast(:until as timestamptz), claimed_at = null
 where id = cast(:id as uuid)""")
DROP = text("""
update visio.room_orders set dropped_at = cast(:now as timestamptz), claimed_at = null
 where id = cast(:id as uuid)""")
HAND_OVER = text("""
update visio.room_orders o
   set handed_at = cast(:now as timestamptz)
 where o.id in (
   select id from visio.room_orders
    where done_at is null and dropped_at is null
      and next_attempt_at <= cast(:now as timestamptz)
      and (handed_at is null or handed_at < cast(:now as timestamptz) - interval '30 seconds')
    order by next_attempt_at
    limit :limit
      for update skip locked)
returning o.id""")


@dataclass(frozen=True, slots=True)
class Order:
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


def settle(tx: Transaction, order: Order, *, now: datetime) -> None:
    """They are out."""
    tx.write(DONE, id=order.id, now=now)


def postpone(tx: Transaction, order: Order, *, until: datetime) -> None:
    """It is given again after an instant."""
    tx.write(POSTPONE, id=order.id, until=until)


def drop(tx: Transaction, order: Order, *, now: datetime) -> None:
    """It is given up."""
    tx.write(DROP, id=order.id, now=now)


def hand_over(tx: Transaction, *, now: datetime, limit: int) -> list[UUID]:
    """Orders that are due and on nobody's way: the caller publishes them."""
    return [row["id"] for row in tx.read(HAND_OVER, now=now, limit=limit)]

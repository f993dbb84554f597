"""The SQL of what waits to be sent, what was given up, and what waits to be looked at."""

from datetime import datetime

from msgspec import Struct

from visio.adapters.database import Later, Transaction
from visio.adapters.statements import text

# A signal waits since it was written. The others are tried again after a pause of their own, so
# they wait since the next attempt was due: one that is being tried is not stuck.
GLANCE = text("""
select cast(greatest(0, extract(epoch from cast(:now as timestamptz) - least(
         (select min(created_at) from visio.signal_outbox where published_at is null),
         (select min(next_attempt_at) from visio.mail_outbox
           where sent_at is null and dropped_at is null),
         (select min(next_attempt_at) from visio.room_orders
           where done_at is null and dropped_at is null),
         (select min(next_attempt_at) from visio.push_outbox
           where sent_at is null and dropped_at is null)))) as integer) as age,
       (select count(*) from visio.dead_signals) as dead""")
LOOK = text("""
select (select count(*) from visio.signal_outbox where published_at is null) as signals,
       (select count(*) from visio.mail_outbox
         where sent_at is null and dropped_at is null) as mails,
       (select count(*) from visio.room_orders
         where done_at is null and dropped_at is null) as orders,
       (select count(*) from visio.push_outbox
         where sent_at is null and dropped_at is null) as pushes,
       (select count(*) from visio.mail_outbox
         where dropped_at > cast(:now as timestamptz) - interval '1 day'
           and problem in ('refused', 'unwritable')) as mails_given_up,
       (select count(*) from visio.room_orders
         where dropped_at > cast(:now as timestamptz) - interval '1 day') as orders_given_up,
       (select count(*) from visio.webhook_inbox
         where status = 'malformed'
           and received_at > cast(:now as timestamptz) - interval '7 days') as malformed,
       (select count(*) from visio.calcom_chains
         where state in ('quarantined', 'conflict')) as quarantined""")


class Waiting(Struct, frozen=True):
    """How many of each kind are unsent, were given up of late, or wait for the operator."""

    signals: int
    mails: int
    orders: int
    pushes: int
    mails_given_up: int
    orders_given_up: int
    malformed: int
    quarantined: int


def glance(tx: Transaction, *, now: datetime) -> Later:
    """With the next read: `age`, for how many seconds the oldest thing unsent has waited, and
    `dead`, how many signals can never be sent."""
    return tx.also(GLANCE, now=now)


def look(tx: Transaction, *, now: datetime) -> Waiting:
    """Count it all."""
    return Waiting(**tx.read(LOOK, now=now)[0])

"""The SQL of browsers that want to be told while no page is open, and of what goes to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from visio.adapters.database import Transaction
from visio.adapters.outgoing import Outgoing, untouched
from visio.adapters.statements import text

# Two at once are counted one after the other: no limit is passed by two at a time.
ONE_AT_A_TIME = text("""
select pg_advisory_xact_lock(hashtextextended(concat_ws('/', 'push', visio.caller()), 4262))""")
KNOWN = text("""
select endpoint from visio.push_subscriptions""")
SUBSCRIBE = text("""
insert into visio.push_subscriptions as s (operator_id, endpoint, p256dh, auth, created_at)
values (cast(:operator_id as uuid), :endpoint, :p256dh, :auth, cast(:now as timestamptz))
on conflict (operator_id, endpoint) do update
   set p256dh = excluded.p256dh, auth = excluded.auth, created_at = excluded.created_at""")
UNSUBSCRIBE = text("""
delete from visio.push_subscriptions where endpoint = :endpoint""")
WRITE = text("""
insert into visio.push_outbox (subscription_id, meeting_id, created_at, next_attempt_at)
select s.id, m.id, cast(:now as timestamptz), cast(:now as timestamptz)
  from public.meetings m join visio.push_subscriptions s on s.operator_id = m.operator_id
 where m.id = any (cast(:ids as uuid[]))""")
# A claim lasts 30 s: what a crash left half sent may then be claimed again.
CLAIM = text(f"""
with claimed as (
  update visio.push_outbox
     set attempts = attempts + 1, claimed_at = cast(:now as timestamptz)
   where id = cast(:id as uuid) and {untouched("sent_at")}
     and (claimed_at is null or claimed_at < cast(:now as timestamptz) - interval '30 seconds')
     and (attempts = 0 or next_attempt_at <= cast(:now as timestamptz))
  returning *
)
select x.id, x.subscription_id, x.meeting_id, x.attempts, s.endpoint, s.p256dh, s.auth,
       o.locale, exists (select from public.lobby_knocks k
                          where k.meeting_id = x.meeting_id and k.status = 'waiting') as waiting
  from claimed x
  join visio.push_subscriptions s on s.id = x.subscription_id
  join public.operators o on o.id = s.operator_id""")  # noqa: S608 -- a constant of ours
FORGET = text("""
delete from visio.push_subscriptions where id = cast(:id as uuid)""")
OUTBOX = Outgoing("visio.push_outbox", done="sent_at", again="2 minutes")


class Push(Struct, frozen=True):
    """A browser that is to be told of a lobby. `waiting`: whether anybody still waits there."""

    id: UUID
    subscription_id: UUID
    meeting_id: UUID
    attempts: int
    endpoint: str
    p256dh: str
    auth: str
    locale: str
    waiting: bool


def endpoints(tx: Transaction) -> list[str]:
    """The caller's own; nobody else changes them meanwhile."""
    tx.lock(ONE_AT_A_TIME)
    return [row["endpoint"] for row in tx.read(KNOWN)]


def subscribe(
    tx: Transaction, operator_id: UUID, endpoint: str, p256dh: str, auth: str, *, now: datetime
) -> None:
    """Tell this browser too, with these keys from now on."""
    told = {"endpoint": endpoint, "p256dh": p256dh, "auth": auth}
    tx.write(SUBSCRIBE, operator_id=operator_id, now=now, **told)


def unsubscribe(tx: Transaction, endpoint: str) -> None:
    """Tell this browser no more."""
    tx.write(UNSUBSCRIBE, endpoint=endpoint)


def write(tx: Transaction, meetings: Sequence[UUID], *, now: datetime) -> None:
    """Have every browser of these meetings' operators told of who waits there."""
    tx.write(WRITE, ids=list(map(str, meetings)), now=now)


def claim(tx: Transaction, push_id: UUID, *, now: datetime) -> Push | None:
    """One that nobody else sends; None if it is done with, somebody's, or not due yet."""
    return next((Push(**row) for row in tx.read(CLAIM, id=push_id, now=now)), None)


def forget(tx: Transaction, push: Push) -> None:
    """That browser is gone, and what was on its way to it."""
    tx.write(FORGET, id=push.subscription_id)

"""The SQL of forgetting: what has served its purpose goes, a batch at a time, oldest first.

Requests, meetings and what belongs to one stay as long as their client does, and go with them.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from visio.adapters.database import Later, Transaction
from visio.adapters.statements import Statement, text


class Kept(Struct, frozen=True):
    """Rows of a table that are kept until `over` holds; `by` is the index's order, oldest first.

    What is over is emptied of `emptied` where that is named, and deleted otherwise. With a `sample`
    it is looked for in that alone: another time in another.
    """

    name: str
    table: str
    by: str
    over: str
    emptied: str = ""
    sample: str = ""


def _ago(column: str, age: str) -> str:
    return f"{column} < cast(:now as timestamptz) - interval '{age}'"


# Of `coalesce` the planner does not know that it tells nothing of what it sees: behind row policies
# it was asked of each chain that there is, and no index answered it.
_ENDED = "case when ends_at is null then created_at else ends_at end"
_DONE = "(sent_at is not null or dropped_at is not null)"
# All of a small table; of a large one so many pages, wherever they are.
_SOME_PAGES = """
  tablesample system (least(100, 100 * 32 * 8192.0 / greatest(pg_relation_size('{table}'), 1)))"""
KEPT = (
    # Whoever may do everything at once again needs no row. An hour late: it is our clock that says
    # so, and the database's that counts. No index: it would be written to with each call.
    Kept(
        "calls",
        "visio.call_rates",
        "ctid",
        _ago("full_at", "1 hour"),
        sample=_SOME_PAGES.format(table="visio.call_rates"),
    ),
    Kept(
        "signals",
        "visio.signal_outbox",
        "published_at",
        f"published_at is not null and {_ago('published_at', '7 days')}",
    ),
    Kept("relayed", "visio.relayed_signals", "claimed_at", _ago("claimed_at", "8 days")),
    Kept("keys", "visio.idempotency_keys", "created_at", _ago("created_at", "1 day")),
    Kept("pushes", "visio.push_outbox", "created_at", _ago("created_at", "1 day")),
    Kept(
        "orders",
        "visio.room_orders",
        "created_at",
        f"{_ago('created_at', '30 days')} and (done_at is not null or dropped_at is not null)",
    ),
    Kept(
        "mails", "visio.mail_outbox", "created_at", f"{_ago('created_at', '30 days')} and {_DONE}"
    ),
    # What an event told is needed as long as its booking may change; its raw body is not.
    Kept(
        "bodies",
        "visio.webhook_inbox",
        "keep_until",
        "body is not null and keep_until < cast(:now as timestamptz)",
        emptied="body",
    ),
    Kept(
        "events",
        "visio.webhook_inbox",
        "keep_until",
        "chain_id is null and keep_until < cast(:now as timestamptz)",
    ),
    # With a chain goes what was told of it.
    Kept(
        "chains",
        "visio.calcom_chains",
        _ENDED,
        f"""{_ago(f"({_ENDED})", "30 days")}
   and not exists (select from visio.webhook_inbox w
                    where w.chain_id = calcom_chains.id
                      and w.keep_until >= cast(:now as timestamptz))""",  # nosec B608 -- constants
    ),
    Kept("notifications", "public.notifications", "created_at", _ago("created_at", "1 year")),
)
# The record has no index by age, and needs none: rows are numbered in the order in which they come.
# Its policies let nothing go that is younger, whatever is asked.
_OLDEST = """
  select id from (select id, recorded_at from public.transitions order by id limit {limit}) t
   where recorded_at < cast(:now as timestamptz) - interval '5 years'"""


def _forgetting(kept: Kept) -> Statement:
    forget = f"delete from {kept.table}"  # noqa: S608 -- constants of this file
    if kept.emptied:
        forget = f"update {kept.table} set {kept.emptied} = null"  # noqa: S608 -- the same
    return text(f"""
with gone as (
  {forget}
   where ctid = any (array(
     select ctid from {kept.table} {kept.sample} where {kept.over} order by {kept.by} limit :limit))
  returning 1
)
select count(*) as gone from gone""")  # noqa: S608 -- constants of this file


FORGET = {kept.name: _forgetting(kept) for kept in KEPT} | {
    "record": text(f"""
with gone as (
  delete from public.transitions where id = any (array({_OLDEST.format(limit=":limit")}))
  returning 1
)
select count(*) as gone from gone""")  # noqa: S608 -- as above
}
_OVER = ",\n       ".join(
    f"exists (select from {kept.table} {kept.sample} where {kept.over}) as {kept.name}"  # nosec B608 -- constants
    for kept in KEPT
)
# By the instant that is asked about: for whatever instant, a third of each table would be over, and
# the first row of it be found soonest without an index.
OVER = text(
    f"""
select {_OVER},
       exists ({_OLDEST.format(limit=1)}) as record""",
    anew=True,
)


def over(tx: Transaction, *, now: datetime) -> Later:
    """With the next read: what there is to forget, as `names` says it."""
    return tx.also(OVER, now=now)


def names(found: Later) -> Iterable[str]:
    """Of what kinds anything is over."""
    [row] = found.rows
    return [name for name, is_over in row.items() if is_over]


def forget(tx: Transaction, name: str, *, now: datetime, limit: int) -> int:
    """Forget the oldest of one kind, `limit` at most; how many that were."""
    gone: int = tx.read(FORGET[name], now=now, limit=limit)[0]["gone"]
    return gone

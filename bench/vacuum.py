"""Whether the server's own vacuum keeps up with a full lobby, and with what is said of it.

A minute of 2,000 who wait is done in a second, as is the minute between two looks of the server.
Beside it the same on a database whose tables are vacuumed as usual. Both have years of use in them.
"""

import contextlib
import time
from collections import defaultdict
from typing import Any

import pg8000.native

from bench.grow import grow
from bench.growth import another
from bench.world import World, world
from local import postgres

REQUESTS = 100_000
MINUTES = 60
TUNED = ("autovacuum_naptime=1s", "autovacuum_vacuum_cost_delay=0", "shared_buffers=512MB")
# Those who wait say so twice a minute; a fifth of them come or go, of which browsers are told.
WAIT = """
insert into public.lobby_knocks (meeting_id, client_id)
select id, client_id from public.meetings m
 where not exists (select from public.lobby_knocks k
                    where k.meeting_id = m.id and k.status in ('waiting', 'admitted'))
 limit 2000"""
MINUTE = (
    "update public.lobby_knocks set renewed_at = clock_timestamp() where status = 'waiting'",
    """insert into visio.signal_outbox (event_id, channel, event, payload)
       select gen_random_uuid(), 'operator:x:inbox', 'client_waiting', '{"version": 1}'
         from generate_series(1, 400)""",
    "update visio.signal_outbox set published_at = clock_timestamp() where published_at is null",
    """insert into visio.relayed_signals (event_id)
       select gen_random_uuid() from generate_series(1, 400)""",
    "update visio.relayed_signals set sent_at = clock_timestamp() where sent_at is null",
    "update public.lobby_knocks set renewed_at = clock_timestamp() where status = 'waiting'",
    """delete from visio.signal_outbox where event_id in (
         select event_id from visio.signal_outbox where published_at is not null
          order by published_at limit 400)""",
    """delete from visio.relayed_signals where event_id in (
         select event_id from visio.relayed_signals order by claimed_at limit 400)""",
)
TABLES = ("public.lobby_knocks", "visio.signal_outbox", "visio.relayed_signals")
# The index of those who wait is what each sweep and each operator looks into.
LEASES = "public.lobby_knocks_lease"
DEAD = "select n_dead_tup from pg_stat_all_tables where relid = cast(:of as regclass)"
SIZE = "select pg_relation_size(cast(:of as regclass))"
USUAL = "reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"


def keeps_up() -> dict[str, Any]:
    """Dead rows of each table, at most and with the server's usual settings; the bytes at the end,
    and as a ratio to those halfway."""
    with world(tuned=TUNED) as made:
        found = {}
        for name, usual in (("ours", False), ("usual", True)):
            churned = another(made, f"churned_{name}")
            grow(churned.admin, REQUESTS)
            found[name] = _hour(churned, usual=usual)
    return {"requests": REQUESTS, "waiting": 2000, "minutes": MINUTES, **found}


def _hour(made: World, *, usual: bool) -> dict[str, Any]:
    dead: dict[str, list[int]] = defaultdict(list)
    held: dict[str, list[int]] = defaultdict(list)
    with contextlib.closing(postgres.connect(made.admin)) as db:
        if usual:
            for table in TABLES:
                db.run(f"alter table {table} {USUAL}")
        db.run(WAIT)
        for _ in range(MINUTES):
            over = time.monotonic() + 1
            for statement in MINUTE:
                db.run(statement)
            db.run("select pg_stat_force_next_flush()")
            time.sleep(max(0.0, over - time.monotonic()))
            for table in TABLES:
                dead[table].append(_one(db, DEAD, table))
            for relation in (*TABLES, LEASES):
                held[relation].append(_one(db, SIZE, relation))
    return {
        "deadRows": {table: {"most": max(seen)} for table, seen in dead.items()},
        "bytes": {
            relation: {"end": seen[-1], "ratioToHalfway": round(seen[-1] / seen[MINUTES // 2], 2)}
            for relation, seen in held.items()
        },
    }


def _one(db: pg8000.native.Connection, statement: str, of: str) -> int:
    [[found]] = db.run(statement, of=of)
    return int(found)

"""`make bench-growth`: every action and list at each size of the data, and which indexes served.

The sizes are databases of one server and are asked in turn, so that noise meets each of them alike.
What a person has is the same at each size: a consultant's few hundred requests. A busy one has a
hundredth to a twentieth of all there is, and is asked for lists as well; a list is compared with
what it took at the smallest size where it showed as many.
"""

import contextlib
import json
import os
import platform
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.grow import HOT, Grown, grow
from bench.world import Caller, Sent, World, world
from local import postgres
from tests.world import MIKL, NORA, Persona

RESULTS = Path(__file__).parent / "results" / "growth.json"
SIZES, IN_FULL = (1_000, 100_000, 1_000_000), (1_000, 100_000, 10_000_000)
# The server plans a statement for whatever values come after it has run five times in a session.
ROUNDS, WARMING = 15, 6
BUSY = Persona("the busy one", HOT, HOT)
# Nothing here asks whether a row outlives a power cut: without the wait for a disk, whatever grows
# is the larger part of what is measured.
QUICK = (
    *("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"),
    *("max_wal_size=4GB", "shared_buffers=1GB"),
    *("shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=all"),
)
# Nobody takes what this world's bus is given: without this the sweep would hand it over for ever.
ARRIVED = (
    "update visio.mail_outbox set attempts = 1, sent_at = now()"
    " where sent_at is null and dropped_at is null",
    "update visio.push_outbox set attempts = 1, sent_at = now()"
    " where sent_at is null and dropped_at is null",
    "update visio.room_orders set attempts = 1, done_at = now()"
    " where done_at is null and dropped_at is null",
)
# Of the database that is asked, since the last reset: how many pages its statements looked at.
PAGES = """
select coalesce(sum(shared_blks_hit + shared_blks_read), 0) from pg_stat_statements
 where dbid = (select oid from pg_database where datname = current_database())
   and query not like '%pg_stat_statements%'"""
INDEXES = """
select s.schemaname || '.' || s.relname, s.indexrelname, s.idx_scan, pg_relation_size(s.indexrelid)
  from pg_stat_user_indexes s
  join pg_index i on i.indexrelid = s.indexrelid
 where s.schemaname in ('public', 'visio') and not i.indisunique and not i.indisexclusion
 order by 1, 2"""


def lists(caller: Caller, who: Persona) -> dict[str, tuple[str, Sent]]:
    """What an operator looks at, by a name of its own: the first page, and one far behind it."""
    behind = caller.send("list_requests", caller.get(who, limit="100"))["nextCursor"] or ""
    far = {"cursor": behind} if behind else {}
    return {
        f"{name}, {who.name}": (function, caller.get(who, **query))
        for name, function, query in (
            ("list-clients", "list_clients", {}),
            ("list-meetings", "list_meetings", {}),
            ("list-meetings, scheduled", "list_meetings", {"status": "scheduled"}),
            ("list-notifications", "list_notifications", {}),
            ("list-notifications, unread", "list_notifications", {"unread": "true"}),
            ("list-quarantine", "list_quarantine", {}),
            ("list-requests", "list_requests", {}),
            ("list-requests, pending", "list_requests", {"status": "pending"}),
            ("list-requests, a hundred on", "list_requests", far),
            ("waiting-room", "waiting_room", {}),
        )
    }


Samples = dict[str, dict[int, list[tuple[float, int, int]]]]


def measure(worlds: dict[int, World], *, rounds: int) -> Samples:
    """Milliseconds of each action at each size, the pages that its statements looked at, and how
    many items it showed, in as many rounds through all sizes."""
    sizes, callers = list(worlds), {size: Caller(made) for size, made in worlds.items()}
    looking = {size: postgres.connect(made.admin) for size, made in worlds.items()}
    samples: Samples = defaultdict(lambda: defaultdict(list))
    for number in range(WARMING + rounds):
        print(f"  round {number + 1} of {WARMING + rounds}", flush=True)
        first = number % len(callers)  # each size comes first, in turn
        for size in (*sizes[first:], *sizes[:first]):
            caller = callers[size]
            caller.come()
            ready = {
                **caller.ready(),
                **lists(caller, MIKL),
                **lists(caller, NORA),
                **lists(caller, BUSY),
            }
            for action, (function, sent) in ready.items():
                looking[size].run("select pg_stat_statements_reset()")
                began = time.perf_counter()
                seen = caller.send(function, sent)
                took = (time.perf_counter() - began) * 1000
                [[pages]] = looking[size].run(PAGES) or [[0]]
                shown = len(seen.get("items", ())) if isinstance(seen, dict) else 0
                if number >= WARMING:
                    samples[action][size].append((took, int(pages), shown))
            for statement in ARRIVED:
                looking[size].run(statement)
    for connection in looking.values():
        connection.close()
    return samples


def figures(samples: Samples) -> dict[str, Any]:
    """Medians, and each as a ratio to that of the smallest size that showed as many items.

    Where no smaller size did there is no ratio, but for the smallest of all.
    """
    found = {}
    for action, by_size in sorted(samples.items()):
        ms, pages, shown = (
            {size: statistics.median(one[part] for one in taken) for size, taken in by_size.items()}
            for part in range(3)
        )
        alike = {size: min(one for one in shown if shown[one] == shown[size]) for size in shown}
        compared = [size for size, base in alike.items() if base < size or size == min(shown)]
        found[action] = {
            "ms": {str(size): round(median, 2) for size, median in ms.items()},
            "ratio": {str(size): round(ms[size] / ms[alike[size]], 2) for size in compared},
            "pages": {str(size): median for size, median in pages.items()},
            "shown": {str(size): median for size, median in shown.items()},
        }
    return found


def indexes(made: World) -> list[dict[str, Any]]:
    """Each index that is there for speed alone: how often it was read, and its bytes."""
    with contextlib.closing(postgres.connect(made.admin)) as db:
        return [
            {"table": table, "index": index, "scans": scans, "bytes": size}
            for table, index, scans, size in db.run(INDEXES) or []
        ]


@contextlib.contextmanager
def grown(sizes: tuple[int, ...]) -> Iterator[tuple[dict[int, World], list[Grown]]]:
    """A world of each size, on one server."""
    with world(tuned=QUICK) as made:
        worlds, found = {}, []
        for size in sizes:
            worlds[size] = another(made, f"grown_{size}")
            found.append(grow(worlds[size].admin, size))
            print(f"  {size} requests in {found[-1].seconds:.0f} s", flush=True)
        yield worlds, found


def another(made: World, name: str) -> World:
    """The same world on a database of its own, with the demo people in it."""
    with contextlib.closing(postgres.connect(made.admin)) as db:
        db.run(f"create database {name}")
    admin = made.admin.rpartition("/")[0] + f"/{name}"
    postgres.prepare(admin)
    postgres.seed(admin)
    with contextlib.closing(postgres.connect(admin)) as db:
        db.run("create extension if not exists pg_stat_statements")
    login = postgres.functions_login(admin, "functions")
    return replace(
        made, admin=admin, login=login, environment={**made.environment, "DATABASE_URL": login}
    )


def main() -> None:
    sizes = IN_FULL if os.environ.get("FULL") == "1" else SIZES
    print("growing", flush=True)
    with grown(sizes) as (worlds, made):
        samples = measure(worlds, rounds=ROUNDS)
        largest = worlds[max(sizes)]
        results = {
            "what": "median ms of an action, and its ratio to the least size that showed as many",
            "date": datetime.now(UTC).date().isoformat(),
            "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
            "rounds": ROUNDS,
            "sizes": {
                str(one.size): {"seconds": round(one.seconds), "rows": one.rows} for one in made
            },
            "actions": figures(samples),
            "indexes": indexes(largest),
            "samples": {
                action: {
                    str(size): [round(ms, 2) for ms, _, _ in taken] for size, taken in by.items()
                }
                for action, by in samples.items()
            },
        }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    for action, found in figures(samples).items():
        sys.stdout.write(f"{action:45} {found['ratio']} pages {found['pages']}\n")


if __name__ == "__main__":
    main()

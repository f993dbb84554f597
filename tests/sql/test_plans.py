"""What each statement of the product reads, on data that has grown: as the server itself says.

`auto_explain` tells the plan of every statement, nested ones too, with the rows that each node of
it really went through, to the connection that sent it.
"""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.grow import grow
from bench.growth import BUSY, lists
from bench.world import Caller, World
from local import postgres
from tests.world import MIKL, settings_for
from visio import bootstrap, settings
from visio.adapters import mails, orders, pushes
from visio.adapters.database import Database
from visio.adapters.pipeline import PipelinedConnection
from visio.flows.replay import replay_since

REQUESTS = 8_000
# What one statement may go through of one table, with all that a consultant has of it; and never
# most of a table, unless it is as good as empty.
MOST_ROWS, MOST_OF_IT, AS_GOOD_AS_EMPTY, SOON_SCANNED = 1_200, 0.6, 100, 2_000
MOST_OF_A_WRITE = 250  # which names its rows; a batch of what is forgotten has two hundred
# One row for a person or for a function: as long as there are few, a scan is the cheapest.
SMALL = {"operators", "clients", "push_subscriptions", "calcom_watermarks", "mail_choices"}
# What its calls add up to is forgotten soon after, and found by a scan (adapters/retention.py).
SCANNED = {"call_rates"}
AUTO_EXPLAIN = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_level": "notice",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
}
PLANNED = (
    # On a table of some hundred rows a scan is cheapest, however it goes on: one that is left when
    # there may be none has no index to take its place.
    {"plan_cache_mode": "force_custom_plan", "enable_seqscan": "off"},
    # Any value is taken to find its first row soon, for which no index is needed: a scan may be
    # chosen here, and is looked for where there is much to scan.
    {"plan_cache_mode": "force_generic_plan"},
)
# Something of each kind for the sweep to do, and to forget.
DUE = (
    """update meetings
          set scheduled_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'
        where id in (select id from meetings where status = 'scheduled' order by id limit 1)""",
    """update meetings
          set scheduled_at = now() + interval '5 minutes', ends_at = now() + interval '6 minutes'
        where id in (select id from meetings
                      where status = 'scheduled' order by id desc limit 1)""",
    """update meeting_requests set last_slot_at = now() - interval '1 hour'
        where id in (select id from meeting_requests
                      where status = 'pending' order by id limit 3)""",
    """update meeting_requests set remind_at = now() - interval '1 hour'
        where id in (select id from meeting_requests
                      where status = 'pending' order by id desc limit 3)""",
    "update lobby_knocks set renewed_at = now() - interval '1 hour' where status = 'waiting'",
    """update visio.signal_outbox set published_at = null where event_id in (
         select event_id from visio.signal_outbox order by event_id limit 3)""",
    *(
        f"update {table} set {column} = {column} - interval '2 years' where ctid in"
        f" (select ctid from {table} where {column} is not null limit 5)"
        for table, column in (
            ("visio.signal_outbox", "published_at"),
            ("visio.relayed_signals", "claimed_at"),
            ("visio.idempotency_keys", "created_at"),
            ("visio.room_orders", "created_at"),
            ("visio.mail_outbox", "created_at"),
            ("visio.webhook_inbox", "keep_until"),
            ("visio.calcom_chains", "ends_at"),
            ("public.notifications", "created_at"),
            ("visio.call_rates", "full_at"),
        )
    ),
    """insert into transitions (id, subject, request_id, client_id, operator_id, actor, action,
              to_status, at, recorded_at)
       overriding system value
       select -1, subject, gen_random_uuid(), client_id, operator_id, actor, action, to_status, at,
              now() - interval '6 years'
         from transitions order by id limit 1""",
)
# Promised by name, though another one that is there anyhow serves as well; and used only where more
# wait at once than do here (bench/results/growth.json).
SPARED = {
    "public.idx_meeting_requests_client_id",
    "public.idx_meeting_requests_operator_id_status",
    "public.lobby_knocks_operator_waiting",
}
UNUSED = """
select s.schemaname || '.' || s.indexrelname
  from pg_stat_all_indexes s join pg_index i on i.indexrelid = s.indexrelid
 where s.schemaname in ('public', 'visio') and not i.indisunique and s.idx_scan = 0"""
GONE = (
    "delete from visio.push_subscriptions",
    "delete from visio.calcom_chains where id in (select id from visio.calcom_chains limit 1)",
    "delete from public.meetings where id in (select id from public.meetings limit 1)",
    "delete from public.clients where id in (select id from public.clients limit 1)",
)
CONDITIONS = ("Filter", "Index Cond", "Recheck Cond", "Join Filter", "Hash Cond", "One-Time Filter")


@dataclass(frozen=True)
class Node:
    """One scan in a plan: what it read, how, and how many rows it went through."""

    table: str
    kind: str
    rows: float
    conditions: str
    statement: str

    def __str__(self) -> str:
        return f"{self.kind} on {self.table}, {self.rows:.0f} rows: {self.statement}"


def scans(plan: dict[str, Any], statement: str) -> Iterator[Node]:
    if "Relation Name" in plan:
        loops = plan.get("Actual Loops", 1)
        passed = plan.get("Actual Rows", 0) + plan.get("Rows Removed by Filter", 0)
        yield Node(
            plan["Relation Name"],
            plan["Node Type"],
            loops * (passed + plan.get("Rows Removed by Index Recheck", 0)),
            " ".join(plan[name] for name in CONDITIONS if name in plan),
            " ".join(statement.split())[:160],
        )
    for below in plan.get("Plans", ()):
        yield from scans(below, statement)


@pytest.fixture
def plans(request, database, remote, monkeypatch):
    """Each action on grown data, and the scans of all that it sent: planned for its values, as a
    statement's first runs in a session are, and for whatever values, as later ones may be."""
    grow(database.admin, REQUESTS)
    with contextlib.closing(postgres.connect(database.admin)) as db:
        [[name]] = db.run("select current_database()")
        for setting, value in {**AUTO_EXPLAIN, **request.param}.items():
            db.run(f"alter database {name} set {setting} = '{value}'")
    heard: list[Node] = []

    def hear(self, data, context):
        said = data.decode()
        found = re.search(r"plan:\n(\{.*\})", said, re.DOTALL)
        if found:
            told = json.loads(found.group(1).split("\x00")[0])
            heard.extend(scans(told["Plan"], told["Query Text"]))

    monkeypatch.setattr(PipelinedConnection, "handle_NOTICE_RESPONSE", hear)
    more = {"MAX_OPEN_REQUESTS": "0", "RATE_LIMIT_FACTOR": "1000"}
    environment = {**settings_for(database.login, remote), **more}
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    caller = Caller(World(database.admin, database.login, environment, remote))
    ready = {**caller.ready(), **lists(caller, MIKL), **lists(caller, BUSY)}
    found = {}
    for action, (function, sent) in ready.items():
        heard.clear()
        caller.send(function, sent)
        found[action] = list(heard)
    with contextlib.closing(postgres.connect(database.admin)) as db:
        for statement in DUE:
            db.run(statement)
    heard.clear()
    caller.send("complete_meetings", caller.tick())
    found["complete-meetings, something of everything"] = list(heard)
    yield found
    bootstrap.forget()
    settings.forget()


@pytest.mark.timeout(600)  # growing takes its time where everything else runs as well
@pytest.mark.parametrize(
    ("plans", "spared", "small"),
    [(PLANNED[0], 0, SCANNED), (PLANNED[1], SOON_SCANNED, SCANNED | SMALL)],
    ids=["for its values", "for any"],
    indirect=["plans"],
)
def test_no_action_reads_what_grows_from_end_to_end_or_asks_who_calls_at_each_row(
    plans, spared, small, rows
):
    sizes = {
        name.rpartition(".")[2]: size
        for name, size in rows(
            "select cast(oid as regclass)::text, reltuples from pg_class where relkind = 'r'"
        )
    }

    def too_much(node):
        size = sizes[node.table]
        most = size > AS_GOOD_AS_EMPTY and node.rows > size * MOST_OF_IT
        scanned = node.kind == "Seq Scan" and size > spared and node.rows > 0
        writes = node.statement.startswith(("update", "insert", "with"))
        sought = writes and node.rows > MOST_OF_A_WRITE
        return scanned or node.rows > MOST_ROWS or ((most or sought) and size > spared)

    read = {
        f"{action}: {node}"
        for action, nodes in plans.items()
        for node in nodes
        if node.table not in small and too_much(node)
    }

    asks_anew = {
        f"{action}: {node.conditions}"
        for action, nodes in plans.items()
        for node in nodes
        if re.search(r"current_setting\(|auth\.|caller\(", node.conditions)
    }

    assert all(plans.values())
    assert "\n".join(sorted(read | asks_anew)) == ""


@pytest.mark.parametrize(
    ("claim", "table", "done", "columns"),
    [
        (
            mails.CLAIM,
            "mail_outbox",
            "sent_at",
            {
                "recipient_type": "'client'",
                "recipient_id": "gen_random_uuid()",
                "type": "'meeting_cancelled'",
                "facts": "'{}'",
                "link": "'/'",
            },
        ),
        (
            pushes.CLAIM,
            "push_outbox",
            "sent_at",
            {"subscription_id": "gen_random_uuid()", "meeting_id": "gen_random_uuid()"},
        ),
        (
            orders.CLAIM,
            "room_orders",
            "done_at",
            {"meeting_id": "gen_random_uuid()", "identity": "'client'"},
        ),
    ],
    ids=["mails", "pushes", "orders"],
)
def test_what_is_sent_is_found_by_its_id_when_a_backlog_has_grown_since_anybody_counted(
    claim, table, done, columns, database
):
    def fill(db, at):
        db.run(
            f"""insert into visio.{table} (id, {done}, {", ".join(columns)})
                select gen_random_uuid(), {at}, {", ".join(columns.values())}
                  from generate_series(1, 3000)"""
        )

    with contextlib.closing(postgres.connect(database.admin)) as db:
        db.run("set session_replication_role = replica")  # whose meetings these are is all the same
        fill(db, "now()")
        db.run(f"analyze visio.{table}")
        fill(db, "null")
        db.run("begin")
        db.run("set local role visio_system")
        db.run("set local plan_cache_mode = force_generic_plan")
        db.run(f"prepare claim as {claim.sql}")
        given = {"now": "now()", "id": "gen_random_uuid()"}
        plan = db.run(f"explain execute claim({', '.join(given[name] for name in claim.names)})")

    [way] = [line for [line] in plan if re.search(rf"Scan.* on {table}\b", line)]
    assert f"Index Scan using {table}_pkey" in way


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plans", PLANNED[:1], indirect=True)
def test_every_index_is_there_for_somebody(plans, rows, database):
    """For an action, for what is done by hand, or for the rows that go with a row."""
    tidied = Database(database.login, size=1, bus=None)
    now = datetime.now(UTC)
    list(replay_since(now, tidied, intake=bootstrap.app().intake, now=now))
    tidied.close()
    bootstrap.forget()  # what a session counted is told at its end
    with contextlib.closing(postgres.connect(database.admin)) as db:
        for statement in GONE:
            db.run(statement)

    give_up = time.monotonic() + 10
    while (unused := set(rows(UNUSED)) - SPARED) and time.monotonic() < give_up:
        time.sleep(0.1)
    assert unused == set()

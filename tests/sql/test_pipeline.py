"""The pipelined driver answers as the plain one does, and never one caller with another's rows."""

import contextlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pg8000
import pytest
import sqlalchemy

from local import postgres
from tests.world import ALICE, BRUNO, MIKL
from visio.adapters.database import Database, Identity, Transaction
from visio.adapters.pipeline import PipelinedConnection, connector
from visio.adapters.pool import Pool
from visio.adapters.statements import text
from visio.domain.events import Said
from visio.domain.refusals import DatabaseFailed, NotFound, Unavailable


class Silence:
    """A bus that takes nothing."""

    mails = rooms = pushes = True

    def publish(self, signals, mails=(), *, orders=(), pushes=()):
        return []


def connected(kind, url):
    parts = urlsplit(url)
    made = kind(
        parts.username,
        host=parts.hostname,
        port=parts.port,
        database=parts.path[1:],
        password=unquote(parts.password),
    )
    made.autocommit = True
    return made


class Breaking:
    """A bus whose client does what it should not."""

    mails = rooms = pushes = True

    def publish(self, signals, mails=(), *, orders=(), pushes=()):
        raise RuntimeError("c4n4ry")


class Listening:
    """A bus that takes everything, and remembers it."""

    mails = rooms = pushes = True

    def __init__(self):
        self.heard = []

    def publish(self, signals, mails=(), *, orders=(), pushes=()):
        self.heard += signals
        return [signal.event_id for signal in signals]


STATEMENTS = [
    ("select 1, 'é', null, true, 1.5::numeric, 2.5::float8", ()),
    ("select cast(%s as int), cast(%s as text), cast(%s as uuid)", (5, "ça", uuid4())),
    ("select cast(%s as timestamptz), cast(%s as jsonb)", ("2027-01-01T00:00:00Z", '{"a": [1]}')),
    (
        "select t, array[t, null, t] from unnest(array['2026-11-29 01:02:03.12+05:30',"
        " '1900-01-01', 'infinity', '-infinity', '0044-03-15 BC', '90000-12-31']::timestamptz[]) t",
        (),
    ),
    ("select cast(%s as text[])", (["a", "b,c", 'd"e'],)),
    ("select generate_series(1, 5)", ()),
    ("select where false", ()),
    ("create temporary table t (a int)", ()),
    ("insert into t select generate_series(1, %s)", (1000,)),
    ("select count(*), sum(a) from t", ()),
    ("select repeat('x', %s)", (200_000,)),
    ("select %s", ("y" * 200_000,)),
]


def test_it_answers_as_the_plain_driver_does(database):
    plain, pipelined = (
        connected(kind, database.login) for kind in (pg8000.Connection, PipelinedConnection)
    )

    for statement, values in STATEMENTS:
        answers = []
        for connection in (plain, pipelined):
            cursor = connection.cursor()
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else None
            answers.append((rows, cursor.rowcount, [c[:2] for c in cursor.description or ()]))
        assert answers[0] == answers[1]
    plain.close()
    pipelined.close()


@pytest.fixture
def wire(database):
    made = connected(PipelinedConnection, database.login)
    yield made
    made.close()


def test_instants_are_in_utc_wherever_the_database_is(database, rows):
    [name] = rows("select current_database()")
    rows(f"alter database {name} set timezone to 'Asia/Tokyo'")
    wire = connector(database.login)()

    row = ["2026-07-01 10:00:00+02", "2026-07-01T10:00:00+02:00"]
    found = wire.execute_unnamed("select $1::timestamptz, to_jsonb($2::timestamptz)", row).rows

    assert [found[0][0].isoformat(), found[0][1]] == ["2026-07-01T08:00:00+00:00"] * 2
    wire.close()


def test_statements_that_wait_leave_with_the_next_and_keep_their_rows(wire):
    first, second = wire.defer("select 1"), wire.defer("select 2 where false")

    third = wire.execute_unnamed("select 3")

    assert (first.rows, second.rows, third.rows) == ([[1]], [], [[3]])


@pytest.mark.parametrize("failing", [0, 1, 2, 3])
def test_an_error_skips_what_is_behind_it_and_leaves_the_connection_in_step(wire, failing):
    contexts = []
    for number in range(4):
        contexts.append(wire.defer(f"select {number}" if number != failing else "select 1/0"))

    with pytest.raises(pg8000.DatabaseError) as raised:
        wire.flush()

    assert raised.value.args[0]["C"] == "22012"
    assert [c.rows for c in contexts[:failing]] == [[[n]] for n in range(failing)]
    assert wire.execute_unnamed("select 42").rows == [[42]]


def test_a_commit_behind_an_error_does_not_happen(wire):
    wire.execute_unnamed("create temporary table t (a int)")
    wire.defer("begin")
    wire.defer("insert into t values (1)")
    wire.defer("select 1/0")
    wire.defer("commit")

    with pytest.raises(pg8000.DatabaseError):
        wire.flush()

    wire.rollback()
    assert wire.execute_unnamed("select count(*) from t").rows == [[0]]


def test_what_was_posted_happens_and_its_rows_are_nobodys(wire, rows):
    wire.execute_unnamed("create temporary table t (a int)")
    wire.defer("insert into t select generate_series(1, 3)")
    wire.defer("select 'nobody''s'")
    wire.post()
    wire.defer("insert into t values (4) returning 'nor theirs'")
    wire.post()

    before = wire.defer("select 1")
    counted = wire.execute_unnamed("select count(*) from t")

    assert (before.rows, counted.rows) == ([[1]], [[4]])


def test_an_error_in_what_was_posted_undoes_it_and_is_told_to_nobody_but_the_log(wire, lines):
    wire.execute_unnamed("create temporary table t (a int)")
    wire.defer("insert into t values (1)")
    wire.defer("select cast('c4n4ry' as integer)")
    wire.defer("insert into t values (2)")
    wire.post()

    wire.defer("begin")
    counted = wire.execute_unnamed("select count(*) from t")
    wire.defer("commit")
    wire.flush()

    assert counted.rows == [[0]]
    assert [r.sqlstate for r in lines if r.msg == "database.unheard"] == ["22P02"]
    assert "c4n4ry" not in str([vars(record) for record in lines])


def test_what_was_posted_right_before_the_end_is_not_lost(database, rows):
    for number in range(20):
        wire = connected(PipelinedConnection, database.login)
        wire.defer("select set_config('role', 'visio_system', true)")
        wire.defer(
            "insert into visio.relayed_signals (event_id, claimed_at) values ($1, now())",
            (uuid4(),),
        )
        wire.post()
        wire.close()
        seen = "select count(*) from visio.relayed_signals"
        assert rows(seen) == [number + 1]


def test_a_connection_lost_with_what_was_posted_is_nobodys_next(database, rows):
    on_one = Database(database.login, size=1, bus=Silence())
    kill = """select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
               where application_name = 'visio' and datname = current_database()"""
    with on_one.unheard_as_system("tests") as tx:
        tx.write(text("select 1"))
    rows(kill)

    with on_one.acting_as(BRUNO.user, "tests") as tx:
        assert tx.read(text("select name from public.clients")) == [{"name": "Bruno"}]
    on_one.close()


def test_a_value_that_cannot_be_encoded_fails_before_anything_is_sent(wire):
    with pytest.raises(UnicodeEncodeError):
        wire.execute_unnamed("select $1", ("\ud800",))

    assert wire.execute_unnamed("select 42").rows == [[42]]


def test_a_lost_connection_is_unavailable_and_the_next_caller_gets_a_new_one(database, rows):
    database = Database(database.login, size=1, bus=Silence())
    kill = """select count(pg_terminate_backend(pid)) from pg_stat_activity
               where application_name = 'visio' and datname = current_database()"""

    def lose():
        with database.acting_as(ALICE.user, "tests") as tx:
            tx.read(text("select 1"))
            rows(kill)
            tx.read(text("select 2"))

    with pytest.raises(Unavailable):
        lose()
    with database.acting_as(ALICE.user, "tests") as tx:
        assert tx.read(text("select 3 as three")) == [{"three": 3}]
    database.close()


def test_a_connection_lost_with_its_commit_is_nobodys_next(database, rows):
    database = Database(database.login, size=1, bus=Silence())
    kill = """select count(pg_terminate_backend(pid)) from pg_stat_activity
               where application_name = 'visio' and datname = current_database()"""

    def lose():
        with database.acting_as(ALICE.user, "tests") as tx:
            tx.read(text("select 1"))
            tx.write(text("select 2"))
            rows(kill)

    with pytest.raises(Unavailable):
        lose()
    with database.acting_as(BRUNO.user, "tests") as tx:
        assert tx.read(text("select name from public.clients")) == [{"name": "Bruno"}]
    database.close()


def test_when_the_server_was_lost_none_of_its_connections_is_used_again(database, rows):
    database = Database(database.login, size=2, bus=Silence())
    who, before = text("select pg_backend_pid() as pid"), []

    def ask(tx):
        [found] = tx.read(who)
        return found["pid"]

    def lose():
        with database.acting_as(ALICE.user, "tests") as tx:
            before.append(ask(tx))
            with database.acting_as(BRUNO.user, "tests") as beside:
                before.append(ask(beside))
            # The other one is well, as far as anybody can see from here.
            rows(f"select pg_terminate_backend({before[0]}, 5000)")
            ask(tx)

    with pytest.raises(Unavailable):
        lose()

    with database.acting_as(ALICE.user, "tests") as tx:
        assert ask(tx) not in before
    database.close()


def test_an_error_costs_no_connection(database):
    database = Database(database.login, size=1, bus=Silence())

    def fail(statement, **values):
        with database.acting_as(ALICE.user, "tests") as tx:
            before = tx.read(text("select pg_backend_pid() as pid"))
            try:
                tx.read(text(statement), **values)
            finally:
                pids.append(before)

    pids = []
    with pytest.raises(DatabaseFailed):
        fail("select 1/0")
    with pytest.raises(UnicodeEncodeError):
        fail("select cast(:value as text)", value="\ud800")
    with pytest.raises(TypeError):
        fail("select :forgotten")
    fail("select 1")

    assert pids == [pids[0]] * 4
    database.close()


def test_whoever_is_interrupted_leaves_no_answer_behind(database):
    """As gunicorn does with a worker that takes too long: with an exception out of nowhere."""
    database = Database(database.login, size=1, bus=Silence())

    def interrupted(*_):
        raise SystemExit

    def ask():
        with database.acting_as(ALICE.user, "tests") as tx:
            tx.read(text("select 1"))
            tx._wire.message_types[b"D"] = interrupted
            tx.read(text("select name from public.clients"))

    with pytest.raises(SystemExit):
        ask()
    with database.acting_as(BRUNO.user, "tests") as tx:
        assert tx.read(text("select name from public.clients")) == [{"name": "Bruno"}]
    database.close()


def test_rows_are_there_once_the_next_read_has_run(database):
    database = Database(database.login, size=1, bus=Silence())

    with database.acting_as(ALICE.user, "tests") as tx:
        later = tx.also(text("select cast(:n as integer) as n"), n=1)
        with pytest.raises(RuntimeError):
            _ = later.rows
        tx.read(text("select 2"))
        assert later.rows == [{"n": 1}]
    database.close()


NAMED = [
    ("select cast(:a as text) as x, cast(:b as integer) as y, cast(:a as text) as z", "ab"),
    ("select :c as c, cast(:d as uuid) as d, cast(:e as timestamptz) as e", "cde"),
    ("select cast(:f as boolean) as f, cast(:g as numeric) as g, cast(:h as text) as h", "fgh"),
    ("select cast(:i as jsonb) as i, cast(:j as text[]) as j, cast(:k as interval) as k", "ijk"),
    ("select generate_series(1, cast(:b as integer)) as n, 'x' as n2", "b"),
    ("select 1 as n where cast(:a as text) is null", "a"),
    ("select concat_ws(':', 'client', cast(:a as text)) as channel", "a"),
]
VALUES = {
    "a": "l’été",
    "b": 7,
    "c": MIKL.name,
    "d": MIKL.row,
    "e": datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
    "f": True,
    "g": Decimal("1.50"),
    "h": None,
    "i": '{"a": [1, null]}',
    "j": ["a", "b,c", 'd"e', None],
    "k": timedelta(minutes=90),
}


@pytest.mark.parametrize(("statement", "asked"), NAMED)
def test_it_answers_as_sqlalchemy_does(database, statement, asked):
    values = {name: VALUES[name] for name in asked}
    usual = sqlalchemy.create_engine(
        database.login.replace("postgresql://", "postgresql+pg8000://"),
        connect_args={"ssl_context": False},
    )
    ours = Database(database.login, size=1, bus=Silence())

    with ours.acting_as(ALICE.user, "tests") as tx:
        answer = tx.read(text(statement), **values)
    with usual.connect() as connection:
        expected = connection.execute(sqlalchemy.text(statement), values).mappings().all()

    assert answer == [dict(row) for row in expected]
    ours.close()
    usual.dispose()


def test_nothing_is_told_of_what_was_rolled_back(database, rows):
    bus = Listening()
    database = Database(database.login, size=1, bus=bus)
    said = Said(at=datetime.now(UTC), version=1).to_inbox("operator", MIKL.row, "request_created")

    def change_ones_mind():
        with database.acting_as(ALICE.user, "tests") as tx:
            tx.read(text("select 1"))
            tx.say(said)
            raise NotFound

    with pytest.raises(NotFound):
        change_ones_mind()

    assert bus.heard == []
    assert rows("select count(*) from visio.signal_outbox") == [0]
    database.close()


def test_a_defect_names_its_sqlstate_and_not_its_values(database):
    database = Database(database.login, size=1, bus=Silence())

    with pytest.raises(DatabaseFailed) as failed, database.acting_as(ALICE.user, "tests") as tx:
        tx.read(text("select cast(:value as integer)"), value="c4n4ry")

    assert failed.value.sqlstate == "22P02"
    assert "c4n4ry" not in str(failed.value)
    database.close()


def test_signals_are_marked_and_the_next_caller_is_themself(database, marked):
    on_one = Database(database.login, size=1, bus=Listening())
    for number in range(5):
        said = Said(at=datetime.now(UTC), version=1)
        with on_one.acting_as(ALICE.user, "tests") as tx:
            tx.read(text("select 1"))
            tx.say(said.to_inbox("operator", MIKL.row, "request_created"))

        with on_one.acting_as(BRUNO.user, "tests") as tx:
            assert tx.read(text("select name from public.clients")) == [{"name": "Bruno"}]
        marked(number + 1)
    on_one.close()


def test_a_mark_waits_for_nobody(database, marked, lines):
    """What the sweep holds just now it marks itself; and whoever comes next is not kept."""
    said = Said(at=datetime.now(UTC), version=1).to_inbox("operator", MIKL.row, "request_created")
    with contextlib.closing(postgres.connect(database.admin)) as other:

        class Holding(Listening):
            def publish(self, signals, mails=(), *, orders=(), pushes=()):
                other.run("begin")
                other.run("select from visio.signal_outbox for update")
                return super().publish(signals)

        on_one = Database(database.login, size=1, bus=Holding())
        with on_one.acting_as(ALICE.user, "tests") as tx:
            tx.read(text("select 1"))
            tx.say(said)
        with on_one.acting_as(BRUNO.user, "tests") as tx:
            assert tx.read(text("select 1 as one")) == [{"one": 1}]
        other.run("rollback")

    # One that had waited would have given up, and said so.
    assert [record.msg for record in lines if record.name == "visio.database"] == []
    marked(0)
    on_one.close()


def test_a_statement_at_once_is_committed_with_its_rows_and_a_further_one_by_itself(database, rows):
    on_one = Database(database.login, size=1, bus=Silence())
    insert = text("""
insert into visio.relayed_signals (event_id, claimed_at) values (cast(:id as uuid), now())
returning event_id""")

    with on_one.at_once_as_system("tests") as tx:
        tx.read(insert, id=uuid4())
        assert rows("select count(*) from visio.relayed_signals") == [1]
        tx.write(insert, id=uuid4())
        assert rows("select count(*) from visio.relayed_signals") == [1]

    assert rows("select count(*) from visio.relayed_signals") == [2]
    on_one.close()


def test_a_bus_that_breaks_undoes_nothing(database, rows):
    database = Database(database.login, size=1, bus=Breaking())
    said = Said(at=datetime.now(UTC), version=1).to_inbox("operator", MIKL.row, "request_created")

    with database.acting_as(ALICE.user, "tests") as tx:
        tx.read(text("select 1"))
        tx.say(said)

    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [1]
    database.close()


def test_callers_in_turn_and_at_once_are_never_mixed_up(database):
    database = Database(database.login, size=4, bus=Silence())
    who = text("select name from public.clients")

    def ask(number):
        persona = (ALICE, BRUNO)[number % 2]
        try:
            with database.acting_as(persona.user, "tests") as tx:
                if number % 5 == 0:
                    tx.read(text("select 1/0"))
                return persona.name, [row["name"] for row in tx.read(who)]
        except DatabaseFailed:
            # Whose statement it was, and nobody who comes after.
            assert number % 5 == 0
            return persona.name, [persona.name]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(200)))

    assert all(seen == [name] for name, seen in answers)
    database.close()


def test_nothing_of_a_transaction_outlives_it(database):
    made = Pool(connector(database.login), size=1)
    setting = "select current_user, current_setting('request.jwt.claims', true)"
    with Transaction(
        made, Identity("visio_app", f'{{"sub": "{ALICE.user}"}}', "tests"), Silence()
    ) as tx:
        tx.read(text("select 1"))

    connection = made.take()
    [(user, claims)] = connection.execute_unnamed(setting).rows
    made.give_back(connection)

    assert user not in ("visio_app", "visio_system", "authenticated")
    assert claims in ("", None)
    made.discard()


def test_who_waits_too_long_for_a_connection_is_told(database):
    database = Database(database.login, size=1, bus=Silence())

    with database.acting_as(ALICE.user, "tests") as tx:
        tx.read(text("select 1"))
        with pytest.raises(Unavailable):
            database.acting_as(BRUNO.user, "tests").__enter__()

    database.close()


def test_dates_of_which_python_knows_nothing_are_read_as_the_plain_driver_reads_them(database):
    """In a process of its own, where nothing else has loaded what reads them."""
    program = """
import sys
from visio.adapters.pipeline import connector
wire = connector(sys.argv[1])()
before = "dateutil" in sys.modules
asked = "select '90000-12-31 00:00'::timestamp, '2026-11-29 01:02'::timestamp"
rows = wire.execute_unnamed(asked).rows
print(before, "dateutil" in sys.modules, *map(str, rows[0]), sep="|")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, database.login], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout == "False|True|90000-12-31 00:00:00|2026-11-29 01:02:00\n"

"""Statements that the server holds ready, by name, where a session is one connection's alone."""

import contextlib

import pg8000
import pytest

from tests.pooler import pooler, program
from tests.sql.test_pipeline import Silence
from tests.world import ALICE, BRUNO, MIKL
from visio.adapters import prepared
from visio.adapters.database import Database
from visio.adapters.pipeline import PipelinedConnection, connector
from visio.adapters.prepared import NO_NAME, Prepared, Session
from visio.adapters.statements import text
from visio.domain.refusals import RaceLost

HELD = text("""select statement from pg_prepared_statements where statement like '%' || :like""")


@pytest.fixture
def wire(database):
    made = connector(database.login)()
    yield made
    made.close()


@pytest.fixture
def on_one(database):
    """Whoever acts, one after the other, does so on the same connection."""
    made = Database(database.login, size=1, bus=Silence())
    yield made
    made.close()


def sent_by(wire, monkeypatch):
    """What leaves on it from here on."""
    sent, socket = [], wire._usock

    class Wire:
        def sendall(self, data):
            sent.append(data)
            socket.sendall(data)

        def __getattr__(self, name):
            return getattr(socket, name)

    monkeypatch.setattr(wire, "_usock", Wire())
    return sent


def held(wire):
    return [
        row[0] for row in wire.execute_unnamed("select statement from pg_prepared_statements").rows
    ]


def test_the_text_of_a_statement_leaves_once(wire, monkeypatch):
    wire.execute_unnamed("select 1")
    sent = sent_by(wire, monkeypatch)

    found = [wire.execute_unnamed("select $1::int + 40", (n,)).rows for n in range(5)]

    assert found == [[[40 + n]] for n in range(5)]
    assert [b"select $1::int" in message for message in sent] == [True] + [False] * 4


def test_what_rows_look_like_is_asked_once(wire, monkeypatch):
    statements = [
        ("select $1::int as n, now() as at, '{1,2}'::int[] as many", (1,)),
        ("select 1 as none where false", ()),
        ("select from generate_series(1, 2)", ()),
        ("set local application_name to 'x'", ()),
    ]
    wire.execute_unnamed("select 1")

    def run():
        found = [wire.execute_unnamed(*statement) for statement in statements]
        return [(one.columns, one.rows and [row[:1] for row in one.rows]) for one in found]

    first = run()
    sent = sent_by(wire, monkeypatch)

    assert run() == run() == first
    assert [None if columns is None else len(columns) for columns, _ in first] == [3, 1, 0, None]
    assert not any(b"D\x00\x00\x00\x06P" in message for message in sent)


def test_one_that_fails_has_not_been_answered_however_often_it_was_before(wire):
    asked = "select 1 / $1::int"
    for _ in range(3):
        assert wire.execute_unnamed(asked, (1,)).rows == [[1]]

    behind = None
    for _ in range(2):
        wire.defer(asked, (0,))
        behind = wire.defer(asked, (1,))
        with pytest.raises(pg8000.DatabaseError):
            wire.flush()

    assert (behind.columns, behind.rows) == (None, None)
    assert wire.execute_unnamed(asked, (1,)).rows == [[1]]


def test_one_that_fails_keeps_the_name_that_it_got(wire):
    wire.execute_unnamed("select 1")
    for _ in range(3):
        with pytest.raises(pg8000.DatabaseError) as raised:
            wire.execute_unnamed("select 1 / $1::int", (0,))
        assert raised.value.args[0]["C"] == "22012"

    assert held(wire).count("select 1 / $1::int") == 1


def test_one_that_leaves_twice_at_once_is_held_once(wire):
    for number in range(3):
        wire.defer("select $1::int", (number,))
        wire.defer("select $1::int", (number + 10,))
        assert wire.execute_unnamed("select $1::int", (number + 20,)).rows == [[number + 20]]

    assert held(wire).count("select $1::int") == 1


def test_what_was_posted_is_held_too(wire):
    wire.execute_unnamed("select 1")
    wire.defer("select 'posted'")
    wire.post()
    wire.defer("select 'posted'")
    wire.post()
    wire.execute_unnamed("select 1")

    assert held(wire).count("select 'posted'") == 1


def test_one_that_was_never_parsed_has_no_name(wire):
    wire.execute_unnamed("select 1")
    for _ in range(3):
        wire.defer("select 1/0")
        wire.defer("select 'behind it'")
        with pytest.raises(pg8000.DatabaseError) as raised:
            wire.flush()
        assert raised.value.args[0]["C"] == "22012"
        with pytest.raises(pg8000.DatabaseError) as raised:
            wire.execute_unnamed("select no_such_column")
        assert raised.value.args[0]["C"] == "42703"

    assert "select 'behind it'" not in held(wire)
    assert wire.execute_unnamed("select 'behind it'").rows == [["behind it"]]


def test_a_value_that_cannot_be_encoded_leaves_its_statement_as_it_was(wire):
    wire.execute_unnamed("select 1")
    for _ in range(2):
        with pytest.raises(UnicodeEncodeError):
            wire.execute_unnamed("select $1::text", ("\ud800",))

    for _ in range(2):
        assert wire.execute_unnamed("select $1::text", ("é",)).rows == [["é"]]
    assert held(wire).count("select $1::text") == 1


def test_no_session_holds_more_than_so_many(wire, monkeypatch):
    monkeypatch.setattr(prepared, "MOST", 5)

    for _ in range(2):
        for number in range(10):
            assert wire.execute_unnamed(f"select {number}").rows == [[number]]

    assert len(held(wire)) <= 5


def test_each_caller_has_rows_of_his_own_from_one_plan(on_one):
    clients = text("select name from public.clients order by name")

    for _ in range(8):  # a plan for whatever values comes from the sixth run on
        for who, names in ((ALICE, ["Alice"]), (BRUNO, ["Bruno"]), (MIKL, ["Alice", "Bruno"])):
            with on_one.acting_as(who.user, "tests") as tx:
                assert [row["name"] for row in tx.read(clients)] == names
        with on_one.acting_as_system("tests") as tx:
            assert {"Alice", "Bruno", "Chloé"} <= {row["name"] for row in tx.read(clients)}
    with on_one.acting_as_system("tests") as tx:
        assert len(tx.read(HELD, like="public.clients order by name")) == 1


def altering(rows):
    rows("create table public.altered (a int)")
    rows("insert into public.altered values (1)")
    rows("grant select on public.altered to visio_system")
    return lambda: rows("alter table public.altered alter a type text")


def test_what_a_migration_changed_is_read_anew(on_one, rows):
    migrate, asked = altering(rows), text("select * from public.altered")

    def ask():
        with on_one.acting_as_system("tests") as tx:
            return tx.read(asked)

    assert [ask(), ask()] == [[{"a": 1}]] * 2
    migrate()
    with pytest.raises(RaceLost):
        ask()

    assert [ask(), ask()] == [[{"a": "1"}]] * 2


def test_what_a_migration_changed_is_posted_anew_as_well(on_one, rows, lines):
    migrate, asked = altering(rows), text("select * from public.altered")

    def post():
        with on_one.unheard_as_system("tests") as tx:
            tx.write(asked)

    def settle():
        with on_one.acting_as_system("tests") as tx:
            tx.read(text("select 1"))

    for step in (settle, post, settle, post, settle):
        step()
    migrate()
    for step in (post, settle, post, settle):
        step()

    assert [line.sqlstate for line in lines if line.msg == "database.unheard"] == ["0A000"]


@pytest.mark.parametrize("lost", ["deallocate all", "discard all"])
def test_a_session_that_forgets_is_trusted_no_more(wire, lost):
    for _ in range(2):
        wire.execute_unnamed("select 'known'")
    wire.execute_unnamed(lost)

    with pytest.raises(pg8000.DatabaseError) as raised:
        wire.execute_unnamed("select 'known'")

    assert raised.value.args[0]["C"] == "26000"
    for _ in range(2):
        assert wire.execute_unnamed("select 'known'").rows == [["known"]]
    assert held(wire) == []


def test_a_name_that_somebody_else_gave_is_trusted_no_more(wire):
    wire.execute_unnamed("select 1")
    names = Prepared()
    names.session = Session.OWN
    name = names.new("select 'known'").decode()
    wire.execute_unnamed(f"prepare {name} as select 'theirs'")

    with pytest.raises(pg8000.DatabaseError) as raised:
        wire.execute_unnamed("select 'known'")

    assert raised.value.args[0]["C"] == "42P05"
    assert wire.execute_unnamed("select 'known'").rows == [["known"]]


SHARED = text("select cast(:n as integer) as shared")
HELD_HERE = text("""
select from_sql from pg_prepared_statements where statement like '%as shared'""")
TOLD = [{"from_sql": True}]  # by `visio.hold`, and not by the protocol


@pytest.fixture
def behind(database, monkeypatch):
    """Makes what opens connections as behind a pooler that passes names on."""
    opened = []

    def made(*, size=1):
        opened.append(Database(database.login, size=size, bus=Silence()))
        return opened[-1]

    read = PipelinedConnection._read

    def strangers(wire, contexts):
        wire._backend_key_data = bytes(8)  # as a pooler says it
        read(wire, contexts)

    monkeypatch.setattr(PipelinedConnection, "_read", strangers)
    yield made
    for one in opened:
        one.close()


def shared(database, n=1, who=ALICE):
    with database.acting_as(who.user, "tests") as tx:
        return tx.read(SHARED, n=n)


def test_behind_a_pooler_that_passes_names_on_each_session_is_told_what_to_hold(behind):
    ours = behind()

    assert [shared(ours, n) for n in range(4)] == [[{"shared": n}] for n in range(4)]

    with ours.acting_as(ALICE.user, "tests") as tx:
        assert tx.read(HELD_HERE) == TOLD


def test_what_it_holds_is_not_sent_for_by_name_before_it_is_known_who_asks(behind):
    ours = behind()
    with ours.acting_as(ALICE.user, "tests") as tx:
        tx.read(SHARED, n=1)
    wire = ours._pool._resting[0]

    # As the login, which may ask for nothing: not even that something be held.
    with pytest.raises(pg8000.DatabaseError) as raised:
        wire.run("select 1")

    assert raised.value.args[0]["C"] == "42501"
    assert shared(ours) == [{"shared": 1}]


def test_a_transaction_that_fails_leaves_what_was_held_for_it(behind):
    ours = behind()
    shared(ours)  # whose session it is, is known from here on
    fails = text("select 1 / cast(:n as integer) as shared")
    for _ in range(2):
        with pytest.raises(Exception, match="22012"), ours.acting_as(ALICE.user, "tests") as tx:
            tx.read(fails, n=0)

    with ours.acting_as(ALICE.user, "tests") as tx:
        assert tx.read(fails, n=1) == [{"shared": 1}]
        assert tx.read(HELD_HERE) == TOLD


def test_what_a_migration_changed_is_held_anew_in_a_session_that_is_shared(behind, rows):
    migrate, asked = altering(rows), text("select * from public.altered")
    ours, others = behind(), behind()

    def ask(database):
        with database.acting_as_system("tests") as tx:
            return tx.read(asked)

    assert [ask(ours), ask(ours), ask(others)] == [[{"a": 1}]] * 3
    migrate()
    with pytest.raises(RaceLost):
        ask(ours)

    assert [ask(ours), ask(ours)] == [[{"a": "1"}]] * 2


@pytest.mark.parametrize("lost", ["deallocate all", "discard all"])
def test_a_shared_session_that_forgets_is_told_again_or_asked_for_nothing(behind, lost):
    ours = behind()
    for _ in range(2):
        shared(ours)
    wire = ours._pool._resting[0]
    wire.run(lost)

    with contextlib.suppress(RaceLost):  # as what was noted of it went too, or did not
        shared(ours)

    assert [shared(ours, n) for n in range(3)] == [[{"shared": n}] for n in range(3)]


def test_behind_a_pooler_everything_is_held_ready_once_whoever_asks(database):
    if program() is None:
        pytest.skip("PgBouncer is not installed here: make pgbouncer")
    with pooler(database.login) as through:
        instances = [Database(through, size=1, bus=Silence()) for _ in range(3)]
        for n in range(3):
            for one in instances:
                for who in (ALICE, BRUNO):
                    assert shared(one, n, who) == [{"shared": n}]
        with instances[0].acting_as(ALICE.user, "tests") as tx:
            assert len(tx.read(HELD_HERE)) == 1
        for one in instances:
            one.close()


@pytest.mark.parametrize(("session", "known"), [(Session.OWN, True), (Session.TRACKED, False)])
def test_what_rows_look_like_is_remembered_where_nobody_else_reads_statements_anew(session, known):
    names = Prepared()
    names.session = session

    names.parsed("select 1", names.new("select 1"))
    names.described("select 1", [], [])

    assert names.of("select 1").is_described is known


def test_a_name_belongs_to_a_text():
    one, other = Prepared(), Prepared()
    assert one.new("select 1") == NO_NAME
    one.session = other.session = Session.OWN

    assert one.new("select 1") == other.new("select 1") != one.new("select 2")
    assert one.new("select 1") == NO_NAME  # it is on its way
    one.settled()
    assert one.new("select 1") != NO_NAME


def test_what_depends_on_its_values_is_planned_anew(on_one):
    asked = text("select cast(:n as integer) as anew", anew=True)

    for number in range(3):
        with on_one.acting_as_system("tests") as tx:
            waited = tx.also(asked, n=number)
            assert tx.read(asked, n=number + 10) == [{"anew": number + 10}]
            assert waited.rows == [{"anew": number}]

    with on_one.acting_as_system("tests") as tx:
        assert tx.read(HELD, like="as anew") == []

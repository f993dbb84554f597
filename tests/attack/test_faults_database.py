"""The database fails in every way we could think of: what was promised holds, the rest did not
happen, and nobody sees anything but an envelope that says when to come back."""

import contextlib
import json
import shutil
import signal as signals
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local import postgres
from tests.attack.cable import Cable, Passing
from tests.attack.invariants import broken
from tests.attack.scale import FULL, rounds
from tests.calcom import Booking
from tests.conftest import FAST, ON_ONE_SERVER, TEMPLATE, TestDatabase, at
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, signed
from visio import bootstrap, settings
from visio.adapters.prepared import Prepared, Session

pytestmark = [
    ON_ONE_SERVER,
    pytest.mark.timeout(600),
]

WORDS = "Le dos, toujours."


@dataclass(frozen=True)
class Case:
    """One thing to be done once, whatever happens: how to ask for it, and how often it was done."""

    send: Callable[[], Any]
    done: Callable[[], int]


@pytest.fixture
def cable(database, environment):
    """What the functions reach their database through."""
    address = urlsplit(database.login)
    with Cable((address.hostname, address.port), messages=True) as made:
        environment.setenv(
            "DATABASE_URL", database.login.replace(f":{address.port}/", f":{made.port}/")
        )
        environment.setenv("RATE_LIMIT_FACTOR", "0")
        environment.setenv("MAX_OPEN_REQUESTS", "0")
        anew()
        yield made
        made.calm()
        bootstrap.forget()


def anew():
    """As a process that has just started: no connection, nothing remembered."""
    settings.forget()
    bootstrap.forget()


@pytest.fixture
def cases(call, rows, pending, accepted):
    """Each kind of case by its name; a number tells one from the other."""

    def ask(n):
        body = {"requestedSlots": [at(30, n)], "message": f"{WORDS} {n}"}
        key = {"Idempotency-Key": f"case-{n}"}
        return Case(
            lambda: call("request-meeting", body, ALICE, headers=key),
            lambda: rows(
                "select count(*) from meeting_requests where message = :m", m=f"{WORDS} {n}"
            ),
        )

    def accept(n):
        slot = at(60, 60 * n)
        request = pending(BRUNO, [slot])["id"]
        body = {"requestId": request, "decision": "accept", "selectedSlot": slot}
        return Case(
            lambda: call("decide-request", body, MIKL),
            lambda: rows(
                "select count(*) from meetings where scheduled_at = cast(:s as timestamptz)", s=slot
            ),
        )

    def book(n):
        ids = {"clientId": ALICE.row, "operatorId": MIKL.row}
        booking = Booking(days=150 + n / 24, metadata=ids)
        raw = json.dumps(booking.created()).encode()
        return Case(
            lambda: call("calcom-webhook", raw=raw, headers=signed(raw)),
            lambda: rows(
                """select count(meeting_id) from meeting_requests r
                     join visio.calcom_bookings b on b.request_id = r.id where b.uid = :uid""",
                uid=booking.uid,
            ),
        )

    def knock(n):
        meeting = accepted(CHLOE, NORA, days=60 + n / 12)
        body = {"meetingId": meeting, "signal": "client_waiting"}
        return Case(
            lambda: call("lobby-signal", body, CHLOE),
            lambda: rows(
                "select count(*) from lobby_knocks where meeting_id = cast(:m as uuid)", m=meeting
            ),
        )

    def read(n):
        return Case(lambda: call("list-requests", {"limit": "5"}, ALICE), lambda: [1])

    return {"ask": ask, "accept": accept, "book": book, "knock": knock, "read": read}


def well(answer):
    return 200 <= answer.status_code < 300


def apologised(answer):
    """Whether this is how we say that something is not possible just now."""
    return (
        answer.status_code == 503
        and answer.json["data"] is None
        and answer.json["error"]["code"] == "unavailable"
        and int(answer.headers["Retry-After"]) > 0
        and "requestId" in answer.json["error"]
    )


def after_all(case, answer):
    """What the rules say about an answer given in the middle of an accident, and about the same
    call once all is well."""
    assert well(answer) or apologised(answer), (answer.status_code, answer.text)
    if well(answer):
        assert case.done() == [1]
    else:
        assert case.done() in ([0], [1])  # nobody can say whether a commit without answer was one
    again = case.send()
    assert well(again), (again.status_code, again.text)
    assert case.done() == [1]


@pytest.fixture
def settled(rows, remote, holds):
    """What is told in the end is what was committed, all of it and nothing else."""

    def settled():
        rows("update visio.signal_outbox set next_attempt_at = now() where published_at is null")
        holds.drained()
        told = {signal["eventId"] for signal in remote.published}
        assert told == {str(id) for id in rows("select event_id from visio.signal_outbox")}
        holds.silence()

    return settled


@pytest.mark.parametrize("kind", ["ask", "accept", "book", "knock", "read"])
def test_a_connection_may_be_cut_between_any_two_messages(kind, cable, cases, settled, tally):
    tried = 0
    # Every message takes its turn under `make attack`; here every eleventh does.
    step = rounds(11, 1)
    numbers = count(1)
    for direction in ("up", "down"):
        for position in count(1, step):
            cable.calm()
            case = cases[kind](next(numbers))
            if kind in ("ask", "read"):
                anew()  # so that the greeting, too, is cut
            accident = Accident(direction, position)
            cable.rule = accident.rule

            answer = case.send()

            cable.calm()
            after_all(case, answer)
            if not accident.happened:
                assert well(answer)
                break
            tried += 1
    assert tried > 50 // step
    settled()
    tally("connections cut between two messages", tried)


class Accident:
    """The cable is cut once, behind so many messages of one direction, and holds from then on."""

    def __init__(self, direction, position):
        self._direction, self._left, self.happened = direction, position, False

    def rule(self, passing: Passing):
        if passing.direction != self._direction or self.happened:
            return None
        self._left -= 1
        self.happened = self._left < 0
        return "cut" if self.happened else None


def _named(statement):
    names = Prepared()
    names.session = Session.OWN
    return names.new(statement)


COMMITS = (b"commit\0", _named("commit") + b"\0")


@pytest.mark.parametrize("kind", ["ask", "accept", "book", "knock"][: rounds(1, 4)])
def test_a_commit_whose_answer_never_comes_is_told_again(kind, cable, cases, settled, tally):
    cases["read"](0).send()
    case = cases[kind](1)
    committed = threading.Event()

    def rule(passing):
        # By its text at first, and by the name that the server knows it by from then on.
        if passing.direction == "up" and any(said in passing.content for said in COMMITS):
            committed.set()
        return "swallow" if passing.direction == "down" and committed.is_set() else None

    cable.rule = rule

    answer = case.send()

    assert committed.is_set()
    assert apologised(answer)
    cable.calm()
    assert case.done() == [1]
    after_all(case, answer)
    settled()
    tally("commits without an answer")


def test_a_slow_cable_is_only_slow(cable, cases, settled, tally):
    made = [cases[kind](1) for kind in ("ask", "accept", "book", "knock", "read")]
    made = made[:1] if not FULL else made
    cable.rule = lambda passing: 0.05

    answers = [case.send() for case in made]

    cable.calm()
    assert [well(answer) for answer in answers] == [True] * len(made)
    assert [case.done() for case in made] == [[1]] * len(made)
    settled()
    tally("calls at 50 ms a message", len(made))


def test_a_database_that_lets_nobody_in_is_waited_for(cable, database, cases, rows, settled, tally):
    name = urlsplit(database.admin).path[1:]
    made = [cases[kind](1) for kind in ("ask", "accept", "book", "knock", "read")]
    bootstrap.forget()
    rows(f"alter database {name} connection limit 0")

    answers = [case.send() for case in made]

    rows(f"alter database {name} connection limit -1")
    for case, answer in zip(made, answers, strict=True):
        assert apologised(answer)
        after_all(case, answer)
    cable.refuses = True
    bootstrap.forget()
    answers = [case.send() for case in made]
    assert all(map(apologised, answers))
    cable.calm()
    assert all(well(case.send()) for case in made)
    settled()
    tally("calls with no connection to be had", 2 * len(made))


def test_a_database_that_was_read_only_is_written_to_at_once_afterwards(
    cable, database, cases, rows, settled, together, tally
):
    name = urlsplit(database.admin).path[1:]
    made = [cases[kind](1) for kind in ("ask", "accept", "book", "knock")]
    bootstrap.forget()
    rows(f"alter database {name} set default_transaction_read_only = on")

    answers = [case.send() for case in made]
    cable.rule = lambda passing: 0.005  # so that each reader has a connection of its own
    readings = together(*[cases["read"](1).send] * 6)
    cable.calm()

    rows(f"alter database {name} reset default_transaction_read_only")
    assert [reading.status_code for reading in readings] == [200] * 6
    assert apologised(made[0].send())  # a reader's session: it says so for all of them
    for case, answer in zip(made, answers, strict=True):
        assert apologised(answer)
        assert case.done() == [0]
        after_all(case, answer)
    settled()
    tally("calls to a database that only reads", len(made))


def raising(rows, code, times=1_000_000):
    """The next so many requests that are written fail with this code; a sequence is not undone."""
    rows("drop table if exists visio.none_such; create sequence if not exists public.failures")
    rows("select setval('public.failures', 1, false)")
    rows(
        f"""create or replace function public.fails() returns trigger language plpgsql
              security definer set search_path = '' as $$
            begin
              if nextval('public.failures') <= {times} then
                raise exception 'Le dos, toujours.' using errcode = '{code}';
              end if;
              return new;
            end $$"""
    )
    rows("drop trigger if exists fails on public.meeting_requests")
    rows(
        """create trigger fails before insert or update on public.meeting_requests
           for each row execute function public.fails()"""
    )


# Out of disk, memory, connections or locks; cancelled, shut down, crashed, not up yet, dropped,
# idle for too long; a file that cannot be read or written; the pooler in between that lost its own.
PASSING = (
    *("53000", "53100", "53200", "53300", "53400"),
    *("57014", "57P01", "57P02", "57P03", "57P04", "57P05"),
    *("58000", "58030", "08000", "08003", "08006", "08P01", "25006", "25P03", "55P03"),
)


def test_whatever_may_pass_is_no_defect(cable, cases, rows, settled, tally):
    for number, code in enumerate(PASSING):
        case = cases["ask"](number)
        raising(rows, code)

        answer = case.send()

        assert answer.status_code == 503 or code == "55P03", (code, answer.text)
        assert case.done() == [0]
        rows("drop trigger fails on public.meeting_requests")
        assert well(case.send()), code
        assert case.done() == [1]
    settled()
    tally("errors of the database that may pass", len(PASSING))


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_lost_race_is_run_again_three_times_at_most(code, cable, cases, rows, settled, tally):
    for kind in ("ask", "accept", "book"):
        for times in (1, 2, 3, 5):
            case = cases[kind](times)
            raising(rows, code, times)

            answer = case.send()

            assert (well(answer), apologised(answer)) == (times < 3, times >= 3)
            assert case.done() == [times < 3]
            raising(rows, code, 0)
            after_all(case, answer)
            tally("races lost on purpose")
    settled()


def test_a_lock_that_somebody_holds_is_waited_for_and_no_longer(
    cable, cases, rows, admin, database, settled, tally
):
    made = [cases[kind](1) for kind in ("ask", "accept", "book", "knock")]
    with contextlib.closing(admin(database.admin)) as other, ThreadPoolExecutor(4) as pool:
        other.run("begin")
        other.run("lock table meeting_requests, meetings, lobby_knocks in exclusive mode")
        answers = list(pool.map(lambda case: case.send(), made))
        other.run("rollback")

    for case, answer in zip(made, answers, strict=True):
        # With an idempotency key we say that the first call with it may still be under way.
        assert answer.status_code == (409 if case is made[0] else 503)
        assert case.done() == [0]
        after_all_is_well = case.send()
        assert well(after_all_is_well)
        assert case.done() == [1]
    settled()
    tally("calls that met a lock", len(made))


def test_a_statement_that_takes_too_long_is_given_up(cable, cases, rows, settled, tally):
    case = cases["ask"](1)
    raising(rows, "57014", 0)
    rows(
        """create or replace function public.fails() returns trigger language plpgsql as $$
           begin perform pg_sleep(20); return new; end $$"""
    )

    answer = case.send()

    assert apologised(answer)
    rows("drop trigger fails on public.meeting_requests")
    assert case.done() == [0]
    after_all(case, answer)
    settled()
    tally("statements that took too long")


def test_callers_without_a_connection_to_be_had_are_told(
    cable, cases, environment, rows, admin, database, together, settled, tally
):
    environment.setenv("THREADS", "1")
    anew()
    made = [cases["ask"](number) for number in range(8)]
    cases["read"](0).send()
    cable.rule = lambda passing: 0.15 if passing.direction == "down" else None

    answers = together(*[case.send for case in made])

    cable.calm()
    assert any(map(apologised, answers))
    for case, answer in zip(made, answers, strict=True):
        after_all(case, answer)
    settled()
    tally("callers for one connection", len(made))


@pytest.fixture(scope="module")
def own():
    """A cluster of this module's own, which may be stopped; what it has committed is kept."""
    home = Path(tempfile.mkdtemp(prefix="visio-faults-", dir="/var/tmp"))
    home.chmod(0o755)
    made = Own(home)
    yield made
    made.cluster.stop()
    shutil.rmtree(home)


class Own:
    """It comes back at another port, where the cable follows it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.start()
        with contextlib.closing(postgres.connect(self.cluster.url())) as db:
            db.run(f"create database {TEMPLATE}")
        postgres.prepare(self.cluster.url(TEMPLATE))
        postgres.seed(self.cluster.url(TEMPLATE))
        self.login = postgres.functions_login(self.cluster.url(TEMPLATE), "functions")

    def start(self) -> None:
        settings = tuple(one for one in FAST if not one.startswith("synchronous_commit"))
        self.cluster = postgres.start(postgres.embedded_binaries(), self._home, settings=settings)

    def restart(self, how: signals.Signals) -> None:
        self.cluster.process.send_signal(how)
        self.cluster.process.wait(30)
        self.start()

    def database(self) -> TestDatabase:
        return TestDatabase(self.cluster.url(TEMPLATE), self.login)


def test_a_database_restarted_under_load_loses_nothing_it_promised(
    own, call, environment, remote, tally
):
    address = urlsplit(own.login)
    with Cable((address.hostname, address.port), messages=True) as cable:
        environment.setenv(
            "DATABASE_URL", own.login.replace(f":{address.port}/", f":{cable.port}/")
        )
        environment.setenv("RATE_LIMIT_FACTOR", "0")
        environment.setenv("MAX_OPEN_REQUESTS", "0")
        anew()
        load = Load(call)
        with ThreadPoolExecutor(8) as pool:
            callers = [pool.submit(load.go_on, who) for who in range(8)]
            for how in (signals.SIGINT, signals.SIGQUIT) * rounds(1, 5):
                load.until_more(24)
                own.restart(how)
                cable.aim(("127.0.0.1", own.cluster.port))
            load.until_more(40)
            load.over.set()
            for caller in callers:
                caller.result()

        admin = own.cluster.url(TEMPLATE)
        with contextlib.closing(postgres.connect(admin)) as db:
            kept = {message for [message] in db.run("select message from meeting_requests") or []}
            [[rows]] = db.run("select count(*) from meeting_requests") or [[0]]
        assert load.unheard == []
        assert load.apologies > 0
        assert kept == set(load.promised)
        assert rows == len(load.promised)
        assert broken(admin) == []
        bootstrap.forget()
    tally("calls while the database is restarted", len(load.promised) + load.apologies)


class Load:
    """Callers who go on asking, each until it is promised, and keep what they were told."""

    def __init__(self, call):
        self._call = call
        self.over, self.promised, self.apologies, self.unheard = threading.Event(), [], 0, []
        self._more = threading.Condition()

    def go_on(self, who):
        client = (ALICE, BRUNO, CHLOE)[who % 3]
        for n in count():
            if self.over.is_set():
                return
            message = f"{WORDS} {who}-{n}"
            body = {"requestedSlots": [at(30, n)], "message": message}
            self._until_promised(body, client, {"Idempotency-Key": f"{who}-{n}"})
            with self._more:
                self.promised.append(message)
                self._more.notify_all()

    def _until_promised(self, body, client, key):
        while not well(answer := self._call("request-meeting", body, client, headers=key)):
            in_flight = answer.status_code == 409
            if not apologised(answer) and not in_flight:
                self.unheard.append((answer.status_code, answer.text))
                raise AssertionError(self.unheard)
            self.apologies += 1

    def until_more(self, number):
        with self._more:
            wanted = len(self.promised) + number
            assert self._more.wait_for(lambda: len(self.promised) >= wanted, 120)

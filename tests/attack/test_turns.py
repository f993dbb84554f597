"""Callers in turn on one connection, whatever befell the one before: directly, and behind a pooler.

PgBouncer in transaction mode gives one connection of the server's to whoever begins a transaction,
so what outlives one would be another's.
"""

import contextlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from urllib.parse import unquote, urlsplit

import pytest

from local import postgres
from tests.attack.scale import rounds
from tests.conftest import ON_ONE_SERVER, at
from tests.pooler import pooler, program
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, SCHEDULER, STRANGER, settings_for
from visio import bootstrap, settings
from visio.adapters.database import Database
from visio.adapters.statements import text
from visio.domain.refusals import DatabaseFailed, NotFound, StillLocked, Unavailable

pytestmark = ON_ONE_SERVER

SEEN = text("select name from public.clients order by 1")
SEES = {
    MIKL: ["Alice", "Bruno"],
    NORA: ["Chloé"],
    ALICE: ["Alice"],
    BRUNO: ["Bruno"],
    CHLOE: ["Chloé"],
    STRANGER: [],
}


@pytest.fixture(params=["directly", "through PgBouncer"])
def address(request, database):
    """The functions' own login, as they would reach it."""
    if request.param == "directly":
        yield database.login
        return
    if program() is None:
        pytest.skip("PgBouncer is not installed here: make pgbouncer")
    with pooler(database.login) as through:
        yield through


class Silence:
    """A bus that takes nothing."""

    mails = rooms = pushes = True

    def publish(self, signals, mails=(), *, orders=(), pushes=()):
        return []


def ends(*kinds):
    """A fate that ends in one of these exceptions, always."""

    def decorate(fate):
        @wraps(fate)
        def befalling(self, who):
            try:
                fate(self, who)
            except kinds:
                return
            raise AssertionError(f"{fate.__name__} ended well")

        return befalling

    return decorate


class Fate:
    """What may befall a caller's transaction; each leaves the connection to the next one."""

    def __init__(self, database, admin):
        self._database, self._admin = database, admin

    def _acting(self, who):
        return self._database.acting_as(who.user, "tests")

    def well(self, who):
        with self._acting(who) as tx:
            tx.read(text("select 1"))

    def reads(self, who):
        with self._database.reading_as(who.user, "tests") as tx:
            tx.read(text("select 1"))
            tx.read(text("select 2"))

    def nothing(self, who):
        with self._acting(who):
            pass

    def as_system(self, _):
        with self._database.acting_as_system("tests") as tx:
            tx.read(text("select count(*) from public.clients"))

    @ends(NotFound)
    def refused(self, who):
        with self._acting(who) as tx:
            tx.also(text("select set_config('visio.left', 'behind', true)"))
            tx.read(text("select 1"))
            tx.write(text("select set_config('visio.left', 'further behind', true)"))
            raise NotFound

    @ends(NotFound)
    def refused_unread(self, who):
        with self._database.reading_as(who.user, "tests") as tx:
            tx.also(text("select 1"))
            raise NotFound

    @ends(ZeroDivisionError)
    def defect(self, who):
        with self._acting(who) as tx:
            tx.read(text("select 1"))
            1 / 0  # noqa: B018 -- that is the defect

    @ends(DatabaseFailed)
    def error(self, who):
        with self._acting(who) as tx:
            tx.read(text("select 1/0"))

    @ends(DatabaseFailed)
    def error_in_the_commit(self, who):
        with self._acting(who) as tx:
            tx.read(text("select 1"))
            tx.write(text("select 1/0"))
            tx.write(text("select 2"))

    @ends(DatabaseFailed)
    def forbidden(self, who):
        with self._acting(who) as tx:
            tx.read(text("select * from visio.mail_outbox"))

    @ends(UnicodeEncodeError)
    def unencodable(self, who):
        with self._acting(who) as tx:
            tx.read(text("select cast(:value as text)"), value="\ud800")

    @ends(UnicodeEncodeError)
    def unencodable_write(self, who):
        with self._acting(who) as tx:
            tx.read(text("select 1"))
            tx.write(text("select cast(:value as text)"), value="\ud800")

    @ends(Unavailable)
    def timed_out(self, who):
        with self._acting(who) as tx:
            tx.also(text("select set_config('statement_timeout', '5', true)"))
            tx.read(text("select pg_sleep(5)"))

    @ends(Unavailable)
    def cancelled(self, who):
        # By itself, or as what `visio.hold` had the session hold.
        cancel = """select pg_cancel_backend(pid) from pg_stat_activity
                     where query ~ '^(prepare .* as )?select pg_sleep[(]4[)]'
                       and datname = current_database() and state = 'active'"""

        def soon():
            while not self._admin.run(cancel):
                time.sleep(0.01)

        with ThreadPoolExecutor(1) as pool, self._acting(who) as tx:
            pool.submit(soon)
            tx.read(text("select pg_sleep(4)"))

    @ends(StillLocked)
    def locked_out(self, who):
        self._admin.run("begin")
        self._admin.run("select pg_advisory_xact_lock(42)")
        try:
            with self._acting(who) as tx:
                tx.also(text("select set_config('lock_timeout', '5', true)"))
                tx.read(text("select pg_advisory_xact_lock(42)"))
        finally:
            self._admin.run("rollback")

    @ends(Unavailable)
    def killed(self, who):
        kill = """select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where usename like '%functions' and datname = current_database()"""
        with self._acting(who) as tx:
            tx.read(text("select 1"))
            self._admin.run(kill)
            tx.read(text("select 2"))

    @ends(NotFound)
    def goes_on_as_system(self, who):
        with self._acting(who) as tx:
            tx.read(text("select 1"))
            tx.go_on_as_system()
            [row] = tx.read(text("select count(*) as everybody from public.clients"))
            assert row["everybody"] == 3
            raise NotFound


def test_nothing_of_a_caller_reaches_the_next(database, address, tally):
    chance = random.Random(20261125)  # noqa: S311 -- the same turns each time
    fates = [name for name in vars(Fate) if not name.startswith("_")]
    drawn = fates + [chance.choice(fates) for _ in range(rounds(20, 600))]
    seen = []

    with contextlib.closing(postgres.connect(database.admin)) as admin:
        on_one = Database(address, size=1, bus=Silence())
        fate = Fate(on_one, admin)
        for name in drawn:
            before, after = chance.sample(list(SEES), 2)
            getattr(fate, name)(before)
            with on_one.acting_as(after.user, "tests") as tx:
                names = [row["name"] for row in tx.read(SEEN)]
                [row] = tx.read(text("select current_setting('visio.left', true) as kept"))
            right = names == SEES[after] and not row["kept"]
            seen.append((right, name, before.name, after.name))
        on_one.close()

    assert [one for one in seen if not one[0]] == []
    tally(f"callers in turn, {'directly' if address == database.login else 'pooled'}", len(drawn))


def test_a_session_knows_nothing_of_the_transactions_it_carried(database, address):
    """Asked as somebody who sets no role: behind a pooler that is another client altogether."""
    setting = """select current_user, current_setting('request.jwt.claims', true),
                        current_setting('visio.function', true), current_setting('lock_timeout'),
                        (select count(*) from pg_prepared_statements)"""
    on_one = Database(address, size=1, bus=Silence())
    with on_one.acting_as(MIKL.user, "lobby_signal") as tx:
        tx.read(text("select 1"))
        pid = tx.read(text("select pg_backend_pid() as pid"))[0]["pid"]

    if address == database.login:
        asked = on_one._pool.take()
        [[same]] = asked.execute_unnamed("select pg_backend_pid()").rows
        [found] = asked.execute_unnamed(setting).rows
        on_one._pool.give_back(asked)
    else:
        with contextlib.closing(postgres.connect(address)) as other:
            [[same]] = other.run("select pg_backend_pid()")
            [found] = other.run(setting)
    on_one.close()

    assert same == pid
    assert found[0] == unquote(urlsplit(database.login).username)
    assert [value or "" for value in found[1:4]] == ["", "", "0"]


@pytest.fixture
def served(environment, remote, database, address):
    """The functions, whose DATABASE_URL is this address."""
    for name, value in settings_for(address, remote).items():
        environment.setenv(name, value)
    environment.setenv("THREADS", "2")
    settings.forget()
    bootstrap.forget()


def test_the_whole_story_is_the_same_behind_a_pooler(served, call, signal, remote, rows, holds):
    asked = call("request-meeting", {"requestedSlots": [at(1), at(2)]}, ALICE)
    request = asked.json["data"]
    offer = {"requestId": request["id"], "decision": "propose", "proposedSlots": [at(3)]}
    accept = {"requestId": request["id"], "answer": "accept", "selectedSlot": at(3)}
    steps = [asked, call("decide-request", offer, MIKL), call("answer-proposal", accept, ALICE)]
    meeting = steps[-1].json["data"]["meetingId"]
    steps += [
        signal(meeting, "client_waiting", ALICE, devices="ready"),
        call("lobby-state", {"meetingId": meeting}, BRUNO),
        call("waiting-room", {}, MIKL),
        call("lobby-message", {"meetingId": meeting, "text": "J’arrive"}, MIKL),
        call("join-meeting", {"meetingId": meeting}, ALICE),
        call("admit-clients", {"meetingIds": [meeting]}, MIKL),
        call("join-meeting", {"meetingId": meeting}, ALICE),
        signal(meeting, "meeting_ended", MIKL),
        call("list-notifications", {}, ALICE),
        call("read-notifications", {}, ALICE),
        call("list-requests", {}, CHLOE),
    ]
    bearer = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    steps.append(call("complete-meetings", headers=bearer))

    assert [step.status_code for step in steps] == [
        *(201, 200, 200, 200, 404, 200, 201, 403, 200, 200, 200, 200, 200, 200, 200)
    ]
    assert rows("select status || ' ' || outcome from meetings") == ["completed held"]
    assert steps[-2].json["data"]["items"] == []


def test_many_at_once_share_the_poolers_one_connection(served, call, together, rows, holds, tally):
    """Each of eight sees their own rows only, though all sit on one connection of the server's."""
    for client in (ALICE, BRUNO, CHLOE):
        call("request-meeting", {"requestedSlots": [at(1)], "message": client.name}, client)
    people = {ALICE: ["Alice"], BRUNO: ["Bruno"], CHLOE: ["Chloé"], NORA: ["Chloé"]}

    def ask(who):
        answer = call("list-requests", {}, who)
        if answer.status_code == 503:  # the queue was too long: no answer is not another's
            return True
        return [item["message"] for item in answer.json["data"]["items"]] == people[who]

    turns = rounds(2, 25)
    answers = [
        right for _ in range(turns) for right in together(*[lambda w=w: ask(w) for w in people] * 2)
    ]

    assert all(answers)
    tally("callers at once on one connection", len(answers))

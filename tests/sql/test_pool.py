"""Connections go from one caller to the next only where the next one cannot tell."""

import contextlib
import select
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pg8000
import pytest

from visio.adapters.pipeline import PipelinedConnection, connector
from visio.adapters.pool import OLDEST, RESTED, Pool
from visio.domain.refusals import Unavailable


class Clock:
    """It goes on when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        self.now += 0.001
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pool(database, clock):
    made = Pool(connector(database.login), size=2, clock=clock)
    yield made
    made.discard()


def pid(connection):
    [[found]] = connection.execute_unnamed("select pg_backend_pid()").rows
    return found


def next_pid(pool):
    """Who answers the next caller."""
    connection = pool.take()
    try:
        return pid(connection)
    finally:
        pool.give_back(connection)


def killed(rows, *pids):
    """Ended by the server, all of them, and gone."""
    for one in pids:
        rows(f"select pg_terminate_backend({one}, 5000)")


def test_the_connection_used_last_goes_out_first(pool):
    first, second = pool.take(), pool.take()
    pids = pid(first), pid(second)
    pool.give_back(second)
    pool.give_back(first)

    again = [next_pid(pool), next_pid(pool)]
    both = [pool.take(), pool.take()]
    assert again == [pids[0], pids[0]]
    assert [pid(connection) for connection in both] == [*pids]
    for connection in both:
        pool.give_back(connection)


def test_an_old_connection_is_replaced(pool, clock):
    before = next_pid(pool)
    for _ in range(3):
        clock.now += OLDEST / 4
        assert next_pid(pool) == before

    clock.now += OLDEST / 4

    assert next_pid(pool) != before


def test_one_that_rested_is_asked_first(pool, clock, rows):
    before = next_pid(pool)
    killed(rows, before)
    clock.now += RESTED

    assert next_pid(pool) != before


def test_one_that_was_just_used_is_not_asked(pool, monkeypatch):
    before = next_pid(pool)
    sent = []
    flush = PipelinedConnection.flush
    monkeypatch.setattr(PipelinedConnection, "flush", lambda self: sent.append(1) or flush(self))

    assert next_pid(pool) == before
    assert len(sent) == 1


def test_one_that_the_server_has_closed_is_nobodys_next_however_short_it_rested(pool, rows):
    before = next_pid(pool)
    killed(rows, before)

    assert next_pid(pool) != before


def test_where_half_an_end_has_no_name_connections_are_used_again_all_the_same(pool, monkeypatch):
    monkeypatch.delattr(select, "POLLRDHUP")  # as on macOS

    before = next_pid(pool)

    assert [next_pid(pool), next_pid(pool)] == [before, before]


def test_one_that_nothing_can_be_learned_of_is_nobodys_next(pool):
    connection = pool.take()
    before = pid(connection)
    pool.give_back(connection)
    connection.abandon()

    assert next_pid(pool) != before


@pytest.mark.parametrize(
    "left",
    [
        lambda connection: connection.execute_unnamed("begin"),
        lambda connection: connection.defer("select 1"),
        lambda connection: setattr(connection, "followed_by", "commit"),
        lambda connection: setattr(connection, "in_step", False),
    ],
    ids=["in a transaction", "with a statement", "with a commit", "unread"],
)
def test_what_is_left_in_disorder_is_nobodys_next(pool, left):
    connection = pool.take()
    before = pid(connection)
    left(connection)

    pool.give_back(connection)

    assert next_pid(pool) != before


def test_an_answer_that_was_cut_short_leaves_the_connection_out_of_step(pool):
    def interrupted(*_):
        raise SystemExit

    connection = pool.take()
    before = pid(connection)
    connection.message_types[b"D"] = interrupted

    with pytest.raises(SystemExit):
        connection.execute_unnamed("select 'of the one before'")
    with pytest.raises(pg8000.InterfaceError):
        connection.execute_unnamed("select 1")
    pool.give_back(connection)

    assert next_pid(pool) != before


def test_what_is_discarded_is_closed_at_once_or_when_it_comes_back(pool, rows):
    resting, used = pool.take(), pool.take()
    pids = pid(resting), pid(used)
    pool.give_back(resting)

    pool.discard()
    assert pid(used) == pids[1]
    pool.give_back(used)

    assert {next_pid(pool), next_pid(pool)}.isdisjoint(pids)


def test_who_cannot_connect_keeps_nobody_from_trying(database):
    away = Pool(connector(database.login.replace("@", "-nobody@")), size=1)

    for _ in range(3):
        with pytest.raises(pg8000.Error):
            away.take()


def test_who_finds_none_free_waits_for_one(database):
    one = Pool(connector(database.login), size=1)
    held = one.take()
    before = pid(held)
    threading.Timer(0.2, one.give_back, [held]).start()

    assert next_pid(one) == before
    one.discard()


def test_whoever_waits_longest_is_next(database):
    one = Pool(connector(database.login), size=1)
    held, came = one.take(), []

    def wait(number):
        connection = one.take()
        came.append(number)
        one.give_back(connection)

    waiting = []
    for number in range(5):
        waiting.append(threading.Thread(target=wait, args=[number]))
        waiting[-1].start()
        while len(one._turns._waiting) <= number:
            time.sleep(0.001)
    one.give_back(held)
    for thread in waiting:
        thread.join()

    assert came == [0, 1, 2, 3, 4]
    one.discard()


def test_who_waits_too_long_is_told(database):
    one = Pool(connector(database.login), size=1)
    held = one.take()

    with pytest.raises(Unavailable):
        one.take()

    one.give_back(held)
    assert next_pid(one) > 0
    one.discard()


def test_threads_never_share_one_and_open_no_more_than_there_may_be(database):
    few = Pool(connector(database.login), size=3)
    used = set()

    def ask(number):
        connection = few.take()
        used.add(id(connection))
        answered = connection.execute_unnamed("select $1, pg_sleep(0.002)", (str(number),))
        few.give_back(connection)
        return answered.rows[0][0]

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(ask, range(300)))

    assert answers == [str(number) for number in range(300)]
    assert len(used) <= 3
    few.discard()


class Opening:
    """Opens connections as it is told to: slowly, or not at all."""

    def __init__(self, database):
        self.open, self.opened, self.fails = connector(database.login), 0, False
        self.may = threading.Event()

    def __call__(self):
        self.may.wait(10)
        if self.fails:
            raise OSError("nobody there")
        self.opened += 1
        return self.open()


@pytest.fixture
def opening(database):
    return Opening(database)


def test_one_that_is_opened_ahead_is_waited_for_and_no_other_is_opened(opening, together):
    pool = Pool(opening, size=2)
    pool.open_ahead()
    threading.Timer(0.2, opening.may.set).start()

    first, second = together(pool.take, pool.take)

    assert pid(first) != pid(second)
    assert opening.opened == 2
    for connection in (first, second):
        pool.give_back(connection)
    pool.discard()


def test_one_that_cannot_be_opened_ahead_is_tried_again_by_whoever_needs_it(opening):
    opening.fails = True
    opening.may.set()
    pool = Pool(opening, size=1)
    pool.open_ahead()
    with pytest.raises(OSError, match="nobody there"):
        pool.take()

    opening.fails = False

    with contextlib.closing(pool.take()) as found:
        assert pid(found)


@pytest.mark.parametrize("early", [True, False])
def test_what_is_rehearsed_on_it_keeps_nobody_from_his_own_answers(opening, early):
    def rehearse(connection):
        connection.defer("select pg_sleep(0.2)")
        connection.defer("select 'rehearsed'")
        connection.post()

    opening.may.set()
    pool = Pool(opening, size=1)
    pool.open_ahead(rehearse)
    pool._ahead.join()
    if not early:
        time.sleep(0.3)

    with contextlib.closing(pool.take()) as found:
        assert (found._prepared.of("select 'rehearsed'") is None) is early
        assert found.execute_unnamed("select 'mine'").rows == [["mine"]]
        held = "select count(*) from pg_prepared_statements where statement like $1"
        assert found.execute_unnamed(held, ("%''rehearsed''%",)).rows == [[0]]
        assert found.execute_unnamed(held, ("%'rehearsed'%",)).rows == [[1]]


def test_one_that_was_lost_after_what_was_rehearsed_is_not_used(opening, rows):
    def rehearse(connection):
        connection.defer("select pg_terminate_backend(pg_backend_pid())")
        connection.post()

    opening.may.set()
    pool = Pool(opening, size=1)
    pool.open_ahead(rehearse)
    pool._ahead.join()
    time.sleep(0.2)

    with contextlib.closing(pool.take()) as found:
        assert pid(found)
    assert opening.opened == 2


def test_one_that_was_opened_ahead_of_a_loss_is_not_used(opening):
    opening.may.set()
    pool = Pool(opening, size=1)
    pool.open_ahead()
    pool._ahead.join()
    pool.discard()

    with contextlib.closing(pool.take()) as found:
        assert pid(found)
    assert opening.opened == 2

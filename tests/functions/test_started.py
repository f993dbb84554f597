"""A function's process from its start: the connection that is opened while its server loads, and
handed to the process that serves."""

import contextlib
import http.client
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.gateway import names
from local.postgres import free_port
from tests.world import ALICE, PROJECT
from visio import edge
from visio.adapters.database import IDENTITY, WHO, Database
from visio.adapters.pipeline import connector

SESSIONS = """
select pid from pg_stat_activity
 where application_name = 'visio' and datname = current_database() order by pid"""


class Started:
    """`who_am_i`, as functions-framework's command serves it."""

    def __init__(self):
        self.port = free_port()
        page = PROJECT / "functions" / "who_am_i" / "main.py"
        command = [sys.executable, "-m", "functions_framework", "--target", "who_am_i"]
        self.process = subprocess.Popen(
            [*command, "--source", str(page), "--port", str(self.port), "--host", "127.0.0.1"],
            env={**os.environ, "THREADS": "4", "PYTHONPATH": str(PROJECT / "src")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def worker(self):
        """The process that serves, forked from the one that has loaded the page."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return until(lambda: next(map(int, task.read_text().split()), None))

    def status(self, method="GET"):
        """Of an answer to Alice, once there is one."""

        def asked():
            assert self.process.poll() is None
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request(method, "/", headers=ALICE.headers)
                return connection.getresponse().status
            except ConnectionError:
                return None
            finally:
                connection.close()

        return until(asked)


def until(found):
    """What is found in the end, which is neither None nor empty."""
    give_up = time.monotonic() + 30
    while not (there := found()):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return there


@pytest.fixture
def started(environment):
    made = Started()
    yield made
    made.process.terminate()
    made.process.wait(20)


def connections(pid, port):
    """How many connections to a port a process holds."""
    table = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    there = {line.split()[9] for line in table if line.split()[2].endswith(f":{port:04X}")}
    held = [
        Path(entry.path).readlink().name
        for entry in os.scandir(f"/proc/{pid}/fd")
        if Path(entry.path).is_symlink()
    ]
    return sum(name == f"socket:[{inode}]" for name in held for inode in there)


def test_the_first_caller_finds_a_connection_that_is_open_and_nobody_else_holds_it(
    started, rows, database
):
    [ahead] = until(lambda: rows(SESSIONS))
    worker, port = started.worker, urlsplit(database.login).port

    assert [started.status() for _ in range(3)] == [200] * 3

    assert rows(SESSIONS) == [ahead]
    assert (connections(started.process.pid, port), connections(worker, port)) == (0, 1)


def test_a_worker_that_takes_another_ones_place_opens_one_of_its_own(started, rows):
    [before] = until(lambda: rows(SESSIONS))
    assert started.status() == 200
    first = started.worker

    os.kill(first, signal.SIGKILL)
    until(lambda: started.worker != first)

    assert started.status() == 200
    [after] = until(lambda: len(found := rows(SESSIONS)) == 1 and found)
    assert after != before


def test_a_database_that_takes_calls_and_says_nothing_keeps_no_function_from_starting(environment):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        environment.setenv("DATABASE_URL", f"postgresql://a:b@127.0.0.1:{deaf.getsockname()[1]}/c")
        started = Started()
        try:
            assert started.status("DELETE") == 405
        finally:
            started.process.kill()
            started.process.wait(20)


@pytest.fixture
def rehearsing(environment):
    """Each page that asks something ahead of its first caller."""
    pages = {name: importlib.import_module(f"functions.{name}.main") for name in names()}
    declared = [getattr(page, name).declared for name, page in pages.items()]
    return [page for page in declared if page.first]


def test_what_is_asked_ahead_of_anybody_does_nothing_and_fails_nowhere(rehearsing, database):
    assert len(rehearsing) > 10
    with contextlib.closing(connector(database.login)()) as wire:
        for page in rehearsing:
            role = "visio_app" if page.door is edge.user else "visio_system"
            wire.defer("begin")
            wire.defer(IDENTITY, (role, "{}", page.name))
            for statement in page.first:
                wire.defer(statement.sql, [None] * len(statement.names))
            wrote = wire.run("select pg_current_xact_id_if_assigned()").rows
            wire.run("rollback")

            assert (page.name, wrote) == (page.name, [[None]])
            assert not any(statement.anew for statement in page.first)


def test_the_first_caller_finds_planned_what_he_asks(rehearsing, database):
    for page in rehearsing:
        with contextlib.closing(Database(database.login, size=1, bus=None)) as ahead:
            ahead.open_ahead(page.first, by_users=page.door is edge.user)
            with ahead.acting_as_system(page.name):
                pass  # whoever comes early waits for his own answers, and so for those before
            with contextlib.closing(ahead._pool.take()) as wire:
                wire.catch_up()
                ready = wire.run(
                    "select statement from pg_prepared_statements where generic_plans > 0",
                    anew=True,
                ).rows

        asked = {statement.sql for statement in page.first}
        asked |= {WHO} if page.door is edge.user else set()
        assert asked <= {statement for [statement] in ready}, page.name

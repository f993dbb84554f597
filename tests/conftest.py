"""Real PostgreSQL servers, a fresh database for each test, and functions called as served."""

import contextlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import functions_framework
import hypothesis
import pg8000.native
import pytest
from werkzeug.test import TestResponse

from local import postgres
from local.tokens import Keys
from tests.running import RunningStack
from tests.world import ALICE, JWT_SECRET, MIKL, PROJECT, Persona, Remote, settings_for
from visio import bootstrap, log, settings

TEMPLATE = "visio_template"
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=300")
# A copy of the template is written to no log.
FAST += ("wal_level=minimal", "max_wal_senders=0")
# Each test's database is a copy of three hundred files: 15 ms in memory, up to 300 on a disk.
IN_MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30  # noqa: S108 -- a folder of its own is made there
CLUSTERS = pytest.StashKey[dict[str, dict[str, str]]]()
# Of what no server has a part in, one is enough: many cases, each with a database of its own.
ON_ONE_SERVER = pytest.mark.parametrize("database", ["embedded"], indirect=True)
STOP = pytest.StashKey[contextlib.ExitStack]()
# How long one example takes says how busy the machine is, and nothing about us.
hypothesis.settings.register_profile("visio", deadline=None)
hypothesis.settings.load_profile("visio")


def _servers() -> dict[str, Path]:
    """The PostgreSQL servers to test on: the embedded one, and version 15 where it is installed."""
    found = {"embedded": postgres.embedded_binaries()}
    fifteen = Path(os.environ.get("VISIO_TEST_POSTGRES15") or "/usr/lib/postgresql/15/bin")
    if (fifteen / "initdb").exists():
        found["15"] = fifteen
    return found


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[CLUSTERS] = json.loads(config.workerinput["clusters"])
        return
    stop = config.stash[STOP] = contextlib.ExitStack()
    clusters = config.stash[CLUSTERS] = {}
    if config.option.collectonly:
        return
    if given := os.environ.get("VISIO_TEST_CLUSTERS"):
        clusters.update(json.loads(given))
        return
    for name, binaries in _servers().items():
        clusters[name] = stop.enter_context(served(binaries))


@contextlib.contextmanager
def served(binaries: Path) -> Iterator[dict[str, str]]:
    """The addresses of a server of the tests' own, with the template that each test's is made of.

    Who runs pytest many times gives them to each in VISIO_TEST_CLUSTERS, as JSON by their names.
    """
    with contextlib.ExitStack() as stop:
        roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ENOUGH
        folder = IN_MEMORY if roomy else Path("/var/tmp")  # noqa: S108 -- as above
        home = Path(tempfile.mkdtemp(prefix="visio-tests-", dir=folder))
        home.chmod(0o755)
        stop.callback(shutil.rmtree, home)
        cluster = postgres.start(binaries, home, settings=FAST)
        stop.callback(cluster.stop)
        with contextlib.closing(postgres.connect(cluster.url())) as db:
            db.run(f"create database {TEMPLATE}")
        postgres.prepare(cluster.url(TEMPLATE))
        postgres.seed(cluster.url(TEMPLATE))
        login = postgres.functions_login(cluster.url(TEMPLATE), "functions")
        yield {"admin": cluster.url("{}"), "login": login.replace(TEMPLATE + "?", "{}?")}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["clusters"] = json.dumps(node.config.stash[CLUSTERS])


def pytest_unconfigure(config: pytest.Config) -> None:
    if STOP in config.stash:
        config.stash[STOP].close()


@dataclass(frozen=True)
class TestDatabase:
    """`admin` sees everything and is for looking; `login` is what the functions use."""

    __test__ = False
    admin: str
    login: str


@pytest.fixture(params=["embedded", "15"])
def database(request: pytest.FixtureRequest) -> Iterator[TestDatabase]:
    """A database of this test's own, with the demo people in it."""
    clusters = request.config.stash[CLUSTERS]
    if request.param not in clusters:
        pytest.skip(f"PostgreSQL {request.param} is not installed here")
    addresses, name = clusters[request.param], f"visio_{uuid4().hex[:12]}"
    with contextlib.closing(postgres.connect(addresses["admin"].format("postgres"))) as db:
        db.run(f"create database {name} template {TEMPLATE} strategy file_copy")
        made = TestDatabase(addresses["admin"].format(name), _login(addresses["login"], name))
        yield made
        bootstrap.forget()
        db.run(f"drop database {name} with (force)")


def _login(address: str, name: str) -> str:
    head, _, _ = address.rpartition("/")
    return f"{head}/{name}"


@pytest.fixture(scope="session")
def _remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    made = Remote(Keys.load(tmp_path_factory.mktemp("keys"), JWT_SECRET))
    server = made.serve()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def remote(_remote: Remote) -> Remote:
    """The remote services, with nothing told to them yet."""
    _remote.reset()
    return _remote


@pytest.fixture
def environment(
    database: TestDatabase, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """Everything that functions need, read anew; change it and call `settings.forget()`."""
    for name, value in settings_for(database.login, remote).items():
        monkeypatch.setenv(name, value)
    settings.forget()
    bootstrap.forget()
    yield monkeypatch
    bootstrap.forget()
    settings.forget()


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """What is logged meanwhile: our own lines, which go no further than "visio", and the others."""
    log.configure(local=True)
    handler, listened = _Lines(), (logging.getLogger("visio"), logging.getLogger())
    for logger in listened:
        logger.addHandler(handler)
    yield handler.records
    for logger in listened:
        logger.removeHandler(handler)


_apps: dict[str, Any] = {}
GETS = {
    *("list-requests", "list-meetings", "list-notifications", "list-quarantine", "lobby-state"),
    *("calendar-file", "calendar-feed", "waiting-room", "who-am-i", "list-clients"),
}
Call = Callable[..., TestResponse]


@pytest.fixture
def call(environment: pytest.MonkeyPatch) -> Call:
    """Call a function through the Functions Framework's own application."""

    def call(
        name: str,
        body: Any = None,
        as_: Persona | None = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        path: str = "/",
    ) -> TestResponse:
        if name not in _apps:
            folder = name.replace("-", "_")
            source = str(PROJECT / "functions" / folder / "main.py")
            _apps[name] = functions_framework.create_app(folder, source)
        method = method or ("GET" if name in GETS else "POST")
        given = {**(as_.headers if as_ else {}), **(headers or {})}
        sent: dict[str, Any] = {"query_string": body} if method == "GET" else {"json": body}
        if raw is not None:
            sent = {"data": raw}
        elif body is None:
            sent = {}
        response: TestResponse = (
            _apps[name].test_client().open(path, method=method, headers=given, **sent)
        )
        return response

    return call


@pytest.fixture
def rows(database: TestDatabase) -> Iterator[Callable[..., list[Any]]]:
    """Look at, or age, what there is, past every policy."""
    with contextlib.closing(postgres.connect(database.admin)) as db:

        def rows(sql: str, **values: Any) -> list[Any]:
            found = db.run(sql, **values) or []
            return [row[0] if len(row) == 1 else tuple(row) for row in found]

        yield rows


@pytest.fixture
def marked(rows: Callable[..., list[Any]]) -> Callable[[int], None]:
    """Wait until exactly so many signals are marked as published, which no answer waits for."""

    def marked(many: int) -> None:
        give_up = time.monotonic() + 10
        count = "select count(*) from visio.signal_outbox where published_at is not null"
        while rows(count) != [many] and time.monotonic() < give_up:
            time.sleep(0.01)
        assert rows(count) == [many]

    return marked


@pytest.fixture
def together() -> Callable[..., list[Any]]:
    """Start every action at the same instant; return their results in order."""

    def together(*actions: Callable[[], Any]) -> list[Any]:
        gate = Barrier(len(actions))

        def run(action: Callable[[], Any]) -> Any:
            gate.wait()
            return action()

        with ThreadPoolExecutor(len(actions)) as pool:
            return list(pool.map(run, actions))

    return together


def at(days: float = 1, minutes: float = 0) -> str:
    """An instant some days ahead, on a full minute."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return (now + timedelta(days=days, minutes=minutes)).isoformat()


@pytest.fixture
def pending(call: Call) -> Callable[..., dict[str, Any]]:
    """A client's request that waits for a decision."""

    def pending(client: Persona = ALICE, slots: list[str] | None = None, **more: Any) -> Any:
        body = {"requestedSlots": slots or [at(1), at(2)], **more}
        return call("request-meeting", body, client).json["data"]

    return pending


@pytest.fixture
def accepted(call: Call, pending: Callable[..., dict[str, Any]]) -> Callable[..., str]:
    """The id of a meeting that a client and the operator have agreed on."""

    def accepted(client: Persona = ALICE, operator: Persona = MIKL, days: float = 1) -> str:
        request = pending(client, [at(days)])
        slot = request["requestedSlots"][0]
        body = {"requestId": request["id"], "decision": "accept", "selectedSlot": slot}
        meeting: str = call("decide-request", body, operator).json["data"]["meetingId"]
        return meeting

    return accepted


@pytest.fixture
def signal(call: Call) -> Callable[..., TestResponse]:
    """Send one lobby signal."""

    def signal(meeting: str, name: str, as_: Persona, **more: Any) -> TestResponse:
        return call("lobby-signal", {"meetingId": meeting, "signal": name, **more}, as_)

    return signal


@pytest.fixture
def admin() -> Callable[[str], pg8000.native.Connection]:
    return postgres.connect


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """One stack for all tests that only use it."""
    home = Path(tempfile.mkdtemp(prefix="visio-stack-", dir="/var/tmp"))
    home.chmod(0o755)
    running = RunningStack(home)
    try:
        yield running.until_healthy()
    finally:
        running.interrupt()
        shutil.rmtree(home)

"""Round trips to the database, counted at the socket, and what each of them costs."""

import contextlib
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Engine, create_engine, text

from bench.distance import Proxy, distant
from bench.world import Caller, World
from tests.pooler import pooler, program

ACCEPTS = 40
DELAYS = (0, 2, 10)
BASELINE = (
    "select set_config('role', :role, true)",
    "select set_config('request.jwt.claims', :claims, true)",
    "select * from bench where id = :id for update",
    "insert into bench (id, v) values (:id + 1000000, :v) on conflict (id) do nothing",
    "update bench set v = :v where id = :id",
    "insert into bench (id, v) values (:id + 2000000, :v) on conflict (id) do nothing",
    "insert into bench (id, v) values (:id + 3000000, :v) on conflict (id) do nothing",
)


@contextlib.contextmanager
def through_proxy(made: World) -> Iterator[tuple[Proxy, Caller]]:
    """A caller whose functions reach the database through a proxy."""
    proxy = Proxy("127.0.0.1", urlsplit(made.login).port or 5432)
    environment = {**made.environment, "DATABASE_URL": through(made.login, proxy.port)}
    try:
        yield proxy, Caller(World(made.admin, made.login, environment, made.remote))
    finally:
        proxy.close()


def count(made: World) -> dict[str, dict[str, int]]:
    """Trips of each action on a connection that is open already: those that its answer waited for,
    and those that were still on their way when it was there."""
    counted: dict[str, dict[str, int]] = {"waitedFor": {}, "leftBehind": {}}
    with through_proxy(made) as (proxy, caller):
        ready = caller.ready()
        # Whatever is not waited for is then surely not back yet.
        proxy.delay = 0.05
        for action, (function, sent) in ready.items():
            proxy.settle()
            before = proxy.trips
            caller.send(function, sent)
            counted["waitedFor"][action] = waited = proxy.trips - before
            proxy.settle()
            counted["leftBehind"][action] = proxy.trips - before - waited
    return counted


def accepts(made: World) -> dict[str, list[float]]:
    """Milliseconds of decide-request accept, by milliseconds added to each trip."""
    samples: dict[str, list[float]] = {}
    with distant("127.0.0.1", urlsplit(made.login).port or 5432) as server:
        login = through(made.login, server.port)
        environment = {**made.environment, "DATABASE_URL": login}
        caller = Caller(World(made.admin, made.login, environment, made.remote))
        for delay in DELAYS:
            server.delay(0)
            ready = [caller.accept() for _ in range(ACCEPTS)]
            server.delay(delay / 1000)
            samples[str(delay)] = [_timed(caller, sent) for sent in ready]
    return samples


def pooled(made: World) -> dict[str, list[float]]:
    """The same behind PgBouncer in transaction mode; nothing where there is none."""
    if program() is None:
        return {}
    with pooler(made.login) as behind:
        return accepts(replace(made, login=behind))


def _timed(caller: Caller, sent: object) -> float:
    began = time.perf_counter()
    caller.send("decide_request", sent)  # type: ignore[arg-type]  # made by `accept`
    return (time.perf_counter() - began) * 1000


def baseline(made: World) -> tuple[dict[str, list[float]], int]:
    """The same work as usual code does it: eight statements of SQLAlchemy Core on plain pg8000.

    In milliseconds, and how many trips they are.
    """
    samples: dict[str, list[float]] = {}
    port = urlsplit(made.admin).port or 5432
    with distant("127.0.0.1", port) as server, _usual(made, server.port) as engine:
        with engine.begin() as db:
            db.execute(text("create table bench (id integer primary key, v text)"))
            db.execute(text("insert into bench select generate_series(1, 1000), ''"))
        for delay in DELAYS:
            server.delay(delay / 1000)
            samples[str(delay)] = [_usually(engine, n + 1) for n in range(ACCEPTS // 2)]
    proxy = Proxy("127.0.0.1", port)
    with _usual(made, proxy.port) as engine:
        _usually(engine, 1)
        before = proxy.trips
        _usually(engine, 1)
        trips = proxy.trips - before
    proxy.close()
    return samples, trips


@contextlib.contextmanager
def _usual(made: World, port: int) -> Iterator[Engine]:
    url = through(made.admin, port).replace("postgresql://", "postgresql+pg8000://")
    engine = create_engine(url, connect_args={"ssl_context": False})
    yield engine
    engine.dispose()


def _usually(engine: Engine, number: int) -> float:
    values = {"role": "postgres", "claims": "{}", "id": number, "v": "x"}
    began = time.perf_counter()
    with engine.begin() as db:
        for statement in BASELINE:
            db.execute(text(statement), values)
    return (time.perf_counter() - began) * 1000


def medians(samples: dict[str, list[float]]) -> dict[str, float]:
    return {delay: round(statistics.median(found), 1) for delay, found in samples.items()}


def through(url: str, port: int) -> str:
    """The same address, by way of a proxy at a port."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))

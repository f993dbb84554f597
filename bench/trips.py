"""Round trips to the database, counted at the socket, and what each of them costs."""

import contextlib
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from queue import SimpleQueue
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import create_engine, text

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


class Proxy:
    """Passes bytes on to a server, each way there and back `delay` seconds late.

    A trip begins when a client sends after the server has spoken, and is made when the server
    speaks again.
    """

    def __init__(self, host: str, port: int) -> None:
        self.begun, self.trips, self.delay = 0, 0, 0.0
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def settle(self) -> None:
        """Wait until every trip that was begun has been made."""
        time.sleep(0.02)  # what has just been sent is not yet here
        while self.trips < self.begun:
            time.sleep(0.001)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._to)
                for wire in (client, server):
                    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                answered = threading.Event()
                answered.set()
                for source, sink, asks in ((client, server, True), (server, client, False)):
                    threading.Thread(
                        target=self._pass, args=(source, sink, asks, answered), daemon=True
                    ).start()

    def _pass(
        self, source: socket.socket, sink: socket.socket, asks: bool, answered: threading.Event
    ) -> None:
        late: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        if asks:
            threading.Thread(target=_send_late, args=(late, sink), daemon=True).start()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if asks and answered.is_set():
                    answered.clear()
                    self.begun += 1
                elif not asks and not answered.is_set():
                    answered.set()
                    self.trips += 1
                if asks:
                    late.put((time.perf_counter() + self.delay, data))
                else:
                    sink.sendall(data)
        if asks:
            late.put((0, b""))
        else:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)


def _send_late(late: "SimpleQueue[tuple[float, bytes]]", sink: socket.socket) -> None:
    """Pass on what is due: as on a network, nothing waits for what was sent before it."""
    with contextlib.suppress(OSError):
        while True:
            due, data = late.get()
            if not data:
                break
            time.sleep(max(0.0, due - time.perf_counter()))
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def through_proxy(made: World) -> Iterator[tuple[Proxy, Caller]]:
    """A caller whose functions reach the database through a proxy."""
    proxy = Proxy("127.0.0.1", urlsplit(made.login).port or 5432)
    environment = {**made.environment, "DATABASE_URL": through(made.login, proxy)}
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
    with through_proxy(made) as (proxy, caller):
        for delay in DELAYS:
            proxy.delay = 0.0
            ready = [caller.accept() for _ in range(ACCEPTS)]
            proxy.delay = delay / 1000
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
    """The same work as usual code does it: eight statements of SQLAlchemy Core on plain pg8000."""
    proxy = Proxy("127.0.0.1", urlsplit(made.admin).port or 5432)
    url = through(made.admin, proxy).replace("postgresql://", "postgresql+pg8000://")
    engine = create_engine(url, connect_args={"ssl_context": False})
    samples: dict[str, list[float]] = {}
    trips = 0
    with engine.begin() as db:
        db.execute(text("create table bench (id integer primary key, v text)"))
        db.execute(text("insert into bench select generate_series(1, 1000), ''"))
    for delay in DELAYS:
        proxy.delay = delay / 1000
        samples[str(delay)] = []
        for number in range(ACCEPTS // 2):
            values = {"role": "postgres", "claims": "{}", "id": number + 1, "v": "x"}
            before, began = proxy.trips, time.perf_counter()
            with engine.begin() as db:
                for statement in BASELINE:
                    db.execute(text(statement), values)
            samples[str(delay)].append((time.perf_counter() - began) * 1000)
            trips = proxy.trips - before
    engine.dispose()
    proxy.close()
    return samples, trips


def medians(samples: dict[str, list[float]]) -> dict[str, float]:
    return {delay: round(statistics.median(found), 1) for delay, found in samples.items()}


def through(url: str, proxy: Proxy) -> str:
    """The same address, by way of a proxy."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))

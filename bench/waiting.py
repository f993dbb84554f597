"""Two thousand clients who wait at once, each with a lease, against one database.

`lobby-signal`, `lobby-state` and `waiting-room` are served as the platform serves them, one process
each, and asked over HTTP. What a call costs is measured in rounds, in turn with a bare hello's:
seconds of the processor in the function, and in all of PostgreSQL's processes. Then everybody waits
for a minute, as pages do. `python -m bench.waiting` writes bench/results/lobbies.json.
"""

import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pg8000.native
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from bench.cold import HELLO
from bench.machine import machine
from bench.paces import ANYWAY, LOOK, POLL, RENEW, WITHOUT_SOCKET
from bench.served import served
from bench.world import World, world
from local import postgres
from local.postgres import PROJECT
from tests.world import token

RESULTS = Path(__file__).parent / "results" / "lobbies.json"
CLIENTS, HOT = 2_000, 200
"""How many wait, and for how many of them one operator alone is responsible."""
EACH = 10
ROUNDS, AT_ONCE, CALLS = 3, 32, 1_000
SECONDS = 60.0
TICKS = os.sysconf("SC_CLK_TCK")
WHAT = {
    "renew": "a client's sign of life: lobby-signal client_waiting",
    "poll": "lobby-state where nothing changed: 304",
    "read": "lobby-state where something did: 200",
    "look": f"waiting-room of an operator for whom {EACH} wait",
    "lookHot": f"waiting-room of an operator for whom {HOT} wait",
}

Ask = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Screen:
    """The page of a client who waits."""

    meeting: str
    headers: dict[str, str]
    heard: list[float] = field(default_factory=lambda: [0.0])
    knock: list[str] = field(default_factory=list)
    etag: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Spent:
    """Seconds of the processor since the processes began."""

    function: float
    database: float

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(
            self.function - other.function,
            self.database - other.database,
        )


def main() -> None:
    with world() as made, tempfile.TemporaryDirectory() as folder:
        results = {
            "machine": machine(),
            "date": datetime.now(UTC).date().isoformat(),
            **waiting(made, Path(folder)),
        }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    sys.stdout.write(json.dumps(results, indent=2) + "\n")


def waiting(made: World, folder: Path) -> dict[str, Any]:
    """What a call costs of each kind, and how a minute of all pages together went."""
    hello = folder / "main.py"
    hello.write_text(HELLO)
    with contextlib.ExitStack() as stack:
        db = stack.enter_context(contextlib.closing(postgres.connect(made.admin)))
        screens, operators = _people(db)
        environment = {**made.environment, "THREADS": "8"}
        doors = {"hello": stack.enter_context(served(hello, "hello", {"THREADS": "8"}))}
        for name in ("lobby_signal", "lobby_state", "waiting_room"):
            page = PROJECT / "functions" / name / "main.py"
            doors[name] = stack.enter_context(served(page, name, environment))
        return asyncio.run(_Crowd(db, doors, screens, operators).run())


def _people(db: pg8000.native.Connection) -> tuple[list[Screen], list[UUID]]:
    """A client with a meeting of their own, many times; the first operator has a crowd of them."""
    operators = [uuid4() for _ in range(1 + (CLIENTS - HOT) // EACH)]
    users = [uuid4() for _ in range(CLIENTS)]
    theirs = [operators[0]] * HOT + [one for one in operators[1:] for _ in range(EACH)]
    db.run(
        """insert into operators (id, name, email)
           select id, 'Operator', id || '@operator.example' from unnest(cast(:ids as uuid[])) id""",
        ids=[str(one) for one in operators],
    )
    rows = db.run(
        """with asked as (
             select u, o, n from unnest(cast(:users as uuid[]), cast(:operators as uuid[]))
                    with ordinality as a(u, o, n)),
           c as (
             insert into clients (auth_user_id, operator_id, name, email)
             select u, o, 'Client', u || '@client.example' from asked
             returning id, auth_user_id, operator_id),
           m as (
             insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
             select id, operator_id, 'Bench', now() + n * interval '15 minutes',
                    now() + (n + 1) * interval '15 minutes'
               from c join asked on u = auth_user_id
             returning id, client_id)
           select m.id, c.auth_user_id from m join c on c.id = m.client_id""",
        users=[str(one) for one in users],
        operators=[str(one) for one in theirs],
    )
    db.run("analyze")
    return [Screen(str(meeting), _bearer(user)) for meeting, user in rows or []], operators


def _bearer(user: UUID) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(str(user), exp=int(time.time()) + 7200)}"}


class Gone(Exception):
    """Nobody waits there any more: the lease ran out."""


class _Crowd:
    """Everybody at once, against functions of one process each."""

    def __init__(
        self,
        db: pg8000.native.Connection,
        doors: dict[str, tuple[int, int]],
        screens: list[Screen],
        operators: list[UUID],
    ) -> None:
        self._db, self._screens = db, screens
        self._ports = {name: port for name, (port, _) in doors.items()}
        self._pids = {name: pid for name, (_, pid) in doors.items()}
        self._operators = [_bearer(one) for one in operators]
        [[backend]] = db.run("select pg_backend_pid()") or [[0]]
        self._postmaster = _parent(backend)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._samples: dict[str, list[float]] = {}
        self._again_asked = self._gone = 0

    async def run(self) -> dict[str, Any]:
        # Functions close what has been idle for two seconds: not at the moment we ask again.
        connector = TCPConnector(limit=0, keepalive_timeout=1)
        timeout = ClientTimeout(total=120)
        async with ClientSession(connector=connector, timeout=timeout) as self._http:
            knocked = time.perf_counter()
            await self._all(self._knock(screen) for screen in self._screens)
            knocked = time.perf_counter() - knocked
            costs = await self._rounds()
            minute = await self._minute()
        return {
            "clients": CLIENTS,
            "operators": len(self._operators),
            "withoutSocket": WITHOUT_SOCKET,
            "allKnockedSeconds": round(knocked, 1),
            "perCall": {"what": WHAT, **costs},
            "minute": minute,
        }

    async def _rounds(self) -> dict[str, Any]:
        """Milliseconds of each kind of call: medians of rounds, all kinds in each of them."""
        found: dict[str, list[dict[str, float]]] = {}
        for number in range(ROUNDS + 1):
            print(f"  calls of each kind, round {number} of {ROUNDS}", flush=True)
            await self._keep()
            some = random.Random(number).sample(self._screens, CALLS)  # noqa: S311 -- any will do
            kinds: dict[str, tuple[str, list[Ask]]] = {
                "hello": ("hello", [self._hello] * CALLS),
                "renew": ("lobby_signal", [self._renew(one) for one in some]),
                "read": ("lobby_state", [self._read(one, anew=True) for one in some]),
                "poll": ("lobby_state", [self._read(one) for one in some]),
                "look": ("waiting_room", [self._look(one) for one in self._operators[1:]] * 2),
                "lookHot": ("waiting_room", [self._look(self._operators[0])] * 100),
            }
            for kind, (function, asks) in kinds.items():
                before = self._spent(function)
                took = await self._all(asks)
                spent = self._spent(function) - before
                if number:  # the first round opens connections
                    each = 1000 / len(asks)
                    found.setdefault(kind, []).append(
                        {
                            "functionCpuMs": spent.function * each,
                            "databaseCpuMs": spent.database * each,
                            "ms": statistics.median(took) * 1000,
                        }
                    )
        medians = {
            kind: {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
            for kind, rounds in found.items()
        }
        hello = medians["hello"]["functionCpuMs"]
        return {
            kind: {
                **{name: round(value, 3) for name, value in costs.items()},
                "functionCpuRatio": round(costs["functionCpuMs"] / hello, 2),
            }
            for kind, costs in medians.items()
        }

    async def _minute(self) -> dict[str, Any]:
        """All pages at their own pace, each asking again once it was answered."""
        print(f"  {len(self._screens)} wait for {SECONDS:.0f} s", flush=True)
        chance = random.Random(9)  # noqa: S311 -- who waits without a socket, the same each time
        await self._keep()
        before = [self._spent(name) for name in self._pids]
        until = time.perf_counter() + SECONDS
        pages: list[Awaitable[None]] = []
        asked = 0.0
        for screen in self._screens:
            every = POLL if chance.random() < WITHOUT_SOCKET else ANYWAY
            asked += SECONDS / RENEW + SECONDS / every
            pages.append(self._again(until, RENEW, "renew", self._renew(screen), chance.random()))
            pages.append(self._again(until, every, "poll", self._read(screen), chance.random()))
        for operator in self._operators:
            asked += SECONDS / LOOK
            pages.append(self._again(until, LOOK, "look", self._look(operator), chance.random()))
        self._again_asked = self._gone = 0
        began = time.perf_counter()
        await asyncio.gather(*pages)
        seconds = time.perf_counter() - began
        [[there, away]] = self._db.run(
            """select count(*), count(*) filter (where renewed_at < now() - interval '30 seconds')
                 from lobby_knocks where status = 'waiting'"""
        ) or [[0, 0]]
        after = [self._spent(name) for name in self._pids]
        made = sum(len(found) for found in self._samples.values())
        return {
            "seconds": round(seconds, 1),
            "callsAsked": round(asked),
            "callsMade": made,
            "callsRepeated": self._again_asked,
            "leasesRunOut": self._gone,
            "perSecond": round(made / seconds, 1),
            "ms": {kind: _percentiles(found) for kind, found in self._samples.items()},
            "stillWaiting": there,
            "away": away,
            "coresOfFunctions": round(
                sum(a.function - b.function for a, b in zip(after, before, strict=True)) / seconds,
                2,
            ),
            "coresOfDatabase": round((after[-1].database - before[0].database) / seconds, 2),
        }

    async def _again(self, until: float, every: float, kind: str, ask: Ask, phase: float) -> None:
        await asyncio.sleep(every * phase)
        samples = self._samples.setdefault(kind, [])
        while time.perf_counter() < until:
            due = time.perf_counter() + every
            async with self._gate:
                samples.append(await ask() * 1000)
            await asyncio.sleep(max(0.0, min(due, until) - time.perf_counter()))

    async def _keep(self) -> None:
        """However slow the machine: nobody's lease is to run out while others are asked."""
        lately = time.perf_counter() - 60
        await self._all([self._knock(one) for one in self._screens if one.heard[0] < lately])

    def _spent(self, function: str) -> Spent:
        return Spent(_processor(self._pids[function]), _processor(self._postmaster))

    async def _all(self, asks: Iterator[Ask] | Sequence[Ask]) -> list[float]:
        async def one(ask: Ask) -> float:
            async with self._gate:
                return await ask()

        return await asyncio.gather(*(one(ask) for ask in asks))

    async def _hello(self) -> float:
        return await self._call("hello", {}, {})

    def _knock(self, screen: Screen) -> Ask:
        async def ask() -> float:
            body = {"meetingId": screen.meeting, "signal": "client_waiting"}
            screen.heard[:] = [time.perf_counter()]
            return await self._call("lobby_signal", screen.headers, {}, body, screen)

        return ask

    def _renew(self, screen: Screen) -> Ask:
        async def ask() -> float:
            body = {
                "meetingId": screen.meeting,
                "signal": "client_waiting",
                "knockId": screen.knock[0],
            }
            screen.heard[:] = [time.perf_counter()]
            try:
                return await self._call("lobby_signal", screen.headers, {}, body)
            except Gone:
                self._gone += 1
                return await self._knock(screen)()

        return ask

    def _read(self, screen: Screen, *, anew: bool = False) -> Ask:
        async def ask() -> float:
            known = {"If-None-Match": screen.etag[0]} if screen.etag and not anew else {}
            headers = {**screen.headers, **known}
            query = {"meetingId": screen.meeting}
            return await self._call("lobby_state", headers, query, screen=screen)

        return ask

    def _look(self, headers: dict[str, str]) -> Ask:
        async def ask() -> float:
            return await self._call("waiting_room", headers, {})

        return ask

    async def _call(
        self,
        name: str,
        headers: dict[str, str],
        query: dict[str, str],
        body: Any = None,
        screen: Screen | None = None,
    ) -> float:
        """Seconds until the answer was there; what it says of the screen's knock is kept."""
        began = time.perf_counter()
        method = "GET" if body is None else "POST"
        address = f"http://127.0.0.1:{self._ports[name]}/"
        while True:
            try:
                async with self._http.request(
                    method, address, json=body, params=query, headers=headers
                ) as answer:
                    raw = await answer.read()
            except (ClientError, TimeoutError):
                self._again_asked += 1  # as a page does, which shows that it is not connected
                continue
            if answer.status not in (429, 503):
                break
            self._again_asked += 1
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        took = time.perf_counter() - began
        if answer.status == 409:
            raise Gone
        assert answer.status in (200, 304), raw
        if screen is not None and answer.status == 200:
            screen.knock[:] = [json.loads(raw)["data"]["knock"]["id"]]
            screen.etag[:] = [answer.headers["ETag"]] if "ETag" in answer.headers else []
        return took


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _processor(pid: int) -> float:
    """Seconds of the processor that a process, its children and those that are over have had."""
    children = (Path(f"/proc/{pid}/task/{pid}/children")).read_text().split()
    own = sum(int(one) for one in _stat(pid)[11:15]) / TICKS
    return own + sum(_processor(int(child)) for child in children)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/pid/stat behind the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _percentiles(samples: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(samples, n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


if __name__ == "__main__":
    main()

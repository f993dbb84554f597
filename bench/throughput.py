"""What one instance does at once: its rate beside a bare hello's, its tails, who waits for whom."""

import contextlib
import http.client
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from bench.cold import HELLO
from bench.served import served
from bench.world import Caller, Sent, World
from local import postgres
from local.postgres import PROJECT
from tests.world import Persona, token

# As many callers, and as many requests of all of them together.
LEVELS = {1: 120, 8: 400, 32: 1200}
# An instance of two cores that lets as many requests in at once.
THREADS = "8"
PAIRS = 32
SAMPLED_EVERY = 0.005
FUNCTIONS = {
    "webhooks": "calcom_webhook",
    "requests": "request_meeting",
    "decisions": "decide_request",
    "knocks": "lobby_signal",
    "state reads": "lobby_state",
}


@dataclass(frozen=True)
class Pair:
    """A client with an operator of their own: no two pairs have anything to do with each other."""

    client: Persona
    operator: Persona
    client_headers: dict[str, str]
    operator_headers: dict[str, str]


@dataclass
class Loaded:
    """How long it took, and the milliseconds of each request."""

    seconds: float = 0.0
    ms: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.ms) / self.seconds


def throughput(made: World, caller: Caller, folder: Path) -> dict[str, Any]:
    """Each kind of call at each level, in turn with a hello; nobody calls for anybody else."""
    hello = folder / "main.py"
    hello.write_text(HELLO)
    pairs = _pairs(made)
    found: dict[str, Any] = {"threads": int(THREADS), "unrelatedPairs": PAIRS}
    for name, function in FUNCTIONS.items():
        print(f"  {name}", flush=True)
        page = PROJECT / "functions" / function / "main.py"
        with (
            served(hello, "hello", {"THREADS": THREADS}) as (plain, _),
            served(page, function, {**made.environment, "THREADS": THREADS}) as (ours, _),
        ):
            load(plain, _of(name, made, caller, pairs, 16), 8)  # both warmed alike
            load(ours, _of(name, made, caller, pairs, 16), 8)
            found[name] = {
                str(callers): _compared(
                    made, plain, ours, callers, _of(name, made, caller, pairs, many)
                )
                for callers, many in LEVELS.items()
            }
    return found


def _compared(
    made: World, plain: int, ours: int, callers: int, sent: Sequence[Sent]
) -> dict[str, Any]:
    """In four parts by turns, so that what else the machine does falls on both alike."""
    mine, hello, waits = Loaded(), Loaded(), Waits(made.admin)
    quarter = len(sent) // 4
    for part in range(4):
        some = sent[part * quarter : (part + 1) * quarter]
        load(plain, some, callers, hello)
        with waits:
            load(ours, some, callers, mine)
    return {
        "rateRatio": round(mine.per_second / hello.per_second, 3),
        "perSecond": round(mine.per_second),
        "helloPerSecond": round(hello.per_second),
        "ms": percentiles(mine.ms),
        "helloMs": percentiles(hello.ms),
        "lockWaits": waits.found(),
    }


def percentiles(samples: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(samples, n=1000, method="inclusive")
    return {name: round(cuts[at], 1) for name, at in (("p50", 499), ("p99", 989), ("p99.9", 998))}


class Waits:
    """Who waits for somebody else's lock, looked at every few milliseconds."""

    def __init__(self, admin: str) -> None:
        self._admin = admin
        self._looked, self._seen = 0, Counter[str]()

    def found(self) -> dict[str, Any]:
        """How often it was looked, and how often each kind of wait was seen."""
        return {"looked": self._looked, "seen": dict(self._seen)}

    def __enter__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with contextlib.closing(postgres.connect(self._admin)) as db:
            while not self._over.wait(SAMPLED_EVERY):
                self._looked += 1
                # Not "transactionid" alone: an advisory lock and a row's are waited for alike.
                for (event,) in (
                    db.run(
                        """select wait_event from pg_stat_activity
                        where wait_event_type = 'Lock' and datname = current_database()"""
                    )
                    or ()
                ):
                    self._seen[event] += 1


def _pairs(made: World) -> list[Pair]:
    pairs = []
    until = int(time.time()) + 3600
    with contextlib.closing(postgres.connect(made.admin)) as db:
        for number in range(PAIRS):
            operator, user, client = str(uuid4()), str(uuid4()), str(uuid4())
            db.run(
                "insert into operators (id, name, email) values (:id, 'Bench', :email)",
                id=operator,
                email=f"o{number}@bench.example",
            )
            db.run(
                """insert into clients (id, auth_user_id, operator_id, name, email)
                   values (:id, :user, :operator, 'Bench', :email)""",
                id=client,
                user=user,
                operator=operator,
                email=f"c{number}@bench.example",
            )
            # One token each for the whole run: people's own last for an hour.
            bearers = [
                {
                    "Authorization": f"Bearer {token(who, exp=until)}",
                    "Content-Type": "application/json",
                }
                for who in (user, operator)
            ]
            pairs.append(
                Pair(Persona("client", user, client), Persona("op", operator, operator), *bearers)
            )
    return pairs


def _of(name: str, made: World, caller: Caller, pairs: list[Pair], many: int) -> list[Sent]:
    """So many requests of one kind, ready to be sent once each, each pair's in its turn."""
    turns = list(islice(cycle(pairs), many))
    slots = [_later() for _ in turns]
    match name:
        case "webhooks":
            links = {pair.client.user: _link(caller, pair) for pair in pairs}
            return [caller.booking(links[pair.client.user]) for pair in turns]
        case "requests":
            return [_asked(pair, slot) for pair, slot in zip(turns, slots, strict=True)]
        case "decisions":
            return [_decided(caller, pair, slot) for pair, slot in zip(turns, slots, strict=True)]
        case "knocks":
            return [
                _sent(pair.client_headers, {"meetingId": meeting, "signal": "client_waiting"})
                for pair, meeting in zip(turns, _meetings(made, turns), strict=True)
            ]
        case _:
            meetings = {
                pair.client.user: meeting
                for pair, meeting in zip(pairs, _meetings(made, pairs), strict=True)
            }
            return [
                Sent("GET", pair.client_headers, {"meetingId": meetings[pair.client.user]}, None)
                for pair in turns
            ]


_numbers = iter(range(10**9))


def _later() -> str:
    """An instant of its own within what may be asked for."""
    return (datetime.now(UTC) + timedelta(days=1, minutes=15 * next(_numbers))).isoformat()


def _sent(headers: dict[str, str], body: object) -> Sent:
    return Sent("POST", headers, {}, json.dumps(body).encode())


def _link(caller: Caller, pair: Pair) -> dict[str, str]:
    url = caller.send("booking_link", _sent(pair.client_headers, {}))["url"]
    return {"bookingToken": parse_qs(urlsplit(url).query)["metadata[bookingToken]"][0]}


def _asked(pair: Pair, slot: str) -> Sent:
    return _sent(pair.client_headers, {"requestedSlots": [slot], "durationMinutes": 15})


def _decided(caller: Caller, pair: Pair, slot: str) -> Sent:
    request = caller.send("request_meeting", _asked(pair, slot))
    accept = {"requestId": request["id"], "decision": "accept"}
    return _sent(pair.operator_headers, {**accept, "selectedSlot": request["requestedSlots"][0]})


def _meetings(made: World, turns: Sequence[Pair]) -> list[str]:
    """A meeting for each turn, none of an operator's at the time of another of theirs."""
    with contextlib.closing(postgres.connect(made.admin)) as db:
        rows = db.run(
            """insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
               select c, o, 'Bench', at, at + interval '5 minutes'
                 from unnest(cast(:clients as uuid[]), cast(:operators as uuid[]),
                             cast(:slots as timestamptz[])) as t(c, o, at)
               returning id""",
            clients=[pair.client.row for pair in turns],
            operators=[pair.operator.row for pair in turns],
            slots=[_later() for _ in turns],
        )
    return [str(id) for (id,) in rows or []]


def load(port: int, sent: Sequence[Sent], callers: int, into: Loaded | None = None) -> Loaded:
    """Every request once, from so many callers at once, each on a connection of its own."""
    loaded, before = into or Loaded(), len(into.ms) if into else 0
    waiting, lock = iter(sent), threading.Lock()

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                one = next(waiting, None)
            if one is None:
                break
            path = f"/?{urlencode(one.query)}" if one.query else "/"
            began = time.perf_counter()
            connection.request(one.method, path, one.body, one.headers)
            answer = connection.getresponse()
            answer.read()
            took = (time.perf_counter() - began) * 1000
            assert answer.status < 300, answer.status
            with lock:
                loaded.ms.append(took)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(callers)]
    began = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    loaded.seconds += time.perf_counter() - began
    assert len(loaded.ms) - before == len(sent)
    return loaded

"""A busy hour, simulated: which part gives way first as the number of people grows.

Discrete events, seeded. Meetings are drawn over a working day, most of them at the full hour; the
quarter of an hour around the fullest one is then played call by call: clients come some five
minutes before, wait with a lease and are let in; calls queue for threads and processors of
instances that start cold, for a connection and for the database's processors; what is committed is
published, pushed to the relay and broadcast under Realtime's limit. What one call costs comes from
bench/results/lobbies.json and latest.json. `python -m bench.simulate` writes
bench/results/scale.json.
"""

import heapq
import json
import math
import random
import statistics
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from bench.paces import ANYWAY, LOOK, POLL, RENEW, WITHOUT_SOCKET

FOLDER = Path(__file__).parent / "results"
RESULTS = FOLDER / "scale.json"

SEED = 9
FACTORS, LARGEST_PLAYED_FREELY = (1, 10, 100, 1_000), 100
CLIENTS_EACH = 9  # of one consultant: ten people
MEETINGS_A_DAY = 3  # 60 in a month of 20 working days
# The hours at which meetings begin, and how many of ten begin then; and the minutes.
HOURS = {9: 1.2, 10: 2.0, 11: 1.5, 14: 1.7, 15: 1.5, 16: 1.2, 17: 0.9}
QUARTERS = {0: 0.6, 30: 0.25, 15: 0.075, 45: 0.075}
BUSIEST = 10
BEFORE, AFTER = 600.0, 300.0  # seconds around the busiest full hour that are played
RTT = 0.002  # between a function and its database
BUS = 0.05  # from publishing to the push
PATIENCE = 10.0  # the platform keeps a call that finds no thread for so long; then it is 429
BACKOFF = 10.0  # of Pub/Sub, where the relay was refused


@dataclass(frozen=True)
class Costs:
    """Seconds of one call: of a processor in the function, of one in the database; of a start."""

    function: float
    database: float
    trips: int


@dataclass(frozen=True)
class Deployed:
    """What is there. Instances are the most there may be; each has one processor."""

    instances: dict[str, int]
    threads: dict[str, int]
    connections: int
    """Of the database, or of the pooler in front of it, to which instances open as many as they
    like."""
    pooler: bool
    processors: int
    """Of the database."""
    messages_a_second: int
    """Of Realtime, deliveries counted."""
    sockets: int


FUNCTIONS = ("lobby_signal", "lobby_state", "waiting_room", "join_meeting", "lists", "relay_signal")
# infra/functions/functions.tf and variables.tf (tests/unit/test_scale.py compares), Supabase Pro.
# `lists` are the three lists and who-am-i of a page, each a function.
USUAL = Deployed(
    instances={
        "lobby_signal": 2,
        "lobby_state": 3,
        "waiting_room": 2,
        "join_meeting": 2,
        "lists": 8,
        "relay_signal": 2,
    },
    threads={
        "lobby_signal": 4,
        "lobby_state": 4,
        "waiting_room": 2,
        "join_meeting": 2,
        "lists": 2,
        "relay_signal": 4,
    },
    connections=200,
    pooler=False,
    processors=1,
    messages_a_second=500,
    sockets=500,
)


# Of the functions that are not played: the most connections that they may hold.
OTHER_THREADS = 92


def costs() -> dict[str, Costs]:
    """Of each kind of call. What was not measured alone costs what its like costs."""
    found = json.loads((FOLDER / "lobbies.json").read_text())["perCall"]
    trips = json.loads((FOLDER / "latest.json").read_text())["roundTrips"]["waitedFor"]

    def of(kind: str, action: str) -> Costs:
        one = found[kind]
        return Costs(one["functionCpuMs"] / 1000, one["databaseCpuMs"] / 1000, trips[action])

    return {
        "knock": of("renew", "lobby-signal client_waiting"),
        "renew": of("renew", "lobby-signal client_waiting"),
        "admit": of("renew", "lobby-signal operator_joined"),
        "poll": of("poll", "lobby-state"),
        "read": of("read", "lobby-state"),
        "look": of("look", "waiting-room"),
        "join": of("read", "join-meeting"),
        "list": of("read", "list-meetings"),
        "relay": of("renew", "relay-signal"),
    }


def start_seconds() -> float:
    """Of a cold start: the median over all functions."""
    found = json.loads((FOLDER / "latest.json").read_text())["samples"]["coldStartMs"]
    return float(statistics.median(pair[0] for pairs in found.values() for pair in pairs)) / 1000


PLACE = {
    "knock": "lobby_signal",
    "renew": "lobby_signal",
    "admit": "lobby_signal",
    "poll": "lobby_state",
    "read": "lobby_state",
    "look": "waiting_room",
    "join": "join_meeting",
    "list": "lists",
    "relay": "relay_signal",
}


@dataclass(slots=True)
class Call:
    """One call on its way."""

    kind: str
    asked: float
    then: "Callable[[float], None] | None" = None


@dataclass
class Function:
    """The instances of one function: threads, a processor for each instance, and who waits."""

    name: str
    most: int
    threads: int
    up: int = 0
    starting: int = 0
    busy: int = 0
    processors: list[float] = field(default_factory=list)
    queue: deque[Call] = field(default_factory=deque)
    worked: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds of processors that were asked for, by the minute."""
    calls: int = 0
    refused: int = 0
    took: list[float] = field(default_factory=list)


class Busy:
    """The simulation: a clock, a heap of what happens next, and what everything waits for."""

    def __init__(
        self, consultants: int, there: Deployed, spent: dict[str, Costs], start: float
    ) -> None:
        self._there, self._spent, self._start = there, spent, start
        self._random = random.Random(SEED)  # noqa: S311 -- a simulation, the same each time
        self._heap: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self.functions = {
            name: Function(name, there.instances[name], there.threads[name]) for name in FUNCTIONS
        }
        self._free = there.connections
        self._wants: deque[tuple[Call, Function]] = deque()
        self._cores = [0.0] * there.processors
        self._average, self._averaged = 0.0, 0.0
        self._looking: dict[int, int] = {}
        self._consultants = consultants
        self.database: defaultdict[int, float] = defaultdict(float)
        self.signals: Counter[int] = Counter()
        self.messages: Counter[int] = Counter()
        self.bells: list[float] = []
        self.told_late = self.transactions = self.waiting = self.most_waiting = 0
        self._operators: set[int] = set()
        self.sockets_wanted = self._sockets = 0

    # The day.

    def play(self) -> None:
        """Everything from ten minutes before the busiest hour until five after."""
        hour = BUSIEST * 3600.0
        self._from, self._until = hour - BEFORE, hour + AFTER
        for operator in range(self._consultants):
            for begins in self._day():
                if self._from < begins < self._until + BEFORE:
                    self._meeting(operator, begins)
        # What pages ask for all day long: lists at each load, spread over the nine hours.
        a_second = self._consultants * MEETINGS_A_DAY * 36 / (9 * 3600)
        self._background(self._from, a_second)
        while self._heap:
            now, _, what = heapq.heappop(self._heap)
            if now > self._until + 120:
                break
            what(now)

    def _day(self) -> list[float]:
        """When a consultant's meetings of today begin; no two at the same time."""
        chosen: set[float] = set()
        while len(chosen) < MEETINGS_A_DAY:
            hour = self._random.choices(list(HOURS), list(HOURS.values()))[0]
            minute = self._random.choices(list(QUARTERS), list(QUARTERS.values()))[0]
            chosen.add(hour * 3600.0 + minute * 60.0)
        return sorted(chosen)

    def _at(self, when: float, what: "Callable[[float], None]") -> None:
        heapq.heappush(self._heap, (when, next(self._order), what))

    def _background(self, now: float, a_second: float) -> None:
        if now < self._until:
            self._call("list", now)
            gap = self._random.expovariate(a_second)
            self._at(now + gap, lambda at: self._background(at, a_second))

    def _meeting(self, operator: int, begins: float) -> None:
        comes = begins - min(600.0, max(0.0, self._random.gauss(300, 120)))
        let_in = max(comes + 20, begins + self._random.gauss(-30, 60))
        socket = self._random.random() >= WITHOUT_SOCKET
        self._at(comes, lambda now: self._arrive(operator, socket, let_in, now))

    def _arrive(self, operator: int, socket: bool, let_in: float, now: float) -> None:
        for _ in range(4):
            self._call("list", now)
        # A client's socket is there until the meeting is over, an operator's all the time; a client
        # who gets none polls.
        if operator not in self._operators:
            self._operators.add(operator)
            self._opened()
        socket = socket and self._opened()
        self._call("read", now)
        self._call("knock", now, lambda at: self._told(at, bell=operator))
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        self._renews(now + RENEW, let_in)
        every = ANYWAY if socket else POLL
        self._polls(now + every, every, let_in)
        looks = self._looking.get(operator, 0)
        self._looking[operator] = looks + 1
        if not looks:
            self._looks(operator, now)
        self._at(let_in, lambda at: self._admit(operator, at))

    def _opened(self) -> bool:
        self.sockets_wanted += 1
        there = self._sockets < self._there.sockets
        self._sockets += there
        return there

    def _renews(self, now: float, until: float) -> None:
        if now < until:

            def renew(at: float) -> None:
                self._call("renew", at)
                self._renews(at + RENEW, until)

            self._at(now, renew)

    def _polls(self, now: float, every: float, until: float) -> None:
        if now < until:

            def poll(at: float) -> None:
                self._call("poll", at)
                self._polls(at + every, every, until)

            self._at(now, poll)

    def _looks(self, operator: int, now: float) -> None:
        if self._looking.get(operator):
            self._call("look", now)
            self._at(now + LOOK, lambda at: self._looks(operator, at))

    def _admit(self, operator: int, now: float) -> None:
        self.waiting -= 1
        self._looking[operator] -= 1
        self._call("admit", now, lambda at: self._told(at, bell=operator))
        self._call("join", now)
        self._call("join", now + 0.5)

    # The calls.

    def _call(self, kind: str, now: float, then: "Callable[[float], None] | None" = None) -> None:
        self._ask(Call(kind, now, then), now)

    def _ask(self, call: Call, now: float) -> None:
        function = self.functions[PLACE[call.kind]]
        function.calls += 1
        if function.busy < function.up * function.threads:
            self._begin(call, function, now)
            return
        function.queue.append(call)
        coming = (function.up + function.starting) * function.threads
        wanted = function.busy + len(function.queue)
        if wanted > coming and function.up + function.starting < function.most:
            function.starting += 1
            self._at(now + self._start, lambda at: self._started(function, at))

    def _started(self, function: Function, now: float) -> None:
        function.starting -= 1
        function.up += 1
        function.processors.append(now)
        for _ in range(function.threads):
            self._next(function, now)

    def _next(self, function: Function, now: float) -> None:
        while function.queue and function.busy < function.up * function.threads:
            call = function.queue.popleft()
            if now - call.asked <= PATIENCE or call.kind == "relay":
                self._begin(call, function, now)
                return
            function.refused += 1

    def _begin(self, call: Call, function: Function, now: float) -> None:
        function.busy += 1
        spent = self._spent[call.kind].function
        # The least busy instance's processor; those who share it wait for each other.
        free = heapq.heappop(function.processors)
        done = max(now, free) + spent
        heapq.heappush(function.processors, done)
        function.worked[int(now // 60)] += spent
        self._at(done, lambda at: self._connect(call, function, at))

    def _connect(self, call: Call, function: Function, now: float) -> None:
        if self._free:
            self._query(call, function, now)
        else:
            self._wants.append((call, function))

    def _query(self, call: Call, function: Function, now: float) -> None:
        self._free -= 1
        self.transactions = max(self.transactions, self._there.connections - self._free)
        spent = self._spent[call.kind]
        free = heapq.heappop(self._cores)
        executed = max(now + RTT / 2, free) + spent.database
        heapq.heappush(self._cores, executed)
        self.database[int(now // 60)] += spent.database
        done = executed + RTT / 2 + (spent.trips - 1) * RTT
        self._at(done, lambda at: self._done(call, function, at))

    def _done(self, call: Call, function: Function, now: float) -> None:
        self._free += 1
        if self._wants:
            self._query(*self._wants.popleft(), now)
        function.busy -= 1
        function.took.append(now - call.asked)
        if call.then is not None:
            call.then(now)
        self._next(function, now)

    # The signals.

    def _told(self, now: float, *, bell: int) -> None:
        """Two signals: on the meeting's channel, which both hear, and on the operator's inbox."""
        for listeners in (2, 1):
            self.signals[int(now // 60)] += 1
            self.messages[int(now // 60)] += 1 + listeners
            self._publish(listeners, now, now + BUS)
        if self._looking.get(bell):
            self._at(now + BUS * 2, lambda at: self._call("look", at))

    def _publish(self, listeners: int, since: float, due: float) -> None:
        def broadcast(now: float) -> None:
            # Realtime's own measure: an average over 60 s of what is sent and what is delivered.
            self._average *= math.exp((self._averaged - now) / 60)
            self._averaged = now
            if self._average / 60 > self._there.messages_a_second:
                self.told_late += 1
                again = now + BACKOFF * (1 + self._random.random())
                self._publish(listeners, since, again)
            else:
                self._average += 1 + listeners
                self.bells.append(now - since)

        self._at(due, lambda now: self._call("relay", now, broadcast))

    # What came of it.

    def seconds_asked(self, name: str) -> float:
        """Processors of one function that were busy in its fullest minute."""
        return max(self.functions[name].worked.values(), default=0.0) / 60

    def figures(self) -> dict[str, Any]:
        signals = sum(self.signals.values())
        return {
            "waitingAtOnce": self.most_waiting,
            "callsASecond": round(
                sum(function.calls for function in self.functions.values()) / (BEFORE + AFTER), 1
            ),
            "functions": {
                name: {
                    "calls": function.calls,
                    "refused": function.refused,
                    "processors": round(self.seconds_asked(name), 4),
                    "instances": function.up,
                    "ms": _percentiles(function.took),
                }
                for name, function in self.functions.items()
            },
            "databaseProcessors": round(max(self.database.values(), default=0.0) / 60, 4),
            "connectionsHeld": sum(f.up * f.threads for f in self.functions.values()),
            "transactionsAtOnce": self.transactions,
            "signalsASecond": round(max(self.signals.values(), default=0) / 60, 3),
            "messagesASecond": round(max(self.messages.values(), default=0) / 60, 3),
            "socketsWanted": self.sockets_wanted,
            "bells": {
                "signals": signals,
                "heard": len(self.bells),
                "toldAgain": self.told_late,
                "ms": _percentiles(self.bells),
            },
        }


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}


# How full anything may be in its fullest minute.
FULL = 0.6
# Supabase's plans: messages a second, and sockets. Beyond the last, several projects.
PLANS = ((500, 500), (2_500, 10_000))
# What a Cloud SQL may have.
MACHINES = (1, 2, 4, 8, 16, 32, 64, 96)


def sized(peak: dict[str, Any], factor: float, there: Deployed = USUAL) -> Deployed:
    """What is to be turned on for so many times the peak of a simulation in which nothing lacked.

    More instances where their processors or threads would be full; a pooler once these would open
    more connections than 0.8 of the database's; a larger database; a larger plan, then projects.
    """
    instances = {}
    for name, function in peak["functions"].items():
        wanted = math.ceil(function["processors"] * factor / FULL)
        instances[name] = max(there.instances[name], wanted)
    held = threads(instances, there)
    processors = peak["databaseProcessors"] * factor / FULL
    # Both hear of a signal; who is refused is told again, which costs a message of the plan's too.
    messages, sockets = peak["messagesASecond"] * factor / FULL, peak["socketsWanted"] * factor
    plan = next(
        (plan for plan in PLANS if messages <= plan[0] and sockets <= plan[1]),
        tuple(
            limit * math.ceil(max(messages / PLANS[-1][0], sockets / PLANS[-1][1]))
            for limit in PLANS[-1]
        ),
    )
    return replace(
        there,
        instances=instances,
        pooler=held > 0.8 * there.connections,
        processors=next((one for one in MACHINES if one >= processors), MACHINES[-1]),
        messages_a_second=plan[0],
        sockets=plan[1],
    )


ENDLESS = replace(
    USUAL,
    instances=dict.fromkeys(FUNCTIONS, 10_000),
    connections=10**6,
    processors=1_000,
    messages_a_second=10**9,
    sockets=10**9,
)


def played(
    consultants: int, there: Deployed, spent: dict[str, Costs], start: float
) -> dict[str, Any]:
    """What one busy hour of so many consultants did to what is there."""
    busy = Busy(consultants, there, spent, start)
    busy.play()
    return busy.figures()


def simulated(
    spent: dict[str, Costs], start: float, *, base: int = 100, factors: Sequence[int] = FACTORS
) -> dict[str, Any]:
    """Every size, as it is deployed and with what its peak asks to be turned on.

    What the largest asks for is what the one before does, as many times as it is larger.
    """
    with ProcessPoolExecutor() as pool:
        free = {
            factor: pool.submit(played, base * factor, ENDLESS, spent, start)
            for factor in factors
            if factor <= LARGEST_PLAYED_FREELY
        }
        known = {factor: found.result() for factor, found in free.items()}
        sizes = {}
        for factor in factors:
            nearest = max(one for one in known if one <= factor)
            more = factor / nearest
            there = sized(known[nearest], more)
            sizes[factor] = (
                demand(known[nearest], more),
                there,
                pool.submit(played, base * factor, USUAL, spent, start),
                pool.submit(played, base * factor, there, spent, start),
            )
        return {
            str(factor): {
                "people": base * factor * (1 + CLIENTS_EACH),
                "consultants": base * factor,
                "asked": asked,
                "asDeployed": deployed.result(),
                "turnedOn": {"what": asdict(there), **turned_on.result()},
            }
            for factor, (asked, there, deployed, turned_on) in sizes.items()
        }


def threads(instances: dict[str, int], there: Deployed) -> int:
    """Of all functions, those that are not played as they are deployed."""
    return OTHER_THREADS + sum(count * there.threads[name] for name, count in instances.items())


def demand(peak: dict[str, Any], factor: float) -> dict[str, float]:
    """How much of what is deployed the fullest minute asks for, in parts of what there is."""
    there = USUAL
    parts = {
        name: function["processors"] / there.instances[name]
        for name, function in peak["functions"].items()
    }
    parts |= {
        "database": peak["databaseProcessors"] / there.processors,
        "Realtime messages": peak["messagesASecond"] / there.messages_a_second,
        "Realtime sockets": peak["socketsWanted"] / there.sockets,
    }
    found = {name: round(part * factor, 5) for name, part in parts.items()}
    # Each thread of what would have to be there holds one.
    needed = threads(sized(peak, factor).instances, there)
    found["connections"] = round(needed / (0.8 * there.connections), 5)
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def main() -> None:
    spent, start = costs(), start_seconds()
    results = {
        "what": "the quarter of an hour around the busiest hour, simulated; milliseconds, and "
        "what the fullest minute had in each second",
        "seed": SEED,
        "costs": {kind: asdict(one) for kind, one in spent.items()},
        "coldStartSeconds": round(start, 3),
        "usual": asdict(USUAL),
        "sizes": simulated(spent, start),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    sys.stdout.write(f"{RESULTS.name}\n")


if __name__ == "__main__":
    main()

"""What bench/results/*.json say, as charts and as sentences: nothing here was typed in.

A figure is made of what is there; without its figures there is none.
"""

import json
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import costs, svg
from bench.paces import RENEW
from bench.scale import fills
from bench.svg import Axis, Bar, Curve, Mark, Row, number

FOLDER = Path(__file__).parent / "results"

Json = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """What was aimed at, what came out, and whether that is enough."""

    said: str
    found: str
    met: bool

    def __str__(self) -> str:
        return f"{self.said}: {'met' if self.met else '**not met**'}, {self.found}"


@dataclass(frozen=True)
class Figure:
    """One chart and what is to be known about it."""

    name: str
    title: str
    drawing: str
    what: str
    repeat: str
    baseline: str
    goals: Sequence[Goal]
    short: str
    """One sentence for who reads no other."""


def results() -> Json:
    """Every file of results that is there, by its name; `latest` always is."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def figures(found: Json) -> list[Figure]:
    made = (figure(found) for figure in FIGURES)
    return [one for one in made if one is not None]


RELAY, WITH_DATABASE, MEMORY = 1.3, 1.7, 1.8


def _cold(found: Json) -> Figure | None:
    ratios: dict[str, float] = found["latest"].get("coldStartRatio", {})
    if not ratios:
        return None
    ordered = sorted(ratios.items(), key=lambda one: one[1])
    goal = {name: RELAY if name == "relay_signal" else WITH_DATABASE for name in ratios}
    rows = [
        Bar(name, ratio, f"{ratio:.2f}", "good" if ratio <= goal[name] else "ours")
        for name, ratio in ordered
    ]
    usual = {name: ratio for name, ratio in ratios.items() if name != "relay_signal"}
    middle, most = statistics.median(ratios.values()), max(usual, key=lambda one: usual[one])
    within = sum(ratio <= WITH_DATABASE for ratio in usual.values())
    relay = ratios.get("relay_signal", 0.0)
    return Figure(
        name="cold-start",
        title="Cold start of each function",
        drawing=svg.bars(
            "Cold start of each function",
            "From spawn to the first answer that used the database; green is within the goal",
            rows,
            [Mark(1, "hello", "unit"), Mark(RELAY, "relay 1.3"), Mark(WITH_DATABASE, "1.7")],
            unit="× a bare functions-framework hello",
        ),
        what="Milliseconds from spawning a function's process, byte code compiled and files in the "
        "page cache, to its first answer over HTTP, which used the database. The median of "
        "rounds; each function's start is followed by a hello's.",
        repeat="`make bench`; `coldStartRatio` and `samples.coldStartMs` in `latest.json`",
        baseline="a functions-framework function that says « hello » and imports nothing of ours",
        goals=[
            Goal(
                f"at most {WITH_DATABASE} for functions that use the database",
                f"{within} of {len(usual)} are within it, the slowest is `{most}` with "
                f"{usual[most]:.2f}",
                within == len(usual),
            ),
            Goal(f"at most {RELAY} for `relay_signal`", f"{relay:.2f}", relay <= RELAY),
        ],
        short=f"A function that starts cold gives its first answer after {middle:.2f} times as "
        "long as a bare hello, in the median of all functions.",
    )


def _memory(found: Json) -> Figure | None:
    ratios: dict[str, float] = found["latest"].get("memoryRatio", {})
    if not ratios:
        return None
    most = max(ratios, key=lambda one: ratios[one])
    within = sum(ratio <= MEMORY for ratio in ratios.values())
    return Figure(
        name="memory",
        title="Memory of each function",
        drawing=svg.bars(
            "Memory of each function",
            "All its processes after the first answer; green is within the goal",
            [
                Bar(name, ratio, f"{ratio:.2f}", "good" if ratio <= MEMORY else "ours")
                for name, ratio in sorted(ratios.items(), key=lambda one: one[1])
            ],
            [Mark(1, "hello", "unit"), Mark(MEMORY, f"goal {MEMORY}")],
            unit="× a bare functions-framework hello",
        ),
        what="The proportional set size (PSS) of a function's processes right after its first "
        "answer.",
        repeat="`make bench`; `memoryRatio` in `latest.json`",
        baseline="the bare hello of the same round",
        goals=[
            Goal(
                f"at most {MEMORY}",
                f"{within} of {len(ratios)} are within it, the largest is `{most}` with "
                f"{ratios[most]:.2f}",
                within == len(ratios),
            )
        ],
        short=f"After its first answer a function holds {statistics.median(ratios.values()):.2f} "
        "times a hello's memory, in the median.",
    )


# What reads and writes nothing; everything else does write.
READS = {
    "booking-link",
    "calendar-feed",
    "calendar-file",
    "join-meeting",
    "list-clients",
    "list-meetings",
    "list-notifications",
    "list-quarantine",
    "list-requests",
    "lobby-state",
    "waiting-room",
    "who-am-i",
}


def _trips(found: Json) -> Figure | None:
    counted: dict[str, int] = found["latest"].get("roundTrips", {}).get("waitedFor", {})
    if not counted:
        return None
    most = {name: 1 if name in READS else 2 for name in counted}
    over = [name for name, trips in counted.items() if trips > most[name]]
    usual = found["latest"]["baseline"]["roundTrips"]
    ordered = sorted(counted.items(), key=lambda one: (one[1], one[0]))
    return Figure(
        name="round-trips",
        title="Round trips of each action",
        drawing=svg.bars(
            "Round trips of each action",
            "To the database and back, counted at the socket; green is within the goal",
            [
                Bar(name, trips, str(trips), "good" if trips <= most[name] else "ours")
                for name, trips in ordered
            ],
            [Mark(1, "reads 1"), Mark(2, "writes 2")],
            unit="round trips",
        ),
        what="How often a function waits for the database while it does one thing; what leaves "
        "with nobody waiting for it is counted by itself (`leftBehind`). Counted between the "
        "function and a server that is spoken to through a counting socket.",
        repeat="`make bench`; `roundTrips` in `latest.json`",
        baseline="the same acceptance as eight statements of SQLAlchemy Core on plain pg8000 takes "
        f"{usual}",
        goals=[
            Goal(
                "two for whatever writes, one for whatever reads",
                f"{len(counted) - len(over)} of {len(counted)} actions"
                + (f"; above it {', '.join(f'`{name}`' for name in over)}" if over else ""),
                not over,
            )
        ],
        short=f"An acceptance, the most that is written at once, waits for the database "
        f"{counted.get('decide-request accept', 0)} times; written the usual way it waits {usual} "
        "times.",
    )


ACCEPT_AT, ACCEPT_MS = "10", 25.0


def _accept(found: Json) -> Figure | None:
    latest = found["latest"]
    ours: dict[str, float] = latest.get("acceptMs", {})
    if ACCEPT_AT not in ours:
        return None
    usual: dict[str, float] = latest["baseline"]["ms"]
    delays = sorted(ours, key=float)
    high = max(*usual.values(), *ours.values())
    at = ours[ACCEPT_AT]
    return Figure(
        name="accept",
        title="An acceptance, by the distance to the database",
        drawing=svg.curves(
            "An acceptance, by the distance to the database",
            "Median milliseconds of decide-request accept, the whole function, published included",
            [
                Curve("eight statements", [(float(d), usual[d]) for d in delays], "base"),
                Curve("ours", [(float(d), ours[d]) for d in delays]),
            ],
            [Mark(ACCEPT_MS, f"goal at 10 ms: {ACCEPT_MS:.0f} ms", last=True)],
            across="milliseconds added to each round trip",
            up="ms",
            x=Axis(0, 10, 80, 600, ticks=[0, 2, 4, 6, 8, 10]),
            y=Axis(0, high * 1.1, 360, 104),
        ),
        what="`decide-request` accept through the function's own application, against a database "
        "behind a socket that holds back each packet for so long.",
        repeat="`make bench`; `acceptMs`, `baseline.ms` and their samples in `latest.json`",
        baseline=f"{latest['baseline']['what']}: {number(usual[ACCEPT_AT])} ms at 10 ms, "
        f"{number(usual['0'])} ms without",
        goals=[
            Goal(
                f"at most {ACCEPT_MS:.0f} ms at 10 ms a round trip",
                f"{number(at)} ms, {latest['baseline']['acceptRatio'][ACCEPT_AT]:.2f} of the usual "
                "way's",
                at <= ACCEPT_MS,
            )
        ],
        short=f"With the database 10 ms away an acceptance takes {number(at)} ms; written the "
        "usual way, statement by statement, its database work alone takes "
        f"{number(usual[ACCEPT_AT])}.",
    )


def _by_kind(found: Json) -> dict[str, dict[str, Json]]:
    """What one instance did of each kind, by how many called at once."""
    loaded = found["latest"].get("throughput", {})
    return {kind: levels for kind, levels in loaded.items() if isinstance(levels, dict)}


def _throughput(found: Json) -> Figure | None:
    kinds = _by_kind(found)
    if not kinds:
        return None
    rows = [
        Bar(
            f"{kind}, {callers} at once",
            one["rateRatio"],
            f"{one['rateRatio']:.3f}   {one['perSecond']:,} of {one['helloPerSecond']:,} a second",
            "ours" if place % 2 else "more",
        )
        for place, (kind, levels) in enumerate(kinds.items())
        for callers, one in levels.items()
    ]
    waits, looks = Counter[str](), 0
    for levels in kinds.values():
        for one in levels.values():
            waits.update(one.get("lockWaits", {}).get("seen", {}))
            looks += one.get("lockWaits", {}).get("looked", 0)
    # The server's own, while it adds a page to a table: nobody's transaction holds it.
    pages = waits.pop("extend", 0)
    best = max(
        ((kind, one) for kind, levels in kinds.items() for one in levels.values()),
        key=lambda pair: pair[1]["rateRatio"],
    )
    return Figure(
        name="throughput",
        title="How much one instance does",
        drawing=svg.bars(
            "How much one instance does",
            "Requests a second, ÷ those of a bare hello served alike in the same run",
            rows,
            [],
            unit="part of a bare hello's rate",
        ),
        what="One function, served with as many threads as it lets requests in, asked over HTTP by "
        "1, 8 and 32 callers at once, each for another client of another operator. Callers, "
        "function and database share two processors.",
        repeat="`make bench`; `throughput` in `latest.json`",
        baseline="a bare hello, asked in turn with it",
        goals=[
            Goal(
                "no caller waits for what another's transaction has locked",
                f"{waits.total()} such waits were seen in {looks:,} looks, and {pages} for a page "
                "that the server was adding to a table",
                not waits.total(),
            )
        ],
        short=f"One instance answers {best[1]['perSecond']:,} {best[0]} a second, "
        f"{best[1]['rateRatio']:.2f} of a bare hello's rate.",
    )


def _tails(found: Json) -> Figure | None:
    kinds = _by_kind(found)
    if not kinds:
        return None
    last = next(reversed(kinds))
    rows = [
        Row(f"{kind}, {callers} at once", list(one["ms"].values()))
        for kind, levels in kinds.items()
        for callers, one in levels.items()
    ]
    rows += [
        Row(f"hello, {callers} at once", list(one["helloMs"].values()), "base")
        for callers, one in kinds[last].items()
    ]
    return Figure(
        name="tails",
        title="How long the slowest take",
        drawing=svg.rows(
            "How long the slowest take",
            "Milliseconds of an answer: median, 99th percentile, and 99.9th (hollow)",
            rows,
            [],
            unit="ms, by powers of ten",
            log=True,
        ),
        what="The same calls as above. More callers at once than threads wait for a thread.",
        repeat="`make bench`; `throughput.*.ms` in `latest.json`",
        baseline="a bare hello, asked in turn with it",
        goals=[],
        short="",
    )


NEAR = 1.5


def _signals(found: Json) -> Figure | None:
    lobby = found["latest"].get("lobby", {})
    buses = {name: one for name, one in lobby.items() if "straight" in str(one) and "knock" in one}
    if not buses:
        return None
    rows, ratios = [], []
    for bus, measured in buses.items():
        for what, one in measured.items():
            base = what not in ("knock", "admit")
            name = f"{bus}: {'straight to Realtime' if what == 'straight' else what}"
            rows.append(
                Row(
                    name,
                    [one["p50"], one["p99"]],
                    "base" if base else "ours",
                )
            )
            if not base:
                ratios += [
                    (f"{what}, {bus}, {which}", ratio) for which, ratio in one["ratio"].items()
                ]
    worst = max(ratios, key=lambda one: one[1])
    near = sum(ratio <= NEAR for _, ratio in ratios)
    local = buses.get("local bus") or next(iter(buses.values()))
    return Figure(
        name="knock",
        title="From a knock to the event in a browser",
        drawing=svg.rows(
            "From a knock to the event in a browser",
            "Milliseconds until supabase-js has the event: median, and 99th percentile (hollow)",
            rows,
            [],
            unit="ms, by powers of ten",
            log=True,
        ),
        what="A client knocks, and the operator's supabase-js is told on the inbox; the operator "
        "lets in, and the client's is told on the meeting's channel: through the whole local "
        "stack, once with its own bus and once with Google's Pub/Sub emulator where that is "
        "installed.",
        repeat="`make bench`; `lobby` in `latest.json`",
        baseline="an event of the same form without our functions, in turn with ours in the same "
        "run: " + lobby.get("what", ""),
        goals=[
            Goal(
                f"within {NEAR} × of the way without us, at the median and the 99th percentile",
                f"{near} of {len(ratios)} ratios; the largest is {worst[1]:g} ({worst[0]})",
                near == len(ratios),
            )
        ],
        short=f"A knock is in the operator's browser after {number(local['knock']['p50'])} ms, and "
        f"after {number(local['knock']['p99'])} ms in 99 of 100 cases.",
    )


TAIL = 1.5


LARGER = 1.1


def _sweep(found: Json) -> Figure | None:
    latest = found["latest"]
    swept, samples = latest.get("sweep"), latest.get("samples", {})
    without, during = samples.get("acceptMsWithoutSweep"), samples.get("acceptMsDuringSweep")
    if not swept or not without or not during:
        return None
    shares = [50, 60, 70, 80, 90, 95, 98, 99]
    reach = [_percentile(during, 99), _percentile(without, 99)]
    low = min(_percentile(without, 50), _percentile(during, 50))
    return Figure(
        name="sweep",
        title="An acceptance beside the sweep",
        drawing=svg.curves(
            "An acceptance beside the sweep",
            f"Milliseconds while the sweep works off {swept['dueRows']:,} due rows, and without it",
            [
                Curve(
                    "without",
                    [(place, _percentile(without, one)) for place, one in enumerate(shares)],
                    "base",
                ),
                Curve(
                    "during",
                    [(place, _percentile(during, one)) for place, one in enumerate(shares)],
                ),
            ],
            [Mark(reach[1] * TAIL, f"{TAIL} × the 99th percentile without it")],
            across="so many of a hundred were faster",
            up="ms, by powers of ten",
            x=Axis(0, len(shares) - 1, 80, 640, ticks=[float(n) for n in range(len(shares))]),
            y=Axis(low * 0.7, max(*reach, reach[1] * TAIL) * 1.3, 360, 104, log=True),
            names=[f"{one} %" for one in shares],
        ),
        what=f"Acceptances, one after the other, while the sweep expires {swept['dueRows']:,} "
        f"requests in {swept['calls']} calls and {swept['seconds']:g} s.",
        repeat="`make bench`; `sweep` and `samples.acceptMs…Sweep` in `latest.json`",
        baseline="the same acceptances before it",
        goals=[
            Goal(
                f"the 99th percentile within {TAIL} × of that without the sweep",
                f"{swept['ratio']['p99']:g} × ({swept['ratio']['p50']:g} × at the median)",
                swept["ratio"]["p99"] <= TAIL,
            )
        ],
        short=f"While the sweep works off {swept['dueRows']:,} rows, an acceptance takes "
        f"{swept['ratio']['p50']:g} times as long in the median.",
    )


def _vacuum(found: Json) -> Figure | None:
    hour = found["latest"].get("vacuum")
    if not hour:
        return None
    names = {"ours": "", "usual": ", as usual"}
    rows = [
        Bar(f"{table}{names[which]}", most, f"{most:,}", "ours" if which == "ours" else "base")
        for table in hour["ours"]["deadRows"]
        for which in names
        for most in (hour[which]["deadRows"][table]["most"],)
    ]
    grown = {
        table: hour["ours"]["bytes"][table]["ratioToHalfway"] for table in hour["ours"]["deadRows"]
    }
    index = {
        which: hour[which]["bytes"]["public.lobby_knocks_lease"]["end"] / 2**20 for which in names
    }
    most = max(grown, key=lambda table: grown[table])
    dead = {which: hour[which]["deadRows"]["public.lobby_knocks"]["most"] for which in names}
    return Figure(
        name="vacuum",
        title="What dies in an hour of a full lobby",
        drawing=svg.bars(
            "What dies in an hour of a full lobby",
            f"Dead rows at most, with {hour['waiting']:,} who wait, {hour['minutes']} minutes long",
            rows,
            [],
            unit="dead rows",
        ),
        what=f"{hour['waiting']:,} leases renewed twice a minute, and what is said of who comes or "
        "goes: published, relayed and forgotten. A minute takes a second, as does the one between "
        f"two looks of the server's vacuum; {hour['requests']:,} requests are behind them. "
        f"The leases' index takes {index['ours']:.1f} MB in the end, instead of "
        f"{index['usual']:.1f}.",
        repeat="`make bench`, or `python -m bench vacuum`; `vacuum` in `latest.json`",
        baseline="the same with the server's usual settings for these tables",
        goals=[
            Goal(
                f"no table larger at the end than halfway, by more than {LARGER} times",
                f"{max(grown.values()):g} times at most ({most})",
                max(grown.values()) <= LARGER,
            )
        ],
        short=f"In an hour of {hour['waiting']:,} who wait, their table carries {dead['ours']:,} "
        f"dead rows at most, instead of {dead['usual']:,}.",
    )


def _percentile(samples: Sequence[float], share: int) -> float:
    return statistics.quantiles(samples, n=100)[share - 1]


GROWTH = 1.3


def _growth(found: Json) -> Figure | None:
    grown = found.get("growth", {})
    actions: dict[str, Json] = grown.get("actions", {})
    if not actions:
        return None
    sizes = sorted(grown["sizes"], key=int)
    least, large = sizes[0], sizes[-1]
    at = {name: one["ratio"] for name, one in actions.items() if large in one["ratio"]}
    worst = max(at, key=lambda name: at[name][large])
    within = sum(ratios[large] <= GROWTH for ratios in at.values())
    alone = sorted(set(actions) - set(at))
    middle = {
        size: statistics.median(ratios[size] for ratios in at.values() if size in ratios)
        for size in sizes
    }
    low = min(min(ratios.values()) for ratios in at.values())
    high = max(max(ratios.values()) for ratios in at.values())

    least_at, large_at = float(least), float(large)
    end = min(600.0, svg.WIDTH - 34 - svg.LETTER * len(worst))

    def points(ratios: dict[str, float]) -> list[tuple[float, float]]:
        return [(float(size), ratios[size]) for size in sizes if size in ratios]

    return Figure(
        name="growth",
        title="Every action, as the data grow",
        drawing=svg.curves(
            "Every action, as the data grow",
            f"Median time of {len(at)} actions and lists, ÷ the same with {int(least):,} requests, "
            "or with the fewest where a list showed as many",
            [
                *(Curve("", points(ratios), "thin") for ratios in at.values()),
                Curve(worst, points(at[worst]), "bad"),
                Curve("half of them", points(middle)),
            ],
            [Mark(GROWTH, f"goal {GROWTH}"), Mark(1, f"as with {int(least):,}", "unit", last=True)],
            across="requests, with meetings, knocks, notices and records in proportion",
            up="times as long",
            x=Axis(least_at, large_at, 80, end, log=True, ticks=[float(s) for s in sizes]),
            y=Axis(min(0.6, low * 0.95), max(high, GROWTH) * 1.08, 380, 104),
            names=[f"{int(size):,}" for size in sizes],
        ),
        what="Every action and every list, through its function, on databases of each size on one "
        "server, asked in turn. What one person has is the same at each size; one operator has a "
        "large share of all there is. A list is compared with what it took at the smallest size "
        "where it showed as many"
        + (f"; there was none such for {', '.join(alone)}." if alone else "."),
        repeat="`make bench-growth`; `actions` in `growth.json`",
        baseline=f"the same with {int(least):,} requests",
        goals=[
            Goal(
                f"within {GROWTH} × of the smallest size",
                f"{within} of {len(at)} with {int(large):,} requests; the largest is "
                f"{at[worst][large]:g} ({worst})",
                within == len(at),
            )
        ],
        short=f"With {int(large):,} requests in the database, half of all actions take at most "
        f"{middle[large]:.2f} times what they take with {int(least):,}.",
    )


def _lobbies(found: Json) -> Figure | None:
    if "lobbies" not in found:
        return None
    measured = found["lobbies"]
    cost, minute, people = measured["perCall"]["renew"], measured["minute"], measured["clients"]
    spans = [5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0]
    taken = [
        (span, costs.database_seconds({"renew": 3600 / span}) / 3600 * people) for span in spans
    ]
    chosen = costs.database_seconds({"renew": 3600 / RENEW}) / 3600 * people
    return Figure(
        name="lobbies",
        title="What a sign of life costs, and how soon somebody is missed",
        drawing=svg.curves(
            "What a sign of life costs, and how soon somebody is missed",
            f"Processors of the database for the signs of life of {people:,} clients who wait",
            [
                Curve("processors", taken),
                Curve(f"every {RENEW:.0f} s", [(RENEW, 0.0), (RENEW, chosen)], "good"),
            ],
            [Mark(costs.SHARE, f"at most {costs.SHARE:g} of one")],
            across="a sign of life every so many seconds; who is unheard for twice as long is away",
            up="processors",
            x=Axis(0, 60, 80, 620, ticks=[0, 10, 15, 30, 45, 60]),
            y=Axis(0, max(taken[0][1], costs.SHARE) * 1.15, 360, 104),
        ),
        what=f"{people:,} clients waited at once, each with a lease, against one database, and "
        f"functions of one process each were asked over HTTP: {minute['perSecond']:g} calls a "
        f"second, of which a sign of life took {minute['ms']['renew']['p50']:g} ms in the median. "
        f"One costs {cost['databaseCpuMs']:.2f} ms of a processor in the database and "
        f"{cost['functionCpuMs']:.2f} ms in the function. In money: "
        "[docs/costs.md](../../docs/costs.md).",
        repeat="`make lobbies` (some six minutes); `perCall` and `minute` in `lobbies.json`",
        baseline=f"a bare hello, served and asked alike: a sign of life takes "
        f"{cost['functionCpuRatio']:g} times its processor time",
        goals=[
            Goal(
                f"{people:,} at once and nobody lost",
                f"{minute['stillWaiting']:,} still waited, {minute['away']} of them taken for away",
                minute["stillWaiting"] == people,
            ),
            Goal(
                f"their signs of life take at most {costs.SHARE:g} processors of the database",
                f"{chosen:.2f}",
                chosen <= costs.SHARE,
            ),
        ],
        short=f"{people:,} clients who wait at once keep {chosen:.2f} processors of the database "
        "busy.",
    )


PARTS = {
    "lobby_signal": "lobby-signal",
    "waiting_room": "waiting-room",
    "database": "database",
    "connections": "connections",
    "Realtime sockets": "Realtime sockets",
    "Realtime messages": "Realtime messages",
    "relay_signal": "relay-signal",
}
KINDS = {
    "lobby_signal": "more",
    "waiting_room": "more",
    "database": "ours",
    "connections": "ours",
    "Realtime sockets": "bad",
    "Realtime messages": "bad",
    "relay_signal": "base",
}
DASHED = {"waiting_room", "connections", "Realtime messages"}


def _scale(found: Json) -> Figure | None:
    if "scale" not in found:
        return None
    sizes: dict[str, Json] = found["scale"]["sizes"]
    factors = sorted(int(one) for one in sizes)
    asked = {
        part: [(float(one), max(sizes[str(one)]["asked"][part], 1e-3)) for one in factors]
        for part in PARTS
    }
    first = min(asked, key=lambda part: fills(asked[part]))
    largest = sizes[str(factors[-1])]
    bells = largest["turnedOn"]["bells"]
    high = max(value for points in asked.values() for _, value in points) * 2
    return Figure(
        name="scale",
        title="Which part gives way first",
        drawing=svg.curves(
            "Which part gives way first",
            "What the fullest minute of a day asks for, ÷ what is deployed without a change",
            [
                Curve(PARTS[part], points, KINDS[part], dashed=part in DASHED)
                for part, points in asked.items()
            ],
            [Mark(1, "all there is")],
            across="people, by powers of ten",
            up="part of what there is, by powers of ten",
            x=Axis(factors[0], factors[-1], 80, 590, log=True, ticks=[float(f) for f in factors]),
            y=Axis(1e-3, high, 400, 104, log=True),
            names=[f"{sizes[str(one)]['people']:,}" for one in factors],
        ),
        what="The quarter of an hour around the fullest hour of a day, simulated call by call with "
        "what a call was measured to cost. [docs/scale.md](../../docs/scale.md) says what to turn "
        "on.",
        repeat="`make plots`; `scale.json`",
        baseline="what is deployed when nothing is turned on: the sizes of `infra/functions`, one "
        "processor and 200 connections of a database, Supabase's Pro plan",
        goals=[
            Goal(
                f"{largest['people']:,} people with what is to be turned on",
                f"{sum(one['refused'] for one in largest['turnedOn']['functions'].values()):,} "
                f"calls refused, and {bells['heard']:,} of {bells['signals']:,} bells heard, half "
                f"of them within {number(bells['ms']['p50'])} ms",
                not any(one["refused"] for one in largest["turnedOn"]["functions"].values()),
            )
        ],
        short=f"{PARTS[first]} give way first, at {fills(asked[first]):,.0f} times a thousand "
        "people.",
    )


FIGURES: Sequence[Callable[[Json], Figure | None]] = (
    _cold,
    _memory,
    _trips,
    _accept,
    _throughput,
    _tails,
    _signals,
    _growth,
    _sweep,
    _vacuum,
    _lobbies,
    _scale,
)

"""`make bench`: measure, print, and write bench/results/latest.json.

Each part is written as soon as it is measured, with its day; `python -m bench cold lobby` measures
these alone and leaves the others as they are.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import cold, lobby, pages, signals, speaking, sweep, throughput, trips, vacuum
from bench.machine import machine
from bench.world import Caller, World, world

RESULTS = Path(__file__).parent / "results" / "latest.json"
Measured = dict[str, Any]


def main() -> None:
    unknown = set(sys.argv[1:]) - {*OF_ONE_WORLD, *BY_THEMSELVES}
    if unknown:
        sys.exit(f"visio: no such part: {', '.join(sorted(unknown))}")
    asked = sys.argv[1:] or [*OF_ONE_WORLD, *BY_THEMSELVES]
    if set(asked) & set(OF_ONE_WORLD):
        with world() as made:
            for name, part in OF_ONE_WORLD.items():
                if name in asked:
                    print(f"{name}: {part.__doc__}", flush=True)
                    _keep(name, part(made))
    for name, alone in BY_THEMSELVES.items():
        if name in asked:
            print(f"{name}: {alone.__doc__}", flush=True)
            _keep(name, alone())


def _keep(part: str, found: Measured) -> None:
    kept: Measured = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    samples = kept.pop("samples", {}) | found.pop("samples", {})
    today = datetime.now(UTC).date().isoformat()
    days = kept.get("days", {}) | {part: today}
    kept |= {"machine": machine(), "date": today, "days": days, **found}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**kept, "samples": samples}, indent=1) + "\n")
    print(json.dumps(found, indent=2), flush=True)


def _trips(made: World) -> Measured:
    """Round trips, and an acceptance by the distance to the database."""
    counted = trips.count(made)
    accepted, pooled = trips.accepts(made), trips.pooled(made)
    usual, usual_trips = trips.baseline(made)
    accept_ms, usual_ms = trips.medians(accepted), trips.medians(usual)
    return {
        "roundTrips": counted,
        "acceptMs": accept_ms,
        "acceptMsBehindPgBouncer": trips.medians(pooled),
        "baseline": {
            "what": "eight statements of SQLAlchemy Core on plain pg8000, without HTTP",
            "roundTrips": usual_trips,
            "ms": usual_ms,
            "acceptRatio": {d: round(accept_ms[d] / usual_ms[d], 2) for d in accept_ms},
        },
        "samples": {
            "acceptMs": _rounded(accepted),
            "acceptMsBehindPgBouncer": _rounded(pooled),
            "baselineMs": _rounded(usual),
        },
    }


def _speaking(made: World) -> Measured:
    """What speaking after the commit costs an answer."""
    spoken = speaking.answers(made)
    return {
        "answerMs": speaking.figures(spoken),
        "samples": {"answerMs": {bus: _rounded(found) for bus, found in spoken.items()}},
    }


def _cold(made: World) -> Measured:
    """Starts, and the memory that they leave taken."""
    with tempfile.TemporaryDirectory() as folder:
        started = cold.cold(made, Caller(made), Path(folder))
    return {
        "coldStartRatio": cold.ratios(started, of="ms"),
        "memoryRatio": cold.ratios(started, of="mb"),
        "samples": {
            "coldStartMs": {
                name: [[round(ours.ms, 1), round(hello.ms, 1)] for ours, hello in pairs]
                for name, pairs in started.items()
            },
            "memoryMb": {
                name: [[round(ours.mb, 1), round(hello.mb, 1)] for ours, hello in pairs]
                for name, pairs in started.items()
            },
        },
    }


def _throughput(made: World) -> Measured:
    """One instance under load."""
    with tempfile.TemporaryDirectory() as folder:
        return {"throughput": throughput.throughput(made, Caller(made), Path(folder))}


def _sweep(made: World) -> Measured:
    """A hundred thousand due rows beside live traffic."""
    swept = sweep.sweeps(made)
    return {
        "sweep": sweep.figures(swept),
        "samples": {
            "acceptMsWithoutSweep": [round(one, 1) for one in swept.before],
            "acceptMsDuringSweep": [round(one, 1) for one in swept.during],
        },
    }


def _knocks() -> Measured:
    """From a knock to the event, through the stack."""
    heard = signals.knocks()
    percentiles = statistics.quantiles(heard, n=100)
    return {
        "knockToEventMs": {"p50": round(percentiles[49], 1), "p99": round(percentiles[98], 1)},
        "samples": {"knockToEventMs": [round(one, 1) for one in heard]},
    }


def _lobby() -> Measured:
    """Knock and admission through each bus; five hundred lobbies at once."""
    buses, crowd = lobby.buses(), lobby.crowd()
    return {
        "lobby": {
            "what": "ms to the event in supabase-js; ratio to bus, push and relay without us",
            **{
                bus: {
                    what: {k: v for k, v in found.items() if k != "samples"}
                    for what, found in measured.items()
                }
                for bus, measured in buses.items()
            },
            "crowd": crowd,
        },
        "samples": {
            "lobbyMs": {
                bus: {what: found["samples"] for what, found in measured.items()}
                for bus, measured in buses.items()
            },
        },
    }


def _pages() -> Measured:
    """What the pages weigh."""
    return {
        "firstLoad": {
            "what": "kB as the browser received them, with headers; supabase-js aside",
            **pages.weights(),
        }
    }


def _vacuum() -> Measured:
    """An hour of a full lobby, and the server's vacuum behind it."""
    return {"vacuum": vacuum.keeps_up()}


OF_ONE_WORLD: dict[str, Callable[[World], Measured]] = {
    "trips": _trips,
    "speaking": _speaking,
    "cold": _cold,
    "throughput": _throughput,
    "sweep": _sweep,
}
BY_THEMSELVES: dict[str, Callable[[], Measured]] = {
    "knocks": _knocks,
    "lobby": _lobby,
    "pages": _pages,
    "vacuum": _vacuum,
}


def _rounded(samples: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: [round(one, 2) for one in found] for name, found in samples.items()}


if __name__ == "__main__":
    main()

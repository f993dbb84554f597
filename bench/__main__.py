"""`make bench`: measure, print, and write bench/results/latest.json."""

import json
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import cold, lobby, pages, signals, speaking, sweep, throughput, trips
from bench.machine import machine
from bench.world import Caller, world

RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> None:
    print("round trips and accept", flush=True)
    with world() as made, tempfile.TemporaryDirectory() as folder:
        counted = trips.count(made)
        accepted, pooled = trips.accepts(made), trips.pooled(made)
        print("what speaking costs an answer", flush=True)
        spoken = speaking.answers(made)
        usual, usual_trips = trips.baseline(made)
        started = cold.cold(made, Caller(made), Path(folder))
        print("one instance under load", flush=True)
        loaded = throughput.throughput(made, Caller(made), Path(folder))
        print("a hundred thousand due rows", flush=True)
        swept = sweep.sweeps(made)
    print("from knock to event", flush=True)
    heard = signals.knocks()
    print("knock and admission, through each bus", flush=True)
    buses = lobby.buses()
    print("five hundred lobbies at once", flush=True)
    crowd = lobby.crowd()
    print("what the pages weigh", flush=True)
    weighed = pages.weights()
    percentiles = statistics.quantiles(heard, n=100)
    accept_ms, usual_ms = trips.medians(accepted), trips.medians(usual)
    results = {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "coldStartRatio": cold.ratios(started, of="ms"),
        "memoryRatio": cold.ratios(started, of="mb"),
        "roundTrips": counted,
        "acceptMs": accept_ms,
        "acceptMsBehindPgBouncer": trips.medians(pooled),
        "answerMs": speaking.figures(spoken),
        "knockToEventMs": {"p50": round(percentiles[49], 1), "p99": round(percentiles[98], 1)},
        "throughput": loaded,
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
        "sweep": sweep.figures(swept),
        "firstLoad": {
            "what": "kB as the browser received them, with headers; supabase-js aside",
            **weighed,
        },
        "baseline": {
            "what": "eight statements of SQLAlchemy Core on plain pg8000, without HTTP",
            "roundTrips": usual_trips,
            "ms": usual_ms,
            "acceptRatio": {d: round(accept_ms[d] / usual_ms[d], 2) for d in accept_ms},
        },
        "samples": {
            "coldStartMs": {
                name: [[round(ours.ms, 1), round(hello.ms, 1)] for ours, hello in pairs]
                for name, pairs in started.items()
            },
            "memoryMb": {
                name: [[round(ours.mb, 1), round(hello.mb, 1)] for ours, hello in pairs]
                for name, pairs in started.items()
            },
            "acceptMs": _rounded(accepted),
            "acceptMsBehindPgBouncer": _rounded(pooled),
            "answerMs": {bus: _rounded(found) for bus, found in spoken.items()},
            "baselineMs": _rounded(usual),
            "knockToEventMs": [round(one, 1) for one in heard],
            "lobbyMs": {
                bus: {what: found["samples"] for what, found in measured.items()}
                for bus, measured in buses.items()
            },
            "acceptMsWithoutSweep": [round(one, 1) for one in swept.before],
            "acceptMsDuringSweep": [round(one, 1) for one in swept.during],
        },
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    shown = {name: value for name, value in results.items() if name != "samples"}
    print(json.dumps(shown, indent=2))


def _rounded(samples: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: [round(one, 2) for one in found] for name, found in samples.items()}


if __name__ == "__main__":
    main()

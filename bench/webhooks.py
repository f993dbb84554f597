"""Webhooks of one instance: signed bookings a second and their tail, against a bare hello."""

import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cold import HELLO
from bench.world import Caller, Sent, World
from local.postgres import PROJECT, free_port

CALLERS, EACH = 8, 50
THREADS = "8"


@dataclass(frozen=True)
class Loaded:
    """Requests a second, and the milliseconds of each."""

    per_second: float
    ms: list[float]


def webhooks(made: World, caller: Caller, folder: Path) -> dict[str, Loaded]:
    """Distinct bookings of one client, from eight callers at once; and the same to a hello."""
    hello = folder / "main.py"
    hello.write_text(HELLO)
    link = caller.link()
    page = PROJECT / "functions" / "calcom_webhook" / "main.py"
    with (
        _served(hello, "hello", {}) as plain,
        _served(page, "calcom_webhook", made.environment) as ours,
    ):
        _load(plain, [caller.booking(link) for _ in range(CALLERS * 4)])  # both warmed alike
        _load(ours, [caller.booking(link) for _ in range(CALLERS * 4)])
        sent = [caller.booking(link) for _ in range(CALLERS * EACH)]
        return {"hello": _load(plain, sent), "calcom_webhook": _load(ours, sent)}


def figures(loaded: dict[str, Loaded]) -> dict[str, object]:
    """The rate as a ratio to the bare hello's, and the tails of both."""
    ours, hello = loaded["calcom_webhook"], loaded["hello"]
    return {
        "callers": CALLERS,
        "rateRatio": round(ours.per_second / hello.per_second, 2),
        "perSecond": round(ours.per_second),
        "helloPerSecond": round(hello.per_second),
        "ms": _percentiles(ours.ms),
        "helloMs": _percentiles(hello.ms),
    }


def _percentiles(samples: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(samples, n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


@contextmanager
def _served(page: Path, target: str, environment: dict[str, str]) -> Iterator[int]:
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    paths = {"PYTHONPATH": str(PROJECT / "src"), "THREADS": THREADS}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "functions_framework", "--target", target),
            *("--source", str(page), "--host", "127.0.0.1", "--port", str(port)),
        ],
        env={**kept, **environment, **paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            except OSError:
                time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _load(port: int, sent: list[Sent]) -> Loaded:
    """Every request once, from all callers at once, each on a connection of its own."""
    samples: list[float] = []
    waiting = iter(sent)
    lock = threading.Lock()

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                one = next(waiting, None)
            if one is None:
                break
            began = time.perf_counter()
            connection.request("POST", "/", one.body, one.headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            with lock:
                samples.append((time.perf_counter() - began) * 1000)
        connection.close()

    callers = [threading.Thread(target=run) for _ in range(CALLERS)]
    began = time.perf_counter()
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert len(samples) == len(sent)
    return Loaded(len(sent) / (time.perf_counter() - began), samples)

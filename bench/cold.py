"""Cold start: from spawning a function's process to its first answer that used the database."""

import contextlib
import http.client
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from bench.world import Caller, Sent, World
from local.gateway import names
from local.postgres import PROJECT, free_port

ROUNDS = 7
HELLO = """import functions_framework


@functions_framework.http
def hello(request):
    return "hello"
"""


def cold(made: World, caller: Caller, folder: Path) -> dict[str, list[tuple[float, float]]]:
    """For each function, pairs of milliseconds: its own, and of a bare hello right before it."""
    hello = folder / "main.py"
    hello.write_text(HELLO)
    plain = Sent("GET", {}, {}, None)
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in names()}
    for number in range(ROUNDS + 1):
        print(f"  cold starts, round {number} of {ROUNDS}", flush=True)
        ready = {function: sent for function, sent in caller.ready().values()}
        for name in names():
            base = _start(hello, "hello", plain, {})
            page = PROJECT / "functions" / name / "main.py"
            ours = _start(page, name, ready[name], made.environment)
            if number:  # the first round compiles byte code and warms the page cache
                samples[name].append((ours, base))
    return samples


def ratios(samples: dict[str, list[tuple[float, float]]]) -> dict[str, float]:
    return {
        name: round(
            statistics.median(ours for ours, _ in pairs)
            / statistics.median(base for _, base in pairs),
            2,
        )
        for name, pairs in samples.items()
    }


def _start(page: Path, target: str, sent: Sent, environment: dict[str, str]) -> float:
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "functions_framework", "--target", target),
            *("--source", str(page), "--host", "127.0.0.1", "--port", str(port)),
        ],
        env={**kept, "PYTHONPATH": str(PROJECT / "src"), "THREADS": "4", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                status = _ask(port, sent)
                took = (time.perf_counter() - began) * 1000
                assert status < 300, (target, status)
                return took
            time.sleep(0.001)
    finally:
        process.terminate()
        process.wait(20)
    raise AssertionError(f"{target} did not start")


def _ask(port: int, sent: Sent) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        path = f"/?{urlencode(sent.query)}" if sent.query else "/"
        connection.request(sent.method, path, sent.body, sent.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()

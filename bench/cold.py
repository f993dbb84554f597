"""Cold start: from spawning a function's process to its first answer that used the database, and
the memory that it takes from then on."""

import contextlib
import http.client
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urlencode

from bench.world import Caller, Sent, World
from local.gateway import names
from local.postgres import PROJECT, free_port

ROUNDS = 15
_PYTHON = os.path.realpath(sys.executable)  # without what is installed beside it
HELLO = """import functions_framework


@functions_framework.http
def hello(request):
    return "hello"
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Milliseconds to the first answer, and megabytes of the process and its workers after it."""

    ms: float
    mb: float


def cold(made: World, caller: Caller, folder: Path) -> dict[str, list[tuple[Start, Start]]]:
    """For each function, pairs of starts: its own, and a bare hello's right before it."""
    hello = folder / "main.py"
    hello.write_text(HELLO)
    plain = Sent("GET", {}, {}, None)
    packages = {name: installed_for(name, folder) for name in names()}
    samples: dict[str, list[tuple[Start, Start]]] = {name: [] for name in names()}
    for number in range(ROUNDS + 1):
        print(f"  cold starts, round {number} of {ROUNDS}", flush=True)
        ready = {function: sent for function, sent in caller.ready().values()}
        for name in names():
            base = _start(hello, "hello", plain, {}, packages[name])
            page = PROJECT / "functions" / name / "main.py"
            ours = _start(page, name, ready[name], made.environment, packages[name])
            if number:  # the first round compiles byte code and warms the page cache
                samples[name].append((ours, base))
    return samples


def installed_for(function: str, folder: Path) -> Path:
    """The packages that a function is deployed with, and no others, as links to those of here.

    Some look for what else there is: babel for pytz, which would cost it 10 ms.
    """
    pinned = (PROJECT / "requirements" / "functions" / f"{function}.txt").read_text()
    made = folder / function
    made.mkdir()
    for name in re.findall(r"^([\w.-]+)==", pinned, re.MULTILINE):
        found = distribution(name)
        for top in {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}:
            (made / top).symlink_to(Path(str(found.locate_file(top))))
    return made


def ratios(samples: dict[str, list[tuple[Start, Start]]], *, of: str) -> dict[str, float]:
    """Medians of `ms` or `mb` to those of the hellos in between."""
    return {
        name: round(
            statistics.median(getattr(ours, of) for ours, _ in pairs)
            / statistics.median(getattr(base, of) for _, base in pairs),
            2,
        )
        for name, pairs in samples.items()
    }


def memory(pid: int) -> float:
    """Megabytes of a process and all below it; what they share counts once (PSS)."""
    family = [pid]
    for one in family:
        for task in Path(f"/proc/{one}/task").iterdir():
            family += map(int, (task / "children").read_text().split())
    rolled_up = "".join(Path(f"/proc/{one}/smaps_rollup").read_text() for one in family)
    kilobytes = [int(line.split()[1]) for line in rolled_up.splitlines() if line[:4] == "Pss:"]
    return sum(kilobytes) / 1024


def _start(
    page: Path, target: str, sent: Sent, environment: dict[str, str], packages: Path
) -> Start:
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            *(_PYTHON, "-m", "functions_framework", "--target", target),
            *("--source", str(page), "--host", "127.0.0.1", "--port", str(port)),
        ],
        env={
            **kept,
            "PYTHONPATH": os.pathsep.join(map(str, (PROJECT / "src", packages))),
            "THREADS": "4",
            **environment,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                status = _ask(port, sent)
                took = (time.perf_counter() - began) * 1000
                assert status < 300, (target, status)
                return Start(took, memory(process.pid))
            time.sleep(0.001)
    finally:
        process.terminate()
        process.wait(60)
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

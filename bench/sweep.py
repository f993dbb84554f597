"""Live traffic while the sweep works off a hundred thousand rows, against the same without it."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from bench.world import Caller, World
from local import postgres
from local.postgres import PROJECT, free_port
from tests.world import ALICE, MIKL

DUE = 100_000
LIVE, PAUSE = 1500, 0.02  # seconds; what begins after one takes longer, with a sweep and without
# The bus of the sweep: it takes everything and does nothing, in a process of its own.
SINK = """
import http.server, sys
class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Sink).serve_forever()
"""
FILL = f"""
insert into public.meeting_requests
       (client_id, operator_id, requested_slots, last_slot_at, created_at)
select '{ALICE.row}', '{MIKL.row}', to_jsonb(array[now() - interval '1 hour']),
       now() - interval '1 hour', now() - interval '2 days'
  from generate_series(1, {DUE})"""  # noqa: S608 -- constants of the tests


@dataclass(frozen=True)
class Swept:
    """Milliseconds of decide-request accept without the sweep and during it; how long it took."""

    before: list[float]
    during: list[float]
    seconds: float
    calls: int


def figures(swept: Swept) -> dict[str, object]:
    """Latencies as ratios to those of the same run without the sweep."""
    without, during = (_percentiles(found) for found in (swept.before, swept.during))
    return {
        "dueRows": DUE,
        "seconds": round(swept.seconds, 1),
        "calls": swept.calls,
        "acceptMsWithout": without,
        "acceptMsDuring": during,
        "ratio": {name: round(during[name] / without[name], 2) for name in during},
    }


def _percentiles(found: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(found, n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


def sweeps(made: World) -> Swept:
    """Work off the due rows beside live traffic; every one of them exactly once."""
    caller = Caller(made)
    with closing(postgres.connect(made.admin)) as db:
        db.run("delete from public.meeting_requests where status = 'pending'")
        for _ in range(20):
            _timed(caller)
        before = [_paced(caller) for _ in range(LIVE)]
        db.run(FILL)
        db.run("analyze")
        with _sweeping(made, caller) as progress:
            during = []
            while progress.is_alive():
                during.append(_paced(caller))
        left = db.run("select count(*) from public.meeting_requests where status = 'pending'")
        told = db.run("select count(*) from public.transitions where action = 'expire'")
    assert (left, told) == ([[0]], [[DUE]]), (left, told)
    return Swept(before, during, progress.seconds, progress.calls)


class _Progress(threading.Thread):
    """Calls the sweep as the scheduler does, until it finds nothing."""

    def __init__(self, url: str, bearer: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self._url, self._bearer = url, bearer
        self.seconds, self.calls = 0.0, 0

    def run(self) -> None:
        began = time.perf_counter()
        done = None
        while done != 0:
            request = urllib.request.Request(self._url, b"", self._bearer)
            with urllib.request.urlopen(request, timeout=300) as answer:
                done = json.load(answer)["data"]["expired"]
            self.calls += 1
        self.seconds = time.perf_counter() - began


@contextmanager
def _sweeping(made: World, caller: Caller) -> Iterator[_Progress]:
    port, sink = free_port(), free_port()
    # Nobody sends e-mails here: each would be handed over again and again, instead of what is due.
    environment = {
        **made.environment,
        "LOCAL_BUS_URL": f"http://127.0.0.1:{sink}/bus",
        "MAIL_TOPIC": "",
    }
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    page = PROJECT / "functions" / "complete_meetings" / "main.py"
    commands = (
        [sys.executable, "-c", SINK, str(sink)],
        [
            *(sys.executable, "-m", "functions_framework", "--target", "complete_meetings"),
            *("--source", str(page), "--host", "127.0.0.1", "--port", str(port)),
        ],
    )
    env = {**kept, "PYTHONPATH": str(PROJECT / "src"), **environment}
    processes = [
        subprocess.Popen(c, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for c in commands
    ]
    try:
        url = f"http://127.0.0.1:{port}/"
        _until_open(url)
        progress = _Progress(url, caller.tick().headers)
        progress.start()
        yield progress
        progress.join()
    finally:
        for process in processes:
            process.terminate()
            process.wait(20)


def _until_open(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return  # it answers: a GET is not how it is called
        except OSError:
            time.sleep(0.05)


def _paced(caller: Caller) -> float:
    took = _timed(caller)
    time.sleep(PAUSE)
    return took


def _timed(caller: Caller) -> float:
    sent = caller.accept()
    began = time.perf_counter()
    caller.send("decide_request", sent)
    return (time.perf_counter() - began) * 1000

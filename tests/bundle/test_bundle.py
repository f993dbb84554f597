"""Each staged folder starts alone: its own requirements, an empty environment, real HTTP."""

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from local import build, openapi
from local.gateway import names
from local.postgres import free_port
from tests.cloud import planned
from tests.conftest import ON_ONE_SERVER
from tests.world import ALICE, PROJECT, Remote

pytestmark = pytest.mark.xdist_group("bundle")


@pytest.fixture(scope="session")
def staged(tmp_path_factory):
    """Every function's folder, staged as `make build` does."""
    target = tmp_path_factory.mktemp("build")
    for name in names():
        build.stage(name, target / name)
    return target


@pytest.fixture(scope="session")
def python_with(tmp_path_factory):
    """The interpreter of an environment that holds just these requirements."""
    made = {}

    def python_with(requirements: Path) -> Path:
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
        if digest not in made:
            home = tmp_path_factory.mktemp("venvs") / digest
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            install = [str(home / "bin" / "pip"), "install", "--quiet", "--require-hashes"]
            done = subprocess.run(
                [*install, "--disable-pip-version-check", "-r", str(requirements)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            made[digest] = home / "bin" / "python"
        return made[digest]

    return python_with


@pytest.fixture
def started(staged, python_with, environment):
    """Start a staged function by itself, with the settings of the tests and nothing else."""
    running = []

    def started(name: str) -> tuple[str, subprocess.Popen[bytes]]:
        kept = ("VISIO_", "DATABASE_", "SUPABASE_", "CALCOM_", "BOOKING_", "LIVEKIT_", "PUSH_")
        more = ("SCHEDULER_", "REALTIME_", "GOOGLE_", "LOCAL_", "MESSAGE_", "ALLOWED_")
        also = ("APP_", "FUNCTIONS_", "LINK_", "MAIL_", "SMTP_", "ROOM_", "WEB_PUSH_", "VAPID_")
        settings = {k: v for k, v in os.environ.items() if k.startswith(kept + more + also)}
        port, folder = free_port(), staged / name
        process = subprocess.Popen(
            [
                str(python_with(folder / "requirements.txt")),
                *("-m", "functions_framework", "--target", name),
                *("--source", str(folder / "main.py"), "--port", str(port), "--host", "127.0.0.1"),
            ],
            cwd=folder,
            env={**settings, "THREADS": str(planned()[name].concurrency)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        running.append(process)
        return f"http://127.0.0.1:{port}/", process

    yield started
    for process in running:
        process.terminate()
        process.communicate(timeout=40)  # gunicorn gives open connections half a minute


def answered(address, method, headers=None, body=None):
    """The first answer, once the port is open."""
    url, process = address
    while process.poll() is None:
        request = urllib.request.Request(url, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")
        except OSError:
            time.sleep(0.05)
    raise AssertionError(process.stdout.read().decode())


@ON_ONE_SERVER
@pytest.mark.parametrize("name", names())
def test_a_staged_function_serves_alone(started, name):
    address = started(name)

    status, answer = answered(address, "DELETE")

    assert (status, answer["error"]["code"]) == (405, "method_not_allowed")


@ON_ONE_SERVER
def test_a_staged_function_reaches_the_database_and_the_bus(started, remote: Remote):
    address = started("request_meeting")
    headers = {**ALICE.headers, "Content-Type": "application/json"}
    body = json.dumps({"requestedSlots": ["2027-03-01T09:00:00Z"]}).encode()

    status, answer = answered(address, "POST", headers, body)

    assert (status, answer["data"]["status"]) == (201, "pending")
    assert [heard["event"] for heard in remote.published] == [
        "request_created",
        "notification_created",
    ]


@ON_ONE_SERVER
def test_a_process_that_serves_is_connected_before_anybody_needs_it(started, rows):
    answered(started("lobby_state"), "DELETE")

    connected = """select count(*) from pg_stat_activity
                    where application_name = 'visio' and datname = current_database()"""
    give_up = time.monotonic() + 10
    while rows(connected) != [1] and time.monotonic() < give_up:
        time.sleep(0.05)
    assert rows(connected) == [1]


def test_without_its_secrets_a_function_refuses_to_start(staged, python_with):
    folder = staged / "calcom_webhook"
    python = python_with(folder / "requirements.txt")

    done = subprocess.run(
        [str(python), "-c", "import main"], cwd=folder, env={}, capture_output=True, text=True
    )

    assert done.returncode != 0
    assert "CALCOM_WEBHOOK_SECRETS" in done.stderr


def test_a_folder_holds_its_page_the_core_and_nothing_else(tmp_path):
    build.stage("lobby_signal", tmp_path / "staged")

    assert sorted(path.name for path in (tmp_path / "staged").iterdir()) == [
        "main.py",
        "requirements.txt",
        "visio",
    ]
    assert not list(tmp_path.rglob("__pycache__"))


def test_the_same_files_make_the_same_archive_wherever_and_whenever(tmp_path):
    first, second = tmp_path / "one", tmp_path / "somewhere" / "else"
    build.stage("lobby_signal", first)
    build.stage("lobby_signal", second)
    for path in second.rglob("*"):
        os.utime(path, (1, 1))
    (second / "main.py").chmod(0o600)

    build.pack(first, tmp_path / "one.zip")
    build.pack(second, tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    (second / "main.py").write_text("# another page\n")
    build.pack(second, tmp_path / "three.zip")
    assert (tmp_path / "one.zip").read_bytes() != (tmp_path / "three.zip").read_bytes()


def test_an_archive_is_the_staged_folder_in_a_fixed_order_for_anyone_to_read(tmp_path):
    build.stage("send_mail", tmp_path / "staged")
    build.pack(tmp_path / "staged", tmp_path / "staged.zip")

    with zipfile.ZipFile(tmp_path / "staged.zip") as archive:
        entries = archive.infolist()
        archive.extractall(tmp_path / "unpacked")

    files = [path for path in (tmp_path / "staged").rglob("*") if path.is_file()]
    assert [e.filename for e in entries] == sorted(
        path.relative_to(tmp_path / "staged").as_posix() for path in files
    )
    assert {(e.external_attr >> 16, e.date_time) for e in entries} == {
        (0o100644, (1980, 1, 1, 0, 0, 0))
    }
    for path in files:
        unpacked = tmp_path / "unpacked" / path.relative_to(tmp_path / "staged")
        assert unpacked.read_bytes() == path.read_bytes()


def test_the_published_document_is_the_one_that_the_functions_declare():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json; from local.openapi import document; print(json.dumps(document()))",
        ],
        cwd=PROJECT,
        env={"PYTHONPATH": "src:."},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(openapi.TARGET.read_text()) == json.loads(done.stdout), "run `make openapi`"


def test_what_shares_a_costly_fixture_runs_in_one_worker(request):
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("nothing is grouped where one process runs all")

    # xdist writes the group behind the id, and goes by what it reads there.
    assert request.node.nodeid.endswith("@bundle")


def test_lists_of_functions_agree():
    folders = names()
    published = json.loads(openapi.TARGET.read_text())["paths"]
    readme = (PROJECT / "README.md").read_text()

    assert sorted(path[1:].replace("-", "_") for path in published) == folders
    assert sorted(planned()) == folders
    assert [name for name in folders if f"`{name}`" not in readme] == []


def test_every_command_of_make_is_in_the_readme():
    readme = (PROJECT / "README.md").read_text()
    targets = [
        line.partition(":")[0]
        for line in (PROJECT / "Makefile").read_text().splitlines()
        if line[:1].isalpha() and "## " in line
    ]

    assert [target for target in targets if f"make {target}" not in readme] == []


def test_no_lock_or_document_names_a_registry():
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    lock = json.loads((PROJECT / "package-lock.json").read_text())

    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    hosts = ("pythonhosted" + ".org", "pypi" + ".org", "registry.npm" + "js.org")
    for name in filter(None, tracked):
        text = (PROJECT / name).read_bytes()
        assert not any(host.encode() in text for host in hosts), name

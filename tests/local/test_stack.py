"""The running product, from outside: what `make run` promises."""

import asyncio
import errno
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from aiohttp import ClientSession

from local import auth, demo, emulator
from local import stack as stacks
from local.postgres import Broken, free_port
from local.tokens import Keys
from tests.world import PROJECT

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]


def get(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as a:
            return a.status, a.headers, a.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def alive(children):
    """Those of some processes that still run, by their command line (a zombie has none)."""
    lines = [Path(f"/proc/{pid}/cmdline") for pid in children]
    return [line.read_bytes() for line in lines if line.exists() and line.read_bytes()]


def story_of(stack, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "local.demo"],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "src:.",
            "PORT": str(stack.port),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done


def test_the_story_is_told(stack):
    done = story_of(stack, http_proxy="http://127.0.0.1:1")  # it is asked for nothing

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].strip() == "the story is told"


def test_a_story_that_goes_otherwise_exits_non_zero(stack):
    wrong = story_of(stack, CALCOM_WEBHOOK_SECRETS="another-secret-than-the-stacks")
    nobody = story_of(stack, VISIO_URL="http://127.0.0.1:1")

    assert (wrong.returncode, nobody.returncode) == (1, 1)
    assert "bad_signature" in wrong.stdout
    assert nobody.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "answered",
    [
        b"HTTP/1.0 404 Not Found\r\n\r\n<h1>Not found</h1>",
        b"HTTP/1.0 200 OK\r\n\r\n<h1>Another program</h1>",
        b'HTTP/1.0 200 OK\r\n\r\n{"name": "another program"}',
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b"SSH-2.0-another\r\n",
        b"",
    ],
)
def test_what_is_no_stack_of_ours_is_said_in_one_line(answered, monkeypatch):
    class Another(socketserver.StreamRequestHandler):
        def handle(self):
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answered)

    with socketserver.TCPServer(("127.0.0.1", 0), Another) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        monkeypatch.setattr(demo, "ORIGIN", f"http://127.0.0.1:{server.server_address[1]}")
        with pytest.raises(SystemExit) as left:
            demo.main()
        server.shutdown()

    assert str(left.value).startswith(f"visio: what answers at {demo.ORIGIN} is no stack of ours")


@pytest.mark.parametrize(
    "path", ["/", "/client/", "/hub/", "/reminders/", "/mail/", "/mail", "/health", "/config.json"]
)
def test_what_a_browser_opens_is_there(stack, path):
    assert get(stack.origin + path)[0] == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/..%2fpyproject.toml", "/client/../../Makefile", "//etc/", "//etc"]
)
def test_nothing_outside_the_pages_is_served(stack, path):
    assert get(stack.origin + path)[0] == 404


def test_a_page_runs_nothing_but_its_own(stack):
    _, headers, _ = get(stack.origin + "/client/")

    assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_it_tells_where_it_serves_and_who_may_sign_in(stack):
    told = "".join(stack.output)

    assert f"{stack.origin}/client/" in told
    assert all(account in told for account in auth.ACCOUNTS)
    assert f"  PORT={stack.port} make demo  " in told


def test_functions_are_reached_without_a_redirect_and_unknown_ones_say_so(stack, monkeypatch):
    monkeypatch.setattr(demo, "ORIGIN", stack.origin)

    known = demo.send("/functions/v1/request-meeting", {})
    unknown = demo.send("/functions/v1/no-such-function", {})

    assert (known.status, known.code) == (401, "unauthenticated")
    assert (unknown.status, unknown.code) == (404, "not_found")


def test_a_mail_that_is_not_there_is_not_shown(stack):
    for path in ("/mail/999999", "/mail/999999/letter", "/mail/999999/0", "/mail/x"):
        assert get(stack.origin + path)[0] == 404


def test_a_large_body_is_refused_through_the_front(stack, monkeypatch):
    monkeypatch.setattr(demo, "ORIGIN", stack.origin)

    answer = demo.send("/functions/v1/calcom-webhook", b"x" * 2_000_000)

    assert (answer.status, answer.code) == (413, "too_large")


def test_signing_in_and_on(stack, monkeypatch):
    monkeypatch.setattr(demo, "ORIGIN", stack.origin)
    alice = demo.Person("alice@client.example")
    token = "/auth/v1/token?grant_type="

    renewed = demo.send(f"{token}refresh_token", {"refresh_token": alice.session["refresh_token"]})
    wrong = demo.send(f"{token}password", {"email": "alice@client.example", "password": "x"})
    nobody = demo.send(
        f"{token}password", {"email": "eve@client.example", "password": "demo-visio"}
    )
    forged = demo.send(f"{token}refresh_token", {"refresh_token": alice.token})

    assert renewed.body["user"]["email"] == "alice@client.example"
    assert [a.status for a in (wrong, nobody, forged)] == [400] * 3
    assert wrong.body["error_code"] == nobody.body["error_code"] == "invalid_credentials"


def test_the_bus_takes_messages_from_the_functions_only(stack, monkeypatch):
    monkeypatch.setattr(demo, "ORIGIN", stack.origin)

    assert demo.send("/local/bus", {"messages": []}, token="guessed").status == 401


def test_a_second_start_keeps_what_there_was_and_ctrl_c_leaves_nothing(start, monkeypatch):
    first = start().until_healthy()
    monkeypatch.setattr(demo, "ORIGIN", first.origin)
    asked = {"requestedSlots": ["2027-03-01T09:00:00Z"]}
    made = demo.Person("alice@client.example").does("request-meeting", asked)
    children = first.children()
    code = first.interrupt()
    second = start().until_healthy()
    monkeypatch.setattr(demo, "ORIGIN", second.origin)

    kept = demo.Person("alice@client.example").does("list-requests", query={})

    assert code == 0
    assert len(children) >= 3
    assert alive(children) == []
    assert kept.data["items"][0]["id"] == made.data["id"]


@pytest.mark.parametrize(
    "answered", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", b"?"]
)
def test_the_sweep_goes_on_whatever_became_of_the_last_one(home, answered, monkeypatch):
    monkeypatch.setattr(stacks, "SWEEP_EVERY", 0.01)
    asked = []

    async def hang_up(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answered)
        writer.close()

    async def sweep():
        stack = stacks.Stack({"VISIO_HOME": str(home)})
        stack.keys = Keys.load(home)
        async with (
            await asyncio.start_server(hang_up, "127.0.0.1", 0) as server,
            ClientSession() as stack._session,
        ):
            port = server.sockets[0].getsockname()[1]
            sweeping = asyncio.create_task(stack._sweep(f"http://127.0.0.1:{port}/"))
            ended, _ = await asyncio.wait([sweeping], timeout=1)
            sweeping.cancel()
            return ended

    assert not asyncio.run(sweep())
    assert len(asked) > 1


def test_a_killed_stack_is_cleaned_up_by_the_next(start):
    first = start().until_healthy()
    children = first.children()
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()

    start().until_healthy()

    assert alive(children) == []


def test_a_closed_terminal_leaves_nothing(start):
    running = start().until_healthy()
    children = running.children()

    running.process.send_signal(signal.SIGHUP)

    assert running.process.wait(30) == 0
    assert alive(children) == []


def test_when_the_functions_end_so_does_all_with_one_clear_line(start):
    running = start().until_healthy()
    listed = subprocess.run(
        ["pgrep", "-f", "-P", str(running.process.pid), "local.gateway"],
        capture_output=True,
        text=True,
    )

    os.kill(int(listed.stdout.split()[0]), signal.SIGTERM)
    code = running.process.wait(30)
    running.interrupt()

    assert code == 1
    assert running.output[-1].startswith("visio: the functions' process has ended")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:1/x"}, "DATABASE_URL does not lead"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL does not lead"),
        ({"PORT": "many"}, "PORT must be a number"),
        ({"ROOM_PROVIDER": "telephone"}, "ROOM_PROVIDER: one of"),
        ({"MESSAGE_BUS": "pigeon"}, "MESSAGE_BUS: one of"),
        ({"PATH": "/nowhere", "MESSAGE_BUS": "pubsub"}, "needs"),
    ],
)
def test_what_is_in_the_way_is_said_in_one_line(start, environment, told):
    running = start(**environment)

    code = running.process.wait(60)
    running.interrupt()

    said = [
        line for line in running.output if line.startswith("visio: ") and "stopping" not in line
    ]
    assert code == 1
    assert told in said[0]
    assert "Traceback" not in "".join(running.output)
    assert "s3cret" not in "".join(running.output)


def test_a_missing_node_is_said_in_one_line(tmp_path):
    make, bash = shutil.which("make"), shutil.which("bash")
    (tmp_path / "bash").symlink_to(bash)

    done = subprocess.run(
        [make, "-s", "-B", "node_modules/.installed"],
        cwd=PROJECT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert done.stdout == "visio: Node 20 or newer with npm is needed\n"


def test_a_used_port_and_a_used_home_are_said_so(start, stack, tmp_path):
    same_port = start(port=stack.port)
    same_home = start(home=stack.home)

    codes = [running.process.wait(30) for running in (same_port, same_home)]
    for running in (same_port, same_home):
        running.interrupt()

    assert codes == [1, 1]
    assert same_port.output == [
        f"visio: port {stack.port} is in use: stop what uses it, or set PORT\n"
    ]
    assert same_home.output[0].startswith("visio: another stack runs on")


def test_a_home_that_may_not_be_written_in_is_said_so(start, home, tmp_path):
    (home / "lock").mkdir()
    (tmp_path / "file").touch()
    closed = start(), start(home=tmp_path / "file" / "below")

    codes = [running.process.wait(30) for running in closed]
    for running in closed:
        running.interrupt()

    assert codes == [1, 1]
    for running in closed:
        assert len(running.output) == 1
        assert running.output[0].endswith("mend it, or set VISIO_HOME\n")


def test_a_port_that_is_not_ours_to_have_is_not_said_to_be_in_use(monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)

    with pytest.raises(Broken, match=r"^port 80 is not to be had \(Permission denied\): set PORT$"):
        stacks._listen(80)


def test_the_story_is_told_on_a_given_database(start, database):
    running = start(DATABASE_URL=database.admin).until_healthy()

    done = story_of(running)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_story_is_told_through_googles_emulator(start):
    if emulator.jar() is None:
        pytest.skip("Google's Pub/Sub emulator is not installed here")
    running = start(MESSAGE_BUS="pubsub", port=free_port()).until_healthy()

    done = story_of(running)

    assert done.returncode == 0, done.stdout + done.stderr

"""Both parties' screens, with the genuine supabase-js, while things break underneath."""

import contextlib
import json
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local import demo, postgres
from local.demo import Person
from local.tokens import Keys
from tests.world import JWT_SECRET, LIVEKIT_KEY, LIVEKIT_SECRET, PROJECT, Remote

pytestmark = [pytest.mark.xdist_group("screens"), pytest.mark.timeout(180)]


class Proxy:
    """A port that leads somewhere, until it is cut."""

    def __init__(self, target):
        self.target, self.cut_off = target, False
        self._pairs = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Drop every connection, and take none."""
        self.cut_off = True
        while self._pairs:
            for end in self._pairs.pop():
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self, target=None):
        self.target, self.cut_off = target or self.target, False

    def close(self):
        self.cut()
        self._server.shutdown(socket.SHUT_RDWR)  # which wakes the thread that accepts
        self._server.close()

    def _accept(self):
        while True:
            try:
                inner, _ = self._server.accept()
            except OSError:
                return
            try:
                if self.cut_off:
                    raise ConnectionRefusedError
                outer = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                inner.close()
                continue
            self._pairs.append((inner, outer))
            for one, other in ((inner, outer), (outer, inner)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
        one.close()


class Screen:
    """One page, and what it shows."""

    def __init__(self, origin, key, person, meeting):
        self._process = subprocess.Popen(
            ["node", "--no-warnings", "tests/local/screen.mjs", origin, key, person.token, meeting],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines, self._seen = queue.SimpleQueue(), []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(json.loads(line))

    def until(self, seconds=60, **wanted):
        give_up = time.monotonic() + seconds
        while True:
            for line in self._seen:
                if wanted.items() <= line.items():
                    self._seen.remove(line)
                    return line
            self._seen.append(self._lines.get(timeout=max(0.01, give_up - time.monotonic())))

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)


@pytest.fixture
def proxied():
    """Ports that lead to others; whatever happens they are closed."""
    made = []

    def proxied(target):
        made.append(Proxy(target))
        return made[-1]

    yield proxied
    for proxy in made:
        proxy.close()


@pytest.fixture
def screens():
    """Open pages; whatever happens they are closed."""
    opened = []

    def screens(origin, key, people, meeting):
        found = [Screen(origin, key, person, meeting) for person in people]
        opened.extend(found)
        return found

    yield screens
    for screen in opened:
        screen.close()


@pytest.fixture
def lobby(monkeypatch):
    """On a running stack: Alice, MiKL, their meeting, and how each signals."""

    def lobby(stack):
        monkeypatch.setattr(demo, "ORIGIN", stack.origin)
        alice, mikl = Person("alice@client.example"), Person("mikl@foxeo.example")
        slot = (datetime.now(UTC) + timedelta(days=40)).isoformat()
        request = alice.does("request-meeting", {"requestedSlots": [slot]}).data
        accept = {"requestId": request["id"], "decision": "accept", "selectedSlot": slot}
        meeting = mikl.does("decide-request", accept).data["meetingId"]

        def signal(person, name, **more):
            answer = person.does("lobby-signal", {"meetingId": meeting, "signal": name, **more})
            assert answer.status == 200, answer.body

        return alice, mikl, meeting, signal

    return lobby


def until(condition, seconds=30):
    for _ in range(int(seconds * 50)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def test_a_killed_socket_and_what_was_missed_meanwhile(start, proxied, screens, lobby):
    stack = start().until_healthy()
    alice, mikl, meeting, signal = lobby(stack)
    signal(alice, "client_waiting")
    proxy = proxied(stack.port)
    pages = screens(
        f"http://127.0.0.1:{proxy.port}", stack.keys.api_key("anon"), (alice, mikl), meeting
    )
    for page in pages:
        page.until(status="SUBSCRIBED")
        page.until(shown="scheduled waiting")

    proxy.cut()
    signal(mikl, "operator_joined")
    signal(mikl, "back_to_lobby")
    signal(mikl, "operator_joined")
    proxy.mend()

    for page in pages:
        page.until(shown="in_progress admitted")
    # And they hear again what comes next.
    for page in pages:
        page.until(status="SUBSCRIBED")
    signal(mikl, "back_to_lobby")
    for page in pages:
        page.until(shown="in_progress waiting")


def test_everything_started_again_underneath(start, screens, lobby):
    stack = start().until_healthy()
    alice, mikl, meeting, signal = lobby(stack)
    pages = screens(stack.origin, stack.keys.api_key("anon"), (alice, mikl), meeting)
    for page in pages:
        page.until(status="SUBSCRIBED")
    signal(alice, "client_waiting")
    for page in pages:
        page.until(shown="scheduled waiting")

    # The relay, the bus, the realtime server and PostgreSQL, all of them.
    assert stack.interrupt() == 0
    start(port=stack.port).until_healthy()
    signal(mikl, "operator_joined")

    for page in pages:
        page.until(shown="in_progress admitted")


def test_a_database_started_again(start, proxied, screens, lobby):
    home = Path(tempfile.mkdtemp(prefix="visio-db-", dir="/var/tmp"))
    home.chmod(0o755)
    cluster = postgres.start(postgres.embedded_binaries(), home)
    proxy = proxied(cluster.port)
    try:
        url = cluster.url().replace(f":{cluster.port}/", f":{proxy.port}/")
        stack = start(DATABASE_URL=url).until_healthy()
        alice, mikl, meeting, signal = lobby(stack)
        pages = screens(stack.origin, stack.keys.api_key("anon"), (alice, mikl), meeting)
        for page in pages:
            page.until(status="SUBSCRIBED")
        signal(alice, "client_waiting")
        for page in pages:
            page.until(shown="scheduled waiting")

        proxy.cut()
        cluster.stop()
        refused = mikl.does("lobby-state", query={"meetingId": meeting})
        cluster = postgres.start(postgres.embedded_binaries(), home)
        proxy.mend(cluster.port)
        stack.until_healthy()
        # A connection that was used a moment ago is not asked whether it lives: its caller is told
        # to come again.
        admit = {"meetingId": meeting, "signal": "operator_joined"}
        until(lambda: mikl.does("lobby-signal", admit).status == 200)

        assert refused.status == 503
        for page in pages:
            page.until(shown="in_progress admitted")
    finally:
        cluster.stop()
        shutil.rmtree(home)


def test_who_is_sent_back_is_out_of_the_room(start, lobby, tmp_path):
    remote = Remote(Keys.load(tmp_path, JWT_SECRET))
    server = remote.serve()
    try:
        stack = start(
            LIVEKIT_URL=remote.url.replace("http", "ws"),
            LIVEKIT_API_KEY=LIVEKIT_KEY,
            LIVEKIT_API_SECRET=LIVEKIT_SECRET,
        ).until_healthy()
        alice, mikl, meeting, signal = lobby(stack)
        signal(alice, "client_waiting")
        signal(mikl, "operator_joined")
        assert alice.does("join-meeting", {"meetingId": meeting}).status == 200
        remote.room_status = 503

        signal(mikl, "back_to_lobby")
        until(lambda: _attempts(stack) > 0)
        remote.room_status = 200

        until(lambda: remote.put_out)
        assert remote.put_out[0][1].endswith(":0")
        assert alice.does("join-meeting", {"meetingId": meeting}).code == "not_admitted"
    finally:
        server.shutdown()
        server.server_close()


def _attempts(stack):
    return sum("room.refused" in line for line in stack.output)

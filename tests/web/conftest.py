"""Browsers, a stack of their own, and a booking page that stands in for Cal.com's."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from local import demo
from local.demo import Answer, Person
from tests.running import RunningStack
from tests.world import PROJECT

# A busy machine shows a page late; what is there already is not waited for.
expect.set_options(timeout=20_000)

SCREENS = PROJECT / "build" / "screens"
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
BOOKING_PAGE = """<!doctype html><title>Agenda</title><h1>Choisir un moment</h1>
<button onclick="parent.postMessage({originator: 'CAL', namespace: 'visio',
  type: 'bookingSuccessfulV2', fullType: 'CAL:visio:bookingSuccessfulV2',
  data: {uid: 'x', startTime: '2027-01-20T09:00:00Z'}}, '*')">Confirmer</button>
<script>
  parent.postMessage({originator: 'CAL', namespace: 'visio', type: 'linkReady', data: {}}, '*')
</script>"""


@dataclass
class Agenda:
    """Cal.com's booking page, as far as a frame can tell."""

    status: int = 200
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def serve(self) -> ThreadingHTTPServer:
        agenda = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                agenda.asked.append(self.path)
                self.send_response(agenda.status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(BOOKING_PAGE.encode() if agenda.status == 200 else b"")

            def do_HEAD(self) -> None:
                self.send_response(agenda.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet: what was asked is kept."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/mikl/decouverte"
        return server


@pytest.fixture(scope="session")
def _served_agenda() -> Iterator[Agenda]:
    agenda = Agenda()
    with agenda.serve() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield agenda
        server.shutdown()
        thread.join()


@pytest.fixture
def agenda(_served_agenda: Agenda) -> Iterator[Agenda]:
    _served_agenda.asked.clear()
    yield _served_agenda
    _served_agenda.status = 200


@pytest.fixture(scope="session")
def stack(_served_agenda: Agenda) -> Iterator[RunningStack]:
    """The pages' own: its booking page is the one above."""
    home = Path(tempfile.mkdtemp(prefix="visio-pages-", dir="/var/tmp"))
    home.chmod(0o755)
    # One person pages more in a test than people do in a minute.
    running = RunningStack(
        home, CALCOM_URL=_served_agenda.url, RATE_LIMIT_FACTOR="0", MAX_OPEN_REQUESTS="0"
    )
    try:
        yield running.until_healthy()
    finally:
        running.interrupt()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


Launch = Callable[..., Browser]


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Iterator[Launch]:
    """A browser with these flags; the same flags, the same browser."""
    installed = shutil.which("chromium") or shutil.which("chromium-browser")
    launched: dict[tuple[str, ...], Browser] = {}

    def launch(*flags: str) -> Browser:
        if installed is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium is installed here")
        if flags not in launched:
            # Without its sandbox, which root may not use; it opens nothing but our own pages.
            arguments = ["--no-sandbox", *flags]
            launched[flags] = playwright.chromium.launch(executable_path=installed, args=arguments)
        return launched[flags]

    yield launch
    for browser in launched.values():
        browser.close()


@pytest.fixture(scope="session")
def chromium(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="session")
def with_devices(launch: Launch) -> Browser:
    """A browser with a camera and a microphone that it may use."""
    return launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, stack: RunningStack) -> Iterator[OpenPage]:
    """A page in a browser profile of its own; in the end nothing may have gone wrong on any.

    `expected` are parts of console errors that this page will have.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(
        path: str,
        email: str | None = None,
        *,
        browser: Browser = chromium,
        on: RunningStack = stack,
        expected: tuple[str, ...] = (),
        **how: Any,
    ) -> Page:
        how = {"locale": "fr-FR", "timezone_id": "Europe/Paris", **how}
        context = browser.new_context(**how)
        contexts.append(context)
        if email is not None:
            context.add_init_script(_session(on, email))
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text)
                if message.type == "error" and not any(one in message.text for one in expected)
                else None
            ),
        )
        page.goto(on.origin + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def _session(stack: RunningStack, email: str) -> str:
    """Signed in before the page is there, as a browser that has been here already."""
    demo.ORIGIN = stack.origin
    kept = json.dumps(Person(email).session)
    return f"""(() => {{
      const key = 'sb-127-auth-token';
      if (!localStorage.getItem(key)) localStorage.setItem(key, {kept!r});
    }})()"""


SLOTS = count()


@dataclass
class Cast:
    """The demo people, calling functions of the stack as their pages do."""

    stack: RunningStack
    people: dict[str, Person] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    meetings: list[tuple[str, str]] = field(default_factory=list)

    def does(self, who: str, function: str, body: object = None, **query: str) -> Any:
        """What a function answers this person; it must not refuse."""
        demo.ORIGIN = self.stack.origin
        person = self.people.setdefault(who, Person(ADDRESSES[who]))
        answer: Answer = person.does(function, body, query)
        assert answer.status < 300, answer.body
        return answer.data

    def request(self, client: str = "alice", message: str = "") -> Any:
        """A request for a time that no other asks for."""
        slot = datetime.now(UTC) + timedelta(days=10, hours=2 * next(SLOTS))
        asked = {"requestedSlots": [slot.isoformat()], "message": message or None}
        request = self.does(client, "request-meeting", asked)
        self.requests.append((client, request["id"]))
        return request

    def meeting(self, client: str = "alice") -> str:
        """A meeting that both have agreed on."""
        return self.agree(client, self.request(client))

    def agree(self, client: str, request: Any) -> str:
        """The operator takes the request's first time."""
        accept = {
            "requestId": request["id"],
            "decision": "accept",
            "selectedSlot": request["requestedSlots"][0],
        }
        operator = "nora" if client == "chloe" else "mikl"
        meeting = str(self.does(operator, "decide-request", accept)["meetingId"])
        self.meetings.append((operator, meeting))
        return meeting

    def tidy(self) -> None:
        """Nobody waits, and nothing is open, for the next test."""
        for operator, meeting in self.meetings:
            body = {"meetingId": meeting, "reason": "Fin du test"}
            self.tries(operator, "cancel-meeting", body)
            self.tries(operator, "lobby-signal", {"meetingId": meeting, "signal": "meeting_ended"})
        for client, request in self.requests:
            self.tries(client, "answer-proposal", {"requestId": request, "answer": "withdraw"})

    def tries(self, who: str, function: str, body: object) -> Answer:
        """The same, refused or not."""
        demo.ORIGIN = self.stack.origin
        return self.people.setdefault(who, Person(ADDRESSES[who])).does(function, body)

    def signal(self, who: str, meeting: str, signal: str, **more: str) -> Any:
        return self.does(who, "lobby-signal", {"meetingId": meeting, "signal": signal, **more})


ADDRESSES = {
    "mikl": "mikl@foxeo.example",
    "nora": "nora@foxeo.example",
    "alice": "alice@client.example",
    "bruno": "bruno@client.example",
    "chloe": "chloe@client.example",
}


@pytest.fixture
def cast(stack: RunningStack) -> Iterator[Cast]:
    cast = Cast(stack)
    yield cast
    cast.tidy()


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """What axe-core finds wrong on a page, for WCAG 2.2 AA and good practice."""
    script = AXE.read_text()

    def axe(page: Page) -> list[str]:
        page.evaluate(script)
        found = page.evaluate(
            """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',
            'wcag21aa', 'wcag22aa', 'best-practice']})).violations"""
        )
        return [
            f"{one['id']}: {one['help']}: {node['html'][:200]}"
            for one in found
            for node in one["nodes"]
        ]

    return axe


@pytest.fixture
def screen() -> Callable[[Page, str], None]:
    """Keep what a page looks like, to be looked at."""
    SCREENS.mkdir(parents=True, exist_ok=True)

    def screen(page: Page, name: str) -> None:
        page.screenshot(path=SCREENS / f"{name}.png", full_page=True)

    return screen

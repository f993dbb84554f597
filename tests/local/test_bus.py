"""What may be relied on from a bus, asked of the local one and of Google's emulator."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from uuid import uuid4

import pytest
from aiohttp import ClientSession, web
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from local import emulator
from local.bus import LocalBus as LocalBusServer
from local.postgres import free_port
from visio.adapters.pubsub import LocalBus, PubSub, Topics
from visio.domain.events import Signal

pytestmark = [pytest.mark.xdist_group("bus"), pytest.mark.timeout(120)]


class Endpoint:
    """Takes pushes, and answers each with the next status that it was told to (204 else)."""

    def __init__(self) -> None:
        self.pushes: SimpleQueue[dict] = SimpleQueue()
        self.statuses: SimpleQueue[int] = SimpleQueue()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                authorization = self.headers.get("Authorization", "")
                endpoint.pushes.put({**json.loads(body), "authorization": authorization})
                try:
                    status = endpoint.statuses.get_nowait()
                except Empty:
                    status = 204
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/push"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def next(self):
        push = self.pushes.get(timeout=30)
        return push, json.loads(base64.b64decode(push["message"]["data"]))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def google(tmp_path_factory) -> Iterator[str]:
    """The emulator's address."""
    if emulator.jar() is None:
        pytest.skip("Google's Pub/Sub emulator is not installed here")
    process, address = emulator.start(tmp_path_factory.mktemp("emulator"))
    yield address
    process.terminate()
    process.wait(20)


@pytest.fixture(params=["local", "emulator"])
def bus(request, endpoint, monkeypatch):
    """A publisher of ours whose messages are pushed to the endpoint."""
    if request.param == "local":
        yield from _local(endpoint)
    else:
        yield _emulated(endpoint, request.getfixturevalue("google"), monkeypatch)


def _emulated(endpoint, address, monkeypatch):
    signals, mails = (f"{name}-{uuid4().hex[:8]}" for name in ("signals", "mails"))
    monkeypatch.setattr(emulator, "SIGNALS", signals)
    monkeypatch.setattr(emulator, "MAILS", mails)
    emulator.prepare(address, "http://127.0.0.1:1/of-an-earlier-stack")
    emulator.prepare(address, endpoint.url)
    return PubSub(emulator.PROJECT, Topics(signals, mails), emulator=address)


def _local(endpoint):
    ready, stop, port = threading.Event(), threading.Event(), free_port()
    made, addresses = {}, dict.fromkeys(("signals", "mails"), endpoint.url)

    async def serve():
        async with ClientSession() as session:
            server = LocalBusServer(session, addresses, lambda: "signed")
            made["secret"] = server.secret
            app = web.Application()
            app.add_routes(server.routes())
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)
            await server.close()
            await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait(10)
    yield LocalBus(f"http://127.0.0.1:{port}/local/bus", made["secret"], Topics("signals", "mails"))
    stop.set()
    thread.join()


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.close()


def a_signal(number=1, channel="client:x:inbox"):
    return Signal(uuid4(), channel, "request_decided", {"version": number})


def test_what_is_accepted_is_pushed_in_the_wrapped_form(bus, endpoint):
    signal = a_signal()

    accepted = bus.publish([signal])

    push, data = endpoint.next()
    assert accepted == [signal.event_id]
    assert data == {
        "eventId": str(signal.event_id),
        "channel": "client:x:inbox",
        "event": "request_decided",
        "payload": {"version": 1},
    }
    assert push["message"]["attributes"]["eventId"] == str(signal.event_id)
    assert push["message"]["messageId"]
    assert push["subscription"].startswith("projects/")


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_what_the_relay_refuses_is_pushed_again(bus, endpoint, status):
    signal = a_signal()
    endpoint.statuses.put(status)

    bus.publish([signal])

    first, again = endpoint.next()[1], endpoint.next()[1]
    assert first == again
    assert first["eventId"] == str(signal.event_id)


def test_many_at_once_all_arrive(bus, endpoint):
    signals = [a_signal(number, channel=f"client:{number % 3}:inbox") for number in range(30)]

    accepted = bus.publish(signals)

    arrived = {endpoint.next()[1]["eventId"] for _ in signals}
    assert set(accepted) == {signal.event_id for signal in signals}
    assert arrived == {str(signal.event_id) for signal in signals}


def test_googles_own_client_reads_what_is_published(google, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", google)
    name, signals, mail = f"read-{uuid4().hex[:8]}", [a_signal(1), a_signal(2)], uuid4()
    topic = f"projects/{emulator.PROJECT}/topics/{name}"
    subscription = f"projects/{emulator.PROJECT}/subscriptions/{name}"
    wanted = {"name": subscription, "topic": topic, "enable_message_ordering": True}
    with PublisherClient() as maker, SubscriberClient() as reader:
        maker.create_topic(name=topic)
        reader.create_subscription(request=wanted)

        PubSub(emulator.PROJECT, Topics(name, name), emulator=google).publish(signals, [mail])

        read = []
        while len(read) < 3:
            pulled = reader.pull(subscription=subscription, max_messages=10, timeout=30)
            read += [one.message for one in pulled.received_messages]
    in_order = [one.attributes["eventId"] for one in read if one.ordering_key == "client:x:inbox"]
    assert in_order == [str(signal.event_id) for signal in signals]
    [told] = [json.loads(one.data) for one in read if not one.ordering_key]
    assert told == {"mailId": str(mail)}


def test_a_mail_goes_by_its_own_subscription_with_nothing_but_its_id(bus, endpoint):
    signal, mail = a_signal(), uuid4()

    accepted = bus.publish([signal], [mail])

    arrived = [endpoint.next(), endpoint.next()]
    by_kind = {"mailId" in data: push for push, data in arrived}
    [data] = [data for _, data in arrived if "mailId" in data]
    assert set(accepted) >= {signal.event_id}
    assert data == {"mailId": str(mail)}
    assert by_kind[True]["subscription"] != by_kind[False]["subscription"]

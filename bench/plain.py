"""The way from a bus to a browser without us: a plain page of the framework between the two."""

import asyncio
import base64
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession, web

from local import emulator
from local.bus import PROJECT, LocalBus
from local.postgres import free_port
from local.tokens import Keys

TOPIC = "bench"
# What anybody would write who trusts whoever calls, and to whom it is all the same how often.
RELAY = """import base64
import json
import os
from urllib.parse import quote

import functions_framework
import urllib3

http = urllib3.PoolManager(maxsize=8)
headers = {"apikey": os.environ["REALTIME_SERVICE_KEY"], "Content-Type": "application/json"}


@functions_framework.http
def relay(request):
    told = json.loads(base64.b64decode(request.get_json()["message"]["data"]))
    topic, event = quote(told["channel"], safe=""), quote(told["event"], safe="")
    http.request(
        "POST",
        f"{os.environ['REALTIME_URL']}/api/broadcast/{topic}/events/{event}?private=true",
        body=json.dumps(told["payload"]),
        headers=headers,
    )
    return "", 204
"""

Publish = Callable[[str, str], None]


@contextlib.contextmanager
def emulating() -> Iterator[str]:
    """Google's emulator, at its address."""
    home = Path(tempfile.mkdtemp(prefix="visio-bench-", dir="/var/tmp"))
    process, address = emulator.start(home)
    try:
        yield address
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(home)


@contextlib.contextmanager
def relay(origin: str, keys: Keys, *, emulated: str | None) -> Iterator[Publish]:
    """What publishes an event on a channel, by the local bus or by an emulator at an address."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp"))
        port = stack.enter_context(_page(folder, origin, keys))
        bus, at = stack.enter_context(_bus(f"http://127.0.0.1:{port}/", keys))
        if emulated is None:
            yield _through_bus(at, bus.secret)
            return
        push = f"http://127.0.0.1:{at}/local/push/{bus.secret}"
        emulator.subscribe(emulated, TOPIC, push)
        yield _through_emulator(emulated)


@contextlib.contextmanager
def _page(folder: str, origin: str, keys: Keys) -> Iterator[int]:
    source, port = Path(folder) / "main.py", free_port()
    source.write_text(RELAY)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "functions_framework", "--target", "relay"),
            *("--source", str(source), "--host", "127.0.0.1", "--port", str(port)),
        ],
        env={
            "PATH": os.environ["PATH"],
            "THREADS": "8",
            "REALTIME_URL": f"{origin}/realtime/v1",
            "REALTIME_SERVICE_KEY": keys.api_key("service_role"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def _bus(address: str, keys: Keys) -> Iterator[tuple[LocalBus, int]]:
    """A bus of the local stack's own kind, which knows this one address; on a loop of its own."""
    loop, port = asyncio.new_event_loop(), free_port()
    ready: list[LocalBus] = []

    async def serve() -> web.AppRunner:
        session = ClientSession()
        token = keys.sign_google("bench", "bench")
        ready.append(LocalBus(session, {TOPIC: address}, lambda: token))
        site = web.Application()
        site.add_routes(ready[0].routes())
        site.on_cleanup.append(lambda _: session.close())
        runner = web.AppRunner(site, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    runner = loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield ready[0], port
    finally:
        asyncio.run_coroutine_threadsafe(ready[0].close(), loop).result(10)
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _message(channel: str, event: str) -> str:
    payload = {"eventId": str(uuid4()), "version": 1, "at": "-"}
    return json.dumps({"channel": channel, "event": event, "payload": payload})


def _through_bus(port: int, secret: str) -> Publish:
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def publish(channel: str, event: str) -> None:
        data = _message(channel, event)
        message = {"topic": TOPIC, "data": data, "attributes": {}, "orderingKey": channel}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
        _post(kept, "/local/bus", {"messages": [message]}, headers)

    return publish


def _through_emulator(address: str) -> Publish:
    kept = http.client.HTTPConnection(address, timeout=10)

    def publish(channel: str, event: str) -> None:
        data = base64.b64encode(_message(channel, event).encode()).decode()
        path = f"/v1/projects/{PROJECT}/topics/{TOPIC}:publish"
        messages = [{"data": data, "orderingKey": channel}]
        _post(kept, path, {"messages": messages}, {"Content-Type": "application/json"})

    return publish


def _post(kept: http.client.HTTPConnection, path: str, body: Any, headers: dict[str, str]) -> None:
    kept.request("POST", path, json.dumps(body), headers)
    answer = kept.getresponse()
    answer.read()
    assert answer.status == 200, answer.status

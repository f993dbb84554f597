"""The local stand-in for Pub/Sub: takes messages, and pushes them until they are taken.

At least once, in order for each ordering key, in the wrapped form and with an OIDC token, as the
real one does. It keeps messages in memory: what a killed stack had not delivered is lost.
"""

import asyncio
import base64
import contextlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from aiohttp import ClientError, ClientSession, web

AUDIENCE = "visio-local-relay"
SERVICE_ACCOUNT = "push@visio-local.iam.gserviceaccount.com"
PROJECT = "visio-local"
SIGNALS, MAILS = "lobby-signals", "mails"
ROOMS, PUSHES = "room-orders", "web-pushes"
FIRST_PAUSE, LONGEST_PAUSE, DEADLINE = 0.1, 10.0, 30.0


def subscription(topic: str) -> str:
    """The name of the one subscription to a topic."""
    return f"projects/{PROJECT}/subscriptions/{topic}-push"


class LocalBus:
    """`token` signs a push; `addresses` says for each topic where its messages are taken."""

    def __init__(
        self, session: ClientSession, addresses: Mapping[str, str], token: Callable[[], str]
    ) -> None:
        self._session, self._addresses, self._token = session, addresses, token
        self.secret = secrets.token_urlsafe(24)
        self._queues: dict[tuple[str, str], asyncio.Queue[Mapping[str, Any]]] = {}
        self._workers: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._numbers = count(1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/local/bus", self._publish),
            web.post(f"/local/push/{self.secret}/{{topic}}", self._forward),
        ]

    async def close(self) -> None:
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def _publish(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.secret}".encode()):
            return web.json_response({"error": "unauthenticated"}, status=401)
        for message in (await request.json())["messages"]:
            self._enqueue(message)
        return web.json_response({})

    def _enqueue(self, message: Mapping[str, Any]) -> None:
        topic, number = message["topic"], str(next(self._numbers))
        key = (topic, message["orderingKey"] or number)  # without one, nothing waits for another
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        envelope = {
            "message": {
                "data": base64.b64encode(message["data"].encode()).decode(),
                "attributes": message["attributes"],
                "messageId": number,
                "message_id": number,
                "publishTime": at,
                "publish_time": at,
                "orderingKey": message["orderingKey"],
            },
            "subscription": subscription(topic),
        }
        self._queues.setdefault(key, asyncio.Queue()).put_nowait(envelope)
        if key not in self._workers:
            self._workers[key] = asyncio.create_task(self._deliver_all(key))

    async def _deliver_all(self, key: tuple[str, str]) -> None:
        queue = self._queues[key]
        while not queue.empty():
            await self._deliver(self._addresses[key[0]], queue.get_nowait())
        del self._queues[key], self._workers[key]

    async def _deliver(self, address: str, envelope: Mapping[str, Any]) -> None:
        pause = FIRST_PAUSE
        while await self._push(address, json.dumps(envelope).encode()) >= 300:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _push(self, address: str, body: bytes) -> int:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._token()}",
        }
        with contextlib.suppress(ClientError, TimeoutError):
            async with asyncio.timeout(DEADLINE):
                async with self._session.post(address, data=body, headers=headers) as answer:
                    return answer.status
        return 503

    async def _forward(self, request: web.Request) -> web.Response:
        """The emulator signs nothing, so what it pushes here goes on with a token."""
        address = self._addresses[request.match_info["topic"]]
        return web.Response(status=await self._push(address, await request.read()))

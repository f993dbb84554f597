"""Supabase Realtime's Broadcast, as far as its genuine clients can tell.

WebSocket in protocol 1 (objects) and 2 (arrays, and binary pushes), private channels that the
policies in the database decide on, and both REST endpoints. No presence, no database changes.
"""

import asyncio
import contextlib
import json
import struct
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
import pg8000.native
from aiohttp import WSMsgType, web

from local.policies import Policies
from local.tokens import Keys

PREFIX = "realtime:"
RECHECK = 300.0
LARGEST = 3_000_000
PER_MINUTE = 100 * 60  # the hosted service's Free and Pro plans: a moving average of 100 a second
MOST_CHANNELS = 100


class JoinRefused(Exception):
    """A reason that clients know, as `Code: text`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the Phoenix protocol."""

    join_ref: str | None
    ref: str | None
    topic: str
    event: str
    payload: Mapping[str, Any]

    @classmethod
    def read(cls, data: str | bytes) -> "Frame":
        """Parse either protocol; a broadcast of protocol 2 comes as bytes. Raises ValueError."""
        if isinstance(data, bytes):
            return cls._from_binary(data)
        match json.loads(data):
            case [join_ref, ref, str(topic), str(event), dict(p)]:
                return cls(_text(join_ref), _text(ref), topic, event, p)
            case {"topic": str(topic), "event": str(event), "payload": dict(payload), **rest}:
                return cls(
                    _text(rest.get("join_ref")), _text(rest.get("ref")), topic, event, payload
                )
        raise ValueError("not a frame")

    @classmethod
    def _from_binary(cls, data: bytes) -> "Frame":
        try:
            kind, *lengths, encoding = struct.unpack_from("7B", data)
        except struct.error as error:
            raise ValueError("too short") from error
        if kind != 3 or encoding != 1:
            raise ValueError("not a push with a JSON payload")
        texts, at = [], 7
        for length in lengths:
            texts.append(data[at : at + length].decode())
            at += length
        join_ref, ref, topic, event, _ = texts
        payload = json.loads(data[at:])
        message = {"type": "broadcast", "event": event, "payload": payload}
        return cls(join_ref or None, ref or None, topic, "broadcast", message)

    def written(self, *, version: int) -> str:
        """The text that a client of this protocol version reads."""
        if version == 2:
            return json.dumps([self.join_ref, self.ref, self.topic, self.event, self.payload])
        shown = {"topic": self.topic, "event": self.event, "payload": self.payload}
        return json.dumps({**shown, "ref": self.ref})


@dataclass(eq=False, slots=True)
class Channel:
    """One socket's seat on one topic."""

    socket: "Socket"
    topic: str
    private: bool
    join_ref: str | None
    token: str
    hears_itself: bool
    acknowledges: bool
    check_at: float = 0.0
    may_send: bool = True


@dataclass(eq=False)
class Socket:
    """One client's connection and the channels it has joined."""

    server: "Realtime"
    ws: web.WebSocketResponse
    version: int
    token: str
    channels: dict[str, Channel] = field(default_factory=dict)

    async def run(self) -> None:
        """Serve until the client goes."""
        watch = asyncio.create_task(self._watch())
        try:
            async for message in self.ws:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    with contextlib.suppress(ValueError):  # what is no frame is not answered
                        await self._take(Frame.read(message.data))
        finally:
            watch.cancel()
            for channel in self.channels.values():
                self.server.leave(channel)

    async def send(self, frame: Frame) -> None:
        with contextlib.suppress(ConnectionError):  # gone; `run` is about to end
            await self.ws.send_str(frame.written(version=self.version))

    async def _reply(self, to: Frame, status: str, response: Mapping[str, Any]) -> None:
        payload = {"status": status, "response": response}
        await self.send(Frame(to.join_ref, to.ref, to.topic, "phx_reply", payload))

    async def _take(self, frame: Frame) -> None:
        channel = self.channels.get(frame.topic)
        match frame.event:
            case "heartbeat" if frame.topic == "phoenix":
                await self._reply(frame, "ok", {})
            case "phx_join":
                await self._join(frame)
            case "phx_leave":
                await self._reply(frame, "ok", {})
                if channel is not None:
                    await self._close(channel)
            case _ if channel is None:
                await self._reply(frame, "error", {"reason": "unmatched topic"})
            case "access_token":
                await self._renew(channel, str(frame.payload.get("access_token") or ""))
            case "broadcast":
                await self._broadcast(channel, frame)

    async def _join(self, frame: Frame) -> None:
        config = _object(frame.payload.get("config"))
        broadcast = _object(config.get("broadcast"))
        token = str(frame.payload.get("access_token") or "")
        channel = Channel(
            self,
            frame.topic.removeprefix(PREFIX),
            _flag(config.get("private")),
            frame.join_ref,
            self.token if not token or token.startswith("sb_") else token,
            hears_itself=_flag(broadcast.get("self")),
            acknowledges=_flag(broadcast.get("ack")),
        )
        try:
            if not frame.topic.startswith(PREFIX) or not channel.topic:
                raise JoinRefused("unmatched topic")
            if len(self.channels) >= MOST_CHANNELS and frame.topic not in self.channels:
                raise JoinRefused("ChannelRateLimitReached: Too many channels")
            await self.server.admit(channel)
        except JoinRefused as refused:
            await self._reply(frame, "error", {"reason": str(refused)})
            return
        if (earlier := self.channels.get(frame.topic)) is not None:
            await self._close(earlier)
        self.channels[frame.topic] = channel
        self.server.enter(channel)
        await self._reply(frame, "ok", {"postgres_changes": []})
        if _flag(_object(config.get("presence")).get("enabled")):
            await self.send(Frame(None, None, frame.topic, "presence_state", {}))

    async def _close(self, channel: Channel) -> None:
        self.channels.pop(PREFIX + channel.topic, None)
        self.server.leave(channel)
        topic = PREFIX + channel.topic
        await self.send(Frame(channel.join_ref, channel.join_ref, topic, "phx_close", {}))

    async def _renew(self, channel: Channel, token: str) -> None:
        if token and not token.startswith("sb_"):
            channel.token = token
            await self._check(channel)

    async def _check(self, channel: Channel) -> None:
        try:
            await self.server.admit(channel)
        except JoinRefused as refused:
            said = {
                "extension": "system",
                "status": "error",
                "message": str(refused),
                "channel": channel.topic,
            }
            await self.send(Frame(None, None, PREFIX + channel.topic, "system", said))
            await self._close(channel)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            due = [c for c in self.channels.values() if c.check_at <= time.time()]
            for channel in due:
                await self._check(channel)

    async def _broadcast(self, channel: Channel, frame: Frame) -> None:
        if channel.private and not channel.may_send:
            return  # dropped without a word, as upstream does
        event, payload = str(frame.payload.get("event")), frame.payload.get("payload") or {}
        sender = None if channel.hears_itself else channel
        await self.server.publish(channel.topic, event, payload, channel.private, sender=sender)
        if channel.acknowledges:
            await self._reply(frame, "ok", {})


class Realtime:
    """The server: who sits where, and who may."""

    def __init__(self, keys: Keys, policies: Policies) -> None:
        self._keys, self._policies = keys, policies
        self._seats: dict[tuple[str, bool], set[Channel]] = defaultdict(set)
        self._sockets: set[Socket] = set()
        self._sent: deque[float] = deque()

    def routes(self) -> list[web.RouteDef]:
        base = "/realtime/v1"
        return [
            web.get(f"{base}/websocket", self._websocket),
            web.post(f"{base}/api/broadcast", self._batch),
            web.post(f"{base}/api/broadcast/{{topic}}/events/{{event}}", self._single),
        ]

    async def close(self) -> None:
        """Say goodbye as a restarting server does; clients come back by themselves."""
        for socket in list(self._sockets):
            await socket.ws.close(code=1012)

    async def admit(self, channel: Channel) -> None:
        """Check its token and, where it is private, the policies. Raises JoinRefused."""
        claims = self._claims(channel.token)
        channel.check_at = min(float(claims["exp"]), time.time() + RECHECK)
        if not channel.private:
            return
        try:
            permission = await asyncio.to_thread(self._policies.ask, channel.topic, claims)
        except (OSError, pg8000.native.Error) as error:
            raise JoinRefused("DatabaseLackOfConnections: Database is not available") from error
        if not permission.read:
            raise JoinRefused(
                "Unauthorized: You do not have permissions to read from this Channel topic: "
                + channel.topic
            )
        channel.may_send = permission.write

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            return self._keys.verify(token)
        except jwt.ExpiredSignatureError as error:
            raise JoinRefused("InvalidJWTToken: Token has expired") from error
        except jwt.MissingRequiredClaimError as error:
            raise JoinRefused("InvalidJWTToken: Fields `role` and `exp` are required") from error
        except jwt.InvalidSignatureError as error:
            raise JoinRefused("JwtSignatureError: Failed to validate JWT signature") from error
        except jwt.PyJWTError as error:
            raise JoinRefused("MalformedJWT: The token provided is not a valid JWT") from error

    def enter(self, channel: Channel) -> None:
        self._seats[channel.topic, channel.private].add(channel)

    def leave(self, channel: Channel) -> None:
        seats = self._seats.get((channel.topic, channel.private), set())
        seats.discard(channel)
        if not seats:
            self._seats.pop((channel.topic, channel.private), None)

    async def publish(
        self,
        topic: str,
        event: str,
        payload: object,
        private: bool,
        *,
        id: str | None = None,
        sender: Channel | None = None,
    ) -> None:
        """Hand one message to everybody who sits there, less its sender."""
        message: dict[str, Any] = {"type": "broadcast", "event": event, "payload": payload}
        if private or id is not None:
            message["meta"] = {"id": id or str(uuid4()), "replayed": False}
        frame = Frame(None, None, PREFIX + topic, "broadcast", message)
        self._sent.append(time.monotonic())
        for channel in list(self._seats.get((topic, private), ())):
            if channel is not sender:
                self._sent.append(time.monotonic())
                await channel.socket.send(frame)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("x-api-key") or request.query.get("apikey") or ""
        try:
            self._claims(token)
        except JoinRefused:
            return _no(401, "The API key is missing or not valid")
        ws = web.WebSocketResponse(heartbeat=30, max_msg_size=LARGEST)
        await ws.prepare(request)
        version = 2 if request.query.get("vsn", "1").startswith("2") else 1
        socket = Socket(self, ws, version, token)
        self._sockets.add(socket)
        try:
            await socket.run()
        finally:
            self._sockets.discard(socket)
        return ws

    async def _single(self, request: web.Request) -> web.Response:
        body = await request.read()
        if (refused := self._refused(request, 1)) is not None:
            return refused
        if request.content_type != "application/json":
            return _no(415, "Only application/json is served here")
        payload = _parsed(body)
        if len(body) > LARGEST or not isinstance(payload, dict):
            return _no(422, "The payload is too large, or not a JSON object")
        topic, event = request.match_info["topic"], request.match_info["event"]
        private = _flag(request.query.get("private"))
        if private:
            try:
                if not await self._may_send(request, topic):
                    return _no(403, "You do not have permissions to write to this topic")
            except (OSError, pg8000.native.Error):
                return _no(422, "The project's database is not available")
        await self.publish(topic, event, payload, private)
        return web.Response(status=202)

    async def _batch(self, request: web.Request) -> web.Response:
        body = _parsed(await request.read())
        messages = body.get("messages") if isinstance(body, dict) else None
        if (refused := self._refused(request, len(messages or ()))) is not None:
            return refused
        if not isinstance(messages, list) or not all(map(_sendable, messages)):
            return _no(422, "Each message needs a topic, an event and a payload that is an object")
        for message in messages:
            private = _flag(message.get("private"))
            with contextlib.suppress(OSError, pg8000.native.Error):  # 202 all the same, as upstream
                if private and not await self._may_send(request, message["topic"]):
                    continue
                await self.publish(
                    message["topic"],
                    message["event"],
                    message["payload"],
                    private,
                    id=message.get("id"),
                )
        return web.Response(status=202)

    def _refused(self, request: web.Request, messages: int) -> web.Response | None:
        try:
            self._claims(_credential(request))
        except JoinRefused:
            return _no(401, "The API key is missing or not valid")
        minute_ago = time.monotonic() - 60
        while self._sent and self._sent[0] < minute_ago:
            self._sent.popleft()
        if len(self._sent) + messages > PER_MINUTE:
            rates = {"x-rate-limit": str(PER_MINUTE // 60), "x-rate-limit-remaining": "0"}
            return _no(429, "Too many messages", headers=rates)
        return None

    async def _may_send(self, request: web.Request, topic: str) -> bool:
        claims = self._claims(_credential(request))
        return (await asyncio.to_thread(self._policies.ask, topic, claims)).write


def _credential(request: web.Request) -> str:
    authorization = request.headers.get("Authorization", "")
    return authorization.removeprefix("Bearer ") or request.headers.get("apikey", "")


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _sendable(message: object) -> bool:
    return (
        isinstance(message, dict)
        and all(isinstance(message.get(name), str) for name in ("topic", "event"))
        and isinstance(message.get("payload"), dict)
    )


def _no(status: int, message: str, *, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"message": message}, status=status, headers=headers)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _flag(value: object) -> bool:
    return value is True or value == "true"

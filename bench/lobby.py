"""The lobby, through the whole local stack: how soon an event is there, and 500 lobbies at once."""

import asyncio
import contextlib
import json
import random
import statistics
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from bench.plain import Publish, emulating, relay
from bench.signals import Stack, stack
from local import demo, emulator, postgres
from local.demo import Listener, Person
from tests.world import MIKL

ROUNDS, WARMING = 150, 10
BEAT = 0.12  # seconds, and a little more than the beat of the emulator
LOBBIES = 500
AT_ONCE = 32
PATIENCE = 60.0


def buses() -> dict[str, Any]:
    """Knock and admission to the event in supabase-js, each bus with its own baseline."""
    found = {"local bus": _latencies("local")}
    if emulator.jar() is not None:
        found["emulator"] = _latencies("pubsub")
    return found


def _latencies(bus: str) -> dict[str, Any]:
    with contextlib.ExitStack() as opened:
        emulated = opened.enter_context(emulating()) if bus == "pubsub" else None
        address = {"PUBSUB_EMULATOR_HOST": emulated} if emulated else {}
        running = opened.enter_context(stack(MESSAGE_BUS=bus, **address))
        plain = opened.enter_context(relay(demo.ORIGIN, running.keys, emulated=emulated))
        samples = _measured(running, plain)
    without_us = _percentiles(samples["without us"])
    return {
        what: {
            **_percentiles(found),
            "ratio": {p: round(_percentiles(found)[p] / without_us[p], 2) for p in ("p50", "p99")},
            "samples": [round(one, 1) for one in found],
        }
        for what, found in samples.items()
    }


def _measured(running: Stack, plain: Publish) -> dict[str, list[float]]:
    """In turn: straight to the realtime server; published, pushed and relayed without us; a knock;
    an admission."""
    listener = Listener(demo.send("/config.json").body["anonKey"])
    service_key = running.keys.api_key("service_role")
    names = ("straight", "without us", "knock", "admit")
    samples: dict[str, list[float]] = {name: [] for name in names}
    chance = random.Random(1)  # noqa: S311 -- when, and nothing else
    try:
        alice, mikl = Person("alice@client.example"), Person("mikl@foxeo.example")
        slot = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        request = alice.does("request-meeting", {"requestedSlots": [slot]}).data
        accept = {"requestId": request["id"], "decision": "accept", "selectedSlot": slot}
        meeting = mikl.does("decide-request", accept).data["meetingId"]
        inbox, channel = f"operator:{mikl.id}:inbox", f"meeting:{meeting}:status"
        for topic, person in ((inbox, mikl), (channel, alice)):
            listener.listen(topic, person.token)
            listener.until(lambda line: line.get("status") == "SUBSCRIBED")

        def took(topic: str, event: str, began: float) -> float:
            heard = listener.until(
                lambda line: (
                    line.get("event") == event and line["topic"] == topic and line["at"] >= began
                ),
                30,
            )
            return float(heard["at"]) - began

        def at_any_time() -> float:
            # The emulator looks for messages at a beat of its own: what begins when something else
            # has come would meet it at the same point each time.
            time.sleep(chance.uniform(0, BEAT))
            return time.time() * 1000

        def signal(person: Person, name: str) -> float:
            began = at_any_time()
            answer = person.does("lobby-signal", {"meetingId": meeting, "signal": name})
            assert answer.status == 200, (name, answer.status, answer.body)
            return began

        for number in range(ROUNDS + WARMING):
            began = at_any_time()
            _straight(inbox, service_key)
            taken = {"straight": took(inbox, "request_created", began)}
            began = at_any_time()
            plain(inbox, "request_created")
            taken["without us"] = took(inbox, "request_created", began)
            taken["knock"] = took(inbox, "client_waiting", signal(alice, "client_waiting"))
            taken["admit"] = took(channel, "operator_joined", signal(mikl, "operator_joined"))
            took(channel, "client_left", signal(alice, "client_left"))
            if number >= WARMING:
                for what, one in taken.items():
                    samples[what].append(one)
        return samples
    finally:
        listener.close()


def _straight(topic: str, key: str) -> None:
    path = f"/realtime/v1/api/broadcast/{quote(topic, safe='')}/events/request_created"
    urllib.request.urlopen(
        urllib.request.Request(
            f"{demo.ORIGIN}{path}?private=true",
            json.dumps({"eventId": str(uuid4()), "version": 1, "at": "-"}).encode(),
            {"Content-Type": "application/json", "apikey": key},
        ),
        timeout=10,
    ).close()


def crowd() -> dict[str, Any]:
    """Lobbies with a screen each: all knock, all are let in, and every screen must end right."""
    with stack() as running:
        meetings = _people(running)
        return asyncio.run(_Crowd(running, meetings).run())


def _people(running: Stack) -> dict[str, UUID]:
    """A client with a meeting of their own, many times: the meetings, and whose each is."""
    users = [uuid4() for _ in range(LOBBIES)]
    with contextlib.closing(postgres.connect(running.database)) as db:
        rows = db.run(
            """with c as (
                 insert into clients (auth_user_id, operator_id, name, email)
                 select u, cast(:operator as uuid), 'Client', 'client@client.example'
                   from unnest(cast(:users as uuid[])) u
                 returning id, auth_user_id),
               n as (select c.*, row_number() over (order by id) as number from c),
               m as (
                 insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
                 select id, cast(:operator as uuid), 'Bench',
                        now() + number * interval '15 minutes',
                        now() + number * interval '15 minutes' + interval '15 minutes'
                   from n
                 returning id, client_id)
               select m.id, n.auth_user_id from m join n on n.id = m.client_id""",
            operator=MIKL.row,
            users=[str(user) for user in users],
        )
    return {str(meeting): user for meeting, user in rows or []}


class _Crowd:
    """Everybody at once, against one stack."""

    def __init__(self, running: Stack, meetings: dict[str, UUID]) -> None:
        self._running, self._meetings = running, meetings
        self._anon = running.keys.api_key("anon")
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._tokens = {m: self._token(str(user)) for m, user in meetings.items()}
        self._shown: dict[str, str] = {}
        self._heard: dict[str, float] = {}

    def _token(self, user: str) -> str:
        claims = {"sub": user, "role": "authenticated", "aud": "authenticated"}
        return self._running.keys.sign_user({**claims, "exp": int(time.time()) + 3600})

    async def run(self) -> dict[str, Any]:
        connector = TCPConnector(limit=0)
        timeout = ClientTimeout(total=120)
        async with ClientSession(connector=connector, timeout=timeout) as self._http:
            screens = [asyncio.create_task(self._screen(meeting)) for meeting in self._meetings]
            await self._until(lambda: len(self._shown) == LOBBIES)

            began = time.perf_counter()
            await asyncio.gather(*(self._knock(meeting) for meeting in self._meetings))
            knocked = time.perf_counter() - began
            await self._until(lambda: list(self._shown.values()).count("waiting") == LOBBIES)
            listed = await self._waiting_room()

            began = time.perf_counter()
            self._heard.clear()
            await self._admit_all()
            admitted = time.perf_counter() - began
            await self._until(lambda: list(self._shown.values()).count("admitted") == LOBBIES)
            stuck = LOBBIES - len(self._heard)
            truth = {meeting: await self._state(meeting) for meeting in self._meetings}
            wrong = sum(self._shown.get(meeting) != state for meeting, state in truth.items())
            left = len(await self._waiting_room())
            for screen in screens:
                screen.cancel()
            await asyncio.gather(*screens, return_exceptions=True)
        heard = [(at - began) * 1000 for at in self._heard.values()]
        return {
            "lobbies": LOBBIES,
            "allKnockedSeconds": round(knocked, 2),
            "listedInOrder": listed == sorted(listed) and len(listed) == LOBBIES,
            "allAdmittedSeconds": round(admitted, 2),
            "admitToEventMs": _percentiles(heard) if len(heard) > 1 else {},
            "stuck": stuck,
            "shownWrong": wrong,
            "stillListed": left,
        }

    async def _screen(self, meeting: str) -> None:
        """What a page does: subscribe, read, and read again at each bell."""
        address = f"{demo.ORIGIN.replace('http', 'ws')}/realtime/v1/websocket"
        topic = f"realtime:meeting:{meeting}:status"
        async with self._http.ws_connect(f"{address}?apikey={self._anon}&vsn=1.0.0") as socket:
            join = {
                "config": {"broadcast": {}, "presence": {}, "private": True},
                "access_token": self._tokens[meeting],
            }
            await socket.send_json(
                {"topic": topic, "event": "phx_join", "payload": join, "ref": "1"}
            )
            async for frame in socket:
                told = json.loads(frame.data)
                if told["event"] == "phx_reply":
                    assert told["payload"]["status"] == "ok", told
                    self._shown[meeting] = await self._state(meeting)
                elif told["event"] == "broadcast":
                    if told["payload"]["event"] == "operator_joined":
                        self._heard.setdefault(meeting, time.perf_counter())
                    self._shown[meeting] = await self._state(meeting)

    async def _state(self, meeting: str) -> str:
        data = await self._call("lobby-state", self._tokens[meeting], query={"meetingId": meeting})
        return data["knock"]["status"] if data["knock"] else "nobody"

    async def _knock(self, meeting: str) -> None:
        body = {"meetingId": meeting, "signal": "client_waiting"}
        await self._call("lobby-signal", self._tokens[meeting], body)

    async def _admit_all(self) -> None:
        token, meetings = self._token(MIKL.user), list(self._meetings)
        for first in range(0, LOBBIES, 50):
            some = {"meetingIds": meetings[first : first + 50]}
            done = await self._call("admit-clients", token, some)
            assert {one["outcome"] for one in done["items"]} == {"admitted"}, done

    async def _waiting_room(self) -> list[str]:
        data = await self._call("waiting-room", self._token(MIKL.user))
        return [one["since"] for one in data["items"]]

    async def _call(
        self, name: str, token: str, body: Any = None, query: dict[str, str] | None = None
    ) -> Any:
        async with self._gate, self._answered(name, token, body, query) as answer:
            assert answer.status < 300, await answer.text()
            return (await answer.json())["data"]

    @contextlib.asynccontextmanager
    async def _answered(
        self, name: str, token: str, body: Any, query: dict[str, str] | None
    ) -> AsyncIterator[Any]:
        headers = {"Authorization": f"Bearer {token}"}
        method = "GET" if body is None else "POST"
        address = f"{demo.ORIGIN}/functions/v1/{name}"
        async with self._http.request(
            method, address, json=body, params=query, headers=headers
        ) as answer:
            yield answer

    @staticmethod
    async def _until(condition: Any) -> None:
        """Wait until it has come to pass, or for as long as anybody would."""
        give_up = time.monotonic() + PATIENCE
        while not condition() and time.monotonic() < give_up:
            await asyncio.sleep(0.02)


def _percentiles(samples: Sequence[float]) -> dict[str, float]:
    found = statistics.quantiles(samples, n=100)
    return {"p50": round(found[49], 1), "p99": round(found[98], 1)}

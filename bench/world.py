"""A database, the remote services and a caller, as the functions' tests have them."""

import base64
import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import functions_framework
import jwt
from aiosmtpd.controller import Controller

from local import postgres
from local.tokens import Keys
from tests.world import (
    ALICE,
    BRUNO,
    JWT_SECRET,
    LINK_SECRET,
    LIVEKIT_KEY,
    LIVEKIT_SECRET,
    MAIL_SUBSCRIPTION,
    MIKL,
    PAYLOADS,
    PROJECT,
    PUSH,
    ROOM_SUBSCRIPTION,
    SCHEDULER,
    VAPID,
    WEB_PUSH_SUBSCRIPTION,
    Persona,
    Remote,
    pushed,
    settings_for,
    signed,
)
from visio import bootstrap, log, settings
from visio.adapters.links import Person, PersonalLinks
from visio.adapters.rooms import LiveKit

_numbers = count()
FED = 10
OURS = """
select x.id from visio.push_outbox x join visio.push_subscriptions s on s.id = x.subscription_id
 where x.meeting_id = :meeting and s.endpoint = :endpoint"""


@dataclass(frozen=True)
class World:
    """`admin` and `login` lead to one database; `environment` is what functions need."""

    admin: str
    login: str
    environment: dict[str, str]
    remote: Remote


class _Takes:
    """An SMTP server's every e-mail, and nothing of it."""

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        return "250 OK"


@contextlib.contextmanager
def world(*, tuned: tuple[str, ...] = ()) -> Iterator[World]:
    """Everything started, and stopped again whatever happens; `tuned` are the server's settings."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(log.silent())  # no lines between figures
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        home.chmod(0o755)
        cluster = postgres.start(postgres.embedded_binaries(), home, settings=tuned)
        stack.callback(cluster.stop)
        postgres.prepare(cluster.url())
        postgres.seed(cluster.url())
        login = postgres.functions_login(cluster.url(), "functions")
        remote = Remote(Keys.load(home, JWT_SECRET))
        server = remote.serve()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        mailbox = Controller(_Takes(), hostname="127.0.0.1", port=postgres.free_port())
        mailbox.start()
        stack.callback(mailbox.stop)
        environment = {
            **settings_for(login, remote),
            "MAX_OPEN_REQUESTS": "0",
            "RATE_LIMIT_FACTOR": "1000",  # each call is counted, and none refused
            "THREADS": "4",
            "SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        }
        yield World(cluster.url(), login, environment, remote)


@dataclass(frozen=True)
class Sent:
    """One request: method, query or body, headers."""

    method: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes | None


class Caller:
    """Makes the requests of every function in turn, each on rows that are ready for it."""

    def __init__(self, made: World) -> None:
        self._world = made
        self._apps: dict[str, Any] = {}
        self._fed = 0
        bootstrap.forget()
        self._app: bootstrap.App | None = None
        self.come()

    def come(self) -> None:
        """Let functions serve this caller's world from here on, on the connections that it had."""
        os.environ.update(self._world.environment)
        settings.forget()
        bootstrap._app = self._app
        self._app = bootstrap.app()

    def send(self, function: str, sent: Sent, *, kept: bool = False) -> Any:
        """Through the Functions Framework's own application; what came back in `data`.

        With `kept` it may be refused, as a booking is that waits in quarantine.
        """
        if function not in self._apps:
            source = str(PROJECT / "functions" / function / "main.py")
            self._apps[function] = functions_framework.create_app(function, source)  # type: ignore[no-untyped-call]  # upstream has no annotations
        answer = (
            self._apps[function]
            .test_client()
            .open(
                "/",
                method=sent.method,
                headers=sent.headers,
                query_string=sent.query,
                data=sent.body,
            )
        )
        assert answer.status_code < 300 or kept, answer.get_data(as_text=True)
        return answer.json["data"] if answer.is_json else None

    def post(self, who: Persona, body: object) -> Sent:
        headers = {**who.headers, "Content-Type": "application/json"}
        return Sent("POST", headers, {}, json.dumps(body).encode())

    def get(self, who: Persona, **query: str) -> Sent:
        return Sent("GET", who.headers, query, None)

    def request(self, who: Persona = ALICE) -> Any:
        """A request that waits for its decision, at a time of its own."""
        slot = (datetime.now(UTC) + timedelta(days=1, minutes=20 * next(_numbers))).isoformat()
        asked = {"requestedSlots": [slot], "durationMinutes": 15}
        return self.send("request_meeting", self.post(who, asked))

    def propose(self) -> Sent:
        slot = (datetime.now(UTC) + timedelta(days=200, minutes=20 * next(_numbers))).isoformat()
        offer = {"requestId": self.request()["id"], "decision": "propose", "proposedSlots": [slot]}
        return self.post(MIKL, offer)

    def take(self) -> Sent:
        request = self.send("decide_request", self.propose())
        slot = request["proposedSlots"][0]
        answer = {"requestId": request["id"], "answer": "accept", "selectedSlot": slot}
        return self.post(ALICE, answer)

    def feed(self) -> Sent:
        """Ten meetings, which do not become more: all others here are somebody else's."""
        while self._fed < FED:
            self.meeting(BRUNO)
            self._fed += 1
        url = self.send("calendar_link", self.post(BRUNO, {}))["url"]
        return Sent("GET", {}, {"token": parse_qs(urlsplit(url).query)["token"][0]}, None)

    def preferences(self) -> Sent:
        links = PersonalLinks("", os.environ["APP_URL"], [LINK_SECRET])
        link = links.preferences(Person("client", UUID(ALICE.row)), now=datetime.now(UTC))
        body = {"token": link.partition("#")[2], "reminders": True}
        return Sent("POST", {"Content-Type": "application/json"}, {}, json.dumps(body).encode())

    def mail(self) -> Sent:
        self.meeting()
        data = base64.b64encode(json.dumps({"mailId": self._world.remote.mailed[-1]}).encode())
        envelope = {"message": {"data": data.decode()}, "subscription": MAIL_SUBSCRIPTION}
        bearer = self._world.remote.keys.sign_google(*PUSH)
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        return Sent("POST", headers, {}, json.dumps(envelope).encode())

    def accept(self, who: Persona = ALICE) -> Sent:
        request = self.request(who)
        return self.post(
            MIKL,
            {
                "requestId": request["id"],
                "decision": "accept",
                "selectedSlot": request["requestedSlots"][0],
            },
        )

    def meeting(self, who: Persona = ALICE) -> str:
        meeting: str = self.send("decide_request", self.accept(who))["meetingId"]
        return meeting

    def waiting(self) -> str:
        meeting = self.meeting()
        self.send("lobby_signal", self.knock(meeting))
        return meeting

    def knock(self, meeting: str) -> Sent:
        return self.post(ALICE, {"meetingId": meeting, "signal": "client_waiting"})

    def admit(self, meeting: str) -> Sent:
        return self.post(MIKL, {"meetingId": meeting, "signal": "operator_joined"})

    def link(self) -> dict[str, str]:
        """What a booking link of Alice's carries."""
        url = self.send("booking_link", self.post(ALICE, {}))["url"]
        return {"bookingToken": parse_qs(urlsplit(url).query)["metadata[bookingToken]"][0]}

    def booking(self, metadata: dict[str, str]) -> Sent:
        """A booking made in Cal.com, at a time of its own."""
        number = next(_numbers)
        starts_at = datetime.now(UTC) + timedelta(days=400, minutes=20 * number)
        event = json.loads((PAYLOADS / "01_booking_created.json").read_bytes())
        event["createdAt"] = datetime.now(UTC).isoformat()
        event["payload"].update(
            uid=f"bench-{number}",
            iCalUID=f"bench-{number}@Cal.com",
            startTime=starts_at.isoformat(),
            endTime=(starts_at + timedelta(minutes=15)).isoformat(),
            metadata=metadata,
        )
        raw = json.dumps(event).encode()
        return Sent("POST", signed(raw), {}, raw)

    def assign(self) -> Sent:
        self.send("calcom_webhook", self.booking({}), kept=True)
        waiting = self.send("list_quarantine", self.get(MIKL))["items"][0]["id"]
        return self.post(MIKL, {"id": waiting, "resolution": "assign", "clientId": ALICE.row})

    def push(self) -> Sent:
        self.meeting()
        signal = self._world.remote.published[-1]
        bearer = self._world.remote.keys.sign_google(*PUSH)
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        return Sent("POST", headers, {}, json.dumps(pushed(signal)).encode())

    def tick(self) -> Sent:
        bearer = self._world.remote.keys.sign_google(*SCHEDULER)
        return Sent("POST", {"Authorization": f"Bearer {bearer}"}, {}, None)

    def remove(self) -> Sent:
        meeting = self.waiting()
        self.send("lobby_signal", self.admit(meeting))
        return self.post(MIKL, {"meetingId": meeting, "signal": "remove"})

    def order(self) -> Sent:
        self.send("lobby_signal", self.remove())
        return self._pushed("orderId", self._world.remote.ordered[-1], ROOM_SUBSCRIPTION)

    def room_event(self) -> Sent:
        rooms = LiveKit("", LIVEKIT_KEY, LIVEKIT_SECRET)
        event = {
            "event": "participant_joined",
            "room": {"name": rooms.room(UUID(self.meeting()))},
            "participant": {"sid": f"PA_{next(_numbers)}", "identity": f"operator:{MIKL.row}"},
        }
        raw = json.dumps(event).encode()
        digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
        claims = {"iss": LIVEKIT_KEY, "exp": int(time.time()) + 300, "sha256": digest}
        token = jwt.encode(claims, LIVEKIT_SECRET, "HS256")
        return Sent("POST", {"Authorization": token}, {}, raw)

    def subscribe(self) -> Sent:
        point = VAPID[1]  # any point of the curve will do
        subscription = {
            "endpoint": f"{self._world.remote.url}/push/bench",
            "keys": {"p256dh": point, "auth": "AAAAAAAAAAAAAAAAAAAAAA"},
        }
        return self.post(MIKL, {"action": "subscribe", "subscription": subscription})

    def web_push(self) -> Sent:
        self.send("push_subscription", self.subscribe())
        meeting = self.waiting()
        with contextlib.closing(postgres.connect(self._world.admin)) as db:
            db.run("update lobby_knocks set remind_at = now() where meeting_id = :id", id=meeting)
        self.send("complete_meetings", self.tick())
        with contextlib.closing(postgres.connect(self._world.admin)) as db:
            [[id]] = db.run(OURS, meeting=meeting, endpoint=f"{self._world.remote.url}/push/bench")
        return self._pushed("pushId", str(id), WEB_PUSH_SUBSCRIPTION)

    def _pushed(self, name: str, id: str, subscription: str) -> Sent:
        data = base64.b64encode(json.dumps({name: id}).encode()).decode()
        bearer = self._world.remote.keys.sign_google(*PUSH)
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        envelope = {"message": {"data": data}, "subscription": subscription}
        return Sent("POST", headers, {}, json.dumps(envelope).encode())

    def ready(self) -> dict[str, tuple[str, Sent]]:
        """Every action: the function that serves it and a request that will succeed once."""
        return {
            "admit-clients": (
                "admit_clients",
                self.post(MIKL, {"meetingIds": [self.waiting(), self.waiting()]}),
            ),
            "answer-proposal accept": ("answer_proposal", self.take()),
            "booking-link": ("booking_link", self.post(ALICE, {})),
            "calcom-webhook created": ("calcom_webhook", self.booking(self.link())),
            "calendar-feed": ("calendar_feed", self.feed()),
            "calendar-file": ("calendar_file", self.get(ALICE, meetingId=self.meeting())),
            "calendar-link": ("calendar_link", self.post(MIKL, {})),
            "cancel-meeting": (
                "cancel_meeting",
                self.post(MIKL, {"meetingId": self.meeting(), "reason": "Non"}),
            ),
            "decide-request accept": ("decide_request", self.accept()),
            "decide-request reject": (
                "decide_request",
                self.post(
                    MIKL,
                    {"requestId": self.request()["id"], "decision": "reject", "reason": "Non"},
                ),
            ),
            "decide-request propose": ("decide_request", self.propose()),
            "join-meeting": ("join_meeting", self.post(MIKL, {"meetingId": self.meeting()})),
            "list-clients": ("list_clients", self.get(MIKL)),
            "list-meetings": ("list_meetings", self.get(ALICE)),
            "list-notifications": ("list_notifications", self.get(ALICE)),
            "list-quarantine": ("list_quarantine", self.get(MIKL)),
            "list-requests": ("list_requests", self.get(ALICE)),
            "livekit-webhook joined": ("livekit_webhook", self.room_event()),
            "lobby-message": (
                "lobby_message",
                self.post(ALICE, {"meetingId": self.meeting(), "canned": "thank_you"}),
            ),
            "lobby-signal client_waiting": ("lobby_signal", self.knock(self.meeting())),
            "lobby-signal operator_joined": ("lobby_signal", self.admit(self.waiting())),
            "lobby-signal remove": ("lobby_signal", self.remove()),
            "lobby-state": ("lobby_state", self.get(ALICE, meetingId=self.meeting())),
            "mail-preferences": ("mail_preferences", self.preferences()),
            "push-subscription": ("push_subscription", self.subscribe()),
            "read-notifications": ("read_notifications", self.post(ALICE, {})),
            "reconcile-calcom, nothing changed": ("reconcile_calcom", self.tick()),
            "relay-signal": ("relay_signal", self.push()),
            "request-meeting": (
                "request_meeting",
                self.post(ALICE, {"requestedSlots": [f"{datetime.now(UTC) + timedelta(days=9)}"]}),
            ),
            "resolve-quarantine assign": ("resolve_quarantine", self.assign()),
            "run-room-order": ("run_room_order", self.order()),
            "send-mail": ("send_mail", self.mail()),
            "send-push": ("send_push", self.web_push()),
            "waiting-room": ("waiting_room", self.get(MIKL)),
            "who-am-i": ("who_am_i", self.get(ALICE)),
            "complete-meetings, nothing to do": ("complete_meetings", self.tick()),
        }

"""Who there is in the tests, and the remote services that they overhear."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from livekit.api import TokenVerifier

from local.tokens import Keys

PROJECT = Path(__file__).parent.parent
PAYLOADS = PROJECT / "tests" / "payloads" / "calcom"
JWT_SECRET = "a-secret-of-the-tests-only-0123456789"
BOOKING_SECRET = "the-newest-secret-for-booking-links"
CALCOM_SECRET = "test-secret"
OLD_CALCOM_SECRET = "the-secret-before-the-rotation"
CALCOM_API_KEY = "cal_a-key-of-the-tests-only"
PUSH = ("https://relay.example/relay-signal", "push@tests.iam.gserviceaccount.com")
SCHEDULER = ("https://sweep.example/complete-meetings", "sweep@tests.iam.gserviceaccount.com")
LINK_SECRET = "the-newest-secret-for-personal-links"
MAIL_SUBSCRIPTION = "projects/tests/subscriptions/mails-push"
SUBSCRIPTION = "projects/tests/subscriptions/lobby-signals-push"
ROOM_SUBSCRIPTION = "projects/tests/subscriptions/room-orders-push"
WEB_PUSH_SUBSCRIPTION = "projects/tests/subscriptions/web-pushes-push"
LIVEKIT_KEY, LIVEKIT_SECRET = "devkey", "a-livekit-secret-of-the-tests-0123456789"
# A pair of VAPID keys of the tests alone.
VAPID = (
    "v85khCFPZLcyUhYsoPkC7pB5MXTH_EGv9ScAU4PLZJk",
    "BA0MZMTg7R5ajeOhuWku-p4wyMDUuYdn2vkbfTJS54ilPt4kG3xxJnM_llLG_ciY1NglQBUgrDVxPSeTLFXFpOE",
)


@dataclass(frozen=True)
class Persona:
    """Somebody who calls. `row` is their id in our tables, `user` their auth user id."""

    name: str
    user: str = ""
    row: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(self.user)}"} if self.user else {}


MIKL = Persona("MiKL", *["11111111-1111-4111-8111-111111111111"] * 2)
NORA = Persona("Nora", *["22222222-2222-4222-8222-222222222222"] * 2)
ALICE = Persona(
    "Alice", "a0000000-0000-4000-8000-00000000000a", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
)
BRUNO = Persona(
    "Bruno", "b0000000-0000-4000-8000-00000000000b", "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
)
CHLOE = Persona(
    "Chloé", "c0000000-0000-4000-8000-00000000000c", "cccccccc-cccc-4ccc-8ccc-cccccccccccc"
)
STRANGER = Persona("a stranger", "dddddddd-dddd-4ddd-8ddd-dddddddddddd")
ANONYMOUS = Persona("nobody")
EVERYBODY = (MIKL, NORA, ALICE, BRUNO, CHLOE, STRANGER, ANONYMOUS)


def token(user: str, **changes: Any) -> str:
    """A user's access token; a change of None takes a claim away."""
    claims = {
        "aud": "authenticated",
        "role": "authenticated",
        "sub": user,
        "exp": int(time.time()) + 600,
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, JWT_SECRET, "HS256")


def signed(body: bytes, secret: str = CALCOM_SECRET) -> dict[str, str]:
    """Cal.com's headers for these bytes."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Cal-Signature-256": digest, "Content-Type": "application/json"}


def pushed(content: Mapping[str, Any], subscription: str = SUBSCRIPTION) -> dict[str, Any]:
    """A message of the bus in the form in which Pub/Sub pushes it."""
    return {
        "message": {
            "data": base64.b64encode(json.dumps(content).encode()).decode(),
            "attributes": {"eventId": content.get("eventId", "")},
            "messageId": str(uuid4().int)[:16],
            "publishTime": "2026-11-24T08:00:00Z",
            "orderingKey": content.get("channel", ""),
        },
        "subscription": subscription,
    }


@dataclass
class Remote:
    """Pub/Sub, Realtime and two key sets, each on HTTP, and what they were told."""

    keys: Keys
    url: str = ""
    published: list[dict[str, Any]] = field(default_factory=list)
    mailed: list[str] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)
    pushed: list[str] = field(default_factory=list)
    put_out: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    broadcasts: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    bus_status: int = 200
    realtime_status: int = 202
    room_status: int = 200
    push_status: int = 201
    realtime_body: bytes = b""
    keys_status: int = 200
    calcom_status: int = 200
    key_requests: int = 0
    health_requests: int = 0

    def reset(self) -> None:
        lists = (self.published, self.mailed, self.ordered, self.pushed, self.put_out, self.told)
        for heard in (*lists, self.broadcasts, self.paths):
            heard.clear()
        self.room_status, self.push_status = 200, 201
        self.bus_status, self.realtime_status, self.keys_status = 200, 202, 200
        self.calcom_status, self.health_requests = 200, 0
        self.realtime_body, self.key_requests = b"", 0

    def take(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if path.startswith("/twirp/"):
            return self.room(path, body, headers)
        if path.startswith("/push/"):
            self.told.append(({name.lower(): value for name, value in headers.items()}, body))
            return self.push_status, b""
        if path == "/bus":
            if self.bus_status == 200:
                for message in json.loads(body)["messages"]:
                    data = json.loads(message["data"])
                    if message["topic"] == "mails":
                        self.mailed.append(data["mailId"])
                    elif message["topic"] == "room-orders":
                        self.ordered.append(data["orderId"])
                    elif message["topic"] == "web-pushes":
                        self.pushed.append(data["pushId"])
                    else:
                        self.published.append(data)
            return self.bus_status, b"{}"
        if path.startswith("/v2/bookings?"):
            return 200, b'{"status": "success", "data": []}'
        if path == "/api/version":
            self.health_requests += 1
            return self.calcom_status, b'{"version": "6.2.0"}'
        if path in ("/jwks", "/certs"):
            self.key_requests += 1
            keys = self.keys.user_jwks() if path == "/jwks" else self.keys.google_jwks()
            return self.keys_status, json.dumps(keys).encode()
        self.paths.append(path)
        if self.realtime_status == 202:
            _, _, _, _, _, topic, _, event = path.partition("?")[0].split("/")
            self.broadcasts.append((topic, event, json.loads(body)))
        return self.realtime_status, self.realtime_body

    def room(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """LiveKit's RoomService, which asks for a token as the genuine library understands it."""
        asked = json.loads(body)
        genuine = TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET, leeway=timedelta())
        claims = genuine.verify(headers.get("Authorization", "").removeprefix("Bearer "))
        right = path == "/twirp/livekit.RoomService/RemoveParticipant"
        if not (right and claims.video and claims.video.room_admin):
            return 403, b'{"code":"permission_denied"}'
        if claims.video.room != asked["room"]:
            return 403, b'{"code":"permission_denied"}'
        if self.room_status == 200:
            self.put_out.append((asked["room"], asked["identity"]))
        return self.room_status, b'{"code":"not_found"}' if self.room_status == 404 else b"{}"

    def serve(self) -> ThreadingHTTPServer:
        remote = self

        class Handler(BaseHTTPRequestHandler):
            # Head and body are two packets, and a caller who keeps the line waits 40 ms for the
            # second one: it is held back until the first is acknowledged, which nobody hurries to.
            disable_nagle_algorithm = True
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = remote.take(self.path, body, dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                if status == 302:
                    self.send_header("Location", f"{remote.url}/push/elsewhere")
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        return server


def settings_for(login: str, remote: Remote) -> dict[str, str]:
    """Everything that functions need in their environment to work with this database."""
    return {
        "VISIO_ENV": "local",
        "DATABASE_URL": login,
        "SUPABASE_JWT_SECRET": JWT_SECRET,
        "SUPABASE_JWKS_URL": f"{remote.url}/jwks",
        "ALLOWED_ORIGINS": "https://app.foxeo.example,https://hub.foxeo.example",
        "MESSAGE_BUS": "local",
        "LOCAL_BUS_URL": f"{remote.url}/bus",
        "LOCAL_BUS_TOKEN": "bus",
        "REALTIME_URL": f"{remote.url}/realtime/v1",
        "REALTIME_SERVICE_KEY": "sb_secret_of_the_tests",
        "GOOGLE_CERTS_URL": f"{remote.url}/certs",
        "PUSH_AUDIENCE": PUSH[0],
        "PUSH_SERVICE_ACCOUNT": PUSH[1],
        "PUSH_SUBSCRIPTION": SUBSCRIPTION,
        "SCHEDULER_AUDIENCE": SCHEDULER[0],
        "SCHEDULER_SERVICE_ACCOUNT": SCHEDULER[1],
        "CALCOM_WEBHOOK_SECRETS": f"{CALCOM_SECRET}, {OLD_CALCOM_SECRET}",
        "CALCOM_URL": "https://agenda.foxeo.example/mikl/decouverte",
        "CALCOM_HEALTH_URL": f"{remote.url}/api/version",
        "CALCOM_API_URL": f"{remote.url}/v2",
        "CALCOM_API_KEY": CALCOM_API_KEY,
        "BOOKING_TOKEN_SECRETS": f"{BOOKING_SECRET},a-booking-secret-from-before-the-rotation",
        "APP_URL": "https://app.foxeo.example",
        "FUNCTIONS_URL": "https://functions.foxeo.example/functions/v1",
        "LINK_SECRETS": f"{LINK_SECRET},a-link-secret-from-before-the-rotation",
        "MAIL_TOPIC": "mails",
        "MAIL_FROM": "Foxeo visio <visio@foxeo.example>",
        "MAIL_PUSH_SUBSCRIPTION": MAIL_SUBSCRIPTION,
        "SMTP_URL": "smtp://127.0.0.1:1",
        "LIVEKIT_URL": remote.url.replace("http", "ws"),
        "LIVEKIT_API_KEY": LIVEKIT_KEY,
        "LIVEKIT_API_SECRET": LIVEKIT_SECRET,
        "ROOM_TOPIC": "room-orders",
        "ROOM_PUSH_SUBSCRIPTION": ROOM_SUBSCRIPTION,
        "WEB_PUSH_TOPIC": "web-pushes",
        "WEB_PUSH_SUBSCRIPTION": WEB_PUSH_SUBSCRIPTION,
        "WEB_PUSH_HOSTS": f"push.example,.below.example,{remote.url.removeprefix('http://')}",
        "VAPID_PRIVATE_KEY": VAPID[0],
        "VAPID_PUBLIC_KEY": VAPID[1],
        "VAPID_SUBJECT": "mailto:visio@foxeo.example",
    }

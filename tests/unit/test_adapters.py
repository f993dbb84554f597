"""Identity, settings and remote answers, without a database."""

import base64
import hashlib
import json
import logging
import ssl
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
import pytest
from py_vapid import Vapid

from tests.world import PAYLOADS, VAPID
from visio import identity, log, settings
from visio.adapters.calcom import Binding, BookingTokens
from visio.adapters.patience import Kept
from visio.adapters.pipeline import tls
from visio.adapters.pubsub import LocalBus, PubSub, Topics
from visio.adapters.realtime import Relayed, outcome
from visio.domain import refusals
from visio.domain.booking import CalcomEvent
from visio.domain.events import Signal
from visio.domain.refusals import BadSignature, Refusal, Unauthenticated, Unavailable
from visio.settings import SECRETS, Settings, SettingsMissing, UserSettings, require

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = "a-secret-of-thirty-two-characters-or-so"


def test_every_refusal_has_its_status_code_and_sentence():
    found = [r for r in vars(refusals).values() if isinstance(r, type) and issubclass(r, Refusal)]
    drawn = (Refusal.__doc__ or "").split()

    for refusal in found:
        if refusal in (Refusal, refusals.StillLocked):
            continue
        made = refusal()
        assert refusal.__name__ in drawn
        assert 400 <= made.status < 600
        assert made.message.endswith(".")


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (200, b"", Relayed.SENT),
        (202, b"", Relayed.SENT),
        (401, b"", Relayed.MISCONFIGURED),
        (403, b"", Relayed.MISCONFIGURED),
        (404, b"", Relayed.MISCONFIGURED),
        (413, b"", Relayed.NEVER),
        (415, b"", Relayed.NEVER),
        (422, b"payload too large", Relayed.NEVER),
        (422, b"the partition of the day is missing", Relayed.TRY_AGAIN),
        (422, b"Timeout", Relayed.TRY_AGAIN),
        (429, b"", Relayed.TRY_AGAIN),
        (500, b"", Relayed.TRY_AGAIN),
        (302, b"", Relayed.TRY_AGAIN),
    ],
)
def test_what_an_answer_of_realtime_means(status, body, means):
    assert outcome(status, body) is means


def test_a_known_signature_verifies():
    for recorded in json.loads((PAYLOADS / "manifest.json").read_text())["payloads"]:
        raw = (PAYLOADS / recorded["file"]).read_bytes()
        signature = recorded["headers"]["X-Cal-Signature-256"]

        identity.calcom(raw, signature, ["another-secret", "test-secret"])
        with pytest.raises(BadSignature):
            identity.calcom(raw + b" ", signature, ["test-secret"])


def test_an_empty_secret_signs_nothing():
    import hashlib
    import hmac

    signature = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()

    for secrets in ([], [""]):
        with pytest.raises(BadSignature):
            identity.calcom(b"{}", signature, secrets)


def test_keys_stay_when_they_cannot_be_fetched_again(remote, monkeypatch):
    keys = identity.KeySet(f"{remote.url}/jwks")
    assert keys.key("local-user", "ES256") is not None
    monkeypatch.setattr(identity.KeySet, "KEPT", -1.0)
    monkeypatch.setattr(identity.KeySet, "COOLDOWN", -1.0)
    remote.keys_status = 500

    assert keys.key("local-user", "ES256") is not None


def test_an_unknown_key_is_asked_for_once_in_a_while(remote):
    keys = identity.KeySet(f"{remote.url}/jwks")

    found = [keys.key("unknown", "ES256") for _ in range(5)]

    assert found == [None] * 5
    assert remote.key_requests == 1


def test_a_key_serves_its_own_kind_of_algorithm_only(remote):
    keys = identity.KeySet(f"{remote.url}/jwks")

    assert keys.key("local-user", "RS256") is None


def test_no_keys_at_all_is_no_verdict():
    with pytest.raises(Unavailable):
        identity.KeySet("http://127.0.0.1:1/jwks").key("any", "ES256")


LOCAL = {"VISIO_ENV": "local"}
CLOUD = {"CALCOM_WEBHOOK_SECRETS": SECRET, "LIVEKIT_API_SECRET": SECRET}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({**CLOUD, "CALCOM_WEBHOOK_SECRETS": f"{SECRET},short"}, "CALCOM_WEBHOOK_SECRETS"),
        ({**CLOUD, "LIVEKIT_API_SECRET": "short"}, "LIVEKIT_API_SECRET"),
        ({**CLOUD, "MAX_OPEN_REQUESTS": "0"}, "MAX_OPEN_REQUESTS"),
        ({**CLOUD, "SWEEP_GRACE_MINUTES": "soon"}, "SWEEP_GRACE_MINUTES"),
        ({**CLOUD, "MESSAGE_BUS": "pigeon"}, "MESSAGE_BUS"),
        ({**CLOUD, "CALCOM_BINDING": "trust"}, "CALCOM_BINDING"),
        ({**CLOUD, "BUFFER_MINUTES": "-5"}, "BUFFER_MINUTES"),
        ({**CLOUD, "MINIMUM_NOTICE_MINUTES": "1441"}, "MINIMUM_NOTICE_MINUTES"),
        ({**CLOUD, "MAIL_FROM": "a@b.example"}, "SMTP_URL"),
        ({**CLOUD, "LINK_SECRETS": "short"}, "LINK_SECRETS"),
        ({**CLOUD, "PUBSUB_EMULATOR_HOST": "127.0.0.1:1"}, "for the local stack only"),
        ({**CLOUD, "MESSAGE_BUS": "local"}, "LOCAL_BUS_URL"),
        ({**LOCAL, "MAX_OPEN_REQUESTS": "-1"}, "MAX_OPEN_REQUESTS"),
        ({**LOCAL, "SWEEP_GRACE_MINUTES": "-1"}, "SWEEP_GRACE_MINUTES"),
        ({**LOCAL, "SWEEP_GRACE_MINUTES": "9" * 18}, "SWEEP_GRACE_MINUTES"),
        ({**LOCAL, "LOBBY_OPENS_MINUTES": "-1"}, "LOBBY_OPENS_MINUTES"),
        ({**LOCAL, "LOBBY_OPENS_MINUTES": "9" * 18}, "LOBBY_OPENS_MINUTES"),
        ({**LOCAL, "ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS"),
        ({**LOCAL, "ALLOWED_ORIGINS": "https://app.example/"}, "ALLOWED_ORIGINS"),
        ({**LOCAL, "ALLOWED_ORIGINS": "https://a.example,app.example"}, "ALLOWED_ORIGINS"),
        ({**LOCAL, "ALLOWED_ORIGINS": "https://App.example"}, "ALLOWED_ORIGINS"),
        ({**LOCAL, "ALLOWED_ORIGINS": "https://u@app.example"}, "ALLOWED_ORIGINS"),
        ({**LOCAL, "VAPID_SUBJECT": "ops@app.example"}, "VAPID_SUBJECT"),
        ({**LOCAL, "VAPID_SUBJECT": "mailto:ops"}, "VAPID_SUBJECT"),
        ({**LOCAL, "VAPID_SUBJECT": "http://app.example"}, "VAPID_SUBJECT"),
    ],
)
def test_a_setting_that_cannot_be_meant_refuses_to_start(environ, told):
    with pytest.raises(SettingsMissing, match=told) as refused:
        Settings.read(environ)

    assert "short" not in str(refused.value)
    assert "example" not in str(refused.value)


def test_origins_and_a_subject_that_can_be_meant_are_taken():
    origins = ("https://app.example", "http://[::1]:8080", "capacitor://localhost")
    read = Settings.read({**LOCAL, "ALLOWED_ORIGINS": " , ".join(origins)})
    assert read.allowed_origins == origins

    for subject in ("mailto:ops+visio@app.example", "https://app.example", "mailto:a@localhost"):
        assert Settings.read({**LOCAL, "VAPID_SUBJECT": subject}).web_push.subject == subject
        # What sends them takes it as well.
        assert Vapid.from_string(VAPID[0]).sign({"sub": subject, "aud": "https://push.example"})


def test_the_local_stack_may_have_weak_secrets_and_no_limits():
    read = Settings.read(
        {"VISIO_ENV": "local", "CALCOM_WEBHOOK_SECRETS": "a, ,b", "MAX_OPEN_REQUESTS": "0"}
    )

    assert read.calcom.webhook_secrets == ("a", "b")
    assert read.rules.max_open_requests == 0
    assert read.rules.lobby_opens is None


def test_what_is_missing_is_named_and_either_of_two_is_enough():
    with pytest.raises(SettingsMissing, match=r"SUPABASE_JWT_SECRET or SUPABASE_JWKS_URL"):
        require({"DATABASE_URL": "x", "SUPABASE_JWT_SECRET": " , "}, "database", "users")

    with pytest.raises(SettingsMissing, match="DATABASE_URL"):
        require({"DATABASE_URL": " \n\t"}, "database")

    require({"DATABASE_URL": "x", "SUPABASE_JWKS_URL": "https://x"}, "database", "users")
    link = dict.fromkeys(("ROOM_LINK", "ROOM_LINK_HOSTS", "ROOM_NAME_SECRET"), "x")
    require({"ROOM_PROVIDER": "link\n", **link}, "rooms")


def test_settings_do_not_show_their_secrets():
    secret = dict.fromkeys(SECRETS, SECRET)
    read = Settings.read(
        {
            **CLOUD,
            **secret,
            "LIVEKIT_API_KEY": "a-key",
            "LOCAL_BUS_TOKEN": SECRET,
            "REALTIME_SERVICE_KEY": SECRET,
            "SMTP_URL": f"smtp://x:{SECRET}@mail",
            "DATABASE_URL": f"postgresql://x:{SECRET}@db/x",
        }
    )
    jitsi = {"ROOM_PROVIDER": "jitsi", "JITSI_URL": "https://meet.example"}
    jaas = {**jitsi, "JAAS_KEY_ID": "a-key-id"}

    assert SECRET not in repr(read)
    assert SECRET not in repr(Settings.read({**CLOUD, **secret, **jitsi}))
    assert SECRET not in repr(Settings.read({**CLOUD, **secret, **jaas}))
    assert read.rooms.api_secret == read.users.jwt_secrets[0] == SECRET


def test_the_environment_is_read_once(monkeypatch):
    monkeypatch.setenv("VISIO_ENV", "local")
    settings.forget()
    first = settings.settings()
    monkeypatch.setenv("CALCOM_URL", "https://elsewhere.example")

    assert settings.settings() is first
    settings.forget()


BINDING = Binding(uuid4(), uuid4())


def token_of(link):
    return parse_qs(urlsplit(link.url).query)["metadata[bookingToken]"][0]


def test_a_booking_token_binds_its_client_for_a_week():
    tokens = BookingTokens("https://agenda.example/x?month=1", [SECRET])
    link = tokens.link(BINDING, name="A", email="a@b.example", time_zone="Europe/Paris", now=NOW)

    assert link.url.startswith("https://agenda.example/x?month=1&")
    assert tokens.binding(token_of(link), now=NOW + timedelta(days=7, minutes=-1)) == BINDING
    assert tokens.binding(token_of(link), now=NOW + timedelta(days=7)) is None


@pytest.mark.parametrize("forged", ["", "a.b.c", "é", "null"])
def test_any_other_text_is_no_booking_token(forged):
    assert BookingTokens("https://agenda.example/x", [SECRET]).binding(forged, now=NOW) is None


def test_logical_copies_share_their_key_and_other_events_do_not():
    raw = json.loads((PAYLOADS / "01_booking_created.json").read_bytes())

    def key(**payload):
        body = {**raw, "payload": {**raw["payload"], **payload}}
        return CalcomEvent.read(json.dumps(body).encode()).logical_key

    later = CalcomEvent.read(json.dumps({**raw, "createdAt": "2027-01-01T00:00:00Z"}).encode())
    assert later.logical_key == key()
    assert key(startTime="2026-12-14T10:00:00+01:00") == key()
    others = [key(uid="other"), key(iCalSequence=1), key(attendeeSeatId="seat-2")]
    assert len({key(), *others}) == 4


@pytest.mark.parametrize(("start", "found"), [("not a time", True), (None, False)])
def test_an_event_without_a_time_is_known_by_what_it_has(start, found):
    payload = {"uid": "a", **({"startTime": start} if start else {})}
    raw = json.dumps({"triggerEvent": "BOOKING_CANCELLED", "payload": payload}).encode()

    assert (CalcomEvent.read(raw).logical_key is not None) is found


@pytest.mark.parametrize(
    ("url", "verified"),
    [
        ("postgresql://u:p@127.0.0.1:5432/x", False),
        ("postgresql://u:p@localhost/x?sslmode=verify-full", True),
        ("postgresql://u:p@db.example/x", True),
        ("postgresql://u:p@db.example/x?sslmode=require", True),
        ("postgresql://u:p@db.example/x?sslmode=disable", False),
    ],
)
def test_a_database_elsewhere_is_reached_over_verified_tls(url, verified):
    context = tls(urlsplit(url))

    assert bool(context) == verified
    if verified:
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED


TOPICS = Topics("signals", "mails", "rooms", "pushes")
SIGNAL = Signal(uuid4(), "client:x:inbox", "request_decided", {"version": 1})


def test_a_bus_out_of_reach_accepts_nothing():
    assert LocalBus("http://127.0.0.1:1/bus", "token", TOPICS).publish([SIGNAL]) == []


def test_a_pubsub_out_of_reach_accepts_nothing(monkeypatch):
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:1")

    assert PubSub("project", TOPICS).publish([SIGNAL], [uuid4()]) == []
    assert PubSub("project", TOPICS, emulator="127.0.0.1:1").publish([SIGNAL], [uuid4()]) == []


def test_a_line_is_json_in_the_cloud_and_words_in_a_terminal():
    try:
        raise ValueError("c4n4ry")
    except ValueError:
        record = logging.LogRecord("visio", 40, "", 1, "[VISIO:X]", (), sys.exc_info())
    record.status = 500

    cloud = json.loads(log._Line(local=False).format(record))
    local = log._Line(local=True).format(record)

    assert cloud["message"] == "[VISIO:X]"
    assert (cloud["severity"], cloud["status"], cloud["exception"]) == ("ERROR", 500, "ValueError")
    assert "status=500" in local
    assert "c4n4ry" not in json.dumps(cloud) + local


def bearer(secret, **changes):
    claims = {"aud": "authenticated", "role": "authenticated", "sub": str(uuid4())}
    exp = int(NOW.timestamp()) + 60
    return f"Bearer {jwt.encode({**claims, 'exp': exp, **changes}, secret, 'HS256')}"


def user_settings(*secrets):
    return UserSettings(jwt_secrets=secrets, jwks_url="")


def test_a_token_that_was_good_is_refused_once_it_is_over_or_its_key_has_gone():
    authorization = bearer(SECRET)
    identity.user(authorization, user_settings(SECRET), now=NOW)

    with pytest.raises(Unauthenticated):
        identity.user(authorization, user_settings(SECRET), now=NOW + timedelta(minutes=2))
    with pytest.raises(Unauthenticated):
        identity.user(authorization, user_settings(SECRET[::-1]), now=NOW)
    with pytest.raises(Unauthenticated):
        identity.user(authorization, user_settings(), now=NOW)


def test_a_token_for_one_door_opens_no_other():
    pair = ("key", SECRET)
    digest = base64.b64encode(hashlib.sha256(b"{}").digest()).decode()
    authorization = bearer(SECRET, iss="key", sha256=digest)
    identity.user(authorization, user_settings(SECRET), now=NOW)

    # An audience that LiveKit's door does not ask for is refused there.
    with pytest.raises(BadSignature):
        identity.livekit(authorization, b"{}", [pair], now=NOW)


class Counting(BaseHTTPRequestHandler):
    """Answers each post with the number of the connection it came on."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        type(self).connections += 1
        self.number = type(self).connections

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = str(self.number).encode()
        self.send_response(404 if self.path == "/away" else 200)
        self.send_header("Content-Length", str(len(answer)))
        if self.path == "/last":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)
        # Without a word: what was kept is dead, and nobody has been told.
        self.close_connection = self.path in ("/last", "/silently")

    def log_message(self, *_):
        pass


@pytest.fixture
def counting():
    class Fresh(Counting):
        connections = 0

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield Kept(f"http://127.0.0.1:{server.server_port}", timeout=5)
    server.shutdown()
    server.server_close()


def test_a_connection_is_kept_whatever_was_answered(counting):
    answers = [counting.post(path, b"x", {}) for path in ("/", "/away", "/")]

    assert answers == [(200, b"1"), (404, b"1"), (200, b"1")]


@pytest.mark.parametrize("path", ["/last", "/silently"])
def test_a_connection_that_has_ended_is_not_used_again(counting, path):
    ended = counting.post(path, b"x", {})
    time.sleep(0.2)

    assert [ended, counting.post("/", b"x", {})] == [(200, b"1"), (200, b"2")]


def test_callers_at_once_have_connections_of_their_own(counting, together):
    answers = together(*[lambda: counting.post("/", b"x", {})] * 8)

    assert {status for status, _ in answers} == {200}
    assert counting.post("/", b"x", {})[0] == 200

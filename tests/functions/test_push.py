"""Web push: an operator's browser is told of who waits, encrypted, signed, and once."""

import base64
import json
import os
import re
from urllib.parse import urlsplit

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.world import (
    ALICE,
    MIKL,
    NORA,
    PUSH,
    VAPID,
    WEB_PUSH_SUBSCRIPTION,
    pushed,
)
from visio.domain.push_services import allowed

HOSTS = ("push.example", ".below.example")


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Browser:
    """A browser's side of a subscription: the keys with which it alone reads."""

    def __init__(self, endpoint):
        self.endpoint, self.auth = endpoint, os.urandom(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    @property
    def json(self):
        keys = {"p256dh": base64url(self.point), "auth": base64url(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def read(self, body):
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth))


@pytest.fixture
def browser(remote):
    return Browser(f"{remote.url}/push/of-mikl")


@pytest.fixture
def subscribe(call):
    def subscribe(browser, who=MIKL):
        return call("push-subscription", {"action": "subscribe", "subscription": browser.json}, who)

    return subscribe


@pytest.fixture
def waits(accepted, signal, rows):
    """The meeting of a client who has waited for more than a minute."""
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    rows("update lobby_knocks set remind_at = now() - interval '1 second'")
    return meeting


@pytest.fixture
def send(call, remote):
    def send(push, subscription=WEB_PUSH_SUBSCRIPTION):
        bearer = remote.keys.sign_google(*PUSH)
        raw = json.dumps(pushed({"pushId": push}, subscription)).encode()
        return call("send-push", raw=raw, headers={"Authorization": f"Bearer {bearer}"})

    return send


def test_an_unanswered_arrival_reaches_the_browser_which_alone_can_read_it(
    browser, subscribe, waits, sweep, send, remote
):
    subscribed = subscribe(browser)
    swept = sweep()

    answers = [send(push) for push in remote.pushed]

    assert subscribed.json["data"] == {"subscribed": 1, "publicKey": VAPID[1]}
    assert (swept["escalated"], swept["pushes"]) == (1, 1)
    assert [answer.status_code for answer in answers] == [204]
    [(headers, body)] = remote.told
    told = browser.read(body)
    assert told["link"] == f"/hub/#meeting-{waits}"
    assert told["body"] == "Un client attend dans votre salle d’attente."
    assert (headers["urgency"], headers["content-encoding"]) == ("high", "aes128gcm")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", headers["topic"])
    # Whose it is, for this push service alone, by the key that the browser subscribed with.
    token, key = re.fullmatch(r"vapid t=([^,]+),k=(.+)", headers["authorization"]).groups()
    assert key == VAPID[1]
    point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    claims = jwt.decode(token, public, algorithms=["ES256"], audience=remote.url)
    assert claims["sub"] == "mailto:visio@foxeo.example"


def test_what_goes_to_a_browser_names_nobody(browser, subscribe, waits, sweep, send, remote, rows):
    subscribe(browser)
    sweep()
    send(remote.pushed[0])

    text = json.dumps(browser.read(remote.told[0][1]))

    assert "Alice" not in text
    assert "alice" not in text


def test_each_browser_of_each_operator_hears_of_its_own(remote, subscribe, waits, sweep, send):
    mine = [Browser(f"{remote.url}/push/{number}") for number in range(2)]
    of_nora = Browser(f"{remote.url}/push/of-nora")
    for browser in mine:
        subscribe(browser)
    subscribe(of_nora, NORA)

    sweep()
    for push in remote.pushed:
        send(push)

    assert len(remote.told) == 2
    for browser in mine:
        assert [body for _, body in remote.told if _readable(browser, body)]
    assert not any(_readable(of_nora, body) for _, body in remote.told)


def _readable(browser, body):
    try:
        return bool(browser.read(body))
    except Exception:  # noqa: BLE001 -- whatever decryption says no with
        return False


def test_a_message_is_sent_once(browser, subscribe, waits, sweep, send, remote, together):
    subscribe(browser)
    sweep()
    [push] = remote.pushed

    together(*[lambda: send(push)] * 6)
    send(push)

    assert len(remote.told) == 1


@pytest.mark.parametrize("name", ["operator_joined", "entry_denied", "client_left"])
def test_an_answer_stops_what_is_on_its_way(
    browser, subscribe, waits, sweep, send, remote, signal, rows, name
):
    subscribe(browser)
    sweep()
    signal(waits, name, ALICE if name == "client_left" else MIKL)

    send(remote.pushed[0])

    assert remote.told == []
    assert rows("select problem from visio.push_outbox") == ["answered"]


@pytest.mark.parametrize("status", [429, 500, 503, 401, 403])
def test_a_push_service_that_is_not_well_is_tried_again(
    browser, subscribe, waits, sweep, send, remote, rows, status
):
    subscribe(browser)
    sweep()
    remote.push_status = status
    send(remote.pushed[0])
    remote.push_status = 201
    send(remote.pushed[0])  # too early
    rows("update visio.push_outbox set next_attempt_at = now()")

    handed = sweep()["pushes"]
    send(remote.pushed[-1])

    assert handed == 1
    assert len(remote.told) == 2
    assert rows("select sent_at is not null, attempts from visio.push_outbox") == [(True, 2)]


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(
    browser, subscribe, waits, sweep, send, remote, rows, status
):
    subscribe(browser)
    sweep()
    remote.push_status = status

    send(remote.pushed[0])

    assert rows("select count(*) from visio.push_subscriptions") == [0]


@pytest.mark.parametrize("status", [302, 400, 413])
def test_what_a_push_service_refuses_is_dropped_and_no_redirect_followed(
    browser, subscribe, waits, sweep, send, remote, rows, status
):
    subscribe(browser)
    sweep()
    remote.push_status = status

    send(remote.pushed[0])

    assert len(remote.told) == 1
    assert rows("select dropped_at is not null from visio.push_outbox") == [True]


def test_what_is_pushed_to_send_push_by_others_is_nothing(send, remote):
    answer = send("99999999-9999-4999-8999-999999999999", "projects/elsewhere/subscriptions/x")

    assert answer.status_code == 204
    assert remote.told == []


def test_a_subscription_is_kept_once_and_taken_back(call, browser, subscribe, rows):
    counts = [subscribe(browser).json["data"]["subscribed"] for _ in range(2)]
    shown = call("push-subscription", {"action": "show"}, MIKL).json["data"]["subscribed"]
    body = {"action": "unsubscribe", "endpoint": browser.endpoint}
    of_nora = call("push-subscription", body, NORA).json["data"]["subscribed"]
    kept = rows("select count(*) from visio.push_subscriptions")

    gone = call("push-subscription", body, MIKL).json["data"]["subscribed"]

    assert (counts, shown, of_nora, kept, gone) == ([1, 1], 1, 0, [1], 0)


def test_ten_browsers_are_enough(remote, subscribe):
    answers = [subscribe(Browser(f"{remote.url}/push/{n}")).status_code for n in range(11)]

    assert answers == [200] * 10 + [429]


@pytest.mark.parametrize(
    ("endpoint", "may"),
    [
        ("https://push.example/x", True),
        ("https://a.below.example/x", True),
        ("https://below.example/x", False),
        ("http://push.example/x", False),
        ("https://push.example:8443/x", False),
        ("https://push.example@127.0.0.1/x", False),
        ("https://127.0.0.1/x", False),
        ("https://[::1]/x", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://push.example.evil.example/x", False),
        ("https://evilbelow.example/x", False),
        ("https://evilpush.example/x", False),
        ("https://push.example\\@evil.example/x", False),
        ("https://push.example /x", False),
        ("file:///etc/passwd", False),
        ("https://[/x", False),
        ("x", False),
        ("https://push.éxample/x", False),
    ],
)
def test_only_a_known_push_service_is_ever_written_to(endpoint, may):
    assert allowed(endpoint, HOSTS, local=False) is may


def test_the_local_stacks_own_push_service_is_no_clouds(remote):
    host = urlsplit(remote.url).netloc

    assert allowed(f"{remote.url}/push/x", (host,), local=True)
    assert not allowed(f"{remote.url}/push/x", (host,), local=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "https://evil.example/x"},
        {"keys": {"p256dh": "AAAA", "auth": base64url(b"x" * 16)}},
        {"keys": {"p256dh": base64url(b"\x04" + b"x" * 64), "auth": "AAAA"}},
        {"keys": {"p256dh": "&&&", "auth": "&&&"}},
        {"keys": {}},
        {"more": 1},
    ],
)
def test_a_subscription_that_is_none_is_refused(call, browser, changes, rows):
    body = {"action": "subscribe", "subscription": {**browser.json, **changes}}

    answer = call("push-subscription", body, MIKL)

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_fields")
    assert rows("select count(*) from visio.push_subscriptions") == [0]

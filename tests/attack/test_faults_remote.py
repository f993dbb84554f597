"""Other services fail, lie, drip and flood: nobody waits for them for long, nothing is lost or told
twice, and no verdict is passed on a person because of them."""

import json
import threading
import time
from email.message import EmailMessage
from uuid import uuid4

import pytest

from tests.attack.liars import MUMBLED, QUICK, SLOW, Google, Liar, Post, drips_for_a_while
from tests.attack.scale import FULL, rounds
from tests.conftest import ON_ONE_SERVER, at
from tests.world import (
    ALICE,
    BRUNO,
    MAIL_SUBSCRIPTION,
    MIKL,
    PUSH,
    ROOM_SUBSCRIPTION,
    SCHEDULER,
    pushed,
)
from visio import bootstrap, identity, settings
from visio.adapters.mailer import PATIENCE, Delivery
from visio.adapters.patience import Kept
from visio.adapters.pubsub import PubSub, Topics
from visio.adapters.smtp import Smtp
from visio.domain.events import Signal
from visio.domain.refusals import Unavailable

pytestmark = pytest.mark.timeout(300)

LIES = {**QUICK, **MUMBLED, **(SLOW if FULL else {"drips its head": SLOW["drips its head"]})}
# A good status: for whoever reads no further that is an answer, whatever is wrong with the rest.
GOOD_STATUS = {*MUMBLED, "breaks off in the body", "counts chunks wrongly", "drips its body"}
READABLE = {*MUMBLED} - {"floods", "compresses what it does not"}


@pytest.fixture
def liar():
    with Liar(QUICK["hangs up"]) as made:
        yield made


@pytest.fixture
def lied_to(environment, liar):
    """Let a setting lead to the liar, and read it anew."""

    def lied_to(**changed):
        for name, path in changed.items():
            environment.setenv(name, f"{liar.url}{path}")
        environment.setenv("RATE_LIMIT_FACTOR", "0")
        environment.setenv("MAX_OPEN_REQUESTS", "0")
        settings.forget()
        bootstrap.forget()

    return lied_to


@pytest.fixture
def push(call, remote):
    """Push a message to a function, as Pub/Sub does."""

    def push(name, content, *subscription):
        bearer = remote.keys.sign_google(*PUSH)
        raw = json.dumps(pushed(content, *subscription)).encode()
        return call(name, raw=raw, headers={"Authorization": f"Bearer {bearer}"})

    return push


@pytest.fixture
def scheduled(call, remote):
    def scheduled(name):
        headers = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
        return call(name, headers=headers)

    return scheduled


def apologised(answer):
    return (
        answer.status_code == 503
        and answer.json["error"]["code"] == "unavailable"
        and int(answer.headers["Retry-After"]) > 0
    )


# -- an answer as a whole


def test_an_answer_that_drips_is_left_when_its_time_is_up(liar, tally):
    liar.does = drips_for_a_while

    with pytest.raises(TimeoutError):
        Kept(liar.url, timeout=0.5).get()
    tally("answers that come to an end, but late")


def test_nobody_sends_more_than_there_is_room_for(liar, tally):
    liar.does = MUMBLED["floods"]

    with pytest.raises(OSError, match="too large"):
        Kept(liar.url, timeout=20).get()
    tally("answers that are too large")


# -- the bus


@ON_ONE_SERVER
def test_whatever_the_bus_says_the_caller_is_answered_and_the_sweep_says_it_later(
    call, lied_to, liar, environment, remote, rows, marked, scheduled, holds, tally
):
    lied_to(LOCAL_BUS_URL="/bus")
    taken = 0
    for number, (name, lie) in enumerate(LIES.items()):
        liar.does = lie
        begun = time.monotonic()
        answer = call("request-meeting", {"requestedSlots": [at(2, number)]}, ALICE)

        assert answer.status_code == 201, name
        assert time.monotonic() - begun < 12, name
        taken += 2 * (name in GOOD_STATUS)
        marked(taken)
    # A bus that answers 200 has taken it, whatever else it says: that part is gone, as with Google.
    liar.does = QUICK["speaks no HTTP"]
    rows("update visio.signal_outbox set next_attempt_at = now()")
    assert scheduled("complete-meetings").status_code == 200
    environment.setenv("LOCAL_BUS_URL", f"{remote.url}/bus")
    settings.forget()
    bootstrap.forget()
    rows("update visio.signal_outbox set next_attempt_at = now()")
    holds.drained()

    told = [signal["eventId"] for signal in remote.published]
    assert len(told) == len(set(told)) == 2 * len(LIES) - taken
    holds.silence()
    tally("answers of a bus that is not well", len(LIES))


@pytest.fixture
def google():
    made = Google()
    yield made
    made.close()


ONE_TOPIC = Topics("signals")


def a_bus(google, topics=ONE_TOPIC):
    return PubSub("project", topics, emulator=google.address)


STATUSES = [400, 401, 403, 404, 408, 409, 429, 499, 500, 501, 502, 503, 504]


def a_signal(channel="client:x:inbox"):
    return Signal(uuid4(), channel, "request_decided", {"version": 1})


def test_a_channel_goes_on_after_any_failure_of_pubsub(google, tally):
    bus = a_bus(google)
    for status in STATUSES:
        google.fails = status
        signals = [a_signal(), a_signal(), a_signal("client:y:inbox")]
        assert bus.publish(signals) == [], status

        google.fails = None
        again = [*signals, a_signal()]
        assert set(bus.publish(again)) == {one.event_id for one in again}, status
        tally("failures of Pub/Sub, and the same channel afterwards")
    kept = [id for id, key in google.taken if key == "client:x:inbox"]
    assert len(kept) == len(set(kept)) == 3 * len(STATUSES)


def test_what_pubsub_may_not_take_together_is_published_apart_and_at_once(google, tally):
    bus = a_bus(google, Topics("signals", "mails"))
    signals = [a_signal(f"client:{n % 3}:inbox") for n in range(9)]
    mails = [uuid4() for _ in range(5)]

    taken = bus.publish(signals, mails)

    assert set(taken) == {*(one.event_id for one in signals), *mails}
    assert google.requests == 4
    for n in range(3):
        ours = [str(one.event_id) for one in signals if one.channel == f"client:{n}:inbox"]
        assert [id for id, key in google.taken if key == f"client:{n}:inbox"] == ours
    tally("messages in requests of one channel each", 14)


def test_many_channels_share_a_few_connections(google, tally):
    bus = a_bus(google)
    for _ in range(2):
        signals = [a_signal(f"client:{n}:inbox") for n in range(50)]
        assert bus.publish(signals) == [one.event_id for one in signals]
    assert google.requests == 100
    assert google.connections <= 8
    tally("channels over connections that are kept", 100)


def test_many_channels_of_a_silent_pubsub_wait_no_longer_than_one(google, tally):
    google.silent.set()
    begun = time.monotonic()

    assert a_bus(google).publish([a_signal(f"client:{n}:inbox") for n in range(50)]) == []
    assert time.monotonic() - begun < 7
    assert google.requests <= 8
    tally("channels of a silent Pub/Sub", 50)


def test_whatever_pubsub_says_nothing_is_taken_for_granted(liar, tally):
    for name, lie in LIES.items():
        bus = PubSub("project", Topics("signals"), emulator=liar.url.removeprefix("http://"))
        liar.does = lie
        begun = time.monotonic()
        signal = a_signal()
        taken = bus.publish([signal])

        assert taken == ([signal.event_id] if name in GOOD_STATUS else []), name
        assert time.monotonic() - begun < 7, name
        tally("answers of a Pub/Sub that is not well")


def test_a_pubsub_that_never_answers_holds_nobody_beyond_the_deadline(google, tally):
    bus = a_bus(google, Topics("signals", "mails"))
    google.silent.set()
    begun = time.monotonic()

    taken = bus.publish([a_signal(f"client:{n}:inbox") for n in range(6)], [uuid4(), uuid4()])

    assert taken == []
    assert time.monotonic() - begun < 7
    tally("messages to a silent Pub/Sub", 8)


@pytest.fixture
def accounted(google, monkeypatch):
    """A bus that says whose it is, as the machine that it runs on told it."""
    monkeypatch.setenv("GCE_METADATA_HOST", google.address)
    monkeypatch.setattr("visio.adapters.pubsub.GOOGLE", f"http://{google.address}")
    return PubSub("project", Topics("signals"))


def test_a_token_is_asked_for_once_and_again_when_it_is_refused(google, accounted, together, tally):
    google.trusted = "token-1"
    signals = [a_signal() for _ in range(8)]
    taken = together(*[lambda one=one: accounted.publish([one]) for one in signals])
    assert taken == [[one.event_id] for one in signals]
    assert google.tokens == 1

    google.trusted = "token-2"
    signal = a_signal()
    assert [accounted.publish([signal]) for _ in range(2)] == [[], [signal.event_id]]
    tally("publications by a machine's own account", len(signals) + 2)


def test_a_token_in_its_last_minutes_is_not_used(google, accounted, tally):
    google.lasts = 200
    for number in (1, 2):
        google.trusted = f"token-{number}"
        signal = a_signal()
        assert accounted.publish([signal]) == [signal.event_id]
    tally("tokens in their last minutes", 2)


def test_without_a_token_nothing_is_published(google, liar, monkeypatch, tally):
    monkeypatch.setenv("GCE_METADATA_HOST", liar.url.removeprefix("http://"))
    monkeypatch.setattr("visio.adapters.pubsub.GOOGLE", f"http://{google.address}")
    bus = PubSub("project", Topics("signals"))
    for name, lie in LIES.items():
        liar.does = lie
        begun = time.monotonic()

        assert bus.publish([a_signal()]) == [], name
        assert time.monotonic() - begun < 5, name
        tally("lies about a machine's account")
    assert google.requests == 0


# -- Realtime


REALTIME = {
    **dict.fromkeys((200, 202), "sent"),
    **dict.fromkeys((204, 301, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503, 504), "again"),
    **dict.fromkeys((413, 415, 422), "never"),
}


def announcement():
    event_id = str(uuid4())
    payload = {"eventId": event_id, "meetingId": MIKL.row, "version": 1, "at": "2026-11-25T08:00Z"}
    return {
        "eventId": event_id,
        "channel": f"meeting:{MIKL.row}:status",
        "event": "operator_joined",
        "payload": payload,
    }


@ON_ONE_SERVER
def test_every_answer_of_realtime_is_sent_once_tried_again_or_kept(push, remote, rows, tally):
    for status, meant in REALTIME.items():
        message = announcement()
        remote.realtime_status = status

        first = push("relay-signal", message)
        remote.realtime_status = 202
        second = push("relay-signal", message)

        heard = [p for _, _, p in remote.broadcasts if p["eventId"] == message["eventId"]]
        buried = rows(
            "select count(*) from visio.dead_signals where cast(envelope as text) like :data",
            data=f"%{pushed(message)['message']['data']}%",
        )
        assert apologised(first) == (meant == "again"), status
        assert first.status_code in (204, 503), status
        assert second.status_code == 204, status
        # What it took with a 200 this fake does not count as heard.
        assert len(heard) == (meant == "again" or status == 202), status
        assert buried == [meant == "never"], status
    tally("answers of Realtime, each with a second delivery", len(REALTIME))


# Its status is the answer: nobody has asked for a compressed one, and nobody reads it.
TAKEN = {*READABLE, "compresses what it does not"}


@ON_ONE_SERVER
def test_a_realtime_that_lies_delays_a_signal_and_loses_none(
    push, lied_to, liar, environment, remote, rows, holds, tally
):
    lied_to(REALTIME_URL="/realtime/v1")
    messages = {name: announcement() for name in LIES}
    for name, message in messages.items():
        liar.does = LIES[name]
        begun = time.monotonic()
        answer = push("relay-signal", message)
        assert answer.status_code == (204 if name in TAKEN else 503), name
        assert time.monotonic() - begun < 12, name
    environment.setenv("REALTIME_URL", f"{remote.url}/realtime/v1")
    settings.forget()
    bootstrap.forget()

    answers = [push("relay-signal", message).status_code for message in messages.values()]

    assert answers == [204] * len(messages)
    heard = [payload["eventId"] for _, _, payload in remote.broadcasts]
    assert sorted(heard) == sorted(
        message["eventId"] for name, message in messages.items() if name not in TAKEN
    )
    holds.silence()
    tally("lies of Realtime", len(messages))


# -- keys


def bearing(remote):
    claims = {"aud": "authenticated", "role": "authenticated", "sub": ALICE.user}
    bearer = remote.keys.sign_user({**claims, "exp": int(time.time()) + 600})
    return {"Authorization": f"Bearer {bearer}"}


@ON_ONE_SERVER
def test_without_keys_nobody_is_judged_and_with_old_ones_everybody_goes_on(
    call, liar, environment, remote, monkeypatch, tally
):
    listed = json.dumps(remote.keys.user_jwks()).encode()
    good = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(listed), listed)
    for number, (name, lie) in enumerate(LIES.items()):
        environment.setenv("SUPABASE_JWKS_URL", f"{liar.url}/keys/{number}")
        settings.forget()
        keys = identity.keys_at(f"{liar.url}/keys/{number}")
        monkeypatch.setattr(keys, "FIRST_COOLDOWN", -1.0)
        liar.does = lie
        begun = time.monotonic()
        cold = call("list-requests", {}, headers=bearing(remote))
        assert apologised(cold), (name, cold.text)
        assert time.monotonic() - begun < 8, name

        liar.does = lambda wire: wire.sendall(good)
        assert call("list-requests", {}, headers=bearing(remote)).status_code == 200, name

        # Old, and to be asked for again; but all that comes is this.
        monkeypatch.setattr(keys, "KEPT", -1.0)
        monkeypatch.setattr(keys, "COOLDOWN", -1.0)
        liar.does = lie
        assert call("list-requests", {}, headers=bearing(remote)).status_code == 200, name
    tally("lies of a key server, cold and warm", 2 * len(LIES))


@ON_ONE_SERVER
def test_certificates_that_cannot_be_had_are_no_verdict_on_google(
    push, lied_to, liar, environment, remote, tally
):
    lies = list(LIES.items())[: rounds(4, len(LIES))]
    for number, (name, lie) in enumerate(lies):
        lied_to(GOOGLE_CERTS_URL=f"/certs/{number}")
        liar.does = lie
        assert apologised(push("relay-signal", announcement())), name
    assert remote.broadcasts == []
    tally("lies of Google's certificates", len(lies))


def test_callers_without_keys_wait_once_and_not_for_each_other(liar, together, tally):
    liar.does = SLOW["is silent"]
    keys = identity.KeySet(f"{liar.url}/keys")

    def ask():
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            keys.key("local-user", "ES256")
        return time.monotonic() - begun

    waited = together(*[ask] * 8)

    assert liar.asked == 1
    assert max(waited) < 2 * keys.TIMEOUT
    tally("callers at once while there are no keys", len(waited))


def test_a_list_of_no_keys_is_a_verdict_and_is_not_asked_for_by_every_stranger(liar, tally):
    liar.does = lambda wire: wire.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"keys": []}'
    )
    keys = identity.KeySet(f"{liar.url}/keys")

    found = [keys.key(f"stranger-{n}", "ES256") for n in range(200)]

    assert found == [None] * 200
    assert liar.asked == 1
    tally("unknown keys where there are none", 200)


def test_a_key_of_another_kind_hides_no_key_of_ours(liar, remote, tally):
    strange = [{"kid": "new", "kty": "EC", "crv": "P-9", "x": "a"}, {"kty": "OKP"}, 7, {"kid": 1}]
    listed = json.dumps({"keys": [*strange, *remote.keys.user_jwks()["keys"], {"kty": "RSA"}]})
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(listed)}\r\n\r\n{listed}".encode()
    liar.does = lambda wire: wire.sendall(answer)

    assert identity.KeySet(f"{liar.url}/keys").key("local-user", "ES256") is not None
    tally("keys of other kinds", len(strange) + 1)


# -- Cal.com


@ON_ONE_SERVER
def test_a_calcom_that_lies_once_is_asked_again(call, lied_to, liar, monkeypatch, tally):
    monkeypatch.setattr("visio.adapters.calcom.KEPT", -1.0)
    lied_to(CALCOM_HEALTH_URL="/api/version")
    dead = [name for name in LIES if name not in GOOD_STATUS]
    for name in dead:
        liar.does = LIES[name]
        lied = call("booking-link", {}, ALICE)
        liar.does = MUMBLED["says nothing"]
        for _ in range(30):  # a drip that is being listened to is not asked twice
            if well := call("booking-link", {}, ALICE).json["data"]["available"]:
                break
            time.sleep(0.1)

        assert (lied.status_code, lied.json["data"]["available"]) == (200, False), name
        assert well, name
    tally("lies about Cal.com's health", len(dead))


@ON_ONE_SERVER
def test_a_list_of_bookings_that_lies_is_read_another_time(
    lied_to, liar, scheduled, rows, holds, tally
):
    lied_to(CALCOM_API_URL="/v2")
    # Nobody was asked to compress anything: a list is read as it comes, and that one is empty.
    fine = {"says another kind of JSON", "says keys of no kind", "says keys that are none"}
    fine.add("compresses what it does not")
    lies = {name: lie for name, lie in LIES.items() if name not in SLOW or FULL}
    for name, lie in lies.items():
        liar.does = lie
        answer = scheduled("reconcile-calcom")
        assert apologised(answer) or (answer.status_code == 200 and name in fine), name
    assert rows("select count(*) from meetings") == [0]
    holds.silence()
    tally("lies of Cal.com's list", len(lies))


# -- the room's server, and browsers' push services


@ON_ONE_SERVER
def test_a_room_server_that_lies_is_asked_until_it_has_done_it(
    accepted, signal, lied_to, liar, environment, push, remote, rows, tally
):
    meeting = accepted()
    for name, who in (
        ("client_waiting", ALICE),
        ("operator_joined", MIKL),
        ("back_to_lobby", MIKL),
    ):
        assert signal(meeting, name, who).status_code == 200
    [order] = remote.ordered
    lied_to(LIVEKIT_URL="")
    lies = {name: lie for name, lie in LIES.items() if name not in TAKEN}
    for name, lie in lies.items():
        rows(
            "update visio.room_orders set attempts = 0, claimed_at = null, next_attempt_at = now()"
        )
        liar.does = lie
        assert apologised(push("run-room-order", {"orderId": order}, ROOM_SUBSCRIPTION)), name
        assert rows("select done_at is null and dropped_at is null from visio.room_orders") == [
            True
        ]
    environment.setenv("LIVEKIT_URL", remote.url.replace("http", "ws"))
    settings.forget()
    bootstrap.forget()
    rows("update visio.room_orders set claimed_at = null, next_attempt_at = now()")

    answer = push("run-room-order", {"orderId": order}, ROOM_SUBSCRIPTION)

    assert answer.status_code == 204
    assert len(remote.put_out) == 1
    tally("lies of the room's server", len(lies))


# -- the post


@pytest.fixture
def post():
    with Post() as made:
        yield made


def letter():
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@b.example", "c@d.example", "Été"
    made.set_content("Bonjour")
    return made


POST = {
    # Greylisted, full, busy: at whichever step, it is tried again.
    **{
        (step, said): Delivery.TRY_AGAIN
        for step in ("hello", "EHLO", "MAIL", "RCPT", "DATA", "taken")
        for said in ("421 go away", "451 greylisted, try again", "452 full")
        if (step, said[:3]) != ("EHLO", "421")
    },
    # Turned away before anybody has heard of the e-mail: nothing is wrong with the e-mail.
    ("hello", "554 no service here"): Delivery.TRY_AGAIN,
    ("MAIL", "530 authentication required"): Delivery.TRY_AGAIN,
    ("MAIL", "550 not from there"): Delivery.TRY_AGAIN,
    ("MAIL", "552 too large"): Delivery.NEVER,
    ("RCPT", "550 nobody of that name"): Delivery.NEVER,
    ("taken", "554 no such e-mails"): Delivery.NEVER,
    # It hangs up.
    **{(step, ""): Delivery.TRY_AGAIN for step in ("hello", "MAIL", "RCPT", "DATA")},
    ("hello", "HTTP/1.1 200 OK"): Delivery.TRY_AGAIN,
    # It has it: whatever it says to our leaving.
    **{("QUIT", said): Delivery.SENT for said in ("", "421 no", "500 what", "nonsense", "250 OK")},
}
POST[("EHLO", "451 greylisted, try again")] = Delivery.SENT  # HELO is enough
POST[("EHLO", "452 full")] = Delivery.SENT


def test_every_word_of_a_mail_server_is_understood(post, tally):
    for (step, said), meant in POST.items():
        post.says, before = {step: said}, len(post.accepted)

        assert Smtp(post.url).send(letter()) is meant, (step, said)
        assert len(post.accepted) - before == (meant is Delivery.SENT), (step, said)
    tally("words of a mail server", len(POST))


@ON_ONE_SERVER
def test_a_server_that_breaks_off_once_it_has_the_mail_gets_no_second_one(
    call, post, environment, push, remote, scheduled, rows, tally
):
    environment.setenv("SMTP_URL", post.url)
    settings.forget()
    bootstrap.forget()
    post.says = {"QUIT": ""}
    call("request-meeting", {"requestedSlots": [at(1)]}, BRUNO)
    mails = list(remote.mailed)
    for mail in mails:
        push("send-mail", {"mailId": mail}, MAIL_SUBSCRIPTION)
    rows("update visio.mail_outbox set next_attempt_at = now() - interval '1 hour'")
    rows("update visio.mail_outbox set handed_at = now() - interval '1 hour'")
    remote.mailed.clear()

    scheduled("complete-meetings")
    for mail in [*remote.mailed, *mails]:
        push("send-mail", {"mailId": mail}, MAIL_SUBSCRIPTION)

    assert len(mails) > 0
    assert len(post.accepted) == len(mails)
    tally("mails of which the end was not heard", len(mails))


@pytest.mark.skipif(not FULL, reason="half a minute")
def test_a_mail_server_that_drips_is_left_before_anybody_else_may_send_the_same(post, tally):
    post.slowly, post.says = True, {"hello": "220-slow"}
    begun = time.monotonic()

    assert Smtp(post.url).send(letter()) is Delivery.TRY_AGAIN
    assert time.monotonic() - begun < PATIENCE + 10 < 60
    tally("a mail server that drips")


@ON_ONE_SERVER
def test_silence_everywhere_at_once_holds_up_no_caller_for_long(
    call, lied_to, liar, together, rows, tally
):
    lied_to(LOCAL_BUS_URL="/bus", CALCOM_HEALTH_URL="/api/version")
    liar.does = SLOW["is silent"]
    begun = time.monotonic()

    answers = together(
        *[
            lambda n=n: call("request-meeting", {"requestedSlots": [at(3, n)]}, ALICE)
            for n in range(4)
        ],
        *[lambda: call("booking-link", {}, ALICE)] * 4,
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201] * 4
    assert time.monotonic() - begun < 12
    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [8]
    assert threading.active_count() < 100
    tally("callers among silent services", len(answers))

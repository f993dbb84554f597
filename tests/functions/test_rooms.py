"""The room behind the lobby: tickets, who is put out, and what the room's server tells."""

import base64
import hashlib
import json
import time
from datetime import timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from livekit.api import AccessToken, TokenVerifier, WebhookReceiver

from tests.world import (
    ALICE,
    BRUNO,
    LIVEKIT_KEY,
    LIVEKIT_SECRET,
    MIKL,
    PUSH,
    ROOM_SUBSCRIPTION,
    pushed,
)
from visio import bootstrap, settings
from visio.adapters.rooms import LiveKit
from visio.flows import run_room_order

ROOM_SECRET = "what-rooms-are-named-with-0123456789"
ROOMS = LiveKit("", LIVEKIT_KEY, LIVEKIT_SECRET)
GENUINE = TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET, leeway=timedelta(seconds=1))


def refusal(answer):
    return answer.status_code, answer.json["error"]["code"]


@pytest.fixture
def provided(environment):
    """Join by another provider."""

    def provided(**variables):
        for name, value in variables.items():
            environment.setenv(name, value)
        settings.forget()
        bootstrap.forget()

    return provided


@pytest.fixture
def admitted(accepted, signal):
    """A meeting in which Alice is let in."""

    def admitted(days=1):
        meeting = accepted(ALICE, days=days)
        signal(meeting, "client_waiting", ALICE)
        signal(meeting, "operator_joined", MIKL)
        return meeting

    return admitted


@pytest.fixture
def join(call):
    def join(meeting, who=ALICE):
        return call("join-meeting", {"meetingId": meeting}, who)

    return join


@pytest.fixture
def run_order(call, remote):
    def run_order(order, *, subscription=ROOM_SUBSCRIPTION, content=None):
        bearer = remote.keys.sign_google(*PUSH)
        raw = json.dumps(pushed(content or {"orderId": order}, subscription)).encode()
        return call("run-room-order", raw=raw, headers={"Authorization": f"Bearer {bearer}"})

    return run_order


def identity(ticket):
    return GENUINE.verify(ticket.json["data"]["token"]).identity


def event(name, meeting, who="", session=None, **more):
    """A webhook's body as LiveKit writes it (protobuf's JSON)."""
    body = {
        "event": name,
        "room": {"sid": "RM_1", "name": ROOMS.room(UUID(meeting)) if meeting else "elsewhere"},
        "id": f"EV_{uuid4().hex[:12]}",
        "createdAt": str(int(time.time())),
        **more,
    }
    if who:
        sid = session or f"PA_{uuid4().hex[:12]}"
        body["participant"] = {"sid": sid, "identity": who, "state": "ACTIVE", "kind": "STANDARD"}
    return json.dumps(body).encode()


def signed(body, *, key=LIVEKIT_KEY, secret=LIVEKIT_SECRET, of=None, **claims):
    digest = base64.b64encode(hashlib.sha256(body if of is None else of).digest()).decode()
    now = int(time.time())
    told = {"iss": key, "nbf": now, "exp": now + 300, "sha256": digest, **claims}
    return jwt.encode({k: v for k, v in told.items() if v is not None}, secret, "HS256")


@pytest.fixture
def tell(call):
    """What LiveKit tells us, signed as it signs."""

    def tell(body, token=None):
        headers = {
            "Authorization": signed(body) if token is None else token,
            "Content-Type": "application/webhook+json",
        }
        return call("livekit-webhook", raw=body, headers=headers)

    return tell


def outcome(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json["data"]["outcome"]


# Tickets.


def test_a_livekit_ticket_names_the_admission(admitted, signal, join):
    meeting = admitted()

    first = identity(join(meeting))
    signal(meeting, "back_to_lobby", MIKL)
    signal(meeting, "operator_joined", MIKL)
    second = identity(join(meeting))

    assert first == f"client:{ALICE.row}:0"
    assert second == f"client:{ALICE.row}:1"
    assert identity(join(meeting, MIKL)) == f"operator:{MIKL.row}"


def test_only_the_operators_ticket_makes_and_runs_a_room(admitted, join):
    meeting = admitted()

    [client, operator] = [
        GENUINE.verify(join(meeting, who).json["data"]["token"]).video for who in (ALICE, MIKL)
    ]

    assert (client.room_join, client.room_create, client.room_admin) == (True, False, False)
    assert (operator.room_join, operator.room_create, operator.room_admin) == (True, True, True)


@pytest.mark.parametrize("first", [ALICE, MIKL])
def test_a_livekit_room_outlives_a_lost_line(admitted, join, first):
    claims = GENUINE.verify(join(admitted(), first).json["data"]["token"])

    assert claims.room_config.departure_timeout == 120


def test_a_rooms_name_leads_back_to_its_meeting_for_who_has_the_key():
    meeting = uuid4()
    room, of_others = ROOMS.room(meeting), LiveKit("", LIVEKIT_KEY, "another-secret")

    assert ROOMS.meeting(room) == meeting
    assert meeting.hex not in room
    assert of_others.meeting(room) != meeting
    for other in ("", "x", room[:-2], room.upper() + "0", f" {room}", "lobby"):
        assert ROOMS.meeting(other) is None


def test_a_self_hosted_jitsi_takes_its_ticket_and_only_the_operator_runs_the_room(
    admitted, join, provided
):
    secret = "the-secret-that-prosody-has-0123456789"
    provided(
        ROOM_PROVIDER="jitsi",
        JITSI_URL="https://meet.foxeo.example/",
        JITSI_APP_ID="visio",
        JITSI_APP_SECRET=secret,
        ROOM_NAME_SECRET=ROOM_SECRET,
    )
    meeting = admitted()

    tickets = [join(meeting, who).json["data"] for who in (ALICE, MIKL)]

    # As mod_auth_token checks it: one algorithm, issuer, audience, the domain, times, the room.
    client, operator = (
        jwt.decode(
            ticket["token"],
            secret,
            algorithms=["HS256"],
            audience="visio",
            issuer="visio",
            options={"require": ["exp", "nbf", "sub", "room", "context"]},
        )
        for ticket in tickets
    )
    assert client["sub"] == operator["sub"] == "meet.foxeo.example"
    assert client["room"] == operator["room"] != "*"
    assert tickets[0]["url"] == f"https://meet.foxeo.example/{client['room']}"
    assert client["exp"] - client["nbf"] <= 120
    assert client["context"]["user"]["affiliation"] == "member"
    assert operator["context"]["user"]["affiliation"] == "owner"
    assert client["context"]["user"]["id"] != operator["context"]["user"]["id"]
    assert "lobby_bypass" not in json.dumps(client)
    assert meeting not in json.dumps([client, tickets])
    assert tickets[0]["provider"] == "jitsi"


def test_jaas_takes_its_ticket_by_the_key_it_knows(admitted, join, provided):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    app, kid = "vpaas-magic-cookie-0123", "vpaas-magic-cookie-0123/4f4910"
    provided(
        ROOM_PROVIDER="jitsi",
        JITSI_URL="https://8x8.vc",
        JITSI_APP_ID=app,
        JAAS_KEY_ID=kid,
        JAAS_PRIVATE_KEY=pem.replace("\n", "\\n"),
        ROOM_NAME_SECRET=ROOM_SECRET,
    )
    meeting = admitted()

    tickets = [join(meeting, who).json["data"] for who in (ALICE, MIKL)]

    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    client, operator = (
        jwt.decode(ticket["token"], public, algorithms=["RS256"], audience="jitsi", issuer="chat")
        for ticket in tickets
    )
    assert jwt.get_unverified_header(tickets[0]["token"]) == {
        "alg": "RS256",
        "kid": kid,
        "typ": "JWT",
    }
    assert client["sub"] == app
    assert client["room"] == operator["room"] != "*"
    assert client["context"]["room"] == {"regex": False}
    assert tickets[0]["url"] == f"https://8x8.vc/{app}/{client['room']}"
    assert client["context"]["user"]["moderator"] == "false"
    assert operator["context"]["user"]["moderator"] == "true"
    assert not any(client["context"]["features"].values())
    assert "lobby_bypass" not in json.dumps(client)
    assert client["exp"] - client["nbf"] <= 120


def test_a_plain_link_hides_its_meeting(admitted, join, provided):
    provided(
        ROOM_PROVIDER="link",
        ROOM_LINK="https://meet.example/foxeo-{room}?lang=fr",
        ROOM_LINK_HOSTS="meet.example",
        ROOM_NAME_SECRET=ROOM_SECRET,
    )
    one, other = admitted(), admitted(days=2)

    links = [join(meeting).json["data"] for meeting in (one, one, other)]

    assert links[0]["url"] == links[1]["url"] != links[2]["url"]
    assert links[0]["url"].startswith("https://meet.example/foxeo-")
    assert (links[0]["provider"], links[0]["token"]) == ("link", "")
    assert one not in links[0]["url"]


@pytest.mark.parametrize(
    "link",
    [
        "http://meet.example/{room}",
        "https://evil.example/{room}",
        "https://meet.example.evil.example/{room}",
        "https://meet.example@evil.example/{room}",
        "https://{room}.meet.example/",
        "https://meet.example/room",
    ],
)
def test_a_link_leads_to_a_known_host_only(link):
    environ = {"ROOM_PROVIDER": "link", "ROOM_LINK": link, "ROOM_LINK_HOSTS": "meet.example"}

    with pytest.raises(settings.SettingsMissing, match="ROOM_LINK"):
        settings.Settings.read(environ)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"ROOM_PROVIDER": "zoom"}, "ROOM_PROVIDER"),
        ({"ROOM_PROVIDER": "jitsi"}, "JITSI_URL"),
        ({"ROOM_PROVIDER": "link"}, "ROOM_LINK"),
        ({}, "LIVEKIT_URL"),
    ],
)
def test_a_provider_without_its_settings_refuses_to_start(environ, told):
    with pytest.raises(settings.SettingsMissing, match=told):
        settings.require(environ, "rooms")


# Putting out.


@pytest.mark.parametrize(
    ("name", "who", "knock"),
    [
        ("back_to_lobby", MIKL, "waiting"),
        ("remove", MIKL, "left"),
        ("client_left", ALICE, "left"),
        ("meeting_ended", MIKL, "left"),
    ],
)
def test_an_admission_that_ends_puts_the_client_out_and_keeps_them_out(
    admitted, signal, join, run_order, remote, rows, name, who, knock
):
    meeting = admitted()
    old = identity(join(meeting))

    ended = signal(meeting, name, who)
    [order] = remote.ordered
    done = run_order(order)

    assert ended.json["data"]["knock"]["status"] == knock
    assert done.status_code == 204
    assert remote.put_out == [(ROOMS.room(UUID(meeting)), old)]
    assert join(meeting).status_code in (403, 409)
    assert rows("select epoch from meetings") == [1]
    assert rows("select done_at is not null from visio.room_orders") == [True]


def test_a_removal_says_why_after_a_reload(call, admitted, signal):
    meeting = admitted()
    signal(meeting, "remove", MIKL, reason="Nous reprendrons demain", nextStep="ask_again")

    knock = call("lobby-state", {"meetingId": meeting}, ALICE).json["data"]["knock"]

    assert (knock["status"], knock["reason"]) == ("left", "Nous reprendrons demain")
    assert knock["nextStep"] == "ask_again"


def test_who_only_waited_is_put_out_of_no_room(accepted, signal, remote):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)

    signal(meeting, "remove", MIKL)

    assert remote.ordered == []


def test_an_order_done_once_is_not_given_again(admitted, signal, run_order, remote):
    signal(admitted(), "remove", MIKL)
    [order] = remote.ordered

    answers = [run_order(order).status_code for _ in range(3)]

    assert answers == [204, 204, 204]
    assert len(remote.put_out) == 1


@pytest.mark.parametrize("attempts", [0, 1])
def test_an_order_pushed_eight_times_at_once_is_given_once(
    admitted, signal, run_order, remote, together, rows, attempts
):
    signal(admitted(), "remove", MIKL)
    [order] = remote.ordered
    rows("update visio.room_orders set attempts = :n, next_attempt_at = now()", n=attempts)

    answers = together(*[lambda: run_order(order)] * 8)

    assert {answer.status_code for answer in answers} <= {204, 503}
    assert len(remote.put_out) == 1
    assert run_order(order).status_code == 204


def test_whoever_is_not_there_is_out(admitted, signal, run_order, remote, rows):
    signal(admitted(), "remove", MIKL)
    remote.room_status = 404

    assert run_order(remote.ordered[0]).status_code == 204
    assert rows("select done_at is not null from visio.room_orders") == [True]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_room_that_does_not_answer_is_asked_again(
    admitted, signal, run_order, remote, rows, status
):
    signal(admitted(), "remove", MIKL)
    [order] = remote.ordered
    remote.room_status = status

    refused = run_order(order)
    early = run_order(order)
    rows("update visio.room_orders set next_attempt_at = now()")
    remote.room_status = 200
    done = run_order(order)

    # Pushed again by the bus either way: before its time, and after it.
    assert [answer.status_code for answer in (refused, early, done)] == [503, 503, 204]
    assert len(remote.put_out) == 1


def test_an_order_the_bus_lost_is_handed_over_by_the_sweep(
    admitted, signal, sweep, run_order, remote, rows
):
    meeting = admitted()
    remote.bus_status = 503
    signal(meeting, "remove", MIKL)
    remote.bus_status = 200
    early = sweep()["orders"]
    rows("update visio.room_orders set next_attempt_at = now()")

    late, again = sweep()["orders"], sweep()["orders"]

    assert (early, late, again) == (0, 1, 0)
    assert run_order(remote.ordered[-1]).status_code == 204


def test_a_room_that_never_answers_is_told_to_the_operator(
    call, admitted, signal, run_order, remote, rows
):
    signal(admitted(), "remove", MIKL)
    [order] = remote.ordered
    remote.room_status = 500
    rows("update visio.room_orders set attempts = :n", n=run_room_order.MOST_ATTEMPTS - 1)
    rows("update visio.room_orders set next_attempt_at = now()")

    given_up = run_order(order)

    assert given_up.status_code == 204
    assert rows("select dropped_at is not null from visio.room_orders") == [True]
    [note] = call("list-notifications", {"limit": "1"}, MIKL).json["data"]["items"]
    assert note["type"] == "removal_failed"


@pytest.mark.parametrize(
    ("subscription", "content"),
    [
        ("projects/elsewhere/subscriptions/x", None),
        (ROOM_SUBSCRIPTION, {"orderId": "x"}),
        (ROOM_SUBSCRIPTION, {"orderId": str(uuid4()), "identity": "x"}),
        (ROOM_SUBSCRIPTION, {"orderId": str(uuid4())}),
    ],
)
def test_an_order_that_is_not_ours_is_given_to_nobody(run_order, remote, subscription, content):
    answer = run_order(str(uuid4()), subscription=subscription, content=content)

    assert answer.status_code == 204
    assert remote.put_out == []


def test_without_a_server_that_takes_orders_none_is_written(admitted, signal, provided, rows):
    provided(ROOM_TOPIC="")

    signal(admitted(), "remove", MIKL)

    assert rows("select count(*) from visio.room_orders") == [0]


def test_time_alone_puts_nobody_out(admitted, sweep, remote, rows):
    admitted()
    rows(
        """update meetings set scheduled_at = scheduled_at - interval '10 days',
                               ends_at = ends_at - interval '10 days'"""
    )

    assert sweep()["completed"] == 1
    assert remote.ordered == []


# What the room's server tells.


def test_our_verdict_on_a_signature_is_that_of_the_genuine_library(tell, admitted, join):
    meeting = admitted()
    body = event("participant_joined", meeting, f"operator:{MIKL.row}")
    now = int(time.time())
    genuine = WebhookReceiver(TokenVerifier(LIVEKIT_KEY, LIVEKIT_SECRET))
    by_library = AccessToken(LIVEKIT_KEY, LIVEKIT_SECRET)
    by_library.claims.sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
    tokens = {
        "right": signed(body),
        "by the library": by_library.to_jwt(),
        "another secret": signed(body, secret="another-secret-of-nobody-0123456789"),
        "another key": signed(body, key="another"),
        "another body": signed(body, of=body + b" "),
        "no digest": signed(body, sha256=None),
        "expired": signed(body, nbf=now - 900, exp=now - 600),
        "not yet": signed(body, nbf=now + 600, exp=now + 900),
        "garbage": "garbage",
        "nothing": "",
        "unsigned": jwt.encode({"iss": LIVEKIT_KEY, "exp": now + 300}, "", "none"),
    }

    def of_library(token):
        try:
            genuine.receive(body.decode(), token)
        except Exception:  # noqa: BLE001 -- whatever it says no with
            return False
        return True

    ours = {name: tell(body, token).status_code == 200 for name, token in tokens.items()}

    assert ours == {name: of_library(token) for name, token in tokens.items()}
    assert [name for name, good in ours.items() if good] == ["right", "by the library"]


def test_a_false_signature_reads_and_records_nothing(tell, admitted, rows):
    meeting = admitted()
    body = event("participant_joined", meeting, "mallory")

    answer = tell(body, signed(body, of=b"x"))

    assert refusal(answer) == (401, "bad_signature")
    assert rows("select count(*) from visio.room_presence") == [0]


def test_garbage_that_is_signed_is_said_so(tell):
    for body in (b"{", b"[]", b'{"event": 1}', b'{"room": {}}'):
        assert refusal(tell(body)) == (400, "malformed_json")


def test_what_nobody_can_store_is_refused_of_the_rooms_server_too(tell, admitted):
    meeting = admitted()

    for body in (
        event("participant_left", meeting, f"client:{ALICE.row}:0", "PA_\0"),
        event("participant_joined", meeting, "mallory\0"),
    ):
        assert refusal(tell(body)) == (400, "malformed_json")


def test_what_is_nothing_to_us_is_ignored(tell, admitted):
    meeting = admitted()

    for body in (
        event("track_published", meeting, f"client:{ALICE.row}:0"),
        event("participant_joined", "", "x"),
        event("participant_joined", str(uuid4()), "x"),
        event("participant_joined", meeting),
        event("room_started", meeting, numberOfDroppedEvents=3),
    ):
        assert outcome(tell(body)) == "ignored"


def test_who_really_is_in_the_room_is_seen(call, tell, admitted, join):
    meeting = admitted()
    alice, mikl = identity(join(meeting)), identity(join(meeting, MIKL))

    def in_room():
        return call("lobby-state", {"meetingId": meeting}, ALICE).json["data"]["inRoom"]

    seen = [in_room()]
    for body in (
        event("participant_joined", meeting, mikl, "PA_m"),
        event("participant_joined", meeting, alice, "PA_a1"),
        # A second connection of hers, before the end of the first is heard of.
        event("participant_joined", meeting, alice, "PA_a2"),
        event("participant_left", meeting, alice, "PA_a1"),
        event("participant_connection_aborted", meeting, alice, "PA_a2"),
        event("room_finished", meeting),
    ):
        tell(body)
        seen.append(in_room())

    assert seen == [
        [],
        ["operator"],
        ["client", "operator"],
        ["client", "operator"],
        ["client", "operator"],
        ["operator"],
        [],
    ]


def test_an_end_that_is_heard_of_first_is_the_end(call, tell, admitted, join):
    meeting = admitted()
    alice = identity(join(meeting))

    tell(event("participant_left", meeting, alice, "PA_a"))
    tell(event("participant_joined", meeting, alice, "PA_a"))

    assert call("lobby-state", {"meetingId": meeting}, MIKL).json["data"]["inRoom"] == []


@pytest.mark.parametrize("why", ["never admitted", "sent back", "another epoch", "a stranger"])
def test_who_is_in_the_room_without_an_admission_is_put_out_and_alarmed(
    call, tell, accepted, admitted, signal, join, run_order, remote, lines, why
):
    meeting = accepted() if why == "never admitted" else admitted()
    intruder = f"client:{ALICE.row}:0"
    if why == "sent back":
        signal(meeting, "back_to_lobby", MIKL)
    if why == "another epoch":
        signal(meeting, "back_to_lobby", MIKL)
        signal(meeting, "operator_joined", MIKL)
    if why == "a stranger":
        intruder = f"client:{BRUNO.row}:0"
    remote.ordered.clear()
    body = event("participant_joined", meeting, intruder, "PA_x")

    first, again = tell(body), tell(body)
    run_order(remote.ordered[0])

    assert (outcome(first), outcome(again)) == ("removed", "duplicate")
    assert remote.put_out == [(ROOMS.room(UUID(meeting)), intruder)]
    notes = call("list-notifications", {}, MIKL).json["data"]["items"]
    assert [note["type"] for note in notes].count("intruder_removed") == 1
    assert [record.message for record in lines].count("room.intruder") == 1
    assert call("lobby-state", {"meetingId": meeting}, MIKL).json["data"]["inRoom"] == []


def test_a_room_that_closes_completes_a_meeting_that_was_held(tell, call, admitted, join, rows):
    meeting = admitted()
    for who in (ALICE, MIKL):
        tell(event("participant_joined", meeting, identity(join(meeting, who))))

    told = [outcome(tell(event("room_finished", meeting))) for _ in range(2)]

    assert told == ["completed", "noted"]
    assert rows("select status, outcome from meetings") == [("completed", "held")]
    assert rows("select status from meeting_requests") == ["completed"]
    assert call("lobby-state", {"meetingId": meeting}, ALICE).json["data"]["knock"]["status"] == (
        "left"
    )


def test_a_room_that_the_operator_left_alone_ends_nothing_before_its_time(
    tell, accepted, join, rows
):
    meeting = accepted()
    tell(event("participant_joined", meeting, identity(join(meeting, MIKL))))
    before = outcome(tell(event("room_finished", meeting)))
    status = rows("select status from meetings")
    rows(
        """update meetings set scheduled_at = now() - interval '61 minutes',
                               ends_at = now() - interval '1 minute'"""
    )

    after = outcome(tell(event("room_finished", meeting)))

    assert (before, status, after) == ("noted", ["scheduled"], "completed")
    assert rows("select outcome from meetings") == ["client_absent"]


def test_nothing_changes_a_meeting_that_is_over(tell, admitted, signal, rows):
    meeting = admitted()
    signal(meeting, "meeting_ended", MIKL)
    before = rows("select m::text from meetings m")

    operator = f"operator:{MIKL.row}"
    told = [
        outcome(tell(event("participant_joined", meeting, operator, "PA_m"))),
        outcome(tell(event("participant_left", meeting, operator, "PA_m"))),
        outcome(tell(event("room_finished", meeting))),
    ]

    assert told == ["noted"] * 3
    assert rows("select m::text from meetings m") == before


def test_a_room_that_closes_while_somebody_waits_ends_nothing(tell, admitted, signal, join, rows):
    meeting = admitted()
    for who in (ALICE, MIKL):
        tell(event("participant_joined", meeting, identity(join(meeting, who))))
    signal(meeting, "back_to_lobby", MIKL)

    assert outcome(tell(event("room_finished", meeting))) == "noted"
    assert rows("select status from meetings") == ["in_progress"]


@pytest.mark.parametrize(
    ("there", "expected"),
    [((ALICE, MIKL), "held"), ((MIKL,), "client_absent"), ((ALICE,), "operator_absent")],
)
def test_the_sweep_says_from_the_rooms_facts_what_it_was(
    tell, admitted, join, sweep, rows, there, expected
):
    meeting = admitted()
    for who in there:
        tell(event("participant_joined", meeting, identity(join(meeting, who))))
    rows(
        """update meetings set scheduled_at = scheduled_at - interval '10 days',
                               ends_at = ends_at - interval '10 days'"""
    )

    sweep()

    assert rows("select outcome from meetings") == [expected]

"""Signed events of Cal.com: taken once, bound to a client or kept for the operator."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests.calcom import now
from tests.conftest import at
from tests.world import (
    ALICE,
    BOOKING_SECRET,
    BRUNO,
    CHLOE,
    MIKL,
    NORA,
    OLD_CALCOM_SECRET,
    PAYLOADS,
    signed,
)
from visio import bootstrap, settings
from visio.domain.booking import CalcomEvent

MANIFEST = json.loads((PAYLOADS / "manifest.json").read_text())["payloads"]
CREATED = json.loads((PAYLOADS / "01_booking_created.json").read_bytes())


@pytest.fixture
def post(call):
    def post(body, secret=None, headers=None):
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        given = headers or (signed(raw, secret) if secret else signed(raw))
        return call("calcom-webhook", raw=raw, headers=given)

    return post


@pytest.fixture
def bound(call):
    """A BOOKING_CREATED shaped as Cal.com's, with the token of this client's booking link."""

    def bound(client=ALICE, days=3, uid="uid-1", **payload):
        link = call("booking-link", {}, client).json["data"]["url"]
        token = parse_qs(urlsplit(link).query)["metadata[bookingToken]"][0]
        return booking(days, uid, metadata={"bookingToken": token}, **payload)

    return bound


def booking(days=3, uid="uid-1", **payload):
    starts_at = datetime.fromisoformat(at(days))
    times = {
        "startTime": starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "endTime": (starts_at + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    event = {**CREATED, "createdAt": now()}
    return {**event, "payload": {**CREATED["payload"], "uid": uid, **times, **payload}}


def by_ids(client=ALICE, operator=MIKL, email="alice@client.example", **payload):
    metadata = {"clientId": client.row, "operatorId": operator.row}
    attendees = [{"email": email}, {"email": "invite@client.example"}]
    return booking(metadata=metadata, attendees=attendees, **payload)


def outcome(answer):
    return answer.status_code, (answer.json["data"] or {}).get("outcome")


def refusal(answer):
    return answer.status_code, answer.json["error"]["code"]


def test_a_booking_link_is_prefilled_and_signed(call):
    answer = call("booking-link", {}, ALICE).json["data"]

    query = parse_qs(urlsplit(answer["url"]).query)
    assert answer["url"].startswith("https://agenda.foxeo.example/mikl/decouverte?")
    assert (query["name"], query["email"]) == (["Alice"], ["alice@client.example"])
    assert query["cal.tz"] == ["Europe/Paris"]
    assert datetime.fromisoformat(answer["expiresAt"]) > datetime.now(UTC)


def test_a_direct_booking_becomes_a_meeting(call, post, bound, rows, remote):
    event = bound(ALICE)

    answer = post(event)

    assert outcome(answer) == (200, "created")
    [meeting] = call("list-meetings", {}, ALICE).json["data"]["items"]
    [request] = call("list-requests", {}, MIKL).json["data"]["items"]
    assert meeting["id"] == answer.json["data"]["meetingId"] == request["meetingId"]
    assert (meeting["status"], meeting["source"]) == ("scheduled", "calcom")
    assert meeting["title"] == CREATED["payload"]["title"]
    assert meeting["scheduledAt"] == event["payload"]["startTime"]
    assert (request["status"], request["source"]) == ("accepted", "calcom")
    assert request["message"] == "Réservation via Cal.com"
    assert request["selectedSlot"] == meeting["scheduledAt"]
    assert request["durationMinutes"] == 30
    assert rows("select recipient_id::text from notifications") == [ALICE.row]
    assert rows("select status from visio.webhook_inbox") == ["applied"]
    assert "notification_created" in [heard["event"] for heard in remote.published]


def test_ids_bind_when_the_bookers_address_is_the_clients(post):
    assert outcome(post(by_ids(email="  ALICE@client.example "))) == (200, "created")


@pytest.mark.parametrize(
    "event",
    [
        by_ids(email="mallory@client.example"),
        by_ids(operator=NORA),
        by_ids(client=CHLOE, email="chloe@client.example"),
        by_ids(email="invite@client.example"),
        booking(metadata={"clientId": "cl_8f2c", "source": "crm"}),
        booking(metadata={}),
        booking(metadata=None),
    ],
    ids=["address", "operator", "client", "guest", "foreign ids", "empty", "none"],
)
def test_what_is_bound_to_nobody_waits_in_quarantine(post, rows, event):
    answer, again = post(event), post(event)

    assert refusal(answer) == refusal(again) == (400, "missing_metadata")
    assert rows("select count(*) from meetings") == [0]
    assert rows("select status from visio.webhook_inbox") == ["quarantined"]


def test_a_forged_token_binds_nothing_even_beside_true_ids(post, environment):
    forged = jwt.encode({"sub": ALICE.row, "op": MIKL.row}, "x" * 32, "HS256")
    event = by_ids()
    event["payload"]["metadata"]["bookingToken"] = forged

    assert refusal(post(event)) == (400, "missing_metadata")


def test_a_link_of_another_environment_binds_nothing(post, bound, environment):
    event = bound()
    environment.setenv("CALCOM_URL", "https://staging.foxeo.example/mikl")
    settings.forget()
    bootstrap.forget()

    assert refusal(post(event)) == (400, "missing_metadata")


def test_a_link_signed_before_a_rotation_still_binds(post, bound, environment):
    event = bound()
    secrets = f"a-secret-that-came-with-the-rotation,{BOOKING_SECRET}"
    environment.setenv("BOOKING_TOKEN_SECRETS", secrets)
    settings.forget()
    bootstrap.forget()

    assert outcome(post(event)) == (200, "created")


def test_ids_may_be_refused_altogether(post, bound, environment):
    environment.setenv("CALCOM_BINDING", "token")
    settings.forget()
    bootstrap.forget()

    assert refusal(post(by_ids())) == (400, "missing_metadata")
    assert outcome(post(bound(uid="uid-2"))) == (200, "created")


def test_the_secret_before_a_rotation_still_signs(post, bound):
    assert outcome(post(bound(), secret=OLD_CALCOM_SECRET)) == (200, "created")


@pytest.mark.parametrize(
    "signature",
    [None, "", "0" * 64, "no-secret-provided", "é" * 64, "A" * 64, "0" * 63, f"sha256={'0' * 64}"],
)
def test_without_a_true_signature_the_database_is_not_asked(call, environment, signature):
    environment.setenv("DATABASE_URL", "postgresql://functions:x@127.0.0.1:1/nowhere")
    settings.forget()
    headers = {} if signature is None else {"X-Cal-Signature-256": signature}

    answer = call("calcom-webhook", raw=json.dumps(booking()).encode(), headers=headers)

    assert refusal(answer) == (401, "bad_signature")


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_a_signature_is_right_in_each_of_its_digits(call, place):
    raw = json.dumps(booking()).encode()
    right = signed(raw)["X-Cal-Signature-256"]
    digit = "0" if right[place] != "0" else "1"
    forged = right[:place] + digit + right[place + 1 :]

    answer = call("calcom-webhook", raw=raw, headers={"X-Cal-Signature-256": forged})

    assert refusal(answer) == (401, "bad_signature")


def test_a_byte_more_than_was_signed_is_refused(call):
    raw = json.dumps(booking()).encode()

    answer = call("calcom-webhook", raw=raw + b"\n", headers=signed(raw))

    assert refusal(answer) == (401, "bad_signature")


@pytest.mark.parametrize("recorded", MANIFEST, ids=[entry["file"] for entry in MANIFEST])
def test_recorded_bodies_are_taken_with_their_signatures(call, rows, recorded):
    raw = (PAYLOADS / recorded["file"]).read_bytes()
    headers = {k: v for k, v in recorded["headers"].items() if k != "Content-Length"}

    answer = call("calcom-webhook", raw=raw, headers=headers)

    kept = rows("select status from visio.webhook_inbox")
    if recorded["file"].startswith("24_"):
        assert refusal(answer) == (400, "malformed_json")
        assert kept == ["malformed"]
    elif CalcomEvent.read(raw).stale(datetime.now(UTC)):  # recorded longer than a day ago by now
        assert (outcome(answer), kept) == ((200, "stale"), ["stale"])
    elif recorded["trigger"].startswith("BOOKING_"):
        assert refusal(answer) == (400, "missing_metadata")
        assert kept == ["quarantined"]
    else:
        assert outcome(answer) == (200, "ignored")
        assert kept == ["ignored"]


def test_passwords_of_a_body_are_not_kept(call, rows):
    for name in ("01_booking_created.json", "04_booking_requested.json"):
        raw = (PAYLOADS / name).read_bytes()
        call("calcom-webhook", raw=raw, headers=signed(raw))

    kept = str(rows("select body::text from visio.webhook_inbox"))

    assert "FAKE.jwt.token" not in kept
    assert "oneTimePassword" not in kept


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"triggerEvent": 5}',
        b'{"triggerEvent": "BOOKING_CREATED"}',
        b'{"triggerEvent": "BOOKING_CREATED", "payload": {"uid": "a"}}',
        b'{"triggerEvent": "PING", "payload": {"a": "\\u0000"}}',
        b'{"triggerEvent": "PING", "payload": {"a": "\\ud800"}}',
        b'{"a": 1e999, "b": NaN}',
        b"[" * 500 + b"]" * 500,
        b"1" * 5000,
        b"false",
        b'{"triggerEvent": "PING", "payload": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        json.dumps(booking(endTime="2020-01-01T00:00:00Z")).encode(),
        json.dumps(booking(startTime="2027-01-01T00:00:00")).encode(),
        json.dumps(booking(endTime="2999-01-01T00:00:00Z")).encode(),
    ],
    # Some say when they were made, and every worker has to name a test alike.
    ids=lambda body: f"{body[:24]!r}, {len(body)} bytes",
)
def test_a_signed_body_that_no_calcom_sends_is_refused_and_kept(post, rows, body):
    assert refusal(post(body)) == refusal(post(body)) == (400, "malformed_json")
    assert rows("select trigger, status from visio.webhook_inbox") == [("unreadable", "malformed")]


def test_an_instant_at_the_end_of_time_is_none(post, bound):
    last = {"startTime": "9999-12-31T23:00:00Z", "endTime": "9999-12-31T23:30:00Z"}
    ended = {"triggerEvent": "MEETING_ENDED", "uid": "uid-2", **last}

    assert refusal(post(bound(**last))) == (400, "malformed_json")
    assert outcome(post({**bound(), "createdAt": last["endTime"]})) == (200, "created")
    assert outcome(post(ended)) == (200, "ignored")


def test_of_what_is_not_understood_no_secret_is_kept(post, rows):
    post(b'{"event": "x", "oneTimePassword": "c4n4ry", "deep": [{"password": "c4n4ry"}]}')
    post(b"event=x&oneTimePassword=c4n4ry")

    kept = rows("select body from visio.webhook_inbox order by received_at")
    assert kept == [{"event": "x", "deep": [{}]}, {"bytes": 30}]


def test_a_body_over_the_limit_is_not_even_verified(call):
    answer = call("calcom-webhook", raw=b"x" * (256 * 1024 + 1))

    assert refusal(answer) == (413, "too_large")


def test_copies_that_differ_in_their_date_are_one_event(post, bound, rows):
    event = bound()
    first = post(event)

    again = post({**event, "createdAt": now(minutes=1)})

    assert outcome(again) == (200, "duplicate")
    assert again.json["data"]["meetingId"] == first.json["data"]["meetingId"]
    assert rows("select count(*) from meetings") == [1]


def test_the_same_webhook_fifty_times_at_once_is_one_meeting(
    post, bound, together, rows, environment
):
    environment.setenv("THREADS", "20")
    settings.forget()
    bootstrap.forget()
    event = bound()

    answers = together(*[lambda: post(event)] * 50)

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(a.json["data"]["outcome"] for a in answers) == ["created"] + ["duplicate"] * 49
    assert len({answer.json["data"]["meetingId"] for answer in answers}) == 1
    for table in ("meetings", "meeting_requests", "notifications", "visio.webhook_inbox"):
        assert rows(f"select count(*) from {table}") == [1]


def test_an_overlapping_booking_is_kept_and_told_to_the_operator(call, post, bound, rows, accepted):
    accepted(BRUNO, days=3)

    answer = post(bound(ALICE, days=3))

    assert outcome(answer) == (200, "ignored")
    assert rows("select count(*) from meetings") == [1]
    assert rows("select status from visio.webhook_inbox") == ["conflict"]
    [note, *_] = call("list-notifications", {}, MIKL).json["data"]["items"]
    assert note["title"] == "Réservation en conflit"


def test_a_booking_and_an_acceptance_of_one_time_at_once(
    call, post, bound, pending, together, rows
):
    event, request = bound(ALICE, days=3), pending(BRUNO, [at(3)])
    accept = {
        "requestId": request["id"],
        "decision": "accept",
        "selectedSlot": request["requestedSlots"][0],
    }

    booked, decided = together(lambda: post(event), lambda: call("decide-request", accept, MIKL))

    assert (outcome(booked), decided.status_code) in (
        ((200, "created"), 409),
        ((200, "ignored"), 200),
    )
    assert rows("select count(*) from meetings") == [1]


def test_the_content_type_is_not_looked_at(call, bound):
    raw = json.dumps(bound()).encode()
    headers = {**signed(raw), "Content-Type": "application/x-www-form-urlencoded"}

    assert outcome(call("calcom-webhook", raw=raw, headers=headers)) == (200, "created")


@pytest.mark.parametrize(
    ("told", "uid", "sequence"),
    [
        ({"iCalUID": "3sQ7@Cal.com", "iCalSequence": 2}, "3sQ7@Cal.com", 2),
        ({"iCalUID": None, "iCalSequence": None}, None, 0),
        ({"iCalUID": 7, "iCalSequence": "2"}, None, 0),
        ({"iCalUID": "", "iCalSequence": -1}, None, 0),
        ({"iCalUID": "x" * 256, "iCalSequence": True}, None, 0),
        ({"iCalUID": "a\r\nb", "iCalSequence": 10**12}, None, 0),
    ],
)
def test_a_booking_keeps_the_name_that_calendars_know(post, bound, rows, told, uid, sequence):
    answer = post(bound(**told))

    assert outcome(answer) == (200, "created")
    assert rows("select ical_uid, ical_sequence from meetings") == [(uid, sequence)]


def test_a_booking_within_the_rest_after_a_meeting_is_a_conflict(
    post, bound, accepted, rows, environment
):
    environment.setenv("BUFFER_MINUTES", "15")
    settings.forget()
    bootstrap.forget()
    accepted(days=3)
    starts_at = datetime.fromisoformat(at(3, minutes=70))
    times = {
        "startTime": starts_at.isoformat(),
        "endTime": (starts_at + timedelta(minutes=30)).isoformat(),
    }

    assert outcome(post(bound(**times))) == (200, "ignored")
    assert rows("select status from visio.webhook_inbox") == ["conflict"]
    assert rows("select count(*) from meetings") == [1]


def test_a_booking_is_on_the_record_as_calcoms(call, post, bound):
    post(bound())

    [listed] = call("list-requests", {}, ALICE).json["data"]["items"]

    told = [(s["by"], s["action"], s["toStatus"], s["function"]) for s in listed["history"]]
    assert told == [("calcom", "book", "accepted", "calcom_webhook")]

"""What every function has in common: doors, envelope, refusals, headers, the log line."""

import base64
import itertools
import json
import time
from io import BytesIO

import jwt
import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from local.gateway import names
from tests.conftest import GETS, ON_ONE_SERVER, at
from tests.world import (
    ALICE,
    ANONYMOUS,
    BRUNO,
    CHLOE,
    JWT_SECRET,
    MIKL,
    NORA,
    SCHEDULER,
    STRANGER,
    signed,
    token,
)
from visio import bootstrap, settings
from visio.domain.refusals import RaceLost
from visio.edge import Call, endpoint

NOWHERE = "99999999-9999-4999-8999-999999999999"
MACHINES = {
    *("calcom-webhook", "relay-signal", "complete-meetings", "send-mail", "reconcile-calcom"),
    *("livekit-webhook", "run-room-order", "send-push"),
}
FUNCTIONS = [name.replace("_", "-") for name in names()]
BROWSERS = [name for name in FUNCTIONS if name not in MACHINES]
BODIES = {
    "admit-clients": {"meetingIds": [NOWHERE]},
    "answer-proposal": {"requestId": NOWHERE, "answer": "withdraw"},
    "booking-link": {},
    "calendar-feed": {"token": "a-secret-that-was-never-given-out"},
    "calendar-file": {"meetingId": NOWHERE},
    "calendar-link": {},
    "cancel-meeting": {"meetingId": NOWHERE, "reason": "Non"},
    "decide-request": {"requestId": NOWHERE, "decision": "reject", "reason": "Non"},
    "join-meeting": {"meetingId": NOWHERE},
    "lobby-message": {"meetingId": NOWHERE, "text": "Bonjour"},
    "lobby-signal": {"meetingId": NOWHERE, "signal": "operator_joined"},
    "lobby-state": {"meetingId": NOWHERE},
    "list-clients": {},
    "list-meetings": {},
    "list-notifications": {},
    "list-quarantine": {},
    "list-requests": {},
    "mail-preferences": {"token": "a-secret-that-was-never-given-out", "reminders": False},
    "push-subscription": {"action": "show"},
    "read-notifications": {},
    "waiting-room": {},
    "who-am-i": {},
    "request-meeting": {"requestedSlots": [at(1)]},
    "resolve-quarantine": {"id": NOWHERE, "resolution": "dismiss"},
}
# What each persona is answered: an operator, a client, a stranger, nobody.
STATUSES = {
    "admit-clients": (200, 403, 403, 401),
    "answer-proposal": (403, 404, 403, 401),
    "booking-link": (403, 200, 403, 401),
    "calcom-webhook": (401, 401, 401, 401),
    "calendar-feed": (404, 404, 404, 404),
    "calendar-file": (404, 404, 403, 401),
    "calendar-link": (200, 200, 403, 401),
    "cancel-meeting": (404, 404, 403, 401),
    "complete-meetings": (401, 401, 401, 401),
    "decide-request": (404, 403, 403, 401),
    "join-meeting": (404, 404, 403, 401),
    "list-clients": (200, 403, 403, 401),
    "list-meetings": (200, 200, 403, 401),
    "list-notifications": (200, 200, 403, 401),
    "list-quarantine": (200, 403, 403, 401),
    "list-requests": (200, 200, 403, 401),
    "livekit-webhook": (401, 401, 401, 401),
    "lobby-message": (404, 404, 403, 401),
    "lobby-signal": (404, 404, 403, 401),
    "lobby-state": (404, 404, 403, 401),
    "mail-preferences": (404, 404, 404, 404),
    "push-subscription": (200, 403, 403, 401),
    "read-notifications": (200, 200, 403, 401),
    "reconcile-calcom": (401, 401, 401, 401),
    "relay-signal": (401, 401, 401, 401),
    "request-meeting": (403, 201, 403, 401),
    "resolve-quarantine": (404, 403, 403, 401),
    "run-room-order": (401, 401, 401, 401),
    "send-mail": (401, 401, 401, 401),
    "send-push": (401, 401, 401, 401),
    "waiting-room": (200, 403, 403, 401),
    "who-am-i": (200, 200, 403, 401),
}


def test_every_function_has_its_row():
    assert sorted(STATUSES) == sorted(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_who_may_call_what(call, function):
    personas = (MIKL, NORA), (ALICE, BRUNO, CHLOE), (STRANGER,), (ANONYMOUS,)

    answered = tuple(
        {call(function, BODIES.get(function), who).status_code for who in alike}
        for alike in personas
    )

    assert answered == tuple({status} for status in STATUSES[function])


@ON_ONE_SERVER
@pytest.mark.parametrize("function", FUNCTIONS)
def test_errors_have_one_shape(call, function):
    long = b'{"message": "' + b"x" * (257 * 1024) + b'"}'
    right = "GET" if function in GETS else "POST"
    nobody = STATUSES[function][3]
    attempts = [
        (405, call(function, method="DELETE")),
        (404, call(function, method=right, path="/elsewhere")),
        (413, call(function, method="POST", raw=long) if right == "POST" else None),
        (nobody, call(function, BODIES.get(function))),
    ]

    for status, answer in attempts:
        if answer is None:
            continue
        assert answer.status_code == status
        assert answer.json["data"] is None
        assert set(answer.json["error"]) == {"code", "message", "requestId"}
        assert answer.headers["X-Request-Id"] == answer.json["error"]["requestId"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert right in attempts[0][1].headers["Allow"]


@ON_ONE_SERVER
@pytest.mark.parametrize("function", [name for name in BROWSERS if name not in GETS])
@pytest.mark.parametrize(
    "garbage",
    [b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"a":"\\ud800"}', b"[" * 60_000, b"NaN"],
    ids=["cut", "list", "null", "text", "not UTF-8", "surrogate", "deep", "NaN"],
)
def test_garbage_is_refused_in_words(call, function, garbage):
    headers = {"Content-Type": "application/json"}

    answer = call(function, as_=ALICE, raw=garbage, headers=headers)

    assert (answer.status_code, answer.json["error"]["code"]) == (400, "malformed_json")


@ON_ONE_SERVER
@pytest.mark.parametrize("function", [name for name in BROWSERS if name not in GETS])
def test_only_json_is_taken(call, function):
    body = json.dumps(BODIES[function]).encode() or b"{}"

    answer = call(function, as_=ALICE, raw=body, headers={"Content-Type": "text/plain"})

    assert (answer.status_code, answer.json["error"]["code"]) == (415, "unsupported_media_type")


def test_what_was_sent_is_not_repeated(call):
    canary = "c4n4ry"
    bodies = {
        "decide-request": [
            {"decision": canary},
            {"decision": "accept", "requestId": canary, "selectedSlot": canary, canary: 1},
        ],
        "request-meeting": [
            {"requestedSlots": [canary], "durationMinutes": canary, canary: canary}
        ],
        "lobby-signal": [{"meetingId": canary, "signal": canary, "reason": [canary]}],
    }

    for function, sent in bodies.items():
        for body in sent:
            answer = call(function, body, MIKL)
            assert answer.status_code == 422
            assert canary not in answer.get_data(as_text=True)


def test_of_many_problems_the_first_are_told(call):
    answer = call("read-notifications", {"ids": [0] * 10_000}, MIKL)

    assert answer.status_code == 422
    assert len(answer.json["error"]["details"]) == 20


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026"])
def test_a_cursor_that_is_not_ours_is_refused_whatever_it_holds(call, at):
    cursor = base64.urlsafe_b64encode(f"{at} {NOWHERE}".encode()).decode().rstrip("=")

    answer = call("list-requests", {"cursor": cursor}, ALICE)

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_fields")


def test_a_problem_names_its_field_even_in_one_of_several_commands(call):
    body = {"decision": "accept", "requestId": "x", "selectedSlot": "2027-01-01T10:00:00"}

    details = call("decide-request", body, MIKL).json["error"]["details"]

    assert {detail["field"] for detail in details} == {"requestId", "selectedSlot"}


@ON_ONE_SERVER
@pytest.mark.parametrize("function", BROWSERS)
def test_preflights_are_answered_before_anybody_signs_in(call, function):
    asked = {"Origin": "https://app.foxeo.example", "Access-Control-Request-Method": "POST"}

    answer = call(function, method="OPTIONS", headers=asked)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.foxeo.example"
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Methods"] == ("GET" if function in GETS else "POST")
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.foxeo.example.evil.example",
        "https://evil.example",
        "http://app.foxeo.example",
        "null",
        "https://APP.foxeo.example",
    ],
)
def test_other_origins_are_not_allowed(call, origin):
    answer = call("list-requests", {}, ALICE, headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


def test_errors_can_be_read_by_an_allowed_origin(call):
    answer = call("list-requests", headers={"Origin": "https://hub.foxeo.example"})

    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "https://hub.foxeo.example"


@ON_ONE_SERVER
@pytest.mark.parametrize("function", sorted(MACHINES))
def test_machines_get_no_cors(call, function):
    headers = {"Origin": "https://app.foxeo.example"}

    preflight = call(function, method="OPTIONS", headers=headers)
    answer = call(function, headers=headers)

    assert preflight.status_code == 405
    for response in (preflight, answer):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def _anything(**changes):
    return token(ALICE.user, **changes)


@ON_ONE_SERVER
@pytest.mark.parametrize(
    "bearer",
    [
        _anything(role="service_role"),
        _anything(role="anon"),
        _anything(role=None),
        _anything(aud="anon"),
        _anything(aud=None),
        _anything(exp=None),
        _anything(exp=int(time.time()) - 60),
        _anything(exp=str(int(time.time()) + 60)),
        _anything(exp=True),
        _anything(nbf=int(time.time()) + 3600),
        _anything(sub="alice"),
        _anything(sub=None),
        jwt.encode({"sub": ALICE.user, "aud": "authenticated"}, "x" * 32, "HS256"),
        jwt.encode(
            {"sub": ALICE.user, "role": "authenticated", "aud": "authenticated"}, None, "none"
        ),
        jwt.encode({"sub": ALICE.user}, JWT_SECRET * 2, "HS384"),
        jwt.encode(
            {"sub": ALICE.user}, JWT_SECRET, "HS256", headers={"crit": ["b64"], "b64": True}
        ),
        f"{_anything()}, Bearer {_anything()}",
        "not-a-token",
        "a.b.c",
        "é",
        "",
    ],
    # By number: the tokens hold the time, and every worker has to name a test alike.
    ids=itertools.count(),
)
def test_a_token_that_is_not_a_users_opens_nothing(call, bearer):
    headers = {"Authorization": f"Bearer {bearer}".encode().decode("latin-1")}

    answer = call("list-requests", {}, headers=headers)

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")


def test_a_token_of_the_newer_kind_is_checked_against_the_published_keys(call, remote):
    claims = {"sub": ALICE.user, "aud": "authenticated", "role": "authenticated"}
    fresh = remote.keys.sign_user({**claims, "exp": int(time.time()) + 60})
    stale = remote.keys.sign_user({**claims, "exp": int(time.time()) - 60})

    answers = [
        call("list-requests", {}, headers={"Authorization": f"Bearer {bearer}"})
        for bearer in (fresh, stale)
    ]

    assert [answer.status_code for answer in answers] == [200, 401]


def test_keys_that_cannot_be_had_are_no_verdict_on_the_user(call, remote, environment):
    environment.setenv("SUPABASE_JWKS_URL", f"{remote.url}/jwks?of=this-test")
    settings.forget()
    remote.keys_status = 500
    bearer = remote.keys.sign_user({"sub": ALICE.user, "exp": int(time.time()) + 60})

    answer = call("list-requests", {}, headers={"Authorization": f"Bearer {bearer}"})

    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unavailable")


def test_the_trace_of_the_caller_is_the_request_id(call):
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}

    answer = call("list-requests", {}, ALICE, headers=headers)

    assert answer.headers["X-Request-Id"] == trace


def test_a_request_writes_one_line_with_ids_and_codes(call, lines):
    call("decide-request", {"requestId": NOWHERE, "decision": "reject", "reason": "x"}, ALICE)

    [line] = lines
    assert line.getMessage() == "[VISIO:DECIDE_REQUEST]"
    assert (line.status, line.code) == (403, "not_your_role")
    assert ALICE.user not in str(vars(line))


@pytest.mark.parametrize(
    ("headers", "span"),
    [
        ({"traceparent": f"00-{'4b' * 16}-00f067aa0ba902b7-01"}, "00f067aa0ba902b7"),
        ({"X-Cloud-Trace-Context": f"{'4b' * 16}/67667974448284343;o=1"}, "00f067aa0ba902b7"),
        ({"X-Cloud-Trace-Context": "4b" * 16}, None),
    ],
)
def test_a_line_names_its_trace_as_cloud_logging_wants_it(call, environment, lines, headers, span):
    environment.setenv("GOOGLE_CLOUD_PROJECT", "a-project")
    settings.forget()

    answer = call("list-requests", {}, ALICE, headers=headers)

    [line] = map(vars, lines)
    assert line["logging.googleapis.com/trace"] == f"projects/a-project/traces/{'4b' * 16}"
    assert line.get("logging.googleapis.com/spanId") == span
    assert line["requestId"] == answer.headers["X-Request-Id"] == "4b" * 16


@pytest.mark.parametrize("header", ["x", f"{'4b' * 16}/abc", f"{'4B' * 16}/1", f"{'4b' * 16}0"])
def test_a_header_that_is_no_trace_is_none(call, lines, header):
    call("list-requests", {}, ALICE, headers={"X-Cloud-Trace-Context": header})

    [line] = map(vars, lines)
    assert "4b" * 16 not in str(line).lower()


def test_severity_follows_the_status(call, environment, lines):
    call("list-requests", {}, ALICE)
    call("decide-request", {}, ALICE)
    call("list-requests", {})
    call("calcom-webhook", raw=b"{}")
    environment.setenv("DATABASE_URL", "postgresql://functions:x@127.0.0.1:1/nowhere")
    settings.forget()
    bootstrap.forget()
    call("list-requests", {}, ALICE)

    assert [(line.status, line.levelname, line.function) for line in lines] == [
        (200, "INFO", "list_requests"),
        (422, "INFO", "decide_request"),
        (401, "WARNING", "list_requests"),
        (401, "WARNING", "calcom_webhook"),
        (503, "ERROR", "list_requests"),
    ]
    assert all(line.ms >= 0 for line in lines)


def test_the_sweep_says_for_how_long_the_oldest_thing_has_waited(
    call, accepted, rows, remote, lines
):
    accepted()
    rows("""update visio.signal_outbox
               set published_at = null, next_attempt_at = now(),
                   created_at = now() - interval '10 minutes'""")
    rows("insert into visio.dead_signals (reason, envelope) values ('malformed', '{}')")
    bearer = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    lines.clear()

    call("complete-meetings", headers=bearer)
    call("complete-meetings", headers=bearer)

    stuck, well = [line for line in lines if line.name == "visio.edge"]
    assert 600 <= stuck.outboxAgeSeconds < 700
    assert stuck.deadLetters == well.deadLetters == 1
    assert well.outboxAgeSeconds < 60


def test_what_is_tried_again_after_a_pause_does_not_count_as_stuck(
    call, accepted, rows, remote, lines
):
    accepted()
    rows("update visio.mail_outbox set next_attempt_at = now() + interval '1 hour'")
    lines.clear()

    bearer = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    call("complete-meetings", headers=bearer)

    assert lines[-1].outboxAgeSeconds == 0


def test_a_body_without_a_length_is_no_longer_than_any_other(environment):
    door = endpoint("POST", takes=None)(_echoing)

    def sent(size):
        builder = EnvironBuilder(
            method="POST", headers=ALICE.headers, input_stream=BytesIO(b" " * size)
        )
        # How gunicorn hands over a chunked body: no length, and an end.
        request = Request({**builder.get_environ(), "wsgi.input_terminated": True})
        del request.environ["CONTENT_LENGTH"]
        request.environ["CONTENT_TYPE"] = "application/json"
        return door(request).status_code

    assert (sent(64 * 1024), sent(64 * 1024 + 1)) == (200, 413)


def _echoing(call: Call) -> None:
    """A page of no consequence."""


@pytest.mark.parametrize(("losses", "status"), [(0, 200), (2, 200), (3, 503)])
def test_a_page_that_lost_a_race_is_run_again(environment, losses, status):
    runs = []

    def racing(call: Call) -> None:
        runs.append(call)
        if len(runs) <= losses:
            raise RaceLost("23505")

    environ = EnvironBuilder(method="POST", headers=ALICE.headers).get_environ()

    answer = endpoint("POST")(racing)(Request(environ))

    assert answer.status_code == status


def test_personal_words_stay_in_their_rows(call, rows, lines, remote, accepted, signal):
    canary = "c4n4ry"
    rows(f"update clients set name = 'name {canary}', email = '{canary}@client.example'")
    body = {"requestedSlots": [at(2)], "message": f"message {canary}"}
    request = call("request-meeting", body, ALICE).json["data"]
    reject = {"requestId": request["id"], "decision": "reject", "reason": f"reason {canary}"}
    call("decide-request", reject, MIKL)
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "entry_denied", MIKL, reason=canary)
    raw = json.dumps({"triggerEvent": "PING", "payload": {"email": canary}}).encode()
    call("calcom-webhook", raw=raw, headers=signed(raw))
    call("calcom-webhook", raw=canary.encode(), headers=signed(canary.encode()))
    for function in BROWSERS:
        for persona in (ALICE, MIKL):
            call(function, BODIES[function], persona)

    told = str([vars(line) for line in lines]) + str(remote.published)

    assert lines
    assert canary not in told


def test_a_database_that_is_away_is_a_503_and_comes_back(call, environment, database):
    environment.setenv("DATABASE_URL", "postgresql://functions:x@127.0.0.1:1/nowhere")
    settings.forget()
    bootstrap.forget()

    away = call("list-requests", {}, ALICE)
    environment.setenv("DATABASE_URL", database.login)
    settings.forget()
    bootstrap.forget()
    back = call("list-requests", {}, ALICE)

    assert (away.status_code, away.json["error"]["code"]) == (503, "unavailable")
    assert int(away.headers["Retry-After"]) > 0
    assert back.status_code == 200


def test_a_killed_connection_is_never_a_500(call, rows):
    kill = """select count(pg_terminate_backend(pid)) from pg_stat_activity
               where application_name = 'visio' and datname = current_database()"""
    call("list-requests", {}, ALICE)

    [killed] = rows(kill)
    first = call("request-meeting", {"requestedSlots": [at(1)]}, ALICE)
    second = call("request-meeting", {"requestedSlots": [at(2)]}, ALICE)

    assert killed == 1
    assert first.status_code in (201, 503)
    assert second.status_code == 201
    assert rows("select count(*) from meeting_requests") == [1 + (first.status_code == 201)]


def test_a_bus_that_is_away_loses_nothing(call, pending, remote, rows):
    remote.bus_status = 503

    request = pending()

    assert request["status"] == "pending"
    assert remote.published == []
    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [2]


def test_a_refused_request_says_nothing(call, pending, remote, rows):
    request = pending()
    remote.published.clear()
    body = {"requestId": request["id"], "decision": "accept", "selectedSlot": at(9)}

    call("decide-request", body, MIKL)

    assert remote.published == []
    assert rows("select count(*) from visio.signal_outbox") == [2]


def test_an_unforeseen_failure_is_an_envelope_without_its_words(call, rows, lines):
    rows("alter table public.notifications add constraint no_more check (false) not valid")

    answer = call("request-meeting", {"requestedSlots": [at(1)], "message": "c4n4ry"}, ALICE)

    assert (answer.status_code, answer.json["error"]["code"]) == (500, "internal")
    assert "no_more" not in answer.get_data(as_text=True)
    assert lines[-1].sqlstate == "23514"
    assert rows("select count(*) from meeting_requests") == [0]

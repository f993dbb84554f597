"""Everybody at every door, with what is their own, another's, absent, or no id at all.

One table says what each caller is answered. Whatever is refused changes nothing in the database,
and what is somebody else's is answered as what is not there, byte for byte.
"""

import base64
import hashlib
import json
import time
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import jwt
import pytest

from tests.attack.test_rows import CLOSED, FILL, READABLE
from tests.conftest import GETS, ON_ONE_SERVER, at
from tests.functions.test_edge import FUNCTIONS
from tests.world import (
    ALICE,
    ANONYMOUS,
    BRUNO,
    CHLOE,
    LIVEKIT_KEY,
    LIVEKIT_SECRET,
    MIKL,
    NORA,
    PUSH,
    SCHEDULER,
    STRANGER,
    pushed,
    signed,
)
from visio import bootstrap, settings
from visio.adapters.links import Person, fingerprint

# What a word in the table below stands for. `ok` is the declared success, which for whatever writes
# changes something; `==` is a success too, and changes nothing.
MEANS = {
    "401": (401, "unauthenticated"),
    "sig": (401, "bad_signature"),
    "par": (403, "not_a_party"),
    "rol": (403, "not_your_role"),
    "404": (404, "not_found"),
    "422": (422, "invalid_fields"),
}
CALLERS = (ANONYMOUS, STRANGER, ALICE, BRUNO, CHLOE, MIKL, NORA)
MACHINES = ("anon key", "service key", "Cal.com", "push", "scheduler", "LiveKit")
TABLE = """
                                nobody stranger Alice Bruno Chloé MiKL Nora anon service Cal.com push sched. LiveKit
admit-clients       Alice's     401    par      rol   rol   rol   ok   ==   401  401     401     401  401    401
admit-clients       Chloé's     401    par      rol   rol   rol   ==   ok   401  401     401     401  401    401
admit-clients       absent      401    par      rol   rol   rol   ==   ==   401  401     401     401  401    401
admit-clients       malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
answer-proposal     Alice's     401    par      ok    404   404   rol  rol  401  401     401     401  401    401
answer-proposal     Chloé's     401    par      404   404   ok    rol  rol  401  401     401     401  401    401
answer-proposal     absent      401    par      404   404   404   rol  rol  401  401     401     401  401    401
answer-proposal     malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
booking-link        -           401    par      ok    ok    ok    rol  rol  401  401     401     401  401    401
calcom-webhook      -           sig    sig      sig   sig   sig   sig  sig  sig  sig     ok      sig  sig    sig
calendar-feed       Alice's     ok     ok       ok    ok    ok    ok   ok   ok   ok      ok      ok   ok     ok
calendar-feed       absent      404    404      404   404   404   404  404  404  404     404     404  404    404
calendar-feed       malformed   422    422      422   422   422   422  422  422  422     422     422  422    422
calendar-file       Alice's     401    par      ok    404   404   ok   404  401  401     401     401  401    401
calendar-file       Chloé's     401    par      404   404   ok    404  ok   401  401     401     401  401    401
calendar-file       absent      401    par      404   404   404   404  404  401  401     401     401  401    401
calendar-file       malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
calendar-link       -           401    par      ok    ok    ok    ok   ok   401  401     401     401  401    401
cancel-meeting      Alice's     401    par      ok    404   404   ok   404  401  401     401     401  401    401
cancel-meeting      Chloé's     401    par      404   404   ok    404  ok   401  401     401     401  401    401
cancel-meeting      absent      401    par      404   404   404   404  404  401  401     401     401  401    401
cancel-meeting      malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
complete-meetings   -           401    401      401   401   401   401  401  401  401     401     401  ok     401
decide-request      Alice's     401    par      rol   rol   rol   ok   404  401  401     401     401  401    401
decide-request      Chloé's     401    par      rol   rol   rol   404  ok   401  401     401     401  401    401
decide-request      absent      401    par      rol   rol   rol   404  404  401  401     401     401  401    401
decide-request      malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
join-meeting        Alice's     401    par      ok    404   404   ok   404  401  401     401     401  401    401
join-meeting        Chloé's     401    par      404   404   ok    404  ok   401  401     401     401  401    401
join-meeting        absent      401    par      404   404   404   404  404  401  401     401     401  401    401
join-meeting        malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
list-clients        -           401    par      rol   rol   rol   ok   ok   401  401     401     401  401    401
list-meetings       -           401    par      ok    ok    ok    ok   ok   401  401     401     401  401    401
list-notifications  -           401    par      ok    ok    ok    ok   ok   401  401     401     401  401    401
list-quarantine     -           401    par      rol   rol   rol   ok   ok   401  401     401     401  401    401
list-requests       -           401    par      ok    ok    ok    ok   ok   401  401     401     401  401    401
livekit-webhook     -           sig    sig      sig   sig   sig   sig  sig  sig  sig     sig     sig  sig    ok
lobby-message       Alice's     401    par      ok    404   404   ok   404  401  401     401     401  401    401
lobby-message       Chloé's     401    par      404   404   ok    404  ok   401  401     401     401  401    401
lobby-message       absent      401    par      404   404   404   404  404  401  401     401     401  401    401
lobby-message       malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
lobby-signal        Alice's     401    par      rol   404   404   ok   404  401  401     401     401  401    401
lobby-signal        Chloé's     401    par      404   404   rol   404  ok   401  401     401     401  401    401
lobby-signal        absent      401    par      404   404   404   404  404  401  401     401     401  401    401
lobby-signal        malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
lobby-signal+knock  Alice's     401    par      ok    404   404   rol  404  401  401     401     401  401    401
lobby-signal+knock  Chloé's     401    par      404   404   ok    404  rol  401  401     401     401  401    401
lobby-signal+knock  absent      401    par      404   404   404   404  404  401  401     401     401  401    401
lobby-state         Alice's     401    par      ok    404   404   ok   404  401  401     401     401  401    401
lobby-state         Chloé's     401    par      404   404   ok    404  ok   401  401     401     401  401    401
lobby-state         absent      401    par      404   404   404   404  404  401  401     401     401  401    401
lobby-state         malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
mail-preferences    Alice's     ok     ok       ok    ok    ok    ok   ok   ok   ok      ok      ok   ok     ok
mail-preferences    absent      404    404      404   404   404   404  404  404  404     404     404  404    404
mail-preferences    malformed   422    422      422   422   422   422  422  422  422     422     422  422    422
push-subscription   Alice's     401    par      rol   rol   rol   ok   ==   401  401     401     401  401    401
push-subscription   Chloé's     401    par      rol   rol   rol   ==   ok   401  401     401     401  401    401
push-subscription   absent      401    par      rol   rol   rol   ==   ==   401  401     401     401  401    401
push-subscription   malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
read-notifications  Alice's     401    par      ok    ==    ==    ==   ==   401  401     401     401  401    401
read-notifications  Chloé's     401    par      ==    ==    ok    ==   ==   401  401     401     401  401    401
read-notifications  absent      401    par      ==    ==    ==    ==   ==   401  401     401     401  401    401
read-notifications  malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
reconcile-calcom    -           401    401      401   401   401   401  401  401  401     401     401  ok     401
relay-signal        -           401    401      401   401   401   401  401  401  401     401     ok   401    401
request-meeting     -           401    par      ok    ok    ok    rol  rol  401  401     401     401  401    401
resolve-quarantine  Alice's     401    par      rol   rol   rol   ok   404  401  401     401     401  401    401
resolve-quarantine  Chloé's     401    par      rol   rol   rol   404  ok   401  401     401     401  401    401
resolve-quarantine  absent      401    par      rol   rol   rol   404  404  401  401     401     401  401    401
resolve-quarantine  malformed   401    422      422   422   422   422  422  401  401     401     401  401    401
run-room-order      -           401    401      401   401   401   401  401  401  401     401     ok   401    401
send-mail           -           401    401      401   401   401   401  401  401  401     401     ok   401    401
send-push           -           401    401      401   401   401   401  401  401  401     401     ok   401    401
waiting-room        -           401    par      rol   rol   rol   ok   ok   401  401     401     401  401    401
who-am-i            -           401    par      ok    ok    ok    ok   ok   401  401     401     401  401    401
"""  # noqa: E501 -- a table
CELLS = [line.split() for line in TABLE.strip().splitlines()[1:]]
# What the functions that change something do so to, in the words of the table.
WRITERS = {
    *("admit-clients", "answer-proposal", "calcom-webhook", "calendar-link", "cancel-meeting"),
    *("decide-request", "lobby-message", "lobby-signal", "mail-preferences", "push-subscription"),
    *("read-notifications", "relay-signal", "request-meeting", "resolve-quarantine"),
    *("complete-meetings", "reconcile-calcom"),
}
# Whose rows nobody on the other side may be shown.
STRANGE = {
    "Alice": (BRUNO, CHLOE),
    "Bruno": (ALICE, CHLOE),
    "Chloé": (ALICE, BRUNO),
    "MiKL": (CHLOE,),
    "Nora": (ALICE, BRUNO),
}
OF = {"Alice's": (ALICE, MIKL), "Chloé's": (CHLOE, NORA)}


def test_the_table_names_every_function():
    assert {line[0].partition("+")[0] for line in CELLS} == set(FUNCTIONS)
    assert {len(line) for line in CELLS} == {2 + len(CALLERS) + len(MACHINES)}


class Things:
    """Makes what a call may be about, new each time, of one client and their operator."""

    def __init__(self, rows):
        self._rows, self._days = rows, count(100)

    def meeting(self, client, operator):
        [id] = self._rows(
            """with meeting as (
                 insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
                 values (:client, :operator, 'x', now() + interval '1 day' * :day,
                         now() + interval '1 day' * :day + interval '1 hour') returning id)
               select id::text from meeting""",
            client=client.row,
            operator=operator.row,
            day=next(self._days),
        )
        self._rows(
            "insert into lobby_knocks (meeting_id, client_id) values (:id, :client)",
            id=id,
            client=client.row,
        )
        return id

    def admitted(self, client, operator):
        id = self.meeting(client, operator)
        self._rows(
            """update lobby_knocks set status = 'admitted', admitted_at = now()
                where meeting_id = :id""",
            id=id,
        )
        return id

    def request(self, client, operator):
        [id] = self._rows(
            """insert into meeting_requests (client_id, operator_id, requested_slots, last_slot_at)
               values (:client, :operator, '["2099-01-01T09:00:00Z"]', '2099-01-01T09:00:00Z')
               returning id::text""",
            client=client.row,
            operator=operator.row,
        )
        return id

    def notification(self, client, _):
        [id] = self._rows(
            """insert into notifications (recipient_type, recipient_id, type, title, body)
               values ('client', :client, 'test', '', '') returning id::text""",
            client=client.row,
        )
        return id

    def chain(self, _, operator):
        [id] = self._rows(
            """insert into visio.calcom_chains (operator_id, state, summary)
               values (:operator, 'quarantined', '{"reason": "unbound", "bookings": []}')
               returning id::text""",
            operator=operator.row,
        )
        return id

    def browser(self, _, operator):
        endpoint = f"https://push.example/{uuid4()}"
        self._rows(
            """insert into visio.push_subscriptions (operator_id, endpoint, p256dh, auth)
               values (:operator, :endpoint, 'x', 'x')""",
            operator=operator.row,
            endpoint=endpoint,
        )
        return endpoint

    def feed(self, client, _):
        token = uuid4().hex
        self._rows("delete from visio.calendar_feeds")
        self._rows(
            """insert into visio.calendar_feeds (side, person_id, token_hash)
               values ('client', :client, :hash)""",
            client=client.row,
            hash=fingerprint(token),
        )
        return token

    def preferences(self, client, _):
        self._rows("delete from visio.mail_choices")
        now, links = datetime.now(UTC), bootstrap.app().personal_links
        return links.preferences(Person("client", client.row), now=now).partition("#")[2]


# For each function what a call is about, and the call.
ABOUT = {
    "admit-clients": ("meeting", lambda id: {"meetingIds": [id]}),
    "answer-proposal": ("request", lambda id: {"requestId": id, "answer": "withdraw"}),
    "booking-link": (None, lambda _: {}),
    "calendar-feed": ("feed", lambda token: {"token": token}),
    "calendar-file": ("meeting", lambda id: {"meetingId": id}),
    "calendar-link": (None, lambda _: {}),
    "cancel-meeting": ("meeting", lambda id: {"meetingId": id, "reason": "Non"}),
    "decide-request": (
        "request",
        lambda id: {"requestId": id, "decision": "reject", "reason": "Non"},
    ),
    "join-meeting": ("admitted", lambda id: {"meetingId": id}),
    "lobby-message": ("meeting", lambda id: {"meetingId": id, "text": "Bonjour"}),
    "lobby-signal": ("meeting", lambda id: {"meetingId": id, "signal": "operator_joined"}),
    "lobby-signal+knock": ("meeting", lambda id: {"meetingId": id, "signal": "client_waiting"}),
    "lobby-state": ("meeting", lambda id: {"meetingId": id}),
    "mail-preferences": ("preferences", lambda token: {"token": token, "reminders": False}),
    "push-subscription": ("browser", lambda at: {"action": "unsubscribe", "endpoint": at}),
    "read-notifications": ("notification", lambda id: {"ids": [id]}),
    "request-meeting": (None, lambda _: {"requestedSlots": [at(1)]}),
    "resolve-quarantine": ("chain", lambda id: {"id": id, "resolution": "dismiss"}),
    "calcom-webhook": (None, lambda _: {"triggerEvent": "PING", "payload": {}}),
    "livekit-webhook": (None, lambda _: {"event": "room_started", "room": {"name": "x"}}),
    "relay-signal": (
        None,
        lambda _: pushed(
            {
                "eventId": str(uuid4()),
                "channel": f"client:{ALICE.row}:inbox",
                "event": "notification_created",
                "payload": {"version": 1},
            }
        ),
    ),
    **{
        name: (None, lambda _, key=key, of=of: pushed({key: str(uuid4())}, of))
        for name, key, of in [
            ("send-mail", "mailId", "projects/tests/subscriptions/mails-push"),
            ("send-push", "pushId", "projects/tests/subscriptions/web-pushes-push"),
            ("run-room-order", "orderId", "projects/tests/subscriptions/room-orders-push"),
        ]
    },
}
ABSENT = {"feed": "a-secret-that-was-never-given-out", "browser": "https://push.example/nobody"}
ABSENT["preferences"] = ABSENT["feed"]
MALFORMED = {"feed": "short", "browser": "", "preferences": "short"}


@pytest.fixture
def unlimited(environment):
    environment.setenv("RATE_LIMIT_FACTOR", "0")
    environment.setenv("MAX_OPEN_REQUESTS", "0")
    settings.forget()
    bootstrap.forget()


@pytest.fixture
def ask(call, remote, unlimited):
    """Call a function as one of the table's columns."""

    def headers(column, raw):
        if column in ("anon key", "service key"):
            role = {"anon key": "anon", "service key": "service_role"}[column]
            key = remote.keys.api_key(role)
            return {"Authorization": f"Bearer {key}", "apikey": key}
        if column == "Cal.com":
            return signed(raw)
        if column == "LiveKit":
            digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
            told = {"iss": LIVEKIT_KEY, "exp": int(time.time()) + 60, "sha256": digest}
            return {"Authorization": jwt.encode(told, LIVEKIT_SECRET, "HS256")}
        service = PUSH if column == "push" else SCHEDULER
        return {"Authorization": f"Bearer {remote.keys.sign_google(*service)}"}

    def ask(function, body, column):
        if function in GETS:
            given = headers(column, b"") if isinstance(column, str) else column.headers
            return call(function, body, headers=given)
        raw = json.dumps(body).encode()
        given = headers(column, raw) if isinstance(column, str) else column.headers
        return call(function, raw=raw, headers={**given, "Content-Type": "application/json"})

    return ask


@pytest.fixture
def state(rows):
    """What is in every table, in few characters."""
    of_one = """select '{0}', count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), ''))
                  from {0} t"""
    everything = " union all ".join(of_one.format(table) for table in sorted({*READABLE, *CLOSED}))
    return lambda: rows(everything)


def seen(answer, thing):
    """An answer's bytes, without what names this one request and what was asked for."""
    told = answer.get_data(as_text=True).replace(answer.headers["X-Request-Id"], "…")
    headers = [h for h in answer.headers if h[0] not in ("X-Request-Id", "Date", "Content-Length")]
    return answer.status_code, told.replace(thing, "…"), headers


@ON_ONE_SERVER
@pytest.mark.parametrize("row", dict.fromkeys(line[0] for line in CELLS))
def test_everybody_is_answered_as_the_table_says(ask, rows, state, tally, row):
    rows(FILL)
    function, make = row.partition("+")[0], Things(rows)
    kind, body = ABOUT.get(row, (None, lambda _: {}))
    lines = {line[1]: dict(zip((*CALLERS, *MACHINES), line[2:], strict=True)) for line in CELLS
             if line[0] == row}  # fmt: skip
    wrong, answers = [], {}

    def thing(whose):
        if kind is None or whose == "-":
            return "-"
        if whose in OF:
            return getattr(make, kind)(*OF[whose])
        return ABSENT.get(kind, str(uuid4())) if whose == "absent" else MALFORMED.get(kind, "x")

    def name(column):
        return getattr(column, "name", column)

    things = {whose: thing(whose) for whose in lines}  # all there before anybody asks
    for whose, cells in lines.items():
        about, before = things[whose], state()
        for column, cell in cells.items():
            if cell == "ok":
                continue
            answer = answers[whose, column] = (ask(function, body(about), column), about)
            told = (answer[0].get_json(silent=True) or {}).get("error") or {}
            got = (answer[0].status_code, told.get("code"))
            if got != MEANS.get(cell, (200, None)):
                wrong.append((whose, name(column), cell, got))
        if state() != before:
            wrong.append((whose, "what was refused changed something"))
    for whose, cells in lines.items():
        for column, cell in cells.items():
            if cell != "ok":
                continue
            about = thing(whose)
            before = state()
            answer = ask(function, body(about), column)
            if answer.status_code not in (200, 201, 204):
                wrong.append((whose, name(column), "ok", answer.status_code))
            if (state() != before) is not (function in WRITERS):
                wrong.append((whose, name(column), "something changed, or nothing did"))
            said = answer.get_data(as_text=True)
            wrong += [
                (whose, name(column), "was shown", other.name)
                for other in STRANGE.get(name(column), ())
                if kind not in ("feed", "preferences")
                and (other.row in said or f'"{other.name}"' in said)
            ]
    for (whose, column), (answer, about) in answers.items():
        if whose in OF and lines[whose][column] in ("404", "=="):
            absent, asked = answers["absent", column]
            if seen(answer, about) != seen(absent, asked):
                wrong.append((whose, name(column), "is not answered as what is absent"))

    assert wrong == []
    tally("a caller at a door", sum(map(len, lines.values())))

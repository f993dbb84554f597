"""Whatever is sent, the answer is one of the contract's, and nothing of it comes back."""

import base64
import inspect
import itertools
import json
from collections import Counter
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID, uuid4

import pytest

from tests.attack.mutate import CANARY, DEEP_TOKEN, Mutator, written
from tests.attack.scale import rounds
from tests.attack.skeletons import OPERATIONS, Skeletons
from tests.calcom import Booking
from tests.conftest import GETS, ON_ONE_SERVER
from tests.functions.test_rooms import ROOMS
from tests.functions.test_rooms import signed as signed_by_livekit
from tests.world import (
    ALICE,
    BRUNO,
    CHLOE,
    MAIL_SUBSCRIPTION,
    MIKL,
    NORA,
    PAYLOADS,
    PUSH,
    ROOM_SUBSCRIPTION,
    SCHEDULER,
    SUBSCRIPTION,
    WEB_PUSH_SUBSCRIPTION,
    signed,
    token,
)
from visio import bootstrap, settings
from visio.domain import refusals

pytestmark = [
    ON_ONE_SERVER,
    pytest.mark.timeout(600),
]
# A signed body of Cal.com's has no other end.
SIGNED = {(200, None), (400, "malformed_json"), (400, "missing_metadata"), (413, "too_large")}
# Nobody is at it but we, and everything is there: 503 is no answer here, and neither is 500.
REFUSED = {
    (kind.status, kind.code)
    for kind in vars(refusals).values()
    if inspect.isclass(kind) and issubclass(kind, refusals.Refusal) and hasattr(kind, "code")
} - {(503, "unavailable")}
MOST_TOLD = 16 * 1024
# What the product reads in a body of Cal.com's.
READ = {
    *("triggerEvent", "createdAt", "payload", "uid", "bookingUid", "startTime", "endTime"),
    *("metadata", "bookingToken", "clientId", "operatorId", "title", "iCalUID", "iCalSequence"),
    *("attendees", "email", "name", "noShow", "organizer", "timeZone", "user", "responses"),
    *("rescheduleUid", "cancelledBy", "rescheduledBy", "cancellationReason", "rejectionReason"),
    *("additionalNotes", "seatsPerTimeSlot", "attendeeSeatId", "recurringEvent", "eventTypeId"),
    *("freq", "interval", "count", "value", "bookingId"),
}
PUSHED = {
    "relay-signal": (SUBSCRIPTION, ""),
    "send-mail": (MAIL_SUBSCRIPTION, "mailId"),
    "send-push": (WEB_PUSH_SUBSCRIPTION, "pushId"),
    "run-room-order": (ROOM_SUBSCRIPTION, "orderId"),
}
MACHINES = {*PUSHED, "calcom-webhook", "livekit-webhook", "complete-meetings", "reconcile-calcom"}
USERS = sorted(set(OPERATIONS) - MACHINES)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def one_connection(environment):
    """Everybody shares one connection: what one leaves behind on it, the next would find."""
    for name in ("RATE_LIMIT_FACTOR", "MAX_OPEN_REQUESTS"):
        environment.setenv(name, "0")
    environment.setenv("THREADS", "1")
    settings.forget()
    bootstrap.forget()


@pytest.fixture
def silence(lines):
    """What is logged, and sees to it that no line of it repeats what was sent."""
    yield lines
    assert [line for line in lines if CANARY in f"{line.getMessage()} {vars(line)}"] == []


def verdict(answer):
    """Status and code of an answer that has the one shape, and repeats nothing where it refuses."""
    status, text = answer.status_code, answer.get_data(as_text=True)
    if status in (204, 304):
        assert text == ""
        return status, None
    if status < 400 and answer.mimetype == "text/calendar":
        return status, None
    body = answer.json
    assert set(body) == {"data", "error"}, text
    if status < 400:
        assert body["error"] is None
        return status, None
    assert body["data"] is None
    assert (
        {"code", "message", "requestId"}
        <= set(body["error"])
        <= {*("code", "message", "requestId", "details")}
    )
    assert CANARY not in text
    assert len(text) < MOST_TOLD
    return status, body["error"]["code"]


def see_their_own(call, rows):
    """Each persona in turn, on the connection that the last one used, sees exactly their rows."""
    for who in (ALICE, MIKL, BRUNO, NORA, CHLOE):
        side = "operator_id" if who in (MIKL, NORA) else "client_id"
        for function, table in (
            ("list-requests", "meeting_requests"),
            ("list-meetings", "meetings"),
        ):
            theirs = rows(
                f"""select id from {table} where {side} = :id
                     order by created_at desc, id desc limit 100""",
                id=who.row,
            )
            answer = call(function, {"limit": 100}, who)
            assert [item["id"] for item in answer.json["data"]["items"]] == list(map(str, theirs))


def events(random, tokens):
    """Good bodies without end: bookings of three clients through their lives, and the recorded."""
    recorded = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("[0-9]*.json"))]
    booking = None
    while True:
        if booking is None or random.random() < 0.3:
            client, token = random.choice(tokens)
            booking = Booking(
                email=f"{client.name.lower()}@client.example".replace("é", "e"),
                days=random.randrange(1, 300),
                metadata={"bookingToken": token},
                uid=f"{random.getrandbits(80):x}",
            )
        elif random.random() < 0.1:
            booking = booking.moved(random.randrange(1, 300), uid=f"{random.getrandbits(80):x}")
            yield booking.rescheduled()
        if random.random() < 0.1:
            yield random.choice(recorded)
        told = [booking.created] * 5
        told += [booking.requested, booking.confirmed, booking.rejected, booking.cancelled]
        body = random.choice([*told, booking.no_show, booking.passed])()
        if "payload" in body:
            body["payload"].update(title=CANARY, additionalNotes=CANARY)
            if random.random() < 0.1:
                body["payload"]["recurringEvent"] = {"freq": 2, "interval": 1, "count": 4}
        if random.random() < 0.1:  # the whole of it at an end of time
            at = random.choice(("0001-01-01", "9999-12-31"))
            if random.random() < 0.5:
                body["createdAt"] = f"{at}T23:59:59Z"
            facts = body.get("payload", body)
            facts.update(startTime=f"{at}T00:00:00Z", endTime=f"{at}T23:59:59Z")
        yield body


@pytest.mark.parametrize("seed", range(rounds(1, 8)))
def test_no_signed_body_breaks_the_webhook(call, one_connection, rows, silence, holds, tally, seed):
    tokens = []
    for client in (ALICE, BRUNO, CHLOE):
        link = call("booking-link", {}, client).json["data"]["url"]
        tokens.append((client, parse_qs(urlsplit(link).query)["metadata[bookingToken]"][0]))
    mutator = Mutator(seed, read=READ)
    good, seen, cases = events(mutator.random, tokens), Counter(), rounds(150, 1250)

    for number in range(1, cases + 1):
        raw = mutator.body(next(good))
        answer = call("calcom-webhook", raw=raw, headers=signed(raw))
        got = verdict(answer)
        assert got in SIGNED, raw[:2000]
        seen[got[1] or answer.json["data"]["outcome"]] += 1
        if number % 10 == 0:
            again = call("calcom-webhook", raw=raw, headers=signed(raw))
            changes = ("created", "updated", "cancelled")
            assert (again.json["data"] or {}).get("outcome") not in changes, raw[:2000]
        if number % 250 == 0 or number == cases:
            see_their_own(call, rows)

    assert {"created", "duplicate", "malformed_json", "missing_metadata"} <= set(seen)
    tally("mutated signed bodies of Cal.com", cases)


class World:
    """Requests, meetings and knocks for ids to hit, made anew while they are used up."""

    def __init__(self, random, rows, pending, accepted, signal):
        self._random, self._rows = random, rows
        self._pending, self._accepted, self._signal = pending, accepted, signal
        self._ids, self._days = {}, 0

    def renew(self):
        self._days += 1
        for client in (ALICE, BRUNO):
            self._pending(client)
        meeting = self._accepted(ALICE, days=self._days)
        self._signal(meeting, "client_waiting", ALICE)
        latest = {
            "requestid": "meeting_requests",
            "meetingid": "meetings",
            "id": "notifications",
            "knockid": "lobby_knocks",
        }
        for key, table in latest.items():
            found = self._rows(f"select id from {table} order by created_at desc, id limit 10")
            self._ids[key] = list(map(str, found))
        self._ids["clientid"] = [ALICE.row, BRUNO.row, CHLOE.row]

    def id(self, key):
        """An id that this field might hold, or at times any other."""
        kind = key.lower().rstrip("s")
        if self._random.random() < 0.9 and kind in self._ids:
            return self._random.choice(self._ids[kind])
        return self._random.choice([*itertools.chain(*self._ids.values()), str(uuid4())])


def query_of(function, mutator, skeletons, world):
    """A query string that is good, but for one or two of its parameters."""
    random = mutator.random
    pairs = list(skeletons.query(function).items())
    names = [found["name"] for found in OPERATIONS[function][1].get("parameters", ())]
    for _ in range(random.choice((0, 1, 1, 2))):
        name = random.choice([*names, CANARY])
        value = mutator.value(name)
        if name == "cursor" and random.random() < 0.7:
            at = mutator.value("at")
            place = f"{at} {world.id('id')}".encode("utf-8", "surrogatepass")
            value = base64.urlsafe_b64encode(place).decode().rstrip("=")
        if random.random() < 0.8:
            pairs = [pair for pair in pairs if pair[0] != name]
        pairs.append((name, value))
    texts = [(name, v if isinstance(v, str) else written(v)) for name, v in pairs]
    query = "&".join(
        f"{quote(n)}={quote(v.encode('utf-8', 'surrogatepass')[:5000])}" for n, v in texts
    )
    extra = ("&%ff=%ff", "&%", "&&&=", "&a[]=1", ";limit=1", "&limit=1&limit=2", "&limit=%00")
    return query + (random.choice(extra) if random.random() < 0.1 else "")


@pytest.mark.parametrize("seed", range(rounds(1, 4)))
def test_no_body_and_no_query_breaks_a_function(
    call, one_connection, rows, silence, holds, tally, pending, accepted, signal, seed
):
    mutator = Mutator(1000 + seed, read={"ids", "meetingIds", "requestedSlots", "selectedSlot"})
    random = mutator.random
    world = World(random, rows, pending, accepted, signal)
    skeletons, seen, cases = Skeletons(random, world.id), Counter(), rounds(240, 2000)

    for number in range(cases):
        if number % 120 == 0:
            world.renew()
        function = USERS[number % len(USERS)]
        who = random.choice((ALICE, ALICE, MIKL, MIKL, BRUNO, NORA))
        if function in GETS:
            sent = query_of(function, mutator, skeletons, world)
            answer = call(function, sent, who)
        else:
            good = skeletons.body(function)
            sent = mutator.body(good) if random.random() < 0.7 else json.dumps(good).encode()
            answer = call(function, as_=who, raw=sent, headers=JSON)
        got = verdict(answer)
        assert got[1] is None or got in REFUSED, (function, sent[:2000])
        assert got[0] < 400 or got[1], (function, sent[:2000])
        seen[got[0]] += 1

    see_their_own(call, rows)
    assert {200, 400, 422} <= set(seen)
    tally("hostile bodies and queries", cases)


@pytest.mark.parametrize("seed", range(rounds(1, 2)))
def test_no_event_of_the_rooms_server_breaks_anything(
    call, one_connection, silence, holds, tally, accepted, signal, seed
):
    mutator = Mutator(2000 + seed, read={"event", "room", "name", "participant", "sid", "identity"})
    meeting, cases = accepted(), rounds(60, 1000)
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)

    for number in range(cases):
        event = mutator.random.choice(("participant_joined", "participant_left", "track_published"))
        who = mutator.random.choice((f"client:{ALICE.row}:1", f"operator:{MIKL.row}", CANARY))
        # Told so that all but the text itself is right.
        sid = f"PA_{number}" + ("\0" if number % 10 == 0 else "")
        good = {
            "event": event,
            "room": {"sid": "RM_1", "name": ROOMS.room(UUID(meeting))},
            "participant": {"sid": sid, "identity": who, "state": "ACTIVE"},
        }
        raw = mutator.body(good)
        answer = call("livekit-webhook", raw=raw, headers={"Authorization": signed_by_livekit(raw)})
        assert verdict(answer) in {(200, None), (400, "malformed_json"), (413, "too_large")}, raw

    tally("mutated signed events of LiveKit", cases)


@pytest.mark.parametrize("function", sorted(PUSHED))
def test_no_push_is_refused_or_comes_back_for_ever(
    call, one_connection, remote, rows, silence, holds, tally, function
):
    """Pub/Sub takes every 4xx and 5xx for « once more »: what is authentic is acknowledged."""
    subscription, key = PUSHED[function]
    mutator = Mutator(3000 + len(function), read={"message", "data", "subscription", "attributes"})
    bearer = {"Authorization": f"Bearer {remote.keys.sign_google(*PUSH)}"}
    cases, buried = rounds(40, 500), 0

    for number in range(cases):
        event_id = str(UUID(int=mutator.random.getrandbits(128), version=4))
        at = "2026-11-24T08:00:00Z"
        content = (
            {key: event_id}
            if key
            else {
                "eventId": event_id,
                "channel": f"meeting:{MIKL.row}:status",
                "event": "operator_joined",
                "payload": {"eventId": event_id, "meetingId": MIKL.row, "version": 3, "at": at},
            }
        )
        # Realtime, which refuses what it will never take, is told nothing that cannot be kept.
        remote.realtime_status = mutator.random.choice((202, 202, 413, 422))
        inner = mutator.body(content) if number % 2 else json.dumps(content).encode()
        data = base64.b64encode(inner[:20_000]).decode()
        good = {
            "message": {"data": data, "attributes": {"x": CANARY}, "messageId": str(number)},
            "subscription": subscription,
        }
        raw = json.dumps(good).encode() if number % 3 == 0 else mutator.body(good)
        answer = call(function, raw=raw, headers=bearer)
        # What is too large is refused before anybody knows who sends it; Pub/Sub's is ours.
        expected = {(204, None)} if len(raw) <= 64 * 1024 else {(413, "too_large")}
        assert verdict(answer) in expected, raw[:2000]
        buried += len(raw) <= 64 * 1024

    if function == "relay-signal":
        assert 0 < rows("select count(*) from visio.dead_signals")[0] <= buried
    assert [line for line in silence if ".malformed" in line.getMessage()]
    tally("mutated push envelopes", cases)


LATIN = bytes(range(0x80, 0x100)).decode("latin-1")
TRACE = "0af7651916cd43dd8448eb211c80319c"
WORST = (
    "",
    " ",
    CANARY,
    LATIN,
    "a,b",
    "'\"\\;--",
    "\t",
    "x" * 8000,
    "🙂".encode().decode("latin-1"),
)
HEADERS = {
    "X-Cal-Signature-256": (
        *WORST,
        *("A" * 64, "a" * 63, "a" * 65, "g" * 64, "no-secret-provided", "sha256=" + "a" * 64),
        f"{'a' * 64},{'a' * 64}",
        "\u0661".encode().decode("latin-1") * 64,
    ),
    "Authorization": (
        *(*WORST, "Bearer", "Bearer ", "bearer x", "Basic YTpi", f"Bearer {DEEP_TOKEN}"),
        *(
            f"Bearer {LATIN}",
            "Bearer a.b.c",
            "Bearer ..",
            "Bearer e30.e30.e30",
            "Bearer " + "." * 999,
        ),
        *("Bearer eyJhbGciOlsiSFMyNTYiXX0.e30.", "Bearer eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2V9..x"),
        *("Bearer bnVsbA.bnVsbA.bnVsbA", "Bearer WzFd.WzFd.WzFd", f"Bearer {token('x')}"),
        *("Bearer " + base64.b64encode(b'{"alg":' + b"9" * 5000 + b"}").decode() + ".e30.x",),
    ),
    "Content-Type": (
        *WORST,
        "text/html",
        "application/json; charset=utf-16",
        "multipart/form-data",
    ),
    "Content-Length": ("-1", "1e3", "99999999999999999999", "x", "0x10", "", LATIN),
    "Idempotency-Key": (*WORST, "a" * 255, "a" * 256, "a b", "\x7f"),
    "traceparent": (*WORST, f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-x-01", f"00-{'0' * 99}"),
    "X-Cloud-Trace-Context": (
        *WORST,
        f"{TRACE}/{'9' * 20}",
        f"{TRACE}/{'9' * 21}",
        f"{TRACE}/-1;o=x",
    ),
    "If-None-Match": (*WORST, "*", 'W/"1"', '"1", "2"'),
    "Origin": (
        *WORST,
        "null",
        "https://app.foxeo.example.evil.example",
        "https://app.foxeo.example\\",
    ),
    "X-Forwarded-For": (*WORST, "127.0.0.1", "::1"),
    "Cookie": WORST,
    "X-HTTP-Method-Override": ("DELETE", "GET", CANARY),
}


def test_no_header_breaks_a_function(call, one_connection, rows, silence, holds, tally):
    """Each header at its worst, at each kind of door; in full at each function."""
    some = ("calcom-webhook", "request-meeting", "lobby-state", "relay-signal", "livekit-webhook")
    functions, cases = rounds(some[:3], sorted(OPERATIONS)), 0  # type: ignore[arg-type]

    for function in functions:
        method = OPERATIONS[function][0]
        for name, values in HEADERS.items():
            for value in values:
                raw = b"" if method == "GET" else b'{"message": "x"}'
                who = None if name == "Authorization" else ALICE
                given = {**JSON, **(who.headers if who else {}), name: value}
                answer = call(function, raw=raw, method=method, headers=given)
                assert verdict(answer) in REFUSED | {(200, None), (201, None)}, (
                    function,
                    name,
                    value,
                )
                allowed = answer.headers.get("Access-Control-Allow-Origin")
                assert allowed is None
                assert CANARY not in str(answer.headers)
                cases += 1

    see_their_own(call, rows)
    tally("hostile headers", cases)


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE", "HEAD", "CONNECT"])
def test_no_other_method_and_path_opens_anything(call, one_connection, silence, tally, method):
    paths = ("/", "/x", "/../x", "/%00", "/%ff", "/a/b/c", "/functions/v1/who-am-i", f"/{CANARY}")

    for function in OPERATIONS:
        for path in paths:
            answer = call(function, method=method, path=path, headers=ALICE.headers)
            if method != "HEAD":  # which has no body to look at
                assert verdict(answer) == (405, "method_not_allowed")
            assert answer.status_code == 405
            assert answer.headers["Allow"].split(", ")[0] == OPERATIONS[function][0]

    tally("other methods and paths", len(OPERATIONS) * len(paths))


def test_the_scheduler_may_say_what_it_likes(call, one_connection, remote, silence, holds, tally):
    headers = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    mutator, cases = Mutator(4000), rounds(6, 60)

    for _ in range(cases):
        raw = mutator.body({"a": CANARY})
        answer = call("complete-meetings", raw=raw, headers=headers)
        assert verdict(answer) in {(200, None), (413, "too_large")}

    tally("bodies that nobody asked the scheduler for", cases)

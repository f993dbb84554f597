"""`visio doctor` finds each thing that is wrong, says what to do, and shows no secret."""

import datetime as dt
import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local import postgres
from tests.calcom import Booking
from tests.certificates import self_signed
from tests.world import LIVEKIT_SECRET, PROJECT, settings_for, signed
from visio import __main__ as visio
from visio.doctor import Verdict, outside, probe
from visio.settings import SECRETS

NOWHERE = "http://127.0.0.1:1"
FINE = {
    "settings": "ok",
    "database": "ok",
    "migrations": "ok",
    "row security": "ok",
    "roles": "ok",
    "outbox": "ok",
    "dead letters": "ok",
    "Cal.com's inbox": "ok",
    "Cal.com": "ok",
    "Cal.com's API": "ok",
    "Realtime": "ok",
    "users' keys": "ok",
    "Google's keys": "ok",
    "rooms": "ok",
}


@pytest.fixture
def doctor(environment, capsys):
    """Run it inside; the verdicts by check, the exit code, and all that it printed."""

    def doctor(*arguments):
        capsys.readouterr()
        code = visio.main(["doctor", "--json", *arguments])
        told = json.loads(capsys.readouterr().out)
        assert all(one["todo"] for one in told if one["verdict"] != "ok")
        return {one["check"]: one["verdict"] for one in told}, code, told

    return doctor


def said(told, check):
    return next(one["said"] for one in told if one["check"] == check)


def test_a_deployment_that_is_well(doctor):
    verdicts, code, _ = doctor()

    assert (verdicts, code) == (FINE, 0)


# From inside: what breaks one check and no other.


def unset(name):
    return lambda world: world.environment.delenv(name)


def put(**values):
    def apply(world):
        for name, value in values.items():
            world.environment.setenv(name, value)

    return apply


def sql(statement):
    return lambda world: world.rows(statement)


def remote(**values):
    def apply(world):
        for name, value in values.items():
            setattr(world.remote, name, value)

    return apply


BROKEN = {
    "a variable is missing": (unset("LINK_SECRETS"), {"settings": "fail"}),
    "half of an option": (unset("VAPID_SUBJECT"), {"settings": "fail"}),
    "the whole of an option": (
        unset("CALCOM_API_KEY"),
        {"settings": "fail", "Cal.com's API": None},
    ),
    "a migration has not run": (
        sql("delete from visio.schema_migrations where version = '20261126090200'"),
        {"migrations": "fail"},
    ),
    "the database is ahead": (
        sql("insert into visio.schema_migrations values ('20990101000000')"),
        {"migrations": "warn"},
    ),
    "nobody may see what has run": (
        sql("revoke select on visio.schema_migrations from visio_system"),
        {"migrations": "fail"},
    ),
    "a hole": (
        sql("alter table public.meetings no force row level security"),
        {"row security": "fail"},
    ),
    "something rests unsent": (
        sql("""insert into visio.signal_outbox (event_id, channel, event, payload, created_at)
               values (gen_random_uuid(), 'x', 'x', '{}', now() - interval '3 minutes')"""),
        {"outbox": "warn"},
    ),
    "something is stuck": (
        sql("""insert into visio.signal_outbox (event_id, channel, event, payload, created_at)
               values (gen_random_uuid(), 'x', 'x', '{}', now() - interval '11 minutes')"""),
        {"outbox": "fail"},
    ),
    "a dead signal": (
        sql("insert into visio.dead_signals (reason, envelope) values ('malformed', '{}')"),
        {"dead letters": "warn"},
    ),
    "an e-mail that was given up": (
        sql("""insert into visio.mail_outbox
                 (id, recipient_type, recipient_id, type, facts, link, dropped_at, problem)
               values (gen_random_uuid(), 'client', gen_random_uuid(), 'x', '{}', '/', now(),
                 'refused')"""),
        {"dead letters": "warn"},
    ),
    "Cal.com is down": (remote(calcom_status=503), {"Cal.com": "warn"}),
    "Cal.com's API is away": (put(CALCOM_API_URL=f"{NOWHERE}/v2"), {"Cal.com's API": "fail"}),
    "Realtime refuses": (remote(realtime_status=401), {"Realtime": "fail"}),
    "Realtime is down": (remote(realtime_status=503), {"Realtime": "fail"}),
    "keys are not to be had": (
        remote(keys_status=503),
        {"users' keys": "fail", "Google's keys": "fail"},
    ),
    "LiveKit refuses": (remote(room_status=403), {"rooms": "fail"}),
    "another provider, not configured": (put(ROOM_PROVIDER="jitsi"), {"rooms": "fail"}),
}


@pytest.mark.parametrize(("breaks", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_found_and_nothing_else(
    doctor, environment, remote, rows, breaks, expected
):
    class World:
        pass

    World.environment, World.remote, World.rows = environment, remote, rows
    breaks(World)

    verdicts, code, _ = doctor()

    wanted = {k: v for k, v in {**FINE, **expected}.items() if v is not None}
    assert verdicts == wanted
    assert code == max({"ok": 0, "warn": 1, "fail": 2}[v] for v in wanted.values())


def test_an_option_that_is_not_there_is_told(doctor, environment):
    environment.delenv("CALCOM_API_KEY")
    environment.delenv("CALCOM_API_URL")

    _, code, told = doctor()

    assert code == 1
    assert "calcom_api: not there" in said(told, "settings")


def test_a_weak_secret_ends_the_examination(doctor, environment):
    environment.setenv("VISIO_ENV", "cloud")
    environment.setenv("LINK_SECRETS", "short")

    verdicts, code, told = doctor()

    assert (verdicts, code) == ({"settings": "fail"}, 2)
    assert "LINK_SECRETS" in said(told, "settings")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://functions:x@127.0.0.1:1/nowhere", "unavailable"),
        ("{login}_of_nobody", "SQLSTATE 3D000"),
    ],
)
def test_a_database_out_of_reach(doctor, environment, database, url, why):
    environment.setenv("DATABASE_URL", url.format(login=database.login))

    verdicts, code, told = doctor()

    assert (verdicts["database"], code) == ("fail", 2)
    assert "migrations" not in verdicts
    assert why in said(told, "database")


def test_a_login_without_the_callers_role(doctor, environment, database, rows):
    role = f"visio_half_{database.login.rpartition('/')[2]}"
    rows(f"create role {role} login noinherit password 'x' in role visio_system")
    environment.setenv("DATABASE_URL", f"postgresql://{role}:x@{database.login.rpartition('@')[2]}")

    verdicts, _, told = doctor()
    rows(f"drop role {role}")

    assert verdicts["roles"] == "fail"
    assert "42501" in said(told, "roles")


def test_what_waits_in_the_inbox(doctor, call):
    body = json.dumps(Booking().created()).encode()
    call("calcom-webhook", raw=body, headers=signed(body))
    quarantined = doctor()[2]
    call("calcom-webhook", raw=b"false", headers=signed(b"false"))
    malformed = doctor()[2]

    assert "1 bookings wait" in said(quarantined, "Cal.com's inbox")
    assert "1 events of a week" in said(malformed, "Cal.com's inbox")


def test_no_secret_is_ever_shown(environment, database, remote, capsys):
    remote.realtime_status = remote.keys_status = remote.room_status = 403
    environment.setenv("CALCOM_API_URL", NOWHERE)
    held = settings_for(database.login, remote)
    values = [part.strip() for name in SECRETS for part in held.get(name, "").split(",")]
    values += [held["REALTIME_SERVICE_KEY"], LIVEKIT_SECRET, database.login]

    visio.main(["doctor"])
    visio.main(["doctor", "--json"])

    printed = "".join(capsys.readouterr())
    assert "fail" in printed
    assert not any(value in printed for value in values if value)


def test_every_runbook_that_it_names_is_there():
    sources = "".join(path.read_text() for path in (PROJECT / "src/visio/doctor").glob("*.py"))

    named = set(re.findall(r"docs/runbooks/[a-z-]+\.md", sources))

    assert named
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_without_an_address_and_an_environment_it_says_what_it_wants(monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)

    assert visio.main(["doctor"]) == 2
    assert "--url" in capsys.readouterr().err


# From outside.


class Deployment:
    """Answers as a deployment does, except for what a test says."""

    def __init__(self):
        self.answers = {}
        self.origins = {"https://app.foxeo.example"}
        self.date = None
        deployment = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                name = self.path.strip("/")
                status, code = deployment.answers.get((self.command, name)) or {
                    "DELETE": (405, "method_not_allowed"),
                    "GET": (401, "unauthenticated"),
                }.get(self.command, (204, None))
                self.send_response_only(status)
                if deployment.date != "":
                    self.send_header("Date", deployment.date or self.date_time_string())
                if self.headers.get("Origin") in deployment.origins:
                    self.send_header("Access-Control-Allow-Origin", self.headers["Origin"])
                body = json.dumps({"error": {"code": code}}).encode() if code else b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_DELETE = do_OPTIONS = answer

            def log_message(self, *_):
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def deployment():
    made = Deployment()
    yield made
    made.server.shutdown()
    made.server.server_close()


def probed(deployment):
    found = list(
        probe(
            deployment.url,
            public=["list-requests", "lobby-state"],
            private=["relay-signal"],
            origins=["https://app.foxeo.example"],
        )
    )
    return {one.check: one.verdict for one in found if one.verdict is not Verdict.OK}, found


def test_a_deployment_that_looks_well_from_outside(deployment):
    deployment.answers["DELETE", "relay-signal"] = (403, None)

    wrong, found = probed(deployment)

    assert wrong == {}
    assert [one.check for one in found] == [
        *("functions", "sign-in", "CORS app.foxeo.example", "clock", "TLS")
    ]


def in_minutes(minutes):
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"answers": {("DELETE", "lobby-state"): (404, None)}}, {"functions": Verdict.FAIL}),
        ({"answers": {("DELETE", "lobby-state"): (403, None)}}, {"functions": Verdict.FAIL}),
        ({"answers": {("DELETE", "relay-signal"): (500, None)}}, {"functions": Verdict.FAIL}),
        ({"answers": {("GET", "list-requests"): (200, None)}}, {"sign-in": Verdict.FAIL}),
        ({"origins": set()}, {"CORS app.foxeo.example": Verdict.FAIL}),
        (
            {"origins": {"https://app.foxeo.example", outside.STRANGER}},
            {"CORS stranger.invalid": Verdict.FAIL},
        ),
        ({"date": in_minutes(5)}, {"clock": Verdict.FAIL}),
        ({"date": in_minutes(-0.25)}, {"clock": Verdict.WARN}),
        ({"date": ""}, {"clock": Verdict.WARN}),
    ],
)
def test_what_is_wrong_from_outside(deployment, change, wrong):
    if change.get("date"):  # as of now, not of when the tests were collected
        change = {"date": in_minutes(5 if wrong["clock"] is Verdict.FAIL else -0.25)}
    for name, value in change.items():
        setattr(deployment, name, value)

    assert probed(deployment)[0] == wrong


def test_where_nothing_answers_one_line_is_enough(capsys, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)

    assert visio.main(["doctor", "--url", NOWHERE]) == 2
    assert capsys.readouterr().out.startswith("fail  functions")


def test_a_line_that_anybody_can_read(deployment):
    [plain] = [outside._tls("http://visio.example/functions")]

    assert plain.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("days", "verdict"), [(60, Verdict.OK), (20, Verdict.WARN), (6, Verdict.FAIL)]
)
def test_a_certificate_is_renewed_in_time(days, verdict):
    assert outside.certificate_left(days).verdict is verdict


@pytest.fixture
def secured(deployment, tmp_path):
    """The same behind TLS, with a certificate that nobody vouches for; its file."""
    certificate, key = self_signed(tmp_path, days=10)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    deployment.server.socket = context.wrap_socket(deployment.server.socket, server_side=True)
    deployment.url = deployment.url.replace("http", "https")
    return certificate


def test_a_certificate_that_nobody_vouches_for(deployment, secured):
    assert outside._tls(deployment.url).verdict is Verdict.FAIL


def test_the_days_that_a_certificate_has_left(deployment, secured, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(secured))

    found = outside._tls(deployment.url)

    assert (found.verdict, found.said) == (Verdict.WARN, "the certificate has 10 days left")


def test_what_is_private_is_known_from_the_pages():
    private, public = visio._functions()

    assert private == [
        *("complete-meetings", "reconcile-calcom", "relay-signal", "run-room-order", "send-mail"),
        "send-push",
    ]
    assert len(private) + len(public) == len(list((PROJECT / "functions").glob("*/main.py")))
    assert postgres.PROJECT == PROJECT

"""From inside: with the environment of the functions, what they would find."""

import json
import secrets
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from uuid import uuid4

from visio.adapters import backlog, catalogue
from visio.adapters.database import Database
from visio.bootstrap import App
from visio.doctor.report import Finding, fail, ok, warn
from visio.domain.refusals import DatabaseFailed, Refusal
from visio.settings import NEEDS, SECRETS, Settings, SettingsMissing, require

ME = "doctor"
TIMEOUT = 5.0
# What a deployment may well do without: whole, or not at all.
OPTIONAL = {
    "calcom_api": "no reconciliation: what no webhook tells is lost",
    "mail": "no e-mails",
    "web push": "browsers without a page open are told nothing",
    "web push sender": "browsers without a page open are told nothing",
    "room orders": "nobody is put out of a room",
}
PROVIDERS = ("livekit", "jitsi", "link")
AGE_WORRIES, AGE_BREAKS = 120, 600
TROUBLE = (Refusal, DatabaseFailed)
ROTATE = "docs/runbooks/rotate-a-secret.md"
DRAIN = "docs/runbooks/drain-dead-letters.md"


def examine(environ: Mapping[str, str], *, now: datetime) -> Iterator[Finding]:
    """Every check that the environment allows. Changes nothing."""
    try:
        settings = Settings.read(environ)
    except SettingsMissing as missing:
        yield fail("settings", str(missing), f"README, « Settings »; {ROTATE}")
        return
    yield from _settings(environ)
    app = App(settings)
    if settings.database.url:
        try:
            yield from _database(app.database, now)
        finally:
            app.database.close()
    yield from _remote(app, environ, now)


def _settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    lacking, half = [], []
    for group in NEEDS:
        if group in PROVIDERS:
            continue
        try:
            require(environ, group)
        except SettingsMissing as missing:
            if group not in OPTIONAL:
                lacking.append(str(missing).removeprefix("set in the environment: "))
            elif any(environ.get(name) for names in NEEDS[group] for name in names):
                half.append(str(missing).removeprefix("set in the environment: "))
            else:
                yield warn("settings", f"{group}: not there", OPTIONAL[group])
    if lacking or half:
        yield fail("settings", f"missing: {', '.join((*lacking, *half))}", "README, « Settings »")
    else:
        held = sum(1 for name in SECRETS if environ.get(name))
        yield ok("settings", f"complete, {held} secrets long enough")


def _database(database: Database, now: datetime) -> Iterator[Finding]:
    try:
        with database.reading_as_system(ME) as tx:
            backlog.look(tx, now=now)
    except TROUBLE as trouble:
        yield fail("database", _why(trouble), "address, password, network; is it migrated at all?")
        return
    yield ok("database", "reached, over the login of the functions")
    for check, look in (
        ("migrations", _migrations),
        ("row security", _lint),
        ("roles", _roles),
    ):
        yield _tried(check, look, database)
    with database.reading_as_system(ME) as tx:
        seen, waiting = backlog.glance(tx, now=now), backlog.look(tx, now=now)
        [row] = seen.rows
    yield _outbox(row["age"], waiting)
    yield _dead(row["dead"], waiting)
    yield _inbox(waiting)


def _tried(check: str, look: Callable[[Database], Finding], database: Database) -> Finding:
    try:
        return look(database)
    except TROUBLE as trouble:
        return fail(check, _why(trouble), "`make migrate`, then docs/grants.md: what a login needs")


def _migrations(database: Database) -> Finding:
    with database.reading_as_system(ME) as tx:
        there = catalogue.applied(tx)
    shipped = set(catalogue.shipped())
    if missing := sorted(shipped - there):
        return fail("migrations", f"not run: {', '.join(missing)}", "`make migrate DATABASE_URL=…`")
    if ahead := sorted(there - shipped):
        return warn("migrations", f"newer than this checkout: {', '.join(ahead)}", "update it")
    return ok("migrations", f"all {len(there)} have run")


def _lint(database: Database) -> Finding:
    with database.acting_as_system(ME) as tx:
        holes = catalogue.offenders(tx)
    if not holes:
        return ok("row security", f"{len(catalogue.rules())} rules hold")
    told = "; ".join(f"{rule}: {', '.join(broken_by)}" for rule, broken_by in holes.items())
    return fail("row security", told, "somebody changed it by hand: sql/lint.sql, docs/grants.md")


def _roles(database: Database) -> Finding:
    with database.reading_as(uuid4(), ME) as tx:
        tx.read(catalogue.NOTHING)
    return ok("roles", "the login becomes visio_app and visio_system")


def _outbox(age: int, waiting: backlog.Waiting) -> Finding:
    unsent = ", ".join(
        f"{count} {what}"
        for what, count in (
            ("signals", waiting.signals),
            ("e-mails", waiting.mails),
            ("orders", waiting.orders),
            ("pushes", waiting.pushes),
        )
    )
    said, todo = f"{unsent} unsent, the oldest due for {age} s", f"{DRAIN}, « Nothing is sent »"
    if age > AGE_BREAKS:
        return fail("outbox", said, todo)
    return warn("outbox", said, todo) if age > AGE_WORRIES else ok("outbox", said)


def _dead(dead: int, waiting: backlog.Waiting) -> Finding:
    said = (
        f"{dead} signals never to be sent; of a day {waiting.mails_given_up} e-mails and "
        f"{waiting.orders_given_up} orders given up"
    )
    if dead or waiting.mails_given_up or waiting.orders_given_up:
        return warn("dead letters", said, DRAIN)
    return ok("dead letters", said)


def _inbox(waiting: backlog.Waiting) -> Finding:
    said = (
        f"{waiting.quarantined} bookings wait for the operator, {waiting.malformed} events of a "
        "week were not to be read"
    )
    if waiting.malformed:
        return warn("Cal.com's inbox", said, "docs/runbooks/replay-webhooks.md")
    if waiting.quarantined:
        return warn("Cal.com's inbox", said, "the operator assigns or dismisses them on his page")
    return ok("Cal.com's inbox", said)


def _remote(app: App, environ: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    settings = app.settings
    if settings.calcom.url:
        yield _calcom(app)
    if settings.calcom.api_url and settings.calcom.api_key:
        yield _calcom_api(app, now)
    if settings.realtime.url and settings.realtime.service_key:
        yield _realtime(app)
    for name, url in (
        ("users' keys", settings.users.jwks_url),
        ("Google's keys", settings.google_certs_url if settings.push.audience else ""),
    ):
        if url:
            yield _keys(name, url)
    yield _rooms(app, environ, now)


def _calcom(app: App) -> Finding:
    if app.calcom_health.available():
        return ok("Cal.com", "answers")
    return warn("Cal.com", "does not answer", "clients are offered the form; docs/calcom-setup.md")


def _calcom_api(app: App, now: datetime) -> Finding:
    try:
        next(app.calcom_api.changed(now), None)
    except Refusal:
        return fail("Cal.com's API", "does not take our key, or does not answer", ROTATE)
    return ok("Cal.com's API", "takes our key")


def _realtime(app: App) -> Finding:
    from visio.adapters.realtime import Relayed

    # A channel that no policy lets anybody listen to.
    match app.broadcaster.send("doctor", "probe", {}):
        case Relayed.SENT:
            return ok("Realtime", "takes our key")
        case Relayed.MISCONFIGURED:
            return fail("Realtime", "does not take our key", f"REALTIME_SERVICE_KEY; {ROTATE}")
        case _:
            return fail("Realtime", "does not answer", "REALTIME_URL; is the project paused?")


def _keys(name: str, url: str) -> Finding:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 -- an address from our own settings
            count = len(json.load(answer)["keys"])
    except (OSError, ValueError, KeyError, TypeError):
        return fail(name, "not to be had", "nobody is let in for longer than keys are kept")
    if not count:
        return warn(name, "none are published", "SUPABASE_JWT_SECRET, or make a signing key")
    return ok(name, f"{count} published")


def _rooms(app: App, environ: Mapping[str, str], now: datetime) -> Finding:
    provider = app.settings.rooms.provider
    try:
        require(environ, "rooms")
    except SettingsMissing as missing:
        return fail("rooms", str(missing), "README, « Settings », ROOM_PROVIDER")
    if provider != "livekit":
        return ok("rooms", f"{provider} is configured; its door is not to be tried from here")
    from visio.adapters.roomserver import PutOut

    # Putting nobody out of a room that never was: the key is looked at first.
    done = app.room_server.put_out(uuid4(), secrets.token_hex(8), now=now)
    if done is PutOut.DONE:
        return ok("rooms", "livekit takes our key")
    return fail("rooms", "livekit does not take our key, or does not answer", ROTATE)


def _why(trouble: Refusal | DatabaseFailed) -> str:
    if isinstance(trouble, DatabaseFailed):
        return f"refused with SQLSTATE {trouble.sqlstate}"
    return trouble.code

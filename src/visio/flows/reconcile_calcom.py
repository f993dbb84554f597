"""Tell Cal.com what was decided here, and read there what no webhook told us."""

import json
import logging
from datetime import datetime, timedelta

from msgspec import Struct

from visio.adapters import chains, watermarks
from visio.adapters.calcom_api import CalcomApi, Listed, Taken
from visio.adapters.chains import DecidedHere
from visio.adapters.database import Database
from visio.call import Call
from visio.domain.booking import RETENTION, CalcomEvent
from visio.domain.refusals import MalformedJson, MissingMetadata, RaceLost, Unavailable
from visio.flows.calcom_webhook import Intake, take_in

log = logging.getLogger("visio.reconcile")

SOURCE = "bookings"
# Clocks differ, and a change is listed a moment after it was made.
OVERLAP = timedelta(minutes=15)
TRIES, MOST_TOLD = 3, 50
CHANGES = ("created", "updated", "cancelled")


class Reconciled(Struct):
    """How many bookings Cal.com was told of; how many it listed, and what became of them."""

    told: int = 0
    read: int = 0
    changed: int = 0
    quarantined: int = 0
    unreadable: int = 0


def reconcile_calcom(
    call: Call, database: Database, api: CalcomApi, *, intake: Intake
) -> Reconciled:
    """Everything that changed since the last run that came to its end, and a while before.

    What was decided here goes first, so that the list shows it already. Raises Unavailable where
    Cal.com's list cannot be read; what was read until then is applied.
    """
    with database.at_once_as_system(call.function) as tx:
        marked = watermarks.read(tx, SOURCE)
        decided = chains.decided_here(tx, now=call.now, limit=MOST_TOLD if api.listens else 0)
    since = (watermarks.until(marked) or call.now - RETENTION) - OVERLAP
    done = Reconciled(told=_tell(decided, call, database, api))
    for page in api.changed(since):
        for listed in page:
            _apply(listed, call, database, intake, done)
        changes = [one.changed_at for one in page if one.changed_at is not None]
        if api.oldest_first and changes:
            _remember(call, database, min(max(changes), call.now))
    _remember(call, database, call.now)
    return done


def _tell(decided: list[DecidedHere], call: Call, database: Database, api: CalcomApi) -> int:
    told = 0
    for one in decided:
        taken = api.tell(one.uid, one.verb, one.reason)
        told += taken is Taken.DONE
        if taken is Taken.NEVER:
            with database.acting_as_system(call.function) as tx:
                chains.give_up(tx, one.uid)
    return told


def _remember(call: Call, database: Database, until: datetime) -> None:
    with database.acting_as_system(call.function) as tx:
        watermarks.keep(tx, SOURCE, until)


def _apply(
    listed: Listed, call: Call, database: Database, intake: Intake, done: Reconciled
) -> None:
    done.read += 1
    for body in listed.events:
        raw = json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
        try:
            event = CalcomEvent.read(raw)
        except MalformedJson:
            log.warning("reconcile.unreadable")
            done.unreadable += 1
            continue
        outcome = _taken(event, raw, listed, call, database, intake)
        done.changed += outcome in CHANGES
        done.quarantined += outcome == "quarantined"


def _taken(
    event: CalcomEvent, raw: bytes, listed: Listed, call: Call, database: Database, intake: Intake
) -> str:
    """Take one in, in a transaction of its own; a race that is lost is run again."""
    for _ in range(TRIES):
        try:
            with database.acting_as_system(call.function) as tx:
                return take_in(
                    event, raw, tx, intake=intake, booked_at=listed.made_at, now=call.now
                ).outcome
        except MissingMetadata:
            return "quarantined"
        except RaceLost:
            continue
    raise Unavailable

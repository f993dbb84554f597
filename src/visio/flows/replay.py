"""Apply stored events of Cal.com again, as they are understood today."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from visio.adapters import chains, inbox
from visio.adapters.database import Database
from visio.domain.refusals import MissingMetadata
from visio.flows.calcom_webhook import Intake, conclude
from visio.flows.follow_chain import follow

FUNCTION = "replay"


def replay(id: UUID, database: Database, *, intake: Intake, now: datetime) -> str:
    """What one stored event changed; `gone` where there is none, or its body is kept no longer, and
    `unreadable` where it is no event.

    An event that came too late to count does count now: somebody has named it.
    """
    try:
        with database.acting_as_system(FUNCTION) as tx:
            kept = inbox.kept(tx, id)
            if kept is None or kept.event is None:
                return "gone" if kept is None else "unreadable"
            told = kept.event.told
            if told is None:
                return "ignored"
            chains.hold(tx, told, None)
            inbox.retell(tx, id, kept.event)
            chain = chains.look(tx, buffer=intake.buffer)
            assert chain is not None  # noqa: S101 -- it is held
            followed = follow(tx, chain, now=now)
            return conclude(tx, id, told, followed, chain, None, now=now).outcome
    except MissingMetadata:
        return "quarantined"


def replay_since(
    since: datetime, database: Database, *, intake: Intake, now: datetime
) -> Iterator[tuple[UUID, str]]:
    """The same for every event that counted, from an instant on, as they came."""
    with database.acting_as_system(FUNCTION) as tx:
        ids = inbox.ids_since(tx, since)
    for id in ids:
        yield id, replay(id, database, intake=intake, now=now)

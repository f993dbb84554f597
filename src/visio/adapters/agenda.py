"""The SQL of calendars: meetings with how both parties are reached, and the feeds' secrets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from visio.adapters.database import Transaction
from visio.adapters.links import Person
from visio.adapters.meetings import COLUMNS, PEOPLE, meeting, people
from visio.adapters.statements import text
from visio.domain.events import People
from visio.domain.meeting import Meeting

LONGEST_FEED = 1000
EVENT_COLUMNS = f"""{COLUMNS}, m.updated_at, r.id as request_id, {PEOPLE},
  c.email as client_email, o.email as operator_email"""
EVENT_TABLES = """
  join public.clients c on c.id = m.client_id
  join public.operators o on o.id = m.operator_id
  left join public.meeting_requests r on r.meeting_id = m.id"""
EVENT = text(f"""
select {EVENT_COLUMNS}
  from public.meetings m {EVENT_TABLES}
 where m.id = cast(:id as uuid)""")  # noqa: S608 -- the parts are constants
FEED = text(f"""
select f.side, f.person_id, e.*
  from visio.calendar_feeds f
  left join lateral (
    select {EVENT_COLUMNS}
      from public.meetings m {EVENT_TABLES}
     where ((f.side = 'client' and m.client_id = f.person_id)
         or (f.side = 'operator' and m.operator_id = f.person_id))
       and m.scheduled_at > cast(:now as timestamptz) - interval '90 days'
       -- Where a later meeting bears the same name in calendars, the earlier one is no more.
       and not exists (
         select from public.meetings later
          where later.ical_uid = m.ical_uid and later.client_id = m.client_id
            and m.status = 'cancelled'
            and (later.created_at, later.id) > (m.created_at, m.id))
     order by m.scheduled_at desc
     limit {LONGEST_FEED}) e on true
 where f.token_hash = :token_hash
 order by e.scheduled_at""")  # noqa: S608 -- the parts are constants
WHOSE = text("""
select 1""")
REVOKE = text("""
delete from visio.calendar_feeds where side = :side and person_id = cast(:id as uuid)""")
KEEP = text("""
insert into visio.calendar_feeds (side, person_id, token_hash)
values (:side, cast(:id as uuid), :token_hash)""")


class Event(Struct, frozen=True):
    """A meeting as a calendar shows it."""

    meeting: Meeting
    people: People
    client_email: str
    operator_email: str
    changed_at: datetime


class Feed(Struct, frozen=True):
    """Somebody's meetings of the last 90 days and of all the time ahead, in their order; the latest
    thousand where there are more."""

    person: Person
    events: tuple[Event, ...]


def event(tx: Transaction, meeting_id: UUID) -> Event | None:
    """One meeting of the caller's."""
    return next((event_of(row) for row in tx.read(EVENT, id=meeting_id)), None)


def feed(tx: Transaction, token_hash: str, *, now: datetime) -> Feed | None:
    """The feed behind a secret; None if there is none such (any more)."""
    rows = tx.read(FEED, token_hash=token_hash, now=now)
    if not rows:
        return None
    person = Person(rows[0]["side"], rows[0]["person_id"])
    return Feed(person, tuple(event_of(row) for row in rows if row["id"] is not None))


def know(tx: Transaction) -> None:
    """Ask who the caller is, and nothing else."""
    tx.read(WHOSE)


def replace_feed(tx: Transaction, person: Person, token_hash: str | None) -> None:
    """Give somebody's feed another secret, or none: the earlier one opens nothing any more."""
    tx.write(REVOKE, side=person.side, id=person.id)
    if token_hash is not None:
        tx.write(KEEP, side=person.side, id=person.id, token_hash=token_hash)


def event_of(row: Mapping[str, Any]) -> Event:
    """An event from a row with its columns."""
    return Event(
        meeting(row), people(row), row["client_email"], row["operator_email"], row["updated_at"]
    )

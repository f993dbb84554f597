"""The SQL of the Cal.com inbox: every signed event once, and whom its booking belongs to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from visio.adapters import meetings
from visio.adapters.database import Transaction
from visio.adapters.meetings import PEOPLE, people
from visio.domain.events import People
from visio.domain.meeting import Meeting
from visio.domain.refusals import RaceLost

TAKE_IN = text(f"""
with ours as (
  insert into visio.webhook_inbox (trigger, uid, body, body_sha256, logical_key, status)
  values (:trigger, :uid, cast(:body as jsonb), :body_sha256, :logical_key, 'received')
  on conflict do nothing
  returning id
)
select (select id from ours) as inbox_id,
       e.status as earlier_status, coalesce(b.meeting_id, e.meeting_id) as meeting_id,
       c.id as client_id, c.operator_id, c.email as client_email, {PEOPLE},
       exists (
         select from public.meetings m
          where m.operator_id = c.operator_id and m.status in ('scheduled', 'in_progress')
            and tsrange(m.scheduled_at at time zone 'UTC',
                  (m.ends_at at time zone 'UTC') + make_interval(mins => m.buffer_minutes), '[)')
             && tsrange(cast(:starts_at as timestamptz) at time zone 'UTC',
                  (cast(:ends_at as timestamptz) at time zone 'UTC')
                    + make_interval(mins => cast(:buffer as integer)), '[)')
       ) as busy
  from (select 1) as always
  left join lateral (
    select status, meeting_id from visio.webhook_inbox
     where body_sha256 = :body_sha256 or logical_key = :logical_key limit 1) e on true
  left join visio.calcom_bookings b on b.uid = :uid
  left join public.clients c
    on c.id = cast(:client_id as uuid) and c.operator_id = cast(:operator_id as uuid)
  left join public.operators o on o.id = c.operator_id""")  # noqa: S608 -- a constant of meetings
SETTLE = text("""
update visio.webhook_inbox
   set status = :status, meeting_id = cast(:meeting_id as uuid)
 where id = cast(:id as uuid)""")
BOOK = text("""
insert into visio.calcom_bookings (uid, meeting_id) values (:uid, cast(:meeting_id as uuid))""")


@dataclass(frozen=True, slots=True)
class Bound:
    """The client that a booking names, as our tables know him."""

    client_id: UUID
    operator_id: UUID
    client_email: str
    people: People
    busy: bool


@dataclass(frozen=True, slots=True)
class TakenIn:
    """An event in the inbox. `id` is None if it was there before; then `earlier_status` is its."""

    id: UUID | None
    earlier_status: str | None
    meeting_id: UUID | None
    bound: Bound | None


def take_in(
    tx: Transaction,
    *,
    trigger: str,
    uid: str | None,
    body: object,
    body_sha256: str,
    logical_key: str | None,
    client_id: UUID | None,
    operator_id: UUID | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
    buffer: timedelta,
) -> TakenIn:
    """Store an event unless it is there, and look up all that its booking needs."""
    row = tx.read(
        TAKE_IN,
        trigger=trigger,
        uid=uid,
        body=json.dumps(body),
        body_sha256=body_sha256,
        logical_key=logical_key,
        client_id=client_id,
        operator_id=operator_id,
        starts_at=starts_at,
        ends_at=ends_at,
        buffer=buffer // timedelta(minutes=1),
    )[0]
    if row["inbox_id"] is None and row["earlier_status"] is None:
        # A twin was stored while we waited for it: look again, with its outcome in sight.
        raise RaceLost("webhook_inbox")
    return TakenIn(row["inbox_id"], row["earlier_status"], row["meeting_id"], _bound(row))


def settle(
    tx: Transaction, inbox_id: UUID | None, status: str, meeting_id: UUID | None = None
) -> None:
    """What became of an event of ours."""
    tx.write(SETTLE, id=inbox_id, status=status, meeting_id=meeting_id)


def book(tx: Transaction, uid: str, meeting: Meeting) -> None:
    """Write the meeting that a booking became."""
    meetings.add_booked(tx, meeting)
    tx.write(BOOK, uid=uid, meeting_id=meeting.id)


def _bound(row: Mapping[str, Any]) -> Bound | None:
    if row["client_id"] is None:
        return None
    return Bound(
        row["client_id"],
        row["operator_id"],
        row["client_email"],
        people(row),
        row["busy"],
    )

"""The SQL of the Cal.com inbox: every signed event once, for longer than it could be replayed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.json import encode

from visio.adapters.calcom import Binding
from visio.adapters.database import Later, Transaction
from visio.adapters.statements import text
from visio.domain.booking import RETENTION, CalcomEvent, unread
from visio.domain.refusals import MalformedJson, RaceLost

# Whose event it is by itself: the client of a token, or of ids beside that client's own address.
_BOUND = """
  (select c.id from public.clients c
    where c.id = cast(:client_id as uuid) and c.operator_id = cast(:operator_id as uuid)
      and (cast(:by_token as boolean) or lower(btrim(c.email)) = :booker_email))"""
STORE = text(f"""
with ours as (
  insert into visio.webhook_inbox (trigger, uid, body, body_sha256, logical_key, status, chain_id,
         told, client_id, by_token, starts_at, ends_at, received_at, keep_until)
  values (:trigger, :uid, cast(:body as jsonb), :body_sha256, :logical_key, :status,
         cast(nullif(current_setting('visio.chain', true), '') as uuid), cast(:told as jsonb),
         {_BOUND}, cast(:by_token as boolean), cast(:starts_at as timestamptz),
         cast(:ends_at as timestamptz), cast(:now as timestamptz),
         cast(:keep_until as timestamptz))
  on conflict do nothing
  returning id
)
select (select id from ours) as id, e.status as earlier_status, e.meeting_id
  from (select 1) as always
  left join lateral (
    select status, meeting_id from visio.webhook_inbox
     where body_sha256 = :body_sha256 or logical_key = :logical_key limit 1) e on true""")  # noqa: S608 -- a constant of this file
KEEP_UNREAD = text("""
insert into visio.webhook_inbox (trigger, body, body_sha256, status, received_at, keep_until)
values ('unreadable', cast(:body as jsonb), :body_sha256, 'malformed', cast(:now as timestamptz),
       cast(:keep_until as timestamptz))
on conflict do nothing""")
SETTLE = text("""
update visio.webhook_inbox
   set status = :status, meeting_id = cast(:meeting_id as uuid)
 where id = cast(:id as uuid)""")
KEPT = text("""
select body from visio.webhook_inbox where id = cast(:id as uuid) and body is not null""")
KEPT_IDS = text("""
select id from visio.webhook_inbox
 where body is not null and status <> 'stale' and received_at >= cast(:since as timestamptz)
 order by received_at, id""")
RETELL = text("""
update visio.webhook_inbox
   set trigger = :trigger, uid = :uid, told = cast(:told as jsonb), status = 'received',
       starts_at = cast(:starts_at as timestamptz), ends_at = cast(:ends_at as timestamptz),
       chain_id = cast(nullif(current_setting('visio.chain', true), '') as uuid)
 where id = cast(:id as uuid)""")


class Stored(Struct, frozen=True):
    """An event in the inbox. `id` is None if it was there before; then the rest is its own."""

    id: UUID | None
    earlier_status: str | None
    meeting_id: UUID | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Stored":
        if row["id"] is None and row["earlier_status"] is None:
            # A twin was stored while we waited for it: look again, with its outcome in sight.
            raise RaceLost("webhook_inbox")
        return cls(row["id"], row["earlier_status"], row["meeting_id"])


class Kept(Struct, frozen=True):
    """A stored event, to be applied again; None where nobody can make anything of it yet."""

    event: CalcomEvent | None


def store(
    tx: Transaction,
    event: CalcomEvent,
    raw: bytes,
    binding: Binding | None,
    *,
    by_token: bool,
    stale: bool,
    now: datetime,
) -> Later:
    """Keep an event unless it is there, with the chain that is held; read it as `Stored.of`.

    One that is too old claims no logical key: should Cal.com itself tell it again, it counts.
    """
    told = event.told
    span = told.span if told else None
    return tx.also(
        STORE,
        trigger=event.trigger,
        uid=event.uid,
        body=json.dumps(event.stored),
        body_sha256=hashlib.sha256(raw).hexdigest(),
        logical_key=None if stale else event.logical_key,
        status="stale" if stale else "received",
        told=encode(told).decode() if told else None,
        client_id=binding.client_id if binding else None,
        operator_id=binding.operator_id if binding else None,
        by_token=by_token,
        booker_email=told.booker_email if told else None,
        starts_at=span.start if span else None,
        ends_at=span.end if span else None,
        now=now,
        keep_until=event.kept_until(now),
    )


def keep_unread(tx: Transaction, raw: bytes, *, now: datetime) -> None:
    """Keep what may be kept of a body that is no event, once."""
    tx.write(
        KEEP_UNREAD,
        body=json.dumps(unread(raw)),
        body_sha256=hashlib.sha256(raw).hexdigest(),
        now=now,
        keep_until=now + RETENTION,
    )


def settle(tx: Transaction, id: UUID | None, status: str, meeting_id: UUID | None = None) -> None:
    """What became of an event of ours."""
    tx.write(SETTLE, id=id, status=status, meeting_id=meeting_id)


def ids_since(tx: Transaction, since: datetime) -> list[UUID]:
    """Every event that counted and whose body is still kept, in the order in which they came."""
    return [row["id"] for row in tx.read(KEPT_IDS, since=since)]


def kept(tx: Transaction, id: UUID) -> Kept | None:
    """A stored event; None where there is none, or where its body has gone."""
    for row in tx.read(KEPT, id=id):
        try:
            return Kept(CalcomEvent.read(json.dumps(row["body"]).encode()))
        except MalformedJson:
            return Kept(None)
    return None


def retell(tx: Transaction, id: UUID, event: CalcomEvent) -> None:
    """Write anew what a stored event tells, as it is understood today."""
    told = event.told
    span = told.span if told else None
    tx.write(
        RETELL,
        id=id,
        trigger=event.trigger,
        uid=event.uid,
        told=encode(told).decode() if told else None,
        starts_at=span.start if span else None,
        ends_at=span.end if span else None,
    )

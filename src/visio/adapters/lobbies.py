"""The SQL of waiting: who waits over all meetings, what is said there, who is really in a room."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from visio.adapters.database import Transaction
from visio.adapters.meetings import hold_each, messages
from visio.adapters.statements import text
from visio.domain.events import Side
from visio.domain.lobby import AWAY, LEASE, Devices, Lobby, LobbyMessage
from visio.domain.meeting import Meeting
from visio.domain.words import Locale

WAITING = text("""
select k.id as knock_id, k.meeting_id, k.client_id, c.name as client_name, k.status, k.since,
       k.renewed_at, k.devices, m.scheduled_at, m.version, o.locale,
       (select coalesce(jsonb_agg(to_jsonb(s) order by s.created_at, s.id), '[]')
          from (select id, sender, canned, body, created_at from public.lobby_messages
                 where meeting_id = m.id order by created_at desc, id desc limit 10) s) as messages
  from public.lobby_knocks k
  join public.meetings m on m.id = k.meeting_id
  join public.clients c on c.id = k.client_id
  join public.operators o on o.id = k.operator_id
 where k.operator_id = (select visio.caller()) and k.status = 'waiting'
   and k.renewed_at > cast(:renewed_since as timestamptz)
   and m.status in ('scheduled', 'in_progress')
 order by k.since, k.id""")
SAY = text("""
insert into public.lobby_messages (id, meeting_id, sender, canned, body, created_at)
values (cast(:id as uuid), cast(:meeting_id as uuid), :sender, :canned, :body,
       cast(:created_at as timestamptz))""")
UNANSWERED = text("""
select m.id
  from public.meetings m
 where m.id in (select meeting_id from public.lobby_knocks
                 where status = 'waiting' and remind_at <= cast(:now as timestamptz)
                   and renewed_at > cast(:renewed_since as timestamptz)
                 order by remind_at limit :limit)
   for update skip locked""")
CAME = text("""
insert into visio.room_presence as p (meeting_id, session, side, joined_at)
values (cast(:meeting_id as uuid), :session, :side, cast(:now as timestamptz))
on conflict (meeting_id, session) do update
   set side = excluded.side, joined_at = coalesce(p.joined_at, excluded.joined_at)""")
WENT = text("""
insert into visio.room_presence as p (meeting_id, session, left_at)
values (cast(:meeting_id as uuid), :session, cast(:now as timestamptz))
on conflict (meeting_id, session) do update
   set left_at = coalesce(p.left_at, excluded.left_at)""")
EMPTIED = text("""
update visio.room_presence set left_at = cast(:now as timestamptz)
 where meeting_id = cast(:meeting_id as uuid) and left_at is null""")
JOINED = text("""
update public.meetings
   set client_joined_at = cast(:client as timestamptz),
       operator_joined_at = cast(:operator as timestamptz)
 where id = cast(:id as uuid)
   and (client_joined_at, operator_joined_at)
         is distinct from (cast(:client as timestamptz), cast(:operator as timestamptz))""")


class Waiting(Struct, frozen=True):
    """Somebody who waits, as their operator sees them."""

    knock_id: UUID
    meeting_id: UUID
    client_id: UUID
    client_name: str
    status: str
    since: datetime
    renewed_at: datetime
    devices: Devices
    scheduled_at: datetime
    version: int
    locale: Locale
    messages: tuple[LobbyMessage, ...]

    def away(self, now: datetime) -> bool:
        return now >= self.renewed_at + AWAY


def waiting(tx: Transaction, *, now: datetime) -> list[Waiting]:
    """Whoever waits at the caller's meetings, in order of arrival; who has left is not there."""
    rows = tx.read(WAITING, renewed_since=now - LEASE)
    return [Waiting(**{**row, "messages": messages(row["messages"])}) for row in rows]


def say(tx: Transaction, meeting: Meeting, message: LobbyMessage) -> None:
    """Keep one message."""
    tx.write(
        SAY,
        id=message.id,
        meeting_id=meeting.id,
        sender=message.sender,
        canned=message.canned,
        body=message.body,
        created_at=message.created_at,
    )


def hold_unanswered(tx: Transaction, *, now: datetime, limit: int) -> list[Lobby]:
    """Lobbies in which somebody waits, there and unanswered, under locks nobody waits for."""
    found = tx.read(UNANSWERED, now=now, renewed_since=now - AWAY, limit=limit)
    return hold_each(tx, found)


def came(
    tx: Transaction, meeting: Meeting, session: str, side: Side | None, *, now: datetime
) -> None:
    """Somebody is in the room; `side` is None for whoever has no business there."""
    tx.write(CAME, meeting_id=meeting.id, session=session, side=side, now=now)
    tx.write(
        JOINED,
        id=meeting.id,
        client=meeting.client_joined_at,
        operator=meeting.operator_joined_at,
    )


def went(tx: Transaction, meeting: Meeting, session: str, *, now: datetime) -> None:
    """A connection to the room has ended, heard of its beginning or not."""
    tx.write(WENT, meeting_id=meeting.id, session=session, now=now)


def emptied(tx: Transaction, meeting: Meeting, *, now: datetime) -> None:
    """Nobody is in the room any more."""
    tx.write(EMPTIED, meeting_id=meeting.id, now=now)

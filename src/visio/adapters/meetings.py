"""The SQL of meetings and of the lobby in front of each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from visio.adapters.database import Transaction
from visio.adapters.paging import Page, Position
from visio.domain.lobby import Knock, KnockStatus, Lobby
from visio.domain.meeting import Meeting, MeetingStatus, Outcome

COLUMNS = """m.id, m.client_id, m.operator_id, m.title, m.scheduled_at, m.ends_at, m.status,
  m.outcome, m.source, m.started_at, m.ended_at, m.cancel_reason, m.operator_present,
  m.operator_seen_at, m.client_seen_at, m.version, m.created_at"""
KNOCK = """k.id as knock_id, k.status as knock_status, k.since, k.renewed_at, k.reason,
  k.admitted_at, k.ended_at as knock_ended_at"""
INSERT = text("""
insert into public.meetings
       (id, client_id, operator_id, title, scheduled_at, ends_at, source, created_at)
values (cast(:id as uuid), cast(:client_id as uuid), cast(:operator_id as uuid), :title,
       cast(:scheduled_at as timestamptz), cast(:ends_at as timestamptz), :source,
       cast(:created_at as timestamptz))""")
LOCK = text("""
select from public.meetings where id = cast(:id as uuid) for update""")
_LOBBY = f"""
select {COLUMNS}, r.id as request_id, {KNOCK}, c.name as client_name
  from public.meetings m
  join public.clients c on c.id = m.client_id
  left join public.meeting_requests r on r.meeting_id = m.id
  left join lateral (
    select * from public.lobby_knocks
     where meeting_id = m.id order by created_at desc, id desc limit 1) k on true"""  # noqa: S608 -- the columns are constants of this file
LOBBY = text(_LOBBY + " where m.id = cast(:id as uuid)")
LOBBIES = text(_LOBBY + " where m.id = any (cast(:ids as uuid[]))")
OVER = text("""
select m.id
  from public.meetings m
 where m.status in ('scheduled', 'in_progress') and m.ends_at <= cast(:ended_by as timestamptz)
 order by m.ends_at
 limit :limit
   for update skip locked""")
LAPSED = text("""
select m.id
  from public.meetings m
 where m.id in (select meeting_id from public.lobby_knocks
                 where status = 'waiting' and renewed_at <= cast(:renewed_by as timestamptz)
                 order by renewed_at limit :limit)
   for update skip locked""")
UPDATE = text("""
update public.meetings
   set status = :status, outcome = :outcome, started_at = cast(:started_at as timestamptz),
       ended_at = cast(:ended_at as timestamptz), cancel_reason = :cancel_reason,
       operator_present = cast(:operator_present as boolean),
       operator_seen_at = cast(:operator_seen_at as timestamptz),
       client_seen_at = cast(:client_seen_at as timestamptz), version = :version
 where id = cast(:id as uuid)""")
INSERT_KNOCK = text("""
insert into public.lobby_knocks (id, meeting_id, client_id, since, renewed_at)
values (cast(:id as uuid), cast(:meeting_id as uuid), cast(:client_id as uuid),
       cast(:since as timestamptz), cast(:renewed_at as timestamptz))""")
UPDATE_KNOCK = text("""
update public.lobby_knocks
   set status = :status, reason = :reason, since = cast(:since as timestamptz),
       renewed_at = cast(:renewed_at as timestamptz),
       admitted_at = cast(:admitted_at as timestamptz), ended_at = cast(:ended_at as timestamptz)
 where id = cast(:id as uuid)""")
PAGE = text(f"""
select {COLUMNS}, r.id as request_id
  from public.meetings m
  left join public.meeting_requests r on r.meeting_id = m.id
 where (cast(:status as text) is null or m.status = :status)
   and (cast(:at as timestamptz) is null
     or (m.created_at, m.id) < (cast(:at as timestamptz), cast(:id as uuid)))
 order by m.created_at desc, m.id desc
 limit :limit""")  # noqa: S608 -- the columns are a constant of this file


def new_meeting(meeting: Meeting) -> dict[str, object]:
    """The values that a new meeting's INSERT takes."""
    return {
        "id": meeting.id,
        "client_id": meeting.client_id,
        "operator_id": meeting.operator_id,
        "title": meeting.title,
        "scheduled_at": meeting.scheduled_at,
        "ends_at": meeting.ends_at,
        "source": meeting.source,
        "created_at": meeting.created_at,
    }


def hold(tx: Transaction, meeting_id: UUID) -> Lobby | None:
    """A meeting and its latest knock, under the meeting's lock."""
    tx.lock(LOCK, id=meeting_id)
    return look(tx, meeting_id)


def look(tx: Transaction, meeting_id: UUID) -> Lobby | None:
    """A meeting and its latest knock, as they are."""
    return next((_lobby(row) for row in tx.read(LOBBY, id=meeting_id)), None)


def hold_over(tx: Transaction, *, ended_by: datetime, limit: int) -> list[Lobby]:
    """Live meetings that ended by an instant, under locks nobody waits for."""
    return _hold_each(tx, tx.read(OVER, ended_by=ended_by, limit=limit))


def hold_lapsed(tx: Transaction, *, renewed_by: datetime, limit: int) -> list[Lobby]:
    """Lobbies in which a knock was last renewed by an instant, under locks nobody waits for."""
    return _hold_each(tx, tx.read(LAPSED, renewed_by=renewed_by, limit=limit))


def _hold_each(tx: Transaction, held: list[Mapping[str, Any]]) -> list[Lobby]:
    ids = [str(row["id"]) for row in held]
    return [_lobby(row) for row in tx.read(LOBBIES, ids=ids)] if ids else []


def record(tx: Transaction, before: Lobby, after: Lobby) -> None:
    """Write what changed of a held lobby."""
    meeting, earlier, knock = after.meeting, before.knock, after.knock
    if meeting != before.meeting:
        tx.write(
            UPDATE,
            id=meeting.id,
            status=meeting.status,
            outcome=meeting.outcome,
            started_at=meeting.started_at,
            ended_at=meeting.ended_at,
            cancel_reason=meeting.cancel_reason,
            operator_present=meeting.operator_present,
            operator_seen_at=meeting.operator_seen_at,
            client_seen_at=meeting.client_seen_at,
            version=meeting.version,
        )
    if knock is None or knock == earlier:
        return
    if earlier is not None and earlier.id == knock.id:
        tx.write(UPDATE_KNOCK, **_changed(knock))
        return
    if earlier is not None and earlier.status is KnockStatus.WAITING:
        tx.write(UPDATE_KNOCK, **_changed(earlier.seen(knock.since)))
    tx.write(
        INSERT_KNOCK,
        id=knock.id,
        meeting_id=meeting.id,
        client_id=meeting.client_id,
        since=knock.since,
        renewed_at=knock.renewed_at,
    )


def page(
    tx: Transaction, *, status: str | None, after: Position | None, limit: int
) -> Page[Meeting]:
    """The caller's meetings, newest first."""
    at, id = after or (None, None)
    rows = tx.read(PAGE, status=status, at=at, id=id, limit=limit + 1)
    return Page.of([_meeting(row) for row in rows], limit)


def _changed(knock: Knock) -> dict[str, object]:
    return {
        "id": knock.id,
        "status": knock.status,
        "reason": knock.reason,
        "since": knock.since,
        "renewed_at": knock.renewed_at,
        "admitted_at": knock.admitted_at,
        "ended_at": knock.ended_at,
    }


def _lobby(row: Mapping[str, Any]) -> Lobby:
    knock = row["knock_id"] and Knock(
        id=row["knock_id"],
        status=KnockStatus(row["knock_status"]),
        since=row["since"],
        renewed_at=row["renewed_at"],
        reason=row["reason"],
        admitted_at=row["admitted_at"],
        ended_at=row["knock_ended_at"],
    )
    return Lobby(_meeting(row), knock, row["client_name"])


def _meeting(row: Mapping[str, Any]) -> Meeting:
    return Meeting(
        id=row["id"],
        client_id=row["client_id"],
        operator_id=row["operator_id"],
        request_id=row["request_id"],
        title=row["title"],
        scheduled_at=row["scheduled_at"],
        ends_at=row["ends_at"],
        status=MeetingStatus(row["status"]),
        outcome=row["outcome"] and Outcome(row["outcome"]),
        source=row["source"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        cancel_reason=row["cancel_reason"],
        operator_present=row["operator_present"],
        operator_seen_at=row["operator_seen_at"],
        client_seen_at=row["client_seen_at"],
        version=row["version"],
        created_at=row["created_at"],
    )

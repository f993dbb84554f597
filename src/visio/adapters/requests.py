"""The SQL of meeting requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text

from visio.adapters.database import Transaction
from visio.adapters.meetings import INSERT as INSERT_MEETING
from visio.adapters.meetings import new_meeting
from visio.adapters.paging import Page, Position
from visio.domain.events import instant
from visio.domain.meeting import Meeting, Span
from visio.domain.request import MeetingRequest, RequestStatus

COLUMNS = """r.id, r.client_id, r.operator_id, r.requested_slots, r.proposed_slots, r.selected_slot,
  r.status, r.message, r.reason, r.source, r.duration_minutes, r.meeting_id, r.version,
  r.created_at, r.updated_at"""
LOCK = text("""
select from public.meeting_requests where id = cast(:id as uuid) for update""")
HELD = text(f"""
select {COLUMNS}, c.name as client_name, c.time_zone as client_time_zone,
       (select coalesce(jsonb_agg(jsonb_build_array(m.scheduled_at, m.ends_at)), '[]')
          from public.meetings m
         where m.operator_id = r.operator_id and m.status in ('scheduled', 'in_progress')
           and exists (
             select from jsonb_array_elements_text(r.requested_slots) s
              where tstzrange(m.scheduled_at, m.ends_at, '[)')
                 && tstzrange(cast(s as timestamptz),
                      cast(s as timestamptz) + make_interval(mins => r.duration_minutes), '[)')
           )) as busy
  from public.meeting_requests r
  join public.clients c on c.id = r.client_id
 where r.id = cast(:id as uuid)""")  # noqa: S608 -- the columns are a constant of this file
OPENING = text("""
select (select count(*) from public.meeting_requests r
         where r.client_id = c.id and r.status in ('pending', 'countered')) as open_requests,
       k.fingerprint, k.answer
  from public.clients c
  left join visio.idempotency_keys k
    on k.caller = c.auth_user_id and k.function = 'request-meeting' and k.key = :key
 where c.auth_user_id = (select auth.uid())""")
INSERT = text("""
insert into public.meeting_requests (id, client_id, operator_id, requested_slots, message,
       duration_minutes, last_slot_at, created_at, updated_at)
values (cast(:id as uuid), cast(:client_id as uuid), cast(:operator_id as uuid),
       cast(:requested_slots as jsonb), :message, cast(:duration_minutes as integer),
       cast(:last_slot_at as timestamptz), cast(:created_at as timestamptz),
       cast(:updated_at as timestamptz))""")
INSERT_BOOKED = text("""
insert into public.meeting_requests (id, client_id, operator_id, requested_slots, message,
       duration_minutes, last_slot_at, created_at, updated_at, selected_slot, status, source,
       meeting_id)
values (cast(:id as uuid), cast(:client_id as uuid), cast(:operator_id as uuid),
       cast(:requested_slots as jsonb), :message, cast(:duration_minutes as integer),
       cast(:last_slot_at as timestamptz), cast(:created_at as timestamptz),
       cast(:updated_at as timestamptz), cast(:selected_slot as timestamptz), :status, :source,
       cast(:meeting_id as uuid))""")
REMEMBER = text("""
insert into visio.idempotency_keys (caller, function, key, fingerprint, answer)
values ((select auth.uid()), 'request-meeting', :key, :fingerprint, cast(:answer as jsonb))""")
DECIDED = text("""
update public.meeting_requests
   set status = :status, selected_slot = cast(:selected_slot as timestamptz), reason = :reason,
       meeting_id = cast(:meeting_id as uuid), version = :version,
       updated_at = cast(:updated_at as timestamptz)
 where id = cast(:id as uuid)""")
FOLLOW_MEETING = text("""
update public.meeting_requests
   set status = :status, version = version + 1
 where meeting_id = cast(:meeting_id as uuid) and status = 'accepted'""")
DUE = text(f"""
select {COLUMNS}
  from public.meeting_requests r
 where r.status in ('pending', 'countered') and r.last_slot_at <= cast(:now as timestamptz)
 order by r.last_slot_at
 limit :limit
   for update skip locked""")  # noqa: S608 -- the columns are a constant of this file
PAGE = text(f"""
select {COLUMNS}
  from public.meeting_requests r
 where (cast(:status as text) is null or r.status = :status)
   and (cast(:at as timestamptz) is null
     or (r.created_at, r.id) < (cast(:at as timestamptz), cast(:id as uuid)))
 order by r.created_at desc, r.id desc
 limit :limit""")  # noqa: S608 -- the columns are a constant of this file

SNAPSHOT = TypeAdapter(MeetingRequest)


@dataclass(frozen=True, slots=True)
class HeldRequest:
    """A request that nobody else can change before this transaction ends."""

    request: MeetingRequest
    client_name: str
    client_time_zone: str
    busy: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client has open already, and what their idempotency key was answered with."""

    open_requests: int
    fingerprint: str | None
    answer: MeetingRequest | None


def opening(tx: Transaction, key: str | None) -> Opening:
    """What must be known before a new request."""
    for row in tx.read(OPENING, key=key or ""):
        answer = row["answer"] and SNAPSHOT.validate_python(row["answer"])
        return Opening(row["open_requests"], row["fingerprint"], answer)
    return Opening(0, None, None)


def add(tx: Transaction, request: MeetingRequest) -> None:
    tx.write(INSERT, **_new(request))


def add_booked(tx: Transaction, request: MeetingRequest) -> None:
    """A request that came decided, from Cal.com."""
    tx.write(
        INSERT_BOOKED,
        **_new(request),
        selected_slot=request.selected_slot,
        status=request.status,
        source=request.source,
        meeting_id=request.meeting_id,
    )


def remember(tx: Transaction, key: str, fingerprint: str, request: MeetingRequest) -> None:
    """Keep the answer for whoever comes with this key again."""
    answer = SNAPSHOT.dump_json(request).decode()
    tx.write(REMEMBER, key=key, fingerprint=fingerprint, answer=answer)


def hold(tx: Transaction, request_id: UUID) -> HeldRequest | None:
    """The request under a lock, with the operator's meetings around its slots."""
    tx.lock(LOCK, id=request_id)
    for row in tx.read(HELD, id=request_id):
        busy = tuple(Span(*map(datetime.fromisoformat, pair)) for pair in row["busy"])
        return HeldRequest(_request(row), row["client_name"], row["client_time_zone"], busy)
    return None


def record(tx: Transaction, request: MeetingRequest, meeting: Meeting | None) -> None:
    """Write a decision and the meeting it made."""
    if meeting is not None:
        tx.write(INSERT_MEETING, **new_meeting(meeting))
    tx.write(
        DECIDED,
        id=request.id,
        status=request.status,
        selected_slot=request.selected_slot,
        reason=request.reason,
        meeting_id=request.meeting_id,
        version=request.version,
        updated_at=request.updated_at,
    )


def follow_meeting(tx: Transaction, meeting: Meeting) -> None:
    """An accepted request ends as its meeting does."""
    tx.write(FOLLOW_MEETING, meeting_id=meeting.id, status=meeting.status)


def due(tx: Transaction, *, now: datetime, limit: int) -> list[MeetingRequest]:
    """Undecided requests whose every slot has passed, under a lock nobody waits for."""
    return [_request(row) for row in tx.read(DUE, now=now, limit=limit)]


def page(
    tx: Transaction, *, status: str | None, after: Position | None, limit: int
) -> Page[MeetingRequest]:
    """The caller's requests, newest first."""
    at, id = after or (None, None)
    rows = tx.read(PAGE, status=status, at=at, id=id, limit=limit + 1)
    return Page.of([_request(row) for row in rows], limit)


def _new(request: MeetingRequest) -> dict[str, object]:
    return {
        "id": request.id,
        "client_id": request.client_id,
        "operator_id": request.operator_id,
        "requested_slots": json.dumps([instant(slot) for slot in request.requested_slots]),
        "message": request.message,
        "duration_minutes": request.duration_minutes,
        "last_slot_at": max(request.requested_slots),
        "created_at": request.created_at,
        "updated_at": request.updated_at,
    }


def _request(row: Mapping[str, Any]) -> MeetingRequest:
    return MeetingRequest(
        id=row["id"],
        client_id=row["client_id"],
        operator_id=row["operator_id"],
        requested_slots=_slots(row["requested_slots"]),
        proposed_slots=row["proposed_slots"] and _slots(row["proposed_slots"]),
        selected_slot=row["selected_slot"],
        status=RequestStatus(row["status"]),
        message=row["message"],
        reason=row["reason"],
        source=row["source"],
        duration_minutes=row["duration_minutes"],
        meeting_id=row["meeting_id"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _slots(values: list[str]) -> tuple[datetime, ...]:
    return tuple(map(datetime.fromisoformat, values))

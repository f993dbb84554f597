"""The SQL of meeting requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from msgspec import Struct, convert
from msgspec.json import encode

from visio.adapters.database import SAID, Transaction
from visio.adapters.history import history
from visio.adapters.meetings import PEOPLE, people
from visio.adapters.paging import IN_ORDER, Page, Position, asked, of_caller
from visio.adapters.statements import Statement, text
from visio.domain.events import People, instant
from visio.domain.meeting import Meeting, Span
from visio.domain.refusals import StillLocked, Unavailable
from visio.domain.request import ListedRequest, MeetingRequest, RequestStatus

COLUMNS = """r.id, r.client_id, r.operator_id, r.requested_slots, r.proposed_slots, r.selected_slot,
  r.status, r.message, r.reason, r.source, r.duration_minutes, r.meeting_id, r.rounds, r.version,
  r.created_at, r.updated_at"""
LOCK = text("""
select from public.meeting_requests where id = cast(:id as uuid) for update""")
# The operator's live meetings, each with the rest after it, that overlap a slot on the table (or
# one of :slots, which are about to be). What ranges overlap is asked behind the row policies,
# meeting by meeting, since && might tell what it sees; how instants compare tells nothing, and
# finds by an index those that begin within the slot, and the last one before it. No other reaches
# into it: live meetings of one operator do not overlap, says `meetings_one_at_a_time`. `offset 0`
# keeps the slots computed, or the comparison would hold a function again.
_BUSY = """
  (select coalesce(jsonb_agg(distinct jsonb_build_array(m.scheduled_at,
            m.ends_at + make_interval(mins => m.buffer_minutes))), '[]')
     from (select cast(slot as timestamptz) as at,
                  cast(slot as timestamptz)
                    + make_interval(mins => r.duration_minutes + cast(:buffer as integer)) as until
             from jsonb_array_elements_text(r.requested_slots || coalesce(r.proposed_slots, '[]')
                    || cast(:slots as jsonb)) slot
           offset 0) s
    cross join lateral (
      (select before.scheduled_at, before.ends_at, before.buffer_minutes
         from public.meetings before
        where before.operator_id = r.operator_id and before.status in ('scheduled', 'in_progress')
          and before.scheduled_at <= s.at and before.id is distinct from r.meeting_id
        order by before.scheduled_at desc
        limit 1)
      union all
      (select within.scheduled_at, within.ends_at, within.buffer_minutes
         from public.meetings within
        where within.operator_id = r.operator_id and within.status in ('scheduled', 'in_progress')
          and within.scheduled_at > s.at and within.scheduled_at < s.until
          and within.id is distinct from r.meeting_id)) m
    where tsrange(m.scheduled_at at time zone 'UTC',
                  (m.ends_at at time zone 'UTC') + make_interval(mins => m.buffer_minutes), '[)')
       && tsrange(s.at at time zone 'UTC', s.until at time zone 'UTC', '[)')) as busy"""
_HISTORY = """
  (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')
     from public.transitions t
    where t.request_id = r.id and t.subject = 'request') as history"""
_OF_PEOPLE = """
  from public.meeting_requests r
  join public.clients c on c.id = r.client_id
  join public.operators o on o.id = r.operator_id"""
HELD = text(f"""
select {COLUMNS}, {PEOPLE}, {_BUSY} {_OF_PEOPLE}
 where r.id = cast(:id as uuid)""")
# Whoever asks twice at once is counted one after the other: no limit is passed by two at a time.
ONE_AT_A_TIME = text("""
select pg_advisory_xact_lock(hashtextextended(concat_ws('/', 'ask', visio.caller()), 4262))""")
# Held by whoever came with this key until they are done: it tells them from another request of the
# same client's.
KEY_IS_FREE = text("""
select pg_try_advisory_xact_lock(hashtextextended(
         concat_ws('/', 'key', visio.caller(), cast(:key as text)), 4262)) as free""")
OPENING = text("""
select (select count(*) from public.meeting_requests r
         where r.client_id = c.id and r.status in ('pending', 'countered')) as open_requests,
       k.fingerprint, k.answer
  from public.clients c
  left join visio.idempotency_keys k
    on k.caller = c.auth_user_id and k.function = 'request-meeting' and k.key = :key
 where c.auth_user_id = (select visio.caller())""")
INSERT = text("""
insert into public.meeting_requests (id, client_id, operator_id, requested_slots, message,
       duration_minutes, last_slot_at, remind_at, created_at, updated_at)
values (cast(:id as uuid), cast(:client_id as uuid), cast(:operator_id as uuid),
       cast(:requested_slots as jsonb), :message, cast(:duration_minutes as integer),
       cast(:last_slot_at as timestamptz), cast(:remind_at as timestamptz),
       cast(:created_at as timestamptz), cast(:updated_at as timestamptz))""")
INSERT_BOOKED = text("""
insert into public.meeting_requests (id, client_id, operator_id, requested_slots, message,
       duration_minutes, last_slot_at, remind_at, created_at, updated_at, selected_slot, status,
       source, reason, meeting_id)
values (cast(:id as uuid), cast(:client_id as uuid), cast(:operator_id as uuid),
       cast(:requested_slots as jsonb), :message, cast(:duration_minutes as integer),
       cast(:last_slot_at as timestamptz), cast(:remind_at as timestamptz),
       cast(:created_at as timestamptz), cast(:updated_at as timestamptz),
       cast(:selected_slot as timestamptz), :status, :source, :reason,
       cast(:meeting_id as uuid))""")
REARRANGE = text("""
update public.meeting_requests
   set requested_slots = cast(:requested_slots as jsonb),
       duration_minutes = cast(:duration_minutes as integer),
       remind_at = cast(:remind_at as timestamptz)
 where id = cast(:id as uuid)""")
REMEMBER = text("""
insert into visio.idempotency_keys (caller, function, key, fingerprint, answer)
values ((select visio.caller()), 'request-meeting', :key, :fingerprint, cast(:answer as jsonb))""")
DECIDED = text("""
update public.meeting_requests r
   set status = n.status, selected_slot = n.selected_slot, proposed_slots = n.proposed_slots,
       reason = n.reason, last_slot_at = n.last_slot_at, meeting_id = n.meeting_id,
       rounds = n.rounds, version = n.version, updated_at = n.updated_at
  from visio.each_of(cast(:requests as jsonb)) as item, jsonb_to_record(item)
    as n(id uuid, status text, selected_slot timestamptz, proposed_slots jsonb, reason text,
         last_slot_at timestamptz, meeting_id uuid, rounds integer, version bigint,
         updated_at timestamptz)
 where r.id = n.id""")
FOLLOW_MEETINGS = text("""
update public.meeting_requests r
   set status = n.status, version = r.version + 1
  from visio.each_of(cast(:meetings as jsonb)) as item,
       jsonb_to_record(item) as n(id uuid, status text)
 where r.meeting_id = n.id and r.status = 'accepted'""")
DUE = text(f"""
select {COLUMNS}, {PEOPLE} {_OF_PEOPLE}
 where r.status in ('pending', 'countered') and r.last_slot_at <= cast(:now as timestamptz)
 order by r.last_slot_at
 limit :limit
   for update of r skip locked""")
UNANSWERED = text(f"""
select {COLUMNS}, {PEOPLE} {_OF_PEOPLE}
 where r.status = 'pending' and r.remind_at <= cast(:now as timestamptz)
   and (r.last_slot_at > cast(:now as timestamptz)) is true
 order by r.remind_at
 limit :limit
   for update of r skip locked""")
REMINDED = text("""
update public.meeting_requests set remind_at = null where id = any (cast(:ids as uuid[]))""")
# What a decision and a new request consist of, for pages to ask ahead of their first caller.
DECIDING, OPENED = (LOCK, HELD, DECIDED, *SAID), (OPENING, *SAID)


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


class HeldRequest(Struct, frozen=True):
    """A request that nobody else can change before this transaction ends."""

    request: MeetingRequest
    people: People
    busy: tuple[Span, ...] = ()


class Opening(Struct, frozen=True):
    """What a client has open already, and what their idempotency key was answered with."""

    open_requests: int
    fingerprint: str | None
    answer: MeetingRequest | None


def opening(tx: Transaction, key: str | None) -> Opening:
    """What must be known before a new request; nobody else asks as this caller meanwhile.

    Raises StillLocked where a request with this key takes too long, Unavailable where another does.
    """
    taken = tx.also(KEY_IS_FREE, key=key or "")
    tx.lock(ONE_AT_A_TIME)
    try:
        found = tx.read(OPENING, key=key or "")
    except StillLocked as locked:
        # Without an answer, it was the count of their calls that had to wait.
        if not taken.answered or taken.rows[0]["free"]:
            raise Unavailable(locked.said) from locked
        raise
    for row in found:
        answer = row["answer"] and convert(row["answer"], MeetingRequest)
        return Opening(row["open_requests"], row["fingerprint"], answer)
    return Opening(0, None, None)


def add(tx: Transaction, request: MeetingRequest) -> None:
    tx.write(INSERT, **_new(request), remind_at=request.remind_at)


def add_booked(tx: Transaction, request: MeetingRequest) -> None:
    """A request that came from Cal.com, in whatever state it is by now."""
    tx.write(
        INSERT_BOOKED,
        **_new(request),
        remind_at=request.remind_at if request.status is RequestStatus.PENDING else None,
        reason=request.reason,
        selected_slot=request.selected_slot,
        status=request.status,
        source=request.source,
        meeting_id=request.meeting_id,
    )


def rearrange(tx: Transaction, request: MeetingRequest) -> None:
    """Write what Cal.com alone may change of a held request: the time that was asked for."""
    tx.write(
        REARRANGE,
        id=request.id,
        requested_slots=_written(request.requested_slots),
        duration_minutes=request.duration_minutes,
        remind_at=request.remind_at if request.status is RequestStatus.PENDING else None,
    )


def remember(tx: Transaction, key: str, fingerprint: str, request: MeetingRequest) -> None:
    """Keep the answer for whoever comes with this key again."""
    answer = encode(request).decode()
    tx.write(REMEMBER, key=key, fingerprint=fingerprint, answer=answer)


def hold(
    tx: Transaction, request_id: UUID, *, slots: Sequence[datetime] = (), buffer: timedelta
) -> HeldRequest | None:
    """The request under a lock, with the operator's meetings around its slots and `slots`."""
    tx.lock(LOCK, id=request_id)
    found = tx.read(HELD, id=request_id, slots=_written(slots), buffer=_minutes(buffer))
    return next((HeldRequest(request(row), people(row), _busy(row)) for row in found), None)


def record(tx: Transaction, *requests: MeetingRequest) -> None:
    """Write what was decided on held requests."""
    tx.write(DECIDED, requests=encode([_decided(request) for request in requests]).decode())


def follow_meetings(tx: Transaction, *meetings: Meeting) -> None:
    """Accepted requests end as their meetings do."""
    ended = [{"id": str(meeting.id), "status": meeting.status} for meeting in meetings]
    tx.write(FOLLOW_MEETINGS, meetings=encode(ended).decode())


def hold_due(tx: Transaction, *, now: datetime, limit: int) -> list[HeldRequest]:
    """Undecided requests whose every slot has passed, under a lock nobody waits for."""
    found = tx.read(DUE, now=now, limit=limit)
    return [HeldRequest(request(row), people(row)) for row in found]


def hold_unanswered(tx: Transaction, *, now: datetime, limit: int) -> list[HeldRequest]:
    """Requests half of whose time to answer has gone by, under a lock nobody waits for.

    They are marked in the same transaction: nobody is reminded of them again.
    """
    found = tx.read(UNANSWERED, now=now, limit=limit)
    if found:
        tx.write(REMINDED, ids=[str(row["id"]) for row in found])
    return [HeldRequest(request(row), people(row)) for row in found]


def page(
    tx: Transaction,
    *,
    status: str | None,
    after: Position | None,
    limit: int,
    buffer: timedelta,
) -> Page[ListedRequest]:
    """The caller's requests, newest first, each with its history."""
    listing = _listing(status and RequestStatus(status), continued=after is not None)
    tx.lock(IN_ORDER)
    rows = tx.read(listing, **asked(after, limit), slots="[]", buffer=_minutes(buffer))
    listed = [
        ListedRequest(request(row), history(row["history"]), _busy(row), row["client_name"])
        for row in rows
    ]
    return Page.of(listed, limit)


@cache
def _listing(status: RequestStatus | None, *, continued: bool) -> Statement:
    in_state = status and f"t.status = '{status}'"
    return text(f"""
select {COLUMNS}, {_HISTORY}, {_BUSY},
       (select c.name from public.clients c where c.id = r.client_id) as client_name
  from ({of_caller("public.meeting_requests", in_state, continued=continued)}) r
 order by r.created_at desc, r.id desc
 limit :limit""")  # noqa: S608 -- the parts are constants


def _decided(request: MeetingRequest) -> dict[str, object]:
    selected, proposed = request.selected_slot, request.proposed_slots
    return {
        "id": str(request.id),
        "status": request.status,
        "selected_slot": selected and instant(selected),
        "proposed_slots": proposed and [instant(slot) for slot in proposed],
        "reason": request.reason,
        "last_slot_at": instant(request.last_slot_at),
        "meeting_id": request.meeting_id and str(request.meeting_id),
        "rounds": request.rounds,
        "version": request.version,
        "updated_at": instant(request.updated_at),
    }


def _new(request: MeetingRequest) -> dict[str, object]:
    return {
        "id": request.id,
        "client_id": request.client_id,
        "operator_id": request.operator_id,
        "requested_slots": _written(request.requested_slots),
        "message": request.message,
        "duration_minutes": request.duration_minutes,
        "last_slot_at": request.last_slot_at,
        "created_at": request.created_at,
        "updated_at": request.updated_at,
    }


def request(row: Mapping[str, Any]) -> MeetingRequest:
    """A request from a row with its columns."""
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
        rounds=row["rounds"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _busy(row: Mapping[str, Any]) -> tuple[Span, ...]:
    return tuple(Span(*map(datetime.fromisoformat, pair)) for pair in row["busy"])


def _slots(values: list[str]) -> tuple[datetime, ...]:
    return tuple(map(datetime.fromisoformat, values))


def _written(slots: Sequence[datetime]) -> str:
    return encode([instant(slot) for slot in slots]).decode()

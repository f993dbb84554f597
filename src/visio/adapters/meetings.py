"""The SQL of meetings and of the lobby in front of each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from visio.adapters.database import SAID, Transaction
from visio.adapters.history import history
from visio.adapters.paging import IN_ORDER, Page, Position, asked, of_caller
from visio.adapters.statements import Statement, text
from visio.domain.events import People
from visio.domain.lobby import MESSAGES_KEPT, Knock, KnockStatus, Lobby, LobbyMessage
from visio.domain.meeting import ListedMeeting, Meeting, MeetingStatus, Outcome, Reminder

COLUMNS = """m.id, m.client_id, m.operator_id, m.title, m.scheduled_at, m.ends_at, m.status,
  m.outcome, m.source, m.started_at, m.ended_at, m.cancel_reason, m.operator_present,
  m.operator_seen_at, m.client_seen_at, m.operator_joined_at, m.client_joined_at, m.epoch,
  m.buffer_minutes, m.ical_uid, m.ical_sequence, m.client_no_show, m.version, m.created_at"""
KNOCK = """k.id as knock_id, k.status as knock_status, k.since, k.renewed_at, k.reason,
  k.devices, k.next_step, k.remind_at, k.admitted_at, k.ended_at as knock_ended_at"""
PEOPLE = """c.name as client_name, o.name as operator_name,
  c.time_zone as client_time_zone, o.time_zone as operator_time_zone"""
INSERT = text("""
insert into public.meetings (id, client_id, operator_id, title, scheduled_at, ends_at,
       buffer_minutes, source, created_at)
values (cast(:id as uuid), cast(:client_id as uuid), cast(:operator_id as uuid), :title,
       cast(:scheduled_at as timestamptz), cast(:ends_at as timestamptz),
       cast(:buffer_minutes as integer), :source, cast(:created_at as timestamptz))""")
INSERT_BOOKED = text("""
insert into public.meetings (id, client_id, operator_id, title, scheduled_at, ends_at,
       buffer_minutes, source, created_at, ical_uid, ical_sequence, status, cancel_reason, ended_at)
values (cast(:id as uuid), cast(:client_id as uuid), cast(:operator_id as uuid), :title,
       cast(:scheduled_at as timestamptz), cast(:ends_at as timestamptz),
       cast(:buffer_minutes as integer), :source, cast(:created_at as timestamptz), :ical_uid,
       cast(:ical_sequence as integer), :status, :cancel_reason, cast(:ended_at as timestamptz))""")
# At another time nobody has been reminded of it yet. Nobody has to be who hears of it only when a
# reminder would have come.
REARRANGE = text("""
update public.meetings m
   set title = :title, scheduled_at = n.scheduled_at, ends_at = n.ends_at,
       buffer_minutes = cast(:buffer_minutes as integer),
       client_no_show = cast(:client_no_show as boolean),
       reminded_day_at = case when m.scheduled_at = n.scheduled_at then m.reminded_day_at
                              when n.scheduled_at < now() + interval '24 hours' then now() end,
       reminded_quarter_at = case when m.scheduled_at = n.scheduled_at then m.reminded_quarter_at
                                  when n.scheduled_at < now() + interval '15 minutes'
                                  then now() end
  from (select cast(:scheduled_at as timestamptz) as scheduled_at,
               cast(:ends_at as timestamptz) as ends_at) n
 where m.id = cast(:id as uuid)""")
LOCK = text("""
select from public.meetings where id = cast(:id as uuid) for update""")
LOCK_EACH = text("""
select from public.meetings where id = any (cast(:ids as uuid[])) order by id for update""")
_SAID = f"""
  (select coalesce(jsonb_agg(to_jsonb(s) order by s.created_at, s.id), '[]')
     from (select id, sender, canned, body, created_at
             from public.lobby_messages
            where meeting_id = m.id
            order by created_at desc, id desc
            limit {MESSAGES_KEPT}) s) as messages"""  # noqa: S608 -- a constant
_IN_ROOM = """
  (select coalesce(jsonb_agg(jsonb_build_object(
            'session', p.session, 'side', p.side, 'there', p.left_at is null)), '[]')
     from visio.room_presence p
    where p.meeting_id = m.id and p.joined_at is not null) as connections"""
LOBBY_OF = f"""
select {COLUMNS}, r.id as request_id, {KNOCK}, {PEOPLE},
  c.locale as client_locale, o.locale as operator_locale, {_IN_ROOM}, {_SAID}
  from public.meetings m
  join public.clients c on c.id = m.client_id
  join public.operators o on o.id = m.operator_id
  left join public.meeting_requests r on r.meeting_id = m.id
  left join lateral (
    select * from public.lobby_knocks
     where meeting_id = m.id order by created_at desc, id desc limit 1) k on true"""  # noqa: S608 -- the columns are constants of this file
LOBBY = text(LOBBY_OF + " where m.id = cast(:id as uuid)")
LOBBIES = text(LOBBY_OF + " where m.id = any (cast(:ids as uuid[]))")
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
NEAR = text("""
select m.id
  from public.meetings m
 where m.status = 'scheduled' and m.reminded_day_at is null
   and m.scheduled_at > cast(:now as timestamptz) + interval '15 minutes'
   and m.scheduled_at <= cast(:now as timestamptz) + interval '24 hours'
   and m.created_at <= m.scheduled_at - interval '24 hours'
 order by m.scheduled_at
 limit :limit
   for update skip locked""")
VERY_NEAR = text("""
select m.id
  from public.meetings m
 where m.status = 'scheduled' and m.reminded_quarter_at is null
   and m.scheduled_at > cast(:now as timestamptz)
   and m.scheduled_at <= cast(:now as timestamptz) + interval '15 minutes'
   and m.created_at <= m.scheduled_at - interval '15 minutes'
 order by m.scheduled_at
 limit :limit
   for update skip locked""")
REMINDED_DAY = text("""
update public.meetings set reminded_day_at = cast(:now as timestamptz)
 where id = any (cast(:ids as uuid[]))""")
REMINDED_QUARTER = text("""
update public.meetings set reminded_quarter_at = cast(:now as timestamptz)
 where id = any (cast(:ids as uuid[]))""")
UPDATE = text("""
update public.meetings m
   set status = n.status, outcome = n.outcome, started_at = n.started_at, ended_at = n.ended_at,
       cancel_reason = n.cancel_reason, operator_present = n.operator_present,
       operator_seen_at = n.operator_seen_at, client_seen_at = n.client_seen_at, epoch = n.epoch,
       ical_sequence = n.ical_sequence, version = n.version
  from visio.each_of(cast(:meetings as jsonb)) as item, jsonb_to_record(item)
    as n(id uuid, status text, outcome text, started_at timestamptz, ended_at timestamptz,
         cancel_reason text, operator_present boolean, operator_seen_at timestamptz,
         client_seen_at timestamptz, epoch integer, ical_sequence integer, version bigint)
 where m.id = n.id""")
INSERT_KNOCK = text("""
insert into public.lobby_knocks (id, meeting_id, client_id, since, renewed_at, devices, remind_at)
values (cast(:id as uuid), cast(:meeting_id as uuid), cast(:client_id as uuid),
       cast(:since as timestamptz), cast(:renewed_at as timestamptz), :devices,
       cast(:remind_at as timestamptz))""")
UPDATE_KNOCK = text("""
update public.lobby_knocks k
   set status = n.status, reason = n.reason, since = n.since, renewed_at = n.renewed_at,
       devices = n.devices, next_step = n.next_step, remind_at = n.remind_at,
       admitted_at = n.admitted_at, ended_at = n.ended_at
  from visio.each_of(cast(:knocks as jsonb)) as item, jsonb_to_record(item)
    as n(id uuid, status text, reason text, since timestamptz, renewed_at timestamptz,
         devices text, next_step text, remind_at timestamptz, admitted_at timestamptz,
         ended_at timestamptz)
 where k.id = n.id""")
CLEAR = text("""
update public.notifications set read_at = cast(:now as timestamptz)
 where type = 'client_waiting' and read_at is null
   and meeting_id = any (cast(:ids as uuid[]))""")
_HISTORY = """
  (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')
     from public.transitions t where t.meeting_id = m.id) as history"""

# What a change consists of, for pages to ask ahead of their first caller.
CHANGING = (LOCK, LOBBY, UPDATE, UPDATE_KNOCK, *SAID)
CHANGING_MANY = (LOCK_EACH, LOBBIES, UPDATE, UPDATE_KNOCK, *SAID)
REMINDERS: Mapping[Reminder, tuple[Statement, Statement]] = {
    "day": (NEAR, REMINDED_DAY),
    "quarter": (VERY_NEAR, REMINDED_QUARTER),
}


def add(tx: Transaction, meeting: Meeting) -> None:
    """A meeting that two people have agreed on."""
    tx.write(INSERT, **_new(meeting))


def add_booked(tx: Transaction, meeting: Meeting) -> None:
    """A meeting that comes from Cal.com: as calendars know it, and over if it is over already."""
    tx.write(
        INSERT_BOOKED,
        **_new(meeting),
        ical_uid=meeting.ical_uid,
        ical_sequence=meeting.ical_sequence,
        status=meeting.status,
        cancel_reason=meeting.cancel_reason,
        ended_at=meeting.ended_at,
    )
    if meeting.client_no_show:
        rearrange(tx, meeting)


def rearrange(tx: Transaction, meeting: Meeting) -> None:
    """Write what Cal.com alone may change of a held meeting: its time, its title, who came."""
    tx.write(
        REARRANGE,
        id=meeting.id,
        title=meeting.title,
        scheduled_at=meeting.scheduled_at,
        ends_at=meeting.ends_at,
        buffer_minutes=meeting.buffer_minutes,
        client_no_show=meeting.client_no_show,
    )


def _new(meeting: Meeting) -> dict[str, object]:
    return {
        "id": meeting.id,
        "client_id": meeting.client_id,
        "operator_id": meeting.operator_id,
        "title": meeting.title,
        "scheduled_at": meeting.scheduled_at,
        "ends_at": meeting.ends_at,
        "buffer_minutes": meeting.buffer_minutes,
        "source": meeting.source,
        "created_at": meeting.created_at,
    }


def hold(tx: Transaction, meeting_id: UUID) -> Lobby | None:
    """A meeting and its latest knock, under the meeting's lock."""
    tx.lock(LOCK, id=meeting_id)
    return look(tx, meeting_id)


def hold_many(tx: Transaction, ids: Sequence[UUID]) -> list[Lobby]:
    """Some meetings and their knocks, under the meetings' locks. What is not seen is not there."""
    wanted = list(map(str, ids))
    tx.lock(LOCK_EACH, ids=wanted)
    return [lobby(row) for row in tx.read(LOBBIES, ids=wanted)]


def look(tx: Transaction, meeting_id: UUID) -> Lobby | None:
    """A meeting and its latest knock, as they are."""
    return next((lobby(row) for row in tx.read(LOBBY, id=meeting_id)), None)


def hold_over(tx: Transaction, *, ended_by: datetime, limit: int) -> list[Lobby]:
    """Live meetings that ended by an instant, under locks nobody waits for."""
    return hold_each(tx, tx.read(OVER, ended_by=ended_by, limit=limit))


def hold_lapsed(tx: Transaction, *, renewed_by: datetime, limit: int) -> list[Lobby]:
    """Lobbies in which a knock was last renewed by an instant, under locks nobody waits for."""
    return hold_each(tx, tx.read(LAPSED, renewed_by=renewed_by, limit=limit))


def hold_near(tx: Transaction, reminder: Reminder, *, now: datetime, limit: int) -> list[Lobby]:
    """Meetings of which both are to be reminded, under locks nobody waits for.

    They are marked in the same transaction: nobody is reminded of them again. A meeting that was
    agreed on later than the reminder would have come has none, and so has one that has begun.
    """
    near, reminded = REMINDERS[reminder]
    lobbies = hold_each(tx, tx.read(near, now=now, limit=limit))
    if lobbies:
        tx.write(reminded, ids=[str(found.meeting.id) for found in lobbies], now=now)
    return lobbies


def hold_each(tx: Transaction, held: list[Mapping[str, Any]]) -> list[Lobby]:
    """The lobbies of meetings that have just been locked."""
    ids = [str(row["id"]) for row in held]
    return [lobby(row) for row in tx.read(LOBBIES, ids=ids)] if ids else []


def record(tx: Transaction, *changes: tuple[Lobby, Lobby]) -> None:
    """Write what changed of held lobbies, each as it was and as it is.

    Where somebody waits no more, the notification that told of it is read, whoever answered.
    """
    meetings = [after.meeting for before, after in changes if after.meeting != before.meeting]
    if meetings:
        tx.write(UPDATE, meetings=_json(map(_state, meetings)))
    knocks, arrived, answered = [], [], []
    for before, after in changes:
        knock, earlier = after.knock, before.knock
        if knock is None or knock == earlier:
            continue
        if (
            earlier is not None
            and earlier.status is KnockStatus.WAITING
            and (earlier.id != knock.id or knock.status is not KnockStatus.WAITING)
        ):
            answered.append(after)
        if earlier is not None and earlier.id == knock.id:
            knocks.append(knock)
            continue
        if earlier is not None and earlier.status is KnockStatus.WAITING:
            knocks.append(earlier.seen(knock.since))
        arrived.append((after.meeting, knock))
    if answered:
        at = next(lobby.said.at for lobby in answered if lobby.said is not None)
        tx.write(CLEAR, now=at, ids=[str(lobby.meeting.id) for lobby in answered])
    if knocks:
        tx.write(UPDATE_KNOCK, knocks=_json(map(_changed, knocks)))
    for of, knock in arrived:
        tx.write(
            INSERT_KNOCK,
            id=knock.id,
            meeting_id=of.id,
            client_id=of.client_id,
            since=knock.since,
            renewed_at=knock.renewed_at,
            devices=knock.devices,
            remind_at=knock.remind_at,
        )


def page(
    tx: Transaction, *, status: str | None, after: Position | None, limit: int
) -> Page[ListedMeeting]:
    """The caller's meetings, newest first, each with its history."""
    listing = _listing(status and MeetingStatus(status), continued=after is not None)
    tx.lock(IN_ORDER)
    rows = tx.read(listing, **asked(after, limit))
    return Page.of([ListedMeeting(meeting(row), history(row["history"])) for row in rows], limit)


@cache
def _listing(status: MeetingStatus | None, *, continued: bool) -> Statement:
    in_state = status and f"t.status = '{status}'"
    return text(f"""
select {COLUMNS}, r.id as request_id, {_HISTORY}
  from ({of_caller("public.meetings", in_state, continued=continued)}) m
  left join public.meeting_requests r on r.meeting_id = m.id
 order by m.created_at desc, m.id desc
 limit :limit""")  # noqa: S608 -- the parts are constants


def _state(meeting: Meeting) -> dict[str, object]:
    return {
        "id": meeting.id,
        "status": meeting.status,
        "outcome": meeting.outcome,
        "started_at": meeting.started_at,
        "ended_at": meeting.ended_at,
        "cancel_reason": meeting.cancel_reason,
        "operator_present": meeting.operator_present,
        "operator_seen_at": meeting.operator_seen_at,
        "client_seen_at": meeting.client_seen_at,
        "epoch": meeting.epoch,
        "ical_sequence": meeting.ical_sequence,
        "version": meeting.version,
    }


def _changed(knock: Knock) -> dict[str, object]:
    return {
        "id": knock.id,
        "status": knock.status,
        "reason": knock.reason,
        "since": knock.since,
        "renewed_at": knock.renewed_at,
        "devices": knock.devices,
        "next_step": knock.next_step,
        "remind_at": knock.remind_at,
        "admitted_at": knock.admitted_at,
        "ended_at": knock.ended_at,
    }


def _json(rows: Iterable[dict[str, object]]) -> str:
    return json.dumps(list(rows), default=str)


def lobby(row: Mapping[str, Any]) -> Lobby:
    """A meeting with its latest knock, from a row with the columns of both."""
    knock = row["knock_id"] and Knock(
        id=row["knock_id"],
        status=KnockStatus(row["knock_status"]),
        since=row["since"],
        renewed_at=row["renewed_at"],
        devices=row["devices"],
        reason=row["reason"],
        next_step=row["next_step"],
        remind_at=row["remind_at"],
        admitted_at=row["admitted_at"],
        ended_at=row["knock_ended_at"],
    )
    return Lobby(
        meeting(row),
        knock,
        people(row),
        in_room=frozenset(
            one["side"] for one in row["connections"] if one["there"] and one["side"]
        ),
        connections=frozenset(one["session"] for one in row["connections"]),
        messages=messages(row["messages"]),
        locales=(row["client_locale"], row["operator_locale"]),
    )


def messages(rows: Iterable[Mapping[str, Any]]) -> tuple[LobbyMessage, ...]:
    """What was said at a lobby, from rows turned to JSON."""
    return tuple(
        LobbyMessage(
            id=UUID(row["id"]),
            sender=row["sender"],
            canned=row["canned"],
            body=row["body"],
            created_at=datetime.fromisoformat(row["created_at"]).astimezone(UTC),
        )
        for row in rows
    )


def people(row: Mapping[str, Any]) -> People:
    """The two who meet, from a row that joins both."""
    return People(
        client_name=row["client_name"],
        operator_name=row["operator_name"],
        client_time_zone=row["client_time_zone"],
        operator_time_zone=row["operator_time_zone"],
    )


def meeting(row: Mapping[str, Any]) -> Meeting:
    """A meeting from a row with its columns and its request's id."""
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
        operator_joined_at=row["operator_joined_at"],
        client_joined_at=row["client_joined_at"],
        epoch=row["epoch"],
        buffer_minutes=row["buffer_minutes"],
        ical_uid=row["ical_uid"],
        ical_sequence=row["ical_sequence"],
        client_no_show=row["client_no_show"],
        version=row["version"],
        created_at=row["created_at"],
    )

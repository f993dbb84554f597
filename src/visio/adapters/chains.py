"""The SQL of chains: bookings of Cal.com that belong together, and what they became here."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct, convert
from msgspec.json import encode

from visio.adapters import meetings, requests
from visio.adapters.database import Later, Transaction
from visio.adapters.meetings import PEOPLE, people
from visio.adapters.paging import Page, Position, asked, newest
from visio.adapters.statements import Statement, text
from visio.domain.appointment import Held, Party, Settled
from visio.domain.booking import Told
from visio.domain.meeting import Span

MOST_ATTEMPTS = 12
NO_PHASES: Mapping[str, str] = MappingProxyType({})
# In a subquery, so that it is one value: behind row policies it would be asked for at each row.
_HERE = "(select cast(nullif(current_setting('visio.chain', true), '') as uuid))"
_REQUESTS = f"(select request_id from visio.calcom_bookings where chain_id = {_HERE})"  # noqa: S608 -- a constant
HOLD = text("""
select visio.hold_chain(cast(:keys as text[]), cast(:told as jsonb))""")
HOLD_CHOSEN = text("""
select set_config('visio.chain', cast(id as text), true)
  from visio.calcom_chains
 where id = (select cast(nullif(current_setting('visio.chosen', true), '') as uuid))
   for update""")
# Meetings before requests, as everybody else locks them; and again those that came to be meanwhile.
LOCK_MEETINGS = text(f"""
select from public.meetings
 where id in (select meeting_id from public.meeting_requests where id in {_REQUESTS})
 order by id for update""")  # noqa: S608 -- a constant of this file
LOCK_REQUESTS = text(f"""
select from public.meeting_requests where id in {_REQUESTS} order by id for update""")  # nosec B608 -- as above
TOLD_SO_FAR = text(f"""
select told from visio.webhook_inbox
 where chain_id = {_HERE} and told is not null and status <> 'stale'
 order by received_at, id""")  # noqa: S608 -- as above
REQUESTS = text(f"""
select b.uid, {requests.COLUMNS}
  from visio.calcom_bookings b
  join public.meeting_requests r on r.id = b.request_id
 where b.chain_id = {_HERE}
 order by b.uid""")  # noqa: S608 -- as above
LOBBIES = text(f"""{meetings.LOBBY_OF} where r.id in {_REQUESTS}""")
# `offset 0` keeps a value a value. To the planner `coalesce` and a look into JSON might tell what
# they see: in their place no index would answer behind the row policies.
CHAIN = text(f"""
select ch.id, ch.state, ch.summary, ch.operator_id as shown_to, c.id as client_id,
       c.operator_id, c.email as client_email, o.email as operator_email, {PEOPLE},
       concerned.id as concerns,
       (select coalesce(jsonb_agg(jsonb_build_array(p.id, p.time_zone) order by p.id), '[]')
          from (select id, time_zone from public.operators where id = concerned.id
                union all
                select id, time_zone from public.operators
                 where concerned.id is null) p) as readers,
       (select coalesce(jsonb_agg(distinct jsonb_build_array(m.id, m.scheduled_at,
                 m.ends_at + make_interval(mins => m.buffer_minutes))), '[]')
          from visio.webhook_inbox w
          join public.meetings m
            on m.operator_id = c.operator_id and m.status in ('scheduled', 'in_progress')
           and tsrange(m.scheduled_at at time zone 'UTC',
                 (m.ends_at at time zone 'UTC') + make_interval(mins => m.buffer_minutes), '[)')
            && tsrange(w.starts_at at time zone 'UTC',
                 (w.ends_at at time zone 'UTC')
                   + make_interval(mins => cast(:buffer as integer)), '[)')
         where w.chain_id = ch.id and w.starts_at is not null) as busy
  from visio.calcom_chains ch
  left join lateral (
    select client_id from visio.webhook_inbox
     where chain_id = ch.id and client_id is not null and status <> 'stale'
     order by by_token desc, told ->> 'at', uid, id
     limit 1) bound on true
  cross join lateral (
    select coalesce(ch.client_id, cast(:assigned as uuid), bound.client_id) as id offset 0) whose
  left join public.clients c on c.id = whose.id
  left join public.operators o on o.id = c.operator_id
  left join lateral (
    select p.id
      from (select told ->> 'organizer_email' as address
              from visio.webhook_inbox where chain_id = ch.id
            offset 0) w
      join public.operators p on p.email_key = w.address
     order by p.id limit 1) host on true
  cross join lateral (select coalesce(o.id, host.id) as id offset 0) concerned
 where ch.id = {_HERE}""")  # noqa: S608 -- as above
# For pages to ask ahead of their first caller: what is looked at of a chain, once one is held.
LOOKING = (LOCK_MEETINGS, LOCK_REQUESTS, TOLD_SO_FAR, REQUESTS, LOBBIES, CHAIN)
KEEP = text(f"""
update visio.calcom_chains
   set client_id = cast(:client_id as uuid), operator_id = cast(:operator_id as uuid),
       state = :state, summary = cast(:summary as jsonb),
       ends_at = greatest(ends_at, cast(:ends_at as timestamptz))
 where id = {_HERE}""")  # noqa: S608 -- as above
# What waited with the chain shares its fate.
SHARE = text(f"""
update visio.webhook_inbox set status = :status
 where chain_id = {_HERE} and status in ('received', 'quarantined', 'conflict', 'dismissed')
   and status <> :status""")  # noqa: S608 -- as above
BOOKED = text(f"""
insert into visio.calcom_bookings (uid, request_id, chain_id)
values (:uid, cast(:request_id as uuid), {_HERE})""")  # noqa: S608 -- as above
REBOOKED = text("""
update visio.calcom_bookings set uid = :uid where request_id = cast(:request_id as uuid)""")
PHASES = text(f"""
update visio.calcom_bookings b
   set phase = n.phase, attempts = 0, asked_at = null
  from visio.each_of(cast(:phases as jsonb)) as item,
       jsonb_to_record(item) as n(uid text, phase text)
 where b.chain_id = {_HERE} and b.uid = n.uid and b.phase is distinct from n.phase""")  # noqa: S608 -- as above
# What ended or was agreed on here while Cal.com, as far as it told, knows nothing of it. Claimed by
# counting the attempt, so that no lock is held while Cal.com is asked.
DECIDED_HERE = text("""
with decided as (
  select b.uid,
         case when b.phase = 'requested' and r.status = 'accepted'
                   and r.selected_slot = cast(r.requested_slots ->> 0 as timestamptz) then 'confirm'
              when b.phase = 'requested' and r.status in ('accepted', 'rejected') then 'decline'
              else 'cancel' end as verb,
         coalesce(m.cancel_reason, r.reason) as reason
    from visio.calcom_bookings b
    join public.meeting_requests r on r.id = b.request_id
    left join public.meetings m on m.id = r.meeting_id
   -- By an index each: what Cal.com waits with, and what was called off of late. All attempts are
   -- made within a day.
   where b.uid in (
           select uid from visio.calcom_bookings where phase = 'requested'
           union all
           select k.uid
             from public.meeting_requests q join visio.calcom_bookings k on k.request_id = q.id
            where q.source = 'calcom' and q.status in ('cancelled', 'rejected', 'withdrawn')
              and q.updated_at > cast(:now as timestamptz) - interval '7 days'
              and k.phase = 'confirmed')
     and ((b.phase = 'requested' and r.status in ('accepted', 'rejected', 'withdrawn'))
       or (b.phase = 'requested' and r.status = 'cancelled')
       or (b.phase = 'confirmed' and r.status in ('cancelled', 'rejected', 'withdrawn')))
     and coalesce(m.scheduled_at, cast(r.requested_slots ->> 0 as timestamptz))
           > cast(:now as timestamptz)
     and b.attempts < :most
     and (b.asked_at is null or b.asked_at
           < cast(:now as timestamptz) - least(power(2, b.attempts), 60) * interval '1 minute')
   order by b.asked_at nulls first, b.uid
   limit :limit
     for update of b skip locked
)
update visio.calcom_bookings b
   set attempts = b.attempts + 1, asked_at = cast(:now as timestamptz)
  from decided d
 where b.uid = d.uid
returning b.uid, d.verb, d.reason""")
GIVE_UP = text("""
update visio.calcom_bookings set attempts = :most where uid = :uid""")
# Under the operator's own policies: what these do not show is not held for the operator either.
CHOICE = text("""
select set_config('visio.chosen', cast(ch.id as text), true)
  from visio.calcom_chains ch
 where ch.id = cast(:id as uuid)
   and (cast(:client_id as uuid) is null
     or exists (select from public.clients c where c.id = cast(:client_id as uuid)))""")


class Reader(Struct, frozen=True):
    """An operator who is told of something, in their own time."""

    operator_id: UUID
    time_zone: str


class HeldChain(Struct, frozen=True):
    """A chain under its lock: all that was told, and all that there is of it here.

    `party` is None while nobody knows whose bookings they are; `concerns` is the operator, if that
    much is known. `readers` see it in quarantine: that operator, or else all of them. `shown_to` is
    who saw it until now, None for all.
    """

    id: UUID
    state: str
    shown_to: UUID | None
    summary: Mapping[str, Any] | None
    told: Sequence[Told]
    held: Sequence[Held]
    party: Party | None
    concerns: UUID | None
    readers: Sequence[Reader]


class DecidedHere(Struct, frozen=True):
    """A booking that Cal.com is to be told of, and what was decided on it."""

    uid: str
    verb: Literal["confirm", "decline", "cancel"]
    reason: str | None


class WaitingChain(Struct, frozen=True):
    """What an operator sees of a chain that waits for them."""

    id: UUID
    state: str
    summary: Mapping[str, Any]
    created_at: datetime


def hold(tx: Transaction, told: Told, client_id: UUID | None) -> None:
    """Hold the chain that an event belongs to; nobody else changes it until the end.

    `client_id` is whom the booking's link names, if it may be believed.
    """
    tx.lock(HOLD, keys=list(told.keys(client_id)), told=encode(told).decode())
    _hold_rows(tx)


def hold_chosen(tx: Transaction) -> None:
    """The same, of the chain that was chosen; of none if there was none to choose."""
    tx.lock(HOLD_CHOSEN)
    _hold_rows(tx)


def _hold_rows(tx: Transaction) -> None:
    tx.lock(LOCK_MEETINGS)
    tx.lock(LOCK_REQUESTS)
    tx.lock(LOCK_MEETINGS)


def look(tx: Transaction, *, buffer: timedelta, assigned: UUID | None = None) -> HeldChain | None:
    """The chain that is held, as the client's whom it is bound or `assigned` to; None for none."""
    told, asked, lobbies = tx.also(TOLD_SO_FAR), tx.also(REQUESTS), tx.also(LOBBIES)
    found = tx.read(CHAIN, buffer=buffer // timedelta(minutes=1), assigned=assigned)
    if not found:
        return None
    row = found[0]
    waiting = {lobby.meeting.request_id: lobby for lobby in map(meetings.lobby, lobbies.rows)}
    return HeldChain(
        id=row["id"],
        state=row["state"],
        shown_to=row["shown_to"],
        summary=row["summary"],
        told=[convert(one["told"], Told) for one in told.rows],
        held=[
            Held(one["uid"], requests.request(one), waiting.get(one["id"])) for one in asked.rows
        ],
        party=_party(row, buffer),
        concerns=row["concerns"],
        readers=[Reader(UUID(id), time_zone) for id, time_zone in row["readers"]],
    )


def write(tx: Transaction, settled: Settled) -> None:
    """Write what became of one appointment, and say it."""
    before, request, lobby = settled.before, settled.request, settled.lobby
    there = before.lobby if before else None
    if lobby is not None and there is None:
        meetings.add_booked(tx, lobby.meeting)
    elif lobby is not None and there is not None:
        meetings.record(tx, (there, lobby))
        meetings.rearrange(tx, lobby.meeting)
    if before is None:
        requests.add_booked(tx, request)
        tx.write(BOOKED, uid=settled.head, request_id=request.id)
    else:
        if request != before.request:
            requests.record(tx, request)
            requests.rearrange(tx, request)
        if settled.head != before.uid:
            tx.write(REBOOKED, uid=settled.head, request_id=request.id)
    if settled.said is not None:
        tx.say(settled.said)


def keep(
    tx: Transaction,
    *,
    client_id: UUID | None,
    operator_id: UUID | None,
    state: str,
    summary: Mapping[str, Any] | None,
    ends_at: datetime | None,
    phases: Mapping[str, str] = NO_PHASES,
) -> None:
    """What is known of the held chain now; `phases` by the uid of each of its bookings."""
    tx.write(
        KEEP,
        client_id=client_id,
        operator_id=operator_id,
        state=state,
        summary=summary and json.dumps(summary),
        ends_at=ends_at,
    )
    if phases:
        told = [{"uid": uid, "phase": phase} for uid, phase in phases.items()]
        tx.write(PHASES, phases=json.dumps(told))


def share(tx: Transaction, status: str) -> None:
    """Let the events that waited with the held chain end as it did."""
    tx.write(SHARE, status=status)


def decided_here(tx: Transaction, *, now: datetime, limit: int) -> list[DecidedHere]:
    """What Cal.com is to be told now; it is asked again, ever later, until it says so itself."""
    rows = tx.read(DECIDED_HERE, now=now, limit=limit, most=MOST_ATTEMPTS)
    return [DecidedHere(**row) for row in rows]


def give_up(tx: Transaction, uid: str) -> None:
    """Cal.com will not have it: how it stands there, its own list says."""
    tx.write(GIVE_UP, uid=uid, most=MOST_ATTEMPTS)


def waiting(tx: Transaction, *, after: Position | None, limit: int) -> Page[WaitingChain]:
    """Chains that wait for the calling operator, newest first."""
    rows = tx.read(_listing(continued=after is not None), **asked(after, limit))
    return Page.of([WaitingChain(**row) for row in rows], limit)


@cache
def _listing(*, continued: bool) -> Statement:
    return text(
        newest(
            "visio.calcom_chains",
            "t.state in ('quarantined', 'conflict')",
            continued=continued,
            columns="t.id, t.state, t.summary, t.created_at",
        )
    )


def choose(tx: Transaction, id: UUID, client_id: UUID | None) -> Later:
    """Choose a chain that waits for the calling operator, and maybe a client, being theirs.

    With the next read: a row, or none where either is not theirs.
    """
    return tx.also(CHOICE, id=id, client_id=client_id)


def _party(row: Mapping[str, Any], buffer: timedelta) -> Party | None:
    if row["client_id"] is None:
        return None
    return Party(
        client_id=row["client_id"],
        operator_id=row["operator_id"],
        client_email=row["client_email"],
        operator_email=row["operator_email"],
        people=people(row),
        busy={UUID(id): Span(*map(datetime.fromisoformat, times)) for id, *times in row["busy"]},
        buffer=buffer,
    )

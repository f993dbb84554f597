"""The SQL of the sweep and of signals on their way: the outbox and the relay's memory."""

import json
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from visio.adapters.database import Transaction
from visio.adapters.statements import text
from visio.domain.events import Signal

DUE = text(
    """
select exists (select from public.meetings
                where status in ('scheduled', 'in_progress')
                  and ends_at <= cast(:ended_by as timestamptz)) as meetings,
       exists (select from public.meeting_requests
                where status in ('pending', 'countered')
                  and last_slot_at <= cast(:now as timestamptz)) as requests,
       exists (select from public.lobby_knocks
                where status = 'waiting'
                  and renewed_at <= cast(:renewed_by as timestamptz)) as knocks,
       exists (select from public.lobby_knocks
                where remind_at <= cast(:now as timestamptz)) as unanswered,
       exists (select from visio.room_orders
                where done_at is null and dropped_at is null
                  and next_attempt_at <= cast(:now as timestamptz)) as orders,
       exists (select from visio.push_outbox
                where sent_at is null and dropped_at is null
                  and next_attempt_at <= cast(:now as timestamptz)) as pushes,
       exists (select from public.meetings m
                where m.status = 'scheduled' and m.reminded_day_at is null
                  and m.scheduled_at > cast(:now as timestamptz) + interval '15 minutes'
                  and m.scheduled_at <= cast(:now as timestamptz) + interval '24 hours'
                  and m.created_at <= m.scheduled_at - interval '24 hours') as day_reminders,
       exists (select from public.meetings m
                where m.status = 'scheduled' and m.reminded_quarter_at is null
                  and m.scheduled_at > cast(:now as timestamptz)
                  and m.scheduled_at <= cast(:now as timestamptz) + interval '15 minutes'
                  and m.created_at <= m.scheduled_at - interval '15 minutes') as quarter_reminders,
       exists (select from public.meeting_requests
                where status = 'pending' and remind_at <= cast(:now as timestamptz)
                  -- « is true », or the index of this column is taken, by which nearly all are due.
                  and (last_slot_at > cast(:now as timestamptz)) is true) as request_reminders,
       exists (select from visio.mail_outbox
                where sent_at is null and dropped_at is null
                  and next_attempt_at <= cast(:now as timestamptz)) as mails,
       exists (select from visio.signal_outbox
                where published_at is null
                  and next_attempt_at <= cast(:now as timestamptz)) as signals""",
    anew=True,  # as what there is to forget is
)
# Claimed by moving the next attempt forward, so that no lock is held while publishing.
CLAIM = text("""
update visio.signal_outbox o
   set attempts = o.attempts + 1,
       next_attempt_at = cast(:now as timestamptz)
         -- The exponent is held down first: nothing is known of how often it will be tried.
         + least(power(2, least(o.attempts + 1, 9)), 300) * interval '1 second'
         + random() * interval '5 seconds'
 where o.event_id in (
   select event_id from visio.signal_outbox
    where published_at is null and next_attempt_at <= cast(:now as timestamptz)
    order by next_attempt_at
    limit :limit
      for update skip locked)
returning o.event_id, o.channel, o.event, o.payload""")
# A claim lasts 30 s: what a crash left unsent may then be claimed again.
CLAIM_RELAY = text("""
insert into visio.relayed_signals as s (event_id, claimed_at)
values (cast(:id as uuid), cast(:now as timestamptz))
on conflict (event_id) do update
   set claimed_at = excluded.claimed_at
 where s.sent_at is null and s.claimed_at < excluded.claimed_at - interval '30 seconds'
returning event_id""")
RELAYED = text("""
select sent_at from visio.relayed_signals where event_id = cast(:id as uuid)""")
SENT = text("""
update visio.relayed_signals set sent_at = cast(:now as timestamptz)
 where event_id = cast(:id as uuid)""")
RELEASE = text("""
delete from visio.relayed_signals where event_id = cast(:id as uuid) and sent_at is null""")
BURY = text("""
insert into visio.dead_signals (reason, envelope) values (:reason, cast(:envelope as jsonb))""")


class Due(Struct, frozen=True):
    """Whether there is anything of each kind for the sweep to do."""

    meetings: bool
    requests: bool
    knocks: bool
    unanswered: bool
    orders: bool
    pushes: bool
    day_reminders: bool
    quarter_reminders: bool
    request_reminders: bool
    mails: bool
    signals: bool


def due(tx: Transaction, *, now: datetime, ended_by: datetime, renewed_by: datetime) -> Due:
    """Look at everything that time or a crash may have left behind, in one statement."""
    return Due(**tx.read(DUE, now=now, ended_by=ended_by, renewed_by=renewed_by)[0])


def claim(tx: Transaction, *, now: datetime, limit: int) -> list[Signal]:
    """Unpublished signals that are due; nobody else gets them for a while."""
    return [Signal(**row) for row in tx.read(CLAIM, now=now, limit=limit)]


def claim_relay(tx: Transaction, event_id: UUID, *, now: datetime) -> bool | None:
    """True: ours to send. False: sent before. None: somebody is sending it."""
    if tx.read(CLAIM_RELAY, id=event_id, now=now):
        return True
    sent = any(row["sent_at"] is not None for row in tx.read(RELAYED, id=event_id))
    return False if sent else None


def settle_relay(tx: Transaction, event_id: UUID, *, sent: bool, now: datetime) -> None:
    """Remember that it was sent, or let the next delivery try again."""
    if sent:
        tx.write(SENT, id=event_id, now=now)
    else:
        tx.write(RELEASE, id=event_id)


def bury(tx: Transaction, reason: str, envelope: object) -> None:
    """Keep what can never be sent, to be looked at."""
    tx.write(BURY, reason=reason, envelope=json.dumps(envelope))

"""Years of use in minutes: requests with all that the product would have written around them.

Everything of a request follows from its number: when it was asked, by whom, and what became of it.
Rows are written week by week, in the order in which they would have come, without indexes, which
are built at the end: that checks what is unique, and that no two live meetings overlap. Checks
hold as always; foreign keys hold by the way it is made, and a test looks. Nothing is due when it
is done.
"""

import contextlib
import itertools
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import pg8000.native
from msgspec.json import encode

from local import postgres
from tests.world import ALICE, BRUNO, MIKL, NORA, PAYLOADS
from visio.domain.booking import CalcomEvent

YEARS_IN_DAYS = 1095
PER_OPERATOR, CLIENTS_EACH = 1000, 25
OF_MIKL, OF_NORA = 400, 100
HOT_AT_MOST = 100_000
MANY = 50_000
HOT = "99999999-9999-4999-8999-999999999999"
TABLES = (
    *("public.operators", "public.clients", "public.meeting_requests", "public.meetings"),
    *("public.lobby_knocks", "public.lobby_messages", "public.notifications"),
    *("public.transitions", "visio.signal_outbox", "visio.relayed_signals", "visio.mail_outbox"),
    *("visio.room_orders", "visio.room_presence", "visio.webhook_inbox", "visio.calcom_chains"),
    *("visio.calcom_keys", "visio.calcom_bookings", "visio.idempotency_keys", "visio.call_rates"),
    *("visio.push_subscriptions", "visio.mail_choices", "visio.calendar_feeds"),
)

AGREED = "held missed cancelled scheduled waiting"
ALL = f"{AGREED} rejected withdrawn countered expired pending"
# What happens to a request of a kind and a source: from which instant on, and how many minutes on.
# Subject, actor, action, the two states, and the function.
STEPS = (
    (ALL, "form", "asked", 0, "request client ask - pending request_meeting"),
    (AGREED, "form", "asked", 120, "request operator accept pending accepted decide_request"),
    (AGREED, "form", "asked", 120, "meeting operator agree - scheduled decide_request"),
    (AGREED, "calcom", "asked", 0, "request calcom book - accepted calcom_webhook"),
    (AGREED, "calcom", "asked", 0, "meeting calcom book - scheduled calcom_webhook"),
    ("rejected", "form", "asked", 120, "request operator reject pending rejected decide_request"),
    (
        "withdrawn",
        "form",
        "asked",
        180,
        "request client withdraw pending withdrawn answer_proposal",
    ),
    (
        "countered",
        "form",
        "asked",
        120,
        "request operator propose pending countered decide_request",
    ),
    ("expired", "form", "last", 1, "request system expire pending expired complete_meetings"),
    (
        "cancelled",
        "any",
        "asked",
        1440,
        "meeting operator cancel scheduled cancelled cancel_meeting",
    ),
    (
        "cancelled",
        "any",
        "asked",
        1440,
        "request operator cancel accepted cancelled cancel_meeting",
    ),
    ("held", "any", "lived", -3, "knock client knock - waiting lobby_signal"),
    ("held", "any", "lived", 1, "knock operator admit waiting admitted lobby_signal"),
    ("held", "any", "lived", 1, "meeting operator start scheduled in_progress lobby_signal"),
    ("held", "any", "lived", 14, "meeting operator complete in_progress completed lobby_signal"),
    ("held", "any", "lived", 14, "request operator complete accepted completed lobby_signal"),
    ("held", "any", "lived", 14, "knock operator complete admitted left lobby_signal"),
    ("missed", "any", "lived", 45, "meeting system complete scheduled completed complete_meetings"),
    ("missed", "any", "lived", 45, "request system complete accepted completed complete_meetings"),
    ("waiting", "any", "now", -4, "knock client knock - waiting lobby_signal"),
)
# Who is told what, in the same way; of a meeting or of the request.
NOTICES = (
    (ALL, "form", "asked", 0, "operator request_created request"),
    (AGREED, "form", "asked", 120, "client request_accepted meeting"),
    (AGREED, "calcom", "asked", 0, "client meeting_booked meeting"),
    ("rejected", "form", "asked", 120, "client request_rejected request"),
    ("countered", "form", "asked", 120, "client request_countered request"),
    ("withdrawn", "form", "asked", 180, "operator request_withdrawn request"),
    ("expired", "form", "last", 1, "client request_expired request"),
    ("cancelled", "any", "asked", 1440, "client meeting_cancelled meeting"),
    ("held missed", "any", "lived", -1440, "client meeting_reminder_day meeting"),
    ("held missed", "any", "lived", -1440, "operator meeting_reminder_day meeting"),
    ("held missed", "any", "lived", -15, "client meeting_reminder_quarter meeting"),
    ("held missed", "any", "lived", -15, "operator meeting_reminder_quarter meeting"),
    ("held", "any", "lived", -3, "operator client_waiting meeting"),
    ("waiting", "any", "now", -4, "operator client_waiting meeting"),
)
# On which channel, and what.
SIGNALS = (
    (ALL, "form", "asked", 0, "operator request_created"),
    (AGREED, "any", "asked", 120, "client request_decided"),
    ("rejected countered", "form", "asked", 120, "client request_decided"),
    ("withdrawn", "form", "asked", 180, "operator request_decided"),
    ("expired", "form", "last", 1, "client request_decided"),
    ("cancelled", "any", "asked", 1440, "meeting meeting_cancelled"),
    ("held", "any", "lived", -3, "meeting client_waiting"),
    ("held", "any", "lived", -3, "operator client_waiting"),
    ("held", "any", "lived", 1, "meeting operator_joined"),
    ("held", "any", "lived", 1, "operator operator_joined"),
    ("held", "any", "lived", 14, "meeting meeting_completed"),
    ("missed", "any", "lived", 45, "meeting meeting_completed"),
    ("waiting", "any", "now", -4, "meeting client_waiting"),
    ("waiting", "any", "now", -4, "operator client_waiting"),
)
RINGS = tuple(
    (kinds, source, when, minutes, f"{what.split()[0]} notification_created")
    for kinds, source, when, minutes, what in NOTICES
)

PEOPLE = """
create temporary table grown_people as
with ordinary as (
  select o as operator_no, gen_random_uuid() as operator_id
    from generate_series(3, cast(:operators as integer) + 2) o
), everybody as (
  select 0 as operator_no, cast(:hot as uuid) as operator_id, cast(:hot_clients as integer) as many
  union all select 1, cast(:mikl as uuid), :each
  union all select 2, cast(:nora as uuid), :each
  union all select operator_no, operator_id, :each from ordinary
)
select e.operator_no, c as client_no, e.operator_id,
       case when e.operator_no = 1 and c = 0 then cast(:alice as uuid)
            when e.operator_no = 1 and c = 1 then cast(:bruno as uuid)
            else gen_random_uuid() end as client_id
  from everybody e cross join lateral generate_series(0, e.many - 1) c"""
OPERATORS = """
insert into public.operators (id, name, email, email_key, created_at, updated_at)
select operator_id, 'Conseil ' || operator_no, 'conseil-' || operator_no || '@foxeo.example',
       'conseil-' || operator_no || '@foxeo.example', cast(:since as timestamptz),
       cast(:since as timestamptz)
  from grown_people where client_no = 0 and operator_no not in (1, 2)"""
CLIENTS = """
insert into public.clients
       (id, auth_user_id, operator_id, name, email, created_at, updated_at)
select client_id, gen_random_uuid(), operator_id, 'Client ' || operator_no || '-' || client_no,
       'client-' || operator_no || '-' || client_no || '@client.example',
       cast(:since as timestamptz) + client_no * interval '1 day',
       cast(:since as timestamptz) + client_no * interval '1 day'
  from grown_people
 where client_id not in (cast(:alice as uuid), cast(:bruno as uuid))
 order by client_no, operator_no"""
# Each step is materialized, or the next repeats its expressions in each of its own.
# One request after another through three years. The people of the demonstration have as many as
# one consultant has, all of them over; a busy one has every twentieth; the rest share what is left.
REQUESTS_OF = """
create temporary table grown as
with numbered as materialized (
  select i, cast(:since as timestamptz) + (cast(:now as timestamptz) - cast(:since as timestamptz))
              * (i / cast(:size as float8)) as created_at,
         cast(i as bigint) * :of_mikl as mikl,
         -- A third of a turn aside, or hers would fall on his at every size.
         cast(i as bigint) * :of_nora + :size / 3 as nora,
         (hashint4(i) & 2147483647) % 100 as luck,
         (hashint4(-i) & 2147483647) % 100 as other
    from generate_series(1, cast(:size as integer)) i
), owned as materialized (
  select n.*, created_at + interval '7 days' as slot,
         case when created_at < cast(:now as timestamptz) - interval '12 days'
                   and mikl / :size > (mikl - :of_mikl) / :size
              then 1
              when created_at < cast(:now as timestamptz) - interval '12 days'
                   and nora / :size > (nora - :of_nora) / :size
              then 2
              when i % cast(:stride as integer) = 1 then 0
              else 3 + i % cast(:operators as integer) end as operator_no
    from numbered n
), placed as materialized (
  select o.*,
         case when operator_no = 1 then cast(mikl / :size as integer)
              when operator_no = 2 then cast(nora / :size as integer)
              when operator_no = 0 then i / cast(:stride as integer)
              else i / cast(:operators as integer) end as turn,
         case when created_at > cast(:now as timestamptz) - interval '26 hours' then 'pending'
              when slot > cast(:now as timestamptz) + interval '26 hours' then
                case when luck < 70 then case when i % 50 = 0 then 'waiting' else 'scheduled' end
                     when luck < 95 then 'pending' else 'countered' end
              when slot > cast(:now as timestamptz) - interval '4 hours' then
                case when luck < 50 then 'rejected' else 'withdrawn' end
              when luck < 62 then 'held'
              when luck < 68 then 'missed'
              when luck < 76 then 'cancelled'
              when luck < 86 then 'rejected'
              when luck < 94 then 'expired'
              else 'withdrawn' end as kind
    from owned o
)
select p.i, gen_random_uuid() as request_id, agreed.meeting_id, agreed.source, p.kind,
       who.operator_no, who.operator_id, who.client_id, p.created_at, p.slot,
       p.slot + (p.i % 3) * interval '1 hour' as last_slot_at,
       case p.i % 3
         when 0 then jsonb_build_array(at.one)
         when 1 then jsonb_build_array(at.one, at.two)
         else jsonb_build_array(at.one, at.two, at.three) end as slots
  from placed p
  join grown_people who
    on who.operator_no = p.operator_no
   and who.client_no = case when p.operator_no = 1 and p.turn % 5 < 2 then p.turn % 5
                            when p.operator_no = 0 then p.turn % cast(:hot_clients as integer)
                            else p.turn % cast(:each as integer) end
 cross join lateral (
   select case when p.kind in ('held', 'missed', 'cancelled', 'scheduled', 'waiting')
               then gen_random_uuid() end as meeting_id,
          case when p.kind in ('held', 'missed', 'cancelled', 'scheduled', 'waiting')
                    and p.other < 30 then 'calcom' else 'form' end as source) agreed
 cross join lateral (
   select to_char(p.slot at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as one,
          to_char(p.slot at time zone 'UTC' + interval '1 hour',
                  'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as two,
          to_char(p.slot at time zone 'UTC' + interval '2 hours',
                  'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as three) at"""
ASKED = (
    """
insert into public.meeting_requests (id, client_id, operator_id, requested_slots, proposed_slots,
       selected_slot, status, message, reason, source, duration_minutes, last_slot_at, meeting_id,
       version, created_at, updated_at, rounds, remind_at)
select request_id, client_id, operator_id, slots, case when kind = 'countered' then slots end,
       case when meeting_id is not null then slot end,
       case kind when 'held' then 'completed' when 'missed' then 'completed'
                 when 'scheduled' then 'accepted' when 'waiting' then 'accepted' else kind end,
       case when source = 'calcom' then 'Réservation via Cal.com'
            when i % 5 < 3 then 'Bonjour, je voudrais faire le point sur le dossier ' || i || '.'
       end,
       case when kind = 'rejected' then 'Ce jour-là je ne suis pas disponible.' end,
       source, 15, last_slot_at, meeting_id, 2, created_at, created_at + interval '2 hours',
       case when kind = 'countered' then 1 else 0 end,
       case when source = 'form' and kind <> 'expired'
             and (kind <> 'pending' or created_at > now() - interval '1 day')
            then created_at + interval '3 days 12 hours' end
  from grown where i > :after and i <= :upto order by i""",
    """
insert into public.meetings (id, client_id, operator_id, title, scheduled_at, ends_at, status,
       outcome, source, started_at, ended_at, cancel_reason, operator_seen_at, client_seen_at,
       version, created_at, updated_at, ical_uid, ical_sequence, reminded_day_at,
       reminded_quarter_at, epoch, client_joined_at, operator_joined_at)
select meeting_id, client_id, operator_id, 'Conseil ' || operator_no || ' – Client', slot,
       slot + interval '15 minutes',
       case kind when 'held' then 'completed' when 'missed' then 'completed'
                 when 'waiting' then 'scheduled' else kind end,
       case kind when 'held' then 'held' when 'missed' then 'unknown' end, source,
       case when kind = 'held' then slot + interval '1 minute' end,
       case kind when 'held' then slot + interval '14 minutes'
                 when 'missed' then slot + interval '45 minutes'
                 when 'cancelled' then created_at + interval '1 day' end,
       case when kind = 'cancelled' then 'Un empêchement.' end,
       case when kind = 'held' then slot + interval '1 minute' end,
       case when kind = 'held' then slot - interval '3 minutes' end,
       case when kind = 'held' then 4 else 2 end, created_at, created_at + interval '2 hours',
       case when source = 'calcom' then 'grown-' || i || '@Cal.com' end, 0,
       case when kind in ('held', 'missed') then slot - interval '1 day' end,
       case when kind in ('held', 'missed') then slot - interval '15 minutes' end,
       case when kind = 'held' then 1 else 0 end,
       case when kind = 'held' then slot + interval '1 minute' end,
       case when kind = 'held' then slot + interval '1 minute' end
  from grown
 where i > :after and i <= :upto and meeting_id is not null order by i""",
    # A chain is forgotten a month after its last booking, and what was told of it with it.
    """
insert into visio.calcom_chains (id, client_id, operator_id, state, ends_at, created_at)
select request_id, client_id, operator_id, 'open', slot + interval '15 minutes', created_at
  from grown
 where i > :after and i <= :upto and source = 'calcom' and slot > now() - interval '30 days'
 order by i""",
    """
insert into visio.calcom_keys (key, chain_id)
select 'uid/grown-' || i, request_id from grown
 where i > :after and i <= :upto and source = 'calcom' and slot > now() - interval '30 days'
 order by i""",
    """
insert into visio.calcom_bookings (uid, created_at, request_id, chain_id, phase)
select 'grown-' || i, created_at, request_id, request_id,
       case when kind = 'cancelled' then 'cancelled' else 'confirmed' end
  from grown
 where i > :after and i <= :upto and source = 'calcom' and slot > now() - interval '30 days'
 order by i""",
    """
insert into visio.webhook_inbox (trigger, uid, body, body_sha256, logical_key, status, meeting_id,
       received_at, chain_id, told, client_id, by_token, starts_at, ends_at, keep_until)
select 'BOOKING_CREATED', 'grown-' || i,
       case when created_at > now() - interval '30 days'
            then cast(:body as jsonb) || jsonb_build_object('uid', 'grown-' || i) end,
       encode(sha256(convert_to('grown-' || i, 'UTF8')), 'hex'), 'BOOKING_CREATED/grown-' || i,
       'applied', meeting_id, created_at, request_id,
       cast(:told as jsonb) || jsonb_build_object('uid', 'grown-' || i,
         'ical_uid', 'grown-' || i || '@Cal.com',
         'booker_email', 'client-' || i || '@client.example'),
       client_id, true, slot, slot + interval '15 minutes', created_at + interval '30 days'
  from grown
 where i > :after and i <= :upto and source = 'calcom' and slot > now() - interval '30 days'
 order by i""",
    # Now and then one is bound to nobody, and waits until it is forgotten.
    """
insert into visio.calcom_chains (operator_id, state, summary, ends_at, created_at)
select operator_id, 'quarantined',
       jsonb_build_object('reason', 'unbound', 'bookerName', 'Camille',
         'bookerEmail', 'camille-' || i || '@client.example', 'bookings', jsonb_build_array(
           jsonb_build_object('uid', 'loose-' || i, 'title', 'Découverte', 'status', 'confirmed',
             'startsAt', slots -> 0, 'endsAt', slots -> 0))),
       slot + interval '15 minutes', created_at
  from grown
 where i > :after and i <= :upto and source = 'calcom' and i % 20 = 0 and operator_no <> 1
   and slot > now() - interval '30 days'
 order by i""",
    """
insert into visio.idempotency_keys (caller, function, key, fingerprint, answer, created_at)
select c.auth_user_id, 'request-meeting', cast(g.request_id as text),
       encode(sha256(convert_to('grown-' || i, 'UTF8')), 'hex'),
       jsonb_build_object('id', g.request_id, 'status', 'pending', 'requested_slots', g.slots),
       g.created_at
  from grown g join public.clients c on c.id = g.client_id
 where g.i > :after and g.i <= :upto and g.i % 10 = 0 and g.created_at > now() - interval '1 day'
 order by g.i""",
)
# A week later, when it takes place.
LIVED = (
    """
insert into public.lobby_knocks (meeting_id, client_id, operator_id, status, since, renewed_at,
       admitted_at, ended_at, created_at, updated_at, devices)
select meeting_id, client_id, operator_id, 'left', slot - interval '3 minutes', slot,
       slot + interval '1 minute', slot + interval '14 minutes', slot - interval '3 minutes',
       slot + interval '14 minutes', 'ready'
  from grown where i > :after and i <= :upto and kind = 'held' order by i""",
    """
insert into public.lobby_messages (meeting_id, sender, canned, body, created_at)
select g.meeting_id, m.sender, m.canned, m.body, g.slot + m.later
  from grown g
 cross join (values ('operator', 'two_minutes', null, interval '-2 minutes'),
                    ('client', null, 'Merci, je vous attends.', interval '-1 minute'))
         as m(sender, canned, body, later)
 where g.i > :after and g.i <= :upto and g.kind = 'held' and g.i % 4 = 0 order by g.i""",
    """
insert into visio.room_presence (meeting_id, session, side, joined_at, left_at)
select g.meeting_id, 'PA_' || g.i || s.side, s.side, g.slot + interval '1 minute',
       g.slot + interval '14 minutes'
  from grown g cross join (values ('client'), ('operator')) as s(side)
 where g.i > :after and g.i <= :upto and g.kind = 'held' order by g.i""",
    """
insert into visio.room_orders (id, meeting_id, identity, created_at, attempts, next_attempt_at,
       handed_at, done_at)
select gen_random_uuid(), meeting_id, 'client:' || client_id || ':0', slot + interval '14 minutes',
       1, slot + interval '15 minutes', null, slot + interval '14 minutes 1 second'
  from grown
 where i > :after and i <= :upto and kind = 'held' and slot > now() - interval '30 days'
 order by i""",
)
WAITING = """
insert into public.lobby_knocks (meeting_id, client_id, operator_id, status, since, renewed_at,
       created_at, updated_at, devices)
select meeting_id, client_id, operator_id, 'waiting',
       cast(:now as timestamptz) - interval '4 minutes',
       cast(:now as timestamptz) + interval '1 day',
       cast(:now as timestamptz) - interval '4 minutes',
       cast(:now as timestamptz) - interval '4 minutes', 'ready'
  from grown where kind = 'waiting' order by i"""
SCRIPT = """
create temporary table {name} (n integer, kind text, source text, based_on text, later interval,
                               what text[], primary key (kind, source, n))"""
_SCRIPTED = """
  from grown g
  join {name} s on s.kind = g.kind and s.source = g.source
 cross join lateral (
   select s.later + case s.based_on when 'asked' then g.created_at when 'lived' then g.slot
                                    when 'last' then g.last_slot_at
                                    else cast(:now as timestamptz) end as at) w
 where g.i > :after and g.i <= :upto and (s.based_on in ('asked', 'now')) = :at_once"""
STEPPED = (
    """
insert into public.transitions (subject, request_id, meeting_id, client_id, operator_id, actor,
       action, from_status, to_status, at, message, slots, function, recorded_at)
select s.what[1],
       case when s.what[1] = 'request' or s.what[3] in ('agree', 'book', 'cancel', 'complete')
            then g.request_id end,
       case when s.what[3] <> 'ask' then g.meeting_id end, g.client_id, g.operator_id, s.what[2],
       s.what[3], nullif(s.what[4], '-'), s.what[5], w.at,
       case when s.what[3] = 'reject' then 'Ce jour-là je ne suis pas disponible.' end,
       case when s.what[3] in ('ask', 'accept', 'propose') then g.slots end, s.what[6],
       w.at + interval '10 milliseconds'"""
    + _SCRIPTED.format(name="grown_steps")
    + """
 order by g.i, s.n"""
)
TOLD_OF = (
    """
insert into public.notifications (id, recipient_type, recipient_id, type, title, body, link,
       read_at, created_at, meeting_id)
select gen_random_uuid(), s.what[1],
       case when s.what[1] = 'operator' then g.operator_id else g.client_id end, s.what[2],
       'Nouvelle de votre rendez-vous',
       'Client ' || g.operator_no || ' vous attend le 26/11/2026 à 15:17 (Europe/Paris).',
       case when s.what[1] = 'operator' then '/hub/#' else '/client/#' end || s.what[3] || '-'
         || case when s.what[3] = 'meeting' then g.meeting_id else g.request_id end,
       case when s.what[2] = 'client_waiting' and g.kind = 'held' then g.slot + interval '1 minute'
            when w.at < now() - interval '14 days' then w.at + interval '1 hour' end,
       w.at, case when s.what[3] = 'meeting' then g.meeting_id end"""
    + _SCRIPTED.format(name="grown_notices")
    + """
   and w.at > now() - interval '1 year' and w.at <= cast(:now as timestamptz)
 order by g.i, s.n"""
)
SAID = (
    """
insert into visio.signal_outbox (event_id, channel, event, payload, created_at, published_at,
       next_attempt_at)
select e.id,
       case s.what[1] when 'operator' then 'operator:' || g.operator_id || ':inbox'
                      when 'client' then 'client:' || g.client_id || ':inbox'
                      else 'meeting:' || g.meeting_id || ':status' end,
       s.what[2],
       jsonb_strip_nulls(jsonb_build_object('eventId', e.id, 'version', 2, 'at', w.at,
         'requestId', g.request_id, 'meetingId', g.meeting_id)),
       w.at, w.at + interval '20 milliseconds', w.at + interval '30 seconds'"""
    + _SCRIPTED.format(name="grown_signals").replace(
        " where",
        " cross join lateral (select gen_random_uuid() as id where g.i is not null) e\n where",
    )
    + """
   and w.at > now() - interval '7 days' and w.at <= cast(:now as timestamptz)
 order by g.i, s.n"""
)
AFTERWARDS = (
    """
insert into visio.relayed_signals (event_id, claimed_at, sent_at)
select event_id, published_at + interval '50 milliseconds',
       published_at + interval '90 milliseconds'
  from visio.signal_outbox order by published_at""",
    """
insert into visio.mail_outbox (id, recipient_type, recipient_id, type, facts, link, meeting_id,
       created_at, attempts, next_attempt_at, sent_at)
select id, recipient_type, recipient_id, type,
       '{"name": "Client", "slot": null, "slots": [], "quote": null}', link,
       meeting_id, created_at, 1, created_at + interval '30 seconds',
       created_at + interval '2 seconds'
  from public.notifications
 where created_at > now() - interval '30 days' and type <> 'client_waiting' order by created_at""",
    """
insert into visio.call_rates (caller, action, full_at)
select c.auth_user_id, a.action, now()
  from grown_people p join public.clients c on c.id = p.client_id
 cross join (values ('list_requests'), ('lobby_state')) as a(action)
 where p.client_no = 2""",
    """
insert into visio.push_subscriptions (operator_id, endpoint, p256dh, auth)
select operator_id, 'https://push.example/' || operator_no, 'grown', 'grown'
  from grown_people where client_no = 0""",
    """
insert into visio.mail_choices (side, person_id, reminders, changed_at)
select 'client', client_id, false, now() from grown_people where client_no = 3""",
    """
insert into visio.calendar_feeds (side, person_id, token_hash)
select 'client', client_id, encode(sha256(convert_to(cast(client_id as text), 'UTF8')), 'hex')
  from grown_people where client_no = 4""",
    # Whoever stands first in a table is soon found, by a look at all of it too: those who act in
    # tests and measurements stand last.
    "update public.operators set name = name where name not like 'Conseil %'",
    "update public.clients set name = name where name not like 'Client %'",
)


@dataclass(frozen=True)
class Grown:
    """How many rows of each table there are now, and how long that took, in seconds."""

    size: int
    rows: dict[str, int]
    seconds: float


def grow(admin: str, size: int) -> Grown:
    """Fill a database that has the demo people in it with `size` requests, as its owner."""
    began = time.perf_counter()
    with contextlib.closing(postgres.connect(admin, timeout=None)) as db:
        for setting in (
            "session_replication_role = replica",  # no triggers, and no look at each foreign key
            "synchronous_commit = off",
            "maintenance_work_mem = '1GB'",
            "work_mem = '256MB'",
            "timezone = 'UTC'",
        ):
            db.run(f"set {setting}")
        _without_indexes(db)
        _fill(db, size)
        for table in TABLES:
            db.run(f"reindex table {table}")
            db.run(f"vacuum (analyze, parallel 0) {table}")
        rows = {
            table: db.run(f"select count(*) from {table}")[0][0]  # noqa: S608 -- constants
            for table in TABLES
        }
    return Grown(size, rows, time.perf_counter() - began)


def _without_indexes(db: pg8000.native.Connection) -> None:
    """Let inserts pass all indexes by; `reindex` brings each back as it was defined."""
    tables = "{" + ",".join(TABLES) + "}"
    db.run(
        """update pg_catalog.pg_index set indisready = false, indisvalid = false
            where indrelid = any (cast(cast(:tables as text[]) as regclass[]))""",
        tables=tables,
    )


def _fill(db: pg8000.native.Connection, size: int) -> None:
    [[now]] = db.run("select now()") or [[None]]
    since = now - timedelta(days=YEARS_IN_DAYS)
    operators = max(2, size // PER_OPERATOR)
    raw = (PAYLOADS / "01_booking_created.json").read_bytes()
    event = CalcomEvent.read(raw)
    assert event.told is not None
    told = encode(event.told).decode()
    people = {
        "operators": operators,
        "hot": HOT,
        "hot_clients": max(CLIENTS_EACH, size // 10_000),
        "mikl": MIKL.row,
        "nora": NORA.row,
        "alice": ALICE.row,
        "bruno": BRUNO.row,
        "each": CLIENTS_EACH,
    }
    db.run(PEOPLE, **people)
    db.run("create unique index on grown_people (operator_no, client_no)")
    db.run("analyze grown_people")
    db.run(OPERATORS, since=since)
    db.run(CLIENTS, since=since, alice=ALICE.row, bruno=BRUNO.row)
    db.run(
        REQUESTS_OF,
        since=since,
        now=now,
        size=size,
        of_mikl=OF_MIKL,
        of_nora=OF_NORA,
        stride=max(20, size // HOT_AT_MOST),
        operators=operators,
        hot_clients=people["hot_clients"],
        each=CLIENTS_EACH,
    )
    db.run("create unique index on grown (i)")
    db.run("analyze grown")
    for name, script in (
        ("grown_steps", STEPS),
        ("grown_notices", NOTICES),
        ("grown_signals", SIGNALS + RINGS),
    ):
        _write_script(db, name, script)
    # A small number of requests is written in larger steps: each costs a dozen statements.
    week = size * 7 // YEARS_IN_DAYS
    step = week if size >= MANY else size // 10
    for after, upto in itertools.pairwise([*range(0, size, step), size]):
        span = {"after": after, "upto": upto}
        for statement in ASKED:
            inbox = {"body": json.dumps(event.stored), "told": told} if ":body" in statement else {}
            db.run(statement, **span, **inbox)
        _scripted(db, now, at_once=True, **span)
        earlier = {"after": after - week, "upto": upto - week}
        for statement in LIVED:
            db.run(statement, **earlier)
        _scripted(db, now, at_once=False, **earlier)
    db.run(WAITING, now=now)
    for statement in AFTERWARDS:
        db.run(statement)


def _scripted(db: pg8000.native.Connection, now: datetime, **which: object) -> None:
    for statement in (STEPPED, TOLD_OF, SAID):
        db.run(statement, now=now, **which)


def _write_script(
    db: pg8000.native.Connection, name: str, script: tuple[tuple[str, str, str, int, str], ...]
) -> None:
    db.run(SCRIPT.format(name=name))
    for n, (kinds, source, based_on, minutes, what) in enumerate(script):
        for kind in kinds.split():
            for one in ("form", "calcom") if source == "any" else (source,):
                db.run(
                    f"insert into {name} values (:n, :kind, :source, :based_on,"  # noqa: S608 -- a constant
                    " make_interval(mins => cast(:minutes as integer)), cast(:what as text[]))",
                    n=n,
                    kind=kind,
                    source=one,
                    based_on=based_on,
                    minutes=minutes,
                    what="{" + ",".join(what.split()) + "}",
                )
    db.run(f"analyze {name}")

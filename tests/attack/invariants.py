"""What must hold, whatever was done: one sentence each, and how to see that it does not.

`broken` looks at a database, `leaks` at log lines, answers and broadcasts, `undrained` at what
should have been said by now, and `doors` at whether a ticket is given exactly where the knock
allows one. Each returns what is wrong, a line for each finding, and nothing where all is well.
"""

import contextlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import pg8000.native

from local import postgres

MOST_FINDINGS = 5

# Which transitions there are; the first of each subject starts from nothing, and Cal.com may tell
# of a booking for the first time when it is over. A meeting that is moved changes no status.
STEPS = {
    "request": {
        None: ("pending", "accepted", "rejected", "cancelled"),
        "pending": ("accepted", "rejected", "countered", "withdrawn", "expired", "cancelled"),
        "countered": ("accepted", "countered", "rejected", "withdrawn", "expired", "cancelled"),
        "accepted": ("completed", "cancelled"),
    },
    "meeting": {
        None: ("scheduled", "cancelled"),
        "scheduled": ("in_progress", "completed", "cancelled"),
        "in_progress": ("completed", "cancelled"),
    },
    "knock": {
        None: ("waiting",),
        "waiting": ("admitted", "denied", "left"),
        "admitted": ("waiting", "left", "denied"),
    },
}
_EDGES = ", ".join(
    str((subject, was or "", now))
    for subject, edges in STEPS.items()
    for was, reached in edges.items()
    for now in reached
)

INVARIANTS = {
    "a decision is single: a status moves along the contract's arrows, a terminal one never": f"""
        select subject, from_status, to_status, action, count(*) from public.transitions t
         where from_status is distinct from to_status
           and not exists (
             select from (values {_EDGES}) as edge(subject, was, is_now)
              where edge.subject = t.subject and edge.was = coalesce(t.from_status, '')
                and edge.is_now = t.to_status)
         group by 1, 2, 3, 4""",
    "the record has no gap: each transition starts where the last one ended": """
        select subject, about, from_status, before from (
          select subject, coalesce(request_id, meeting_id) as about,
                 id, from_status,
                 lag(to_status) over (partition by subject,
                   case subject when 'request' then request_id else meeting_id end
                   order by id) as before
            from public.transitions where subject in ('request', 'meeting')) t
         where from_status is distinct from before""",
    "a request's status is what its record ends with": """
        select r.id, r.status, t.to_status from public.meeting_requests r
          left join lateral (select to_status from public.transitions
                              where subject = 'request' and request_id = r.id
                              order by id desc limit 1) t on true
         where t.to_status is distinct from r.status""",
    "a meeting's status is what its record ends with": """
        select m.id, m.status, t.to_status from public.meetings m
          left join lateral (select to_status from public.transitions
                              where subject = 'meeting' and meeting_id = m.id
                              order by id desc limit 1) t on true
         where t.to_status is distinct from m.status""",
    "the latest knock's status is what the record of its lobby ends with": """
        select k.meeting_id, k.status, t.to_status from (
          select distinct on (meeting_id) meeting_id, status from public.lobby_knocks
           order by meeting_id, created_at desc, ended_at desc nulls first) k
          left join lateral (select to_status from public.transitions
                              where subject = 'knock' and meeting_id = k.meeting_id
                              order by id desc limit 1) t on true
         where t.to_status is distinct from k.status""",
    "what is on record happened to something that is there, between the same two people": """
        select t.subject, t.request_id, t.meeting_id from public.transitions t
          left join public.meeting_requests r on r.id = t.request_id
          left join public.meetings m on m.id = t.meeting_id
         where (t.subject = 'request' and
                 (t.client_id, t.operator_id) is distinct from (r.client_id, r.operator_id))
            or (t.subject <> 'request' and
                 (t.client_id, t.operator_id) is distinct from (m.client_id, m.operator_id))""",
    "two live meetings of one operator never overlap": """
        select a.id, b.id from public.meetings a
          join public.meetings b on b.operator_id = a.operator_id and a.id < b.id
         where a.status in ('scheduled', 'in_progress') and b.status in ('scheduled', 'in_progress')
           and a.scheduled_at < b.ends_at + make_interval(mins => b.buffer_minutes)
           and b.scheduled_at < a.ends_at + make_interval(mins => a.buffer_minutes)""",
    "an agreed request has its meeting, and they end alike": """
        select r.id, r.status, m.status from public.meeting_requests r
          full join public.meetings m on m.id = r.meeting_id
         where m.id is not null and r.id is null
            or (r.status in ('accepted', 'completed') and m.id is null)
            or m.id is not null and (r.status, m.status) not in (
                 ('accepted', 'scheduled'), ('accepted', 'in_progress'),
                 ('completed', 'completed'), ('cancelled', 'cancelled'))
            or (m.client_id, m.operator_id) <> (r.client_id, r.operator_id)""",
    "a meeting that was agreed on the form begins at a slot that somebody offered": """
        select r.id from public.meeting_requests r
         where r.source = 'form' and r.selected_slot is not null
           and not exists (
             select from jsonb_array_elements_text(
                 r.requested_slots || coalesce(r.proposed_slots, '[]')) slot
              where cast(slot as timestamptz) = r.selected_slot)""",
    "an admitted client is in a meeting that goes on, and nobody waits for one that is over": """
        select k.meeting_id, k.status, m.status from public.lobby_knocks k
          join public.meetings m on m.id = k.meeting_id
         where (k.status = 'admitted' and m.status <> 'in_progress')
            or (k.status = 'waiting' and m.status not in ('scheduled', 'in_progress'))
            or k.client_id <> m.client_id
            or (k.status in ('denied', 'left')) <> (k.ended_at is not null)""",
    "a lobby holds one knock that lives": """
        select meeting_id, count(*) from public.lobby_knocks
         where status in ('waiting', 'admitted') group by 1 having count(*) > 1""",
    "a meeting that is over says what happened, and no other does": """
        select id, status, outcome from public.meetings
         where (status = 'completed') <> (outcome is not null)""",
    "each transition is told: a signal of the same instant, about the same meeting or request": """
        select t.subject, t.action, t.from_status, t.to_status, count(*) from public.transitions t
         where t.from_status is distinct from t.to_status
           -- What was over when we first heard of it is news to nobody.
           and not (t.from_status is null and t.to_status in ('rejected', 'cancelled'))
           and t.recorded_at > now() - interval '1 hour'
           and not exists (
             select from visio.signal_outbox o
              where cast(o.payload ->> 'at' as timestamptz) = t.at
                and (o.payload ->> 'meetingId' = cast(t.meeting_id as text)
                  or o.payload ->> 'requestId' = cast(t.request_id as text)))
         group by 1, 2, 3, 4""",
    # An operator who comes first is present, which is no transition of anything.
    "each signal tells of something on record, or rings for what is kept elsewhere": """
        select o.event, o.channel from visio.signal_outbox o
         where o.event not in ('notification_created', 'lobby_message', 'operator_joined')
           and o.created_at > now() - interval '1 hour'
           and not exists (
             select from public.transitions t
              where t.at = cast(o.payload ->> 'at' as timestamptz)
                and (o.payload ->> 'meetingId' = cast(t.meeting_id as text)
                  or o.payload ->> 'requestId' = cast(t.request_id as text)))""",
    "a signal holds ids, a version and an instant, and its channel is one of the three": r"""
        select event_id from visio.signal_outbox
         where (select count(*) from jsonb_object_keys(payload) key
                 where key not in ('eventId', 'meetingId', 'requestId', 'version', 'at')) > 0
            or payload ->> 'eventId' <> cast(event_id as text)
            or channel !~
              '^(meeting:[0-9a-f-]{36}:status|(operator|client):[0-9a-f-]{36}:inbox)$'""",
    "one event, one effect: a booking of Cal.com's is one request, and told once": """
        select 'event' as what, body_sha256 as of from visio.webhook_inbox
         group by 2 having count(*) > 1
        union all
        select 'copy', logical_key from visio.webhook_inbox
         where logical_key is not null group by 2 having count(*) > 1
        union all
        select 'booking', cast(r.id as text) from public.meeting_requests r
         where r.source = 'calcom' and r.last_slot_at > now()
           and (select count(*) from visio.calcom_bookings b where b.request_id = r.id) <> 1""",
    "nobody is told the same thing twice at one instant": """
        select recipient_id, type, meeting_id, created_at from public.notifications
         where meeting_id is not null
         group by 1, 2, 3, 4, body having count(*) > 1""",
    "what is marked as said or sent was written before": """
        select 'signal' as what from visio.signal_outbox where published_at < created_at
        union all select 'mail' from visio.mail_outbox
         where sent_at is not null and attempts = 0
        union all select 'order' from visio.room_orders
         where done_at is not null and attempts = 0""",
}

# Whose rows each kind of person sees: as the browser's role, against the owner's own word.
SEEN = {
    "meeting_requests": "operator_id = '{0}' or client_id in ({1})",
    "meetings": "operator_id = '{0}' or client_id in ({1})",
    "transitions": "operator_id = '{0}' or client_id in ({1})",
    "lobby_knocks": """meeting_id in (
        select id from public.meetings where operator_id = '{0}' or client_id in ({1}))""",
    "lobby_messages": """meeting_id in (
        select id from public.meetings where operator_id = '{0}' or client_id in ({1}))""",
    "notifications": """(recipient_type = 'operator' and recipient_id = '{0}')
        or (recipient_type = 'client' and recipient_id in ({1}))""",
}
USERS = """
select cast(id as text) from public.operators
union select cast(auth_user_id as text) from public.clients
union select 'dddddddd-dddd-4ddd-8ddd-dddddddddddd'"""


def broken(admin: str) -> list[str]:
    """Which invariants this database violates; `admin` must see past every policy."""
    with contextlib.closing(postgres.connect(admin)) as db:
        return violated(db) + _seen_wrongly(db)


def violated(db: pg8000.native.Connection) -> list[str]:
    """The same on a connection of one's own, of what SQL alone can say."""
    return [
        f"not so: {sentence}: {row}"
        for sentence, sql in INVARIANTS.items()
        for row in (db.run(sql) or [])[:MOST_FINDINGS]
    ]


def _seen_wrongly(db: pg8000.native.Connection) -> list[str]:
    """A caller sees exactly his rows, through whatever he asks in SQL."""
    found = []
    for [user] in db.run(USERS) or []:
        clients = f"select id from public.clients where auth_user_id = '{user}'"
        for table, own in SEEN.items():
            # By key and not by row: which columns a browser may read is another matter.
            [[owned]] = db.run(
                f"select coalesce(array_agg(id order by id), '{{}}') from public.{table}"
                f" where {own.format(user, clients)}"
            ) or [[[]]]
            db.run("begin")
            db.run(
                "select set_config('role', 'authenticated', true),"
                " set_config('request.jwt.claims', :claims, true)",
                claims=json.dumps({"sub": user, "role": "authenticated"}),
            )
            [[seen]] = db.run(
                f"select coalesce(array_agg(id order by id), '{{}}') from public.{table}"
            ) or [[[]]]
            db.run("rollback")
            if seen != owned:
                found.append(f"not so: a caller sees exactly his rows: {user} in {table}")
    return found


def undrained(admin: str) -> list[str]:
    """The outbox drains: after a sweep with a bus that is well, nothing is left unsaid."""
    with contextlib.closing(postgres.connect(admin)) as db:
        return [
            f"not so: the outbox drains: {event} on {channel}"
            for event, channel in db.run(
                "select event, channel from visio.signal_outbox where published_at is null"
            )
            or []
        ]


def leaks(said: Iterable[str], admin: str, secrets: Iterable[str] = ()) -> list[str]:
    """No secret, name or text is in what was logged, refused or broadcast.

    What people wrote and are called is taken from the database itself.
    """
    with contextlib.closing(postgres.connect(admin)) as db:
        words = {
            word
            for [word] in db.run("""
              select name from public.operators union select email from public.operators
              union select name from public.clients union select email from public.clients
              union select message from public.meeting_requests
              union select reason from public.meeting_requests
              union select cancel_reason from public.meetings
              union select reason from public.lobby_knocks
              union select body from public.lobby_messages""")
            or []
            if word and len(word) > 3
        }
    forbidden = words | set(secrets)
    return [
        f"not so: no secret, name or text is told: {word!r} in {line[:200]!r}"
        for line in said
        for word in forbidden
        if word in line
    ]


def doors(admin: str, joins: Callable[[str, str], int]) -> list[str]:
    """The door agrees with the knock: `joins(meeting, user)` is the status of that user's join."""
    with contextlib.closing(postgres.connect(admin)) as db:
        rows: list[Any] = (
            db.run("""
              select cast(m.id as text), m.status, cast(c.auth_user_id as text),
                     cast(m.operator_id as text),
                     exists (select from public.lobby_knocks k
                              where k.meeting_id = m.id and k.status = 'admitted')
                from public.meetings m join public.clients c on c.id = m.client_id""")
            or []
        )
    found = []
    for meeting, status, client, operator, admitted in rows:
        live = status in ("scheduled", "in_progress")
        lets_in = 200 if admitted else 403 if live else 409
        for user, wanted in ((client, lets_in), (operator, 200 if live else 409)):
            got = joins(meeting, user)
            if got != wanted:
                found.append(
                    f"not so: the door agrees with the knock: {user} got {got}, not {wanted}"
                    f" ({status}, admitted: {admitted})"
                )
    return found

"""The SQL of e-mails on their way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from visio.adapters.agenda import EVENT_COLUMNS, EVENT_TABLES, Event, event_of
from visio.adapters.database import Transaction
from visio.adapters.links import Person
from visio.adapters.outgoing import Outgoing, untouched
from visio.adapters.statements import text
from visio.domain.words import Facts, Locale

# A claim lasts a minute: what a crash left half sent may then be claimed again.
CLAIM = text(f"""
with x as (
  update visio.mail_outbox
     set attempts = attempts + 1, claimed_at = cast(:now as timestamptz)
   where id = cast(:id as uuid) and {untouched("sent_at")}
     and (claimed_at is null or claimed_at < cast(:now as timestamptz) - interval '1 minute')
     and (attempts = 0 or next_attempt_at <= cast(:now as timestamptz))
  returning *
)
select x.id as mail_id, x.recipient_type, x.recipient_id, x.type, x.facts, x.link, x.attempts,
       coalesce(tc.name, tp.name) as to_name, coalesce(tc.email, tp.email) as to_email,
       coalesce(tc.locale, tp.locale) as locale,
       coalesce(tc.time_zone, tp.time_zone) as time_zone,
       coalesce(tc.operator_id, tp.id) as of_operator,
       coalesce(choice.reminders, true) as wants_reminders,
       exists (select from public.lobby_knocks k
                where k.meeting_id = x.meeting_id and k.status = 'waiting') as somebody_waits,
       -- A request is named by the link alone; what is about a meeting names that.
       (select q.status from public.meeting_requests q
         where q.id = cast(substring(x.link from '#request-([0-9a-f-]{{36}})$') as uuid)
       ) as request_status, e.*
  from x
  left join public.clients tc on x.recipient_type = 'client' and tc.id = x.recipient_id
  left join public.operators tp on x.recipient_type = 'operator' and tp.id = x.recipient_id
  left join visio.mail_choices choice
    on choice.side = x.recipient_type and choice.person_id = x.recipient_id
  left join lateral (
    select {EVENT_COLUMNS}
      from public.meetings m {EVENT_TABLES}
     where m.id = x.meeting_id) e on true""")  # noqa: S608 -- the parts are constants
OUTBOX = Outgoing("visio.mail_outbox", done="sent_at", again="2 minutes")
CHOOSE = text("""
insert into visio.mail_choices as c (side, person_id, reminders, changed_at)
values (:side, cast(:id as uuid), cast(:reminders as boolean), cast(:now as timestamptz))
on conflict (side, person_id) do update
   set reminders = excluded.reminders, changed_at = excluded.changed_at""")


class Recipient(Struct, frozen=True):
    """Whom an e-mail is for, in which language and zone they read, and whose side they are on."""

    person: Person
    name: str
    email: str
    locale: Locale
    time_zone: str
    operator_id: UUID
    wants_reminders: bool


class Mail(Struct, frozen=True):
    """An e-mail that is ours to send. `recipient` is None where there is nobody any more."""

    id: UUID
    type: str
    facts: Facts
    link: str
    attempts: int
    recipient: Recipient | None
    event: Event | None
    somebody_waits: bool
    request_status: str | None
    """Where its link leads to a request: how that stands by now."""


def claim(tx: Transaction, mail_id: UUID, *, now: datetime) -> Mail | None:
    """An e-mail nobody else sends; None if it is done with, somebody's, or not due yet."""
    return next((_mail(row) for row in tx.read(CLAIM, id=mail_id, now=now)), None)


def choose(tx: Transaction, person: Person, *, reminders: bool, now: datetime) -> None:
    """Remember whether somebody wants reminders by e-mail."""
    tx.write(CHOOSE, side=person.side, id=person.id, reminders=reminders, now=now)


def _mail(row: Mapping[str, Any]) -> Mail:
    facts = row["facts"]
    recipient = row["to_email"] and Recipient(
        Person(row["recipient_type"], row["recipient_id"]),
        row["to_name"],
        row["to_email"],
        row["locale"],
        row["time_zone"],
        row["of_operator"],
        row["wants_reminders"],
    )
    return Mail(
        id=row["mail_id"],
        type=row["type"],
        facts=Facts(
            name=facts["name"],
            slot=facts["slot"] and datetime.fromisoformat(facts["slot"]),
            slots=tuple(map(datetime.fromisoformat, facts["slots"])),
            quote=facts["quote"],
        ),
        link=row["link"],
        attempts=row["attempts"],
        recipient=recipient or None,
        event=event_of(row) if row["id"] is not None else None,
        somebody_waits=row["somebody_waits"],
        request_status=row["request_status"],
    )

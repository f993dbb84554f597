"""Pub/Sub pushes an e-mail's id: it is written, sent, and tried again later if it must be."""

import logging
from collections.abc import Callable
from datetime import timedelta
from email.errors import MessageError
from email.message import EmailMessage
from uuid import UUID

from msgspec import Struct

from visio.adapters import mails
from visio.adapters.database import Database, Transaction
from visio.adapters.mailer import Delivery, Mailer
from visio.adapters.mails import Mail, Recipient
from visio.call import Call
from visio.domain.events import Said
from visio.domain.meeting import MeetingStatus
from visio.domain.words import OF_A_TIME, REMINDERS, Facts
from visio.flows.pushed import Push, content

log = logging.getLogger("visio.mail")

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)


class Order(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What our own outbox publishes: nothing of an e-mail but its id."""

    mail_id: UUID


def send_mail(
    push: Push,
    call: Call,
    database: Database,
    mailer: Mailer,
    write: Callable[[Mail, Recipient], EmailMessage],
    *,
    subscription: str,
) -> None:
    """Return whatever becomes of it: the outbox remembers, and the sweep hands it over again."""
    order = content(push, Order, subscription)
    if order is None:
        log.error("mail.malformed")
        return
    with database.at_once_as_system(call.function) as tx:
        mail = mails.claim(tx, order.mail_id, now=call.now)
    if mail is None:
        return
    delivery, problem = Delivery.NEVER, _pointless(mail, call)
    if problem is None and mail.recipient is not None:
        delivery, problem = _sent(mail, mail.recipient, mailer, write)
    with database.acting_as_system(call.function) as tx:
        if delivery is Delivery.SENT:
            mails.OUTBOX.settle(tx, mail.id, now=call.now)
        elif delivery is Delivery.TRY_AGAIN and mail.attempts < MOST_ATTEMPTS:
            pause = FIRST_PAUSE * 2 ** (mail.attempts - 1)
            mails.OUTBOX.postpone(tx, mail.id, problem or "", until=call.now + pause)
        else:
            mails.OUTBOX.drop(tx, mail.id, problem or "", now=call.now)
            _tell_of_failure(tx, mail, call, problem or "")


def _pointless(mail: Mail, call: Call) -> str | None:
    """Why an e-mail is not to be sent, if there is a reason: by now nobody wants it."""
    if mail.recipient is None:
        return "nobody"
    if mail.type == "client_still_waiting" and not mail.somebody_waits:
        return "answered"
    if mail.type == "request_reminder" and mail.request_status not in (None, "pending"):
        return "answered"
    if mail.type in REMINDERS and not mail.recipient.wants_reminders:
        return "not wanted"
    meeting = mail.event.meeting if mail.event else None
    if meeting is None:
        return None
    if mail.type in REMINDERS and (
        meeting.status is not MeetingStatus.SCHEDULED or meeting.scheduled_at <= call.now
    ):
        return "too late"
    # One that its server put off comes after what was told since, whose pauses are shorter.
    overtaken = meeting.status is MeetingStatus.CANCELLED or (
        mail.facts.slot is not None and meeting.scheduled_at != mail.facts.slot
    )
    return "overtaken" if mail.type in OF_A_TIME and overtaken else None


def _sent(
    mail: Mail,
    recipient: Recipient,
    mailer: Mailer,
    write: Callable[[Mail, Recipient], EmailMessage],
) -> tuple[Delivery, str | None]:
    try:
        message = write(mail, recipient)
    except (ValueError, IndexError, MessageError) as error:  # an address that is none
        log.error("mail.unwritable", extra={"cause": type(error).__name__})
        return Delivery.NEVER, "unwritable"
    delivery = mailer.send(message)
    return delivery, None if delivery is Delivery.SENT else "refused"


def _tell_of_failure(tx: Transaction, mail: Mail, call: Call, problem: str) -> None:
    """The operator sees on his page what never reached its reader."""
    if mail.recipient is None or problem not in ("refused", "unwritable"):
        return
    log.error("mail.given_up", extra={"attempts": mail.attempts})
    said = Said(at=call.now, version=1)
    said.notify(
        "operator",
        mail.recipient.operator_id,
        "mail_failed",
        Facts(name=mail.recipient.name),
        mail.link if mail.recipient.person.side == "operator" else "/hub/",
    )
    tx.say(said)

"""Somebody says whether they want reminders by e-mail, from the link in one."""

from typing import Annotated

from pydantic import Field

from visio.adapters import mails
from visio.adapters.database import Transaction
from visio.adapters.links import Person, PersonalLinks
from visio.call import Call
from visio.domain.refusals import NotFound
from visio.flows.commands import Command


class MailPreferences(Command):
    """What the page behind an e-mail's link asks for, with the token from that link."""

    token: Annotated[str, Field(min_length=20, max_length=1000)]
    reminders: Annotated[bool, Field(strict=True)]


def holder(command: MailPreferences, call: Call, *, links: PersonalLinks) -> Person:
    """Whose link it is; NotFound for any other text."""
    person = links.person(command.token, now=call.now)
    if person is None:
        raise NotFound
    return person


def mail_preferences(
    command: MailPreferences, call: Call, tx: Transaction, *, person: Person
) -> bool:
    """Whether they do, as it is remembered now."""
    mails.choose(tx, person, reminders=command.reminders, now=call.now)
    return command.reminders

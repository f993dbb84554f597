"""Somebody says whether they want reminders by e-mail, from the link in one."""

from visio.adapters import mails
from visio.adapters.database import Transaction
from visio.adapters.links import PersonalLinks
from visio.call import Call
from visio.domain.refusals import NotFound
from visio.flows.commands import MailPreferences


def mail_preferences(
    command: MailPreferences, call: Call, tx: Transaction, *, links: PersonalLinks
) -> bool:
    """Whether they do, as it is remembered now."""
    person = links.person(command.token, now=call.now)
    if person is None:
        raise NotFound
    mails.choose(tx, person, reminders=command.reminders, now=call.now)
    return command.reminders

"""Somebody asks for another secret address for their calendar, or for none any more."""

from typing import Annotated

from pydantic import Field

from visio.adapters import agenda
from visio.adapters.database import Transaction
from visio.adapters.links import Person, PersonalLinks, fingerprint, new_token
from visio.flows.commands import Command


class CalendarLink(Command):
    """A new secret address for the caller's calendar, or none any more."""

    revoke: Annotated[bool, Field(strict=True)] = False


def calendar_link(command: CalendarLink, tx: Transaction, *, links: PersonalLinks) -> str | None:
    """A new address, the only one from now on; None once it has been revoked."""
    agenda.know(tx)
    token = None if command.revoke else new_token()
    agenda.replace_feed(tx, Person(tx.side, tx.party.id), token and fingerprint(token))
    return token and links.feed(token)

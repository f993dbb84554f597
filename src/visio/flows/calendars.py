"""Meetings for people's calendars: a file for one, a secret address for all."""

from typing import Annotated

from pydantic import Field

from visio.adapters import agenda
from visio.adapters.agenda import Event, Feed
from visio.adapters.database import Client, Transaction
from visio.adapters.links import Person, PersonalLinks, fingerprint, new_token
from visio.call import Call
from visio.domain.events import Side
from visio.domain.refusals import NotFound
from visio.flows.commands import Command, OfMeeting


class CalendarLink(Command):
    """A new secret address for the caller's calendar, or none any more."""

    revoke: Annotated[bool, Field(strict=True)] = False


class CalendarFeed(Command):
    token: Annotated[str, Field(min_length=20, max_length=100)]


def calendar_file(command: OfMeeting, tx: Transaction) -> tuple[Event, Side]:
    """A meeting of the caller's, and on which side of it the caller is."""
    event = agenda.event(tx, command.meeting_id)
    person = _caller(tx)
    if event is None:
        raise NotFound
    return event, person.side


def calendar_feed(command: CalendarFeed, call: Call, tx: Transaction) -> Feed:
    """Everything for whoever knows the secret; NotFound for any other text."""
    feed = agenda.feed(tx, fingerprint(command.token), now=call.now)
    if feed is None:
        raise NotFound
    return feed


def calendar_link(command: CalendarLink, tx: Transaction, *, links: PersonalLinks) -> str | None:
    """A new address, the only one from now on; None once it has been revoked."""
    agenda.know(tx)
    person = _caller(tx)
    token = None if command.revoke else new_token()
    agenda.replace_feed(tx, person, token and fingerprint(token))
    return token and links.feed(token)


def _caller(tx: Transaction) -> Person:
    return Person("client" if isinstance(tx.party, Client) else "operator", tx.party.id)

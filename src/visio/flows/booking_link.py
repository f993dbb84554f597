"""A client asks for a Cal.com page that is bound to them."""

from msgspec.structs import replace

from visio.adapters import calcom, people
from visio.adapters.calcom import Binding, BookingTokens
from visio.adapters.database import Transaction
from visio.call import Call
from visio.flows.commands import Command


class BookingLink(Command):
    """Nothing to say: the caller is the client."""


def booking_link(
    call: Call, tx: Transaction, *, tokens: BookingTokens, available: bool
) -> calcom.BookingLink:
    """A prefilled URL with a signed, expiring token."""
    contact = people.contact(tx)
    client = tx.client
    link = tokens.link(
        Binding(client.id, client.operator_id),
        name=client.name,
        email=contact.email,
        time_zone=contact.time_zone,
        now=call.now,
    )
    return replace(link, available=available)

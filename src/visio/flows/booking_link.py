"""A client asks for a Cal.com page that is bound to them."""

from dataclasses import replace

from visio.adapters import people
from visio.adapters.calcom import Binding, BookingLink, BookingTokens
from visio.adapters.database import Transaction
from visio.call import Call


def booking_link(
    call: Call, tx: Transaction, *, tokens: BookingTokens, available: bool
) -> BookingLink:
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

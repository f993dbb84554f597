"""POST /booking-link: a Cal.com page bound to this client by a signed, expiring token."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.booking_link import BookingLink
from visio.flows.booking_link import booking_link as flow
from visio.views.bookings import BookingLinkView


@functions_framework.http
@endpoint("POST", takes=BookingLink, needs=("booking",))
def booking_link(command: BookingLink, call: Call) -> BookingLinkView:
    tokens, available = app().booking_tokens, app().calcom_health.available()
    with app().reading_for(call) as tx:
        return BookingLinkView.of(flow(call, tx, tokens=tokens, available=available))

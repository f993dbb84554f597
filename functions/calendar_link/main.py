"""POST /calendar-link: a new secret address for the caller's calendar feed, or none any more."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.calendar_link import CalendarLink
from visio.flows.calendar_link import calendar_link as flow
from visio.views.links import CalendarLinkView


@functions_framework.http
@endpoint("POST", takes=CalendarLink, needs=("links",))
def calendar_link(command: CalendarLink, call: Call) -> CalendarLinkView:
    with app().acting_for(call) as tx:
        url = flow(command, tx, links=app().personal_links)
    return CalendarLinkView(url=url)

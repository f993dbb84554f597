"""GET /calendar-feed: somebody's meetings, for the calendar program that has their secret link."""

import functions_framework

from visio.adapters import agenda, ics
from visio.adapters.links import fingerprint
from visio.bootstrap import app
from visio.domain.meeting import page_of
from visio.edge import Call, File, anyone, endpoint
from visio.flows.calendar_feed import CalendarFeed
from visio.flows.calendar_feed import calendar_feed as flow


@functions_framework.http
@endpoint("GET", takes=CalendarFeed, door=anyone, needs=("app",), first=(agenda.FEED,))
def calendar_feed(command: CalendarFeed, call: Call) -> File:
    with app().reading_as_system(call, by=fingerprint(command.token)) as tx:
        feed = flow(command, call, tx)
    links, side = app().personal_links, feed.person.side
    content = ics.feed(feed.events, lambda m: links.page(page_of(side, m)), now=call.now)
    return File(content, "text/calendar; charset=utf-8", "foxeo-visio.ics")

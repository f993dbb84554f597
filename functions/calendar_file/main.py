"""GET /calendar-file: one meeting for the caller's calendar."""

import functions_framework

from visio.adapters import agenda, ics
from visio.bootstrap import app
from visio.domain.meeting import page_of
from visio.edge import Call, File, endpoint
from visio.flows.calendar_file import calendar_file as flow
from visio.flows.commands import OfMeeting


@functions_framework.http
@endpoint("GET", takes=OfMeeting, needs=("app",), first=(agenda.EVENT,))
def calendar_file(command: OfMeeting, call: Call) -> File:
    with app().reading_for(call) as tx:
        event, reader = flow(command, tx), tx.side
    page = app().personal_links.page(page_of(reader, event.meeting))
    content = ics.invitation(event, page, reader=reader, now=call.now)
    method = ics.method(event.meeting, reader)
    media_type = f"text/calendar; charset=utf-8; method={method}"
    return File(content, media_type, "rendez-vous.ics")

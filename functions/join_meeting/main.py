"""POST /join-meeting: a short-lived ticket for the main room, for who may enter now."""

import functions_framework

from visio.adapters import meetings
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.commands import OfMeeting
from visio.flows.join_meeting import join_meeting as flow
from visio.views.room import TicketView


@functions_framework.http
@endpoint("POST", takes=OfMeeting, needs=("rooms",), first=(meetings.LOBBY,))
def join_meeting(command: OfMeeting, call: Call) -> TicketView:
    rooms, grace = app().rooms, app().settings.rules.sweep_grace
    with app().reading_for(call) as tx:
        ticket = flow(command, call, tx, rooms=rooms, grace=grace)
    return TicketView.of(ticket)

"""GET /list-meetings: the caller's meetings, newest first, each with its history."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.list_meetings import ListMeetings
from visio.flows.list_meetings import list_meetings as flow
from visio.views.base import PageView
from visio.views.meetings import ListedMeetingView


@functions_framework.http
@endpoint("GET", takes=ListMeetings)
def list_meetings(command: ListMeetings, call: Call) -> PageView[ListedMeetingView]:
    with app().reading_for(call) as tx:
        return PageView[ListedMeetingView].showing(flow(command, tx), ListedMeetingView.showing)

"""GET /list-meetings: the caller's meetings, newest first."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lists
from visio.flows.commands import ListMeetings
from visio.views import MeetingView, PageView


@functions_framework.http
@endpoint("GET", takes=ListMeetings)
def list_meetings(command: ListMeetings, call: Call) -> PageView[MeetingView]:
    with app().reading_as(call.user) as tx:
        return PageView[MeetingView].showing(lists.list_meetings(command, tx), MeetingView.of)

"""GET /list-meetings: the caller's meetings, newest first, each with its history."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lists
from visio.flows.commands import ListMeetings
from visio.views import ListedMeetingView, PageView


@functions_framework.http
@endpoint("GET", takes=ListMeetings)
def list_meetings(command: ListMeetings, call: Call) -> PageView[ListedMeetingView]:
    with app().reading_for(call) as tx:
        return PageView[ListedMeetingView].showing(
            lists.list_meetings(command, tx), ListedMeetingView.showing
        )

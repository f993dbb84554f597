"""POST /cancel-meeting: a party calls a scheduled meeting off, with a reason."""

import functions_framework

from visio.adapters import meetings
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.cancel_meeting import CancelMeeting
from visio.flows.cancel_meeting import cancel_meeting as flow
from visio.views.meetings import MeetingView


@functions_framework.http
@endpoint("POST", takes=CancelMeeting, needs=("bus",), first=meetings.CHANGING)
def cancel_meeting(command: CancelMeeting, call: Call) -> MeetingView:
    with app().acting_for(call) as tx:
        return MeetingView.of(flow(command, call, tx, rules=app().lobby_rules))

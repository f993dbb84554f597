"""POST /cancel-meeting: a party calls a scheduled meeting off, with a reason."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lobby
from visio.flows.commands import CancelMeeting
from visio.views import MeetingView


@functions_framework.http
@endpoint("POST", takes=CancelMeeting, needs=("bus",))
def cancel_meeting(command: CancelMeeting, call: Call) -> MeetingView:
    with app().acting_for(call) as tx:
        return MeetingView.of(lobby.cancel_meeting(command, call, tx, rules=app().lobby_rules))

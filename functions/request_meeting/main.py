"""POST /request-meeting: a client proposes one to three slots to their operator."""

import functions_framework

from visio.adapters import requests
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.request_meeting import RequestMeeting
from visio.flows.request_meeting import request_meeting as flow
from visio.views.requests import RequestView


@functions_framework.http
@endpoint(
    "POST", takes=RequestMeeting, status=201, needs=("bus",), first=requests.OPENED, keyed=True
)
def request_meeting(command: RequestMeeting, call: Call) -> RequestView:
    rules = app().settings.rules
    most_open, notice = rules.max_open_requests, rules.minimum_notice
    with app().acting_for(call) as tx:
        return RequestView.of(flow(command, call, tx, most_open=most_open, notice=notice))

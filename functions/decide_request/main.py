"""POST /decide-request: the operator accepts a slot, rejects with a reason, or offers others."""

import functions_framework

from visio.adapters import requests
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.decide_request import DecideRequest
from visio.flows.decide_request import decide_request as flow
from visio.views.requests import RequestView


@functions_framework.http
@endpoint("POST", takes=DecideRequest, needs=("bus",), first=requests.DECIDING)
def decide_request(command: DecideRequest, call: Call) -> RequestView:
    buffer = app().settings.rules.buffer
    with app().acting_for(call) as tx:
        return RequestView.of(flow(command, call, tx, buffer=buffer))

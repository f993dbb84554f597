"""POST /decide-request: the operator accepts one slot, or rejects with a reason."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.commands import DecideRequest
from visio.flows.decide_request import decide_request as flow
from visio.views import RequestView


@functions_framework.http
@endpoint("POST", takes=DecideRequest, needs=("bus",))
def decide_request(command: DecideRequest, call: Call) -> RequestView:
    with app().acting_as(call.user) as tx:
        return RequestView.of(flow(command, call, tx))

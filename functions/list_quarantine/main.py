"""GET /list-quarantine: Cal.com bookings that wait for the operator, newest first."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.list_quarantine import ListQuarantine
from visio.flows.list_quarantine import list_quarantine as flow
from visio.views.base import PageView
from visio.views.quarantine import QuarantinedView


@functions_framework.http
@endpoint("GET", takes=ListQuarantine)
def list_quarantine(command: ListQuarantine, call: Call) -> PageView[QuarantinedView]:
    with app().reading_for(call) as tx:
        return PageView[QuarantinedView].showing(flow(command, tx), QuarantinedView.showing)

"""GET /list-requests: the caller's requests, newest first, each with its history."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.list_requests import ListRequests
from visio.flows.list_requests import list_requests as flow
from visio.views.base import PageView
from visio.views.requests import ListedRequestView


@functions_framework.http
@endpoint("GET", takes=ListRequests)
def list_requests(command: ListRequests, call: Call) -> PageView[ListedRequestView]:
    buffer = app().settings.rules.buffer
    with app().reading_for(call) as tx:
        page = flow(command, tx, buffer=buffer)
    marked = buffer if tx.side == "operator" else None
    return PageView[ListedRequestView].showing(
        page, lambda listed: ListedRequestView.showing(listed, buffer=marked, now=call.now)
    )

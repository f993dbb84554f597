"""GET /list-requests: the caller's requests, newest first, each with its history."""

import functions_framework

from visio.adapters.database import Operator
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lists
from visio.flows.commands import ListRequests
from visio.views import ListedRequestView, PageView


@functions_framework.http
@endpoint("GET", takes=ListRequests)
def list_requests(command: ListRequests, call: Call) -> PageView[ListedRequestView]:
    buffer = app().settings.rules.buffer
    with app().reading_for(call) as tx:
        page = lists.list_requests(command, tx, buffer=buffer)
    marked = buffer if isinstance(tx.party, Operator) else None
    return PageView[ListedRequestView].showing(
        page, lambda listed: ListedRequestView.showing(listed, buffer=marked, now=call.now)
    )

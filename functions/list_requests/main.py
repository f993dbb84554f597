"""GET /list-requests: the caller's requests, newest first."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lists
from visio.flows.commands import ListRequests
from visio.views import PageView, RequestView


@functions_framework.http
@endpoint("GET", takes=ListRequests)
def list_requests(command: ListRequests, call: Call) -> PageView[RequestView]:
    with app().reading_as(call.user) as tx:
        return PageView[RequestView].showing(lists.list_requests(command, tx), RequestView.of)

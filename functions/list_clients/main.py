"""GET /list-clients: the operator's clients, newest first."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.list_clients import ListClients
from visio.flows.list_clients import list_clients as flow
from visio.views.base import PageView
from visio.views.people import ClientView


@functions_framework.http
@endpoint("GET", takes=ListClients)
def list_clients(command: ListClients, call: Call) -> PageView[ClientView]:
    with app().reading_for(call) as tx:
        return PageView[ClientView].showing(flow(command, tx), ClientView.of)

"""GET /list-clients: the operator's clients, newest first."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lists
from visio.flows.commands import ListClients
from visio.views import ClientView, PageView


@functions_framework.http
@endpoint("GET", takes=ListClients)
def list_clients(command: ListClients, call: Call) -> PageView[ClientView]:
    with app().reading_for(call) as tx:
        return PageView[ClientView].showing(lists.list_clients(command, tx), ClientView.of)

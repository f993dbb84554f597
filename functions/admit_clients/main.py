"""POST /admit-clients: let in whoever waits at several meetings, with a result for each."""

import functions_framework

from visio.adapters import meetings
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.admit_clients import AdmitClients
from visio.flows.admit_clients import admit_clients as flow
from visio.views.admissions import AdmissionsView, AdmissionView


@functions_framework.http
@endpoint("POST", takes=AdmitClients, needs=("bus",), first=meetings.CHANGING_MANY)
def admit_clients(command: AdmitClients, call: Call) -> AdmissionsView:
    with app().acting_for(call) as tx:
        results = flow(command, call, tx, rules=app().lobby_rules)
    return AdmissionsView(items=tuple(map(AdmissionView.of, results)))

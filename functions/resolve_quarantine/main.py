"""POST /resolve-quarantine: the operator assigns waiting bookings, applies or dismisses them."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.resolve_quarantine import ResolveQuarantine
from visio.flows.resolve_quarantine import resolve_quarantine as flow
from visio.views.quarantine import ResolvedView


@functions_framework.http
@endpoint("POST", takes=ResolveQuarantine, needs=("bus",))
def resolve_quarantine(command: ResolveQuarantine, call: Call) -> ResolvedView:
    buffer = app().settings.rules.buffer
    with app().acting_for(call) as tx:
        return ResolvedView.of(flow(command, call, tx, buffer=buffer))

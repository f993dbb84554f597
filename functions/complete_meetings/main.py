"""POST /complete-meetings: the sweep, called by the scheduler."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint, scheduler
from visio.flows.complete_meetings import complete_meetings as flow
from visio.views.services import SweepView


@functions_framework.http
@endpoint("POST", door=scheduler, needs=("bus",))
def complete_meetings(call: Call) -> SweepView:
    grace = app().settings.rules.sweep_grace
    return SweepView.of(flow(call, app().database, app().bus, grace=grace))

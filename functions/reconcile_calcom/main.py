"""POST /reconcile-calcom: Cal.com is told and read where no webhook does, by the scheduler."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint, scheduler
from visio.flows.reconcile_calcom import reconcile_calcom as flow
from visio.views.services import ReconciledView


@functions_framework.http
@endpoint("POST", door=scheduler, needs=("booking", "bus", "calcom_api"))
def reconcile_calcom(call: Call) -> ReconciledView:
    found = app()
    return ReconciledView.of(flow(call, found.database, found.calcom_api, intake=found.intake))

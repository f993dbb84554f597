"""POST /calcom-webhook: a signed event of Cal.com."""

import functions_framework

from visio.adapters import chains
from visio.bootstrap import app
from visio.edge import Call, calcom, endpoint
from visio.flows.calcom_webhook import calcom_webhook as flow
from visio.views.services import IngestView


@functions_framework.http
@endpoint("POST", door=calcom, needs=("booking", "bus"), first=chains.LOOKING)
def calcom_webhook(call: Call) -> IngestView:
    with app().acting_as_system(call) as tx:
        return IngestView.of(flow(call, tx, intake=app().intake))

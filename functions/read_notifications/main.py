"""POST /read-notifications: the caller has read some notifications, or all."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.read_notifications import ReadNotifications
from visio.flows.read_notifications import read_notifications as flow
from visio.views.notifications import ReadView


@functions_framework.http
@endpoint("POST", takes=ReadNotifications)
def read_notifications(command: ReadNotifications, call: Call) -> ReadView:
    with app().acting_for(call) as tx:
        return ReadView(read=flow(command, call, tx))

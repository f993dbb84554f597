"""GET /list-notifications: what the caller was told, newest first."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.list_notifications import ListNotifications
from visio.flows.list_notifications import list_notifications as flow
from visio.views.base import PageView
from visio.views.notifications import NotificationView


@functions_framework.http
@endpoint("GET", takes=ListNotifications)
def list_notifications(command: ListNotifications, call: Call) -> PageView[NotificationView]:
    with app().reading_for(call) as tx:
        return PageView[NotificationView].showing(flow(command, tx), NotificationView.of)

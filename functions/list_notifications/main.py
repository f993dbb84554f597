"""GET /list-notifications: what the caller was told, newest first."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lists
from visio.flows.commands import ListNotifications
from visio.views import NotificationView, PageView


@functions_framework.http
@endpoint("GET", takes=ListNotifications)
def list_notifications(command: ListNotifications, call: Call) -> PageView[NotificationView]:
    with app().reading_for(call) as tx:
        return PageView[NotificationView].showing(
            lists.list_notifications(command, tx), NotificationView.of
        )

"""POST /send-push: Pub/Sub pushes the id of one message to a browser, which is sent."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint, push
from visio.flows.pushed import Push
from visio.flows.send_push import send_push as flow


@functions_framework.http
@endpoint("POST", takes=Push, door=push, status=204, needs=("web push sender", "bus"))
def send_push(command: Push, call: Call) -> None:
    settings = app().settings.web_push
    flow(
        command,
        call,
        app().database,
        app().pusher,
        hosts=settings.hosts,
        local=app().settings.local,
        subscription=settings.subscription,
    )

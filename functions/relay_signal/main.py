"""POST /relay-signal: Pub/Sub pushes one signal, which is broadcast once."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint, push
from visio.flows.pushed import Push
from visio.flows.relay_signal import relay_signal as flow


@functions_framework.http
@endpoint("POST", takes=Push, door=push, status=204, needs=("realtime",))
def relay_signal(command: Push, call: Call) -> None:
    subscription = app().settings.push.subscription
    flow(command, call, app().database, app().broadcaster, subscription=subscription)

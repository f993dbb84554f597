"""POST /run-room-order: Pub/Sub pushes the id of one order to the room's server, which is given."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint, push
from visio.flows.pushed import Push
from visio.flows.run_room_order import run_room_order as flow


@functions_framework.http
@endpoint("POST", takes=Push, door=push, status=204, needs=("livekit", "room orders", "bus"))
def run_room_order(command: Push, call: Call) -> None:
    subscription = app().settings.rooms.subscription
    flow(command, call, app().database, app().room_server, subscription=subscription)

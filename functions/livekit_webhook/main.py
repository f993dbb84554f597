"""POST /livekit-webhook: the room's server tells who came, who went, and when it closed."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint, livekit
from visio.flows.livekit_webhook import LiveKitEvent
from visio.flows.livekit_webhook import livekit_webhook as flow
from visio.views.services import RoomEventView


@functions_framework.http
@endpoint("POST", door=livekit, needs=("bus",))
def livekit_webhook(call: Call) -> RoomEventView:
    event = LiveKitEvent.read(call.body)
    with app().acting_as_system(call) as tx:
        return RoomEventView(outcome=flow(event, call, tx, rooms=app().livekit))

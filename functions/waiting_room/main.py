"""GET /waiting-room: everybody who waits, over all the operator's meetings."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lobby
from visio.flows.commands import WaitingRoom
from visio.views import WaitingRoomView


@functions_framework.http
@endpoint("GET", takes=WaitingRoom)
def waiting_room(command: WaitingRoom, call: Call) -> WaitingRoomView:
    with app().reading_for(call) as tx:
        return WaitingRoomView.at(call.now, lobby.waiting_room(call, tx))

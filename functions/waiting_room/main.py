"""GET /waiting-room: everybody who waits, over all the operator's meetings."""

import functions_framework

from visio.adapters import lobbies
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.waiting_room import WaitingRoom
from visio.flows.waiting_room import waiting_room as flow
from visio.views.waiting import WaitingRoomView


@functions_framework.http
@endpoint("GET", takes=WaitingRoom, first=(lobbies.WAITING,))
def waiting_room(command: WaitingRoom, call: Call) -> WaitingRoomView:
    with app().reading_for(call) as tx:
        return WaitingRoomView.at(call.now, flow(call, tx))

"""GET /lobby-state: the truth about one lobby, 304 while nothing has changed."""

import functions_framework

from visio.adapters import meetings
from visio.bootstrap import app
from visio.edge import Call, Reply, endpoint
from visio.flows.commands import OfMeeting
from visio.flows.lobby_state import lobby_state as flow
from visio.views.lobby import LobbyView


@functions_framework.http
@endpoint("GET", takes=OfMeeting, first=(meetings.LOBBY,))
def lobby_state(command: OfMeeting, call: Call) -> Reply[LobbyView]:
    with app().reading_for(call) as tx:
        view = LobbyView.at(call.now, flow(command, tx), tx.side)
    return Reply(view, etag=view.etag)

"""POST /lobby-signal: a party knocks, leaves, lets in, refuses, sends back or ends."""

import functions_framework

from visio.adapters import meetings
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.lobby_signal import LobbySignal
from visio.flows.lobby_signal import lobby_signal as flow
from visio.views.lobby import LobbyView


@functions_framework.http
@endpoint("POST", takes=LobbySignal, needs=("bus",), first=meetings.CHANGING)
def lobby_signal(command: LobbySignal, call: Call) -> LobbyView:
    with app().acting_for(call) as tx:
        found = flow(command, call, tx, rules=app().lobby_rules)
        reader = tx.side
    return LobbyView.at(call.now, found, reader)

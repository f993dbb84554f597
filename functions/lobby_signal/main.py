"""POST /lobby-signal: a party knocks, leaves, lets in, refuses, sends back or ends."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows import lobby
from visio.flows.commands import LobbySignal
from visio.views import LobbyView


@functions_framework.http
@endpoint("POST", takes=LobbySignal, needs=("bus",))
def lobby_signal(command: LobbySignal, call: Call) -> LobbyView:
    with app().acting_for(call) as tx:
        found = lobby.lobby_signal(command, call, tx, rules=app().lobby_rules)
        reader = lobby.side_of(tx)
    return LobbyView.at(call.now, found, reader)

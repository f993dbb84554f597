"""POST /lobby-message: a few words to the other party, or a ready-made answer."""

import functions_framework

from visio.adapters import meetings
from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.lobby_message import LobbyMessage
from visio.flows.lobby_message import lobby_message as flow
from visio.views.lobby import LobbyView


@functions_framework.http
@endpoint("POST", takes=LobbyMessage, needs=("bus",), status=201, first=meetings.CHANGING)
def lobby_message(command: LobbyMessage, call: Call) -> LobbyView:
    rules, factor = app().lobby_rules, app().settings.rules.rate_limit_factor
    with app().acting_for(call) as tx:
        found = flow(command, call, tx, rules=rules, factor=factor)
        reader = tx.side
    return LobbyView.at(call.now, found, reader)

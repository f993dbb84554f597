"""GET /who-am-i: the caller's role, name, language and time zone."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.who_am_i import WhoAmI
from visio.flows.who_am_i import who_am_i as flow
from visio.views.people import MeView


@functions_framework.http
@endpoint("GET", takes=WhoAmI)
def who_am_i(command: WhoAmI, call: Call) -> MeView:
    with app().reading_for(call) as tx:
        return MeView.showing(flow(tx))

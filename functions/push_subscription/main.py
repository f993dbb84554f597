"""POST /push-subscription: have a browser of the operator's told of who waits, or no more."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, endpoint
from visio.flows.push_subscription import PushSubscription
from visio.flows.push_subscription import push_subscription as flow
from visio.views.notifications import PushSubscriptionView


@functions_framework.http
@endpoint("POST", takes=PushSubscription, needs=("web push",))
def push_subscription(command: PushSubscription, call: Call) -> PushSubscriptionView:
    push, local = app().settings.web_push, app().settings.local
    with app().acting_for(call) as tx:
        subscribed = flow(command, call, tx, hosts=push.hosts, local=local)
    return PushSubscriptionView(subscribed=subscribed, public_key=push.public_key)

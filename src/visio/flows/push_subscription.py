"""An operator has a browser told of who waits, or no more."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from visio.adapters import pushes
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.refusals import InvalidFields, TooManySubscriptions
from visio.flows.commands import PushSubscription, Subscribe, Unsubscribe

MOST = 10


def push_subscription(
    command: PushSubscription, call: Call, tx: Transaction, *, hosts: Sequence[str], local: bool
) -> int:
    """How many browsers of the operator's are told from now on.

    Only a known push service is ever written to: an address is not ours to fetch because a caller
    named it.
    """
    known = set(pushes.endpoints(tx))
    operator = tx.operator
    match command.root:
        case Subscribe(subscription=subscription):
            endpoint, keys = subscription.endpoint, subscription.keys
            if not allowed(endpoint, hosts, local=local):
                problem = "must be an https address of a known push service"
                raise InvalidFields(
                    details=[{"field": "subscription.endpoint", "problem": problem}]
                )
            if endpoint not in known and len(known) >= MOST:
                raise TooManySubscriptions
            pushes.subscribe(tx, operator.id, endpoint, keys.p256dh, keys.auth, now=call.now)
            known.add(endpoint)
        case Unsubscribe(endpoint=endpoint):
            pushes.unsubscribe(tx, endpoint)
            known.discard(endpoint)
    return len(known)


def allowed(endpoint: str, hosts: Sequence[str], *, local: bool) -> bool:
    """Whether that is an address of a push service; its port is https's own.

    Without TLS, and with a port, only in the local stack, and only where it is named so.
    """
    if not endpoint.isascii() or not endpoint.isprintable() or {" ", "\\"} & set(endpoint):
        return False
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if local and parts.netloc in hosts and parts.scheme == "http":
        return True
    if parts.scheme != "https" or parts.netloc.lower() != host or port is not None:
        return False
    return any(host.endswith(known) if known[0] == "." else host == known for known in hosts)

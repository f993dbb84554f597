"""An operator has a browser told of who waits, or no more."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, RootModel

from visio.adapters import pushes
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.push_services import allowed
from visio.domain.refusals import InvalidFields, TooManySubscriptions
from visio.flows.commands import Command


def _point(key: str) -> str:
    """An uncompressed point of P-256, as RFC 8291 has browsers give it."""
    if len(raw := _decoded(key)) != 65 or raw[0] != 4:
        raise ValueError("must be an uncompressed point of P-256 in base64url")
    return key


def _secret(key: str) -> str:
    if len(_decoded(key)) != 16:
        raise ValueError("must be 16 bytes in base64url")
    return key


def _decoded(key: str) -> bytes:
    try:
        return base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


class PushKeys(Command):
    # By name: made camelCase by rule, a letter behind a digit becomes a capital.
    p256dh: Annotated[str, Field(alias="p256dh"), AfterValidator(_point)]
    auth: Annotated[str, AfterValidator(_secret)]


class BrowserSubscription(Command):
    """What a browser's PushSubscription turns into as JSON."""

    endpoint: Annotated[str, Field(min_length=1, max_length=1000)]
    expiration_time: float | None = None
    keys: PushKeys


class Subscribe(Command):
    action: Literal["subscribe"]
    subscription: BrowserSubscription


class Unsubscribe(Command):
    action: Literal["unsubscribe"]
    endpoint: Annotated[str, Field(min_length=1, max_length=1000)]


class ShowSubscriptions(Command):
    action: Literal["show"]


class PushSubscription(
    RootModel[Annotated[Subscribe | Unsubscribe | ShowSubscriptions, Field(discriminator="action")]]
):
    model_config = ConfigDict(frozen=True, defer_build=True)


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

"""What Pub/Sub pushes: an envelope, and in it a message that our own outboxes wrote.

Read by msgspec: a push wakes a process for a few milliseconds of work, and what it reads is ours.
"""

import base64
import binascii
from typing import Any, Self, TypeVar

from msgspec import MsgspecError, Struct
from msgspec.json import decode

from visio.domain.storable import storable

UNREADABLE = (MsgspecError, ValueError, RecursionError)


class Push(Struct, frozen=True):
    """Pub/Sub's wrapped form. Keys appear without notice; one without any says nothing."""

    message: dict[str, Any] = {}
    subscription: str | None = None

    @classmethod
    def read(cls, body: bytes) -> Self:
        """From verified bytes; what nobody can read, or store, says nothing."""
        try:
            push = decode(body or b"{}", type=cls)
            return push if storable(push.message) else cls()
        except UNREADABLE:
            return cls()


Content = TypeVar("Content", bound=Struct)


def content(push: Push, kind: type[Content], subscription: str) -> Content | None:
    """The message within; None for one that is not of this kind, or not of this subscription."""
    if push.subscription != subscription:
        return None
    try:
        data = base64.b64decode(push.message.get("data") or "", validate=True)
        return decode(data, type=kind)
    except (*UNREADABLE, binascii.Error, TypeError):
        return None

"""What Pub/Sub pushes: an envelope, and in it a message that our own outboxes wrote."""

import base64
import binascii
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Push(BaseModel):
    """Pub/Sub's wrapped form. Keys appear without notice; one without any says nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    message: dict[str, Any] = Field(default_factory=dict)
    subscription: str | None = None


Content = TypeVar("Content", bound=BaseModel)


def content(push: Push, kind: type[Content], subscription: str) -> Content | None:
    """The message within; None for one that is not of this kind, or not of this subscription."""
    if push.subscription != subscription:
        return None
    try:
        data = base64.b64decode(push.message.get("data") or "", validate=True)
        return kind.model_validate_json(data)
    except (ValidationError, binascii.Error, TypeError, ValueError):
        return None

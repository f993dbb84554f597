"""What PostgreSQL can keep of what JSON can say."""

import math
from collections.abc import Mapping
from typing import Any


def storable(value: Any) -> bool:
    """Whether text and jsonb take it: no NUL, nothing but UTF-8, no number that is none.

    The names in an object count as much as what they name.
    """
    match value:
        case str():
            return "\0" not in value and value.encode("utf-8", "replace").decode() == value
        case float():
            return math.isfinite(value)
        case Mapping():
            return all(storable(key) and storable(inner) for key, inner in value.items())
        case list() | tuple():
            return all(map(storable, value))
    return True

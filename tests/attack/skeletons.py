"""Good bodies and queries, made from what the OpenAPI document says of them."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.attack.mutate import CANARY
from tests.world import PROJECT

DOCUMENT = json.loads((PROJECT / "docs" / "openapi.json").read_text())
OPERATIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    path.removeprefix("/"): (method.upper(), operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
# Keys as a browser's PushSubscription has them.
KEYS = {"p256dh": "BA" + "A" * 85, "auth": "A" * 22}


class Skeletons:
    """Draws what a schema allows; ids come from `known`, by the name of their field."""

    def __init__(self, random: Random, known: Callable[[str], str]) -> None:
        self._random, self._known = random, known

    def body(self, function: str) -> Any:
        """A body that this function takes; an empty one for one that declares none."""
        _, operation = OPERATIONS[function]
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return self._drawn(schema, "") if schema else {}

    def query(self, function: str) -> dict[str, Any]:
        """The parameters that this function takes, or some of them."""
        _, operation = OPERATIONS[function]
        return {
            found["name"]: self._drawn(found["schema"], found["name"])
            for found in operation.get("parameters", ())
            if found["required"] or self._random.random() < 0.5
        }

    def _drawn(self, schema: Mapping[str, Any], key: str) -> Any:
        if "$ref" in schema:
            schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for several in ("oneOf", "anyOf"):
            if several in schema:
                return self._drawn(self._random.choice(schema[several]), key)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                return {
                    name: self._drawn(inner, name)
                    for name, inner in schema.get("properties", {}).items()
                    if name in schema.get("required", ()) or self._random.random() < 0.5
                }
            case "array":
                most = min(schema.get("maxItems", 3), 3)
                count = self._random.randint(schema.get("minItems", 0), most)
                return [self._drawn(schema["items"], key) for _ in range(count)]
            case "integer" | "number":
                return self._random.randint(schema.get("minimum", 0), schema.get("maximum", 60))
            case "boolean":
                return self._random.random() < 0.5
            case "string":
                return self._text(schema, key)
        return None

    def _text(self, schema: Mapping[str, Any], key: str) -> str:
        match schema.get("format"), key:
            case "uuid", _:
                return self._known(key)
            case "date-time", _:
                ahead = timedelta(minutes=15 * self._random.randrange(1, 30_000))
                now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
                return (now + ahead).isoformat()
            case _, ("p256dh" | "auth"):
                return KEYS[key]
            case _, "endpoint":
                return f"https://push.example/{CANARY}"
            case _, "canned":
                return "five_minutes_late"
        return f"{CANARY} a few words"[: schema.get("maxLength", 100)]

"""Write schema.json: what Google's Terraform provider takes and gives, for what infra/ uses.

    npm pack @cdktf/provider-google@16.12.1 && tar xzf cdktf-provider-google-16.12.1.tgz
    python tests/infra/google/extract.py package/.jsii

That package describes version 6.50.0 of the provider, class by class. It is the last of its kind,
and the file stays right for the range that infra/functions/versions.tf asks for. The description is
published under the MPL 2.0 (LICENSE beside this file), and so is what is drawn from it.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INFRA = HERE.parents[2] / "infra"
TARGET = HERE / "schema.json"
NOTICE = "Drawn from @cdktf/provider-google 16.12.1 (provider 6.50.0), MPL-2.0: see LICENSE."
USED = re.compile(r'^(resource|data) "(google_\w+)"', re.MULTILINE)
KINDS = {"resource": "cdktf.TerraformResource", "data": "cdktf.TerraformDataSource"}
# Terraform's own, which stand in every block of any provider.
META = {
    *("connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners"),
}
PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
OURS = "@cdktf/provider-google."


class Description:
    """The package's types, and how one of them becomes a block of Terraform's."""

    def __init__(self, types: dict[str, Any]) -> None:
        self._types = types

    def classes(self, kind: str) -> dict[str, str]:
        """Terraform's name of each resource or data source, and the class that stands for it."""
        found = {}
        for name, one in self._types.items():
            if one.get("base") == KINDS[kind]:
                said = re.search(r"(google_\w+)\}", one["docs"]["summary"])
                if said:
                    found[said.group(1)] = name
        return found

    def block(self, taken: str, given: str) -> dict[str, Any]:
        """The block whose arguments `taken` has, and whose outputs are those of class `given`."""
        attributes: dict[str, Any] = {}
        blocks: dict[str, Any] = {}
        for one in self._types[taken].get("properties", []):
            if one["name"] in META:
                continue
            name, optional = _terraform_name(one), bool(one.get("optional"))
            kind, many = self._nested(one["type"])
            if kind is None:
                attributes[name] = {
                    "type": self._plain(one["type"]),
                    **({"optional": True} if optional else {"required": True}),
                }
                continue
            blocks[name] = {
                "nesting": "single" if name == "timeouts" else "list",
                "min": 0 if optional or name == "timeouts" else 1,
                "max": 0 if many or name == "timeouts" else 1,
                "block": self.block(kind, f"{kind}OutputReference"),
            }
        for one in self._types.get(given, {}).get("properties", []):
            name = one["name"]
            if one.get("static") or name.endswith("Input") or name in META | {"internalValue"}:
                continue
            snake = _snake(name)
            if snake in blocks or name in {
                "fqn",
                "cdktfMetaProperties",
                "rawOverrides",
                "tfResourceType",
            }:
                continue
            known = next((a for a in (snake, name) if a in attributes), None)
            if known is None and not any(_snake(a) == snake for a in attributes):
                attributes[snake] = {"type": self._output(one["type"]), "computed": True}
            elif known is not None and "optional" in attributes[known]:
                attributes[known]["computed"] = True
        return {"attributes": attributes, "blocks": blocks}

    def _nested(self, kind: dict[str, Any]) -> tuple[str | None, bool]:
        """The interface of a nested block, and whether there may be several."""
        for one in _unioned(kind):
            array = one.get("collection", {})
            if array.get("kind") == "array":
                inner, _ = self._nested(array["elementtype"])
                if inner:
                    return inner, True
            name = one.get("fqn", "")
            if name.startswith(OURS) and self._types[name]["kind"] == "interface":
                return name, False
        return None, False

    def _plain(self, kind: dict[str, Any]) -> Any:
        one = next(iter(_unioned(kind)))
        if "primitive" in one:
            return PRIMITIVES[one["primitive"]]
        if "collection" in one:
            inner = self._plain(one["collection"]["elementtype"])
            return ["list" if one["collection"]["kind"] == "array" else "map", inner]
        return "dynamic"

    def _output(self, kind: dict[str, Any]) -> Any:
        one = next(iter(_unioned(kind)))
        name = one.get("fqn", "")
        if name == "cdktf.IResolvable":
            return "bool"
        if name.startswith("cdktf."):
            inner = "string" if "String" in name else "bool" if "Boolean" in name else "number"
            return ["map", inner] if name.endswith("Map") else "dynamic"
        if name.startswith(OURS):
            reference = name.removesuffix("List")
            reference += "" if reference.endswith("OutputReference") else "OutputReference"
            inside = self.block("", reference) if reference in self._types else {"attributes": {}}
            held = {key: value["type"] for key, value in inside["attributes"].items()}
            return ["list", ["object", held]]
        return self._plain(kind)


def _unioned(kind: dict[str, Any]) -> list[dict[str, Any]]:
    every = kind.get("union", {}).get("types", [kind])
    return [one for one in every if one.get("fqn") != "cdktf.IResolvable"] or every


def _terraform_name(one: dict[str, Any]) -> str:
    said = re.search(r"/docs/(?:resources|data-sources)/\w+#(\w+)", one["docs"].get("remarks", ""))
    return said.group(1) if said else _snake(one["name"])


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def used() -> list[tuple[str, str]]:
    """The types that the modules use, each as (resource or data, name)."""
    found = set()
    for path in sorted(INFRA.rglob("*.tf")):
        found |= set(USED.findall(path.read_text()))
    return sorted(found)


def main(source: Path) -> None:
    types = json.loads(source.read_text())["types"]
    types[""] = {}
    described = Description(types)
    schema: dict[str, Any] = {"notice": NOTICE, "resource": {}, "data": {}}
    for kind, name in used():
        given = described.classes(kind)[name]
        schema[kind][name] = described.block(f"{given}Config", given)
    TARGET.write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

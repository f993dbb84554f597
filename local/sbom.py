"""What a function is made of, for those who look for what is known to be unsafe: an SBOM.

CycloneDX 1.6 in JSON, written from nothing but the pinned requirements that a function is deployed
with. The same requirements make the same document, byte for byte: it holds no instant and no number
drawn by chance, and its serial number is computed from the rest.

Source: CycloneDX specification 1.6; package-url specification, type pypi.
"""

import json
import re
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.postgres import PROJECT

PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^ ;\\]+)(?: *; *(?P<marker>[^\\]+))?",
    re.MULTILINE,
)
# Documents of ours bear numbers of this name and of nobody else's.
OURS = uuid.uuid5(uuid.NAMESPACE_DNS, "visio.foxeo.example")


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a requirements file. `marker` says where it is installed, if not everywhere."""

    name: str
    version: str
    marker: str | None

    @property
    def purl(self) -> str:
        """Its package URL, which is how others name it as well."""
        return f"pkg:pypi/{re.sub(r'[-_.]+', '-', self.name).lower()}@{self.version}"


def pins(requirements: Path) -> list[Pin]:
    """Everything that a requirements file installs, in its order."""
    return [
        Pin(found["name"], found["version"], found["marker"] and found["marker"].strip())
        for found in PINNED.finditer(requirements.read_text())
    ]


def bom(function: str, requirements: Path) -> dict[str, Any]:
    """The document of one function."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    root = {
        "type": "application",
        "bom-ref": function,
        "group": project["name"],
        "name": function,
        "version": project["version"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    listed = pins(requirements)
    told: dict[str, Any] = {
        "metadata": {"component": root},
        "components": [_component(pin) for pin in listed],
        # The whole of what is installed; which of them asks for which other is not pinned.
        "compositions": [{"aggregate": "complete", "assemblies": [function]}],
    }
    number = uuid.uuid5(OURS, json.dumps(told, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}"}
    return {**head, "version": 1, **told}


def write(function: str, requirements: Path, target: Path) -> None:
    """Write one function's document anew."""
    target.write_text(json.dumps(bom(function, requirements), indent=1) + "\n")


def _component(pin: Pin) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
    }
    if pin.marker:
        made["properties"] = [{"name": "visio:installed-where", "value": pin.marker}]
    return made

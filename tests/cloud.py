"""What Terraform says of each function, read from infra/functions/functions.tf."""

from dataclasses import dataclass
from typing import Any

import hcl2

from tests.world import PROJECT


@dataclass(frozen=True)
class Planned:
    """One function: who calls, what it needs, and how many threads an instance has."""

    door: str
    needs: tuple[str, ...]
    concurrency: int


def planned() -> dict[str, Planned]:
    """Every function of Terraform's map."""
    with (PROJECT / "infra" / "functions" / "functions.tf").open() as file:
        said = _plain(hcl2.load(file))["locals"][0]
    return {
        name: Planned(
            one["door"],
            tuple(one["needs"]),
            said["sizes"].get(name, said["usual"])["concurrency"],
        )
        for name, one in said["functions"].items()
    }


def _plain(value: Any) -> Any:
    """Without the quotes that the parser leaves on names and texts."""
    match value:
        case str():
            return value.strip('"')
        case dict():
            return {_plain(key): _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
    return value

"""`make openapi`: write docs/openapi.json from what the functions declare about themselves."""

import importlib
import json
import os
from typing import Any

from local.gateway import names
from local.postgres import PROJECT
from visio.edge import Declaration
from visio.openapi import described
from visio.settings import NEEDS

TARGET = PROJECT / "docs" / "openapi.json"


def declarations() -> list[tuple[Declaration, str]]:
    """What each function's page declares, and its docstring."""
    # A page refuses to load without its settings; reading what it declares takes none of them.
    needed = {name for groups in NEEDS.values() for alike in groups for name in alike}
    os.environ.update(dict.fromkeys({*needed, "SMTP_URL"}, "not-read"))
    os.environ.update({"VISIO_ENV": "local", "VAPID_SUBJECT": "mailto:not@read.example"})
    pages = {name: importlib.import_module(f"functions.{name}.main") for name in names()}
    return [(getattr(page, name).declared, page.__doc__ or "") for name, page in pages.items()]


def document() -> dict[str, Any]:
    """The OpenAPI document of all functions."""
    return described(declarations())


def main() -> None:
    TARGET.write_text(json.dumps(document(), indent=2, ensure_ascii=False) + "\n")
    print(f"wrote {TARGET.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()

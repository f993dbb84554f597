"""All functions behind one WSGI application, each the Functions Framework's own.

`/functions/v1/request-meeting` reaches functions/request_meeting/main.py as `/`. Not Werkzeug's
dispatcher: that one redirects a path without a trailing slash, and a redirected POST is lost.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import functions_framework

FUNCTIONS = Path(__file__).parent.parent / "functions"
PREFIX = "/functions/v1/"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def names() -> list[str]:
    """The functions there are, as their folders are named."""
    return sorted(found.parent.name for found in FUNCTIONS.glob("*/main.py"))


def gateway() -> Wsgi:
    """Load every function; one whose environment is not complete refuses here."""
    apps: dict[str, Wsgi] = {
        name.replace("_", "-"): functions_framework.create_app(  # type: ignore[no-untyped-call]  # upstream has no annotations
            name, str(FUNCTIONS / name / "main.py")
        )
        for name in names()
    }

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name, _, rest = environ["PATH_INFO"].removeprefix(PREFIX).partition("/")
        if name not in apps:
            start_response("404 Not Found", [("Content-Type", "application/json")])
            error = {"code": "not_found", "message": "There is no such function.", "requestId": "-"}
            return [json.dumps({"data": None, "error": error}).encode()]
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "", "/" + rest
        return apps[name](environ, start_response)

    return serve

"""All functions in one process, each the Functions Framework's own application.

`/functions/v1/request-meeting` reaches functions/request_meeting/main.py as `/`. Not Werkzeug's
dispatcher: that one redirects a path without a trailing slash, and a redirected POST is lost.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import functions_framework
from gunicorn.app.base import BaseApplication

from visio.settings import SettingsMissing

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
            error = {
                "code": "not_found",
                "message": "Cette fonction n’existe pas.",
                "requestId": "-",
            }
            return [json.dumps({"data": None, "error": error}).encode()]
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "", "/" + rest
        return apps[name](environ, start_response)

    return serve


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, which the Functions Framework uses as well, on a socket that we inherit."""

    def __init__(self, socket: int, threads: int) -> None:
        self._socket, self._threads = socket, threads
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"fd://{self._socket}",
            "worker_class": "gthread",
            "threads": self._threads,
            "preload_app": True,  # so that a function that refuses to load is told here
            "keepalive": 75,
            "timeout": 0,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": _end_with_parent,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Wsgi:
        return gateway()


def _end_with_parent(_: object) -> None:
    """Standard input is a pipe from the stack: its end means that the stack is gone."""

    def wait() -> None:
        while os.read(0, 1024):  # not sys.stdin: its lock would be held in the forked worker
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    try:
        Server(int(sys.argv[1]), int(os.environ.get("THREADS", "8"))).run()
    except SettingsMissing as missing:
        sys.exit(f"visio: {missing}")

"""Supabase Realtime's REST endpoint: one event, one private channel."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Protocol
from urllib.parse import quote, urlsplit

from visio.adapters.patience import UNANSWERED, Kept

TIMEOUT = 5.0


class Relayed(Enum):
    """What became of a broadcast."""

    SENT = "sent"
    TRY_AGAIN = "try_again"
    MISCONFIGURED = "misconfigured"
    NEVER = "never"


class Broadcaster(Protocol):
    """Where the relay hands a signal over to browsers."""

    def send(self, channel: str, event: str, payload: Mapping[str, object]) -> Relayed:
        """Say what became of it; raise nothing."""


class Realtime:
    """The single-event endpoint (server 2.97.0 or later): the batch one hides refusals."""

    def __init__(self, url: str, key: str) -> None:
        self._path = urlsplit(url).path.rstrip("/")
        self._headers = {"apikey": key, "Content-Type": "application/json"}
        if key.count(".") == 2:  # a JWT; keys of the newer kind go as apikey alone
            self._headers["Authorization"] = f"Bearer {key}"
        self._server = Kept(url, timeout=TIMEOUT)

    def send(self, channel: str, event: str, payload: Mapping[str, object]) -> Relayed:
        topic, name = quote(channel, safe=""), quote(event, safe="")
        path = f"{self._path}/api/broadcast/{topic}/events/{name}?private=true"
        try:
            return outcome(*self._server.post(path, json.dumps(payload).encode(), self._headers))
        except UNANSWERED:
            return Relayed.TRY_AGAIN


def outcome(status: int, body: bytes) -> Relayed:
    """What an answer of Realtime means for the message behind it."""
    if status in (200, 202):
        return Relayed.SENT
    if status in (401, 403, 404):
        return Relayed.MISCONFIGURED
    if status in (413, 415):
        return Relayed.NEVER
    if status == 422:
        # Realtime says 422 for its own database's troubles too.
        passing = any(word in body.lower() for word in (b"database", b"partition", b"timeout"))
        return Relayed.TRY_AGAIN if passing else Relayed.NEVER
    return Relayed.TRY_AGAIN

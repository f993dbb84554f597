"""Messages to a browser's push service, encrypted for that browser alone and signed as ours.

Imported by the function that sends them alone, and without pywebpush: it brings requests and
aiohttp, which take as long to load as all the rest, and follow a redirect to wherever it leads.

Source: RFC 8030 (push), RFC 8291 (encryption), RFC 8292 (VAPID).
"""

import base64
import logging
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid

from visio.adapters.patience import UNANSWERED, Kept

log = logging.getLogger("visio.push")

TIMEOUT = 5.0
# Who comes back to the browser later than this finds nobody waiting any more.
LIFE = timedelta(minutes=2)


class Pushed(Enum):
    """What became of a message."""

    SENT = "sent"
    TRY_AGAIN = "try_again"
    GONE = "gone"
    NEVER = "never"


class Pusher(Protocol):
    """Where messages to browsers are handed over."""

    def send(
        self, endpoint: str, p256dh: str, auth: str, text: bytes, *, topic: str, now: datetime
    ) -> Pushed:
        """Say what became of it; raise nothing. A later one of a topic takes the place of one
        that has not been delivered."""


class WebPush:
    """The push services of browsers, each at the address that its browser gave us."""

    def __init__(self, private_key: str, subject: str) -> None:
        self._vapid, self._subject = Vapid.from_string(private_key), subject

    def send(
        self, endpoint: str, p256dh: str, auth: str, text: bytes, *, topic: str, now: datetime
    ) -> Pushed:
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc}"
        claims = {
            "aud": origin,
            "sub": self._subject,
            "exp": int((now + timedelta(hours=1)).timestamp()),
        }
        try:
            body = _encrypted(text, p256dh, auth)
        except ValueError as error:  # a key that is no point of the curve
            log.warning("push.unwritable", extra={"cause": type(error).__name__})
            return Pushed.NEVER
        headers = {
            **self._vapid.sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(LIFE.total_seconds())),
            "Urgency": "high",
            "Topic": topic,
        }
        try:
            status, _ = _service(origin).post(
                urlunsplit(("", "", parts.path or "/", parts.query, "")), body, headers, whole=False
            )
        except UNANSWERED as error:
            log.warning("push.unreachable", extra={"cause": type(error).__name__})
            return Pushed.TRY_AGAIN
        return outcome(status)


@lru_cache(maxsize=8)
def _service(origin: str) -> Kept:
    """Connections to one push service. There are a handful, with some hosts each."""
    return Kept(origin, timeout=TIMEOUT)


def _encrypted(text: bytes, p256dh: str, auth: str) -> bytes:
    """For the one browser that has the other half of its key, with a key of this message's own."""
    body: bytes = http_ece.encrypt(
        text,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_raw(p256dh),
        auth_secret=_raw(auth),
        version="aes128gcm",
    )
    return body


def _raw(key: str) -> bytes:
    return base64.urlsafe_b64decode(key + "==")


def outcome(status: int) -> Pushed:
    """What a push service's answer means for the message, and for the subscription."""
    if 200 <= status < 300:
        return Pushed.SENT
    if status in (404, 410):
        return Pushed.GONE
    if status in (401, 403):
        log.error("push.misconfigured", extra={"status": status})
    return Pushed.TRY_AGAIN if status in (401, 403, 429) or status >= 500 else Pushed.NEVER

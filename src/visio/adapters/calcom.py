"""Booking links to Cal.com, the signed token that binds a booking to its client, and whether
Cal.com is there at all.

Everything in a booking URL is the visitor's to change, so a bare id in it would prove nothing.
"""

import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from msgspec import Struct

from visio.adapters.patience import UNANSWERED
from visio.adapters.signing import Signer

LIFE = timedelta(days=7)
PATIENCE, KEPT = 1.0, 30.0

log = logging.getLogger("visio.calcom")


class Binding(Struct, frozen=True):
    """Whose booking it is."""

    client_id: UUID
    operator_id: UUID


class BookingLink(Struct, frozen=True):
    """`available` says whether Cal.com answered lately."""

    url: str
    expires_at: datetime
    available: bool = False


class BookingTokens:
    """Cal.com's address with a token in it; the address is the token's issuer as well."""

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        self._url = url
        self._signer = Signer(secrets, issuer=url, audience="calcom-booking")

    def link(
        self, binding: Binding, *, name: str, email: str, time_zone: str, now: datetime
    ) -> BookingLink:
        """Cal.com's page, prefilled and bound to one client until it expires."""
        expires_at = (now + LIFE).replace(microsecond=0)
        claims = {"sub": str(binding.client_id), "op": str(binding.operator_id)}
        token = self._signer.sign(claims, expires_at=expires_at)
        query = {"name": name, "email": email, "cal.tz": time_zone, "metadata[bookingToken]": token}
        joint = "&" if urlsplit(self._url).query else "?"
        return BookingLink(f"{self._url}{joint}{urlencode(query)}", expires_at)

    def binding(self, token: str, *, now: datetime) -> Binding | None:
        """Whom a token names; None if it is forged, altered, expired or of elsewhere."""
        claims = self._signer.claims(token, now=now)
        try:
            return Binding(UUID(claims["sub"]), UUID(claims["op"])) if claims else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def version_page(url: str) -> str:
    """Cal.com has no page for its health; this one is there in every release."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/api/version"


class CalcomHealth:
    """Whether Cal.com answers at `url`: asked every 30 s, and waited for a second at most."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._asked = float("-inf")
        self._well = False

    def available(self) -> bool:
        """What it last said; while it is asked for the first time, or anew, a second is enough.

        Resolving its name may take longer than any timeout of ours, hence a thread: an answer that
        comes too late is there for the next caller.
        """
        with self._lock:
            if self._asking is None and time.monotonic() - self._asked > KEPT:
                self._asking = threading.Thread(target=self._ask, daemon=True)
                self._asking.start()
            asking = self._asking
        if asking is not None:
            asking.join(PATIENCE)
            if asking.is_alive():
                return False
        return self._well

    def _ask(self) -> None:
        from urllib.error import HTTPError

        from visio.adapters.opening import urlopen

        well = False
        try:
            with urlopen(self._url, timeout=PATIENCE) as answer:
                well = answer.status < 500
        except HTTPError as refused:
            well = refused.code < 500
            refused.close()
        except (*UNANSWERED, ValueError) as error:
            log.warning("calcom.unreachable", extra={"cause": type(error).__name__})
        with self._lock:
            self._well, self._asked, self._asking = well, time.monotonic(), None

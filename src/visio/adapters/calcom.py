"""Booking links to Cal.com, and the signed token that binds a booking to its client.

Everything in a booking URL is the visitor's to change, so a bare id in it would prove nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from visio.adapters.signing import Signer

LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose booking it is."""

    client_id: UUID
    operator_id: UUID


@dataclass(frozen=True, slots=True)
class BookingLink:
    url: str
    expires_at: datetime


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

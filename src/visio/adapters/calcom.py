"""Booking links to Cal.com, and the signed token that binds a booking to its client.

Everything in a booking URL is the visitor's to change, so a bare id in it would prove nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import jwt

LIFE = timedelta(days=7)
AUDIENCE = "calcom-booking"


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
    """Signs with the newest secret and accepts every one, so that rotation loses no booking.

    The environment's Cal.com address is the issuer: a token of staging binds nothing here.
    """

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        self._url, self._secrets = url, secrets

    def link(
        self, binding: Binding, *, name: str, email: str, time_zone: str, now: datetime
    ) -> BookingLink:
        """Cal.com's page, prefilled and bound to one client until it expires."""
        expires_at = (now + LIFE).replace(microsecond=0)
        claims = {
            "iss": self._url,
            "aud": AUDIENCE,
            "sub": str(binding.client_id),
            "op": str(binding.operator_id),
            "exp": int(expires_at.timestamp()),
        }
        token = jwt.encode(claims, self._secrets[0], algorithm="HS256")
        query = {"name": name, "email": email, "cal.tz": time_zone, "metadata[bookingToken]": token}
        joint = "&" if urlsplit(self._url).query else "?"
        return BookingLink(f"{self._url}{joint}{urlencode(query)}", expires_at)

    def binding(self, token: str, *, now: datetime) -> Binding | None:
        """Whom a token names; None if it is forged, altered, expired or of elsewhere."""
        for secret in self._secrets:
            try:
                claims = jwt.decode(
                    token,
                    secret,
                    algorithms=["HS256"],
                    audience=AUDIENCE,
                    issuer=self._url,
                    # The clock is an argument, so expiry is compared below.
                    options={"require": ["exp", "sub"], "verify_exp": False},
                )
                if int(claims["exp"]) > now.timestamp():
                    return Binding(UUID(claims["sub"]), UUID(claims["op"]))
            except (jwt.PyJWTError, ValueError, KeyError, TypeError):
                continue
        return None

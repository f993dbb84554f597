"""Signed, expiring tokens of our own: what a link carries that needs no sign-in."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from visio.adapters import jws


class Signer:
    """Signs with the newest secret and accepts every one, so that rotation breaks no link.

    `issuer` is the environment: a token of staging means nothing in production.
    """

    def __init__(self, secrets: Sequence[str], *, issuer: str, audience: str) -> None:
        self._secrets, self._issuer, self._audience = secrets, issuer, audience

    def sign(self, claims: Mapping[str, str], *, expires_at: datetime) -> str:
        told = {
            "iss": self._issuer,
            "aud": self._audience,
            "exp": int(expires_at.timestamp()),
            **claims,
        }
        return jws.signed(told, self._secrets[0])

    def claims(self, token: str, *, now: datetime) -> Mapping[str, Any] | None:
        """What a token says; None if it is forged, altered, expired or of elsewhere."""
        for secret in self._secrets:
            with contextlib.suppress(jws.NotSigned):
                return self._meant(jws.verified(token, secret), now)
        return None

    def _meant(self, claims: Mapping[str, Any], now: datetime) -> Mapping[str, Any] | None:
        ours = jws.meant_for(claims, self._audience, ("exp", "sub"))
        if not ours or claims.get("iss") != self._issuer:
            return None
        # As we write it: Infinity is a number to Python's JSON, and none that ends; and ours are
        # good from the beginning.
        lasts = isinstance(claims["exp"], int) and claims["exp"] > now.timestamp()
        return claims if lasts and {"nbf", "iat"}.isdisjoint(claims) else None

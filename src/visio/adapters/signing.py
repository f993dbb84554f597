"""Signed, expiring tokens of our own: what a link carries that needs no sign-in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jwt


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
        return jwt.encode(told, self._secrets[0], algorithm="HS256")

    def claims(self, token: str, *, now: datetime) -> Mapping[str, Any] | None:
        """What a token says; None if it is forged, altered, expired or of elsewhere."""
        for secret in self._secrets:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    secret,
                    algorithms=["HS256"],
                    audience=self._audience,
                    issuer=self._issuer,
                    # The clock is an argument, so expiry is compared below.
                    options={"require": ["exp", "sub"], "verify_exp": False},
                )
                # As we write it: Infinity is a number to Python's JSON, and none that ends.
                if isinstance(claims["exp"], int) and claims["exp"] > now.timestamp():
                    return claims
            except (jwt.PyJWTError, ValueError, TypeError):
                continue
        return None

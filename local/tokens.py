"""The local stack's keys: what Supabase and Google would sign with."""

import base64
import hashlib
import json
import secrets
import time
from pathlib import Path
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

TEN_YEARS = 10 * 365 * 86400


class Keys:
    """Made at the first start and kept in the data folder."""

    def __init__(self, user_pem: str, google_pem: str, jwt_secret: str) -> None:
        self.jwt_secret = jwt_secret
        # Loaded once: an RSA key is checked for 40 ms then, and the origin would stand still.
        user, google = (load_pem_private_key(p.encode(), None) for p in (user_pem, google_pem))
        assert isinstance(user, ec.EllipticCurvePrivateKey)  # noqa: S101 -- we wrote the file
        assert isinstance(google, rsa.RSAPrivateKey)  # noqa: S101 -- likewise
        self._user, self._google = user, google
        self._user_public, self._google_public = user.public_key(), google.public_key()

    @classmethod
    def load(cls, home: Path, jwt_secret: str | None = None) -> Self:
        """The keys of a data folder; a secret given by the environment wins."""
        path = home / "keys.json"
        if path.exists():
            kept = json.loads(path.read_text())
        else:
            pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            kept = {
                "user": ec.generate_private_key(ec.SECP256R1()).private_bytes(*pem).decode(),
                "google": rsa.generate_private_key(65537, 2048).private_bytes(*pem).decode(),
                "jwt_secret": secrets.token_urlsafe(32),
            }
            home.mkdir(parents=True, exist_ok=True)
            path.touch(0o600)
            path.write_text(json.dumps(kept))
        return cls(kept["user"], kept["google"], jwt_secret or kept["jwt_secret"])

    def sign_user(self, claims: dict[str, Any]) -> str:
        """A user's access token, as Supabase Auth signs it (ES256)."""
        return jwt.encode(claims, self._user, "ES256", headers={"kid": "local-user"})

    def sign_google(
        self, audience: str, email: str, *, at: float | None = None, **changes: object
    ) -> str:
        """An OIDC token, as Pub/Sub and Cloud Scheduler send it (RS256), save what is changed.

        It is made now, or `at` that time.
        """
        now = int(time.time() if at is None else at)
        claims = {
            "iss": "https://accounts.google.com",
            "aud": audience,
            "sub": email,
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        return jwt.encode(claims, self._google, "RS256", headers={"kid": "local-google"})

    def api_key(self, role: str) -> str:
        """A project key: `anon` for browsers, `service_role` for the relay."""
        now = int(time.time())
        claims = {"iss": "supabase", "role": role, "iat": now, "exp": now + TEN_YEARS}
        return jwt.encode(claims, self.jwt_secret, "HS256")

    def user_jwks(self) -> dict[str, Any]:
        jwk = {**ECAlgorithm.to_jwk(self._user_public, as_dict=True), "kid": "local-user"}
        return {"keys": [{**jwk, "alg": "ES256", "use": "sig"}]}

    def google_jwks(self) -> dict[str, Any]:
        jwk = {**RSAAlgorithm.to_jwk(self._google_public, as_dict=True), "kid": "local-google"}
        return {"keys": [{**jwk, "alg": "RS256", "use": "sig"}]}

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a key or an access token, as Realtime reads them. Raises PyJWTError."""
        algorithm = jwt.get_unverified_header(token).get("alg")
        key: Any = self._user_public if algorithm == "ES256" else self.jwt_secret
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["ES256" if algorithm == "ES256" else "HS256"],
            options={"require": ["exp", "role"], "verify_aud": False},
        )
        return claims


def vapid_keys(seed: str) -> tuple[str, str]:
    """A private and a public key for web push, the same for the same seed. Source: RFC 8292."""
    number = int(hashlib.sha256(seed.encode()).hexdigest(), 16)
    key = ec.derive_private_key(number % (2**255) + 1, ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    private = key.private_numbers().private_value.to_bytes(32, "big")
    return _base64url(private), _base64url(point)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

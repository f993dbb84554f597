"""JSON Web Tokens as RFC 7515, 7517 and 7519 write them, by three algorithms and no other.

What a shared secret signs (HS256) needs no library. Key pairs (RS256, ES256) are cryptography's
affair, which is loaded as soon as there is one. A token has one text: no padding, no bit that
counts for nothing, and what is signed is compared as text.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
HEADER = {"alg": "HS256", "typ": "JWT"}
KINDS = {"RSA": "RS256", "EC": "ES256"}
SHORTEST_RSA = 2048  # bits, RFC 7518, section 3.3
# Published for everybody to see, or a file's name for it: no secret, whoever configured it as one.
PUBLIC = re.compile(r"-----BEGIN |ssh-|ecdsa-")


class NotSigned(Exception):
    """No token, or not one that this key has signed; says nothing of what stood in it."""


def signed(claims: Mapping[str, object], secret: str) -> str:
    """A token that says this, for whoever shares the secret."""
    signing = _signing(HEADER, claims)
    return f"{signing}.{_mac(signing, secret)}"


def signed_with(claims: Mapping[str, object], pem: str, key_id: str) -> str:
    """A token that says this, for whoever knows the public key of this RSA key (RS256).

    Raises ValueError or TypeError for a text that is no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    signing = _signing({"alg": "RS256", "kid": key_id, "typ": "JWT"}, claims)
    return f"{signing}.{_text(key.sign(signing.encode(), PKCS1v15(), SHA256()))}"


def header(token: str) -> dict[str, Any]:
    """What a token says of itself, before anybody has looked at its signature.

    Raises NotSigned where that is unreadable, or asks for what we do not know how to do.
    """
    if not TOKEN.fullmatch(token):
        raise NotSigned
    found = _object(token.partition(".")[0])
    if "crit" in found or found.get("b64", True) is not True:
        raise NotSigned
    if not isinstance(found.get("kid", ""), str):
        raise NotSigned
    return found


class PublishedKey:
    """A public key for signatures of one algorithm. Raises ValueError for one that is not ours."""

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        self.algorithm = KINDS.get(jwk["kty"], "")
        if jwk.get("use", "sig") != "sig" or jwk.get("alg", self.algorithm) != self.algorithm:
            raise ValueError("a key for something else")
        self._check = _rsa(jwk) if self.algorithm == "RS256" else _p256(jwk)

    def verified(self, token: str) -> dict[str, Any]:
        """The claims of a token that this key has signed. Raises NotSigned."""
        from cryptography.exceptions import InvalidSignature

        if header(token).get("alg") != self.algorithm:
            raise NotSigned
        signing, _, signature = token.rpartition(".")
        try:
            self._check(_bytes(signature), signing.encode())
        except InvalidSignature as error:
            raise NotSigned from error
        return _object(signing.partition(".")[2])


def _rsa(jwk: Mapping[str, Any]) -> Callable[[bytes, bytes], None]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.hashes import SHA256

    key = RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
    if key.key_size < SHORTEST_RSA:
        raise ValueError("a key that is too short")
    return lambda signature, signing: key.verify(signature, signing, PKCS1v15(), SHA256())


def _p256(jwk: Mapping[str, Any]) -> Callable[[bytes, bytes], None]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import (
        ECDSA,
        SECP256R1,
        EllipticCurvePublicNumbers,
    )
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    if jwk["kty"] != "EC" or jwk["crv"] != "P-256":
        raise ValueError("a key of another kind")
    x, y = _number(jwk["x"]), _number(jwk["y"])
    key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()  # which lies on the curve

    def check(signature: bytes, signing: bytes) -> None:
        if len(signature) != 64:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        key.verify(encode_dss_signature(r, s), signing, ECDSA(SHA256()))

    return check


def verified(token: str, secret: str) -> dict[str, Any]:
    """The claims of a token that the secret signed. Raises NotSigned."""
    if header(token).get("alg") != "HS256" or not secret or PUBLIC.match(secret):
        raise NotSigned
    signing, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_mac(signing, secret).encode(), signature.encode()):
        raise NotSigned
    return _object(signing.partition(".")[2])


def meant_for(claims: Mapping[str, Any], audience: str | None, needs: Sequence[str]) -> bool:
    """Whether all that is needed is there and of its kind, and the audience is this one.

    Without an audience there must be none: it would be somebody else's token.
    """
    if any(claims.get(name) is None for name in needs):
        return False
    if not all(isinstance(claims.get(name, ""), str) for name in ("sub", "jti")):
        return False
    named = claims.get("aud") or []
    if isinstance(named, str):
        named = [named]
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        return False
    return audience in named if audience is not None else not named


def _mac(signing: str, secret: str) -> str:
    return _text(hmac.digest(secret.encode(), signing.encode(), "sha256"))


def _signing(header: Mapping[str, str], claims: Mapping[str, object]) -> str:
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, claims))
    return ".".join(map(_text, parts))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(part: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise NotSigned from error
    if _text(raw) != part:
        raise NotSigned
    return raw


def _number(part: str) -> int:
    """An unsigned integer of a published key."""
    return int.from_bytes(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part))
    except (ValueError, RecursionError) as error:
        raise NotSigned from error
    if not isinstance(found, dict):
        raise NotSigned
    return found

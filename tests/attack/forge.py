"""Tokens made by hand, so that no library refuses to make a bad one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Signing = Callable[[bytes], bytes]


def text(raw: bytes) -> str:
    """Base64url as tokens have it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    """A number as published keys have it."""
    return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def forged(header: Mapping[str, Any] | bytes, claims: Any, signing: Signing) -> str:
    """A token with this header and these claims, each JSON or the very bytes, and a signature."""
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)
    ]
    message = ".".join(map(text, parts))
    return f"{message}.{text(signing(message.encode()))}"


def nothing(_: bytes) -> bytes:
    """No signature at all."""
    return b""


def hs(secret: bytes | str, digest: str = "sha256") -> Signing:
    """A shared secret's."""
    key = secret if isinstance(secret, bytes) else secret.encode()
    return lambda message: hmac.new(key, message, digest).digest()


def es(
    key: ec.EllipticCurvePrivateKey, size: int = 32, digest: hashes.HashAlgorithm | None = None
) -> Signing:
    """An elliptic curve's, as tokens want it: r and s, one behind the other."""

    def signing(message: bytes) -> bytes:
        r, s = decode_dss_signature(der(key, digest)(message))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return signing


def der(key: ec.EllipticCurvePrivateKey, digest: hashes.HashAlgorithm | None = None) -> Signing:
    """The same as certificates want it."""
    return lambda message: key.sign(message, ec.ECDSA(digest or hashes.SHA256()))


def rs(key: rsa.RSAPrivateKey, digest: hashes.HashAlgorithm | None = None) -> Signing:
    """An RSA key's."""
    return lambda message: key.sign(message, padding.PKCS1v15(), digest or hashes.SHA256())


def ps(key: rsa.RSAPrivateKey) -> Signing:
    """The same with the other padding."""
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
    return lambda message: key.sign(message, pss, hashes.SHA256())


def digest(raw: bytes) -> str:
    """What LiveKit says of a body."""
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()


def ec_jwk(key: ec.EllipticCurvePrivateKey, **more: Any) -> dict[str, Any]:
    """How an elliptic curve's key is published."""
    numbers = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    name = {"secp256r1": "P-256", "secp384r1": "P-384", "secp256k1": "secp256k1"}[key.curve.name]
    x, y = (text(n.to_bytes(size, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": name, "x": x, "y": y, **more}


def rsa_jwk(key: rsa.RSAPrivateKey, **more: Any) -> dict[str, Any]:
    """How an RSA key is published."""
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **more}

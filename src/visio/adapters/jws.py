"""JSON Web Tokens as RFC 7515 and 7519 write them; what a shared secret signs (HS256) is done here.

An HMAC needs no library. Published keys go through PyJWT, which loads cryptography, as soon as a
token comes that they may have signed. A token has one text: no padding, no bit that counts for
nothing, and what is signed is compared as text.
"""

import base64
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
HEADER = '{"alg":"HS256","typ":"JWT"}'
# Published for everybody to see, or a file's name for it: no secret, whoever configured it as one.
PUBLIC = re.compile(r"-----BEGIN |ssh-|ecdsa-")


class NotSigned(Exception):
    """No token, or not one that this key has signed; says nothing of what stood in it."""


def signed(claims: Mapping[str, object], secret: str) -> str:
    """A token that says this, for whoever shares the secret."""
    parts = HEADER, json.dumps(claims, separators=(",", ":"))
    signing = ".".join(_text(part.encode()) for part in parts)
    return f"{signing}.{_mac(signing, secret)}"


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


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _object(part: str) -> dict[str, Any]:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise NotSigned from error
    if _text(raw) != part or not isinstance(found, dict):
        raise NotSigned
    return found

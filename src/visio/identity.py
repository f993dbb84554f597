"""Who is calling: Supabase users by JWT, Google's services by OIDC, Cal.com and LiveKit by
signature."""

import base64
import contextlib
import hashlib
import hmac
import json
import logging
import re
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from visio.adapters import jws
from visio.adapters.jws import PublishedKey
from visio.adapters.patience import UNANSWERED, Kept
from visio.call import Caller
from visio.domain.refusals import BadSignature, Unauthenticated, Unavailable
from visio.settings import GoogleCaller, UserSettings

log = logging.getLogger("visio.identity")

LEEWAY = 30
SIGNATURE = re.compile(r"[0-9a-f]{64}")
# UUID() also takes braces, urn:, underscores, other scripts' digits, and hyphens anywhere.
SUBJECT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
INFINITY = float("inf")
Key = PublishedKey | str
"""One that is published, or a secret that is shared: each knows its one algorithm."""
GOOGLE = ("https://accounts.google.com", "accounts.google.com")


class KeySet:
    """Published keys by their id: kept for 5 minutes, and longer while they cannot be had.

    They are asked for at most every 30 s; until there are any, at most every second, so that
    callers without a verdict do not wait for each other's turns.
    """

    KEPT, COOLDOWN, FIRST_COOLDOWN, TIMEOUT = 300.0, 30.0, 1.0, 3.0

    def __init__(self, url: str) -> None:
        self._published = Kept(url, timeout=self.TIMEOUT)
        self._lock = threading.Lock()
        self._keys: dict[str, PublishedKey] = {}
        self._fetched = self._tried = float("-inf")

    def key(self, kid: str, algorithm: str) -> PublishedKey | None:
        """The public key, None if there is none of that id. Raises Unavailable where no list of
        keys was ever had; one that lists none is a verdict on every id."""
        with self._lock:
            now = time.monotonic()
            stale = now - self._fetched > self.KEPT
            cooldown = self.FIRST_COOLDOWN if self._never_had else self.COOLDOWN
            if (stale or kid not in self._keys) and now - self._tried > cooldown:
                self._fetch()
                # Counted from its end: whoever waited for the lock need not ask again.
                self._tried = time.monotonic()
            if self._never_had:
                raise Unavailable
            key = self._keys.get(kid)
        return key if key and key.algorithm == algorithm else None

    @property
    def _never_had(self) -> bool:
        return self._fetched == float("-inf")

    def _fetch(self) -> None:
        try:
            status, body = self._published.get()
            listed = json.loads(body)["keys"] if status == 200 else None
        except (*UNANSWERED, ValueError, KeyError, TypeError, RecursionError):
            return  # the last good keys stay
        if not isinstance(listed, list):
            return
        keys = dict(filter(None, map(_readable, listed)))
        if keys or not listed:
            self._keys, self._fetched = keys, time.monotonic()


def _readable(found: Any) -> tuple[str, PublishedKey] | None:
    """A published key by its id; None for one of a kind that is not ours, which hides no other."""
    try:
        if found["kid"] and found["kty"] in jws.KINDS:
            return str(found["kid"]), PublishedKey(found)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("keys.unreadable")
    return None


_keysets: dict[str, KeySet] = {}
_keysets_lock = threading.Lock()


def keys_at(url: str) -> KeySet:
    """The process's key set of an address."""
    with _keysets_lock:
        return _keysets.setdefault(url, KeySet(url))


def user(authorization: str | None, settings: UserSettings, *, now: datetime) -> Caller:
    """The user whom a bearer token names. Raises Unauthenticated, whatever was wrong with it.

    The algorithm decides on the kind of key, never the other way round, and nothing in the token
    says where keys come from. What a user may write about themself is not looked at.
    """
    token, header = _bearer(authorization)
    algorithm = header.get("alg")
    keys: Sequence[Key | None] = ()
    if algorithm == "HS256":
        keys = settings.jwt_secrets
    elif algorithm in ("ES256", "RS256") and settings.jwks_url:
        keys = (keys_at(settings.jwks_url).key(str(header.get("kid")), algorithm),)
    claims = _first(token, keys, now=now)
    subject = str(claims["sub"])
    if claims.get("role") != "authenticated":
        raise Unauthenticated
    if not SUBJECT.fullmatch(subject):
        raise Unauthenticated
    return Caller(UUID(subject))


def google(
    authorization: str | None, expected: GoogleCaller, certs_url: str, *, now: datetime
) -> None:
    """Raise Unauthenticated unless this is the one service account, for this one audience.

    Any Google project can mint a token that passes signature and issuer: audience and e-mail are
    the check. Source: Pub/Sub, "Authentication for push subscriptions".
    """
    token, header = _bearer(authorization)
    if header.get("alg") != "RS256":
        raise Unauthenticated
    key = keys_at(certs_url).key(str(header.get("kid")), "RS256")
    claims = _claims(token, key, audience=expected.audience, now=now)
    known = (
        claims.get("iss") in GOOGLE
        and claims.get("aud") == expected.audience
        and claims.get("email") == expected.service_account
        and claims.get("email_verified") is True
    )
    if not known:
        raise Unauthenticated


def calcom(raw: bytes, signature: str | None, secrets: Sequence[str]) -> None:
    """Raise BadSignature unless one of the secrets signed these very bytes."""
    if signature is None or not SIGNATURE.fullmatch(signature):
        raise BadSignature
    given = signature.encode()
    matches = [
        hmac.compare_digest(hmac.new(s.encode(), raw, hashlib.sha256).hexdigest().encode(), given)
        for s in secrets
        if s
    ]
    if not any(matches):
        raise BadSignature


def _first(token: str, keys: Sequence[Key | None], *, now: datetime) -> Mapping[str, Any]:
    """The claims by the first key that signed them: there are several while keys change."""
    for key in keys[:-1]:
        with contextlib.suppress(Unauthenticated):
            return _claims(token, key, audience="authenticated", now=now)
    last = keys[-1] if keys else None
    return _claims(token, last, audience="authenticated", now=now)


def livekit(
    authorization: str | None, raw: bytes, pairs: Sequence[tuple[str, str]], *, now: datetime
) -> None:
    """Raise BadSignature unless LiveKit signed these very bytes, just now, with one of its keys.

    The header is a JWT, with or without « Bearer », whose `sha256` is the body's digest in base64.
    Source: LiveKit documentation, "Webhooks & events", and livekit-api's WebhookReceiver.
    """
    token = (authorization or "").removeprefix("Bearer ")
    digest = base64.b64encode(hashlib.sha256(raw).digest())
    signed = (_signed_by(pair, token, digest, now=now) for pair in pairs)
    if not any(signed):
        raise BadSignature


def _signed_by(pair: tuple[str, str], token: str, digest: bytes, *, now: datetime) -> bool:
    key, secret = pair
    try:
        claims = _claims(token, secret or None, audience=None, now=now, needs=("exp",))
    except Unauthenticated:
        return False
    given = claims.get("sha256")
    ours = isinstance(given, str) and given.isascii()
    return claims.get("iss") == key and ours and hmac.compare_digest(str(given).encode(), digest)


def _bearer(authorization: str | None) -> tuple[str, Mapping[str, Any]]:
    # Two equal headers arrive joined by a comma, which no token has.
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    try:
        return token, jws.header(token)
    except jws.NotSigned as error:
        raise Unauthenticated from error


def _claims(
    token: str,
    key: Key | None,
    *,
    audience: str | None,
    now: datetime,
    needs: Sequence[str] = ("exp", "sub", "aud"),
) -> Mapping[str, Any]:
    if key is None:
        raise Unauthenticated
    claims = _signed(token, key)
    if not jws.meant_for(claims, audience, needs):
        raise Unauthenticated
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    at = now.timestamp()
    if not all(map(_is_a_time, times.values())):
        raise Unauthenticated
    begun = all(times.get(name, at) <= at + LEEWAY for name in ("nbf", "iat"))
    if times["exp"] <= at - LEEWAY or not begun:
        raise Unauthenticated
    return claims


def _signed(token: str, key: Key) -> Mapping[str, Any]:
    """What a key has signed, by its own algorithm and no other, before anybody has looked at it."""
    try:
        return jws.verified(token, key) if isinstance(key, str) else key.verified(token)
    except jws.NotSigned as error:
        raise Unauthenticated from error


def _is_a_time(value: Any) -> bool:
    # JSON as Python reads it has NaN, which is neither before now nor after, and so never over.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -INFINITY < value < INFINITY

"""Supabase Auth's password sign-in, for the demo accounts."""

import hmac
import time
from typing import Any

import jwt
from aiohttp import web

from local.tokens import Keys

PASSWORD = "demo-visio"  # noqa: S105 -- the published password of the demo accounts
ACCOUNTS = {
    "mikl@foxeo.example": "11111111-1111-4111-8111-111111111111",
    "nora@foxeo.example": "22222222-2222-4222-8222-222222222222",
    "alice@client.example": "a0000000-0000-4000-8000-00000000000a",
    "bruno@client.example": "b0000000-0000-4000-8000-00000000000b",
    "chloe@client.example": "c0000000-0000-4000-8000-00000000000c",
}
HOUR, MONTH = 3600, 30 * 86400


class Auth:
    """Signs access tokens as a Supabase project does, for an hour, and renews them."""

    def __init__(self, keys: Keys, origin: str) -> None:
        self._keys, self._issuer = keys, f"{origin}/auth/v1"

    def routes(self) -> list[web.RouteDef]:
        base = "/auth/v1"
        return [
            web.post(f"{base}/token", self._token),
            web.get(f"{base}/user", self._user),
            web.post(f"{base}/logout", self._logout),
            web.get(f"{base}/.well-known/jwks.json", self._jwks),
        ]

    def session(self, email: str) -> dict[str, Any]:
        """A signed-in account, in the shape that supabase-js keeps."""
        now, user_id = int(time.time()), ACCOUNTS[email]
        claims = {
            "iss": self._issuer,
            "aud": "authenticated",
            "role": "authenticated",
            "sub": user_id,
            "email": email,
            "iat": now,
            "exp": now + HOUR,
            "is_anonymous": False,
        }
        renewal = {"aud": "renewal", "sub": email, "exp": now + MONTH}
        return {
            "access_token": self._keys.sign_user(claims),
            "token_type": "bearer",  # nosec B105 -- a kind of token, and none
            "expires_in": HOUR,
            "expires_at": now + HOUR,
            "refresh_token": jwt.encode(renewal, self._keys.jwt_secret, "HS256"),
            "user": _account(email),
        }

    async def _token(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except ValueError:
            return _no("validation_failed", "The body is not JSON")
        sent = body if isinstance(body, dict) else {}
        match request.query.get("grant_type"):
            case "password":
                email = str(sent.get("email", "")).strip().lower()
                given = str(sent.get("password", "")).encode()
                if email not in ACCOUNTS or not hmac.compare_digest(given, PASSWORD.encode()):
                    return _no("invalid_credentials", "Invalid login credentials")
                return web.json_response(self.session(email))
            case "refresh_token":
                return self._renewed(str(sent.get("refresh_token", "")))
        return _no("validation_failed", "grant_type must be password or refresh_token")

    def _renewed(self, token: str) -> web.Response:
        try:
            claims = jwt.decode(token, self._keys.jwt_secret, ["HS256"], audience="renewal")
            return web.json_response(self.session(claims["sub"]))
        except (jwt.PyJWTError, KeyError):
            return _no("refresh_token_not_found", "Invalid Refresh Token")

    async def _user(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            email = self._keys.verify(token)["email"]
        except (jwt.PyJWTError, KeyError):
            return _no("bad_jwt", "The token is not valid", status=403)
        return web.json_response(_account(email))

    async def _logout(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _jwks(self, _: web.Request) -> web.Response:
        return web.json_response(
            self._keys.user_jwks(), headers={"Cache-Control": "public, max-age=600"}
        )


def _account(email: str) -> dict[str, Any]:
    return {
        "id": ACCOUNTS[email],
        "aud": "authenticated",
        "role": "authenticated",
        "email": email,
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {},
        "created_at": "2026-01-01T00:00:00Z",
    }


def _no(code: str, message: str, *, status: int = 400) -> web.Response:
    body = {"code": status, "error_code": code, "msg": message}
    return web.json_response(body, status=status)

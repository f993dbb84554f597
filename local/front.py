"""The one origin: pages, functions, realtime, sign-in, health."""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, web

from local.postgres import PROJECT

PAGES = PROJECT / "web"
PACKAGES = PROJECT / "node_modules"
SUPABASE_JS = PACKAGES / "@supabase" / "supabase-js" / "dist" / "umd" / "supabase.js"
LIVEKIT_JS = PACKAGES / "livekit-client" / "dist" / "livekit-client.esm.mjs"
LIT_HTML = PACKAGES / "lit-html"
# More than any function takes: what is cut off of a longer body cannot change the answer 413.
LONGEST_BODY = 512 * 1024
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*, authorization",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "3600",
}
NOBODY = "'none'"
IMPORT_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def supabase_cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Supabase's own services answer every origin: they ask for a key, not for a cookie."""
    if not request.path.startswith(("/auth/", "/realtime/v1/api/")):
        return await handler(request)
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=CORS)
    response = await handler(request)
    response.headers.update(CORS)
    return response


class Functions:
    """Hands requests over to the process that runs the functions."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self._session, self._base = session, base

    async def forward(self, request: web.Request) -> web.Response:
        """The function's own answer, untouched."""
        body = await _up_to(LONGEST_BODY + 1, request)
        dropped = HOP_BY_HOP | {"content-length"}
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in dropped]
        try:
            async with self._session.request(
                request.method,
                self._base + request.raw_path,
                data=body or None,
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=("Content-Type", "User-Agent", "Accept"),
            ) as answer:
                kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP]
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)
        except ClientError:
            error = {"code": "unavailable", "message": "Les fonctions ne répondent pas."}
            return web.json_response(
                {"data": None, "error": {**error, "requestId": "-"}}, status=503
            )

    async def serve(self) -> bool:
        """Whether the functions answer."""
        try:
            async with self._session.get(f"{self._base}/functions/v1/"):
                return True
        except (ClientError, OSError):
            return False


async def _up_to(limit: int, request: web.Request) -> bytes:
    body = b""
    while len(body) < limit and (chunk := await request.content.read(limit - len(body))):
        body += chunk
    return body


class Pages:
    """The files of web/ and of the packages that they import.

    A page may frame the one booking page that is configured and speak to the one room's server.
    """

    def __init__(self, calcom_url: str, room_url: str) -> None:
        self._frames = _origin(calcom_url)
        room = _origin(room_url)
        self._rooms = f"{room} {room.replace('ws', 'http', 1)}" if room else ""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/vendor/supabase.js", self._vendored(SUPABASE_JS)),
            web.get("/vendor/livekit-client.js", self._vendored(LIVEKIT_JS)),
            web.get("/vendor/lit-html/{path:.*}", self._lit_html),
            web.get("/{path:.*}", self._page),
        ]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        """A file of web/, or the index of a folder."""
        asked = _within(PAGES, request.match_info["path"])
        if asked.is_dir() and not request.path.endswith("/"):
            raise web.HTTPFound(request.path + "/")
        return self._file(request, asked / "index.html" if asked.is_dir() else asked)

    async def _lit_html(self, request: web.Request) -> web.StreamResponse:
        return self._file(request, _within(LIT_HTML, request.match_info["path"]))

    def _vendored(self, path: Path) -> Handler:
        async def vendored(request: web.Request) -> web.StreamResponse:
            return self._file(request, path)

        return vendored

    def _file(self, request: web.Request, path: Path) -> web.Response:
        if not path.is_file():
            raise web.HTTPNotFound
        content = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        headers = {
            "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
            "ETag": etag,
        }
        if kind == "text/html":
            headers |= {
                "Content-Security-Policy": self._policy(content.decode()),
                "Permissions-Policy": "camera=(self), microphone=(self)",
                "Referrer-Policy": "no-referrer",
            }
        response = web.Response(body=content, headers=headers)
        response.enable_compression()
        return response

    def _policy(self, page: str) -> str:
        # A map of imports can only stand in the page itself: it is allowed by its own hash.
        maps = [hashlib.sha256(found.encode()) for found in IMPORT_MAP.findall(page)]
        hashes = "".join(f" 'sha256-{base64.b64encode(one.digest()).decode()}'" for one in maps)
        return (
            f"default-src 'self'; script-src 'self'{hashes}; connect-src 'self' {self._rooms}; "
            f"frame-src {self._frames or NOBODY}; img-src 'self' data:; "
            "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'"
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _within(folder: Path, path: str) -> Path:
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise web.HTTPNotFound
    return found

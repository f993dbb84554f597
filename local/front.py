"""The one origin: pages, functions, realtime, sign-in, health."""

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import ClientError, ClientSession, web

from local.postgres import PROJECT

PAGES = PROJECT / "web"
SUPABASE_JS = (
    PROJECT / "node_modules" / "@supabase" / "supabase-js" / "dist" / "umd" / "supabase.js"
)
# More than any function takes: what is cut off of a longer body cannot change the answer 413.
LONGEST_BODY = 512 * 1024
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*, authorization",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "3600",
}
POLICY = (
    "default-src 'self'; connect-src 'self' ws:; img-src 'self' data:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

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


async def page(request: web.Request) -> web.StreamResponse:
    """A file of web/, or the index of a folder."""
    asked = (PAGES / request.match_info["path"]).resolve()
    if not asked.is_relative_to(PAGES.resolve()):
        raise web.HTTPNotFound
    if asked.is_dir() and not request.path.endswith("/"):
        raise web.HTTPFound(request.path + "/")
    found = asked / "index.html" if asked.is_dir() else asked
    if not found.is_file():
        raise web.HTTPNotFound
    return file(found)


def file(path: Path) -> web.FileResponse:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return web.FileResponse(
        path,
        headers={
            "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        },
    )

"""HTTP, and the only place that knows it: doors, parsing, the envelope, refusals, the log line.

A request passes in this order, and stops at the first no: method, path, size, who is calling,
content type, shape, the page itself. Whatever happens, the answer is an envelope.
"""

import hashlib
import json
import logging
import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import uuid4

from flask import Request, Response
from msgspec import Struct, field
from msgspec.structs import replace
from werkzeug.datastructures import Headers

from visio import bootstrap, identity, loading, log
from visio.adapters.database import First
from visio.call import Call, Caller
from visio.domain.refusals import (
    IdempotencyKeyInFlight,
    InvalidFields,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    RaceLost,
    Refusal,
    StillLocked,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from visio.settings import require, settings

if TYPE_CHECKING:
    from visio.views.base import View

__all__ = [
    "Call",
    "File",
    "Reply",
    "anyone",
    "calcom",
    "endpoint",
    "livekit",
    "push",
    "scheduler",
    "user",
]

logger = logging.getLogger("visio.edge")

KIB = 1024
TRIES = 3
INTERNAL = "Une erreur est survenue de notre côté."
KEY = re.compile(r"[\x21-\x7e]{1,255}")
TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
# What Google's front end adds where no traceparent came: TRACE/SPAN, the span in decimal.
CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/([0-9]{1,20}))?(?:;o=[0-9]+)?")
# Somebody was not let in, or came too often: worth a look when there are many.
TURNED_AWAY = (401, 403, 429)
ALLOWED_HEADERS = (
    "authorization, apikey, x-client-info, content-type, x-retry-count, idempotency-key, "
    "if-none-match, traceparent"
)
EXPOSED_HEADERS = "ETag, Retry-After, X-Request-Id, Location, Content-Disposition"

Seen = TypeVar("Seen", bound="View")


class Reply(Struct, Generic[Seen], frozen=True):
    """A view with an entity tag: whoever has seen it already gets 304 and no body."""

    view: Seen
    etag: str


class File(Struct, frozen=True):
    """An answer that is no envelope: a program, not a page, reads it."""

    content: bytes
    media_type: str
    name: str


class Door(ABC):
    """Who comes in here, and with how much."""

    browser = False
    limit = 64 * KIB
    needs: tuple[str, ...] = ()

    @abstractmethod
    def admit(self, request: Request, body: bytes, now: datetime) -> Caller | None:
        """The caller, where it is a user. Raises a Refusal for whoever may not come in."""

    def check_type(self, request: Request, body: bytes) -> None:  # noqa: B027 -- most doors do not care
        """Raise UnsupportedMediaType where the content type matters here."""

    def read(self, takes: type[Any], request: Request, body: bytes) -> object:
        """What the page takes, from what came. Raises MalformedJson, InvalidFields."""
        if issubclass(takes, Struct):  # it reads itself
            return takes.read(request.args.to_dict(flat=False))  # type: ignore[attr-defined]  # those that a page takes do
        # Here, so that a function loads without pydantic which has nothing for it to read.
        from visio.parsing import parse_body, parse_query

        if request.method == "GET":
            return parse_query(takes, request.args.to_dict(flat=False))
        return parse_body(takes, body)


class _Browser(Door):
    """A page of ours, or a program that reads like one."""

    browser = True

    def check_type(self, request: Request, body: bytes) -> None:
        if body and request.mimetype != "application/json":
            raise UnsupportedMediaType


class _User(_Browser):
    """A person's browser, signed in with Supabase."""

    needs = ("database", "users")

    def admit(self, request: Request, body: bytes, now: datetime) -> Caller:
        authorization = request.headers.get("Authorization")
        return identity.user(authorization, settings().users, now=now)


class _Anyone(_Browser):
    """Whoever holds a secret link: what opens is the page's own affair."""

    needs = ("database",)

    def admit(self, request: Request, body: bytes, now: datetime) -> None:
        return None


class _Calcom(Door):
    """Cal.com, by the signature of the bytes it sent. Its content types say nothing."""

    limit, needs = 256 * KIB, ("database", "calcom")

    def admit(self, request: Request, body: bytes, now: datetime) -> None:
        signature = request.headers.get("X-Cal-Signature-256")
        identity.calcom(body, signature, settings().calcom.webhook_secrets)


class _LiveKit(Door):
    """The room's server, by the digest that it signed. Its content type is its own."""

    needs = ("database", "livekit")

    def admit(self, request: Request, body: bytes, now: datetime) -> None:
        authorization = request.headers.get("Authorization")
        identity.livekit(authorization, body, settings().rooms.pairs, now=now)


class _Google(Door):
    """A service of Google's, by its OIDC token."""

    def __init__(self, name: str) -> None:
        self._name, self.needs = name, ("database", name)

    def admit(self, request: Request, body: bytes, now: datetime) -> None:
        authorization = request.headers.get("Authorization")
        expected = getattr(settings(), self._name)
        identity.google(authorization, expected, settings().google_certs_url, now=now)


class _PubSub(_Google):
    """Pub/Sub, which says the same again for days where it is refused: so nothing is, and what
    will never be read is a push of nothing, which its page knows to record."""

    def read(self, takes: type[Any], request: Request, body: bytes) -> object:
        return takes.read(body)


user, anyone, calcom, livekit = _User(), _Anyone(), _Calcom(), _LiveKit()
push, scheduler = _PubSub("push"), _Google("scheduler")


class Declaration(Struct, frozen=True):
    """What a page declares about itself; the OpenAPI document is made of these."""

    name: str
    method: str
    takes: type[Any] | None
    gives: Any
    status: int
    door: Door
    first: First
    keyed: bool


def endpoint(
    method: str,
    *,
    takes: type[Any] | None = None,
    status: int = 200,
    door: Door = user,
    needs: tuple[str, ...] = (),
    first: First = (),
    keyed: bool = False,
) -> Callable[[Callable[..., Any]], Callable[[Request], Response]]:
    """Make a page of a function: it gets its parsed command and the call, and returns a view.

    Refuses to load where the environment lacks what the door or the page needs. A page that loses
    a race in the database is run again, so it must do everything inside its transaction. What it
    asks the database `first` the server has planned by then; without values that must do nothing.
    One that is `keyed` does a thing once for each Idempotency-Key, which others do not look at.
    """

    def decorate(page: Callable[..., Any]) -> Callable[[Request], Response]:
        require(os.environ, *door.needs, *needs)
        log.configure(local=settings().local)
        name = page.__name__
        gives = page.__annotations__.get("return")
        declared = Declaration(name, method, takes, gives, status, door, first, keyed)

        @wraps(page)
        def served(request: Request) -> Response:
            return _Exchange(declared, page, request).answer()

        served.declared = declared  # type: ignore[attr-defined]  # read by visio.openapi
        bootstrap.opens_ahead(first, by_users=door is user)
        loading.is_done()
        return served

    return decorate


class _Exchange(Struct):
    """One request and its answer."""

    declared: Declaration
    page: Callable[..., Any]
    request: Request
    started: float = field(default_factory=time.perf_counter)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    trace: str | None = None
    span: str | None = None
    request_id: str = ""
    caller: Caller | None = None
    notes: dict[str, int | str] = {}

    def answer(self) -> Response:
        self.trace, self.span = _trace(self.request.headers)
        self.request_id = self.trace or uuid4().hex
        code: str | None = None
        error: BaseException | None = None
        try:
            response = self._serve()
        except Refusal as refusal:
            code = refusal.code
            response = self._refused(refusal)
        except Exception as unexpected:  # noqa: BLE001 -- the one catch-all: an envelope, never a page of the framework's
            code, error = "internal", unexpected
            response = _envelope(500, error=self._error("internal", INTERNAL))
        self._dress(response)
        self._log(response.status_code, code, error)
        return response

    def _serve(self) -> Response:
        declared, request = self.declared, self.request
        if request.method == "OPTIONS" and declared.door.browser:
            return Response(status=204)
        if request.method != declared.method:
            allowed = f"{declared.method}, OPTIONS" if declared.door.browser else declared.method
            raise MethodNotAllowed(headers={"Allow": allowed})
        if request.path != "/":
            raise NotFound
        body = self._body()
        self.caller = declared.door.admit(request, body, self.now)
        declared.door.check_type(request, body)
        call = Call(
            declared.name, self.request_id, self.now, self.caller, self._key(), body, self.notes
        )
        takes = declared.takes
        command = () if takes is None else (declared.door.read(takes, request, body),)
        try:
            return self._rendered(self._run(*command, call=call))
        except StillLocked as locked:
            if not declared.keyed or call.idempotency_key is None:
                raise
            raise IdempotencyKeyInFlight from locked

    def _body(self) -> bytes:
        limit = self.declared.door.limit
        if (self.request.content_length or 0) > limit:
            raise TooLarge
        try:
            body = self.request.stream.read(limit + 1)
        except Exception as error:  # each server has its own; it is the caller who broke off
            raise MalformedJson from error
        if len(body) > limit:
            raise TooLarge
        return body

    def _key(self) -> str | None:
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not KEY.fullmatch(key):
            problem = {"field": "Idempotency-Key", "problem": "1 to 255 visible ASCII characters"}
            raise InvalidFields(details=[problem])
        return key

    def _run(self, *command: object, call: Call) -> Any:
        for _ in range(TRIES):
            try:
                return self.page(*command, call)
            except RaceLost:
                call = replace(call, again=True)
        raise Unavailable

    def _rendered(self, result: Any) -> Response:
        if isinstance(result, Reply):
            if _known(self.request.headers.get("If-None-Match", ""), result.etag):
                response = Response(status=304)
            else:
                response = self._rendered(result.view)
            response.headers["ETag"] = result.etag
            return response
        if isinstance(result, File):
            response = Response(result.content, content_type=result.media_type)
            response.headers["Content-Disposition"] = f'attachment; filename="{result.name}"'
            return response
        if result is None:
            return Response(status=self.declared.status)
        body = b'{"data":' + result.written() + b',"error":null}'
        return Response(body, self.declared.status, content_type="application/json")

    def _refused(self, refusal: Refusal) -> Response:
        error = self._error(refusal.code, refusal.message)
        if refusal.details:
            error["details"] = refusal.details
        response = _envelope(refusal.status, error=error)
        response.headers.update(refusal.headers)
        return response

    def _error(self, code: str, message: str) -> dict[str, Any]:
        return {"code": code, "message": message, "requestId": self.request_id}

    def _dress(self, response: Response) -> None:
        headers = response.headers
        headers["X-Request-Id"] = self.request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Cache-Control", "no-store")
        if not self.declared.door.browser:
            return
        headers["Vary"] = "Origin"
        origin = self.request.headers.get("Origin")
        if origin not in settings().allowed_origins:
            return
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        if self.request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = self.declared.method
            headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            headers["Access-Control-Max-Age"] = "3600"

    def _log(self, status: int, code: str | None, error: BaseException | None) -> None:
        level = logging.WARNING if status in TURNED_AWAY else logging.INFO
        if status >= 500:
            level = logging.ERROR
        user_id = self.caller and hashlib.sha256(self.caller.user_id.bytes).hexdigest()[:12]
        logger.log(
            level,
            f"[VISIO:{self.declared.name.upper()}]",
            extra={
                "function": self.declared.name,
                "status": status,
                "code": code,
                "sqlstate": getattr(error, "sqlstate", None),
                "requestId": self.request_id,
                "caller": user_id,
                "ms": round((time.perf_counter() - self.started) * 1000, 1),
                **self.notes,
                **log.traced(self.trace, self.span, settings().google_project),
            },
            exc_info=error,
        )


def _trace(headers: Headers) -> tuple[str | None, str | None]:
    """The trace that a request belongs to, and the span within it, in hexadecimal."""
    if found := TRACE.fullmatch(headers.get("traceparent", "")):
        return found.group(1), found.group(2)
    if found := CLOUD_TRACE.fullmatch(headers.get("X-Cloud-Trace-Context", "")):
        span = int(found.group(2) or 0)
        return found.group(1), f"{span:016x}" if 0 < span < 2**64 else None
    return None, None


def _known(tags: str, etag: str) -> bool:
    """Whether a caller has this already: one of several, maybe made weak by what compresses."""
    return etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}


def _envelope(status: int, *, error: Mapping[str, Any]) -> Response:
    body = json.dumps({"data": None, "error": error}, ensure_ascii=False)
    return Response(body, status, content_type="application/json")

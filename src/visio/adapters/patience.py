"""Answers of other services, waited for as a whole.

A socket's timeout begins anew with each piece that arrives: whoever sends a byte every four seconds
holds a caller with a timeout of five for hours, and with it the thread, the claim on a message, or
the lock that it waits under. Here a timeout counts for an answer from its first byte to its last,
and nobody sends more than there is room for.
"""

import contextlib
import http.client
import io
import select
import socket
import time
import urllib.request
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import urllib3

ROOM = 16 * 1024 * 1024


class WholeAnswer(io.RawIOBase):
    """What a socket brings, until its time or its room has run out: then reading raises OSError."""

    def __init__(self, sock: socket.socket, *, within: float | None = None) -> None:
        self._sock, self._given = sock, sock.gettimeout()
        patience = within if within is not None else self._given
        self._until = None if patience is None else time.monotonic() + patience
        self._room = ROOM
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._until is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer takes too long")
            self._sock.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        self._room -= read or 0
        if self._room < 0:
            raise OSError("the answer is too large")
        return read

    def close(self) -> None:
        if not self.closed:
            with contextlib.suppress(OSError):  # the connection may have gone
                self._sock.settimeout(self._given)
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(WholeAnswer(sock))


class _Http(http.client.HTTPConnection):
    response_class = _Response


class _Https(http.client.HTTPSConnection):
    response_class = _Response


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Http, request)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Https, request)


UNANSWERED = (OSError, http.client.HTTPException)
"""What `urlopen` raises where there was no answer, or none that is HTTP."""

urlopen = urllib.request.build_opener(_HttpHandler, _HttpsHandler).open
"""As urllib's own, but for a timeout that counts for the whole answer."""


class Kept:
    """One server, to which connections are kept, for adapters that speak to it with every call.

    The same holds here. `post` raises UNANSWERED, tries nothing again and follows no redirect.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._timeout = parts.hostname or "", parts.port, timeout
        self._secure = parts.scheme == "https"
        self._resting: list[http.client.HTTPConnection] = []  # append and pop are atomic
        weakref.finalize(self, _close, self._resting)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, whole: bool = True
    ) -> tuple[int, bytes]:
        """The status and the body of the answer; an empty one if it broke off and may do so."""
        connection = self._rested() or self._opened()
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            status, told = answer.status, b""
            try:
                told = answer.read()
            except UNANSWERED:
                if whole:
                    raise
                connection.close()
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:  # it is closed already where the server wanted that
            self._resting.append(connection)
        return status, told

    def _rested(self) -> http.client.HTTPConnection | None:
        while True:
            try:
                connection = self._resting.pop()
            except IndexError:
                return None
            silent = select.poll()
            silent.register(connection.sock, select.POLLIN)
            if not silent.poll(0):
                return connection
            connection.close()  # nothing was asked: what there is to be read is its end

    def _opened(self) -> http.client.HTTPConnection:
        kind = _Https if self._secure else _Http
        return kind(self._host, self._port, timeout=self._timeout)


def _close(resting: list[http.client.HTTPConnection]) -> None:
    for connection in resting:
        connection.close()


def connections(*, maxsize: int) -> "urllib3.PoolManager":
    """Connections that are kept, for adapters that speak often; the same holds for them.

    Nothing is tried again, and no redirect is followed.
    """
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Http(HTTPConnection):
        response_class = _Response

    class Https(HTTPSConnection):
        response_class = _Response

    class HttpPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Https

    made = urllib3.PoolManager(maxsize=maxsize, retries=False)
    made.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
    return made

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
import ssl
import time
import weakref
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOM = 16 * 1024 * 1024
AT_ONCE = 8  # each of them a connection, and to Google a handshake


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


class Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(WholeAnswer(sock))


class Http(http.client.HTTPConnection):
    response_class = Response


class Https(http.client.HTTPSConnection):
    response_class = Response


UNANSWERED = (OSError, http.client.HTTPException)
"""What is raised where there was no answer, or none that is HTTP."""

Answer = tuple[int, bytes]
"""A status and a body."""


class Kept:
    """One server, to which connections are kept, for adapters that speak to it with every call.

    The same holds here. `get`, `ask` and `post` raise UNANSWERED; nothing is tried again, and no
    redirect is followed.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._timeout = parts.hostname or "", parts.port, timeout
        self._page = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        self._secure = parts.scheme == "https"
        self._resting: list[http.client.HTTPConnection] = []  # append and pop are atomic
        weakref.finalize(self, _close, self._resting)

    def get(self, headers: Mapping[str, str] | None = None) -> Answer:
        """What is at the address itself, as a whole; asked too seldom to keep a connection."""
        connection = self._asked("GET", self._page, None, headers or {})
        with contextlib.closing(connection):
            return self._heard(connection)

    def ask(self, path: str, headers: Mapping[str, str]) -> Answer:
        """What is at a path, as a whole."""
        connection = self._asked("GET", path, None, headers)
        answer = self._heard(connection)
        self._rest(connection)
        return answer

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, whole: bool = True
    ) -> Answer:
        """The answer, with an empty body if that broke off and may do so."""
        connection = self._asked("POST", path, body, headers)
        answer = self._heard(connection, whole=whole)
        self._rest(connection)
        return answer

    def post_all(
        self, posts: Sequence[tuple[str, bytes]], headers: Mapping[str, str]
    ) -> list[Answer | Exception]:
        """Post all, several at once, and wait as long for all answers as for one.

        `posts` are paths and bodies. For each its answer, whose body may have broken off, or one
        of UNANSWERED; what there was no time left for has not been sent.
        """
        until = time.monotonic() + self._timeout
        answers: list[Answer | Exception] = []
        for first in range(0, len(posts), AT_ONCE):
            answers += self._together(posts[first : first + AT_ONCE], headers, until)
        return answers

    def _together(
        self, posts: Sequence[tuple[str, bytes]], headers: Mapping[str, str], until: float
    ) -> list[Answer | Exception]:
        """After one that cannot even be sent, the server is not there for the rest either."""
        if time.monotonic() >= until:
            return [TimeoutError("the answers before took too long")] * len(posts)
        asked: list[http.client.HTTPConnection] = []
        answers: list[Answer | Exception] = []
        unsent: list[Exception] = []
        try:
            for path, body in posts:
                asked.append(self._asked("POST", path, body, headers))
        except UNANSWERED as error:
            unsent = [error] * (len(posts) - len(asked))
        for connection in asked:
            try:
                answers.append(self._heard(connection, whole=False, until=until))
                self._rest(connection)
            except UNANSWERED as error:
                answers.append(error)
        return answers + unsent

    def _asked(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPConnection:
        """A connection on which that has been asked, and nothing heard yet."""
        connection = self._rested() or self._opened()
        try:
            connection.request(method, path, body, dict(headers))
        except BaseException:
            connection.close()
            raise
        return connection

    def _heard(
        self,
        connection: http.client.HTTPConnection,
        *,
        whole: bool = True,
        until: float | None = None,
    ) -> Answer:
        try:
            if until is not None:
                connection.sock.settimeout(max(until - time.monotonic(), 0.001))
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
        return status, told

    def _rest(self, connection: http.client.HTTPConnection) -> None:
        if connection.sock is not None:  # it is closed already where the server wanted that
            connection.sock.settimeout(self._timeout)
            self._resting.append(connection)

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
        if not self._secure:
            return Http(self._host, self._port, timeout=self._timeout)
        return Https(self._host, self._port, timeout=self._timeout, context=self._authorities)

    @cached_property
    def _authorities(self) -> ssl.SSLContext:
        """Read once: they take longer to read than a connection to open."""
        return ssl.create_default_context()


def _close(resting: list[http.client.HTTPConnection]) -> None:
    for connection in resting:
        connection.close()

"""The wire between a function and its database, or between a caller and its functions.

It passes on what it is given until it is told otherwise: to be slow, to be cut after a certain
message, to swallow one and fall silent. In front of PostgreSQL it knows where messages begin.
"""

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

Direction = Literal["up", "down"]
Verdict = Literal["cut", "swallow"] | float | None


class Passing(NamedTuple):
    """One message on its way. `number` counts from 1 in its direction, on its own connection.

    `kind` is PostgreSQL's letter for it (`Q`, `P`, `Z`, …; empty for the start-up message), or
    empty for whatever passes on another wire.
    """

    connection: int
    direction: Direction
    number: int
    kind: str
    content: bytes


class Cable:
    """A TCP proxy on a free port of this machine. Each new connection goes to the next target.

    `rule` is asked about every message: None lets it pass, a number lets it pass after so many
    seconds, `cut` ends the connection without passing it on, and `swallow` passes on neither it
    nor anything after it in its direction, while the connection stays.
    """

    def __init__(self, *targets: tuple[str, int], messages: bool = False) -> None:
        self._targets: Iterator[tuple[str, int]] = itertools.cycle(targets)
        self._messages = messages
        self.rule: Callable[[Passing], Verdict] = lambda passing: None
        self.refuses = False
        self.opened = 0
        self._live: set[socket.socket] = set()
        self._lock, self._cutting = threading.Lock(), threading.RLock()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def aim(self, *targets: tuple[str, int]) -> None:
        """Where new connections go from here on."""
        with self._lock:
            self._targets = itertools.cycle(targets)

    def calm(self) -> None:
        """Pass everything on again. What was to be cut has been cut by then."""
        with self._cutting:
            self.rule, self.refuses = lambda passing: None, False

    def cut(self) -> None:
        """End every connection there is."""
        with self._lock:
            live = list(self._live)
        for one in live:
            _end(one)

    def close(self) -> None:
        self.refuses = True
        # A thread that waits in accept is not woken by close alone.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def __enter__(self) -> "Cable":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self._join, args=(caller, self.opened), daemon=True).start()

    def _join(self, caller: socket.socket, number: int) -> None:
        with self._lock:
            target = next(self._targets)
        try:
            if self.refuses:
                raise ConnectionRefusedError
            server = socket.create_connection(target, timeout=5)
        except OSError:
            _end(caller)
            caller.close()
            return
        for one in (caller, server):
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._live |= {caller, server}
        ends: Sequence[tuple[socket.socket, socket.socket, Direction]] = (
            (caller, server, "up"),
            (server, caller, "down"),
        )
        pumps = [
            threading.Thread(target=self._pump, args=(*end, number), daemon=True) for end in ends
        ]
        for pump in pumps:
            pump.start()
        for pump in pumps:
            pump.join()
        with self._lock:
            self._live -= {caller, server}
        caller.close()
        server.close()

    def _pump(
        self, source: socket.socket, sink: socket.socket, direction: Direction, connection: int
    ) -> None:
        silent = False
        parts = _framed(source, direction) if self._messages else _pieces(source)
        try:
            for number, (kind, content) in enumerate(parts, 1):
                if silent:
                    continue
                with self._cutting:
                    verdict = self.rule(Passing(connection, direction, number, kind, content))
                    if verdict == "cut":
                        _end(source)
                        _end(sink)
                        break
                if verdict == "swallow":
                    silent = True
                    continue
                if verdict is not None:
                    time.sleep(float(verdict))
                sink.sendall(content)
        except OSError:
            pass  # the other end is gone: so is this one
        _end(source)
        _end(sink)


def _pieces(source: socket.socket) -> Iterator[tuple[str, bytes]]:
    while content := source.recv(65536):
        yield "", content


def _framed(source: socket.socket, direction: Direction) -> Iterator[tuple[str, bytes]]:
    """PostgreSQL's messages: a letter, a length that counts itself, the rest."""
    if direction == "up":
        head = _exactly(source, 4)
        if len(head) < 4:
            return
        yield "", head + _exactly(source, struct.unpack("!i", head)[0] - 4)
    while len(head := _exactly(source, 5)) == 5:
        [length] = struct.unpack("!i", head[1:])
        yield chr(head[0]), head + _exactly(source, length - 4)


def _exactly(source: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size and (more := source.recv(size - len(content))):
        content += more
    return content


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)

"""Services that do not do what they should: HTTP, SMTP and Google's Pub/Sub, as bad as asked."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

HUGE = 64 * 1024 * 1024


def _say(content: bytes) -> Callable[[socket.socket], None]:
    return lambda wire: wire.sendall(content)


def _ok(body: bytes, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (more, len(body), body)


def _reset(wire: socket.socket) -> None:
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _drip(wire: socket.socket) -> None:
    """A byte at a time, for ever: never as slow as a timeout between two of them."""
    wire.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        wire.sendall(b"y")
        time.sleep(0.1)


def _drip_body(wire: socket.socket) -> None:
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        wire.sendall(b" ")
        time.sleep(0.1)


def drips_for_a_while(wire: socket.socket) -> None:
    """A sound answer, a byte at a time: never as slow as a timeout between two of them."""
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")
    for _ in range(30):
        wire.sendall(b" ")
        time.sleep(0.1)


def _flood(wire: socket.socket) -> None:
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE)
    piece = b" " * 65536
    for _ in range(HUGE // len(piece)):
        wire.sendall(piece)


def _silence(wire: socket.socket) -> None:
    wire.settimeout(60)
    wire.recv(1)


# At once: no answer, or one that is none.
QUICK: dict[str, Callable[[socket.socket], None]] = {
    "hangs up": lambda wire: None,
    "resets": _reset,
    "speaks no HTTP": _say(b"220 mail.example ESMTP\r\n"),
    "speaks of no status": _say(b"HTTP/1.1 fine\r\n\r\n"),
    "breaks off in the body": _say(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"a": '),
    "counts chunks wrongly": _say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
    "has endless headers": _say(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2000 + b"\r\n"),
    "has an endless line": _say(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"),
    "fails": _say(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
    "is overloaded": _say(b"HTTP/1.1 503 No\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"),
    "sends elsewhere": _say(
        b"HTTP/1.1 307 Over there\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    ),
}
# A good status with a body that is no good.
MUMBLED: dict[str, Callable[[socket.socket], None]] = {
    "breaks off in the head": _say(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "says nothing": _say(_ok(b"")),
    "says no JSON": _say(_ok(b"<html>Bienvenue</html>")),
    "says another kind of JSON": _say(_ok(b'["keys"]')),
    "says keys of no kind": _say(_ok(b'{"keys": "all", "data": "all"}')),
    "says keys that are none": _say(
        _ok(b'{"keys": [1, null, {}, {"kid": "local-user", "kty": "EC", "crv": "P-9"}], "data": 1}')
    ),
    "says no UTF-8": _say(_ok(b'{"keys": ["\xff"]}')),
    "nests for ever": _say(_ok(b'{"keys":' * 50_000)),
    "compresses what it does not": _say(_ok(b"{}", b"Content-Encoding: gzip\r\n")),
    "floods": _flood,
}
# Until whoever asks has had enough.
SLOW: dict[str, Callable[[socket.socket], None]] = {
    "is silent": _silence,
    "drips its head": _drip,
    "drips its body": _drip_body,
}


class Liar:
    """An HTTP service that answers each request as `does` says, and hangs up.

    What it does next is only told to it when it has hung up on everybody before: otherwise a caller
    might ask once more on a connection whose end is still on its way.
    """

    def __init__(self, does: Callable[[socket.socket], None]) -> None:
        self._does, self.asked = does, 0
        self._hanging_up = threading.Condition()
        self._callers = 0
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Liar":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    @property
    def does(self) -> Callable[[socket.socket], None]:
        return self._does

    @does.setter
    def does(self, does: Callable[[socket.socket], None]) -> None:
        with self._hanging_up:
            self._hanging_up.wait_for(lambda: not self._callers, timeout=10)
        self._does = does

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, _ = self._server.accept()
                with self._hanging_up:
                    self._callers += 1
                threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: socket.socket) -> None:
        self._answer(wire)
        with self._hanging_up:
            self._callers -= 1
            self._hanging_up.notify_all()

    def _answer(self, wire: socket.socket) -> None:
        with contextlib.suppress(OSError), wire:
            asked = b""
            while b"\r\n\r\n" not in asked:
                piece = wire.recv(65536)
                if not piece:
                    return
                asked += piece
            head, _, body = asked.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            while len(body) < length:
                body += wire.recv(65536)
            self.asked += 1
            self.does(wire)


GOOD = {"hello": "220 ready", "DATA": "354 go on", "QUIT": "221 bye", "taken": "250 OK"}


class Post:
    """An SMTP server that says what it is told to say to a command, and keeps what it accepted.

    `says` maps a command (`hello` for the greeting, `taken` for the end of an e-mail) to an answer;
    an empty one hangs up.
    """

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.accepted: list[bytes] = []
        self.slowly = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, _ = self._server.accept()
                threading.Thread(target=self._talk, args=(wire,), daemon=True).start()

    def _talk(self, wire: socket.socket) -> None:
        with contextlib.suppress(OSError), wire, wire.makefile("rb") as heard:
            if not self._answer(wire, "hello"):
                return
            for line in heard:
                command = line.split()[0].decode().upper()
                if not self._answer(wire, command):
                    return
                if command == "DATA" and self._said("DATA").startswith("354"):
                    content = b"".join(iter(heard.readline, b".\r\n"))
                    if self._said("taken").startswith("250") or not self._said("taken"):
                        self.accepted.append(content)
                    if not self._answer(wire, "taken"):
                        return
                if command == "QUIT":
                    return

    def _said(self, command: str) -> str:
        return self.says.get(command, GOOD.get(command, "250 OK"))

    def _answer(self, wire: socket.socket, command: str) -> bool:
        said = f"{self._said(command)}\r\n".encode()
        if self.slowly:
            for letter in said.decode().strip() * 1000:
                wire.sendall(letter.encode())
                time.sleep(0.1)
        elif self._said(command):
            wire.sendall(said)
        return bool(self._said(command))


class Google:
    """Pub/Sub's JSON interface, as far as publishing goes, and what tells a machine's account.

    `fails` says with which status it refuses, if any; `taken` are the ids and ordering keys of what
    it took, `trusted` whom it takes something from, if not from everybody. Tokens last `lasts`
    seconds.
    """

    def __init__(self) -> None:
        self.fails: int | None = None
        self.trusted: str | None = None
        self.lasts, self.tokens = 3600.0, 0
        self.silent = threading.Event()
        self.taken: list[tuple[str, str]] = []
        self.requests = self.connections = 0
        self._numbers, self._spoken = count(1), threading.Event()
        google = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                google.connections += 1

            def do_GET(self) -> None:
                if self.headers.get("Metadata-Flavor") != "Google":
                    self._say(403, {})
                    return
                google.tokens += 1
                token = {"access_token": f"token-{google.tokens}", "expires_in": google.lasts}
                self._say(200, {**token, "token_type": "Bearer"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._say(*google._publish(body["messages"], self.headers.get("Authorization")))

            def _say(self, status: int, body: object) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._spoken.set()
        self._server.shutdown()
        self._server.server_close()

    def _publish(
        self, messages: list[dict[str, object]], authorization: str | None
    ) -> tuple[int, object]:
        self.requests += 1
        if self.silent.is_set():
            self._spoken.wait(30)
        if self.trusted is not None and authorization != f"Bearer {self.trusted}":
            return 401, {"error": {"status": "UNAUTHENTICATED"}}
        keys = {str(one.get("orderingKey", "")) for one in messages}
        if self.fails is not None or len(keys) != 1:
            return self.fails or 400, {"error": {"status": "INVALID_ARGUMENT"}}
        [key] = keys
        self.taken += [(one["attributes"]["eventId"], key) for one in messages]  # type: ignore[index]  # JSON
        return 200, {"messageIds": [str(next(self._numbers)) for _ in messages]}

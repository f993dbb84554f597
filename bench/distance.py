"""A server that is further away than it is: bytes pass by a proxy, and take their time.

`python -m bench.distance HOST PORT` is one in a process of its own. It says its port, and `set` to
each line of seconds that each trip takes longer from then on.
"""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue

# Seconds: a sleep ends up to so much too late, which is as much as what is measured differs by.
EXACTLY = 0.0005


class Proxy:
    """Passes bytes on to a server, each way there and back `delay` seconds late.

    A trip begins when a client sends after the server has spoken, and is made when the server
    speaks again.
    """

    def __init__(self, host: str, port: int) -> None:
        self.begun, self.trips, self.delay = 0, 0, 0.0
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def settle(self) -> None:
        """Wait until every trip that was begun has been made."""
        time.sleep(0.02)  # what has just been sent is not yet here
        while self.trips < self.begun:
            time.sleep(0.001)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._to)
                for wire in (client, server):
                    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                answered = threading.Event()
                answered.set()
                for source, sink, asks in ((client, server, True), (server, client, False)):
                    threading.Thread(
                        target=self._pass, args=(source, sink, asks, answered), daemon=True
                    ).start()

    def _pass(
        self, source: socket.socket, sink: socket.socket, asks: bool, answered: threading.Event
    ) -> None:
        late: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        if asks:
            threading.Thread(target=_send_late, args=(late, sink), daemon=True).start()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if asks and answered.is_set():
                    answered.clear()
                    self.begun += 1
                elif not asks and not answered.is_set():
                    answered.set()
                    self.trips += 1
                if asks:
                    late.put((time.perf_counter() + self.delay, data))
                else:
                    sink.sendall(data)
        if asks:
            late.put((0, b""))
        else:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)


def _send_late(late: "SimpleQueue[tuple[float, bytes]]", sink: socket.socket) -> None:
    """Pass on what is due: as on a network, nothing waits for what was sent before it."""
    with contextlib.suppress(OSError):
        while True:
            due, data = late.get()
            if not data:
                break
            time.sleep(max(0.0, due - EXACTLY - time.perf_counter()))
            while time.perf_counter() < due:
                pass
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Distant:
    """A proxy elsewhere: its threads take no turns from those that are measured."""

    port: int
    delay: Callable[[float], None]


@contextlib.contextmanager
def distant(host: str, port: int) -> Iterator[Distant]:
    """A proxy in a process of its own, ended whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.distance", host, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    told, says = process.stdin, process.stdout
    assert told is not None
    assert says is not None

    def delay(seconds: float) -> None:
        told.write(f"{seconds}\n")
        told.flush()
        assert says.readline() == "set\n"

    try:
        yield Distant(int(says.readline()), delay)
    finally:
        told.close()
        process.wait(10)
        says.close()


def main() -> None:
    proxy = Proxy(sys.argv[1], int(sys.argv[2]))
    print(proxy.port, flush=True)
    for line in sys.stdin:
        proxy.delay = float(line)
        print("set", flush=True)
    proxy.close()


if __name__ == "__main__":
    main()

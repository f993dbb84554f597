"""A caller in a loop on many connections, in a process of its own: `python -m` this module.

Reads where to, with whose token and how long from standard input, and prints how it was answered.
"""

import collections
import contextlib
import http.client
import json
import sys
import threading
import time


def flood(ports: list[int], token: str, *, connections: int, seconds: float, each: float) -> None:
    """Call with GET on each connection every `each` seconds, or as soon as it was answered."""
    answers: collections.Counter[int] = collections.Counter()
    until = time.monotonic() + seconds

    def loop(port: int) -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            while (began := time.monotonic()) < until:
                line.request("GET", "/", headers={"Authorization": token})
                answer = line.getresponse()
                answer.read()
                answers[answer.status] += 1
                time.sleep(max(0.0, began + each - time.monotonic()))

    lines = [
        threading.Thread(target=loop, args=(ports[n % len(ports)],)) for n in range(connections)
    ]
    for line in lines:
        line.start()
    for line in lines:
        line.join()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    flood(**json.load(sys.stdin))

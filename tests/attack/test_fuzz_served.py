"""The same on the wire: bytes that are no HTTP, and a process that lives through thousands."""

import contextlib
import itertools
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.attack.harness import Fleet
from tests.attack.mutate import CANARY, Mutator
from tests.attack.scale import FULL, rounds
from tests.attack.test_fuzz import READ, SIGNED, events, see_their_own
from tests.calcom import Booking
from tests.conftest import ON_ONE_SERVER
from tests.world import ALICE, settings_for, signed

pytestmark = [
    ON_ONE_SERVER,
    pytest.mark.timeout(600),
]
KIB = 1024
MOST_GROWTH = 24 * KIB  # of what a worker holds, in KiB, over the second half
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
# A second request, in a place where only one of two readers would look for it.
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + HIDDEN
AMBIGUOUS = {
    "a length and chunks": POST
    + b"Content-Length: 39\r\nTransfer-Encoding: chunked\r\n\r\n"
    + CHUNKED,
    "chunks and a length": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
    + CHUNKED,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 34\r\n\r\n" + HIDDEN,
    "two lengths in one": POST + b"Content-Length: 0, 34\r\n\r\n" + HIDDEN,
    "a length with a sign": POST + b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a length below nothing": POST + b"Content-Length: -1\r\n\r\n" + HIDDEN,
    "a length with an underscore": POST + b"Content-Length: 3_4\r\n\r\n" + HIDDEN,
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "chunked, but not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKED,
    "chunked by a tab": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + CHUNKED,
    "a chunk of no number": POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + CHUNKED,
    "a chunk below nothing": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + CHUNKED,
    "a chunk beyond all": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
    "a folded header": POST + b"X: a\r\n Content-Length: 34\r\n\r\n",
    "a header with NUL": POST + b"X: a\0b\r\n\r\n",
    "a header without a name": POST + b": a\r\n\r\n",
    "a header without a colon": POST + b"Content-Length\r\n\r\n",
    "a long header": POST + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
    "many headers": POST + b"".join(b"X-%d: x\r\n" % n for n in range(300)) + b"\r\n",
    "a long line": b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "another protocol": b"GET / HTTP/9.9\r\n\r\n",
    "no protocol": b"GET /\r\n\r\n",
    "a method of small letters": b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,
    "noise": bytes(range(256)) * 4,
    "a whole address": b"GET http://elsewhere.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a body that never comes": POST + b"Content-Length: 100\r\n\r\n{",
    "no host": b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
}


@pytest.fixture
def fleet(database, remote):
    """One process of each function that is asked for, with nothing in the way of a flood."""
    environment = {
        **settings_for(database.login, remote),
        "RATE_LIMIT_FACTOR": "0",
        "MAX_OPEN_REQUESTS": "0",
    }
    with Fleet(environment, each=1) as fleet:
        yield fleet


def said(port, sent):
    """Everything that comes back on one connection, until the other side has no more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        heard = b""
        # Whoever refuses early may be gone before all has been sent.
        with contextlib.suppress(OSError):
            wire.sendall(sent)
            wire.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while part := wire.recv(65_536):
                heard += part
    return heard


def test_nothing_is_smuggled_in_what_two_readers_may_read_differently(fleet, tally):
    fleet.start("request-meeting", "who-am-i")

    for function, (case, sent) in itertools.product(("request-meeting",), AMBIGUOUS.items()):
        heard = said(fleet.processes[function][0].port, sent)
        statuses = list(map(int, STATUS.findall(heard)))
        # 501 is the server's own word for a coding that it does not know.
        assert all(status < 500 or status == 501 for status in statuses), (case, heard)
        assert all(status >= 400 for status in statuses), (case, heard)
        assert len(statuses) <= 1, (case, heard)
        assert b"Traceback" not in heard

    answer = fleet.call("who-am-i", as_=ALICE)
    assert (answer.status, fleet.call("request-meeting", raw=b"").status) == (200, 401)
    tally("requests that two readers may read differently", len(AMBIGUOUS))


@pytest.mark.parametrize("function", ["request-meeting", "calcom-webhook"])
def test_chunks_without_an_end_are_refused_at_the_limit(fleet, tally, function):
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    head = POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    fleet.start(function)

    heard = said(fleet.processes[function][0].port, head + chunk * 6 + b"0\r\n\r\n")

    assert STATUS.findall(heard) == [b"413"]
    assert json.loads(heard.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"
    tally("bodies in chunks beyond the limit")


def test_a_process_lives_through_thousands_and_grows_no_further(fleet, call, rows, tally):
    fleet.start("calcom-webhook")
    [process] = fleet.processes["calcom-webhook"]
    cases = rounds(10, 500)

    def post(seed):
        mutator = Mutator(5000 + seed, read=READ)
        good = events(mutator.random, [(ALICE, Booking().uid)])
        for _ in range(cases):
            raw = mutator.body(next(good))
            answer = fleet.call("calcom-webhook", raw=raw, headers=signed(raw))
            assert CANARY.encode() not in answer.body or answer.status == 200
            # Four are at it at once, and may have to wait for one another.
            got = answer.status, answer.code
            assert got in {*SIGNED, (503, "unavailable")}, raw[:2000]

    held = []
    for half in range(2):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(post, range(4 * half, 4 * half + 4)))
        held.append(process.memory())

    see_their_own(call, rows)
    assert not any(CANARY in line or "Traceback" in line for line in fleet.lines)
    if FULL:
        assert held[1] - held[0] < MOST_GROWTH, held
    tally("mutated bodies to a process of its own", 8 * cases)

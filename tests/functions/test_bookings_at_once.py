"""A hundred deliveries of one booking's life at once, over two processes of the function."""

import json
import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.postgres import free_port
from tests.calcom import again
from tests.world import PROJECT, signed


@pytest.fixture
def two_processes(environment):
    """Two instances of calcom_webhook, each with eight threads, on one database."""
    running = []
    for _ in range(2):
        port = free_port()
        command = [sys.executable, "-m", "functions_framework", "--target", "calcom_webhook"]
        source = ["--source", str(PROJECT / "functions" / "calcom_webhook" / "main.py")]
        running.append(
            (
                f"http://127.0.0.1:{port}/",
                subprocess.Popen(
                    [*command, *source, "--port", str(port), "--host", "127.0.0.1"],
                    env={**os.environ, "THREADS": "8", "PYTHONPATH": str(PROJECT / "src")},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                ),
            )
        )
    for address, process in running:
        _until_served(address, process)
    yield [address for address, _ in running]
    for _, process in running:
        process.terminate()
        process.wait(20)


def _until_served(address, process):
    for _ in range(600):
        assert process.poll() is None
        try:
            urllib.request.urlopen(address, timeout=10).close()
        except urllib.error.HTTPError as refused:  # a GET is not for this door
            refused.close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the function does not serve")


def delivered(address, body):
    raw = json.dumps(body, ensure_ascii=False).encode()
    request = urllib.request.Request(address, raw, signed(raw), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.status


@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_deliveries_at_once_end_in_the_same_rows(two_processes, linked, rows, seed):
    booking = linked()
    moved = booking.moved(5)
    again_moved = moved.moved(7)
    life = [
        booking.requested(),
        booking.confirmed(),
        moved.rescheduled(),
        again_moved.rescheduled(),
        again_moved.cancelled(),
    ]
    deliveries = [again(body, minutes=n / 60) for n in range(20) for body in life]
    random.Random(seed).shuffle(deliveries)  # noqa: S311 -- an order, not a secret

    with ThreadPoolExecutor(50) as pool:
        addresses = [two_processes[n % 2] for n in range(len(deliveries))]
        statuses = list(pool.map(delivered, addresses, deliveries))

    assert len(statuses) == 100
    # Before anything binds the booking its events wait in quarantine; nothing fails or is lost.
    assert set(statuses) <= {200, 400}
    assert rows("select status, scheduled_at from meetings") == [("cancelled", again_moved.start)]
    assert rows("select status, selected_slot from meeting_requests") == [
        ("cancelled", again_moved.start)
    ]
    assert rows("select count(*) from visio.calcom_chains") == [1]
    assert rows("select count(*) from visio.webhook_inbox") == [5]
    assert rows("select count(*) from visio.webhook_inbox where status = 'received'") == [0]

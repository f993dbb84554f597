"""Google's Pub/Sub emulator, with the topics and real push subscriptions."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from local.bus import MAILS, PROJECT, PUSHES, ROOMS, SIGNALS, subscription
from local.postgres import Broken, free_port

JARS = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
PLACES = ("/usr/lib/google-cloud-sdk", "/usr/share/google-cloud-sdk", "/opt/google-cloud-sdk")


def jar() -> Path | None:
    """The emulator, where google-cloud-cli's component is installed."""
    places = [os.environ.get("CLOUDSDK_ROOT_DIR", ""), *PLACES]
    return next((found for p in places if p for found in sorted(Path(p).glob(JARS))), None)


def start(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the emulator; its process and its address as host:port."""
    found = jar()
    if found is None:
        raise Broken("MESSAGE_BUS=pubsub needs Google's Pub/Sub emulator (google-cloud-cli)")
    java = shutil.which("java")
    if java is None:
        raise Broken("MESSAGE_BUS=pubsub needs Java for the emulator")
    port = free_port()
    with (home / "pubsub-emulator.log").open("ab") as log:
        process = subprocess.Popen(
            [java, "-jar", str(found), "--host=127.0.0.1", f"--port={port}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return process, f"127.0.0.1:{port}"


def prepare(address: str, push_endpoint: str) -> None:
    """Make the topics, and push what comes to `push_endpoint`/topic. Raises Broken after 30 s."""
    make_topics(address)
    for name in (SIGNALS, MAILS, ROOMS, PUSHES):
        subscribe(address, name, push_endpoint)


def make_topics(address: str) -> None:
    """What comes to them goes nowhere yet. Raises Broken after 30 s without an answer."""
    give_up = time.monotonic() + 30
    while True:
        try:
            for name in (SIGNALS, MAILS, ROOMS, PUSHES):
                _make_topic(address, name)
            return
        except OSError as error:
            if time.monotonic() > give_up:
                raise Broken("the Pub/Sub emulator did not answer within 30 s") from error
            time.sleep(0.1)


def _make_topic(address: str, name: str) -> str:
    topic = f"projects/{PROJECT}/topics/{name}"
    _send(address, topic, {})
    return topic


def subscribe(address: str, name: str, push_endpoint: str) -> None:
    """Make a topic, and push what comes to `push_endpoint`/topic."""
    topic = _make_topic(address, name)
    push = {"pushConfig": {"pushEndpoint": f"{push_endpoint}/{name}"}}
    retry = {"minimumBackoff": "1s", "maximumBackoff": "10s"}
    settings = {"topic": topic, "ackDeadlineSeconds": 30, "retryPolicy": retry, **push}
    _send(address, subscription(name), settings)
    # An emulator that outlived an earlier stack has the subscription, and that stack's address.
    _send(address, f"{subscription(name)}:modifyPushConfig", push, method="POST")


def _send(address: str, name: str, body: object, *, method: str = "PUT") -> None:
    request = urllib.request.Request(
        f"http://{address}/v1/{name}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 -- the emulator's own address
    except urllib.error.HTTPError as error:
        if error.code != 409:  # there already
            raise

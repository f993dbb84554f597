"""Where signals go after their commit: Google Pub/Sub, or the bus of the local stack."""

import json
import logging
import threading
import urllib.request
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from visio.domain.events import Signal

log = logging.getLogger("visio.bus")

TIMEOUT = 5.0


def message(signal: Signal) -> str:
    """A signal as the data of one Pub/Sub message."""
    return json.dumps(
        {
            "eventId": str(signal.event_id),
            "channel": signal.channel,
            "event": signal.event,
            "payload": signal.payload,
        }
    )


class PubSub:
    """The topic at Google, or at its emulator where PUBSUB_EMULATOR_HOST says so."""

    def __init__(self, project: str, topic: str) -> None:
        self._topic = f"projects/{project}/topics/{topic}"
        self._lock = threading.Lock()
        self._publisher: Any = None

    def publish(self, signals: Sequence[Signal]) -> list[UUID]:
        """Publish all, then wait for each: what is not accepted in time stays with the sweep."""
        accepted = []
        try:
            publisher = self._client()
            waiting = [(signal, self._send(publisher, signal)) for signal in signals]
        except Exception as error:  # noqa: BLE001 -- nothing was told; the sweep tells it later
            log.warning("bus.unreachable", extra={"cause": type(error).__name__})
            return []
        for signal, future in waiting:
            try:
                future.result(timeout=TIMEOUT)
                accepted.append(signal.event_id)
            except Exception as error:  # noqa: BLE001 -- as above, for this signal alone
                log.warning("bus.refused", extra={"cause": type(error).__name__})
        return accepted

    def _client(self) -> Any:
        with self._lock:
            if self._publisher is None:
                # 285 ms of imports: paid by the first function call that has something to say.
                from google.cloud import pubsub_v1

                self._publisher = pubsub_v1.PublisherClient(
                    # One message a batch: batching would add 10 ms to each to save us nothing.
                    batch_settings=pubsub_v1.types.BatchSettings(max_messages=1),
                    publisher_options=pubsub_v1.types.PublisherOptions(
                        enable_message_ordering=True
                    ),
                )
            return self._publisher

    def _send(self, publisher: Any, signal: Signal) -> Any:
        return publisher.publish(
            self._topic,
            message(signal).encode(),
            ordering_key=signal.channel,
            eventId=str(signal.event_id),
            retry=None,
            timeout=TIMEOUT,
        )


class LocalBus:
    """The local stack's bus, which pushes as Pub/Sub does."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token

    def publish(self, signals: Sequence[Signal]) -> list[UUID]:
        """Hand all over in one request; what is not accepted stays with the sweep."""
        messages = [
            {
                "data": message(signal),
                "attributes": {"eventId": str(signal.event_id)},
                "orderingKey": signal.channel,
            }
            for signal in signals
        ]
        request = urllib.request.Request(  # noqa: S310 -- an address from our own settings
            self._url,
            json.dumps({"messages": messages}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 -- as above
                return [signal.event_id for signal in signals]
        except OSError as error:
            log.warning("bus.unreachable", extra={"cause": type(error).__name__})
            return []

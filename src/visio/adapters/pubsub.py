"""Where signals go after their commit: Google Pub/Sub, or the bus of the local stack."""

import contextlib
import json
import logging
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from visio.adapters.patience import UNANSWERED, Kept
from visio.domain.events import Signal

log = logging.getLogger("visio.bus")

TIMEOUT = 5.0


class Message(Struct, frozen=True):
    """What goes to Pub/Sub: only the messages of one ordering key stay in order."""

    id: UUID
    topic: str
    key: str
    data: str


def signal_message(signal: Signal, topic: str) -> Message:
    """A signal as one message."""
    data = {
        "eventId": str(signal.event_id),
        "channel": signal.channel,
        "event": signal.event,
        "payload": signal.payload,
    }
    return Message(signal.event_id, topic, signal.channel, json.dumps(data))


def order_messages(name: str, orders: Sequence[UUID], topic: str) -> list[Message]:
    """What somebody is to see to, one message each: its id alone, since nothing of it is to lie
    about elsewhere. Without a topic there are none."""
    if not topic:
        return []
    return [Message(order, topic, str(order), json.dumps({name: str(order)})) for order in orders]


class Topics(Struct, frozen=True):
    """Where each kind of message goes. An empty name: there is none of that kind here."""

    signals: str
    mails: str = ""
    rooms: str = ""
    pushes: str = ""

    def messages(
        self,
        signals: Sequence[Signal],
        mails: Sequence[UUID],
        orders: Sequence[UUID],
        pushes: Sequence[UUID],
    ) -> list[Message]:
        return [
            *(signal_message(signal, self.signals) for signal in signals),
            *order_messages("mailId", mails, self.mails),
            *order_messages("orderId", orders, self.rooms),
            *order_messages("pushId", pushes, self.pushes),
        ]


class PubSub:
    """The topic at Google, or at its emulator where PUBSUB_EMULATOR_HOST says so."""

    def __init__(self, project: str, topics: Topics) -> None:
        self._project, self._topics = project, topics
        self.mails, self.rooms = bool(topics.mails), bool(topics.rooms)
        self.pushes = bool(topics.pushes)
        self._lock = threading.Lock()
        self._publisher: Any = None

    def publish(
        self,
        signals: Sequence[Signal],
        mails: Sequence[UUID] = (),
        *,
        orders: Sequence[UUID] = (),
        pushes: Sequence[UUID] = (),
    ) -> list[UUID]:
        """Publish all, then wait for each: what is not accepted in time stays with the sweep."""
        accepted = []
        messages = self._topics.messages(signals, mails, orders, pushes)
        try:
            publisher = self._client()
            waiting = [(message, self._send(publisher, message)) for message in messages]
        except Exception as error:  # noqa: BLE001 -- nothing was told; the sweep tells it later
            log.warning("bus.unreachable", extra={"cause": type(error).__name__})
            return []
        for message, future in waiting:
            try:
                future.result(timeout=TIMEOUT)
                accepted.append(message.id)
            except Exception as error:  # noqa: BLE001 -- as above, for this one alone
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

    def _send(self, publisher: Any, message: Message) -> Any:
        """Hand one over. After a failure the client refuses everything of that ordering key until
        it is told to go on, for as long as the process lives: what failed is the sweep's by then,
        and readers drop what is not newer, so that nothing has to be waited for.
        """
        from google.cloud.pubsub_v1.publisher.exceptions import (
            PublishToPausedOrderingKeyException,
        )

        topic = f"projects/{self._project}/topics/{message.topic}"
        send = partial(
            publisher.publish,
            topic,
            message.data.encode(),
            ordering_key=message.key,
            eventId=str(message.id),
            retry=None,
            timeout=TIMEOUT,
        )
        future = send()
        refused = future.exception() if future.done() else None
        if not isinstance(refused, PublishToPausedOrderingKeyException):
            return future
        with contextlib.suppress(RuntimeError):  # another thread was faster
            publisher.resume_publish(topic, message.key)
        return send()


class LocalBus:
    """The local stack's bus, which pushes as Pub/Sub does."""

    def __init__(self, url: str, token: str, topics: Topics) -> None:
        self._path, self._token, self._topics = urlsplit(url).path, token, topics
        self._server = Kept(url, timeout=TIMEOUT)
        self.mails, self.rooms = bool(topics.mails), bool(topics.rooms)
        self.pushes = bool(topics.pushes)

    def publish(
        self,
        signals: Sequence[Signal],
        mails: Sequence[UUID] = (),
        *,
        orders: Sequence[UUID] = (),
        pushes: Sequence[UUID] = (),
    ) -> list[UUID]:
        """Hand all over in one request; what is not accepted stays with the sweep."""
        wanted = self._topics.messages(signals, mails, orders, pushes)
        messages = [
            {
                "topic": message.topic,
                "data": message.data,
                "attributes": {"eventId": str(message.id)},
                "orderingKey": message.key,
            }
            for message in wanted
        ]
        body = json.dumps({"messages": messages}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        try:
            # Whoever says 200 has taken them, whatever else becomes of the answer.
            status, _ = self._server.post(self._path, body, headers, whole=False)
        except UNANSWERED as error:
            log.warning("bus.unreachable", extra={"cause": type(error).__name__})
            return []
        if not 200 <= status < 300:
            log.warning("bus.refused", extra={"cause": status})
            return []
        return [message.id for message in wanted]

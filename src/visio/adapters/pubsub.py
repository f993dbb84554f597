"""Where signals go after their commit: Google Pub/Sub, or the bus of the local stack."""

import logging
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct
from msgspec.json import encode

from visio.adapters.google_account import GoogleAccount
from visio.adapters.patience import UNANSWERED, Kept
from visio.domain.events import Signal

log = logging.getLogger("visio.bus")

GOOGLE = "https://pubsub.googleapis.com"
TIMEOUT = 5.0


class Message(Struct, frozen=True):
    """What goes to Pub/Sub: those of one ordering key stay in order, those of none do not."""

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
    return Message(signal.event_id, topic, signal.channel, encode(data).decode())


def order_messages(name: str, orders: Sequence[UUID], topic: str) -> list[Message]:
    """What somebody is to see to, one message each: its id alone, since nothing of it is to lie
    about elsewhere. Without a topic there are none."""
    if not topic:
        return []
    return [Message(order, topic, "", encode({name: order}).decode()) for order in orders]


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
    """The topics at Google, or at its emulator, by their JSON interface.

    Source: "Cloud Pub/Sub API", `projects.topics.publish` and `PubsubMessage`.
    """

    def __init__(self, project: str, topics: Topics, *, emulator: str = "") -> None:
        self._project, self._topics = project, topics
        self.mails, self.rooms = bool(topics.mails), bool(topics.rooms)
        self.pushes = bool(topics.pushes)
        self._server = Kept(f"http://{emulator}" if emulator else GOOGLE, timeout=TIMEOUT)
        self._account = None if emulator else GoogleAccount()

    def publish(
        self,
        signals: Sequence[Signal],
        mails: Sequence[UUID] = (),
        *,
        orders: Sequence[UUID] = (),
        pushes: Sequence[UUID] = (),
    ) -> list[UUID]:
        """Publish all at once; what is not accepted in time stays with the sweep.

        After a failure the next one of a channel is taken all the same: readers drop what is not
        newer, so that nothing has to be waited for.
        """
        batches = _batches(self._topics.messages(signals, mails, orders, pushes))
        posts = [(self._path(batch[0].topic), _publication(batch)) for batch in batches]
        try:
            answers = self._server.post_all(posts, self._headers())
        except (*UNANSWERED, ValueError) as error:  # the account's, and nothing was told
            log.warning("bus.unreachable", extra={"cause": type(error).__name__})
            return []
        accepted: list[UUID] = []
        for batch, answer in zip(batches, answers, strict=True):
            match answer:
                case 200, _:
                    accepted += [message.id for message in batch]
                case status, _:
                    log.warning("bus.refused", extra={"cause": status})
                    if status == 401 and self._account:
                        self._account.forget()
                case unanswered:
                    log.warning("bus.unreachable", extra={"cause": type(unanswered).__name__})
        return accepted

    def _path(self, topic: str) -> str:
        return f"/v1/projects/{self._project}/topics/{topic}:publish"

    def _headers(self) -> dict[str, str]:
        said = self._account.headers() if self._account else {}
        return {"Content-Type": "application/json", **said}


def _batches(messages: Iterable[Message]) -> list[list[Message]]:
    """What may go in one request each: of one topic, and of one ordering key."""
    batches: dict[tuple[str, str], list[Message]] = {}
    for message in messages:
        batches.setdefault((message.topic, message.key), []).append(message)
    return list(batches.values())


def _publication(batch: Sequence[Message]) -> bytes:
    messages = [
        {
            "data": message.data.encode(),  # base64 is what JSON has for bytes, here and there
            "attributes": {"eventId": str(message.id)},
            **({"orderingKey": message.key} if message.key else {}),
        }
        for message in batch
    ]
    return encode({"messages": messages})


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
        body = encode({"messages": messages})
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

"""What is told after a change: signals to browsers, notices to people, steps to the record, orders
to the room's server."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import replace

from visio.domain.words import NOT_LISTED, NOT_MAILED, Facts, worded

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LONGEST_QUOTE = 1000

Side = Literal["client", "operator"]
Actor = Literal["client", "operator", "calcom", "system"]
Subject = Literal["request", "meeting", "knock"]


class Signal(Struct, frozen=True):
    """A fact for browsers on one realtime channel: ids and a version, nothing else."""

    event_id: UUID
    channel: str
    event: str
    payload: dict[str, object]


class Notice(Struct, frozen=True):
    """A line in one person's list of notifications; `facts` say the same for an e-mail."""

    id: UUID
    recipient_type: Side
    recipient_id: UUID
    type: str
    title: str
    body: str
    link: str
    created_at: datetime
    facts: Facts
    meeting_id: UUID | None

    @property
    def mailed(self) -> bool:
        return self.type not in NOT_MAILED

    @property
    def listed(self) -> bool:
        return self.type not in NOT_LISTED


class RoomOrder(Struct, frozen=True):
    """Somebody whom the room's server is to put out."""

    id: UUID
    meeting_id: UUID
    identity: str


class Parties(Protocol):
    """Whatever two people have between them: a request, a meeting."""

    @property
    def client_id(self) -> UUID: ...
    @property
    def operator_id(self) -> UUID: ...


class People(Struct, frozen=True, kw_only=True):
    """The two who meet, as far as words to either need it."""

    client_name: str
    operator_name: str
    client_time_zone: str = "Europe/Paris"
    operator_time_zone: str = "Europe/Paris"

    def name(self, side: Side) -> str:
        return self.client_name if side == "client" else self.operator_name

    def time_zone(self, side: Side) -> str:
        return self.client_time_zone if side == "client" else self.operator_time_zone

    @property
    def title(self) -> str:
        """What their meeting is called."""
        return f"{self.operator_name} – {self.client_name}"


class Step(Struct, frozen=True):
    """One transition, kept for ever: who changed what, when and why."""

    subject: Subject
    request_id: UUID | None
    meeting_id: UUID | None
    client_id: UUID
    operator_id: UUID
    actor: Actor
    action: str
    from_status: str | None
    to_status: str
    at: datetime
    message: str | None
    slots: tuple[datetime, ...]
    function: str | None = None
    """Through which function it came; known once it has been read back."""


class Said(Struct):
    """Everything that one change has to say, about one meeting or request, at one instant."""

    at: datetime
    version: int
    meeting_id: UUID | None = None
    request_id: UUID | None = None
    signals: list[Signal] = []
    notices: list[Notice] = []
    steps: list[Step] = []
    orders: list[RoomOrder] = []

    def and_then(self, later: "Said") -> "Said":
        """All of this, and what another change has to say at the same instant."""
        return replace(
            later,
            signals=[*self.signals, *later.signals],
            notices=[*self.notices, *later.notices],
            steps=[*self.steps, *later.steps],
            orders=[*self.orders, *later.orders],
        )

    def on_meeting(self, event: str) -> "Said":
        """Tell both parties who watch the meeting's status."""
        return self._signal(f"meeting:{self.meeting_id}:status", event)

    def to_inbox(self, side: Side, person: UUID, event: str) -> "Said":
        """Tell one person, whatever page they are on."""
        return self._signal(f"{side}:{person}:inbox", event)

    def notify(
        self,
        side: Side,
        person: UUID,
        type: str,
        facts: Facts,
        link: str,
        *,
        time_zone: str = "Europe/Paris",
    ) -> "Said":
        """Leave a notification in French, and ring at its recipient's inbox where it is listed."""
        words = worded(type, facts, "fr", lambda at: in_words(at, time_zone))
        quote = shorten(facts.quote, LONGEST_QUOTE) if facts.quote else ""
        body = f"{words.sentence} : {quote}" if quote else f"{words.sentence}."
        self.notices.append(
            Notice(
                id=uuid4(),
                recipient_type=side,
                recipient_id=person,
                type=type,
                title=words.title,
                body=body,
                link=link,
                created_at=self.at,
                facts=facts,
                meeting_id=self.meeting_id,
            )
        )
        listed = self.notices[-1].listed
        return self.to_inbox(side, person, "notification_created") if listed else self

    def put_out(self, meeting: UUID, identity: str) -> "Said":
        """Have the room's server put somebody out."""
        self.orders.append(RoomOrder(uuid4(), meeting, identity))
        return self

    def record(
        self,
        subject: Subject,
        of: Parties,
        action: str,
        *,
        by: Actor,
        was: str | None,
        now_is: str,
        message: str | None = None,
        slots: tuple[datetime, ...] = (),
    ) -> "Said":
        """Put a transition on the record."""
        self.steps.append(
            Step(
                subject=subject,
                request_id=self.request_id,
                meeting_id=self.meeting_id,
                client_id=of.client_id,
                operator_id=of.operator_id,
                actor=by,
                action=action,
                from_status=was,
                to_status=now_is,
                at=self.at,
                message=message,
                slots=slots,
            )
        )
        return self

    def _signal(self, channel: str, event: str) -> "Said":
        event_id = uuid4()
        ids = {"meetingId": self.meeting_id, "requestId": self.request_id}
        self.signals.append(
            Signal(
                event_id,
                channel,
                event,
                {
                    "eventId": str(event_id),
                    **{name: str(value) for name, value in ids.items() if value is not None},
                    "version": self.version,
                    "at": instant(self.at),
                },
            )
        )
        return self


def shorten(text: str, length: int) -> str:
    """A text of at most that length, cut where it must be."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def other(side: Side) -> Side:
    """The party across the table."""
    return "client" if side == "operator" else "operator"


def instant(at: datetime) -> str:
    """An instant as we answer it: ISO 8601 in UTC, ending in Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def in_words(at: datetime, time_zone: str = "Europe/Paris") -> str:
    """An instant as a person reads it, with the zone named; and the offset, in an hour that comes
    twice in that zone."""
    local = at.astimezone(zone(time_zone))
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    offset = f", UTC{local:%z}" if twice else ""
    return f"{local:le %d/%m/%Y à %H:%M} ({local.tzinfo}{offset})"


def zone(name: str) -> "ZoneInfo":
    """A person's time zone; Europe/Paris for a name that no time zone bears."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # most calls speak of instants alone

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("Europe/Paris")

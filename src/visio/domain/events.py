"""What is told after a change: signals to browsers, notices to people."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

Side = Literal["client", "operator"]


@dataclass(frozen=True, slots=True)
class Signal:
    """A fact for browsers on one realtime channel: ids and a version, nothing else."""

    event_id: UUID
    channel: str
    event: str
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Notice:
    """A line in one person's list of notifications, in their language."""

    id: UUID
    recipient_type: Side
    recipient_id: UUID
    type: str
    title: str
    body: str
    link: str | None
    created_at: datetime


@dataclass(slots=True)
class Said:
    """Everything that one change has to say, about one meeting or request, at one instant."""

    at: datetime
    version: int
    meeting_id: UUID | None = None
    request_id: UUID | None = None
    signals: list[Signal] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def on_meeting(self, event: str) -> "Said":
        """Tell both parties who watch the meeting's status."""
        return self._signal(f"meeting:{self.meeting_id}:status", event)

    def to_inbox(self, side: Side, person: UUID, event: str) -> "Said":
        """Tell one person, whatever page they are on."""
        return self._signal(f"{side}:{person}:inbox", event)

    def notify(
        self, side: Side, person: UUID, type: str, title: str, body: str, link: str
    ) -> "Said":
        """Leave a notification, and ring at its recipient's inbox."""
        self.notices.append(
            Notice(uuid4(), side, person, type, title, body, link, created_at=self.at)
        )
        return self.to_inbox(side, person, "notification_created")

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


def instant(at: datetime) -> str:
    """An instant as we answer it: ISO 8601 in UTC, ending in Z."""
    return at.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")


def in_words(at: datetime, time_zone: str = "Europe/Paris") -> str:
    """An instant as a person reads it, with the zone named."""
    return f"{at.astimezone(ZoneInfo(time_zone)):le %d/%m/%Y à %H:%M} ({time_zone})"

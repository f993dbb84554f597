"""One lobby."""

from datetime import datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from visio.domain.events import Side
from visio.domain.lobby import Knock, Lobby, LobbyMessage, poll_after
from visio.domain.words import CANNED, Locale
from visio.views.base import Instant, View

Devices = Literal["ready", "sound_only", "none", "untested"]


class MessageView(View, frozen=True, kw_only=True):
    """What somebody said at a lobby: data, never to be read as HTML. `canned` names a ready-made
    answer, whose text is in the reader's language."""

    id: UUID
    sender: Literal["client", "operator"]
    text: str
    canned: str | None
    at: Instant

    @classmethod
    def said(cls, message: LobbyMessage, locale: Locale) -> Self:
        ready = CANNED.get(message.canned or "", {}).get(locale, "")
        return cls(
            id=message.id,
            sender=message.sender,
            text=message.body if message.body is not None else ready,
            canned=message.canned,
            at=message.created_at,
        )


class KnockView(View, frozen=True, kw_only=True):
    """`reason` and `next_step` are the operator's words to a client who was turned away."""

    id: UUID
    status: Literal["waiting", "admitted", "denied", "left"]
    since: Instant
    reason: str | None
    next_step: Literal["knock_again", "ask_again", "await_word"] | None
    devices: Devices
    away: bool

    @classmethod
    def at(cls, now: datetime, knock: Knock) -> Self:
        seen = knock.seen(now)
        told = {name: getattr(seen, name) for name in cls.__struct_fields__ if name != "away"}
        return cls(**told, away=seen.away(now))


class LobbyView(View, frozen=True, kw_only=True):
    """`in_room` says who really is in the room, where its server tells; `poll_after_ms`, how soon
    a page without a socket asks again."""

    meeting_id: UUID
    title: str
    client_name: str
    meeting_status: Literal["scheduled", "in_progress", "completed", "cancelled"]
    cancel_reason: str | None
    scheduled_at: Instant
    ends_at: Instant
    operator_present: bool
    knock: KnockView | None
    in_room: tuple[Literal["client", "operator"], ...]
    messages: tuple[MessageView, ...]
    version: int
    poll_after_ms: int
    server_time: Instant

    @classmethod
    def at(cls, now: datetime, lobby: Lobby, reader: Side) -> Self:
        """The lobby as it truly is at this instant: a lapsed knock has left."""
        locale = lobby.locale(reader)
        meeting = lobby.meeting
        return cls(
            meeting_id=meeting.id,
            title=meeting.title,
            client_name=lobby.people.client_name,
            meeting_status=meeting.status.value,
            cancel_reason=meeting.cancel_reason,
            scheduled_at=meeting.scheduled_at,
            ends_at=meeting.ends_at,
            operator_present=meeting.operator_present,
            knock=KnockView.at(now, lobby.knock) if lobby.knock else None,
            in_room=tuple(sorted(lobby.in_room)),
            messages=tuple(MessageView.said(message, locale) for message in lobby.messages),
            version=meeting.version,
            poll_after_ms=_milliseconds(poll_after(lobby, now=now)),
            server_time=now,
        )

    @property
    def etag(self) -> str:
        """Equal while nothing but the clock has moved."""
        knock = f"{self.knock.status}{'-away' if self.knock.away else ''}" if self.knock else "none"
        return f'"{self.version}-{knock}"'


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)

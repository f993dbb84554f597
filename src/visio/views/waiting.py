"""All who wait."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self
from uuid import UUID

from visio.views.base import Instant, View
from visio.views.lobby import Devices, MessageView

if TYPE_CHECKING:
    from visio.adapters.lobbies import Waiting


class WaitingView(View, frozen=True, kw_only=True):
    """Somebody who waits. `elapsed_seconds` have passed since they came."""

    knock_id: UUID
    meeting_id: UUID
    client_id: UUID
    client_name: str
    status: Literal["waiting"]
    since: Instant
    elapsed_seconds: int
    away: bool
    devices: Devices
    scheduled_at: Instant
    version: int
    messages: tuple[MessageView, ...]

    @classmethod
    def at(cls, now: datetime, waiting: "Waiting") -> Self:
        same = set(cls.__struct_fields__) - {"elapsed_seconds", "away", "messages"}
        return cls(
            **{name: getattr(waiting, name) for name in same},
            elapsed_seconds=int((now - waiting.since).total_seconds()),
            away=waiting.away(now),
            messages=tuple(
                MessageView.said(message, waiting.locale) for message in waiting.messages
            ),
        )


class WaitingRoomView(View, frozen=True, kw_only=True):
    """Everybody who waits, in order of arrival."""

    items: tuple[WaitingView, ...]
    poll_after_ms: int
    server_time: Instant

    @classmethod
    def at(cls, now: datetime, found: "Sequence[Waiting]") -> Self:
        return cls(
            items=tuple(WaitingView.at(now, waiting) for waiting in found),
            poll_after_ms=5_000 if found else 15_000,
            server_time=now,
        )

"""The room's server, told to put somebody out.

Source: LiveKit documentation, "Server APIs" and "Room management", RemoveParticipant.
"""

import json
import logging
from datetime import datetime
from enum import Enum
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from visio.adapters.patience import UNANSWERED, Kept
from visio.adapters.rooms import LiveKit

log = logging.getLogger("visio.room")

TIMEOUT = 2.0


class PutOut(Enum):
    """What became of an order."""

    DONE = "done"
    TRY_AGAIN = "try_again"


class RoomServer(Protocol):
    """Where rooms are run."""

    def put_out(self, meeting_id: UUID, identity: str, *, now: datetime) -> PutOut:
        """Say what became of it; raise nothing. Whoever is not there is out."""


class LiveKitServer:
    """LiveKit's own interface, on the address that tickets lead to."""

    def __init__(self, url: str, rooms: LiveKit) -> None:
        scheme, _, rest = url.rstrip("/").partition("://")
        address = f"{scheme.replace('ws', 'http', 1)}://{rest}"
        self._path = f"{urlsplit(address).path}/twirp/livekit.RoomService/RemoveParticipant"
        self._server, self._rooms = Kept(address, timeout=TIMEOUT), rooms

    def put_out(self, meeting_id: UUID, identity: str, *, now: datetime) -> PutOut:
        body = {"room": self._rooms.room(meeting_id), "identity": identity}
        try:
            status, said = self._server.post(
                self._path,
                json.dumps(body).encode(),
                {
                    "Content-Type": "application/json",
                    "Authorization": f"Bearer {self._rooms.admin_token(meeting_id, now=now)}",
                },
            )
        except UNANSWERED as error:
            log.warning("room.unreachable", extra={"cause": type(error).__name__})
            return PutOut.TRY_AGAIN
        if status == 200 or (status == 404 and b"not_found" in said):
            return PutOut.DONE
        # Refused, then: our key is not theirs, or they are not well. Both are mended from outside.
        level = logging.ERROR if status in (401, 403) else logging.WARNING
        log.log(level, "room.refused", extra={"status": status})
        return PutOut.TRY_AGAIN

"""The room's server, told to put somebody out.

Source: LiveKit documentation, "Server APIs" and "Room management", RemoveParticipant.
"""

import json
import logging
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

import urllib3

from visio.adapters.patience import connections
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
        self._url = f"{scheme.replace('ws', 'http', 1)}://{rest}"
        self._rooms = rooms
        self._http = connections(maxsize=8)

    def put_out(self, meeting_id: UUID, identity: str, *, now: datetime) -> PutOut:
        body = {"room": self._rooms.room(meeting_id), "identity": identity}
        try:
            answer = self._http.request(
                "POST",
                f"{self._url}/twirp/livekit.RoomService/RemoveParticipant",
                body=json.dumps(body).encode(),
                headers={
                    "Content-Type": "application/json",
                    "Authorization": f"Bearer {self._rooms.admin_token(meeting_id, now=now)}",
                },
                timeout=TIMEOUT,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            log.warning("room.unreachable", extra={"cause": type(error).__name__})
            return PutOut.TRY_AGAIN
        if answer.status == 200 or (answer.status == 404 and b"not_found" in answer.data):
            return PutOut.DONE
        # Refused, then: our key is not theirs, or they are not well. Both are mended from outside.
        level = logging.ERROR if answer.status in (401, 403) else logging.WARNING
        log.log(level, "room.refused", extra={"status": answer.status})
        return PutOut.TRY_AGAIN

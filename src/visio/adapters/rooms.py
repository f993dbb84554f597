"""Tickets to the main room. LiveKit's are JWTs with a video grant.

Source: LiveKit documentation, "Tokens & grants".
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from visio.domain.events import Side

LIFE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Opens one room for one person, for two minutes at most."""

    provider: str
    url: str
    token: str
    expires_at: datetime


class LiveKit:
    """A LiveKit server (or OpenVidu 3, which takes the same tokens)."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        self._url, self._key, self._secret = url, key, secret

    def ticket(self, meeting_id: UUID, side: Side, person: UUID, *, now: datetime) -> Ticket:
        """A ticket from `now` on. Only the operator's can create or run the room."""
        expires_at = now + LIFE
        runs = side == "operator"
        grant = {
            "room": self._room(meeting_id),
            "roomJoin": True,
            "roomCreate": runs,
            "roomAdmin": runs,
            "canPublish": True,
            "canSubscribe": True,
            "canPublishData": True,
        }
        claims = {
            "iss": self._key,
            "sub": f"{side}:{person}",
            "nbf": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "video": grant,
        }
        token = jwt.encode(claims, self._secret, algorithm="HS256")
        return Ticket("livekit", self._url, token, expires_at.replace(microsecond=0))

    def _room(self, meeting_id: UUID) -> str:
        # Not to be guessed from the meeting's id, which both parties' pages know.
        return hmac.new(self._secret.encode(), meeting_id.bytes, hashlib.sha256).hexdigest()[:32]

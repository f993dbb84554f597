"""Tickets to the main room: LiveKit's (also OpenVidu 3's), Jitsi's, or a plain link.

Each opens one room for one person, from now on and for two minutes. A room's name cannot be guessed
from the meeting's id, which both parties' pages know.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from visio.adapters import jws
from visio.domain.events import Side
from visio.domain.lobby import Lobby, identity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

LIFE = timedelta(seconds=120)
# A room outlives its last participant's departure by this much: a lost line is not an end.
DEPARTURE = 120


class Ticket(Struct, frozen=True):
    """Opens one room for one person, for two minutes at most."""

    provider: str
    url: str
    token: str
    expires_at: datetime


class Rooms(Protocol):
    """What gives out tickets, whichever it is."""

    def ticket(self, lobby: Lobby, side: Side, *, now: datetime) -> Ticket:
        """A ticket from `now` on for one party, whose right to it has been seen to."""


class LiveKit:
    """A LiveKit server, or OpenVidu 3, which takes the same tokens.

    Source: LiveKit documentation, "Tokens & grants" and "Room configuration in access tokens";
    OpenVidu 3 documentation, "LiveKit compatibility". Rooms' names come from `room_secret`,
    and from `secret` where there is none: they then change with it.
    """

    def __init__(  # nosec B107 -- none given is none, and no secret
        self, url: str, key: str, secret: str, room_secret: str = ""
    ) -> None:
        self._url, self._key, self._secret = url, key, secret
        self._room_secret = room_secret or secret

    def ticket(self, lobby: Lobby, side: Side, *, now: datetime) -> Ticket:
        """Only the operator's can run the room; a client's names its admission.

        Whoever comes first makes the room, on any server that has not been told otherwise, and by
        their ticket it is decided how long it waits for those who left.
        """
        runs = side == "operator"
        grant = {
            "room": self.room(lobby.meeting.id),
            "roomJoin": True,
            "roomCreate": runs,
            "roomAdmin": runs,
            "canPublish": True,
            "canSubscribe": True,
            "canPublishData": True,
        }
        claims: dict[str, Any] = {
            "iss": self._key,
            "sub": identity(lobby, side),
            "video": grant,
            "roomConfig": {"departureTimeout": DEPARTURE},
        }
        token, expires_at = _signed(claims, self._secret, now=now)
        return Ticket("livekit", self._url, token, expires_at)

    def admin_token(self, meeting_id: UUID, *, now: datetime) -> str:
        """What the room's server wants to see before it puts anybody out of this room."""
        grant = {"room": self.room(meeting_id), "roomAdmin": True}
        return _signed({"iss": self._key, "video": grant}, self._secret, now=now)[0]

    def room(self, meeting_id: UUID) -> str:
        """A room's name is its meeting's id, enciphered: the server names it when it calls us."""
        cipher = self._cipher().encryptor()
        return (cipher.update(meeting_id.bytes) + cipher.finalize()).hex()

    def meeting(self, room: str) -> UUID | None:
        """Whose room that would be; None for a name that none of ours has."""
        try:
            name = bytes.fromhex(room)
        except ValueError:
            return None
        if len(name) != 16 or name.hex() != room:
            return None
        cipher = self._cipher().decryptor()
        return UUID(bytes=cipher.update(name) + cipher.finalize())

    def _cipher(self) -> "Cipher[modes.ECB]":
        # Loaded when a room's name is asked for: most of the lobby's pages ask for none.
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        key = hashlib.sha256(b"visio rooms " + self._room_secret.encode()).digest()
        # One block and never a second: a permutation of ids that only the key's holder can follow.
        return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 -- see above


class Jitsi:
    """A Jitsi of one's own, whose tokens are signed with a shared secret, or 8x8's JaaS.

    `key_id` names an RSA key that JaaS knows; without one, `key` is a shared secret. Only the
    operator's ticket makes a moderator, and none passes a lobby that somebody has put up in the
    room. Source: lib-jitsi-meet, doc/tokens.md; jitsi-contrib/prosody-plugins, token_affiliation
    and token_lobby_bypass; 8x8 developer documentation, "The Jitsi JSON Web Token (JWT)".
    """

    def __init__(self, url: str, app_id: str, key: str, key_id: str, room_secret: str) -> None:
        self._url, self._app_id = url.rstrip("/"), app_id
        self._key, self._key_id, self._room_secret = key, key_id, room_secret

    def ticket(self, lobby: Lobby, side: Side, *, now: datetime) -> Ticket:
        room, runs = hidden_name(self._room_secret, lobby.meeting.id), side == "operator"
        who = {"id": identity(lobby, side)}
        if self._key_id:
            user = {**who, "moderator": "true" if runs else "false"}
            claims: dict[str, Any] = {"iss": "chat", "aud": "jitsi", "sub": self._app_id}
            url = f"{self._url}/{self._app_id}/{room}"
        else:
            affiliation = "owner" if runs else "member"
            user = {**who, "affiliation": affiliation}
            claims = {
                "iss": self._app_id,
                "aud": self._app_id,
                "sub": urlsplit(self._url).hostname,
            }
            url = f"{self._url}/{room}"
        claims |= {
            "room": room,
            "context": {
                "user": user,
                "room": {"regex": False},
                "features": dict.fromkeys(("recording", "livestreaming", "transcription"), False),
            },
        }
        token, expires_at = _signed(claims, self._key, now=now, key_id=self._key_id)
        return Ticket("jitsi", url, token, expires_at)


class Link:
    """Any other service: an address with the room's name in it.

    Its token is empty: whoever has the address may enter for as long as the service lets them, so
    this is for a service that has a door of its own, or for people who trust each other.
    """

    def __init__(self, template: str, room_secret: str) -> None:
        self._template, self._room_secret = template, room_secret

    def ticket(self, lobby: Lobby, side: Side, *, now: datetime) -> Ticket:
        room = hidden_name(self._room_secret, lobby.meeting.id)
        expires_at = (now + LIFE).replace(microsecond=0)
        return Ticket("link", self._template.replace("{room}", room), "", expires_at)


def hidden_name(secret: str, meeting_id: UUID) -> str:
    """A room's name that says nothing of its meeting."""
    return hmac.new(secret.encode(), meeting_id.bytes, hashlib.sha256).hexdigest()[:32]


def _signed(
    claims: dict[str, Any], key: str, *, now: datetime, key_id: str = ""
) -> tuple[str, datetime]:
    """From now on and for two minutes: whoever is let in again needs no clock to move first.

    `key` is a shared secret, or with a `key_id` an RSA key.
    """
    starts = now.replace(microsecond=0)
    times = {"nbf": int(starts.timestamp()), "exp": int((starts + LIFE).timestamp())}
    if not key_id:
        return jws.signed({**claims, **times}, key), starts + LIFE
    return jws.signed_with({**claims, **times}, key, key_id), starts + LIFE

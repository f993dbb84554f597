"""LiveKit tells who came into a room, who went, and when it closed."""

import logging
from typing import Annotated, Literal

from msgspec import Meta, MsgspecError, Struct, to_builtins
from msgspec.json import decode

from visio.adapters import lobbies, meetings, requests
from visio.adapters.database import Transaction
from visio.adapters.rooms import LiveKit
from visio.call import Call
from visio.domain.lobby import Lobby
from visio.domain.refusals import MalformedJson
from visio.domain.room import RoomEvent, entered, finished, gone, side_of
from visio.domain.storable import storable

log = logging.getLogger("visio.room")

Outcome = Literal["noted", "removed", "completed", "duplicate", "ignored"]
KINDS: dict[str, Literal["joined", "left", "finished"]] = {
    "participant_joined": "joined",
    "participant_left": "left",
    # A line that was lost for good: LiveKit has ended that connection.
    "participant_connection_aborted": "left",
    "room_finished": "finished",
}


Name = Annotated[str, Meta(max_length=200)]


class _Room(Struct, frozen=True):
    name: Name = ""


class _Participant(Struct, frozen=True):
    sid: Annotated[str, Meta(max_length=100)] = ""
    identity: Name = ""


class LiveKitEvent(Struct, frozen=True):
    """LiveKit's WebhookEvent, as far as we care. Keys appear without notice.

    Source: livekit/protocol, livekit_webhook.proto.
    """

    event: Annotated[str, Meta(max_length=100)]
    room: _Room = _Room()
    participant: _Participant = _Participant()

    @classmethod
    def read(cls, body: bytes) -> "LiveKitEvent":
        """From verified bytes. Raises MalformedJson."""
        try:
            event = decode(body, type=cls)
        except (MsgspecError, ValueError, RecursionError) as error:
            raise MalformedJson from error
        if not storable(to_builtins(event)):
            raise MalformedJson
        return event

    def told(self) -> RoomEvent | None:
        """What it says, in our words; None where that is nothing to us."""
        kind = KINDS.get(self.event)
        if kind is None or (kind != "finished" and not self.participant.sid):
            return None
        return RoomEvent(kind, self.participant.sid, self.participant.identity)


def livekit_webhook(event: LiveKitEvent, call: Call, tx: Transaction, *, rooms: LiveKit) -> Outcome:
    """Keep who really is in the room. Events may come late, twice or in the wrong order.

    Whoever is there without an admission, or with the ticket of one that has ended, is put out and
    the operator told. A room that closed completes a meeting that was held.
    """
    told, meeting_id = event.told(), rooms.meeting(event.room.name)
    held = meetings.hold(tx, meeting_id) if told and meeting_id else None
    if told is None or held is None:
        return "ignored"
    match told.kind:
        case "joined":
            return _joined(told, held, call, tx)
        case "left":
            lobbies.went(tx, held.meeting, told.session, now=call.now)
            meetings.record(tx, (held, gone(held)))
            return "noted"
        case "finished":
            return _finished(held, call, tx)


def _joined(told: RoomEvent, held: Lobby, call: Call, tx: Transaction) -> Outcome:
    if told.session in held.connections:
        return "duplicate"
    lobby, side = entered(held, told.identity, now=call.now), side_of(held, told.identity)
    lobbies.came(tx, lobby.meeting, told.session, side, now=call.now)
    meetings.record(tx, (held, lobby))
    if lobby.said is None:
        return "noted"
    log.error("room.intruder", extra={"meetingId": str(lobby.meeting.id)})
    tx.say(lobby.said)
    return "removed"


def _finished(held: Lobby, call: Call, tx: Transaction) -> Outcome:
    lobbies.emptied(tx, held.meeting, now=call.now)
    lobby = finished(held, now=call.now)
    if lobby is None or lobby.said is None:
        meetings.record(tx, (held, gone(held)))
        return "noted"
    meetings.record(tx, (held, lobby))
    requests.follow_meetings(tx, lobby.meeting)
    tx.say(lobby.said)
    return "completed"

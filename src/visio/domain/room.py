"""The room itself, as its server tells of it: who came, who went, and when it closed."""

from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from visio.domain.events import Said, Side
from visio.domain.lobby import KnockStatus, Lobby, completed, identity
from visio.domain.meeting import page_of
from visio.domain.words import Facts


class RoomEvent(Struct, frozen=True):
    """One thing the server saw. `session` names one connection, `identity` whose it is."""

    kind: Literal["joined", "left", "finished"]
    session: str = ""
    identity: str = ""


def side_of(lobby: Lobby, who: str) -> Side | None:
    """Who that is in the room; None for whoever has no business there at this instant.

    A client's identity carries the epoch of an admission: one that has ended is nobody's.
    """
    if who == identity(lobby, "operator"):
        return "operator"
    admitted = lobby.knock is not None and lobby.knock.status is KnockStatus.ADMITTED
    return "client" if admitted and who == identity(lobby, "client") else None


def entered(lobby: Lobby, who: str, *, now: datetime) -> Lobby:
    """The lobby once somebody is in the room; whoever was not let in is put out, with an alarm."""
    meeting = replace(lobby.meeting, version=lobby.meeting.version + 1)
    match side_of(lobby, who):
        case "client":
            joined = replace(meeting, client_joined_at=meeting.client_joined_at or now)
            return replace(lobby, meeting=joined)
        case "operator" if not meeting.live:
            return lobby  # who ran it may tidy up after it
        case "operator":
            joined = replace(meeting, operator_joined_at=meeting.operator_joined_at or now)
            return replace(lobby, meeting=joined)
    said = Said(at=now, version=meeting.version, meeting_id=meeting.id)
    said.put_out(meeting.id, who)
    said.notify(
        "operator",
        meeting.operator_id,
        "intruder_removed",
        Facts(name=lobby.people.client_name),
        page_of("operator", meeting),
    )
    return replace(lobby, said=said)


def gone(lobby: Lobby) -> Lobby:
    """The lobby once somebody is not in the room any more: they may come back."""
    if not lobby.meeting.live:
        return lobby
    return replace(lobby, meeting=replace(lobby.meeting, version=lobby.meeting.version + 1))


def finished(lobby: Lobby, *, now: datetime) -> Lobby | None:
    """The lobby of a meeting whose room has closed; None if the meeting is not over with it.

    It is over if both were there, or its time has passed. A room that one of the two opened, tired
    of waiting and closed ends nothing, and neither does one in front of which somebody waits.
    """
    meeting = lobby.meeting
    met = meeting.client_joined_at is not None and meeting.operator_joined_at is not None
    waits = lobby.knock is not None and lobby.knock.seen(now).status is KnockStatus.WAITING
    if not meeting.live or waits or not (met or now >= meeting.ends_at):
        return None
    return completed(lobby, by="system", now=now)

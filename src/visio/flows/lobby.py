"""What all that happens at a lobby has in common."""

from uuid import UUID

from visio.adapters import meetings, requests
from visio.adapters.database import Transaction
from visio.domain.lobby import Lobby
from visio.domain.refusals import NotFound


def held(tx: Transaction, meeting_id: UUID) -> Lobby:
    """A lobby that nobody else can change before this transaction ends. Raises NotFound."""
    return found(tx, meetings.hold(tx, meeting_id))


def write(tx: Transaction, before: Lobby, after: Lobby) -> None:
    """What a party has changed, and what is to be said of it."""
    meetings.record(tx, (before, after))
    if not after.meeting.live:
        requests.follow_meetings(tx, after.meeting)
    if after.said is not None:
        tx.say(after.said)


def found(tx: Transaction, lobby: Lobby | None) -> Lobby:
    _ = tx.party  # a stranger is told so, whatever the meeting
    if lobby is None:
        raise NotFound
    return lobby

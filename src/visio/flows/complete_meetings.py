"""The sweep: whatever time or a crash left behind, in batches that hold nobody up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from visio.adapters import meetings, outbox, requests
from visio.adapters.database import Bus, Database
from visio.call import Call
from visio.domain.events import Said
from visio.domain.lobby import LEASE, KnockStatus, Lobby, closed
from visio.domain.meeting import complete
from visio.domain.request import expire

BATCH = 50
MOST_BATCHES = 40


@dataclass(slots=True)
class Swept:
    """How much there was to do."""

    completed: int = 0
    expired: int = 0
    left: int = 0
    republished: int = 0


def complete_meetings(call: Call, database: Database, bus: Bus, *, grace: timedelta) -> Swept:
    """Complete meetings, expire requests and leases, publish what stayed behind, tidy."""
    ended_by, renewed_by = call.now - grace, call.now - LEASE
    with database.acting_as_system() as tx:
        # Most sweeps find nothing: one look says so, and the rest is not asked for.
        due = outbox.due(tx, now=call.now, ended_by=ended_by, renewed_by=renewed_by)
        outbox.tidy(tx, now=call.now)
    swept = Swept()
    if due.meetings:
        swept.completed = _in_batches(lambda: _complete(call, database, ended_by))
    if due.requests:
        swept.expired = _in_batches(lambda: _expire(call, database))
    if due.knocks:
        swept.left = _in_batches(lambda: _let_lapsed_leave(call, database, renewed_by))
    if due.signals:
        swept.republished = _republish(call, database, bus)
    return swept


def _in_batches(sweep: Callable[[], int]) -> int:
    total = 0
    for _ in range(MOST_BATCHES):
        done = sweep()
        total += done
        if done < BATCH:
            break
    return total


def _complete(call: Call, database: Database, ended_by: datetime) -> int:
    with database.acting_as_system() as tx:
        over = meetings.hold_over(tx, ended_by=ended_by, limit=BATCH)
        for lobby in over:
            meeting, said = complete(lobby.meeting, now=call.now)
            meetings.record(tx, lobby, Lobby(meeting, closed(lobby.knock, now=call.now)))
            requests.follow_meeting(tx, meeting)
            tx.say(said)
    return len(over)


def _expire(call: Call, database: Database) -> int:
    with database.acting_as_system() as tx:
        due = requests.due(tx, now=call.now, limit=BATCH)
        for request in due:
            expired, said = expire(request, now=call.now)
            requests.record(tx, expired, None)
            tx.say(said)
    return len(due)


def _let_lapsed_leave(call: Call, database: Database, renewed_by: datetime) -> int:
    left = 0
    with database.acting_as_system() as tx:
        for lobby in meetings.hold_lapsed(tx, renewed_by=renewed_by, limit=BATCH):
            knock = lobby.knock and lobby.knock.seen(call.now)
            if knock is None or knock.status is not KnockStatus.LEFT:
                continue  # renewed while we waited
            meeting = replace(lobby.meeting, version=lobby.meeting.version + 1)
            meetings.record(tx, lobby, Lobby(meeting, knock))
            said = Said(at=call.now, version=meeting.version, meeting_id=meeting.id)
            tx.say(said.on_meeting("client_left"))
            left += 1
    return left


def _republish(call: Call, database: Database, bus: Bus) -> int:
    total = 0
    for _ in range(MOST_BATCHES):
        with database.acting_as_system() as tx:
            signals = outbox.claim(tx, now=call.now, limit=BATCH)
        if not signals:
            break
        published = bus.publish(signals)
        with database.acting_as_system() as tx:
            tx.mark_published(published)
        total += len(published)
        if len(published) < len(signals):
            break  # the bus is not well; the next sweep tries again
    return total

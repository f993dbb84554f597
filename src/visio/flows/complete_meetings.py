"""The sweep: whatever time or a crash left behind, in batches that hold nobody up."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from visio.adapters import (
    backlog,
    lobbies,
    mails,
    meetings,
    orders,
    outbox,
    pushes,
    requests,
    retention,
)
from visio.adapters.database import Bus, Database, Transaction
from visio.call import Call
from visio.domain import meeting
from visio.domain.lobby import LEASE, Lobby, completed, escalated, lapsed
from visio.domain.meeting import Reminder
from visio.domain.request import expire, remind

# Small, and each full one followed by a rest as long as it took: whoever meets a batch waits a few
# milliseconds, and half of the database's time stays with those who are there.
BATCH = 25
# What is forgotten costs a row of a page, and says nothing to anybody.
FORGOTTEN_AT_ONCE = 200
# A sweep that has more to do than this leaves the rest to the next, which is a minute away.
LONGEST = timedelta(seconds=40)


class Swept(Struct):
    """How much there was to do."""

    completed: int = 0
    expired: int = 0
    left: int = 0
    escalated: int = 0
    reminded: int = 0
    republished: int = 0
    mails: int = 0
    orders: int = 0
    pushes: int = 0


def complete_meetings(call: Call, database: Database, bus: Bus, *, grace: timedelta) -> Swept:
    """Complete meetings, expire requests and leases, remind, publish what stayed behind, forget."""
    ended_by, renewed_by = call.now - grace, call.now - LEASE
    with database.acting_as_system(call.function) as tx:
        glanced = backlog.glance(tx, now=call.now)
        forgettable = retention.over(tx, now=call.now)
        # Most sweeps find nothing: one look says so, and the rest is not asked for.
        due = outbox.due(tx, now=call.now, ended_by=ended_by, renewed_by=renewed_by)
        [seen] = glanced.rows
        over = retention.names(forgettable)
    # What an alert is made of: it says how it was when this sweep began.
    call.notes.update(outboxAgeSeconds=seen["age"], deadLetters=seen["dead"])
    sweep, swept = _Sweep(call, database, bus), Swept()
    if due.orders and bus.rooms:
        swept.orders = sweep.in_batches_of(sweep.hand_orders_over)
    if due.knocks:
        swept.left = sweep.in_batches(lambda tx: _let_lapsed_leave(tx, call, renewed_by))
    if due.unanswered:
        swept.escalated = sweep.in_batches(lambda tx: _escalate(tx, call, by_push=bus.pushes))
    if (due.pushes or swept.escalated) and bus.pushes:
        swept.pushes = sweep.in_batches_of(sweep.hand_pushes_over)
    if due.quarter_reminders:
        swept.reminded += sweep.in_batches(lambda tx: _remind_both(tx, call, "quarter"))
    if due.day_reminders:
        swept.reminded += sweep.in_batches(lambda tx: _remind_both(tx, call, "day"))
    if due.signals:
        swept.republished = sweep.in_batches_of(sweep.republish)
    if due.mails and bus.mails:
        swept.mails = sweep.in_batches_of(sweep.hand_mails_over)
    if due.meetings:
        swept.completed = sweep.in_batches(lambda tx: _complete(tx, call, ended_by))
    if due.requests:
        swept.expired = sweep.in_batches(lambda tx: _expire(tx, call))
    if due.request_reminders:
        swept.reminded += sweep.in_batches(lambda tx: _remind_operators(tx, call))
    forgotten = sum(map(sweep.forget, over))
    call.notes.update(forgotten=forgotten)
    return swept


class _Sweep:
    """One call of the scheduler's, and how long it may still take."""

    def __init__(self, call: Call, database: Database, bus: Bus) -> None:
        self._call, self._database, self._bus = call, database, bus
        self._until = time.monotonic() + LONGEST.total_seconds()

    def in_batches(self, batch: Callable[[Transaction], int]) -> int:
        """Each batch in a transaction of its own, so that no lock is held for long."""

        def run() -> int:
            with self._database.acting_as_system(self._call.function) as tx:
                return batch(tx)

        return self.in_batches_of(run)

    def in_batches_of(self, batch: Callable[[], int], *, of: int | None = None) -> int:
        """Batch after batch until one is not full, with a rest between them.

        No kind of work takes more than half of the time that is left, and each has one batch: a
        backlog of one starves no other.
        """
        full, total, now = of or BATCH, 0, time.monotonic()
        until = now + (self._until - now) / 2
        while True:
            began = time.monotonic()
            done = batch()
            total += done
            now = time.monotonic()
            if done < full or now >= until:
                return total
            time.sleep(min(now - began, until - now))

    def forget(self, kind: str) -> int:
        """What is over of one kind."""

        def batch() -> int:
            with self._database.acting_as_system(self._call.function) as tx:
                return retention.forget(tx, kind, now=self._call.now, limit=FORGOTTEN_AT_ONCE)

        return self.in_batches_of(batch, of=FORGOTTEN_AT_ONCE)

    def republish(self) -> int:
        now = self._call.now
        with self._database.acting_as_system(self._call.function) as tx:
            signals = outbox.claim(tx, now=now, limit=BATCH)
        published = self._bus.publish(signals) if signals else []
        if published:
            with self._database.acting_as_system(self._call.function) as tx:
                tx.mark_published(published)
        return len(published)  # fewer than were claimed: the bus is not well, the next one tries

    def hand_mails_over(self) -> int:
        with self._database.acting_as_system(self._call.function) as tx:
            due = mails.OUTBOX.hand_over(tx, now=self._call.now, limit=BATCH)
        if due:
            self._bus.publish([], due)
        return len(due)

    def hand_orders_over(self) -> int:
        with self._database.acting_as_system(self._call.function) as tx:
            due = orders.OUTBOX.hand_over(tx, now=self._call.now, limit=BATCH)
        if due:
            self._bus.publish([], orders=due)
        return len(due)

    def hand_pushes_over(self) -> int:
        with self._database.acting_as_system(self._call.function) as tx:
            due = pushes.OUTBOX.hand_over(tx, now=self._call.now, limit=BATCH)
        if due:
            self._bus.publish([], pushes=due)
        return len(due)


def _complete(tx: Transaction, call: Call, ended_by: datetime) -> int:
    over = meetings.hold_over(tx, ended_by=ended_by, limit=BATCH)
    ended = [(lobby, completed(lobby, by="system", now=call.now)) for lobby in over]
    if ended:
        _record(tx, ended)
        requests.follow_meetings(tx, *(lobby.meeting for _, lobby in ended))
    return len(over)


def _expire(tx: Transaction, call: Call) -> int:
    due = requests.hold_due(tx, now=call.now, limit=BATCH)
    expired = [expire(held.request, held.people, now=call.now) for held in due]
    if expired:
        requests.record(tx, *(request for request, _ in expired))
        tx.say(*(said for _, said in expired))
    return len(due)


def _let_lapsed_leave(tx: Transaction, call: Call, renewed_by: datetime) -> int:
    held = meetings.hold_lapsed(tx, renewed_by=renewed_by, limit=BATCH)
    # One that was renewed while we waited for its lock stays.
    left = [(lobby, gone) for lobby in held if (gone := lapsed(lobby, now=call.now))]
    if left:
        _record(tx, left)
    return len(left)


def _escalate(tx: Transaction, call: Call, *, by_push: bool) -> int:
    held = lobbies.hold_unanswered(tx, now=call.now, limit=BATCH)
    # One that was answered, or told of, while we waited for its lock is told of no more.
    told = [(lobby, after) for lobby in held if (after := escalated(lobby, now=call.now))]
    if told:
        _record(tx, told)
        if by_push:
            pushes.write(tx, [lobby.meeting.id for lobby, _ in told], now=call.now)
    return len(told)


def _remind_both(tx: Transaction, call: Call, reminder: Reminder) -> int:
    near = meetings.hold_near(tx, reminder, now=call.now, limit=BATCH)
    if near:
        tx.say(
            *(meeting.remind(lobby.meeting, lobby.people, reminder, now=call.now) for lobby in near)
        )
    return len(near)


def _remind_operators(tx: Transaction, call: Call) -> int:
    unanswered = requests.hold_unanswered(tx, now=call.now, limit=BATCH)
    if unanswered:
        tx.say(*(remind(held.request, held.people, now=call.now) for held in unanswered))
    return len(unanswered)


def _record(tx: Transaction, changes: list[tuple[Lobby, Lobby]]) -> None:
    meetings.record(tx, *changes)
    tx.say(*(after.said for _, after in changes if after.said is not None))

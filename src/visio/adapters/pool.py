"""Connections to one PostgreSQL, shared by threads: opened when first needed, at most so many."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

from visio.adapters.pipeline import PipelinedConnection
from visio.domain.refusals import Unavailable

# Seconds: whoever waits longer for a connection is told; an older one may have been forgotten by
# whatever stands in between; one that rested as long may be dead, and one just used is not asked.
PATIENCE, OLDEST, RESTED = 2.0, 300.0, 2.0


class Pool:
    """`take` and `give_back`, in turn. The connection used last goes out first: the others age."""

    def __init__(
        self,
        connect: Callable[[], PipelinedConnection],
        *,
        size: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect, self._clock = connect, clock
        self._turns = _Turns(size)
        self._resting: list[PipelinedConnection] = []  # append and pop are atomic
        self._discarded_at = float("-inf")
        self._ahead: threading.Thread | None = None

    def open_ahead(self, rehearse: Callable[[PipelinedConnection], None] | None = None) -> None:
        """Open a connection now, for whoever takes one first, and who waits until it is open;
        unless one rests. What is rehearsed on it must wait for no answer.

        If it cannot be opened that one is told, as anybody is who tries.
        """
        if not self._resting:
            self._ahead = threading.Thread(target=self._rests_ahead, args=(rehearse,), daemon=True)
            self._ahead.start()

    def settle(self) -> None:
        """Wait until the one that is opened ahead is open, a while at most."""
        if self._ahead is not None:
            self._ahead.join(PATIENCE)

    def leave_to_child(self) -> None:
        """Let a process that was forked have what rests here, which it has got as well.

        Nothing is said on it, not even goodbye. What opens only now is nobody's.
        """
        self._discarded_at = self._clock()
        while (connection := self._next()) is not None:
            connection.abandon()

    def take(self) -> PipelinedConnection:
        """A connection in good order, the caller's own until it is given back.

        Raises Unavailable if none is free for 2 s, and whatever opening one raises.
        """
        if not self._turns.take(PATIENCE):
            raise Unavailable
        try:
            if self._ahead is not None:
                self._ahead.join()
            return self._rested() or self._opened()
        except BaseException:
            self._turns.give_back()
            raise

    def give_back(self, connection: PipelinedConnection) -> None:
        """Let the next one have it, or close it where its state is not what a stranger may meet."""
        try:
            if self._usable(connection):
                connection.rests_since = self._clock()
                self._resting.append(connection)
            else:
                connection.close()
        finally:
            self._turns.give_back()

    def discard(self) -> None:
        """Use no connection again that is open now: the server was lost, or is not what it was.

        Those in use are closed once they are given back.
        """
        self._discarded_at = self._clock()
        while (connection := self._next()) is not None:
            connection.close()

    def _rested(self) -> PipelinedConnection | None:
        while (connection := self._next()) is not None:
            if self._usable(connection) and self._answers(connection):
                return connection
            connection.close()
        return None

    def _next(self) -> PipelinedConnection | None:
        try:
            return self._resting.pop()
        except IndexError:
            return None

    def _opened(self) -> PipelinedConnection:
        began = self._clock()  # what is discarded meanwhile includes this one
        connection = self._connect()
        connection.opened_at = began
        return connection

    def _rests_ahead(self, rehearse: Callable[[PipelinedConnection], None] | None) -> None:
        with contextlib.suppress(Exception):
            connection = self._opened()
            # Once it has answered anything, it knows whose session it has.
            if self._answers(connection) and self._usable(connection):
                if rehearse is not None:
                    rehearse(connection)
                connection.rests_since = self._clock()
                self._resting.append(connection)
            else:
                connection.close()

    def _usable(self, connection: PipelinedConnection) -> bool:
        age = self._clock() - connection.opened_at
        return connection.in_order and age < OLDEST and connection.opened_at > self._discarded_at

    def _answers(self, connection: PipelinedConnection) -> bool:
        try:
            # It may have been lost with what was posted on it, when nobody was looking any more.
            if connection.hung_up:
                return False
            connection.catch_up()
            if self._clock() - connection.rests_since >= RESTED:
                connection.run("select 1", anew=True)  # by a name, only who acts may ask for it
        except Exception:  # noqa: BLE001 -- whatever ails it, another one is opened
            return False
        return True


class _Turns:
    """A semaphore whose longest waiter is the next: a turn is handed over, not left to be snatched.

    With Python's own, a thread that comes back at once is there before one that has been woken.
    """

    def __init__(self, number: int) -> None:
        self._lock, self._free = threading.Lock(), number
        self._waiting: deque[threading.Event] = deque()

    def take(self, patience: float) -> bool:
        """Whether it was one's turn within so many seconds."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(patience):
            return True
        with self._lock:
            if called in self._waiting:
                self._waiting.remove(called)
                return False
        return True  # called in the very last moment

    def give_back(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1

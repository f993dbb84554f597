"""How often somebody called, in one row for each caller and action, for all instances alike.

What counts a call leaves in front of the transaction that it opens, in the same round trip, as a
transaction of its own: what is refused later for another reason has been counted all the same, no
lock of it is held while the page works, and what only reads goes on doing so in a transaction
that cannot write. A call that comes too often is an error there, behind which the server skips the
page's own statements.
"""

import math
import threading
import time
from uuid import UUID

from msgspec import Struct

from visio.domain.limits import Limit
from visio.domain.refusals import TooOften

CAME_TOO_OFTEN = "VX429"  # what visio.count_call raises; its detail says for how many seconds
COUNT = "select visio.count_call($1, $2, $3, $4)"
# A secret that nobody has counts against nobody: there is no row for it to fill.
COUNT_FEED = """
select visio.count_call(f.person_id, $2, $3, $4) from visio.calendar_feeds f
 where f.token_hash = $1"""


class Counted(Struct, frozen=True):
    """One call of an action, and whose: a person's, or that of the holder of a feed's secret."""

    by: UUID | str
    action: str
    limit: Limit

    @property
    def statement(self) -> str:
        return COUNT if isinstance(self.by, UUID) else COUNT_FEED

    @property
    def values(self) -> tuple[str, str, int, str]:
        every = f"{self.limit.every.total_seconds()} seconds"
        return str(self.by), self.action, self.limit.burst, every


class Turnstile:
    """Who was told to wait, and until when: this process refuses them without asking again.

    That never refuses more than the database would, for a caller who waits as long as told.
    """

    MOST = 1000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[tuple[UUID | str, str], float] = {}

    def check(self, call: Counted) -> None:
        """Raise TooOften for whoever has not waited yet."""
        until = self._until.get((call.by, call.action))
        if until is not None and (wait := until - time.monotonic()) > 0:
            raise TooOften(math.ceil(wait))

    def close(self, call: Counted, seconds: int) -> None:
        now = time.monotonic()
        with self._lock:
            if len(self._until) >= self.MOST:
                self._until = {who: until for who, until in self._until.items() if until > now}
            self._until[call.by, call.action] = now + seconds

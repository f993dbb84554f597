"""One request as flows see it: who calls, when, and with what."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from visio.domain.refusals import Unauthenticated


class Caller(Struct, frozen=True):
    """A verified user. Who that is in our tables, the transaction says."""

    user_id: UUID


class Call(Struct, frozen=True):
    """`now` is aware, in UTC, and read once; `body` holds the bytes that were verified.

    `function` names the page that was called, as its folder is named. What a flow puts into `notes`
    stands in the request's one line in the log: counts and codes, never what somebody wrote.
    `again` says that this call has been at the page before, and lost a race.
    """

    function: str
    request_id: str
    now: datetime
    caller: Caller | None = None
    idempotency_key: str | None = None
    body: bytes = b""
    notes: dict[str, int | str] = {}
    again: bool = False

    @property
    def user(self) -> Caller:
        """The caller, who is a user wherever a user's door let him in."""
        if self.caller is None:
            raise Unauthenticated
        return self.caller

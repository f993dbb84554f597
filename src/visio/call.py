"""One request as flows see it: who calls, when, and with what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visio.domain.refusals import Unauthenticated


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified user. Who that is in our tables, the transaction says."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class Call:
    """`now` is aware, in UTC, and read once; `body` holds the bytes that were verified.

    `function` names the page that was called, as its folder is named.
    """

    function: str
    request_id: str
    now: datetime
    caller: Caller | None = None
    idempotency_key: str | None = None
    body: bytes = b""

    @property
    def user(self) -> Caller:
        """The caller, who is a user wherever a user's door let him in."""
        if self.caller is None:
            raise Unauthenticated
        return self.caller

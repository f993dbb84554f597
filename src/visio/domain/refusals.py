"""Everything that is refused, by name."""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class Refusal(Exception):
    """A clear no: a stable code, a status, and a sentence for people.

        400  MalformedJson  MissingMetadata
        401  Unauthenticated  BadSignature
        403  NotAParty  NotYourRole  NotAdmitted
        404  NotFound
        405  MethodNotAllowed        413  TooLarge        415  UnsupportedMediaType
        409  AlreadyDecided  SlotTaken  SlotPassed  MeetingOver  MeetingStarted
             MeetingNotStarted  LobbyNotOpen  NoOneWaiting  IdempotencyKeyInFlight
        422  InvalidFields  SlotNotProposed  IdempotencyKeyReused
        429  TooManyRequests         503  Unavailable

    The sentence a caller reads is the class's own first line, unless one is given. `details`
    never hold what was sent.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    keeps: ClassVar[bool] = False
    """Whether what the transaction wrote before it was refused is committed all the same."""

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Sequence[Mapping[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or self.code).splitlines()[0]
        self.details = details
        self.headers = dict(headers or {})
        super().__init__(self.message)


class MalformedJson(Refusal):
    """The body is not JSON of the expected kind."""

    status, code = 400, "malformed_json"


class MissingMetadata(Refusal):
    """No client is bound to this booking; it waits in quarantine."""

    status, code, keeps = 400, "missing_metadata", True


class Unauthenticated(Refusal):
    """A valid sign-in is needed."""

    status, code = 401, "unauthenticated"


class BadSignature(Refusal):
    """The signature is missing or wrong."""

    status, code = 401, "bad_signature"


class NotAParty(Refusal):
    """You are neither an operator nor a client here."""

    status, code = 403, "not_a_party"


class NotYourRole(Refusal):
    """The other party may do this, not you."""

    status, code = 403, "not_your_role"


class NotAdmitted(Refusal):
    """The operator has not let you in."""

    status, code = 403, "not_admitted"


class NotFound(Refusal):
    """There is no such thing for you."""

    status, code = 404, "not_found"


class MethodNotAllowed(Refusal):
    """This method is not served here."""

    status, code = 405, "method_not_allowed"


class TooLarge(Refusal):
    """The body is too large."""

    status, code = 413, "too_large"


class UnsupportedMediaType(Refusal):
    """The body must be application/json."""

    status, code = 415, "unsupported_media_type"


class AlreadyDecided(Refusal):
    """This request has been decided otherwise."""

    status, code = 409, "already_decided"


class SlotTaken(Refusal):
    """Another meeting overlaps this slot."""

    status, code = 409, "slot_taken"


class SlotPassed(Refusal):
    """This slot has passed."""

    status, code = 409, "slot_passed"


class MeetingOver(Refusal):
    """This meeting is over."""

    status, code = 409, "meeting_over"


class MeetingStarted(Refusal):
    """This meeting has started; end it instead."""

    status, code = 409, "meeting_started"


class MeetingNotStarted(Refusal):
    """This meeting has not started; cancel it instead."""

    status, code = 409, "meeting_not_started"


class LobbyNotOpen(Refusal):
    """The lobby is not open yet."""

    status, code = 409, "lobby_not_open"


class NoOneWaiting(Refusal):
    """No one is waiting there."""

    status, code = 409, "no_one_waiting"


class IdempotencyKeyInFlight(Refusal):
    """A request with this idempotency key is still under way."""

    status, code = 409, "idempotency_key_in_flight"


class InvalidFields(Refusal):
    """Some fields are not valid."""

    status, code = 422, "invalid_fields"


class SlotNotProposed(Refusal):
    """This slot is none of those proposed."""

    status, code = 422, "slot_not_proposed"


class IdempotencyKeyReused(Refusal):
    """This idempotency key came with another body before."""

    status, code = 422, "idempotency_key_reused"


class TooManyRequests(Refusal):
    """Too many open requests; wait for an answer to one."""

    status, code = 429, "too_many_requests"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"Retry-After": "3600"})


class Unavailable(Refusal):
    """Not possible at this moment; please try again."""

    status, code = 503, "unavailable"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"Retry-After": "2"})


class StillLocked(Unavailable):
    """Somebody else is at it at this moment; please try again."""


class RaceLost(Exception):
    """Somebody else wrote first: the same request again will see what they wrote."""


class DatabaseFailed(Exception):
    """The database refused what no caller may cause: a defect of ours, known by its SQLSTATE."""

    def __init__(self, sqlstate: str | None, constraint: str | None) -> None:
        self.sqlstate, self.constraint = sqlstate, constraint
        super().__init__(f"{sqlstate} {constraint or ''}".strip())

"""Everything that is refused, by name."""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class Refusal(Exception):
    """A clear no: a stable code, a status, and a sentence for people.

        400  MalformedJson  MalformedEvent  MissingMetadata
        401  Unauthenticated  BadSignature
        403  NotAParty  NotYourRole  NotAdmitted
        404  NotFound
        405  MethodNotAllowed        413  TooLarge        415  UnsupportedMediaType
        409  AlreadyDecided  NothingProposed  SlotTaken  SlotPassed  MeetingOver
             MeetingStarted  MeetingNotStarted  LobbyNotOpen  NoOneWaiting
             IdempotencyKeyInFlight
        422  InvalidFields  SlotNotProposed  IdempotencyKeyReused
        429  TooManyRequests  TooManyMessages  TooManySubscriptions  TooOften
        503  Unavailable

    The sentence a caller reads is `said`, in French, unless one is given. `details` never hold what
    was sent.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    said: ClassVar[str]
    keeps: ClassVar[bool] = False
    """Whether what the transaction wrote before it was refused is committed all the same."""

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Sequence[Mapping[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or self.said
        self.details = details
        self.headers = dict(headers or {})
        super().__init__(self.message)


class MalformedJson(Refusal):
    """The body is not JSON of the expected kind."""

    status, code = 400, "malformed_json"
    said = "Le contenu n’est pas du JSON de la forme attendue."


class MalformedEvent(MalformedJson):
    """A signed body that no Cal.com sends; it is kept, to be looked at."""

    keeps = True


class MissingMetadata(Refusal):
    """No client is bound to this booking; it waits in quarantine."""

    status, code, keeps = 400, "missing_metadata", True
    said = "Aucun client n’est lié à cette réservation ; elle attend en quarantaine."


class Unauthenticated(Refusal):
    """A valid sign-in is needed."""

    status, code = 401, "unauthenticated"
    said = "Une connexion valide est nécessaire."


class BadSignature(Refusal):
    """The signature is missing or wrong."""

    status, code = 401, "bad_signature"
    said = "La signature manque ou est fausse."


class NotAParty(Refusal):
    """You are neither an operator nor a client here."""

    status, code = 403, "not_a_party"
    said = "Vous n’êtes ici ni consultant ni client."


class NotYourRole(Refusal):
    """The other party may do this, not you."""

    status, code = 403, "not_your_role"
    said = "C’est à l’autre partie de le faire."


class NotAdmitted(Refusal):
    """The operator has not let you in."""

    status, code = 403, "not_admitted"
    said = "On ne vous a pas encore fait entrer."


class NotFound(Refusal):
    """There is no such thing for you."""

    status, code = 404, "not_found"
    said = "Rien de tel pour vous ici."


class MethodNotAllowed(Refusal):
    """This method is not served here."""

    status, code = 405, "method_not_allowed"
    said = "Cette méthode n’est pas servie ici."


class TooLarge(Refusal):
    """The body is too large."""

    status, code = 413, "too_large"
    said = "Le contenu est trop volumineux."


class UnsupportedMediaType(Refusal):
    """The body must be application/json."""

    status, code = 415, "unsupported_media_type"
    said = "Le contenu doit être de type application/json."


class AlreadyDecided(Refusal):
    """This request has been decided otherwise."""

    status, code = 409, "already_decided"
    said = "Cette demande a déjà reçu une autre réponse."


class NothingProposed(Refusal):
    """The operator has offered no other slots yet."""

    status, code = 409, "nothing_proposed"
    said = "Aucun autre créneau ne vous a encore été proposé."


class SlotTaken(Refusal):
    """Another meeting overlaps this slot."""

    status, code = 409, "slot_taken"
    said = "Un autre rendez-vous occupe ce créneau."


class SlotPassed(Refusal):
    """This slot has passed."""

    status, code = 409, "slot_passed"
    said = "Ce créneau est passé."


class MeetingOver(Refusal):
    """This meeting is over."""

    status, code = 409, "meeting_over"
    said = "Ce rendez-vous est terminé."


class MeetingStarted(Refusal):
    """This meeting has started; end it instead."""

    status, code = 409, "meeting_started"
    said = "Ce rendez-vous a commencé : terminez-le plutôt."


class MeetingNotStarted(Refusal):
    """This meeting has not started; cancel it instead."""

    status, code = 409, "meeting_not_started"
    said = "Ce rendez-vous n’a pas commencé : annulez-le plutôt."


class LobbyNotOpen(Refusal):
    """The lobby is not open yet."""

    status, code = 409, "lobby_not_open"
    said = "La salle d’attente n’est pas encore ouverte."


class NoOneWaiting(Refusal):
    """No one is waiting there."""

    status, code = 409, "no_one_waiting"
    said = "Personne n’attend là."


class IdempotencyKeyInFlight(Refusal):
    """A request with this idempotency key is still under way."""

    status, code = 409, "idempotency_key_in_flight"
    said = "Une demande avec cette clé est encore en cours."


class InvalidFields(Refusal):
    """Some fields are not valid."""

    status, code = 422, "invalid_fields"
    said = "Certains champs ne conviennent pas."


class SlotNotProposed(Refusal):
    """This slot is none of those proposed."""

    status, code = 422, "slot_not_proposed"
    said = "Ce créneau n’a pas été proposé."


class IdempotencyKeyReused(Refusal):
    """This idempotency key came with another body before."""

    status, code = 422, "idempotency_key_reused"
    said = "Cette clé a déjà servi pour un autre contenu."


class TooManyRequests(Refusal):
    """Too many open requests; wait for an answer to one."""

    status, code = 429, "too_many_requests"
    said = "Trop de demandes ouvertes : attendez une réponse."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"Retry-After": "3600"})


class TooManyMessages(TooManyRequests):
    """Too many messages within a minute."""

    said = "Trop de messages en une minute : attendez un peu."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.headers["Retry-After"] = "60"


class TooManySubscriptions(TooManyRequests):
    """Too many browsers are subscribed; unsubscribe one."""

    said = "Trop de navigateurs sont abonnés : désabonnez-en un."


class TooOften(TooManyRequests):
    """This caller has done this too often; it passes again after some seconds."""

    said = "C’est beaucoup à la fois : réessayez dans {seconds} s."

    def __init__(self, seconds: int = 1) -> None:
        self.seconds = seconds
        super().__init__(self.said.format(seconds=seconds))
        self.headers["Retry-After"] = str(seconds)


class Unavailable(Refusal):
    """Not possible at this moment; please try again."""

    status, code = 503, "unavailable"
    said = "Impossible à cet instant ; réessayez dans un moment."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"Retry-After": "2"})


class StillLocked(Unavailable):
    """Somebody else is at it at this moment; please try again."""

    said = "Quelqu’un y travaille à cet instant ; réessayez dans un moment."


class RaceLost(Exception):
    """Somebody else wrote first: the same request again will see what they wrote."""


class DatabaseFailed(Exception):
    """The database refused what no caller may cause: a defect of ours, known by its SQLSTATE."""

    def __init__(self, sqlstate: str | None, constraint: str | None) -> None:
        self.sqlstate, self.constraint = sqlstate, constraint
        super().__init__(f"{sqlstate} {constraint or ''}".strip())

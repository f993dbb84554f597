"""What callers may ask for, parsed at the door: frozen, strict, camelCase outside."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
)
from pydantic.alias_generators import to_camel


def _text_only(value: object) -> object:
    """An instant is a text with an offset; a number could mean seconds or milliseconds."""
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 text with an offset")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be a date of this era") from error


Instant = Annotated[AwareDatetime, BeforeValidator(_text_only), AfterValidator(_in_utc)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]
Message = Annotated[str, Field(max_length=2000)]


def _distinct(slots: tuple[datetime, ...]) -> tuple[datetime, ...]:
    if len(set(slots)) < len(slots):
        raise ValueError("must be distinct")
    return slots


Slots = Annotated[tuple[Instant, ...], Field(min_length=1, max_length=3), AfterValidator(_distinct)]


class Command(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, str_strip_whitespace=True
    )


class RequestMeeting(Command):
    requested_slots: Slots
    message: Message | None = None
    duration_minutes: Annotated[int, Field(ge=15, le=240, strict=True)] = 60


class AcceptRequest(Command):
    request_id: UUID
    decision: Literal["accept"]
    selected_slot: Instant


class RejectRequest(Command):
    request_id: UUID
    decision: Literal["reject"]
    reason: Reason


class ProposeSlots(Command):
    request_id: UUID
    decision: Literal["propose"]
    proposed_slots: Slots
    message: Message | None = None


class DecideRequest(
    RootModel[
        Annotated[AcceptRequest | RejectRequest | ProposeSlots, Field(discriminator="decision")]
    ]
):
    model_config = ConfigDict(frozen=True)


class AcceptProposal(Command):
    request_id: UUID
    answer: Literal["accept"]
    selected_slot: Instant


class TurnDown(Command):
    """None of the operator's slots will do, or the whole request is taken back."""

    request_id: UUID
    answer: Literal["decline", "withdraw"]
    message: Message | None = None


class AnswerProposal(
    RootModel[Annotated[AcceptProposal | TurnDown, Field(discriminator="answer")]]
):
    model_config = ConfigDict(frozen=True)


class LobbySignal(Command):
    meeting_id: UUID
    signal: Literal[
        "client_waiting",
        "client_left",
        "operator_joined",
        "entry_denied",
        "back_to_lobby",
        "meeting_ended",
    ]
    reason: Reason | None = None


class OfMeeting(Command):
    meeting_id: UUID


class CancelMeeting(Command):
    meeting_id: UUID
    reason: Reason


class BookingLink(Command):
    """Nothing to say: the caller is the client."""


class AssignChain(Command):
    """Bookings that nobody was bound to are this client's."""

    id: UUID
    resolution: Literal["assign"]
    client_id: UUID


class SettleChain(Command):
    """What overlapped is applied, the way being clear by now; or the operator wants none of it."""

    id: UUID
    resolution: Literal["apply", "dismiss"]


class ResolveQuarantine(
    RootModel[Annotated[AssignChain | SettleChain, Field(discriminator="resolution")]]
):
    model_config = ConfigDict(frozen=True)


class CalendarLink(Command):
    """A new secret address for the caller's calendar, or none any more."""

    revoke: Annotated[bool, Field(strict=True)] = False


class CalendarFeed(Command):
    token: Annotated[str, Field(min_length=20, max_length=100)]


class MailPreferences(Command):
    """What the page behind an e-mail's link asks for, with the token from that link."""

    token: Annotated[str, Field(min_length=20, max_length=1000)]
    reminders: Annotated[bool, Field(strict=True)]


class ReadNotifications(Command):
    """Some of the caller's notifications, or all of them."""

    ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)] | None = None


class Listing(Command):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=200)] | None = None


class ListRequests(Listing):
    status: (
        Literal[
            "pending",
            "accepted",
            "rejected",
            "countered",
            "withdrawn",
            "expired",
            "completed",
            "cancelled",
        ]
        | None
    ) = None


class ListMeetings(Listing):
    status: Literal["scheduled", "in_progress", "completed", "cancelled"] | None = None


class ListNotifications(Listing):
    unread: bool = False


class ListQuarantine(Listing):
    """What waits for the calling operator."""

"""What callers may ask for, parsed at the door: frozen, strict, camelCase outside."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    model_validator,
)
from pydantic.alias_generators import to_camel

from visio.domain.lobby import Devices, NextStep
from visio.domain.words import CANNED

Item = TypeVar("Item")


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


def _distinct(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if len(set(items)) < len(items):
        raise ValueError("must be distinct")
    return items


def _ready_made(key: str) -> str:
    if key not in CANNED:
        raise ValueError(f"must be one of {', '.join(CANNED)}")
    return key


def _point(key: str) -> str:
    """An uncompressed point of P-256, as RFC 8291 has browsers give it."""
    if len(raw := _decoded(key)) != 65 or raw[0] != 4:
        raise ValueError("must be an uncompressed point of P-256 in base64url")
    return key


def _secret(key: str) -> str:
    if len(_decoded(key)) != 16:
        raise ValueError("must be 16 bytes in base64url")
    return key


def _decoded(key: str) -> bytes:
    try:
        return base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


Slots = Annotated[tuple[Instant, ...], Field(min_length=1, max_length=3), AfterValidator(_distinct)]


class Command(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        defer_build=True,  # a function uses one or two of these: the others cost it nothing
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
    model_config = ConfigDict(frozen=True, defer_build=True)


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
    model_config = ConfigDict(frozen=True, defer_build=True)


class LobbySignal(Command):
    """`knock_id` names the arrival that is meant; `devices` is the client's to tell."""

    meeting_id: UUID
    signal: Literal[
        "client_waiting",
        "client_left",
        "operator_joined",
        "entry_denied",
        "back_to_lobby",
        "remove",
        "meeting_ended",
    ]
    reason: Reason | None = None
    knock_id: UUID | None = None
    devices: Devices | None = None
    next_step: NextStep | None = None

    @model_validator(mode="after")
    def _each_with_its_signal(self) -> Self:
        if self.devices is not None and self.signal != "client_waiting":
            raise ValueError("devices come with client_waiting only")
        if self.next_step is not None and self.signal not in ("entry_denied", "remove"):
            raise ValueError("nextStep comes with entry_denied and remove only")
        return self


class AdmitClients(Command):
    meeting_ids: Annotated[
        tuple[UUID, ...], Field(min_length=1, max_length=50), AfterValidator(_distinct)
    ]


class WaitingRoom(Command):
    """Nothing to say: the caller is the operator."""


class LobbyMessage(Command):
    """A few words, or the key of a ready-made answer."""

    meeting_id: UUID
    text: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    canned: Annotated[str, AfterValidator(_ready_made)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) is (self.canned is None):
            raise ValueError("either text or canned")
        return self


class PushKeys(Command):
    # By name: made camelCase by rule, a letter behind a digit becomes a capital.
    p256dh: Annotated[str, Field(alias="p256dh"), AfterValidator(_point)]
    auth: Annotated[str, AfterValidator(_secret)]


class BrowserSubscription(Command):
    """What a browser's PushSubscription turns into as JSON."""

    endpoint: Annotated[str, Field(min_length=1, max_length=1000)]
    expiration_time: float | None = None
    keys: PushKeys


class Subscribe(Command):
    action: Literal["subscribe"]
    subscription: BrowserSubscription


class Unsubscribe(Command):
    action: Literal["unsubscribe"]
    endpoint: Annotated[str, Field(min_length=1, max_length=1000)]


class ShowSubscriptions(Command):
    action: Literal["show"]


class PushSubscription(
    RootModel[Annotated[Subscribe | Unsubscribe | ShowSubscriptions, Field(discriminator="action")]]
):
    model_config = ConfigDict(frozen=True, defer_build=True)


class WhoAmI(Command):
    """Nothing to say: the token names the caller."""


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
    model_config = ConfigDict(frozen=True, defer_build=True)


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


class ListClients(Listing):
    """`search` is found anywhere in a name or an e-mail."""

    search: Annotated[str, Field(max_length=100)] | None = None


class ListQuarantine(Listing):
    """What waits for the calling operator."""

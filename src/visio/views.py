"""What callers see: the contract's field names, instants in UTC ending in Z."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from visio.adapters.paging import Item, Page
from visio.domain.events import Side, Step, instant
from visio.domain.lobby import Knock, Lobby, LobbyMessage, poll_after
from visio.domain.meeting import ListedMeeting
from visio.domain.request import ListedRequest, slot_state
from visio.domain.words import CANNED, Locale

if TYPE_CHECKING:
    from visio.adapters.chains import WaitingChain
    from visio.adapters.lobbies import Waiting
    from visio.adapters.people import Me

Instant = Annotated[
    datetime, PlainSerializer(instant, return_type=str, when_used="json"), Field(description="UTC")
]


class View(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        from_attributes=True,
        frozen=True,
        defer_build=True,  # a function shows one or two of these: the others cost it nothing
    )

    @classmethod
    def of(cls, value: object) -> Self:
        """The view of a domain value with attributes of the same names."""
        return cls.model_validate(value)


Shown = TypeVar("Shown", bound=View)


class PageView(View, Generic[Shown]):
    items: tuple[Shown, ...]
    next_cursor: str | None

    @classmethod
    def showing(cls, page: Page[Item], view: Callable[[Item], Any]) -> Self:
        """A page with each item seen through its view."""
        return cls(items=tuple(map(view, page.items)), next_cursor=page.next_cursor)


RequestState = Literal[
    "pending",
    "accepted",
    "rejected",
    "countered",
    "withdrawn",
    "expired",
    "completed",
    "cancelled",
]


class RequestView(View):
    id: UUID
    client_id: UUID
    operator_id: UUID
    requested_slots: tuple[Instant, ...]
    proposed_slots: tuple[Instant, ...] | None
    selected_slot: Instant | None
    status: RequestState
    message: str | None
    reason: str | None
    source: Literal["form", "calcom"]
    duration_minutes: int
    meeting_id: UUID | None
    created_at: Instant
    updated_at: Instant


class StepView(View):
    """One transition: who did what, when, through which function, and in which words."""

    subject: Literal["request", "meeting", "knock"]
    by: Literal["client", "operator", "calcom", "system"]
    action: str
    from_status: str | None
    to_status: str
    at: Instant
    message: str | None
    slots: tuple[Instant, ...]
    function: str | None

    @classmethod
    def taken(cls, step: Step) -> Self:
        told = {name: getattr(step, name) for name in cls.model_fields if name != "by"}
        return cls(by=step.actor, **told)


class SlotView(View):
    """A slot on the table, as the operator's own calendar lets it stand."""

    slot: Instant
    proposed_by: Literal["client", "operator"]
    state: Literal["free", "taken", "passed"]


class ListedRequestView(RequestView):
    """`slots` is the operator's to see: whether a slot is taken says something of others."""

    client_name: str
    history: tuple[StepView, ...]
    slots: tuple[SlotView, ...] | None

    @classmethod
    def showing(cls, listed: ListedRequest, *, buffer: timedelta | None, now: datetime) -> Self:
        """With each slot's state where `buffer`, the rest the operator keeps, is given."""
        request = listed.request
        told = {name: getattr(request, name) for name in RequestView.model_fields}
        sides: tuple[tuple[Side, tuple[datetime, ...]], ...] = (
            ("client", request.requested_slots),
            ("operator", request.proposed_slots or ()),
        )
        slots = (
            None
            if buffer is None
            else tuple(
                SlotView(
                    slot=slot,
                    proposed_by=side,
                    state=slot_state(request, slot, busy=listed.busy, buffer=buffer, now=now),
                )
                for side, offered in sides
                for slot in offered
            )
        )
        return cls(
            **told,
            client_name=listed.client_name,
            history=tuple(map(StepView.taken, listed.history)),
            slots=slots,
        )


class MeetingView(View):
    id: UUID
    client_id: UUID
    operator_id: UUID
    request_id: UUID | None
    title: str
    scheduled_at: Instant
    ends_at: Instant
    status: Literal["scheduled", "in_progress", "completed", "cancelled"]
    outcome: Literal["held", "client_absent", "operator_absent", "unknown"] | None
    source: Literal["form", "calcom"]
    started_at: Instant | None
    ended_at: Instant | None
    cancel_reason: str | None


class ListedMeetingView(MeetingView):
    history: tuple[StepView, ...]

    @classmethod
    def showing(cls, listed: ListedMeeting) -> Self:
        told = {name: getattr(listed.meeting, name) for name in MeetingView.model_fields}
        return cls(**told, history=tuple(map(StepView.taken, listed.history)))


class OperatorView(View):
    id: UUID
    name: str


class MeView(View):
    """Who the caller is. `id` is the row's, by which inboxes are named; `operator` a client's."""

    role: Literal["operator", "client"]
    id: UUID
    name: str
    locale: Literal["fr", "en"]
    time_zone: str
    operator: OperatorView | None

    @classmethod
    def showing(cls, me: "Me") -> Self:
        same = cls.model_fields.keys() - {"operator"}
        of = me.operator_id and OperatorView(id=me.operator_id, name=me.operator_name or "")
        return cls(**{name: getattr(me, name) for name in same}, operator=of or None)


class ClientView(View):
    id: UUID
    name: str
    email: str
    created_at: Instant


class NotificationView(View):
    id: UUID
    type: str
    title: str
    body: str
    link: str | None
    read_at: Instant | None
    created_at: Instant


Devices = Literal["ready", "sound_only", "none", "untested"]


class MessageView(View):
    """What somebody said at a lobby: data, never to be read as HTML. `canned` names a ready-made
    answer, whose text is in the reader's language."""

    id: UUID
    sender: Literal["client", "operator"]
    text: str
    canned: str | None
    at: Instant

    @classmethod
    def said(cls, message: LobbyMessage, locale: Locale) -> Self:
        ready = CANNED.get(message.canned or "", {}).get(locale, "")
        return cls(
            id=message.id,
            sender=message.sender,
            text=message.body if message.body is not None else ready,
            canned=message.canned,
            at=message.created_at,
        )


class KnockView(View):
    """`reason` and `next_step` are the operator's words to a client who was turned away."""

    id: UUID
    status: Literal["waiting", "admitted", "denied", "left"]
    since: Instant
    reason: str | None
    next_step: Literal["knock_again", "ask_again", "await_word"] | None
    devices: Devices
    away: bool

    @classmethod
    def at(cls, now: datetime, knock: Knock) -> Self:
        seen = knock.seen(now)
        told = {name: getattr(seen, name) for name in cls.model_fields if name != "away"}
        return cls(**told, away=seen.away(now))


class LobbyView(View):
    """`in_room` says who really is in the room, where its server tells; `poll_after_ms`, how soon
    a page without a socket asks again."""

    meeting_id: UUID
    title: str
    client_name: str
    meeting_status: Literal["scheduled", "in_progress", "completed", "cancelled"]
    cancel_reason: str | None
    scheduled_at: Instant
    ends_at: Instant
    operator_present: bool
    knock: KnockView | None
    in_room: tuple[Literal["client", "operator"], ...]
    messages: tuple[MessageView, ...]
    version: int
    poll_after_ms: int
    server_time: Instant

    @classmethod
    def at(cls, now: datetime, lobby: Lobby, reader: Side) -> Self:
        """The lobby as it truly is at this instant: a lapsed knock has left."""
        locale = lobby.locale(reader)
        meeting = lobby.meeting
        return cls(
            meeting_id=meeting.id,
            title=meeting.title,
            client_name=lobby.people.client_name,
            meeting_status=meeting.status.value,
            cancel_reason=meeting.cancel_reason,
            scheduled_at=meeting.scheduled_at,
            ends_at=meeting.ends_at,
            operator_present=meeting.operator_present,
            knock=KnockView.at(now, lobby.knock) if lobby.knock else None,
            in_room=tuple(sorted(lobby.in_room)),
            messages=tuple(MessageView.said(message, locale) for message in lobby.messages),
            version=meeting.version,
            poll_after_ms=_milliseconds(poll_after(lobby, now=now)),
            server_time=now,
        )

    @property
    def etag(self) -> str:
        """Equal while nothing but the clock has moved."""
        knock = f"{self.knock.status}{'-away' if self.knock.away else ''}" if self.knock else "none"
        return f'"{self.version}-{knock}"'


class WaitingView(View):
    """Somebody who waits. `elapsed_seconds` have passed since they came."""

    knock_id: UUID
    meeting_id: UUID
    client_id: UUID
    client_name: str
    status: Literal["waiting"]
    since: Instant
    elapsed_seconds: int
    away: bool
    devices: Devices
    scheduled_at: Instant
    version: int
    messages: tuple[MessageView, ...]

    @classmethod
    def at(cls, now: datetime, waiting: "Waiting") -> Self:
        same = cls.model_fields.keys() - {"elapsed_seconds", "away", "messages"}
        return cls(
            **{name: getattr(waiting, name) for name in same},
            elapsed_seconds=int((now - waiting.since).total_seconds()),
            away=waiting.away(now),
            messages=tuple(
                MessageView.said(message, waiting.locale) for message in waiting.messages
            ),
        )


class WaitingRoomView(View):
    """Everybody who waits, in order of arrival."""

    items: tuple[WaitingView, ...]
    poll_after_ms: int
    server_time: Instant

    @classmethod
    def at(cls, now: datetime, found: "Sequence[Waiting]") -> Self:
        return cls(
            items=tuple(WaitingView.at(now, waiting) for waiting in found),
            poll_after_ms=5_000 if found else 15_000,
            server_time=now,
        )


class AdmissionView(View):
    """What became of one of several: `state` is the knock's now, whoever has changed it."""

    meeting_id: UUID
    outcome: Literal["admitted", "refused"]
    code: Literal["not_found", "meeting_over", "no_one_waiting"] | None
    state: Literal["waiting", "admitted", "denied", "left"] | None


class AdmissionsView(View):
    items: tuple[AdmissionView, ...]


class RoomEventView(View):
    outcome: Literal["noted", "removed", "completed", "duplicate", "ignored"]


class PushSubscriptionView(View):
    """How many browsers of the caller's are told, and the key that a browser subscribes with."""

    subscribed: int
    public_key: str


class TicketView(View):
    provider: str
    url: str
    token: str
    expires_at: Instant


class BookingLinkView(View):
    """`available` says whether Cal.com answered lately: where it did not, the form is there."""

    url: str
    expires_at: Instant
    available: bool


class IngestView(View):
    outcome: Literal["created", "updated", "cancelled", "duplicate", "ignored", "stale"]
    meeting_id: UUID | None


class QuarantinedBookingView(View):
    """One booking as Cal.com tells it; times are missing where it told none."""

    title: str | None
    status: Literal["requested", "confirmed"]
    starts_at: Instant | None
    ends_at: Instant | None


class QuarantinedView(View):
    """Bookings that belong together: bound to no client, or in the way of other meetings."""

    id: UUID
    reason: Literal["unbound", "conflict"]
    booker_name: str | None
    booker_email: str | None
    bookings: tuple[QuarantinedBookingView, ...]
    created_at: Instant

    @classmethod
    def showing(cls, waiting: "WaitingChain") -> Self:
        told = {"id": waiting.id, "createdAt": waiting.created_at, **waiting.summary}
        return cls.model_validate(told)


class ResolvedView(View):
    """The state is `open` once everything has been applied."""

    id: UUID
    state: Literal["open", "quarantined", "conflict", "dismissed"]
    request_ids: tuple[UUID, ...]
    meeting_ids: tuple[UUID, ...]


class ReconciledView(View):
    """How many decisions Cal.com was told, how many bookings it listed, and what became of them."""

    told: int
    read: int
    changed: int
    quarantined: int
    unreadable: int


class CalendarLinkView(View):
    """Whoever has the address reads the calendar; a new one ends the one before."""

    url: str | None


class MailPreferencesView(View):
    reminders: bool


class ReadView(View):
    read: int


class SweepView(View):
    completed: int
    expired: int
    left: int
    escalated: int
    reminded: int
    republished: int
    mails: int
    orders: int
    pushes: int


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)

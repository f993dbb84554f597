"""What callers may rely on, as a few pages of Python: no HTTP, no SQL, nothing of the product's.

A `World` holds requests, meetings, their lobbies and Cal.com's bookings. Each verb of the contract
is a method of it: it changes the world, or raises `No` with the code of the refusal and changes
nothing. Time is `now`, which whoever plays the world moves.

    request   pending ─▶ accepted | rejected | countered | withdrawn | expired | cancelled
              countered ─▶ accepted | withdrawn | expired | cancelled     accepted ─▶ as its meeting
    meeting   scheduled ─▶ in_progress ─▶ completed       scheduled ─▶ completed | cancelled
    knock     waiting ─▶ admitted | denied | left         admitted ─▶ waiting | left
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

OPERATORS = ("MiKL", "Nora")
CLIENTS = {"Alice": "MiKL", "Bruno": "MiKL", "Chloé": "Nora"}
MEMBERS = (*OPERATORS, *CLIENTS)

STATUS = {
    "missing_metadata": 400,
    **dict.fromkeys(("not_a_party", "not_your_role", "not_admitted"), 403),
    "not_found": 404,
    **dict.fromkeys(("already_decided", "nothing_proposed", "slot_taken", "slot_passed"), 409),
    **dict.fromkeys(("meeting_over", "meeting_started", "meeting_not_started"), 409),
    **dict.fromkeys(("lobby_not_open", "no_one_waiting"), 409),
    **dict.fromkeys(("invalid_fields", "slot_not_proposed", "idempotency_key_reused"), 422),
    "too_many_requests": 429,
}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AWAY, LEASE, PATIENCE = timedelta(seconds=30), 2 * MINUTE, MINUTE
HORIZON, TOO_OLD = 365 * DAY, DAY + 5 * MINUTE
ROUNDS = 3
BOOKED = "Réservation via Cal.com"
MOVED_AWAY, CALLED_OFF = "Report demandé dans Cal.com", "Annulé dans Cal.com"


class No(Exception):
    """A refusal, by its code."""

    def __init__(self, code: str) -> None:
        self.status, self.code = STATUS[code], code
        super().__init__(code)


@dataclass(frozen=True)
class Rules:
    """What an operator may have set."""

    buffer: timedelta = timedelta()
    notice: timedelta = timedelta()
    opens: timedelta | None = None
    grace: timedelta = 15 * MINUTE
    most_open: int = 3
    token_only: bool = False


@dataclass
class Note:
    """A line in somebody's list of notifications."""

    to: str
    type: str
    meeting: "Meeting | None" = None
    read: bool = False


@dataclass(eq=False)
class Request:
    client: str
    asked: tuple[datetime, ...]
    minutes: int
    message: str | None
    made: datetime
    source: str = "form"
    status: str = "pending"
    offered: tuple[datetime, ...] | None = None
    agreed: datetime | None = None
    reason: str | None = None
    rounds: int = 0
    remind_at: datetime | None = None
    meeting: "Meeting | None" = None
    id: str | None = None

    @property
    def operator(self) -> str:
        return CLIENTS[self.client]

    @property
    def undecided(self) -> bool:
        return self.status in ("pending", "countered")

    @property
    def expires(self) -> datetime:
        return max(self.offered or self.asked)


@dataclass(eq=False)
class Knock:
    """One arrival of the client in a lobby."""

    since: datetime
    renewed: datetime
    devices: str = "untested"
    status: str = "waiting"
    reason: str | None = None
    next_step: str | None = None
    remind_at: datetime | None = None
    id: str | None = None

    @property
    def live(self) -> bool:
        return self.status in ("waiting", "admitted")


@dataclass(eq=False)
class Meeting:
    """An agreed time, and the lobby in front of it."""

    request: Request
    start: datetime
    end: datetime
    buffer: timedelta
    made: datetime
    status: str = "scheduled"
    outcome: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    cancelled_for: str | None = None
    operator_present: bool = False
    operator_came: bool = False
    client_came: bool = False
    reminded: set[str] = field(default_factory=set)
    knock: Knock | None = None
    changes: int = 0
    id: str | None = None

    @property
    def client(self) -> str:
        return self.request.client

    @property
    def operator(self) -> str:
        return self.request.operator

    @property
    def live(self) -> bool:
        return self.status in ("scheduled", "in_progress")


@dataclass(frozen=True)
class Event:
    """What Cal.com tells of one booking. `of` is the client that it binds the booking to."""

    trigger: str
    uid: str
    start: datetime
    end: datetime
    at: datetime
    of: str | None = None
    replaces: str | None = None
    by: str | None = None
    reason: str | None = None


def replace_date(event: Event, at: datetime) -> Event:
    """The same event as another of Cal.com's subscriptions tells it."""
    return replace(event, at=at)


@dataclass(eq=False)
class World:
    rules: Rules
    now: datetime
    requests: list[Request] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    keys: dict[tuple[str, str], "Kept"] = field(default_factory=dict)
    calcom: "Calcom" = field(init=False)

    def __post_init__(self) -> None:
        self.calcom = Calcom(self)

    # Who may, and what there is for them.

    def is_member(self, who: str) -> None:
        if who not in MEMBERS:
            raise No("not_a_party")

    def is_client(self, who: str) -> None:
        self.is_member(who)
        if who not in CLIENTS:
            raise No("not_your_role")

    def is_operator(self, who: str) -> None:
        self.is_member(who)
        if who not in OPERATORS:
            raise No("not_your_role")

    def is_there_for(self, who: str, thing: Request | Meeting) -> None:
        self.is_member(who)
        if who not in (thing.client, thing.operator):
            raise No("not_found")

    def requests_of(self, who: str) -> list[Request]:
        """Newest first."""
        return [r for r in reversed(self.requests) if who in (r.client, r.operator)]

    def meetings_of(self, who: str) -> list[Meeting]:
        return [m for m in reversed(self.meetings) if who in (m.client, m.operator)]

    def notes_of(self, who: str) -> list[tuple[str, bool]]:
        """Each by its type and whether it has been read."""
        return sorted((note.type, note.read) for note in self.notes if note.to == who)

    # The exchange.

    def ask(
        self,
        who: str,
        slots: Sequence[datetime],
        *,
        minutes: int = 60,
        message: str | None = None,
        key: str | None = None,
    ) -> Request:
        body = (tuple(slots), minutes, message)
        if not 1 <= len(slots) <= 3 or len(set(slots)) < len(slots) or not 15 <= minutes <= 240:
            raise No("invalid_fields")
        self.is_client(who)
        if key and (kept := self.keys.get((who, key))):
            if kept.body != body:
                raise No("idempotency_key_reused")
            return kept.request
        if sum(r.undecided for r in self.requests if r.client == who) >= self.rules.most_open:
            raise No("too_many_requests")
        self.lie_ahead(slots, notice=self.rules.notice)
        request = Request(who, tuple(slots), minutes, message, self.now)
        request.remind_at = self.now + (min(slots) - self.now) / 2
        self.requests.append(request)
        if key:
            self.keys[who, key] = Kept(body, request, self.now)
        self.tell(request.operator, "request_created")
        return request

    def accept(self, who: str, request: Request, slot: datetime) -> None:
        """The operator takes one of the client's slots."""
        self.is_operator(who)
        self.is_there_for(who, request)
        if request.status == "accepted" and request.agreed == slot and slot in request.asked:
            return
        self.must_be(request, "pending")
        if slot not in request.asked:
            raise No("slot_not_proposed")
        self.must_be_free(request, slot)
        self.agree(request, slot)
        self.tell(request.client, "request_accepted")

    def reject(self, who: str, request: Request, reason: str) -> None:
        self.is_operator(who)
        self.is_there_for(who, request)
        if (request.status, request.reason) == ("rejected", reason):
            return
        self.must_be(request, "pending")
        request.status, request.reason = "rejected", reason
        self.tell(request.client, "request_rejected")

    def propose(
        self, who: str, request: Request, slots: Sequence[datetime], message: str | None
    ) -> None:
        """The operator offers other slots; while nobody has answered he may do so thrice."""
        if not 1 <= len(slots) <= 3 or len(set(slots)) < len(slots):
            raise No("invalid_fields")
        self.is_operator(who)
        self.is_there_for(who, request)
        if request.status == "countered":
            if (request.offered, request.reason) == (tuple(slots), message):
                return
            if request.rounds == ROUNDS:
                raise No("already_decided")
        else:
            self.must_be(request, "pending")
        self.lie_ahead(slots)
        for slot in slots:
            self.must_be_free(request, slot)
        request.status, request.offered, request.reason = "countered", tuple(slots), message
        request.rounds += 1
        self.tell(request.client, "request_countered")

    def take_offer(self, who: str, request: Request, slot: datetime) -> None:
        """The client takes one of the operator's slots."""
        self.is_client(who)
        self.is_there_for(who, request)
        offered = request.offered or ()
        if request.status == "accepted" and request.agreed == slot and slot in offered:
            return
        self.must_have_an_offer(request)
        if slot not in offered:
            raise No("slot_not_proposed")
        self.must_be_free(request, slot)
        self.agree(request, slot)
        self.tell(request.operator, "proposal_accepted")

    def turn_down(self, who: str, request: Request, answer: str, message: str | None) -> None:
        """The client declines every slot of the operator's, or withdraws the request."""
        self.is_client(who)
        self.is_there_for(who, request)
        if (request.status, request.reason) == ("withdrawn", message):
            return
        if answer == "decline":
            self.must_have_an_offer(request)
        self.must_be(request, "pending", "countered")
        request.status, request.reason = "withdrawn", message
        declined = answer == "decline"
        self.tell(request.operator, "proposal_declined" if declined else "request_withdrawn")

    def slot_state(self, request: Request, slot: datetime) -> str:
        if slot <= self.now:
            return "passed"
        end = slot + request.minutes * MINUTE + self.rules.buffer
        return "taken" if self.busy(request.operator, slot, end, request.meeting) else "free"

    def busy(
        self, operator: str, start: datetime, end: datetime, but: "Meeting | None" = None
    ) -> bool:
        """Whether a live meeting, or the rest after one, stands in the way."""
        return any(
            m.live and m is not but and start < m.end + m.buffer and m.start < end
            for m in self.meetings_of(operator)
        )

    def lie_ahead(self, slots: Iterable[datetime], *, notice: timedelta = timedelta()) -> None:
        for slot in slots:
            if not self.now < slot <= self.now + HORIZON or slot < self.now + notice:
                raise No("invalid_fields")

    def must_be(self, request: Request, *statuses: str) -> None:
        if request.status not in statuses:
            raise No("already_decided")

    def must_have_an_offer(self, request: Request) -> None:
        if request.status == "pending":
            raise No("nothing_proposed")
        self.must_be(request, "countered")

    def must_be_free(self, request: Request, slot: datetime) -> None:
        match self.slot_state(request, slot):
            case "passed":
                raise No("slot_passed")
            case "taken":
                raise No("slot_taken")

    def agree(self, request: Request, slot: datetime) -> Meeting:
        end = slot + request.minutes * MINUTE
        meeting = Meeting(request, slot, end, self.rules.buffer, self.now)
        self.meetings.append(meeting)
        request.status, request.agreed, request.meeting = "accepted", slot, meeting
        return meeting

    # The lobby.

    def over(self, meeting: Meeting) -> bool:
        """Whether nobody can meet here any more, swept or not."""
        return not meeting.live or self.now >= meeting.end + self.rules.grace

    def knock_of(self, meeting: Meeting) -> str | None:
        """The state of the latest knock: one that nobody renewed has left, swept or not."""
        knock = meeting.knock
        if knock and knock.status == "waiting" and self.now >= knock.renewed + LEASE:
            return "left"
        return knock.status if knock else None

    def signal(
        self,
        who: str,
        meeting: Meeting,
        signal: str,
        *,
        reason: str | None = None,
        devices: str | None = None,
        next_step: str | None = None,
        meant: Knock | None = None,
    ) -> None:
        self.is_there_for(who, meeting)
        if (signal in ("client_waiting", "client_left")) != (who in CLIENTS):
            raise No("not_your_role")
        if self.over(meeting):
            raise No("meeting_over")
        if meant and meeting.knock is not meant:
            raise No("no_one_waiting")
        state = self.knock_of(meeting)
        live = state in ("waiting", "admitted")
        if meant and not live and signal in ("client_waiting", "operator_joined"):
            raise No("no_one_waiting")
        match signal:
            case "client_waiting":
                self.arrive(meeting, devices)
            case "client_left" if live:
                self.end_knock(meeting, "left")
                meeting.changes += 1
            case "operator_joined":
                self.join(meeting)
            case "entry_denied":
                if state != "waiting":
                    raise No("no_one_waiting")
                self.end_knock(meeting, "denied", reason, next_step or "knock_again")
                meeting.changes += 1
            case "back_to_lobby":
                self.send_back(meeting, reason)
            case "remove":
                if not live:
                    raise No("no_one_waiting")
                self.end_knock(meeting, "left", reason, next_step or "await_word")
                meeting.changes += 1
            case "meeting_ended":
                if self.now < meeting.start and not meeting.operator_came:
                    raise No("meeting_not_started")
                self.complete(meeting)

    def arrive(self, meeting: Meeting, devices: str | None) -> None:
        knock, state = meeting.knock, self.knock_of(meeting)
        if knock and state in ("waiting", "admitted"):
            knock.renewed = self.now
            if devices not in (None, knock.devices):
                knock.devices = devices or ""
                meeting.changes += 1
            return
        if self.now >= meeting.end:
            raise No("meeting_over")
        if self.rules.opens is not None and self.now < meeting.start - self.rules.opens:
            raise No("lobby_not_open")
        self.end_knock(meeting, "left")
        meeting.knock = Knock(
            self.now, self.now, devices or "untested", remind_at=self.now + PATIENCE
        )
        meeting.client_came = True
        meeting.changes += 1
        self.tell(meeting.operator, "client_waiting", meeting)

    def join(self, meeting: Meeting) -> None:
        """The operator is there, and whoever waits is let in; nothing else lets a client in."""
        waiting = self.knock_of(meeting) == "waiting"
        if meeting.operator_present and not waiting:
            return
        meeting.operator_present = meeting.operator_came = True
        meeting.changes += 1
        if waiting and meeting.knock:
            meeting.knock.status, meeting.knock.reason = "admitted", None
            meeting.knock.remind_at = None
            meeting.status, meeting.started = "in_progress", meeting.started or self.now
            self.answered(meeting)

    def send_back(self, meeting: Meeting, reason: str | None) -> None:
        knock, state = meeting.knock, self.knock_of(meeting)
        if knock is None or state not in ("waiting", "admitted"):
            raise No("no_one_waiting")
        if state == "admitted":
            knock.status, knock.reason = "waiting", reason
            knock.since = knock.renewed = self.now
            meeting.changes += 1

    def admit_each(self, who: str, meetings: Sequence[Meeting]) -> list[str]:
        """What became of each: `admitted`, or the code of the refusal, which stops nobody else."""
        self.is_operator(who)
        return [self.admitted(who, meeting) for meeting in meetings]

    def admitted(self, who: str, meeting: Meeting) -> str:
        try:
            self.is_there_for(who, meeting)
        except No as no:
            return no.code
        if self.over(meeting):
            return "meeting_over"
        if self.knock_of(meeting) not in ("waiting", "admitted"):
            return "no_one_waiting"
        self.join(meeting)
        return "admitted"

    def enter(self, who: str, meeting: Meeting) -> None:
        """A ticket for the room."""
        self.is_there_for(who, meeting)
        if self.over(meeting):
            raise No("meeting_over")
        if who in CLIENTS and self.knock_of(meeting) != "admitted":
            raise No("not_admitted")

    def cancel(self, who: str, meeting: Meeting, reason: str) -> None:
        self.is_there_for(who, meeting)
        if (meeting.status, meeting.cancelled_for) == ("cancelled", reason):
            return
        if self.over(meeting):
            raise No("meeting_over")
        if meeting.status == "in_progress":
            raise No("meeting_started")
        self.call_off(meeting, reason)
        other = meeting.client if who == meeting.operator else meeting.operator
        self.tell(other, "meeting_cancelled")

    def waiting_room(self, who: str) -> list[Meeting]:
        """The meetings at which somebody waits, in order of arrival."""
        waiting = [m for m in self.meetings_of(who) if self.knock_of(m) == "waiting" and m.live]
        return sorted(waiting, key=lambda m: m.knock.since if m.knock else self.now)

    def end_knock(
        self,
        meeting: Meeting,
        status: str,
        reason: str | None = None,
        next_step: str | None = None,
    ) -> None:
        knock = meeting.knock
        if knock is None or not knock.live:
            return
        if reason or next_step:
            knock.reason, knock.next_step = reason, next_step
        if knock.status == "waiting":
            self.answered(meeting)
        knock.status, knock.remind_at = status, None

    def call_off(self, meeting: Meeting, reason: str) -> None:
        self.end_knock(meeting, "left")
        meeting.status, meeting.cancelled_for = "cancelled", reason
        self.has_ended(meeting)

    def complete(self, meeting: Meeting) -> None:
        self.end_knock(meeting, "left")
        meeting.status = "completed"
        came = meeting.client_came, meeting.operator_came
        meeting.outcome = "held" if meeting.started else OUTCOMES[came]
        self.has_ended(meeting)

    def has_ended(self, meeting: Meeting) -> None:
        meeting.ended, meeting.operator_present = self.now, False
        meeting.changes += 1
        if meeting.request.status == "accepted":
            meeting.request.status = meeting.status

    # What people are told.

    def tell(self, who: str, type: str, meeting: Meeting | None = None) -> None:
        self.notes.append(Note(who, type, meeting))

    def answered(self, meeting: Meeting) -> None:
        """Nobody waits here any more: what told of it has been read."""
        for note in self.notes:
            note.read = note.read or (note.type == "client_waiting" and note.meeting is meeting)

    def read_all(self, who: str) -> int:
        self.is_member(who)
        unread = [note for note in self.notes if note.to == who and not note.read]
        for note in unread:
            note.read = True
        return len(unread)

    # Time.

    def sweep(self) -> dict[str, int]:
        """What time has brought about; how much of it there was."""
        now, swept = self.now, dict.fromkeys(SWEPT, 0)
        lapsed = [
            m
            for m in self.meetings
            if m.knock and m.knock.status == "waiting" and self.knock_of(m) == "left"
        ]
        for meeting in lapsed:
            self.end_knock(meeting, "left")
            meeting.changes += 1
        swept["left"] = len(lapsed)
        for meeting in self.meetings:
            knock = meeting.knock
            due = knock and knock.remind_at and knock.remind_at <= now < knock.renewed + AWAY
            if knock and due and knock.status == "waiting":
                knock.remind_at = None
                swept["escalated"] += 1
        for meeting in self.meetings:
            for name, least, most in (
                ("quarter", timedelta(), 15 * MINUTE),
                ("day", 15 * MINUTE, DAY),
            ):
                near = now + least < meeting.start <= now + most and meeting.status == "scheduled"
                if near and meeting.made <= meeting.start - most and name not in meeting.reminded:
                    meeting.reminded.add(name)
                    swept["reminded"] += 1
                    self.tell(meeting.client, f"meeting_reminder_{name}")
                    self.tell(meeting.operator, f"meeting_reminder_{name}")
        for meeting in self.meetings:
            if meeting.live and meeting.end + self.rules.grace <= now:
                self.complete(meeting)
                swept["completed"] += 1
        for request in self.requests:
            if request.undecided and request.expires <= now:
                request.status = "expired"
                swept["expired"] += 1
                self.tell(request.client, "request_expired")
            if request.status == "pending" and request.remind_at and request.remind_at <= now:
                request.remind_at = None
                swept["reminded"] += 1
                self.tell(request.operator, "request_reminder")
        self.keys = {k: kept for k, kept in self.keys.items() if kept.at >= now - DAY}
        return swept

    def deadlines(self) -> list[datetime]:
        """Every instant ahead at which something changes by itself, or an answer does."""
        found: set[datetime] = set()
        for request in self.requests:
            if request.undecided:
                found |= {*request.asked, *(request.offered or ())}
                found |= {request.remind_at} if request.remind_at else set()
        for meeting in self.meetings:
            if meeting.live:
                found |= {meeting.start, meeting.end, meeting.end + self.rules.grace}
                found |= {meeting.start - 15 * MINUTE, meeting.start - DAY}
                found |= {meeting.start - self.rules.opens} if self.rules.opens else set()
            if meeting.knock and meeting.knock.status == "waiting":
                knock = meeting.knock
                found |= {knock.renewed + AWAY, knock.renewed + LEASE, knock.since + PATIENCE}
        return sorted(at for at in found if at > self.now)


SWEPT = ("completed", "expired", "left", "escalated", "reminded")
# Whether the client came, and the operator.
OUTCOMES = {
    (True, True): "unknown",
    (False, False): "unknown",
    (False, True): "client_absent",
    (True, False): "operator_absent",
}


@dataclass(frozen=True)
class Kept:
    """What an idempotency key came with, and what it was answered with."""

    body: object
    request: Request
    at: datetime


CONFIRMS = ("BOOKING_CREATED", "BOOKING_RESCHEDULED")
ASKS = ("BOOKING_REQUESTED",)


@dataclass(eq=False)
class Calcom:
    """Cal.com's side: a booking is all that was told of it, in whatever order.

    `told` holds what counts, `tied` all that came, `rows` the request that a booking became, by the
    latest uid under which it is known here, `bound` whose a booking is by any of its uids.
    """

    world: World
    told: list[Event] = field(default_factory=list)
    tied: list[Event] = field(default_factory=list)
    stale: list[Event] = field(default_factory=list)
    rows: dict[str, Request] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    in_the_way: set[str] = field(default_factory=set)
    unbound: set[str] = field(default_factory=set)

    def tell(self, event: Event) -> str:
        """What an event changes, in the contract's words. Told again it changes nothing, whether
        its copy bears another date or not; one that was too old did not count.
        """
        if event in self.stale:
            return "duplicate"
        twin = any((e.trigger, e.uid) == (event.trigger, event.uid) for e in self.told)
        old = self.world.now - event.at > TOO_OLD
        if event in self.told or (twin and not old):
            if not self.client(self.chain(event.uid)):
                raise No("missing_metadata")
            return "duplicate"
        self.tied.append(event)
        if old:
            self.stale.append(event)
            return "stale"
        self.told.append(event)
        chain = self.chain(event.uid)
        client = self.client(chain)
        if client is None:
            self.quarantine(chain)
            raise No("missing_metadata")
        self.bound.update(dict.fromkeys(chain, client))
        lines = sorted(self.lines(chain), key=lambda line: not self.ended(line[-1]))
        outcomes = {line[-1]: self.follow(line, client) for line in lines}
        self.warn(client, chain, {head for head, one in outcomes.items() if one == "conflict"})
        mine = next(line for line in lines if event.uid in line)
        outcome = outcomes[mine[-1]]
        if outcome == "conflict":
            return "ignored"
        changed = [one for one in outcomes.values() if one not in (None, "conflict")]
        if outcome or changed:
            return str(outcome or changed[0])
        return "stale" if self.overtaken(event, mine) else "ignored"

    def warn(self, client: str, chain: set[str], conflicts: set[str]) -> None:
        """Tell the operator of what he has not been told of yet."""
        if not conflicts <= self.in_the_way:
            self.world.tell(CLIENTS[client], "booking_conflict")
        self.in_the_way = (self.in_the_way - chain) | conflicts

    def quarantine(self, chain: set[str]) -> None:
        """Nobody knows whose it is, and whose host: every operator is told once, if it goes on."""
        going_on = [line for line in self.lines(chain) if self.placed(line)]
        going_on = [line for line in going_on if not self.ended(line[-1])]
        if going_on and not chain & self.unbound:
            for operator in OPERATORS:
                self.world.tell(operator, "booking_quarantined")
        self.unbound = (self.unbound - chain) | (chain if going_on else set())

    def chain(self, uid: str) -> set[str]:
        """All bookings that anything ever tied to this one."""
        found, size = {uid}, 0
        while len(found) > size:
            size = len(found)
            ties = ({e.uid, e.replaces} for e in self.tied if e.replaces)
            found |= {uid for tie in ties if tie & found for uid in tie if uid}
        return found

    def client(self, chain: set[str]) -> str | None:
        """Whose these bookings are."""
        already = [self.bound[uid] for uid in chain if uid in self.bound]
        binding = [e.of for e in self.told if e.uid in chain and e.of]
        return next(iter(already + binding), None)

    def lines(self, chain: set[str]) -> Iterator[list[str]]:
        """Bookings of which each moved the one before, as far as that was told."""
        moved = {e.replaces: e.uid for e in self.told if e.replaces and e.uid in chain}
        known = {e.uid for e in self.told if e.uid in chain} | {*moved}
        for first in sorted(uid for uid in known if uid and uid not in moved.values()):
            line = [first]
            while line[-1] in moved:
                line.append(moved[line[-1]])
            yield line

    def of(self, uid: str, *triggers: str) -> Event | None:
        return next((e for e in self.told if e.uid == uid and e.trigger in triggers), None)

    def ended(self, uid: str) -> Event | None:
        return self.of(uid, "BOOKING_CANCELLED") or self.of(uid, "BOOKING_REJECTED")

    def confirmed(self, line: Sequence[str]) -> bool:
        return any(self.of(uid, *CONFIRMS) for uid in line)

    def placed(self, line: Sequence[str]) -> bool:
        return any(self.of(uid, *CONFIRMS, *ASKS) for uid in line)

    def overtaken(self, event: Event, line: Sequence[str]) -> bool:
        """Whether what an event says had been left behind when it came."""
        if event.trigger not in CONFIRMS + ASKS:
            return False
        confirmed = self.confirmed(line)
        behind = event.uid != line[-1] or (event.trigger in ASKS and confirmed)
        return bool(self.ended(line[-1])) or behind

    def follow(self, line: Sequence[str], client: str) -> str | None:
        """Bring the request and the meeting in line; None where nothing is to change."""
        head = line[-1]
        ended, moving = self.ended(head), self.of(head, "BOOKING_RESCHEDULED")
        confirmed = self.confirmed(line)
        known = next(e for e in self.told if e.uid == head)
        start, end = known.start, known.end
        row = self.row(line, ended=bool(ended))
        if row is None:
            placed = self.placed(line)
            return self.book(head, client, start, end, ended, confirmed) if placed else None
        request, meeting = row, row.meeting
        elsewhere = request.status == "accepted" and request.agreed not in request.asked
        if elsewhere:
            return None  # they have agreed here on a time that is none of Cal.com's
        if request.undecided and ended:
            return self.end_request(request, ended, confirmed, start, end)
        if request.undecided and confirmed:
            if self.world.busy(request.operator, start, end + self.world.rules.buffer):
                return "conflict"
            request.asked, request.minutes = (start,), (end - start) // MINUTE
            self.world.agree(request, start)
            self.world.tell(client, "request_accepted")
            self.now_under(head, request)
            return "created"
        if request.status == "accepted" and meeting and meeting.status == "scheduled":
            if ended:
                return self.end_meeting(head, request, meeting, ended, (start, end))
            if confirmed and moving and self.rows.get(head) is not request:
                return self.move(head, request, meeting, moving)
        if request.status == "cancelled" and ended and confirmed and meeting is None:
            self.cancelled_meeting(request, start, end, ended)
            self.now_under(head, request)
            return "stale"
        return None

    def row(self, line: Sequence[str], *, ended: bool) -> Request | None:
        """What ended here and went on in Cal.com all the same is another appointment."""
        if line[-1] in self.rows:
            return self.rows[line[-1]]
        before = [self.rows[uid] for uid in line if uid in self.rows]
        going_on = [r for r in before if r.undecided or r.status == "accepted"]
        return next(iter(going_on or (before if ended else [])), None)

    def now_under(self, head: str, request: Request) -> None:
        self.rows = {uid: r for uid, r in self.rows.items() if r is not request}
        self.rows[head] = request

    def book(
        self,
        head: str,
        client: str,
        start: datetime,
        end: datetime,
        ended: Event | None,
        confirmed: bool,
    ) -> str:
        world = self.world
        minutes = (end - start) // MINUTE
        operator = CLIENTS[client]
        if confirmed and not ended and world.busy(operator, start, end + world.rules.buffer):
            return "conflict"
        request = Request(client, (start,), minutes, BOOKED, world.now, source="calcom")
        world.requests.append(request)
        self.rows[head] = request
        if ended:
            rejected = ended.trigger == "BOOKING_REJECTED"
            request.status = "rejected" if rejected else "cancelled"
            request.reason = ended.reason
            if confirmed:
                self.cancelled_meeting(request, start, end, ended)
            return "stale"
        if confirmed:
            world.agree(request, start)
            world.tell(client, "meeting_booked")
        else:
            request.remind_at = world.now + (start - world.now) / 2
            world.tell(operator, "request_created")
        return "created"

    def cancelled_meeting(
        self, request: Request, start: datetime, end: datetime, ended: Event
    ) -> None:
        """A meeting of which nobody heard before it had been called off."""
        status = request.status
        meeting = self.world.agree(request, start)
        request.status = status
        meeting.status, meeting.ended = "cancelled", self.world.now
        meeting.end = end
        meeting.cancelled_for = ended.reason or CALLED_OFF

    def end_request(
        self, request: Request, ended: Event, confirmed: bool, start: datetime, end: datetime
    ) -> str:
        request.reason = ended.reason
        if ended.trigger == "BOOKING_REJECTED":
            request.status = "rejected"
            self.world.tell(request.client, "request_rejected")
            return "updated"
        request.status = "cancelled"
        if confirmed:
            self.cancelled_meeting(request, start, end, ended)
        self.tell_both(request, ended.by, "booking_cancelled")
        return "cancelled"

    def end_meeting(
        self,
        head: str,
        request: Request,
        meeting: Meeting,
        ended: Event,
        times: tuple[datetime, datetime],
    ) -> str:
        if self.rows.get(head) is not request:
            meeting.start, meeting.end = times
        self.world.call_off(meeting, ended.reason or CALLED_OFF)
        request.reason = ended.reason
        request.asked, request.agreed = (meeting.start,), meeting.start
        self.tell_both(request, ended.by, "booking_cancelled")
        self.now_under(head, request)
        return "cancelled"

    def move(self, head: str, request: Request, meeting: Meeting, moving: Event) -> str:
        world, start, end = self.world, moving.start, moving.end
        if world.busy(request.operator, start, end + world.rules.buffer, meeting):
            return "conflict"
        if meeting.start != start:
            near = {"day": DAY, "quarter": 15 * MINUTE}
            meeting.reminded = {name for name, least in near.items() if start < world.now + least}
        meeting.start, meeting.end, meeting.buffer = start, end, world.rules.buffer
        meeting.changes += 1
        request.asked, request.agreed = (start,), start
        request.minutes = (end - start) // MINUTE
        self.tell_both(request, moving.by, "booking_moved")
        self.now_under(head, request)
        return "updated"

    def tell_both(self, request: Request, by: str | None, type: str) -> None:
        """Tell each of the two, but for whoever did it."""
        for who in (request.client, request.operator):
            if who != by:
                self.world.tell(who, type)

"""Two actions that meet on one thing: how it is set up, what they do, and what may come of it.

A duel is fought in rounds, each on a ground of its own: a request, a meeting, a booking. What came
of a round is three words: what the left was answered, what the right was, and what there is then.
"""

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from tests.attack.scale import FULL
from tests.calcom import Booking
from tests.functions.test_rooms import event
from tests.functions.test_rooms import signed as signed_by_livekit
from tests.world import (
    ALICE,
    BRUNO,
    CHLOE,
    MAIL_SUBSCRIPTION,
    MIKL,
    NORA,
    PUSH,
    ROOM_SUBSCRIPTION,
    SCHEDULER,
    VAPID,
    WEB_PUSH_SUBSCRIPTION,
    Persona,
    pushed,
    signed,
)
from visio.bootstrap import app
from visio.call import Call, Caller
from visio.domain.booking import CalcomEvent
from visio.flows import calcom_webhook, decide_request
from visio.flows import lobby_signal as signals
from visio.flows import request_meeting as ask

OPERATOR = {ALICE: MIKL, BRUNO: MIKL, CHLOE: NORA}
# Who starts, and how many milliseconds later the other one does; in two rounds of twenty the one
# waits until the other is done, so that each order happens in any case.
LEFT_FIRST, RIGHT_FIRST = "left first", "right first"
STARTS = (
    *(LEFT_FIRST, RIGHT_FIRST, 0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 0.0),
    *(3.0, -3.0, 0.2, -0.2, 4.0, -4.0, 1.5, -1.5, 6.0, -6.0),
)
# So many grounds are set up at once: few enough that no lease runs out before their turn.
AT_A_TIME = 20


@dataclass
class Ground:
    """What the two meet on in one round. `slots` are four full hours that nobody else's ground has;
    whatever a stage does not make stays empty.
    """

    number: int
    start: datetime
    client: Persona = ALICE
    other: Persona = BRUNO
    request: str = ""
    rival: str = ""
    meeting: str = ""
    in_the_way: str = ""
    knock: str = ""
    chain: str = ""
    note: str = ""
    item: str = ""
    bookings: list[Booking] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    before: Counter[str] = field(default_factory=Counter)

    def slot(self, hour: float) -> str:
        return (self.start + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")

    def hour(self, at: datetime) -> str:
        return f"{(at - self.start) / timedelta(hours=1):g}"


Stage = Callable[["Arena", int], list[Ground]]
Action = Callable[["Arena", Ground], str]
Look = Callable[["Arena", Ground], str]
Outcome = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Duel:
    """`allowed` names every outcome that may be, and each must have been seen; `overlapping` those
    that come of true simultaneity alone, and need not happen.

    `ripen` makes the ground ready just before its round, for what must not be due any earlier.
    """

    name: str
    stage: Stage
    left: Action
    right: Action
    look: Look
    allowed: Mapping[Outcome, str]
    overlapping: Mapping[Outcome, str] = field(default_factory=dict)
    ripen: Callable[["Arena", Ground], object] | None = None


@dataclass
class Fought:
    """How often each outcome came of a duel, and what should not have."""

    seen: Counter[Outcome]
    wrong: list[str]

    def summary(self, duel: Duel) -> str:
        names: Counter[str] = Counter()
        for outcome, times in self.seen.items():
            known = {**duel.allowed, **duel.overlapping}
            names[known.get(outcome, "wrong")] += times
        return f"{duel.name}: " + ", ".join(f"{what} {n}" for what, n in sorted(names.items()))


def fight(duel: Duel, arena: "Arena", rounds: int) -> Fought:
    """Every round of a duel, each on a ground of its own and with another start."""
    seen: Counter[Outcome] = Counter()
    starts = itertools.cycle(STARTS)
    for begun in range(0, rounds, AT_A_TIME):
        for ground in duel.stage(arena, min(AT_A_TIME, rounds - begun)):
            if duel.ripen is not None:
                duel.ripen(arena, ground)
            ground.before = arena.heard
            left, right = _meet(duel, arena, ground, next(starts))
            seen[left, right, duel.look(arena, ground)] += 1
    wrong = [
        f"{duel.name}: not allowed, {times} times: {outcome}"
        for outcome, times in seen.items()
        if outcome not in duel.allowed and outcome not in duel.overlapping
    ]
    # What never happens would be allowed for nothing, and hide the day on which it does. A few
    # rounds need not have seen everything.
    if FULL:
        wrong += [f"{duel.name}: never seen: {o}" for o in duel.allowed if o not in seen]
    return Fought(seen, wrong)


def _meet(duel: Duel, arena: "Arena", ground: Ground, start: str | float) -> tuple[str, str]:
    def left() -> str:
        return duel.left(arena, ground)

    def right() -> str:
        return duel.right(arena, ground)

    if start == LEFT_FIRST:
        return left(), right()
    if start == RIGHT_FIRST:
        second = right()
        return left(), second
    behind = float(start) / 1000
    first, then = arena.together(_later(left, -behind), _later(right, behind))
    return first, then


def _later(action: Callable[[], str], seconds: float) -> Callable[[], str]:
    def run() -> str:
        if seconds > 0:
            time.sleep(seconds)
        return action()

    return run


class Mailbox:
    """What an SMTP server took."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(str(message_from_bytes(envelope.content)["Subject"]))
        return "250 OK"


class Arena:
    """One database with its functions, and all that tells what came of a round."""

    def __init__(
        self, call: Any, rows: Any, together: Any, remote: Any, mailbox: Mailbox, calcom: Any
    ) -> None:
        self.call, self.rows, self.together = call, rows, together
        self.remote, self.mailbox, self.calcom = remote, mailbox, calcom
        day = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
        self._starts = ((n, day + timedelta(hours=4 * n)) for n in itertools.count())
        self._tokens: dict[Persona, str] = {}
        self._bearers = {
            who: f"Bearer {remote.keys.sign_google(*who)}" for who in (PUSH, SCHEDULER)
        }
        self.lock = threading.Lock()

    # -- set-up: through the flows themselves, many to a transaction

    def grounds(self, n: int, **about: Any) -> list[Ground]:
        return [Ground(*next(self._starts), **about) for _ in range(n)]

    def ask(self, grounds: Iterable[Ground], *hours: float, rival: bool = False) -> None:
        """Each ground's client asks for these of its hours."""
        grounds = list(grounds)
        who = grounds[0].other if rival else grounds[0].client
        with self._acting(who, "request_meeting") as (tx, call):
            for ground in grounds:
                slots = [ground.slot(hour) for hour in hours or (0, 1)]
                command = ask.RequestMeeting.model_validate({"requestedSlots": slots})
                made = ask.request_meeting(command, call, tx, most_open=0, notice=timedelta())
                if rival:
                    ground.rival = str(made.id)
                else:
                    ground.request = str(made.id)

    def decide(
        self, grounds: Sequence[Ground], decision: str, *hours: float, rival: bool = False
    ) -> None:
        who = OPERATOR[grounds[0].other if rival else grounds[0].client]
        with self._acting(who, "decide_request") as (tx, call):
            for ground in grounds:
                slots = [ground.slot(hour) for hour in hours]
                of = (
                    {"selectedSlot": slots[0]} if decision == "accept" else {"proposedSlots": slots}
                )
                request = ground.rival if rival else ground.request
                command = decide_request.DecideRequest.model_validate(
                    {"requestId": request, "decision": decision, **of}
                )
                made = decide_request.decide_request(command, call, tx, buffer=timedelta())
                if rival:
                    ground.in_the_way = str(made.meeting_id)
                else:
                    ground.meeting = str(made.meeting_id or "")

    def signal(self, grounds: Iterable[Ground], name: str, who: Persona) -> None:
        with self._acting(who, "lobby_signal") as (tx, call):
            for ground in grounds:
                command = signals.LobbySignal.model_validate(
                    {"meetingId": ground.meeting, "signal": name}
                )
                rules = app().lobby_rules
                made = signals.lobby_signal(command, call, tx, rules=rules)
                ground.knock = str(made.knock.id) if made.knock else ""

    def tell(self, bodies: Iterable[Any]) -> None:
        """Take events of Cal.com's in."""
        with app().database.acting_as_system("calcom_webhook") as tx:
            for body in bodies:
                raw = json.dumps(body).encode()
                now = datetime.now(UTC)
                calcom_webhook.take_in(CalcomEvent.read(raw), raw, tx, intake=app().intake, now=now)

    def booking(self, ground: Ground, hour: float = 0, *, of: Persona | None = None) -> Booking:
        """A booking at one of the ground's hours; made through a client's own link, if `of` one."""
        emails = {ALICE: "alice@client.example", BRUNO: "bruno@client.example"}
        carried = {"bookingToken": self._token(of)} if of else {}
        made = Booking(email=emails[of] if of else "inconnue@client.example", metadata=carried)
        return self._placed(ground, made, hour)

    def moved(self, ground: Ground, booking: Booking, hour: float) -> Booking:
        return self._placed(ground, booking.moved(0), hour)

    def _placed(self, ground: Ground, booking: Booking, hour: float) -> Booking:
        booking.start = ground.start + timedelta(hours=hour)
        booking.end = booking.start + timedelta(minutes=30)
        ground.bookings.append(booking)
        return booking

    def _token(self, client: Persona) -> str:
        if client not in self._tokens:
            url = self.call("booking-link", {}, client).json["data"]["url"]
            self._tokens[client] = parse_qs(urlsplit(url).query)["metadata[bookingToken]"][0]
        return self._tokens[client]

    def _acting(self, who: Persona, function: str) -> "_Acting":
        return _Acting(who, function)

    # -- actions: through the front door

    def post(self, function: str, body: Any, who: Persona, **more: Any) -> Any:
        return self.call(function, body, who, **more)

    def posted_by(self, caller: tuple[str, str], function: str, body: Any = None) -> Any:
        """As one of Google's services."""
        headers = {"Authorization": self._bearers[caller]}
        raw = None if body is None else json.dumps(body).encode()
        return self.call(function, raw=raw, headers=headers)

    def told(self, body: Any) -> Any:
        raw = json.dumps(body).encode()
        return self.call("calcom-webhook", raw=raw, headers=signed(raw))

    @property
    def heard(self) -> Counter[str]:
        """How much the services outside were told so far."""
        remote = self.remote
        return Counter(
            mails=len(self.mailbox.taken),
            pushes=len(remote.told),
            broadcasts=len(remote.broadcasts),
            put_out=len(remote.put_out),
        )


class _Acting:
    """A transaction as somebody, opened for a function, with the call that it serves."""

    def __init__(self, who: Persona, function: str) -> None:
        self._tx = app().database.acting_as(UUID(who.user), function)
        caller = Caller(UUID(who.user))
        self._call = Call(function, uuid4().hex, datetime.now(UTC), caller)

    def __enter__(self) -> tuple[Any, Call]:
        return self._tx.__enter__(), self._call

    def __exit__(self, *error: Any) -> None:
        self._tx.__exit__(*error)


def word(answer: Any, *path: str) -> str:
    """An answer in a word: what stands at `path` in it, or the refusal, and what there is."""
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.json['error']['code']}"
    if answer.status_code >= 400:
        error = answer.json["error"]
        there = {one["field"]: one["problem"] for one in error.get("details", ())}
        fields = ("status", "state", "knock.status", "meetingStatus")
        if error["code"] == "meeting_over":
            fields = ("meetingStatus",)
        instead = next((there[name] for name in fields if name in there), None)
        return f"{error['code']}: {instead}" if instead else error["code"]
    if not path:
        return "done"
    value = answer.json["data"]
    for key in path:
        value = value[key] if value is not None else None
    return str(value).lower() if value is not None else "nobody"


# -- stages


def asked(arena: Arena, n: int) -> list[Ground]:
    """A request that waits, for the hours 0 and 1."""
    grounds = arena.grounds(n)
    arena.ask(grounds)
    return grounds


def countered(arena: Arena, n: int) -> list[Ground]:
    """A request to which the operator has offered the hours 2 and 3 instead."""
    grounds = asked(arena, n)
    arena.decide(grounds, "propose", 2, 3)
    return grounds


def agreed(arena: Arena, n: int) -> list[Ground]:
    """A meeting at hour 0."""
    grounds = asked(arena, n)
    arena.decide(grounds, "accept", 0)
    return grounds


def opened(arena: Arena, n: int) -> list[Ground]:
    """A meeting whose operator is there, and nobody else."""
    grounds = agreed(arena, n)
    arena.signal(grounds, "operator_joined", MIKL)
    return grounds


def waiting(arena: Arena, n: int) -> list[Ground]:
    """A meeting whose client waits in its lobby."""
    grounds = agreed(arena, n)
    arena.signal(grounds, "client_waiting", ALICE)
    return grounds


def admitted(arena: Arena, n: int) -> list[Ground]:
    """A meeting under way."""
    grounds = waiting(arena, n)
    arena.signal(grounds, "operator_joined", MIKL)
    return grounds


def two_waiting(arena: Arena, n: int) -> list[Ground]:
    """Two meetings, Alice's and Bruno's, with both waiting."""
    grounds = waiting(arena, n)
    arena.ask(grounds, 1, rival=True)
    arena.decide(grounds, "accept", 1, rival=True)
    others = [Ground(0, g.start, meeting=g.in_the_way) for g in grounds]
    arena.signal(others, "client_waiting", BRUNO)
    return grounds


def rivals(arena: Arena, n: int) -> list[Ground]:
    """Two clients of one operator who ask for overlapping times: the hours 0 and 0.5."""
    grounds = asked(arena, n)
    arena.ask(grounds, 0.5, rival=True)
    return grounds


def offered_to_both(arena: Arena, n: int) -> list[Ground]:
    """Two clients to whom one operator has offered the same hour."""
    grounds = rivals(arena, n)
    arena.decide(grounds, "propose", 2)
    arena.decide(grounds, "propose", 2, rival=True)
    return grounds


def of_two_operators(arena: Arena, n: int) -> list[Ground]:
    """Two clients of two operators who ask for one time."""
    grounds = arena.grounds(n, other=CHLOE)
    arena.ask(grounds)
    arena.ask(grounds, 0, rival=True)
    return grounds


def taken(arena: Arena, n: int) -> list[Ground]:
    """A request for hour 0, where the operator meets somebody else."""
    grounds = rivals(arena, n)
    arena.decide(grounds, "accept", 0.5, rival=True)
    return grounds


def booked(arena: Arena, n: int) -> list[Ground]:
    """A meeting that was booked in Cal.com at hour 0, to be moved to the hours 1 and 2."""
    grounds = not_told(arena, n)
    arena.tell(ground.bookings[0].created() for ground in grounds)
    for ground in grounds:
        [(ground.request, ground.meeting)] = arena.rows(
            """select cast(r.id as text), cast(r.meeting_id as text)
                 from visio.calcom_bookings b join meeting_requests r on r.id = b.request_id
                where b.uid = :uid""",
            uid=ground.bookings[0].uid,
        )
    return grounds


def booked_and_waiting(arena: Arena, n: int) -> list[Ground]:
    grounds = booked(arena, n)
    arena.signal(grounds, "client_waiting", ALICE)
    return grounds


def booked_and_opened(arena: Arena, n: int) -> list[Ground]:
    grounds = booked(arena, n)
    arena.signal(grounds, "operator_joined", MIKL)
    return grounds


def asked_in_calcom(arena: Arena, n: int) -> list[Ground]:
    """A request that waits, made in Cal.com for hour 0."""
    grounds = not_told(arena, n)
    arena.tell(ground.bookings[0].requested() for ground in grounds)
    for ground in grounds:
        [ground.request] = arena.rows(
            "select cast(request_id as text) from visio.calcom_bookings where uid = :uid",
            uid=ground.bookings[0].uid,
        )
    return grounds


def not_told(arena: Arena, n: int) -> list[Ground]:
    """A booking of which nothing was told yet, and what it will be moved to."""
    grounds = arena.grounds(n)
    for ground in grounds:
        first = arena.booking(ground, of=ALICE)
        arena.moved(ground, arena.moved(ground, first, 1), 2)
    return grounds


def booked_twice(arena: Arena, n: int) -> list[Ground]:
    """Two clients' bookings for one time, of which nothing was told yet."""
    grounds = arena.grounds(n)
    for ground in grounds:
        arena.booking(ground, of=ALICE)
        arena.booking(ground, of=BRUNO)
    return grounds


def asked_and_booked(arena: Arena, n: int) -> list[Ground]:
    """Bruno's request for hour 0, and a booking of Alice's for the same, not told yet."""
    grounds = arena.grounds(n, client=BRUNO)
    arena.ask(grounds)
    for ground in grounds:
        arena.booking(ground, of=ALICE)
    return grounds


def booked_in_the_way(arena: Arena, n: int) -> list[Ground]:
    """Alice's booked meeting at hour 0, to be moved to hour 1; Bruno asks for the hours 0 and 1."""
    grounds = booked(arena, n)
    for ground in grounds:
        ground.in_the_way, ground.client, ground.request = ground.meeting, BRUNO, ""
    arena.ask(grounds)
    return grounds


def quarantined(arena: Arena, n: int) -> list[Ground]:
    """A booking that is nobody's, told and kept; and what it will be moved to."""
    grounds = arena.grounds(n)
    for ground in grounds:
        arena.moved(ground, arena.booking(ground), 1)
        body = ground.bookings[0].created()
        body["payload"]["organizer"] = {"email": "mikl@foxeo.example", "name": "MiKL"}
        arena.told(body)
        [ground.chain] = arena.rows(
            "select cast(chain_id as text) from visio.calcom_keys where key = :key",
            key=f"uid/{ground.bookings[0].uid}",
        )
    return grounds


def noted(arena: Arena, n: int) -> list[Ground]:
    """A notification that the operator has not read."""
    grounds = asked(arena, n)
    for ground in grounds:
        [ground.note] = arena.rows(
            "select cast(id as text) from notifications where link = :link",
            link=f"/hub/#request-{ground.request}",
        )
    return grounds


def nothing(arena: Arena, n: int) -> list[Ground]:
    return arena.grounds(n)


# -- what is not due before its round


def passed(arena: Arena, ground: Ground) -> None:
    """Every time that the request offers has gone by."""
    arena.rows(
        """update meeting_requests r
              set requested_slots = (select jsonb_agg(cast(s as timestamptz) - interval '500 days')
                                       from jsonb_array_elements_text(requested_slots) s),
                  proposed_slots = (select jsonb_agg(cast(s as timestamptz) - interval '500 days')
                                      from jsonb_array_elements_text(proposed_slots) s),
                  last_slot_at = last_slot_at - interval '500 days'
            where id = cast(:id as uuid)""",
        id=ground.request,
    )
    ground.start -= timedelta(days=500)


def over(arena: Arena, ground: Ground) -> None:
    """The meeting's time has gone by, and its grace."""
    arena.rows(
        """update meetings set scheduled_at = scheduled_at - interval '500 days',
                  ends_at = ends_at - interval '500 days' where id = cast(:id as uuid)""",
        id=ground.meeting,
    )
    ground.start -= timedelta(days=500)


def listed(
    status: str, *, booking: int = 0, moved: bool = False
) -> Callable[[Arena, Ground], None]:
    """Cal.com's list has one of the ground's bookings as it stands there, and no other ground's."""

    def ripen(arena: Arena, ground: Ground) -> None:
        calcom = arena.calcom
        calcom.bookings.clear()
        told = {"rescheduledToUid": ground.bookings[1].uid} if moved else {}
        calcom.put(ground.bookings[booking], status, minutes_ago=0, **told)
        if moved:
            calcom.put(ground.bookings[1], minutes_ago=0)

    return ripen


def near(minutes: int) -> Callable[[Arena, Ground], None]:
    """The meeting is near, and was agreed on long ago."""

    def ripen(arena: Arena, ground: Ground) -> None:
        # One second each, so that those of earlier rounds stand in nobody's way.
        arena.rows(
            """update meetings
                  set created_at = now() - interval '3 days',
                      scheduled_at = now() + make_interval(mins => :minutes, secs => :number),
                      ends_at = now() + make_interval(mins => :minutes, secs => :number + 1)
                where id = cast(:id as uuid)""",
            id=ground.meeting,
            minutes=minutes,
            number=ground.number,
        )

    return ripen


def unanswered(arena: Arena, ground: Ground) -> None:
    """Half of the time to answer a request has gone by."""
    arena.rows(
        "update meeting_requests set remind_at = now() where id = cast(:id as uuid)",
        id=ground.request,
    )


def lapsed(arena: Arena, ground: Ground) -> None:
    """Nobody has heard of whoever waits for longer than a lease."""
    arena.rows(
        """update lobby_knocks set renewed_at = now() - interval '3 minutes'
            where id = cast(:id as uuid)""",
        id=ground.knock,
    )


def kept_waiting(arena: Arena, ground: Ground) -> None:
    """Whoever waits has waited for longer than a minute, and is still there."""
    arena.rows(
        """update lobby_knocks set remind_at = now(), renewed_at = now()
            where id = cast(:id as uuid)""",
        id=ground.knock,
    )


def all_read_but_one(arena: Arena, ground: Ground) -> None:
    arena.rows(
        """update notifications
              set read_at = case when id <> cast(:id as uuid) then coalesce(read_at, now()) end""",
        id=ground.note,
    )


def a_mail(arena: Arena, ground: Ground) -> None:
    """An e-mail that is due again, so that nothing but its claim keeps a second sender off."""
    [ground.item] = arena.rows(
        """update visio.mail_outbox set next_attempt_at = now() where link = :link
           returning cast(id as text)""",
        link=f"/hub/#request-{ground.request}",
    )


def a_room_order(arena: Arena, ground: Ground) -> None:
    """The client has been removed, and the room's server is to be told."""
    assert lobby_signal("remove")(arena, ground) == "left"
    [ground.item] = arena.rows(
        """update visio.room_orders set next_attempt_at = now()
            where meeting_id = cast(:id as uuid) returning cast(id as text)""",
        id=ground.meeting,
    )


def a_web_push(arena: Arena, ground: Ground) -> None:
    """The operator's browser is to be told of who waits."""
    subscribe("http")(arena, ground)
    kept_waiting(arena, ground)
    assert sweep(arena, ground) == "done"
    [ground.item] = arena.rows(
        "select cast(id as text) from visio.push_outbox where meeting_id = cast(:id as uuid)",
        id=ground.meeting,
    )


def nine_browsers(arena: Arena, ground: Ground) -> None:
    """The operator may have one more browser told, and no second."""
    arena.rows("delete from visio.push_subscriptions")
    for number in range(9):
        assert subscribe(f"kept-{number}")(arena, ground) == str(number + 1)


def no_browser(arena: Arena, ground: Ground) -> None:
    arena.rows("delete from visio.push_subscriptions")


# -- actions


def accept(hour: float = 0, *, rival: bool = False) -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        request = ground.rival if rival else ground.request
        body = {"requestId": request, "decision": "accept", "selectedSlot": ground.slot(hour)}
        who = OPERATOR[ground.other if rival else ground.client]
        return _agreed(arena, ground, arena.post("decide-request", body, who))

    return act


def reject(reason: str = "Complet") -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        body = {"requestId": ground.request, "decision": "reject", "reason": reason}
        return word(arena.post("decide-request", body, MIKL), "status")

    return act


def propose(*hours: float) -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        slots = [ground.slot(hour) for hour in hours]
        body = {"requestId": ground.request, "decision": "propose", "proposedSlots": slots}
        return word(arena.post("decide-request", body, MIKL), "status")

    return act


def take(hour: float, *, rival: bool = False) -> Action:
    """The client accepts a time that the operator offered."""

    def act(arena: Arena, ground: Ground) -> str:
        request = ground.rival if rival else ground.request
        body = {"requestId": request, "answer": "accept", "selectedSlot": ground.slot(hour)}
        who = ground.other if rival else ground.client
        return _agreed(arena, ground, arena.post("answer-proposal", body, who))

    return act


def answer(what: str, message: str | None = None) -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        body = {"requestId": ground.request, "answer": what, "message": message}
        return word(arena.post("answer-proposal", body, ground.client), "status")

    return act


def _agreed(arena: Arena, ground: Ground, answered: Any) -> str:
    """The status in an answer; the meeting it names is checked against the row."""
    if answered.status_code == 200:
        with arena.lock:
            ground.links.append(str(answered.json["data"]["meetingId"]))
    return word(answered, "status")


def cancel(who: Persona = MIKL, reason: str = "Un empêchement") -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        body = {"meetingId": ground.meeting, "reason": reason}
        return word(arena.post("cancel-meeting", body, who), "status")

    return act


def cancel_the_other(arena: Arena, ground: Ground) -> str:
    body = {"meetingId": ground.in_the_way, "reason": "Un empêchement"}
    return word(arena.post("cancel-meeting", body, MIKL), "status")


def lobby_signal(name: str, *, named: bool = False, **more: Any) -> Action:
    """A signal of whose it is; `named` names the knock that it means. Answers with the knock."""
    who = ALICE if name in ("client_waiting", "client_left") else MIKL

    def act(arena: Arena, ground: Ground) -> str:
        body = {"meetingId": ground.meeting, "signal": name, **more}
        if named:
            body["knockId"] = ground.knock
        return word(arena.post("lobby-signal", body, who), "knock", "status")

    return act


knock, leave = lobby_signal("client_waiting"), lobby_signal("client_left")
renew = lobby_signal("client_waiting", named=True)
admit, deny = lobby_signal("operator_joined", named=True), lobby_signal("entry_denied")
join_lobby = lobby_signal("operator_joined")
back, remove = lobby_signal("back_to_lobby"), lobby_signal("remove")


def end(arena: Arena, ground: Ground) -> str:
    body = {"meetingId": ground.meeting, "signal": "meeting_ended"}
    return word(arena.post("lobby-signal", body, MIKL), "meetingStatus")


def admit_each(*, other_first: bool = False) -> Action:
    """Both meetings at once, from a list; answers with what became of each, Alice's first."""

    def act(arena: Arena, ground: Ground) -> str:
        ids = [ground.meeting, *([ground.in_the_way] if ground.in_the_way else [])]
        sent = {"meetingIds": ids[::-1] if other_first else ids}
        answered = arena.post("admit-clients", sent, MIKL)
        if answered.status_code != 200:
            return word(answered)
        items = answered.json["data"]["items"]
        became = {item["meetingId"]: item["code"] or item["outcome"] for item in items}
        return ", ".join(became[id] for id in ids)

    return act


def enter(who: Persona = ALICE) -> Action:
    """Ask for a ticket to the room; answers with the admission that it names."""

    def act(arena: Arena, ground: Ground) -> str:
        return word(arena.post("join-meeting", {"meetingId": ground.meeting}, who))

    return act


def say(who: Persona, canned: str = "thank_you") -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        body = {"meetingId": ground.meeting, "canned": canned}
        return word(arena.post("lobby-message", body, who))

    return act


def sweep(arena: Arena, ground: Ground) -> str:
    return word(arena.posted_by(SCHEDULER, "complete-meetings"))


def reconcile(arena: Arena, ground: Ground) -> str:
    return word(arena.posted_by(SCHEDULER, "reconcile-calcom"))


def tell(what: str, booking: int = 0, **more: Any) -> Action:
    """Cal.com tells something of one of the ground's bookings; answers with the outcome.

    The very same bytes from whoever tells it in one round, but for `copied`.
    """

    def act(arena: Arena, ground: Ground) -> str:
        with arena.lock:
            key = f"{what} {booking} {sorted(more)}"
            said = ground.__dict__.setdefault("said", {})
            if key not in said:
                said[key] = getattr(ground.bookings[booking], what)(**more)
        return word(arena.told(said[key]), "outcome")

    return act


def tell_a_copy(what: str, booking: int = 0) -> Action:
    """The same event from another subscription of Cal.com's: told at another instant."""

    def act(arena: Arena, ground: Ground) -> str:
        body = getattr(ground.bookings[booking], what)()
        return word(arena.told({**body, "createdAt": "2126-01-01T00:00:00.000Z"}), "outcome")

    return act


def resolve(resolution: str, client: Persona | None = None) -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        body = {"id": ground.chain, "resolution": resolution}
        if client is not None:
            body["clientId"] = client.row
        return word(arena.post("resolve-quarantine", body, MIKL), "state")

    return act


def ask_with_key(hour: float = 0) -> Action:
    """A request with the ground's own idempotency key."""

    def act(arena: Arena, ground: Ground) -> str:
        body = {"requestedSlots": [ground.slot(hour)]}
        headers = {"Idempotency-Key": f"ground-{ground.slot(0)}"}
        answered = arena.post("request-meeting", body, ALICE, headers=headers)
        if answered.status_code == 201:
            with arena.lock:
                ground.links.append(answered.json["data"]["id"])
        return word(answered, "status")

    return act


def read_one(arena: Arena, ground: Ground) -> str:
    return word(arena.post("read-notifications", {"ids": [ground.note]}, MIKL), "read")


def read_all(arena: Arena, ground: Ground) -> str:
    return word(arena.post("read-notifications", {}, MIKL), "read")


def read_all_of_many(arena: Arena, ground: Ground) -> str:
    answered = arena.post("read-notifications", {}, MIKL)
    return word(answered)


def link(*, revoke: bool = False) -> Action:
    """A new address for the client's calendar, or none any more."""

    def act(arena: Arena, ground: Ground) -> str:
        answered = arena.post("calendar-link", {"revoke": revoke}, ALICE)
        if answered.status_code == 200 and not revoke:
            with arena.lock:
                ground.links.append(answered.json["data"]["url"])
        return word(answered)

    return act


# A point of P-256, whosever, and 16 bytes: as a browser gives them.
KEYS = {
    "p256dh": VAPID[1],
    "auth": "AAAAAAAAAAAAAAAAAAAAAA",
}


def subscribe(name: str) -> Action:
    """One of the operator's browsers wants to be told; answers with how many are."""

    def act(arena: Arena, ground: Ground) -> str:
        local = f"{arena.remote.url}/push/mikl"
        endpoint = local if name == "http" else f"https://push.example/{name}"
        subscription = {"endpoint": endpoint, "keys": KEYS}
        body = {"action": "subscribe", "subscription": subscription}
        return word(arena.post("push-subscription", body, MIKL), "subscribed")

    return act


def unsubscribe(name: str) -> Action:
    def act(arena: Arena, ground: Ground) -> str:
        body = {"action": "unsubscribe", "endpoint": f"https://push.example/{name}"}
        return word(arena.post("push-subscription", body, MIKL), "subscribed")

    return act


def push_to(function: str, key: str, subscription: str) -> Action:
    """Pub/Sub pushes what the ground has on its way."""

    def act(arena: Arena, ground: Ground) -> str:
        return word(arena.posted_by(PUSH, function, pushed({key: ground.item}, subscription)))

    return act


push_mail = push_to("send-mail", "mailId", MAIL_SUBSCRIPTION)
push_browser = push_to("send-push", "pushId", WEB_PUSH_SUBSCRIPTION)
push_order = push_to("run-room-order", "orderId", ROOM_SUBSCRIPTION)


def relay(arena: Arena, ground: Ground) -> str:
    id = str(UUID(int=int(ground.start.timestamp())))
    payload = {"eventId": id, "meetingId": MIKL.row, "version": 1, "at": ground.slot(0)}
    signal = {"eventId": id, "channel": f"meeting:{MIKL.row}:status", "event": "operator_joined"}
    return word(arena.posted_by(PUSH, "relay-signal", pushed({**signal, "payload": payload})))


def room(name: str, epoch: int | None = None, session: str = "") -> Action:
    """The room's server tells something; of the client with a ticket of that admission."""

    def act(arena: Arena, ground: Ground) -> str:
        who = "" if epoch is None else f"client:{ALICE.row}:{epoch}"
        body = event(name, ground.meeting, who, f"PA_{session or ground.number}")
        headers = {
            "Authorization": signed_by_livekit(body),
            "Content-Type": "application/webhook+json",
        }
        return word(arena.call("livekit-webhook", raw=body, headers=headers), "outcome")

    return act


# -- what there is then


def agreement(arena: Arena, ground: Ground) -> str:
    """The ground's requests, whoever's, each with its meeting and the hour of it."""
    found = arena.rows(
        """select cast(r.id as text), c.name, r.status, m.status, m.scheduled_at,
                  cast(m.id as text), r.reason
             from meeting_requests r
             join clients c on c.id = r.client_id
             left join meetings m on m.id = r.meeting_id
            where cast(r.id as text) = any (:ids)
               or r.id in (select request_id from visio.calcom_bookings where uid = any (:uids))
               or r.selected_slot >= :start and r.selected_slot < :end
               or cast(m.id as text) = any (:meetings)
            order by c.name, r.status, m.scheduled_at""",
        ids=[id for id in (ground.request, ground.rival) if id],
        meetings=[id for id in (ground.meeting, ground.in_the_way) if id],
        uids=[booking.uid for booking in ground.bookings],
        start=ground.start,
        end=ground.start + timedelta(hours=4),
    )
    meetings = {meeting for *_, meeting, _ in found if meeting}
    if stray := set(ground.links) - meetings:
        return f"an answer names a meeting that is none: {stray}"
    names = {name for _, name, *_ in found}
    written = []
    for _, name, status, meeting, at, *_ in found:
        whose = f"{name} " if len(names) > 1 or ground.other is CHLOE else ""
        written.append(
            f"{whose}{status}" + (f", {meeting} at {ground.hour(at)}" if meeting else "")
        )
    return "; ".join(written) or "nothing"


def booking(arena: Arena, ground: Ground) -> str:
    """The same, and the chain of the bookings where it waits for somebody."""
    keys = [f"uid/{booking.uid}" for booking in ground.bookings]
    chains = arena.rows(
        """select state from visio.calcom_chains where state <> 'open' and id in (
             select chain_id from visio.calcom_keys where key = any (:keys)) order by state""",
        keys=keys,
    )
    return "; ".join([agreement(arena, ground), *(f"chain {state}" for state in chains)])


def the_lobby(arena: Arena, ground: Ground) -> str:
    """The meeting, every knock at it as they came, and what else a page or a room would show."""
    [(status, present, epoch, knocks, orders, messages)] = arena.rows(
        """select status, operator_present, epoch,
                  (select array_agg(k.status order by k.created_at, k.ended_at nulls last)
                     from lobby_knocks k where k.meeting_id = m.id),
                  (select array_agg(split_part(o.identity, ':', 3) order by o.identity)
                     from visio.room_orders o where o.meeting_id = m.id),
                  (select count(*) from lobby_messages s where s.meeting_id = m.id)
             from meetings m where id = cast(:id as uuid)""",
        id=ground.meeting,
    )
    told = [status, " then ".join(knocks or ["nobody"])]
    told += ["operator there"] if present else []
    told += [f"epoch {epoch}"] if epoch else []
    told += [f"put out {', '.join(orders)}"] if orders else []
    told += [f"{messages} said"] if messages else []
    return ", ".join(told)


def both_lobbies(arena: Arena, ground: Ground) -> str:
    other = Ground(0, ground.start, meeting=ground.in_the_way)
    return f"{the_lobby(arena, ground)}; {the_lobby(arena, other)}"


def notes(*types: str) -> Look:
    """The lobby, and how many of each kind of notification the two were told."""

    def look(arena: Arena, ground: Ground) -> str:
        told = arena.rows(
            """select type, count(*) from notifications
                where meeting_id = cast(:id as uuid) and type = any (:kinds)
                group by type order by type""",
            id=ground.meeting,
            kinds=list(types),
        )
        counted = [f"{count} {type}" for type, count in told]
        return "; ".join([the_lobby(arena, ground), *counted])

    return look


def request_notes(arena: Arena, ground: Ground) -> str:
    """The request, and what the two were told of it since it was asked."""
    [status] = arena.rows(
        "select status from meeting_requests where id = cast(:id as uuid)", id=ground.request
    )
    told = arena.rows(
        """select type, count(*) from notifications
            where type in ('request_reminder') and link = :link
            group by type order by type""",
        link=f"/hub/#request-{ground.request}",
    )
    deeds = arena.rows(
        """select action from transitions where subject = 'request'
              and request_id = cast(:id as uuid) and action <> 'ask' order by id""",
        id=ground.request,
    )
    return "; ".join([status, *deeds, *(f"{count} {type}" for type, count in told)])


def escalations(arena: Arena, ground: Ground) -> str:
    """The lobby, and how many e-mails say that somebody still waits there."""
    [count] = arena.rows(
        """select count(*) from visio.mail_outbox
            where type = 'client_still_waiting' and meeting_id = cast(:id as uuid)""",
        id=ground.meeting,
    )
    return f"{the_lobby(arena, ground)}; {count} escalated"


def keyed(arena: Arena, ground: Ground) -> str:
    """How many requests came of a key, and whether each answer names one that is there."""
    found = arena.rows(
        """select cast(id as text) from meeting_requests
            where cast(requested_slots ->> 0 as timestamptz) >= :start
              and cast(requested_slots ->> 0 as timestamptz) < :end""",
        start=ground.start,
        end=ground.start + timedelta(hours=4),
    )
    if set(ground.links) != set(found):
        return f"the answers name {ground.links}, and there are {found}"
    return f"{len(found)} asked"


def unread(arena: Arena, ground: Ground) -> str:
    [count] = arena.rows(
        "select count(*) from notifications where read_at is null and recipient_type = 'operator'"
    )
    return f"{count} unread"


def unread_of_lobby(arena: Arena, ground: Ground) -> str:
    [count] = arena.rows(
        """select count(*) from notifications
            where read_at is null and type = 'client_waiting'
              and meeting_id = cast(:id as uuid)""",
        id=ground.meeting,
    )
    return f"{the_lobby(arena, ground)}; {count} unread"


def feeds(arena: Arena, ground: Ground) -> str:
    """How many of the addresses given out open the calendar."""
    opened = 0
    for url in ground.links:
        token = parse_qs(urlsplit(url).query)["token"][0]
        opened += arena.call("calendar-feed", {"token": token}).status_code == 200
    return f"{opened} of {len(ground.links)} open"


def browsers(arena: Arena, ground: Ground) -> str:
    [count] = arena.rows("select count(*) from visio.push_subscriptions")
    return f"{count} told"


def heard(what: str) -> Look:
    """How often a service outside was told since the round began."""

    def look(arena: Arena, ground: Ground) -> str:
        return f"{(arena.heard - ground.before)[what]} {what}"

    return look


def presence(arena: Arena, ground: Ground) -> str:
    """The lobby, and how many connections to the room there were, with whose they are."""
    sides = arena.rows(
        """select coalesce(side, 'nobody''s') from visio.room_presence
            where meeting_id = cast(:id as uuid) and joined_at is not null order by 1""",
        id=ground.meeting,
    )
    return "; ".join([the_lobby(arena, ground), *(f"one connection {side}" for side in sides)])

"""Whatever people, Cal.com and time do, in whatever order: the product answers as the model says.

Hypothesis plays: each step is a sentence (`a_client_asks`, `the_clock_goes_to`), done to the model
and to the real functions on a real database. The answer's status and code are compared, and then
what people see: lists, notifications, lobbies, waiting rooms, and whether they may enter.
"""

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from local import postgres
from tests import calcom
from tests.attack import model
from tests.attack.invariants import broken, undrained
from tests.attack.model import CLIENTS, OPERATORS, Event, Meeting, No, Request, Rules, World
from tests.attack.scale import rounds
from tests.conftest import ON_ONE_SERVER
from tests.world import (
    ALICE,
    BRUNO,
    CHLOE,
    MIKL,
    NORA,
    SCHEDULER,
    STRANGER,
    Remote,
    signed,
    token,
)
from visio import bootstrap, edge, settings

pytestmark = [
    ON_ONE_SERVER,
    # Shrinking a failure takes longer than any test that passes.
    pytest.mark.timeout(1200),
]

PEOPLE = {p.name: p for p in (MIKL, NORA, ALICE, BRUNO, CHLOE, STRANGER)}
ADDRESS = {
    "Alice": "alice@client.example",
    "Bruno": "bruno@client.example",
    "Chloé": "chloe@client.example",
    "MiKL": "mikl@foxeo.example",
    "Nora": "nora@foxeo.example",
}
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TRIED: Counter[str] = Counter()
# A failure is told by the shortest game that shows it; to find that takes minutes.
PHASES = [Phase.generate, Phase.shrink]


@dataclass
class Clock:
    """What the functions take for the time: their edge reads it once a request, here and nowhere
    else. What PostgreSQL dates by itself is looked at by nothing that a caller sees, but for
    idempotency keys, which are dated anew.
    """

    at: datetime

    def now(self, _: object = None) -> datetime:
        return self.at


@dataclass
class House:
    """The real product, with a database of its own for each game."""

    call: Callable[..., Any]
    remote: Remote
    environment: pytest.MonkeyPatch
    admin: str
    login: str
    games: int = 0

    def open(self, clock: Clock) -> str:
        """A fresh database, and functions that use it."""
        self.games += 1
        name = f"{self.admin.rpartition('/')[2]}_{self.games}"
        self._run(f"create database {name} template visio_template strategy file_copy")
        self.environment.setattr(edge, "datetime", clock)
        self.environment.setenv("DATABASE_URL", _beside(self.login, name))
        return name

    def set(self, rules: Rules) -> None:
        values = {
            "BUFFER_MINUTES": rules.buffer // MINUTE,
            "MINIMUM_NOTICE_MINUTES": rules.notice // MINUTE,
            "LOBBY_OPENS_MINUTES": "" if rules.opens is None else rules.opens // MINUTE,
            "SWEEP_GRACE_MINUTES": rules.grace // MINUTE,
            "MAX_OPEN_REQUESTS": rules.most_open,
            "CALCOM_BINDING": "token" if rules.token_only else "any",
        }
        for variable, value in values.items():
            self.environment.setenv(variable, str(value))
        settings.forget()
        bootstrap.forget()

    def close(self, name: str) -> None:
        bootstrap.forget()
        self._run(f"drop database {name} with (force)")

    def run(self, name: str, sql: str, **values: Any) -> None:
        with contextlib.closing(postgres.connect(_beside(self.admin, name))) as db:
            db.run(sql, **values)

    def _run(self, sql: str) -> None:
        with contextlib.closing(postgres.connect(_beside(self.admin, "postgres"))) as db:
            db.run(sql)


def _beside(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"


@pytest.fixture
def house(call, remote, environment, database) -> House:
    return House(call, remote, environment, database.admin, database.login)


@dataclass
class Booking:
    """One booking as Cal.com itself has it, whether or not anybody here was told."""

    body: calcom.Booking
    client: str
    binds: str
    state: str
    made: datetime
    moved: bool = False


@dataclass
class Letter:
    """An event that Cal.com has made, and may deliver at any time, or twice."""

    event: Event
    body: dict[str, Any]
    raw: bytes = b""

    def __post_init__(self) -> None:
        self.raw = json.dumps(self.body, ensure_ascii=False).encode()


SLOTS = ("+30m", "+60m", "+90m", "+120m", "+150m", "+1d", "+1d30m", "+2d")
AMISS = ("-30m", "+366d")
A_SLOT = st.sampled_from(SLOTS)
A_SLOT_OR_NONSENSE = st.sampled_from(SLOTS * 3 + AMISS)
A_CLIENT = st.sampled_from(tuple(CLIENTS))
THE_CLIENT = st.sampled_from(("the client",) * 8 + ("the operator", "Bruno", "Nora", "a stranger"))
THE_OPERATOR = st.sampled_from(
    ("the operator",) * 8 + ("the client", "Alice", "Nora", "a stranger")
)
EITHER = st.sampled_from(("the operator", "the client") * 3 + ("Bruno", "Nora", "a stranger"))
NTH = st.sampled_from((0, 0, 0, 1, 2, 3))
NTH_SLOT = st.sampled_from((0, 0, 0, 1, 2))
MINUTES = st.sampled_from((60, 30, 60, 90, 15))
SPAN = {"m": MINUTE, "d": 24 * HOUR}
RULES = (
    Rules(),
    Rules(buffer=30 * MINUTE),
    Rules(opens=60 * MINUTE, grace=5 * MINUTE, token_only=True),
    Rules(notice=45 * MINUTE, most_open=1),
)


class Game(RuleBasedStateMachine):
    """One game on one database. `house` is given by the test."""

    house: House

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
        self.until = self.clock.at + 4 * 24 * HOUR
        self.world = World(Rules(), self.clock.at)
        self.bookings: list[Booking] = []
        self.letters: list[Letter] = []
        self.acts: list[tuple[str, Callable[[], None]]] = []
        self.answers: dict[str, Any] = {}
        self.versions: dict[str, tuple[int, int]] = {}
        self.touched: Meeting | None = None
        self.steps = 0
        self.name = self.house.open(self.clock)

    def teardown(self) -> None:
        try:
            if sys.exception() is None:
                self._the_end()
        finally:
            self.house.close(self.name)

    @initialize(rules=st.sampled_from(RULES))
    def the_house_has(self, rules: Rules) -> None:
        self.world.rules = rules
        self.house.set(rules)

    # The exchange.

    @rule(
        who=A_CLIENT,
        slots=st.lists(A_SLOT, min_size=1, max_size=3, unique=True),
        minutes=MINUTES,
        key=st.sampled_from((None, None, "k1")),
    )
    def a_client_asks(self, who: str, slots: list[str], minutes: int, key: str | None) -> None:
        self._asks(who, slots, minutes, key)

    @rule(
        who=st.sampled_from(tuple(PEOPLE)),
        slots=st.lists(A_SLOT_OR_NONSENSE, min_size=0, max_size=4),
        minutes=st.sampled_from((60, 60, 14, 241)),
    )
    def somebody_asks_oddly(self, who: str, slots: list[str], minutes: int) -> None:
        self._asks(who, slots, minutes, None)

    def _asks(self, who: str, slots: Sequence[str], minutes: int, key: str | None) -> None:
        at = [self._slot(slot) for slot in slots]
        message = f"{who} aimerait vous voir"
        body = {
            "requestedSlots": [_z(slot) for slot in at],
            "durationMinutes": minutes,
            "message": message,
        }

        def act() -> None:
            data = self._do(
                f"{who} asks for {', '.join(slots)}",
                "request-meeting",
                body,
                who,
                lambda: self.world.ask(who, at, minutes=minutes, message=message, key=key),
                status=201,
                headers={"Idempotency-Key": key} if key else {},
            )
            if key and data:
                if data["id"] not in self.answers:
                    self._date_key(who, key)
                first = self.answers.setdefault(data["id"], data)
                assert data == first, "the same key and body were answered otherwise"

        self._act(act)

    @rule(who=A_CLIENT, slot=A_SLOT, minutes=MINUTES)
    def a_meeting_is_agreed_on(self, who: str, slot: str, minutes: int) -> None:
        """A client asks, and the operator accepts at once: if both may."""
        known = len(self.world.requests)
        self._asks(who, [slot], minutes, None)
        if len(self.world.requests) > known:
            self.a_request_is_accepted(0, 0, "the operator")

    @precondition(lambda self: self.world.requests)
    @rule(nth=NTH, slot=NTH_SLOT, by=THE_OPERATOR)
    def a_request_is_accepted(self, nth: int, slot: int, by: str) -> None:
        request = self._request(nth)
        who, at = self._who(by, request), self._one_of(request.asked, slot)
        body = {"decision": "accept", "selectedSlot": _z(at)}
        self._decides(who, request, body, lambda: self.world.accept(who, request, at))

    @precondition(lambda self: self.world.requests)
    @rule(nth=NTH, reason=st.sampled_from(("Non", "Hélas")), by=THE_OPERATOR)
    def a_request_is_rejected(self, nth: int, reason: str, by: str) -> None:
        request = self._request(nth)
        who = self._who(by, request)
        body = {"decision": "reject", "reason": reason}
        self._decides(who, request, body, lambda: self.world.reject(who, request, reason))

    @precondition(lambda self: self.world.requests)
    @rule(
        nth=NTH,
        slots=st.lists(A_SLOT_OR_NONSENSE, min_size=1, max_size=3),
        message=st.sampled_from((None, "Plutôt ainsi ?")),
        by=THE_OPERATOR,
    )
    def other_slots_are_offered(
        self, nth: int, slots: list[str], message: str | None, by: str
    ) -> None:
        request = self._request(nth)
        who, at = self._who(by, request), [self._slot(slot) for slot in slots]
        body: dict[str, Any] = {"decision": "propose", "proposedSlots": [_z(s) for s in at]}
        if message:
            body["message"] = message
        self._decides(who, request, body, lambda: self.world.propose(who, request, at, message))

    def _decides(
        self, who: str, request: Request, body: dict[str, Any], expected: Callable[[], None]
    ) -> None:
        body = {"requestId": request.id, **body}
        told = f"{who} decides: {body['decision']}"
        self._act(lambda: self._do(told, "decide-request", body, who, expected))

    @precondition(lambda self: self.world.requests)
    @rule(nth=NTH, slot=NTH_SLOT, by=THE_CLIENT)
    def an_offer_is_taken(self, nth: int, slot: int, by: str) -> None:
        request = self._request(nth)
        who, at = self._who(by, request), self._one_of(request.offered or request.asked, slot)
        body = {"requestId": request.id, "answer": "accept", "selectedSlot": _z(at)}
        told = f"{who} takes the offer"
        expected = lambda: self.world.take_offer(who, request, at)  # noqa: E731
        self._act(lambda: self._do(told, "answer-proposal", body, who, expected))

    @precondition(lambda self: self.world.requests)
    @rule(
        nth=NTH,
        answer=st.sampled_from(("decline", "withdraw")),
        message=st.sampled_from((None, "Tant pis")),
        by=THE_CLIENT,
    )
    def a_request_is_given_up(self, nth: int, answer: str, message: str | None, by: str) -> None:
        request = self._request(nth)
        who = self._who(by, request)
        body = {"requestId": request.id, "answer": answer}
        if message:
            body["message"] = message
        expected = lambda: self.world.turn_down(who, request, answer, message)  # noqa: E731
        self._act(lambda: self._do(f"{who}: {answer}", "answer-proposal", body, who, expected))

    # The lobby.

    @precondition(lambda self: self.world.meetings)
    @rule(
        nth=NTH,
        by=THE_CLIENT,
        devices=st.sampled_from((None, None, "ready", "none")),
        which=st.sampled_from(("", "", "", "this", "another")),
    )
    def a_client_knocks(self, nth: int, by: str, devices: str | None, which: str) -> None:
        self._signals(nth, by, "client_waiting", devices=devices, which=which)

    @precondition(lambda self: self.world.meetings)
    @rule(nth=NTH)
    def a_client_is_let_in(self, nth: int) -> None:
        """They knock, and the operator joins: if both may."""
        self._signals(nth, "the client", "client_waiting")
        self._signals(nth, "the operator", "operator_joined")

    @precondition(lambda self: self.world.meetings)
    @rule(nth=NTH, by=THE_CLIENT)
    def a_client_leaves(self, nth: int, by: str) -> None:
        self._signals(nth, by, "client_left")

    @precondition(lambda self: self.world.meetings)
    @rule(nth=NTH, by=THE_OPERATOR, which=st.sampled_from(("", "", "", "this", "another")))
    def an_operator_joins(self, nth: int, by: str, which: str) -> None:
        self._signals(nth, by, "operator_joined", which=which)

    @precondition(lambda self: self.world.meetings)
    @rule(
        nth=NTH,
        by=THE_OPERATOR,
        signal=st.sampled_from(("entry_denied", "back_to_lobby", "remove", "meeting_ended")),
        reason=st.sampled_from((None, "Un instant")),
        next_step=st.sampled_from((None, "ask_again")),
        which=st.sampled_from(("", "", "", "this", "another")),
    )
    def an_operator_says(
        self,
        nth: int,
        by: str,
        signal: str,
        reason: str | None,
        next_step: str | None,
        which: str,
    ) -> None:
        if signal not in ("entry_denied", "remove"):
            next_step = None
        self._signals(nth, by, signal, reason=reason, next_step=next_step, which=which)

    def _signals(self, nth: int, by: str, signal: str, *, which: str = "", **more: Any) -> None:
        meeting = self._meeting(nth)
        who = self._who(by, meeting)
        told = {"nextStep" if name == "next_step" else name: v for name, v in more.items() if v}
        body = {"meetingId": meeting.id, "signal": signal, **told}
        knock = meeting.knock
        if which == "another" or (which and knock is None):
            knock = model.Knock(self.clock.at, self.clock.at, id=NORA.row)
        if which and knock:
            body["knockId"] = knock.id
        meant = knock if which else None
        expected = lambda: self.world.signal(who, meeting, signal, meant=meant, **more)  # noqa: E731
        self._act(lambda: self._do(f"{who}: {signal}", "lobby-signal", body, who, expected))

    @precondition(lambda self: self.world.meetings)
    @rule(who=st.sampled_from(("MiKL", "MiKL", "Nora", "Alice")))
    def an_operator_admits_everybody(self, who: str) -> None:
        meetings = self.world.meetings[-3:]
        body = {"meetingIds": [meeting.id for meeting in meetings]}
        became: list[str] = []
        data = self._do(
            f"{who} admits everybody",
            "admit-clients",
            body,
            who,
            lambda: became.extend(self.world.admit_each(who, meetings)),
        )
        seen = [one["code"] or one["outcome"] for one in data["items"]] if data else []
        assert seen == became

    @precondition(lambda self: self.world.meetings)
    @rule(nth=NTH, by=EITHER, reason=st.sampled_from(("Malade", "Grève")))
    def a_meeting_is_cancelled(self, nth: int, by: str, reason: str) -> None:
        meeting = self._meeting(nth)
        who = self._who(by, meeting)
        body = {"meetingId": meeting.id, "reason": reason}
        expected = lambda: self.world.cancel(who, meeting, reason)  # noqa: E731
        self._act(lambda: self._do(f"{who} cancels", "cancel-meeting", body, who, expected))

    # Cal.com. What happens there is told at once, or later, or twice, or never.

    @rule(
        who=A_CLIENT,
        slot=A_SLOT,
        binds=st.sampled_from(("token", "token", "ids", "nobody")),
        confirmed=st.booleans(),
        told=st.booleans(),
    )
    def a_client_books(self, who: str, slot: str, binds: str, confirmed: bool, told: bool) -> None:
        metadata = self._metadata(who, binds)
        number = len(self.bookings)
        body = self._at_cal_com(
            calcom.Booking(email=ADDRESS[who], metadata=metadata, uid=_uid(number)), slot
        )
        state = "confirmed" if confirmed else "asked"
        booking = Booking(body, who, binds, state, self.clock.at)
        self.bookings.append(booking)
        written = body.created() if confirmed else body.requested()
        self._write(booking, written, told, of=self._bound(booking))

    @precondition(lambda self: self._of_state("asked"))
    @rule(nth=NTH, yes=st.booleans(), told=st.booleans())
    def the_host_decides(self, nth: int, yes: bool, told: bool) -> None:
        booking = _pick(self._of_state("asked"), nth)
        booking.state = "confirmed" if yes else "ended"
        body = booking.body.confirmed() if yes else booking.body.rejected("Complet")
        self._write(booking, body, told, reason=None if yes else "Complet")

    @precondition(lambda self: self._of_state("confirmed"))
    @rule(nth=NTH, slot=A_SLOT, told=st.booleans())
    def a_booking_is_moved(self, nth: int, slot: str, told: bool) -> None:
        old = _pick(self._of_state("confirmed"), nth)
        old.state = "moved"
        number = len(self.bookings)
        body = self._at_cal_com(old.body.moved(1, uid=_uid(number)), slot)
        booking = Booking(body, old.client, "nobody", "confirmed", self.clock.at)
        self.bookings.append(booking)
        self._write(booking, body.rescheduled(), told, replaces=old.body.uid, by=booking.client)

    @precondition(lambda self: self._of_state("asked", "confirmed"))
    @rule(nth=NTH, by=st.sampled_from(("the client", "the operator", "nobody")), told=st.booleans())
    def a_booking_is_called_off(self, nth: int, by: str, told: bool) -> None:
        booking = _pick(self._of_state("asked", "confirmed"), nth)
        booking.state = "ended"
        who = {"the client": booking.client, "the operator": CLIENTS[booking.client]}.get(by)
        body = booking.body.cancelled("Un empêchement", cancelledBy=who and ADDRESS[who])
        self._write(booking, body, told, by=who, reason="Un empêchement")

    @precondition(lambda self: self.letters)
    @rule(nth=st.integers(0, 7), copied=st.booleans())
    def cal_com_delivers(self, nth: int, copied: bool) -> None:
        """One of its last events, whether it has been delivered before or not."""
        letter = _pick(self.letters, nth)
        if copied and self.clock.at - letter.event.at < 6 * 24 * HOUR:
            event = model.replace_date(letter.event, self.clock.at)
            letter = Letter(event, self._dated(letter.body))
        self._deliver(letter)

    def _write(self, booking: Booking, body: dict[str, Any], told: bool, **more: Any) -> None:
        of = booking.body
        trigger = body["triggerEvent"]
        event = Event(trigger, of.uid, of.start, of.end, at=self.clock.at, **more)
        letter = Letter(event, self._dated(body))
        self.letters.append(letter)
        if told:
            self._deliver(letter)

    def _deliver(self, letter: Letter) -> None:
        def act() -> None:
            outcome: list[str] = []
            data = self._do(
                f"Cal.com tells {letter.event.trigger} of {letter.event.uid}",
                "calcom-webhook",
                letter.raw,
                None,
                lambda: outcome.append(self.world.calcom.tell(letter.event)),
                headers=signed(letter.raw),
            )
            assert (data and data["outcome"]) == next(iter(outcome), None)

        self._act(act)

    def _metadata(self, who: str, binds: str) -> dict[str, str]:
        if binds == "ids":
            return {"clientId": PEOPLE[who].row, "operatorId": PEOPLE[CLIENTS[who]].row}
        if binds == "nobody":
            return {}
        link = self._call("booking-link", {}, who).json["data"]["url"]
        return {"bookingToken": parse_qs(urlsplit(link).query)["metadata[bookingToken]"][0]}

    def _bound(self, booking: Booking) -> str | None:
        ids = booking.binds == "ids" and not self.world.rules.token_only
        return booking.client if ids or booking.binds == "token" else None

    def _at_cal_com(self, body: calcom.Booking, slot: str) -> calcom.Booking:
        body.start = self._slot(slot)
        body.end = body.start + body.minutes * MINUTE
        return body

    def _dated(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "createdAt": _z(self.clock.at)}

    def _of_state(self, *states: str) -> list[Booking]:
        return [booking for booking in self.bookings if booking.state in states]

    # Time, and everything once more.

    @precondition(lambda self: self.acts)
    @rule(nth=NTH)
    def the_same_is_done_again(self, nth: int) -> None:
        _pick(self.acts, nth)[1]()

    @rule(pause=st.sampled_from((5, 20, 31, 61, 121, 1800, 25 * 3600)))
    def seconds_pass(self, pause: int) -> None:
        self._goes_to(min(self.clock.at + timedelta(seconds=pause), self.until))

    @precondition(lambda self: self.world.deadlines())
    @rule(nth=NTH, seconds=st.sampled_from((-1, 0, 1)))
    def the_clock_goes_to(self, nth: int, seconds: int) -> None:
        """Just before, at, or just after one of the next instants that matter."""
        deadlines = self.world.deadlines()
        deadline = deadlines[min(nth, len(deadlines) - 1)]
        if deadline < self.until:
            self._goes_to(max(self.clock.at, deadline + timedelta(seconds=seconds)))

    @rule()
    def the_sweep_comes(self) -> None:
        swept: dict[str, int] = {}
        bearer = self.house.remote.keys.sign_google(*SCHEDULER, at=self.clock.at.timestamp())
        data = self._do(
            "the sweep comes",
            "complete-meetings",
            None,
            None,
            lambda: swept.update(self.world.sweep()),
            headers={"Authorization": f"Bearer {bearer}"},
        )
        assert {name: data[name] for name in swept} == swept

    @rule(who=st.sampled_from(tuple(PEOPLE)))
    def somebody_reads_everything(self, who: str) -> None:
        read: list[int] = []
        data = self._do(
            f"{who} reads everything",
            "read-notifications",
            {},
            who,
            lambda: read.append(self.world.read_all(who)),
        )
        assert (data and [data["read"]]) == (read or None)

    # What everybody sees.

    def _look(self) -> None:
        """As the busier operator, as somebody else in turn, and at one lobby from both sides."""
        self.steps += 1
        others = [name for name in model.MEMBERS if name != "MiKL"]
        for who in ("MiKL", others[self.steps % len(others)]):
            self._look_as(who)
        if self.world.meetings:
            meeting = self.touched or self.world.meetings[self.steps % len(self.world.meetings)]
            self._look_at(meeting)

    def _look_as(self, who: str) -> None:
        requests, theirs = self._items("list-requests", who), self.world.requests_of(who)
        seen, meetings = self._items("list-meetings", who), self.world.meetings_of(who)
        assert _differences(requests, [_request(one) for one in theirs]) == []
        assert _differences(seen, [_meeting(one) for one in meetings]) == []
        if who in OPERATORS:
            states = [[slot["state"] for slot in one["slots"]] for one in requests]
            assert states == [
                [self.world.slot_state(one, s) for s in (*one.asked, *(one.offered or ()))]
                for one in theirs
            ]
            self._look_at_the_waiting_room(who)
        notes = self._items("list-notifications", who)
        seen_notes = sorted((n["type"], n["readAt"] is not None) for n in notes)
        assert seen_notes == self.world.notes_of(who)

    def _look_at_the_waiting_room(self, who: str) -> None:
        waiting = self._items("waiting-room", who, limit=None)
        assert [(one["meetingId"], one["devices"], one["away"]) for one in waiting] == [
            (m.id, m.knock and m.knock.devices, self._away(m.knock))
            for m in self.world.waiting_room(who)
        ]

    def _look_at(self, meeting: Meeting) -> None:
        """The lobby as both see it, and whether they may enter."""
        for who in (meeting.operator, meeting.client):
            door = {"meetingId": meeting.id}
            seen = self._call("lobby-state", door, who).json["data"]
            knock = seen["knock"]
            if knock and meeting.knock and meeting.knock.id is None:
                meeting.knock.id = knock["id"]
            assert _differences([{**seen, "id": meeting.id}], [_lobby(meeting)]) == []
            ours = [self._knock(meeting)] if meeting.knock else []
            assert _differences([knock] if knock else [], ours) == []
            self._check_version(meeting, seen["version"])
            entered = self._call("join-meeting", door, who)
            expected = _outcome(lambda who=who: self.world.enter(who, meeting), 200)
            assert _answered(entered) == expected, f"{who} wants to enter"
            TRIED["entries"] += 1

    def _knock(self, meeting: Meeting) -> dict[str, Any]:
        knock = meeting.knock
        assert knock
        return {
            "id": knock.id,
            "status": self.world.knock_of(meeting),
            "since": _z(knock.since),
            "reason": knock.reason,
            "nextStep": knock.next_step,
            "devices": knock.devices,
            "away": self._away(knock) and self.world.knock_of(meeting) == "waiting",
        }

    def _away(self, knock: model.Knock | None) -> bool:
        waits = knock is not None and knock.status == "waiting"
        return bool(waits and knock and self.clock.at >= knock.renewed + model.AWAY)

    def _check_version(self, meeting: Meeting, version: int) -> None:
        """It rises with every change, and with nothing else."""
        changes, before = self.versions.get(str(meeting.id), (meeting.changes, version))
        rose, changed = version > before, meeting.changes > changes
        assert version >= before
        assert rose == changed, "the version and the lobby do not change together"
        self.versions[str(meeting.id)] = meeting.changes, version

    def _the_end(self) -> None:
        """Everybody looks; and once every slot has passed and a sweep has come, all is over.

        Within a week of the beginning: what was said longer ago than that is tidied away.
        """
        for who in model.MEMBERS:
            self._look_as(who)
        for meeting in self.world.meetings:
            self._look_at(meeting)
        self._goes_to(self.clock.at + 60 * HOUR)
        self.the_sweep_comes()
        admin = _beside(self.house.admin, self.name)
        assert broken(admin) + undrained(admin) == []
        for who in model.MEMBERS:
            self._look_as(who)
        assert not [r for r in self.world.requests if r.undecided or r.status == "accepted"]
        assert not [m for m in self.world.meetings if m.live]
        TRIED["games"] += 1

    # How it is done.

    def _act(self, act: Callable[[], Any]) -> None:
        self.acts.append(("", act))
        act()

    def _do(
        self,
        told: str,
        function: str,
        body: Any,
        who: str | None,
        expected: Callable[[], object],
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Do it to both, and compare; the answer's data where it is not refused."""
        self.touched = next(
            (
                m
                for m in self.world.meetings
                if isinstance(body, dict) and m.id == body.get("meetingId")
            ),
            None,
        )
        should = _outcome(expected, status)
        answer = self._call(function, body, who, headers or {})
        note(f"    {told}: {answer.status_code} {answer.get_data(as_text=True)[:120]}")
        assert _answered(answer) == should, told
        TRIED[f"{function} {should[1] or should[0]}"] += 1
        TRIED["calls"] += 1
        self._learn_names()
        self._look()
        self._tick()
        return answer.json["data"]

    def _call(
        self, function: str, body: Any, who: str | None, headers: dict[str, str] | None = None
    ) -> Any:
        if who is not None:
            expires = int(self.clock.at.timestamp()) + 600
            bearer = token(PEOPLE[who].user, exp=expires)
            headers = {"Authorization": f"Bearer {bearer}", **(headers or {})}
        if isinstance(body, bytes):
            return self.house.call(function, raw=body, headers=headers)
        return self.house.call(function, body, headers=headers)

    def _items(self, function: str, who: str, limit: str | None = "100") -> list[dict[str, Any]]:
        asked = {"limit": limit} if limit else {}
        items: list[dict[str, Any]] = self._call(function, asked, who).json["data"]["items"]
        return items

    def _tick(self) -> None:
        """No two changes at one instant, so that newest first means something."""
        self.clock.at += timedelta(seconds=1)
        self.world.now = self.clock.at

    def _goes_to(self, at: datetime) -> None:
        self.clock.at = self.world.now = at.replace(microsecond=0)
        self.touched = None
        self._look()

    def _learn_names(self) -> None:
        """The ids of what has just come to be, as its operator sees it."""
        for who in OPERATORS:
            requests, meetings = self.world.requests_of(who), self.world.meetings_of(who)
            if any(one.id is None for one in requests):
                _name(requests, self._items("list-requests", who))
            if any(one.id is None for one in meetings):
                _name(meetings, self._items("list-meetings", who))

    def _date_key(self, who: str, key: str) -> None:
        self.house.run(
            self.name,
            "update visio.idempotency_keys set created_at = :at where caller = :who and key = :key",
            at=self.clock.at,
            who=PEOPLE[who].user,
            key=key,
        )

    def _slot(self, slot: str) -> datetime:
        """An instant some time after the next half hour, so that slots meet."""
        sign = -1 if slot[0] == "-" else 1
        ahead, number = timedelta(), ""
        for letter in slot[1:]:
            if letter.isdigit():
                number += letter
            else:
                ahead, number = ahead + int(number) * SPAN[letter], ""
        half = 30 * MINUTE
        midnight = self.clock.at.replace(hour=0, minute=0, second=0)
        return midnight + (self.clock.at - midnight) // half * half + sign * ahead

    def _request(self, nth: int) -> Request:
        return _pick(self.world.requests, nth)

    def _meeting(self, nth: int) -> Meeting:
        return _pick(self.world.meetings, nth)

    def _who(self, by: str, thing: Request | Meeting) -> str:
        return {"the operator": thing.operator, "the client": thing.client}.get(by, by)

    def _one_of(self, slots: Sequence[datetime], nth: int) -> datetime:
        """One of the slots; one that nobody proposed where there are fewer."""
        return slots[nth] if nth < len(slots) else slots[0] + 7 * MINUTE


def _differences(seen: Sequence[dict[str, Any]], ours: Sequence[dict[str, Any]]) -> list[str]:
    """Where what is shown is not what there is, in words."""
    if len(seen) != len(ours):
        return [f"{len(seen)} are shown and there are {len(ours)}"]
    return [
        f"{shown['id']}: {name} is {shown[name]!r} and not {value!r}"
        for shown, one in zip(seen, ours, strict=True)
        for name, value in one.items()
        if shown[name] != value
    ]


def _request(request: Request) -> dict[str, Any]:
    return {
        "id": request.id,
        "clientId": PEOPLE[request.client].row,
        "operatorId": PEOPLE[request.operator].row,
        "requestedSlots": [_z(slot) for slot in request.asked],
        "proposedSlots": request.offered and [_z(slot) for slot in request.offered],
        "selectedSlot": request.agreed and _z(request.agreed),
        "status": request.status,
        "message": request.message,
        "reason": request.reason,
        "source": request.source,
        "durationMinutes": request.minutes,
        "meetingId": request.meeting and request.meeting.id,
        "createdAt": _z(request.made),
    }


def _lobby(meeting: Meeting) -> dict[str, Any]:
    return {
        "meetingStatus": meeting.status,
        "operatorPresent": meeting.operator_present,
        "scheduledAt": _z(meeting.start),
        "endsAt": _z(meeting.end),
        "cancelReason": meeting.cancelled_for,
    }


def _meeting(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "clientId": PEOPLE[meeting.client].row,
        "operatorId": PEOPLE[meeting.operator].row,
        "requestId": meeting.request.id,
        "scheduledAt": _z(meeting.start),
        "endsAt": _z(meeting.end),
        "status": meeting.status,
        "outcome": meeting.outcome,
        "source": meeting.request.source,
        "startedAt": meeting.started and _z(meeting.started),
        "endedAt": meeting.ended and _z(meeting.ended),
        "cancelReason": meeting.cancelled_for,
    }


def _name(ours: Sequence[Request] | Sequence[Meeting], seen: Sequence[dict[str, Any]]) -> None:
    """Learn the ids of what is new."""
    known = {one.id for one in ours}
    for one, shown in zip(ours, seen, strict=False):
        if one.id is None and shown["id"] not in known:
            one.id = shown["id"]


def _outcome(expected: Callable[[], object], status: int) -> tuple[int, str | None]:
    try:
        expected()
    except No as no:
        return no.status, no.code
    return status, None


def _answered(answer: Any) -> tuple[int, str | None]:
    error = answer.json["error"]
    return answer.status_code, error and error["code"]


def _pick(things: Sequence[Any], nth: int) -> Any:
    """The nth newest, or the oldest where there are fewer."""
    return things[max(len(things) - 1 - nth, 0)]


def _uid(number: int) -> str:
    """Names in an order that says nothing of their age."""
    return f"{'qxbmfzakt'[number % 9]}{number:03d}-booking"


def _z(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("seed", range(rounds(1, 6)))
def test_the_product_does_as_the_model_says(
    house: House, tally: Callable[..., None], seed: int
) -> None:
    game = hypothesis.seed(seed)(type("Game", (Game,), {"house": house}))
    TRIED.clear()

    run_state_machine_as_test(
        game,
        settings=hypothesis.settings(
            max_examples=rounds(12, 16),
            stateful_step_count=rounds(20, 40),
            derandomize=True,
            database=None,
            deadline=None,
            phases=PHASES,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    tally("games against the model", TRIED["games"])
    tally("answers compared with the model's", TRIED["calls"])
    tally("doors tried from both sides", TRIED["entries"])

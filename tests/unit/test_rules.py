"""The rules of requests, meetings and lobbies, without a database."""

import contextlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from visio.adapters.paging import Page, position
from visio.domain import lobby as lobbies
from visio.domain.decision import Accept, Calendar, Reject, decide
from visio.domain.events import People, in_words, instant
from visio.domain.limits import Limit
from visio.domain.lobby import Knock, KnockStatus, Lobby, Rules, let_in, signalled
from visio.domain.meeting import Meeting, MeetingStatus, Outcome, Span, cancel, complete
from visio.domain.refusals import (
    AlreadyDecided,
    InvalidFields,
    LobbyNotOpen,
    MeetingNotStarted,
    MeetingOver,
    MeetingStarted,
    NoOneWaiting,
    NotAdmitted,
    SlotNotProposed,
    SlotPassed,
    SlotTaken,
)
from visio.domain.request import RequestStatus, ask, expire

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
CLIENT, OPERATOR = uuid4(), uuid4()
PEOPLE = People(client_name="Alice", operator_name="MiKL")
RULES = Rules(opens=None, grace=15 * MINUTE)


def request_for(*slots, now=NOW, minutes=60):
    request, _ = ask(
        slots,
        client_id=CLIENT,
        client_name="Alice",
        operator_id=OPERATOR,
        message=None,
        duration_minutes=minutes,
        notice=timedelta(),
        now=now,
    )
    return request


def decided(request, verdict, busy=(), now=NOW):
    return decide(request, verdict, PEOPLE, Calendar(busy=busy, buffer=timedelta()), now=now)


@pytest.mark.parametrize(
    ("slot", "problem"),
    [
        (NOW - MINUTE, "must lie in the future"),
        (NOW, "must lie in the future"),
        (NOW + MINUTE, None),
        (NOW + 365 * DAY, None),
        (NOW + 365 * DAY + MINUTE, "must lie within 365 days"),
    ],
)
def test_slots_lie_ahead_within_a_year(slot, problem):
    if problem is None:
        assert request_for(slot).requested_slots == (slot,)
        return
    with pytest.raises(InvalidFields) as refused:
        request_for(slot)
    assert refused.value.details == [{"field": "requestedSlots.0", "problem": problem}]


def test_a_slot_may_be_accepted_until_the_minute_it_begins():
    slot = NOW + HOUR

    assert decided(request_for(slot), Accept(slot), now=slot - MINUTE).meeting.scheduled_at == slot
    with pytest.raises(SlotPassed):
        decided(request_for(slot), Accept(slot), now=slot)


def test_only_what_was_proposed_is_accepted():
    with pytest.raises(SlotNotProposed):
        decided(request_for(NOW + HOUR), Accept(NOW + 2 * HOUR))


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [(-60, 0, False), (-60, 1, True), (0, 60, True), (59, 120, True), (60, 120, False)],
)
def test_a_slot_is_taken_by_what_overlaps_it(start, end, taken):
    slot, other = NOW + DAY, NOW + 2 * DAY
    request = request_for(slot, other)
    busy = [Span(slot + start * MINUTE, slot + end * MINUTE)]

    if not taken:
        assert decided(request, Accept(slot), busy).request.status is RequestStatus.ACCEPTED
        return
    with pytest.raises(SlotTaken) as refused:
        decided(request, Accept(slot), busy)
    assert refused.value.details == [{"field": "requestedSlots", "problem": instant(other)}]


@pytest.mark.parametrize("status", [s for s in RequestStatus if s is not RequestStatus.PENDING])
@pytest.mark.parametrize("verdict", [Accept(NOW + HOUR), Reject("Non")])
def test_what_is_decided_stays_decided(status, verdict):
    request = replace(request_for(NOW + HOUR), status=status)

    with pytest.raises(AlreadyDecided):
        decided(request, verdict)


def test_the_same_decision_is_no_second_one():
    request = request_for(NOW + HOUR)
    for verdict in (Accept(NOW + HOUR), Reject("Non")):
        once = decided(request, verdict).request

        assert decided(once, verdict, now=NOW + DAY) is None


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        # The nights on which Paris changes its clocks: one hour is missing, one comes twice.
        (datetime(2027, 3, 28, 1, 30, tzinfo=PARIS), "2027-03-28T00:30:00Z"),
        (datetime(2027, 3, 28, 3, 0, tzinfo=PARIS), "2027-03-28T01:00:00Z"),
        (datetime(2027, 10, 31, 2, 30, tzinfo=PARIS, fold=0), "2027-10-31T00:30:00Z"),
        (datetime(2027, 10, 31, 2, 30, tzinfo=PARIS, fold=1), "2027-10-31T01:30:00Z"),
    ],
)
def test_instants_are_instants_when_clocks_change(local, utc):
    slot = local.astimezone(UTC)
    request = request_for(slot, now=slot - DAY)

    meeting = decided(request, Accept(slot), now=slot - DAY).meeting

    assert instant(meeting.scheduled_at) == utc
    assert meeting.ends_at - meeting.scheduled_at == HOUR
    assert f"{local:%H:%M}" in in_words(meeting.scheduled_at)


def test_an_expired_request_tells_its_client():
    request, said = expire(request_for(NOW + HOUR), PEOPLE, now=NOW + 2 * HOUR)

    assert request.status is RequestStatus.EXPIRED
    assert [notice.recipient_id for notice in said.notices] == [CLIENT]


def meeting(**changes):
    made = Meeting(
        id=uuid4(),
        client_id=CLIENT,
        operator_id=OPERATOR,
        title="MiKL – Alice",
        scheduled_at=NOW + HOUR,
        ends_at=NOW + 2 * HOUR,
        created_at=NOW,
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("started", "client", "operator", "outcome"),
    [
        (True, True, True, Outcome.HELD),
        (False, True, True, Outcome.UNKNOWN),
        (False, False, True, Outcome.CLIENT_ABSENT),
        (False, True, False, Outcome.OPERATOR_ABSENT),
        (False, False, False, Outcome.UNKNOWN),
    ],
)
def test_an_outcome_is_what_the_facts_say(started, client, operator, outcome):
    ended = meeting(
        started_at=NOW if started else None,
        client_seen_at=NOW if client else None,
        operator_seen_at=NOW if operator else None,
    )

    assert complete(ended, by="system", now=NOW)[0].outcome is outcome


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (MeetingStatus.IN_PROGRESS, MeetingStarted),
        (MeetingStatus.COMPLETED, MeetingOver),
        (MeetingStatus.CANCELLED, MeetingOver),
    ],
)
def test_only_a_scheduled_meeting_is_cancelled(status, refusal):
    with pytest.raises(refusal):
        cancel(
            meeting(status=status), PEOPLE, by="client", reason="Non", tells=("operator",), now=NOW
        )


def knock(status="waiting", renewed_at=NOW):
    return Knock(id=uuid4(), status=KnockStatus(status), since=NOW, renewed_at=renewed_at)


TRANSITIONS = {
    # knock before: what each signal makes of it, or why not
    None: {
        "client_waiting": "waiting",
        "client_left": None,
        "operator_joined": None,
        "entry_denied": NoOneWaiting,
        "back_to_lobby": NoOneWaiting,
        "remove": NoOneWaiting,
    },
    "waiting": {
        "client_waiting": "waiting",
        "client_left": "left",
        "operator_joined": "admitted",
        "entry_denied": "denied",
        "back_to_lobby": "waiting",
        "remove": "left",
    },
    "admitted": {
        "client_waiting": "admitted",
        "client_left": "left",
        "operator_joined": "admitted",
        "entry_denied": NoOneWaiting,
        "back_to_lobby": "waiting",
        "remove": "left",
    },
    "denied": {
        "client_waiting": "waiting",
        "client_left": "denied",
        "operator_joined": "denied",
        "entry_denied": NoOneWaiting,
        "back_to_lobby": NoOneWaiting,
        "remove": NoOneWaiting,
    },
    "left": {
        "client_waiting": "waiting",
        "client_left": "left",
        "operator_joined": "left",
        "entry_denied": NoOneWaiting,
        "back_to_lobby": NoOneWaiting,
        "remove": NoOneWaiting,
    },
}


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [(before, name, after) for before, row in TRANSITIONS.items() for name, after in row.items()],
)
def test_a_signal_moves_a_knock_along_its_states(before, name, after):
    lobby = Lobby(meeting(), before and knock(before), PEOPLE)

    if isinstance(after, type):
        with pytest.raises(after):
            signalled(lobby, name, None, rules=RULES, now=NOW)
        return
    moved = signalled(lobby, name, None, rules=RULES, now=NOW)
    assert (moved.knock and moved.knock.status.value) == after
    # Whoever changed something says so with a higher version; who did not says nothing.
    assert (moved.said is not None) == (moved.meeting.version > lobby.meeting.version)
    if before in ("denied", "left") and after == "waiting":
        assert moved.knock.id != lobby.knock.id


def test_nothing_but_operator_joined_lets_a_client_in():
    for before in TRANSITIONS:
        for name in TRANSITIONS[before]:
            lobby = Lobby(meeting(), before and knock(before), PEOPLE)
            try:
                moved = signalled(lobby, name, None, rules=RULES, now=NOW)
            except NoOneWaiting:
                continue
            if moved.admits(NOW) and not lobby.admits(NOW):
                assert name == "operator_joined"


@pytest.mark.parametrize("name", [*TRANSITIONS["waiting"], "meeting_ended"])
def test_a_meeting_that_is_over_takes_no_signal(name):
    for over in (
        meeting(status=MeetingStatus.CANCELLED),
        meeting(scheduled_at=NOW - 2 * HOUR, ends_at=NOW - 15 * MINUTE),
    ):
        with pytest.raises(MeetingOver):
            signalled(Lobby(over, knock(), PEOPLE), name, None, rules=RULES, now=NOW)


def test_a_lease_lasts_two_minutes():
    last = NOW + lobbies.LEASE

    assert knock().seen(last - timedelta(seconds=1)).status is KnockStatus.WAITING
    assert knock().seen(last).status is KnockStatus.LEFT
    assert knock("admitted").seen(last).status is KnockStatus.ADMITTED


def test_a_lobby_opens_and_closes_on_the_minute():
    rules = Rules(opens=10 * MINUTE, grace=15 * MINUTE)
    lobby = Lobby(meeting(), None, PEOPLE)
    opens, ends = lobby.meeting.scheduled_at - 10 * MINUTE, lobby.meeting.ends_at

    with pytest.raises(LobbyNotOpen):
        signalled(lobby, "client_waiting", None, rules=rules, now=opens - MINUTE)
    with pytest.raises(MeetingOver):
        signalled(lobby, "client_waiting", None, rules=rules, now=ends)
    for at in (opens, ends - MINUTE):
        assert signalled(lobby, "client_waiting", None, rules=rules, now=at).knock is not None


def test_ending_is_for_what_has_begun():
    lobby = Lobby(meeting(), None, PEOPLE)

    with pytest.raises(MeetingNotStarted):
        signalled(lobby, "meeting_ended", None, rules=RULES, now=NOW)
    ended = signalled(lobby, "meeting_ended", None, rules=RULES, now=NOW + HOUR)
    assert ended.meeting.status is MeetingStatus.COMPLETED


def test_who_may_enter_the_room():
    grace = RULES.grace
    for status in KnockStatus:
        lobby = Lobby(meeting(), knock(status.value), PEOPLE)
        let_in(lobby, is_client=False, grace=grace, now=NOW)
        if status is KnockStatus.ADMITTED:
            let_in(lobby, is_client=True, grace=grace, now=NOW)
        else:
            with pytest.raises(NotAdmitted):
                let_in(lobby, is_client=True, grace=grace, now=NOW)
    over = Lobby(meeting(status=MeetingStatus.COMPLETED), knock("admitted"), PEOPLE)
    with pytest.raises(MeetingOver):
        let_in(over, is_client=False, grace=grace, now=NOW)


@given(
    at=st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001 -- the zone is given
    id=st.uuids(),
)
def test_a_cursor_points_where_it_was_made(at, id):
    class Item:
        created_at = at

    Item.id = id

    page = Page.of([Item, Item], 1)

    assert page.items == [Item]
    assert position(page.next_cursor) == (at, id)


@given(st.text(max_size=200))
def test_any_other_text_is_no_cursor(text):
    with contextlib.suppress(InvalidFields):
        assert isinstance(position(text)[1], UUID)


def test_every_admission_that_ends_makes_its_tickets_stale():
    for name in ("back_to_lobby", "remove", "client_left"):
        lobby = Lobby(meeting(), knock("admitted"), PEOPLE)
        ended = signalled(lobby, name, None, rules=RULES, now=NOW)

        assert lobbies.identity(ended, "client") != lobbies.identity(lobby, "client")
        [order] = ended.said.orders
        assert order.identity == lobbies.identity(lobby, "client")


def test_time_alone_makes_tickets_stale_and_puts_nobody_out():
    lobby = Lobby(meeting(), knock("admitted"), PEOPLE)

    ended = lobbies.completed(lobby, by="system", now=NOW)

    assert ended.meeting.epoch == lobby.meeting.epoch + 1
    assert ended.said.orders == []


@pytest.mark.parametrize(
    ("client", "operator", "started", "outcome"),
    [
        (None, None, None, Outcome.UNKNOWN),
        (None, None, NOW, Outcome.HELD),
        (NOW, NOW, NOW, Outcome.HELD),
        (NOW, NOW, None, Outcome.HELD),
        (NOW, None, NOW, Outcome.OPERATOR_ABSENT),
        (None, NOW, NOW, Outcome.CLIENT_ABSENT),
    ],
)
def test_what_the_rooms_server_saw_counts_before_an_admission(client, operator, started, outcome):
    seen = meeting(client_joined_at=client, operator_joined_at=operator, started_at=started)

    assert complete(seen, by="system", now=NOW)[0].outcome is outcome


def test_an_arrival_is_told_of_elsewhere_on_the_second_and_once():
    lobby = Lobby(meeting(), None, PEOPLE)
    arrived = signalled(lobby, "client_waiting", None, rules=RULES, now=NOW)
    due = NOW + lobbies.PATIENCE
    there = replace(arrived, knock=replace(arrived.knock, renewed_at=due))

    assert lobbies.escalated(there, now=due - timedelta(seconds=1)) is None
    told = lobbies.escalated(there, now=due)
    assert [notice.type for notice in told.said.notices] == ["client_still_waiting"]
    assert lobbies.escalated(told, now=due + HOUR) is None


@pytest.mark.parametrize(
    ("factor", "limit"),
    [(1, Limit(10, MINUTE / 10)), (3, Limit(30, MINUTE / 30)), (0, None)],
)
def test_so_many_times_is_so_many_at_once_and_so_many_later(factor, limit):
    assert Limit(10, MINUTE / 10).times(factor) == limit

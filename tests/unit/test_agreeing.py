"""Every action in every state, and times that stay what they are whatever clocks do."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from visio.domain.decision import (
    ROUNDS,
    Accept,
    Calendar,
    Decline,
    Propose,
    Reject,
    Withdraw,
    answer,
    decide,
)
from visio.domain.events import People, in_words, instant
from visio.domain.meeting import Span
from visio.domain.refusals import (
    AlreadyDecided,
    InvalidFields,
    NothingProposed,
    SlotNotProposed,
    SlotPassed,
    SlotTaken,
)
from visio.domain.request import MeetingRequest, RequestStatus, ask, slot_state
from visio.domain.words import NOT_MAILED, REMINDERS, WORDS, Facts, worded

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PEOPLE = People(client_name="Alice", operator_name="MiKL")
ASKED, OFFERED = NOW + DAY, NOW + 2 * DAY
FREE = Calendar(busy=(), buffer=timedelta())
STATES = [status.value for status in RequestStatus]


def request_in(status, **changes):
    """A request in a state, as it may have come there."""
    past = {
        "accepted": {"selected_slot": ASKED, "meeting_id": uuid4()},
        "completed": {"selected_slot": ASKED, "meeting_id": uuid4()},
        "cancelled": {"selected_slot": ASKED, "meeting_id": uuid4()},
        "rejected": {"reason": "Une autre raison"},
        "countered": {"proposed_slots": (OFFERED,), "rounds": 1, "reason": "Plutôt ceci ?"},
        "withdrawn": {"reason": "Une autre raison"},
    }
    made = MeetingRequest(
        id=uuid4(),
        client_id=uuid4(),
        operator_id=uuid4(),
        requested_slots=(ASKED, ASKED + HOUR),
        status=RequestStatus(status),
        created_at=NOW - HOUR,
        updated_at=NOW - HOUR,
        **past.get(status, {}),
    )
    return replace(made, **changes)


def taken(request, action, calendar=FREE, now=NOW):
    act = decide if action[0] == "operator" else answer
    return act(request, action[1], PEOPLE, calendar, now=now)


ACTIONS = {
    "accept": ("operator", Accept(ASKED)),
    "reject": ("operator", Reject("Non")),
    "propose": ("operator", Propose((NOW + 3 * DAY,), None)),
    "client accepts": ("client", Accept(OFFERED)),
    "client declines": ("client", Decline("Rien ne va")),
    "client withdraws": ("client", Withdraw("Plus besoin")),
}
NO = AlreadyDecided
TABLE = {
    # what an action makes of each state, None where it changes nothing, or why it is refused
    "accept": {"pending": "accepted", "accepted": None},
    "reject": {"pending": "rejected"},
    "propose": {"pending": "countered", "countered": "countered"},
    "client accepts": {"pending": NothingProposed, "countered": "accepted"},
    "client declines": {"pending": NothingProposed, "countered": "withdrawn"},
    "client withdraws": {"pending": "withdrawn", "countered": "withdrawn"},
}
CELLS = [(action, state, TABLE[action].get(state, NO)) for action in ACTIONS for state in STATES]


@pytest.mark.parametrize(("action", "state", "becomes"), CELLS)
def test_every_action_in_every_state(action, state, becomes):
    request = request_in(state)

    if isinstance(becomes, type):
        with pytest.raises(becomes) as refused:
            taken(request, ACTIONS[action])
        assert refused.value.status == 409
        assert refused.value.details == [{"field": "status", "problem": state}]
        return
    decided = taken(request, ACTIONS[action])
    if becomes is None:
        assert decided is None
        return
    assert decided.request.status.value == becomes
    assert decided.request.version == request.version + 1
    assert decided.request.message == request.message
    assert (decided.meeting is not None) == (becomes == "accepted")
    first = decided.said.steps[0]
    side = ACTIONS[action][0]
    assert (first.subject, first.actor) == ("request", side)
    assert (first.from_status, first.to_status) == (state, becomes)
    [notice] = [notice for notice in decided.said.notices if notice.listed]
    assert notice.recipient_type != side
    unlisted = {n.type for n in decided.said.notices} - {notice.type}
    assert unlisted == ({"proposal_taken"} if action == "client accepts" else set())


@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_action_again_is_no_second_one(action):
    state = next(iter(s for s, then in TABLE[action].items() if isinstance(then, str)))
    state = "countered" if action.startswith("client") else state
    once = taken(request_in(state), ACTIONS[action]).request

    assert taken(once, ACTIONS[action], now=NOW + HOUR) is None


def test_there_are_three_rounds_of_offers():
    request = request_in("pending")
    for number in range(1, ROUNDS + 1):
        offer = ("operator", Propose((NOW + (2 + number) * DAY,), f"Offre {number}"))
        request = taken(request, offer).request
        assert (request.status.value, request.rounds) == ("countered", number)

    with pytest.raises(AlreadyDecided):
        taken(request, ("operator", Propose((NOW + 9 * DAY,), None)))
    assert request.reason == "Offre 3"
    assert request.last_slot_at == NOW + 5 * DAY


@pytest.mark.parametrize("slot", [NOW, NOW - MINUTE, NOW + 366 * DAY])
def test_an_offer_lies_ahead_within_a_year(slot):
    with pytest.raises(InvalidFields) as refused:
        taken(request_in("pending"), ("operator", Propose((NOW + DAY, slot), None)))

    assert [detail["field"] for detail in refused.value.details] == ["proposedSlots.1"]


def test_an_offer_of_a_taken_time_names_those_that_are_free():
    other = OFFERED + 3 * HOUR
    calendar = Calendar(busy=[Span(OFFERED, OFFERED + HOUR)], buffer=timedelta())

    with pytest.raises(SlotTaken) as refused:
        taken(request_in("pending"), ("operator", Propose((OFFERED, other), None)), calendar)
    assert refused.value.details == [{"field": "proposedSlots", "problem": instant(other)}]


def test_a_client_takes_only_what_is_offered_free_and_ahead():
    request = request_in("countered", proposed_slots=(OFFERED, OFFERED + 3 * HOUR))
    busy = Calendar(busy=[Span(OFFERED, OFFERED + HOUR)], buffer=timedelta())

    with pytest.raises(SlotNotProposed):
        taken(request, ("client", Accept(ASKED)))
    with pytest.raises(SlotPassed):
        taken(request, ("client", Accept(OFFERED)), now=OFFERED)
    with pytest.raises(SlotTaken) as refused:
        taken(request, ("client", Accept(OFFERED)), busy)
    free = [{"field": "proposedSlots", "problem": instant(OFFERED + 3 * HOUR)}]
    assert refused.value.details == free


@pytest.mark.parametrize(
    ("gap", "state"), [(-1, "taken"), (0, "taken"), (9, "taken"), (10, "free"), (60, "free")]
)
@pytest.mark.parametrize("before", [True, False])
def test_the_buffer_stands_on_both_sides_of_a_meeting(gap, state, before):
    request, buffer = request_in("pending"), 10 * MINUTE
    if before:  # a meeting ends `gap` minutes before the slot; its span holds its own rest
        busy = Span(ASKED - 2 * HOUR, ASKED - gap * MINUTE + buffer)
    else:
        busy = Span(ASKED + HOUR + gap * MINUTE, ASKED + 3 * HOUR)

    assert slot_state(request, ASKED, busy=[busy], buffer=buffer, now=NOW) == state


def asked(*slots, now=NOW, notice=timedelta()):
    request, _ = ask(
        slots,
        client_id=uuid4(),
        client_name="Alice",
        operator_id=uuid4(),
        message=None,
        duration_minutes=60,
        notice=notice,
        now=now,
    )
    return request


def test_a_request_gives_the_notice_that_the_operator_wants():
    assert asked(NOW + 2 * HOUR, notice=2 * HOUR).requested_slots == (NOW + 2 * HOUR,)

    with pytest.raises(InvalidFields) as refused:
        asked(NOW + DAY, NOW + 2 * HOUR - MINUTE, notice=2 * HOUR)
    problem = {"field": "requestedSlots.1", "problem": "must lie at least 120 minutes ahead"}
    assert refused.value.details == [problem]


def test_the_operator_is_reminded_at_half_time_to_the_first_slot():
    assert asked(NOW + 4 * DAY, NOW + 2 * DAY).remind_at == NOW + DAY


ZONES = ["Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
# Nights on which Paris changes its clocks, and the turn of the year.
EDGES = [
    datetime(2027, 3, 28, 1, tzinfo=UTC),
    datetime(2027, 10, 31, 1, tzinfo=UTC),
    datetime(2026, 12, 31, 23, tzinfo=UTC),
]
near_an_edge = st.builds(
    lambda edge, minutes: edge + minutes * MINUTE,
    st.sampled_from(EDGES),
    st.integers(-36 * 60, 36 * 60),
)


@given(slot=near_an_edge, lead=st.integers(1, 300), zone=st.sampled_from(ZONES))
def test_an_instant_stays_the_same_instant_from_the_question_to_the_meeting(slot, lead, zone):
    now = slot - timedelta(days=lead)
    local = slot.astimezone(ZoneInfo(zone))

    request = asked(local.astimezone(UTC), now=now)
    meeting = decide(request, Accept(slot), PEOPLE, FREE, now=now).meeting

    assert meeting.scheduled_at == local.astimezone(UTC) == slot
    assert meeting.ends_at - meeting.scheduled_at == HOUR
    assert datetime.fromisoformat(instant(meeting.scheduled_at)) == slot
    assert instant(local) == instant(slot)
    # In the hour that comes twice the offset follows the zone.
    assert f"{local:%d/%m/%Y à %H:%M} ({zone}" in in_words(slot, zone)


@given(slot=near_an_edge, minutes=st.integers(1, 600), length=st.integers(15, 240))
def test_overlaps_are_of_instants_and_not_of_what_clocks_show(slot, minutes, length):
    first = replace(asked(slot, now=slot - DAY), duration_minutes=length)
    later = slot + minutes * MINUTE
    busy = [first.span(slot)]

    state = slot_state(first, later, busy=busy, buffer=timedelta(), now=slot - DAY)

    assert state == ("taken" if minutes < length else "free")


def test_a_zone_nobody_knows_is_read_in_paris():
    slot = datetime(2027, 1, 4, 9, tzinfo=UTC)

    for zone in ("Mars/Olympus", "", "../etc/passwd", "Europe/Pari\0s"):
        assert in_words(slot, zone) == "le 04/01/2027 à 10:00 (Europe/Paris)"


@pytest.mark.parametrize("type", WORDS)
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_everything_is_said_in_both_languages(type, locale):
    facts = Facts(name="{slot}", slot=NOW, slots=(NOW, NOW + HOUR), quote="{x}")

    words = worded(type, facts, locale, lambda at: instant(at))

    assert words.title
    assert not words.sentence.endswith(".")
    other = WORDS[type]["en" if locale == "fr" else "fr"]
    assert other.title != words.title
    assert REMINDERS.isdisjoint(NOT_MAILED)

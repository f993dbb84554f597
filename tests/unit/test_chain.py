"""What a chain comes to depends on what was told, never on the order in which it was."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import decode, encode
from msgspec.structs import replace

from tests.calcom import Booking, again
from tests.functions.test_bookings import STORIES
from visio.domain.appointment import Phase
from visio.domain.booking import CalcomEvent, Series, Told
from visio.domain.chain import appointments


def told(body):
    one = CalcomEvent.read(json.dumps(body).encode()).told
    assert one is not None
    return one


@pytest.mark.parametrize("story", STORIES)
def test_every_order_comes_to_the_same(story):
    bodies = STORIES[story](Booking())
    expected = appointments([told(body) for body in bodies])

    @given(st.permutations(bodies), st.lists(st.sampled_from(bodies), max_size=5))
    def check(order, copies):
        assert appointments([told(body) for body in [*order, *copies]]) == expected

    check()


PHASES = {
    "asked and confirmed": [Phase.CONFIRMED],
    "asked and rejected": [Phase.REJECTED],
    "booked and rejected": [Phase.REJECTED],
    "asked, confirmed, cancelled": [Phase.CANCELLED],
    "asked and cancelled": [Phase.CANCELLED],
    "booked and moved": [Phase.CONFIRMED],
    "moved twice, cancelled": [Phase.CANCELLED],
    "sent back, booked anew": [Phase.CANCELLED, Phase.CONFIRMED],
    "a move asked for and confirmed": [Phase.CANCELLED, Phase.CONFIRMED],
    "a move asked for and refused": [Phase.CANCELLED, Phase.REJECTED],
    "paid": [Phase.CONFIRMED],
    "seats": [Phase.CANCELLED],
}


def test_each_story_ends_as_it_should():
    ends = {
        name: [a.phase for a in appointments([told(body) for body in story(Booking())])]
        for name, story in STORIES.items()
    }

    assert ends == PHASES


def test_a_beginning_ends_nowhere_else():
    """Every prefix of a story is a state of its own that the rest of it builds on."""
    booking = Booking()
    moved = booking.moved(5)
    told_so_far = [told(booking.requested()), told(booking.confirmed()), told(moved.rescheduled())]

    phases = [[(a.head, a.phase) for a in appointments(told_so_far[:n])] for n in range(1, 4)]

    assert phases == [
        [(booking.uid, Phase.REQUESTED)],
        [(booking.uid, Phase.CONFIRMED)],
        [(moved.uid, Phase.CONFIRMED)],
    ]


def test_bookings_that_move_one_another_in_a_circle_come_to_an_end():
    one = Booking()
    two = one.moved(4)
    circle = [
        told(two.rescheduled()),
        replace(told(two.rescheduled()), uid=one.uid, replaces=two.uid),
    ]

    assert [a.phase for a in appointments(circle)] == [Phase.CONFIRMED]


def test_what_an_event_tells_survives_being_stored():
    rule = {"freq": 2, "count": 3, "interval": 1}
    for body in (
        Booking().created(recurringEvent=rule),
        Booking().no_show(),
        again(Booking().paid()),
    ):
        one = told(body)
        assert decode(encode(one), type=Told) == one


AT = datetime(2027, 3, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "interval", "days", "hours", "reached"),
    [
        (2, 1, 7, -1, True),  # a week on, at ten in Paris as before: an hour less in UTC
        (2, 1, 7, 0, False),
        (2, 1, 3, 0, False),
        (2, 2, 7, -1, False),
        (2, 2, 14, -1, True),
        (3, 1, 1, 0, True),
        (3, 2, 1, 0, False),
        (1, 1, 31, -1, True),
        (1, 1, 30, -1, False),
        (0, 1, 366, 0, True),
        (0, 1, 365, 0, False),
        (2, 1, -7, 0, False),
        (2, 1, 0, 0, False),
    ],
)
def test_a_series_follows_its_rule_by_the_clock_of_its_zone(
    frequency, interval, days, hours, reached
):
    series = Series(key="x", frequency=frequency, interval=interval, time_zone="Europe/Paris")

    assert series.reaches(AT, AT + timedelta(days=days, hours=hours)) is reached

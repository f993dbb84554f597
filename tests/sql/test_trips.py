"""Two round trips for whatever writes, one for whatever reads, counted at the socket."""

import os
from unittest.mock import patch

import pytest

from bench import trips
from bench.world import world
from visio import bootstrap, settings

# They read, or they write without having to read.
ONCE = {
    *("booking-link", "calendar-feed", "calendar-file", "join-meeting", "list-clients"),
    *("list-meetings", "list-notifications", "list-quarantine", "list-requests", "lobby-state"),
    *("mail-preferences", "waiting-room", "who-am-i", "relay-signal"),
}


@pytest.fixture
def counted(environment):
    # A caller of the bench's leaves its functions' environment behind.
    with patch.dict(os.environ), world() as made:
        yield trips.count(made)
    settings.forget()
    bootstrap.forget()


@pytest.mark.xdist_group("trips")
def test_no_answer_waits_for_more_trips_than_it_must(counted):
    waited = counted["waitedFor"]

    assert waited == {action: 1 if action in ONCE else 2 for action in waited}
    assert set(counted["leftBehind"].values()) == {0, 1}
    assert waited.keys() >= ONCE

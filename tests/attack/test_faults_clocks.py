"""Both nights on which Paris changes its clocks, played from the request to the end of the meeting:
an instant stays the instant it was, whoever says it and in whatever words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject

from tests.attack.invariants import broken
from tests.conftest import ON_ONE_SERVER, at
from tests.world import ALICE, BRUNO, MIKL
from visio.adapters.letters import spoken
from visio.bootstrap import app
from visio.call import Call
from visio.flows.complete_meetings import complete_meetings

pytestmark = ON_ONE_SERVER

PARIS = ZoneInfo("Europe/Paris")
QUARTER = timedelta(minutes=15)
GRACE = timedelta(minutes=15)
# The hour that does not come, and the hour that comes twice, with what lies around them.
NIGHTS = {"spring": datetime(2027, 3, 28, 0, 0, tzinfo=UTC)}
NIGHTS["autumn"] = datetime(2027, 10, 31, 0, 0, tzinfo=UTC)


def quarters(night):
    return [NIGHTS[night] + n * QUARTER for n in range(12)]


@pytest.fixture
def agreed(call, environment):
    """A meeting at an instant that a client in Paris wrote with the offset of that instant."""
    environment.setenv("RATE_LIMIT_FACTOR", "0")
    environment.setenv("MAX_OPEN_REQUESTS", "0")

    def agreed(start, client=ALICE, minutes=15):
        written = start.astimezone(PARIS).isoformat()
        body = {"requestedSlots": [written], "durationMinutes": minutes}
        request = call("request-meeting", body, client)
        assert request.status_code == 201, request.text
        # The operator says the same instant from elsewhere.
        slot = start.astimezone(ZoneInfo("America/New_York")).isoformat()
        body = {"requestId": request.json["data"]["id"], "decision": "accept", "selectedSlot": slot}
        return call("decide-request", body, MIKL)

    return agreed


@pytest.mark.parametrize("night", NIGHTS)
def test_each_quarter_of_an_hour_is_one_meeting_and_none_overlaps(
    night, call, agreed, rows, database, tally
):
    starts = quarters(night)
    made = [agreed(start) for start in starts]

    assert [answer.status_code for answer in made] == [200] * 12
    # Whoever takes a local clock for an instant sees a free hour, or an overlap, that is none.
    taken = [agreed(start + timedelta(minutes=5), BRUNO) for start in starts]
    assert [answer.status_code for answer in taken] == [409] * 12
    listed = call("list-meetings", {"limit": "100"}, ALICE).json["data"]["items"]
    assert {meeting["scheduledAt"] for meeting in listed} == {
        start.isoformat().replace("+00:00", "Z") for start in starts
    }
    lengths = rows("select distinct ends_at - scheduled_at from meetings")
    assert lengths == [QUARTER]
    assert broken(database.admin) == []
    tally("quarters of an hour around a change of clocks", 24)


@pytest.mark.parametrize("night", NIGHTS)
def test_what_people_and_calendars_read_tells_every_instant_from_every_other(
    night, call, agreed, rows, tally
):
    starts, read = quarters(night), []
    for start in starts:
        meeting = agreed(start).json["data"]["meetingId"]
        file = call("calendar-file", {"meetingId": meeting}, ALICE)
        event = vobject.readOne(file.text).vevent
        read.append((event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC)))
    told = rows("select body from notifications where recipient_type = 'client'")
    written = [spoken(start, "Europe/Paris", "fr") for start in starts]

    assert read == [(start, start + QUARTER) for start in starts]
    assert len(set(told)) == len(set(written)) == len(starts)
    for start, mail in zip(starts, written, strict=True):
        clock = f"{start.astimezone(PARIS):%H:%M}"
        assert clock in mail
        assert [note for note in told if clock in note]
    tally("instants read back from calendars, notices and e-mails", 3 * len(starts))


@pytest.mark.parametrize("night", NIGHTS)
def test_a_sweep_every_five_minutes_of_the_night_does_each_thing_in_its_minute(
    night, call, agreed, rows, remote, tally
):
    starts = quarters(night)
    for start in starts:
        assert agreed(start).status_code == 200
    rows("update meetings set created_at = created_at - interval '3 days'")
    hopeless = call("request-meeting", {"requestedSlots": [starts[5].isoformat()]}, BRUNO)
    assert hopeless.status_code == 201
    now, completed, reminded, expired = starts[0] - timedelta(hours=1), {}, {}, {}
    while now <= starts[-1] + timedelta(hours=1):
        complete_meetings(
            Call("complete_meetings", "x", now), app().database, app().bus, grace=GRACE
        )
        for start in rows("select scheduled_at from meetings where status = 'completed'"):
            completed.setdefault(start.astimezone(UTC), now)
        for start in rows(
            "select scheduled_at from meetings where reminded_quarter_at is not null"
        ):
            reminded.setdefault(start.astimezone(UTC), now)
        for _ in rows("select id from meeting_requests where status = 'expired'"):
            expired.setdefault(starts[5], now)
        now += timedelta(minutes=5)

    assert completed == {start: start + QUARTER + GRACE for start in starts}
    assert reminded == {start: start - QUARTER for start in starts}
    assert expired == {starts[5]: starts[5]}
    tally("meetings reminded of, completed and expired in their minute", 2 * len(starts) + 1)


@pytest.mark.parametrize("night", NIGHTS)
def test_an_hour_that_has_no_offset_is_refused_and_one_that_never_comes_is_what_its_offset_says(
    night, call, environment, tally
):
    day = NIGHTS[night].date().isoformat()
    naive = call("request-meeting", {"requestedSlots": [f"{day}T02:30:00"]}, ALICE)
    both = [f"{day}T02:30:00+01:00", f"{day}T02:30:00+02:00"]
    twice = call("request-meeting", {"requestedSlots": both}, ALICE)
    same = [f"{day}T02:30:00+01:00", f"{day}T01:30:00Z", at(1)]
    once = call("request-meeting", {"requestedSlots": same}, ALICE)

    assert naive.status_code == 422
    assert twice.json["data"]["requestedSlots"] == [f"{day}T01:30:00Z", f"{day}T00:30:00Z"]
    assert once.status_code == 422  # the same instant twice, in two ways of writing it
    tally("ways of writing 02:30", 3)

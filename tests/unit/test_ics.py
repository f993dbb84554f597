"""Calendar files, read back with a library that did not write them."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from visio.adapters import ics
from visio.adapters.agenda import Event
from visio.domain.events import People
from visio.domain.meeting import Meeting, MeetingStatus, cancel

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE = People(client_name="Alice « Été » ; Cie, 🦊", operator_name='MiKL "le" consultant')
PAGE = "https://app.foxeo.example/client/#meeting-x"


def event(start=NOW + timedelta(days=7), length=HOUR, **changes):
    meeting = Meeting(
        id=UUID("12345678-1234-4234-8234-123456789abc"),
        client_id=uuid4(),
        operator_id=uuid4(),
        title=PEOPLE.title,
        scheduled_at=start,
        ends_at=start + length,
        created_at=NOW,
    )
    return Event(
        replace(meeting, **changes), PEOPLE, "alice@client.example", "mikl@foxeo.example", NOW
    )


def read(content):
    # Under a name that no list of zones has, only what the file says of its zone can be read.
    return vobject.readOne(content.decode().replace("Europe/Paris", "Of-This/File"))


def of(made, reader="client"):
    return read(written(made, reader))


def written(made, reader="client"):
    return ics.invitation(made, PAGE, reader=reader, now=NOW)


def test_a_meeting_is_an_invitation():
    calendar = of(event())
    [vevent] = calendar.vevent_list

    assert calendar.method.value == "REQUEST"
    assert calendar.version.value == "2.0"
    assert vevent.uid.value == "12345678-1234-4234-8234-123456789abc@visio.foxeo"
    assert vevent.sequence.value == "0"
    assert vevent.summary.value == PEOPLE.title
    assert vevent.organizer.value == "mailto:mikl@foxeo.example"
    assert vevent.attendee.value == "mailto:alice@client.example"
    assert vevent.status.value == "CONFIRMED"
    assert vevent.url.value == PAGE
    assert vevent.dtstart.value == NOW + timedelta(days=7)
    assert vevent.dtend.value - vevent.dtstart.value == HOUR
    assert b"DTSTART;TZID=Europe/Paris:20261201T090000\r\n" in written(event())
    assert vevent.dtstamp.value == NOW


def test_a_cancellation_takes_it_out_with_a_higher_sequence_and_the_same_name():
    first = event()
    cancelled, _ = cancel(
        first.meeting, PEOPLE, by="client", reason="Non", tells=("operator",), now=NOW
    )

    calendar = of(replace(first, meeting=cancelled))

    assert calendar.method.value == "CANCEL"
    assert calendar.vevent.status.value == "CANCELLED"
    assert calendar.vevent.sequence.value == "1"
    assert calendar.vevent.uid.value == of(first).vevent.uid.value


@pytest.mark.parametrize(
    ("status", "said"),
    [(MeetingStatus.SCHEDULED, "CONFIRMED"), (MeetingStatus.CANCELLED, "CANCELLED")],
)
def test_who_organises_a_meeting_is_told_of_it_and_not_invited(status, said):
    made = event(status=status, ical_sequence=3)

    calendar = of(made, "operator")

    assert calendar.method.value == "PUBLISH"
    assert "attendee" not in calendar.vevent.contents
    assert calendar.vevent.organizer.value == "mailto:mikl@foxeo.example"
    assert calendar.vevent.status.value == said
    for name in ("uid", "sequence", "dtstart", "dtend", "summary"):
        [ours], [theirs] = (c.vevent.contents[name] for c in (calendar, of(made)))
        assert ours.value == theirs.value


def test_a_booking_keeps_the_name_that_calcom_gave_it():
    calendar = of(event(ical_uid="3sQ7rVb2@Cal.com", ical_sequence=2))

    assert calendar.vevent.uid.value == "3sQ7rVb2@Cal.com"
    assert calendar.vevent.sequence.value == "2"


@pytest.mark.parametrize(
    ("utc", "clock"),
    [
        # An hour before, at and after each change of Paris's clocks.
        ("2027-03-28T00:30Z", "20270328T013000"),
        ("2027-03-28T01:00Z", "20270328T030000"),
        ("2027-03-28T01:30Z", "20270328T033000"),
        ("2027-10-30T23:30Z", "20271031T013000"),
        ("2027-10-31T00:30Z", "20271031T023000"),
        ("2027-10-31T01:30Z", "20271031T013000Z"),  # the second 02:30 has no name in Paris
        ("2027-10-31T02:00Z", "20271031T030000"),
        ("2026-12-31T23:30Z", "20270101T003000"),
    ],
)
def test_both_nights_on_which_clocks_change(utc, clock):
    start = datetime.fromisoformat(utc)
    content = written(event(start, timedelta(minutes=15)))

    assert f":{clock}\r\n" in content.decode()
    assert read(content).vevent.dtstart.value.astimezone(UTC) == start


@given(
    start=st.datetimes(
        min_value=datetime(2026, 1, 1),  # noqa: DTZ001 -- the zone is given
        max_value=datetime(2036, 12, 31),  # noqa: DTZ001 -- as above
        timezones=st.just(UTC),
    ).map(lambda at: at.replace(second=0, microsecond=0)),
    minutes=st.integers(15, 240),
)
def test_the_time_zone_is_right_on_every_day_of_ten_years(start, minutes):
    length = timedelta(minutes=minutes)

    vevent = of(event(start, length)).vevent

    assert vevent.dtstart.value.astimezone(UTC) == start
    assert vevent.dtend.value.astimezone(UTC) == start + length


def test_each_change_of_clocks_begins_at_the_very_instant():
    content = written(event()).decode()
    zone = vobject.readOne(content, transform=False).vtimezone
    paris = ZoneInfo("Europe/Paris")

    for part in (zone.daylight, zone.standard):
        # RFC 5545: an onset is written in the local time that holds until then.
        first = datetime.strptime(part.dtstart.value, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        before = timedelta(hours=int(part.tzoffsetfrom.value) // 100)
        after = timedelta(hours=int(part.tzoffsetto.value) // 100)
        for local in islice(rrulestr(part.rrule.value, dtstart=first), 50):
            onset = local - before
            assert (onset - timedelta(seconds=1)).astimezone(paris).utcoffset() == before
            assert onset.astimezone(paris).utcoffset() == after


def test_a_feed_publishes_every_meeting_and_the_cancelled_ones_as_such():
    kept, gone = event(), event(id=uuid4(), status=MeetingStatus.CANCELLED)

    calendar = read(ics.feed([kept, gone], lambda _: PAGE, now=NOW))

    assert calendar.method.value == "PUBLISH"
    assert [e.status.value for e in calendar.vevent_list] == ["CONFIRMED", "CANCELLED"]
    assert not any("attendee" in e.contents for e in calendar.vevent_list)
    assert len(calendar.vtimezone_list) == 1


def test_an_empty_feed_is_a_calendar_all_the_same():
    assert read(ics.feed([], lambda _: PAGE, now=NOW)).method.value == "PUBLISH"


def test_lines_are_folded_and_hold_no_injected_line():
    made = replace(event(title="Titre\r\nATTENDEE:mailto:eve@evil.example " + "é" * 200))

    content = written(made)

    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert len(read(content).vevent.attendee_list) == 1

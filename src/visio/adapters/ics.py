"""Meetings as iCalendar (RFC 5545, RFC 5546): one file for one meeting, or a feed of many.

Imported where a calendar is written, by nobody else: the library takes 70 ms.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import (
    Calendar,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vRecur,
    vText,
)

from visio.adapters import agenda
from visio.domain.events import Side
from visio.domain.meeting import Meeting, MeetingStatus

PARIS = ZoneInfo("Europe/Paris")
PRODUCT = "-//Foxeo//visio//FR"
REFRESH = timedelta(hours=1)


def uid(meeting: Meeting) -> str:
    """Under which name calendars know a meeting, for life."""
    return meeting.ical_uid or f"{meeting.id}@visio.foxeo"


def method(meeting: Meeting, reader: Side) -> str:
    """What a calendar is asked to do with a meeting: the client's to keep it, or to take it out.

    The operator's is told of it and asked nothing: who organises a meeting is not invited to it,
    and Outlook looks for one of theirs to which such an invitation would be an answer.
    """
    if reader == "operator":
        return "PUBLISH"
    return "CANCEL" if meeting.status is MeetingStatus.CANCELLED else "REQUEST"


def invitation(event: agenda.Event, page: str, *, reader: Side, now: datetime) -> bytes:
    """One meeting for one person's calendar; `page` is where that person finds it."""
    asked = method(event.meeting, reader)
    calendar = _calendar(asked)
    calendar.add_component(_event(event, page, now, invited=asked != "PUBLISH"))
    return bytes(calendar.to_ical())


def feed(events: Iterable[agenda.Event], page: Callable[[Meeting], str], *, now: datetime) -> bytes:
    """Many meetings for a calendar program that subscribes, the cancelled ones as such."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", "Foxeo visio")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for event in events:
        calendar.add_component(_event(event, page(event.meeting), now, invited=False))
    return bytes(calendar.to_ical())


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(_paris())
    return calendar


def _event(event: agenda.Event, page: str, now: datetime, *, invited: bool) -> Event:
    meeting, people = event.meeting, event.people
    cancelled = meeting.status is MeetingStatus.CANCELLED
    made = Event()
    made.add("uid", uid(meeting))
    made.add("sequence", meeting.ical_sequence)
    made.add("dtstamp", now.astimezone(UTC))
    made.add("created", meeting.created_at.astimezone(UTC))
    made.add("last-modified", event.changed_at.astimezone(UTC))
    for name, at in _times(meeting):
        made.add(name, at)
    made.add("summary", meeting.title)
    made.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    made.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    made.add("url", page)
    made.add("organizer", _address(event.operator_email, people.operator_name))
    if invited:  # what is published names nobody who is (RFC 5546, 3.2.1)
        attendee = _address(event.client_email, people.client_name)
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("ACCEPTED")
        made.add("attendee", attendee)
    return made


def _times(meeting: Meeting) -> list[tuple[str, datetime]]:
    """Paris time; UTC where Paris has that hour twice, since there it means the first one."""
    times = [("dtstart", meeting.scheduled_at), ("dtend", meeting.ends_at)]
    local = [(name, at.astimezone(PARIS)) for name, at in times]
    if any(at.fold for _, at in local):
        return [(name, at.astimezone(UTC)) for name, at in times]
    return local


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = vText(name)
    return address


def _paris() -> Timezone:
    """Europe/Paris since 1996, by its rule (directive 2000/84/EC).

    Not the library's own: that one lets summer begin at 03:00 of winter time, an hour late.
    """
    zone = Timezone()
    zone.add("tzid", "Europe/Paris")
    summer, winter = timedelta(hours=2), timedelta(hours=1)
    for made, name, begins, month, before, after in (
        (TimezoneDaylight(), "CEST", datetime(1996, 3, 31, 2), 3, winter, summer),  # noqa: DTZ001 -- RFC 5545 wants local time here
        (TimezoneStandard(), "CET", datetime(1996, 10, 27, 3), 10, summer, winter),  # noqa: DTZ001 -- as above
    ):
        made.add("tzname", name)
        made.add("dtstart", begins)
        made.add("rrule", vRecur(freq="YEARLY", bymonth=month, byday="-1SU"))
        made.add("tzoffsetfrom", before)
        made.add("tzoffsetto", after)
        zone.add_component(made)
    return zone

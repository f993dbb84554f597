"""The whole life of a Cal.com booking: every trigger, any order, any number of times."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from tests.calcom import SHAPES, Booking, again, now, z
from tests.conftest import ON_ONE_SERVER
from tests.world import ALICE, BRUNO, MIKL

# -- each trigger changes the right thing


def test_a_request_waits_for_the_operator_in_his_own_list(tell, linked, requests, notes):
    booking = linked()

    assert tell(booking.requested(additionalNotes="J’ai « deux » questions.")) == "created"

    [request] = requests(MIKL)
    assert (request["status"], request["source"]) == ("pending", "calcom")
    assert request["requestedSlots"] == [z(booking.start)]
    assert (request["durationMinutes"], request["meetingId"]) == (30, None)
    assert [step["message"] for step in request["history"]] == ["J’ai « deux » questions."]
    assert notes(MIKL) == ["request_created"]


def test_a_confirmation_that_lost_the_link_finds_its_client(
    tell, linked, requests, meetings, notes
):
    booking = linked()
    tell(booking.requested())

    assert tell(booking.confirmed()) == "created"

    [request], [meeting] = requests(), meetings()
    assert (request["status"], request["selectedSlot"]) == ("accepted", z(booking.start))
    assert (meeting["status"], meeting["id"]) == ("scheduled", request["meetingId"])
    assert notes(ALICE) == ["request_accepted"]
    assert [(s["by"], s["action"]) for s in request["history"]] == [
        ("calcom", "ask"),
        ("calcom", "accept"),
    ]


@pytest.mark.parametrize("reason", ["Créneau déjà pris, désolé.", None])
def test_a_rejection_rejects_with_its_reason(tell, linked, requests, meetings, notes, reason):
    booking = linked()
    tell(booking.requested())

    assert tell(booking.rejected(reason)) == "updated"

    [request] = requests()
    assert (request["status"], request["reason"]) == ("rejected", reason)
    assert meetings() == []
    assert notes(ALICE) == ["request_rejected"]


def test_a_move_moves_the_same_meeting(tell, linked, requests, meetings, notes, remote, rows):
    booking = linked()
    tell(booking.created())
    [before] = meetings()
    rows("update meetings set reminded_day_at = now(), reminded_quarter_at = now()")
    later = booking.moved(5)

    assert tell(later.rescheduled()) == "updated"

    [meeting], [request] = meetings(), requests()
    assert (meeting["id"], meeting["scheduledAt"]) == (before["id"], z(later.start))
    assert (request["status"], request["selectedSlot"]) == ("accepted", z(later.start))
    assert request["requestedSlots"] == [z(later.start)]
    assert "meeting_rescheduled" in [heard["event"] for heard in remote.published]
    # Alice did it herself: only the operator has to be told.
    assert (notes(ALICE), notes(MIKL)) == (["meeting_booked"], ["booking_moved"])
    assert rows("select ical_uid, ical_sequence from meetings") == [(booking.ical, 1)]
    assert rows("select reminded_day_at, reminded_quarter_at from meetings") == [(None, None)]


def test_who_hears_of_a_move_when_a_reminder_would_have_come_gets_none(tell, linked, rows, sweep):
    booking = linked(days=5)
    tell(booking.created())
    rows("update meetings set created_at = now() - interval '10 days'")

    tell(booking.moved(0.3).rescheduled())

    assert sweep()["reminded"] == 0
    assert rows("select reminded_quarter_at from meetings") == [None]


def test_moves_are_followed_however_many_there_are(tell, linked, meetings):
    first = linked()
    second = first.moved(4)
    third = second.moved(5)
    fourth = third.moved(6)
    for body in (first.created(), second.rescheduled(), third.rescheduled(), fourth.rescheduled()):
        tell(body)

    assert tell(fourth.cancelled()) == "cancelled"

    [meeting] = meetings()
    assert (meeting["status"], meeting["scheduledAt"]) == ("cancelled", z(fourth.start))


def test_a_move_that_must_be_confirmed_gives_the_old_time_up(tell, linked, requests, meetings):
    booking = linked()
    tell(booking.created())
    later = booking.moved(5)

    assert tell(later.asked_to_move()) == "created"

    newest, oldest = requests()
    assert (oldest["status"], newest["status"]) == ("cancelled", "pending")
    assert newest["requestedSlots"] == [z(later.start)]
    assert [m["status"] for m in meetings()] == ["cancelled"]
    assert tell(later.confirmed()) == "created"
    assert sorted((m["status"], m["scheduledAt"]) for m in meetings()) == [
        ("cancelled", z(booking.start)),
        ("scheduled", z(later.start)),
    ]


def test_a_move_that_is_refused_leaves_nothing(tell, linked, requests, meetings):
    booking = linked()
    later = booking.moved(5)
    for body in (booking.created(), later.asked_to_move(), later.rejected()):
        tell(body)

    assert sorted(r["status"] for r in requests()) == ["cancelled", "rejected"]
    assert [m["status"] for m in meetings()] == ["cancelled"]


def test_a_request_that_is_moved_is_still_one_request(tell, linked, requests):
    booking = linked()
    later = booking.moved(5)
    tell(booking.requested())

    assert tell(later.asked_to_move()) == "updated"

    [request] = requests()
    assert (request["status"], request["requestedSlots"]) == ("pending", [z(later.start)])


def test_the_reminder_of_a_request_moves_with_it(tell, linked, rows):
    booking = linked(days=10)
    tell(booking.requested())
    rows("update meeting_requests set remind_at = null")  # once reminded

    tell(booking.moved(2).asked_to_move())

    halfway = """select abs(extract(epoch from
                   remind_at - (updated_at + (last_slot_at - updated_at) / 2))) < 1
                   from meeting_requests"""
    assert rows(halfway) == [True]


@pytest.mark.parametrize(
    ("by", "client", "operator"),
    [
        ("alice@client.example", ["meeting_booked"], ["booking_cancelled"]),
        ("mikl@foxeo.example", ["booking_cancelled", "meeting_booked"], []),
        (None, ["booking_cancelled", "meeting_booked"], ["booking_cancelled"]),
    ],
    ids=["the client", "the host", "nobody says"],
)
def test_a_cancellation_is_told_to_who_does_not_know(
    tell, linked, meetings, requests, notes, by, client, operator
):
    booking = linked()
    tell(booking.created())

    assert tell(booking.cancelled(cancelledBy=by)) == "cancelled"

    [meeting], [request] = meetings(), requests()
    assert (meeting["status"], meeting["cancelReason"]) == ("cancelled", "Un empêchement")
    assert request["status"] == "cancelled"
    assert (notes(ALICE), notes(MIKL)) == (client, operator)


def test_a_cancellation_without_a_reason_has_one_all_the_same(tell, linked, meetings):
    booking = linked()
    tell(booking.created())
    tell(booking.cancelled(None))

    assert meetings()[0]["cancelReason"] == "Annulé dans Cal.com"


def test_a_request_is_called_off_before_anybody_decided(tell, linked, requests, notes):
    booking = linked()
    tell(booking.requested())

    assert tell(booking.cancelled()) == "cancelled"

    assert requests()[0]["status"] == "cancelled"
    assert notes(MIKL) == ["booking_cancelled", "request_created"]


def test_another_time_that_the_host_asked_for_is_a_new_meeting(tell, linked, meetings, requests):
    booking = linked()
    later = booking.moved(6)
    tell(booking.created())

    assert tell(booking.sent_back()) == "cancelled"
    assert tell(later.rescheduled()) == "created"

    assert sorted((m["status"], m["scheduledAt"]) for m in meetings()) == [
        ("cancelled", z(booking.start)),
        ("scheduled", z(later.start)),
    ]
    assert sorted(r["status"] for r in requests()) == ["accepted", "cancelled"]


def test_a_calendar_is_shown_the_live_meeting_of_a_name(tell, linked, call, rows):
    booking = linked()
    later = booking.moved(6)
    for body in (booking.created(), booking.sent_back(), later.rescheduled()):
        tell(body)
    feed = call("calendar-link", {}, ALICE).json["data"]["url"]
    token = parse_qs(urlsplit(feed).query)["token"][0]

    shown = call("calendar-feed", {"token": token}).get_data(as_text=True)

    assert shown.replace("\r\n ", "").count(f"UID:{booking.ical}") == 1
    assert "STATUS:CONFIRMED" in shown
    first, second = rows("select ical_sequence from meetings order by created_at")
    assert second > first


def test_an_unpaid_booking_is_no_meeting_yet(tell, linked, requests, meetings):
    booking = linked()

    assert tell(booking.payment_initiated()) == "created"
    assert [r["status"] for r in requests()] == ["pending"]
    assert meetings() == []
    assert tell(booking.paid()) == "ignored"
    assert tell(booking.confirmed()) == "created"
    assert [m["status"] for m in meetings()] == ["scheduled"]


def test_a_paid_booking_that_must_be_confirmed_waits(tell, linked, requests):
    booking = linked()
    tell(booking.payment_initiated())
    tell(booking.paid())
    body = booking.requested()
    del body["payload"]["metadata"]

    assert tell(body) == "ignored"
    assert [r["status"] for r in requests()] == ["pending"]


@pytest.mark.parametrize("enveloped", [False, True])
@pytest.mark.parametrize("trigger", ["MEETING_STARTED", "MEETING_ENDED"])
def test_that_a_time_has_come_says_nothing_of_who_came(tell, linked, meetings, trigger, enveloped):
    booking = linked()
    tell(booking.created())

    assert tell(booking.passed(trigger, enveloped=enveloped)) == "ignored"
    assert [m["status"] for m in meetings()] == ["scheduled"]


def test_the_raw_row_of_an_older_webhook_is_taken(tell, linked):
    booking = linked()
    tell(booking.created())
    body = booking.passed("MEETING_ENDED")
    for key in ("attendees", "createdAt", "user", "payment"):
        del body[key]
    body.update(metadata=None, responses={"name": "Alice", "email": "alice@client.example"})

    assert tell(body) == "ignored"


def test_a_no_show_is_the_outcome_and_can_be_taken_back(tell, linked, meetings, rows, sweep):
    booking = linked()
    tell(booking.created())
    rows("update meetings set scheduled_at = now() - interval '2 hours',"
         " ends_at = now() - interval '1 hour'")  # fmt: skip
    sweep()
    assert meetings()[0]["outcome"] == "unknown"

    assert tell(booking.no_show(True, minutes=1)) == "updated"
    assert meetings()[0]["outcome"] == "client_absent"
    assert tell(booking.no_show(False, minutes=2)) == "updated"
    assert meetings()[0]["outcome"] == "unknown"
    # A copy of the first, late: what was said last counts.
    assert tell({**booking.no_show(True, minutes=1), "copy": 1}) == "ignored"
    assert meetings()[0]["outcome"] == "unknown"


def test_a_no_show_before_the_end_is_remembered_until_then(tell, linked, meetings, rows, sweep):
    booking = linked()
    tell(booking.created())
    tell(booking.no_show())
    rows("update meetings set scheduled_at = now() - interval '2 hours',"
         " ends_at = now() - interval '1 hour'")  # fmt: skip
    sweep()

    assert meetings()[0]["outcome"] == "client_absent"


def test_somebody_elses_absence_is_not_the_clients(tell, linked, rows):
    booking = linked()
    tell(booking.created())

    assert tell(booking.no_show(email="invite@client.example")) == "ignored"
    assert rows("select client_no_show from meetings") == [False]


# -- seats, series, people


def seat(booking, email, number):
    attendee = {"email": email, "name": "Zoé", "timeZone": "Europe/Paris"}
    return booking.created(
        seatsPerTimeSlot=5, attendees=[attendee], attendeeSeatId=f"seat-{number}"
    )


def seat_given_up(booking, email):
    row = {"id": 5003, "bookingId": 1013, "email": email, "name": "Zoé", "noShow": False}
    body = booking.cancelled(seatsPerTimeSlot=5, attendees=[row], responses=None)
    del body["payload"]["cancelledBy"]
    return body


def test_another_place_overwrites_nobody_and_one_given_up_cancels_nothing(tell, linked, meetings):
    booking = linked()
    tell(seat(booking, "alice@client.example", 1))

    assert tell(seat(booking, "zoe@elsewhere.example", 2)) == "ignored"
    assert tell(seat_given_up(booking, "zoe@elsewhere.example")) == "ignored"
    assert tell(seat_given_up(booking, "alice@client.example")) == "ignored"

    [meeting] = meetings()
    assert (meeting["clientId"], meeting["status"]) == (ALICE.row, "scheduled")


def test_the_last_place_is_cancelled_the_ordinary_way(tell, linked, meetings):
    booking = linked()
    tell(seat(booking, "alice@client.example", 1))

    assert tell(booking.cancelled(seatsPerTimeSlot=5)) == "cancelled"
    assert meetings()[0]["status"] == "cancelled"


def test_a_place_of_another_client_is_told_to_the_operator(tell, linked, meetings, notes):
    booking = linked()
    tell(seat(booking, "alice@client.example", 1))
    other = linked(BRUNO)
    booking.metadata = other.metadata

    assert tell(seat(booking, "bruno@client.example", 2)) == "ignored"
    assert (meetings(BRUNO), notes(MIKL)) == ([], ["booking_conflict"])


def series(linked, days=(3, 10, 17)):
    # The clock of a host who knows no summer time: the same hour each week.
    host = {**SHAPES["BOOKING_CREATED"]["payload"]["organizer"], "timeZone": "UTC"}
    rule = {
        "recurringEvent": {"freq": 2, "count": len(days), "interval": 1},
        "organizer": host,
    }
    first = linked(days=days[0])
    others = [Booking(days=day, metadata=first.metadata) for day in days[1:]]
    return rule, [first, *others]


def test_every_meeting_of_a_series_is_one_of_ours_and_one_event_ends_the_rest(
    tell, linked, meetings
):
    rule, bookings = series(linked)
    for booking in bookings:
        assert tell(booking.created(**rule)) == "created"

    assert tell(bookings[1].cancelled(**rule)) == "cancelled"

    assert [(m["status"], m["scheduledAt"]) for m in reversed(meetings())] == [
        ("scheduled", z(bookings[0].start)),
        ("cancelled", z(bookings[1].start)),
        ("cancelled", z(bookings[2].start)),
    ]


def test_one_meeting_of_a_series_is_cancelled_alone(tell, linked, meetings):
    rule, bookings = series(linked)
    for booking in bookings:
        tell(booking.created(**rule))

    tell(bookings[1].cancelled())

    assert [m["status"] for m in reversed(meetings())] == ["scheduled", "cancelled", "scheduled"]


def test_a_series_booked_anew_after_it_was_cancelled_lives(tell, linked, meetings):
    rule, bookings = series(linked)
    tell(bookings[0].created(**rule))
    tell(bookings[0].cancelled(**rule))
    _, anew = series(linked, days=(10, 17))

    for booking in anew:
        body = booking.created(**rule)
        assert tell({**body, "createdAt": now(minutes=1)}) == "created"
    assert [m["status"] for m in reversed(meetings())] == ["cancelled", "scheduled", "scheduled"]


def made(body, minutes):
    return {**body, "createdAt": now(minutes)}


@pytest.mark.parametrize("before", [-120, 0])
def test_the_end_of_a_series_is_not_that_of_one_that_goes_on_from_it(
    tell, linked, meetings, before
):
    rule, bookings = series(linked)
    _, renewed = series(linked, (24, 31, 38))
    for booking in bookings:
        tell(made(booking.created(**rule), before))
    for booking in renewed:
        tell(booking.created(**rule))

    tell(bookings[0].cancelled(**rule))

    assert [m["status"] for m in reversed(meetings())] == ["cancelled"] * 3 + ["scheduled"] * 3


def test_the_rest_of_a_series_is_not_the_beginning_of_the_next(tell, linked, meetings):
    rule, bookings = series(linked)
    _, renewed = series(linked, (24, 31, 38))
    for booking in bookings:
        tell(made(booking.created(**rule), -120))
    for booking in renewed:
        tell(booking.created(**rule))

    tell(bookings[2].cancelled(**rule))

    assert [m["status"] for m in reversed(meetings())].count("cancelled") == 1


@pytest.mark.parametrize("decision", ["confirmed", "rejected"])
@pytest.mark.parametrize("before", [-120, 0])
def test_a_decision_on_one_series_is_none_on_another_of_its_kind(
    tell, linked, requests, decision, before
):
    rule, mondays = series(linked)
    _, wednesdays = series(linked, days=(5, 12, 19))
    for booking in mondays:
        tell(made(booking.requested(**rule), before))
    for booking in wednesdays:
        tell(booking.requested(**rule))

    tell(getattr(wednesdays[0], decision)(**rule))

    decided = "accepted" if decision == "confirmed" else "rejected"
    assert [r["status"] for r in requests()] == [decided] * 3 + ["pending"] * 3


def test_a_series_under_somebodys_address_is_not_theirs(tell, linked, meetings):
    rule, bookings = series(linked)
    for booking in bookings:
        tell(booking.created(**rule))
    strange = Booking(email="alice@client.example", days=-4)

    assert tell(strange.created(**rule)) == "missing_metadata"
    assert tell(strange.cancelled(**rule)) == "missing_metadata"

    assert [m["status"] for m in meetings()] == ["scheduled"] * 3


@pytest.mark.parametrize("decision", ["confirmed", "rejected"])
def test_one_decision_decides_a_series_that_was_asked_for(tell, linked, requests, decision):
    rule, bookings = series(linked)
    for booking in bookings:
        tell(booking.requested(**rule))

    tell(getattr(bookings[0], decision)(**rule))

    expected = "accepted" if decision == "confirmed" else "rejected"
    assert [r["status"] for r in requests()] == [expected] * 3


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("Je suis malade\u00a0: désolé\u202f!", "Je suis malade\u00a0: désolé\u202f!"),
        ("Les enfants 👨\u200d👩\u200d👧 aussi", "Les enfants 👨\u200d👩\u200d👧 aussi"),
        ("Merci\u202ede rien\u0007", "Mercide rien"),
        ("\u200b\u0007", "Annulé dans Cal.com"),
    ],
)
def test_a_reason_is_told_as_it_was_written(tell, linked, meetings, written, told):
    booking = linked()
    tell(booking.created())

    tell(booking.cancelled(written))

    assert [m["cancelReason"] for m in meetings()] == [told]


@pytest.mark.parametrize(
    "attendees",
    [
        [{"email": "33199000001@sms.cal.com", "name": "Éléonore", "phoneNumber": "+33199000001"}],
        [
            {"email": "autre@client.example", "name": "日本語 🦊"},
            {"email": "g@x.example", "name": ""},
        ],
        [{"email": "a@x.example", "firstName": "Ana", "lastName": "Brito"}],
        [],
        None,
        ["x"],
    ],
    ids=["phone", "unicode and guests", "split", "nobody", "absent", "odd"],
)
def test_a_token_binds_whoever_typed_what(tell, linked, meetings, attendees):
    assert tell(linked().created(attendees=attendees)) == "created"
    assert [m["clientId"] for m in meetings()] == [ALICE.row]


@pytest.mark.parametrize(
    "trigger",
    ["OOO_CREATED", "FORM_SUBMITTED", "BOOKING_LOCATION_UPDATED", "RECORDING_READY", "X"],
)
def test_other_triggers_are_kept_and_change_nothing(tell, rows, trigger):
    body = {"triggerEvent": trigger, "createdAt": now(), "payload": {"oooEntry": {"id": 1}}}

    assert tell(body) == "ignored"
    assert tell(body) == "duplicate"
    assert rows("select trigger, status from visio.webhook_inbox") == [(trigger, "ignored")]


@pytest.mark.parametrize(
    "trigger", ["BOOKING_CANCELLED", "BOOKING_REJECTED", "BOOKING_PAID", "BOOKING_NO_SHOW_UPDATED"]
)
def test_an_event_of_no_booking_at_all_is_malformed(tell, rows, trigger):
    assert tell({"triggerEvent": trigger, "payload": {"uid": 5}}) == "malformed_json"
    assert rows("select status from visio.webhook_inbox") == ["malformed"]


# -- any order, any number of times

STORIES = {
    "asked and confirmed": lambda b: [b.requested(), b.confirmed()],
    "asked and rejected": lambda b: [b.requested(), b.rejected()],
    "booked and rejected": lambda b: [b.created(), b.rejected()],
    "asked, confirmed, cancelled": lambda b: [b.requested(), b.confirmed(), b.cancelled()],
    "asked and cancelled": lambda b: [b.requested(), b.cancelled()],
    "booked and moved": lambda b: [b.created(), (m := b.moved(5)).rescheduled(), m.no_show()],
    "moved twice, cancelled": lambda b: [
        b.created(),
        (m := b.moved(5)).rescheduled(),
        (n := m.moved(7)).rescheduled(),
        n.cancelled(),
    ],
    "sent back, booked anew": lambda b: [
        b.created(),
        b.sent_back(),
        (m := b.moved(5)).rescheduled(),
        m.passed(),
    ],
    "a move asked for and confirmed": lambda b: [
        b.created(),
        (m := b.moved(5)).asked_to_move(),
        m.confirmed(),
    ],
    "a move asked for and refused": lambda b: [
        b.created(),
        (m := b.moved(5)).asked_to_move(),
        m.rejected(),
    ],
    "paid": lambda b: [b.payment_initiated(), b.paid(), b.confirmed(), b.no_show()],
    "seats": lambda b: [
        seat(b, "alice@client.example", 1),
        seat(b, "zoe@elsewhere.example", 2),
        seat_given_up(b, "zoe@elsewhere.example"),
        b.cancelled(seatsPerTimeSlot=5),
    ],
}
STATE = """
select r.status, r.requested_slots, r.selected_slot, r.duration_minutes, r.reason, r.message,
       r.client_id, m.status, m.scheduled_at, m.ends_at, m.cancel_reason, m.client_no_show,
       m.ical_uid
  from meeting_requests r left join meetings m on m.id = r.meeting_id
 order by 2::text, 1"""


@ON_ONE_SERVER
@pytest.mark.parametrize("story", STORIES)
def test_any_order_with_copies_ends_in_the_same_rows(tell, linked, rows, story):
    def told_as(bodies):
        rows("delete from visio.calcom_chains")
        rows("delete from meeting_requests")
        rows("delete from meetings")
        for body in bodies:
            tell(body)
        return rows(STATE)

    bodies = STORIES[story](linked())
    # An event that says nothing of its client waits until another one does.
    expected = told_as(bodies)
    assert expected

    @example_settings(
        max_examples=12,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.permutations(bodies), st.lists(st.sampled_from(bodies), max_size=3))
    def check(order, copies):
        late = [again(body) for body in copies]
        assert told_as([*order, *late]) == expected
        assert told_as([*late, *order]) == expected

    check()


# -- replays


def test_an_event_older_than_a_day_is_kept_and_changes_nothing(tell, linked, rows, meetings):
    booking = linked()
    old = {**booking.created(), "createdAt": now(minutes=-(24 * 60 + 6))}

    assert tell(old) == "stale"
    assert rows("select status from visio.webhook_inbox") == ["stale"]
    assert meetings() == []
    # Cal.com itself may still tell it.
    assert tell(booking.created()) == "created"


def test_an_event_of_just_under_a_day_counts(tell, linked):
    old = {**linked().created(), "createdAt": now(minutes=-(24 * 60 + 4))}

    assert tell(old) == "created"


def test_a_time_that_came_two_days_ago_is_stale(tell, linked, rows):
    booking = linked(days=-2)

    assert tell(booking.passed()) == "stale"


def test_dedupe_outlives_the_window_and_bodies_go_with_it(tell, linked, rows, sweep):
    booking = linked(days=40)
    body = booking.created()
    tell(body)
    tell({"triggerEvent": "PING", "payload": {}})
    rows("update visio.webhook_inbox set keep_until = now() - interval '1 minute'")

    sweep()

    # What was told is needed as long as the meeting lies ahead; its raw body is not.
    assert rows("select trigger, body from visio.webhook_inbox") == [("BOOKING_CREATED", None)]
    assert tell(again(body)) == "duplicate"
    assert tell(booking.cancelled()) == "cancelled"
    rows("update visio.calcom_chains set ends_at = now() - interval '31 days'")
    rows("update visio.webhook_inbox set keep_until = now() - interval '1 minute'")
    sweep()
    assert rows("select count(*) from visio.webhook_inbox") == [0]
    assert rows("select count(*) from visio.calcom_chains") == [0]
    assert rows("select count(*) from meetings") == [1]


def test_a_row_is_kept_longer_than_a_copy_of_it_would_count(tell, linked, rows):
    tell({**linked().created(), "createdAt": now(minutes=60 * 24 * 9)})

    [kept] = rows("select keep_until - now() from visio.webhook_inbox")
    assert kept > timedelta(days=38)


def test_what_lets_a_reader_in_is_not_kept(tell, linked, rows):
    booking = linked()
    body = booking.created(oneTimePassword="c4n4ry-otp")
    tell(body)

    kept = str(rows("select body::text, told::text from visio.webhook_inbox"))

    assert booking.metadata["bookingToken"] not in kept
    assert "c4n4ry-otp" not in kept
    assert "FAKE.jwt.token" not in kept


# -- what is decided here


def accept(request):
    slot = request["requestedSlots"][0]
    return {"requestId": request["id"], "decision": "accept", "selectedSlot": slot}


def test_what_was_accepted_here_is_not_booked_twice(tell, linked, call, requests, meetings):
    booking = linked()
    tell(booking.requested())
    decided = call("decide-request", accept(requests()[0]), MIKL)

    assert decided.status_code == 200
    assert tell(booking.confirmed()) == "ignored"
    assert [m["id"] for m in meetings()] == [decided.json["data"]["meetingId"]]
    assert tell(booking.moved(5).rescheduled()) == "updated"


@pytest.mark.parametrize("number", range(5))
def test_accepted_here_and_confirmed_there_at_once_is_one_meeting(
    tell, linked, call, requests, meetings, together, number
):
    booking = linked()
    tell(booking.requested())
    body = accept(requests()[0])

    decided, told = together(
        lambda: call("decide-request", body, MIKL), lambda: tell(booking.confirmed())
    )

    # Whoever came second finds the same decision taken.
    assert (decided.status_code, told in ("created", "ignored")) == (200, True)
    assert [(m["status"], m["scheduledAt"]) for m in meetings()] == [
        ("scheduled", z(booking.start))
    ]


@pytest.mark.parametrize("number", range(5))
def test_rejected_here_and_confirmed_there_at_once_is_one_decision(
    tell, linked, call, requests, meetings, together, number
):
    booking = linked()
    tell(booking.requested())
    body = {"requestId": requests()[0]["id"], "decision": "reject", "reason": "Complet"}

    decided, told = together(
        lambda: call("decide-request", body, MIKL), lambda: tell(booking.confirmed())
    )

    won = (decided.status_code, told, [m["status"] for m in meetings()])
    assert won in ((200, "ignored", []), (409, "created", ["scheduled"]))


def test_a_cancellation_in_calcom_ends_a_meeting_accepted_here(
    tell, linked, call, requests, meetings
):
    booking = linked()
    tell(booking.requested())
    call("decide-request", accept(requests()[0]), MIKL)

    assert tell(booking.cancelled()) == "cancelled"
    assert [m["status"] for m in meetings()] == ["cancelled"]


def test_what_ended_here_stays_as_it_ended(tell, linked, call, requests, meetings):
    booking = linked()
    tell(booking.created())
    [meeting] = meetings()
    call("cancel-meeting", {"meetingId": meeting["id"], "reason": "Non"}, MIKL)

    assert tell(booking.cancelled()) == "ignored"
    assert [(m["status"], m["cancelReason"]) for m in meetings()] == [("cancelled", "Non")]


def test_what_ended_here_and_goes_on_in_calcom_is_another_meeting(tell, linked, call, meetings):
    booking = linked()
    later = booking.moved(5)
    tell(booking.created())
    [meeting] = meetings()
    call("cancel-meeting", {"meetingId": meeting["id"], "reason": "Non"}, MIKL)

    assert tell(later.rescheduled()) == "created"
    assert sorted(m["status"] for m in meetings()) == ["cancelled", "scheduled"]
    assert tell(later.cancelled()) == "cancelled"


def test_the_one_that_lives_is_what_a_later_end_is_told_of(tell, linked, call, meetings):
    # The row of the first stays, ended here; the third was cancelled before we heard of it.
    booking = linked(uid="a")
    second = booking.moved(5, uid="b")
    third = second.moved(6, uid="c")
    tell(booking.created())
    [meeting] = meetings()
    call("cancel-meeting", {"meetingId": meeting["id"], "reason": "Non"}, MIKL)
    tell(second.rescheduled())

    tell(third.cancelled("Un empêchement"))
    tell(third.rescheduled())

    assert sorted(m["cancelReason"] for m in meetings()) == ["Non", "Un empêchement"]


def test_who_are_meeting_are_not_interrupted(tell, linked, signal, meetings):
    booking = linked()
    tell(booking.created())
    [meeting] = meetings()
    signal(meeting["id"], "client_waiting", ALICE)
    signal(meeting["id"], "operator_joined", MIKL)

    assert tell(booking.cancelled()) == "ignored"
    assert [m["status"] for m in meetings()] == ["in_progress"]


def test_whoever_waits_is_told_of_a_move_and_goes_on_waiting(tell, linked, signal, call, meetings):
    booking = linked()
    tell(booking.created())
    [meeting] = meetings()
    signal(meeting["id"], "client_waiting", ALICE)

    tell(booking.moved(5).rescheduled())

    state = call("lobby-state", {"meetingId": meeting["id"]}, ALICE).json["data"]
    assert (state["knock"]["status"], state["meetingStatus"]) == ("waiting", "scheduled")
    tell(booking.moved(5).cancelled())


def test_whoever_waits_for_a_cancelled_meeting_waits_no_more(tell, linked, signal, call, meetings):
    booking = linked()
    tell(booking.created())
    [meeting] = meetings()
    signal(meeting["id"], "client_waiting", ALICE)

    tell(booking.cancelled())

    state = call("lobby-state", {"meetingId": meeting["id"]}, ALICE).json["data"]
    assert (state["knock"]["status"], state["meetingStatus"]) == ("left", "cancelled")
    told = call("list-notifications", {}, MIKL).json["data"]["items"]
    assert [n["readAt"] is not None for n in told if n["type"] == "client_waiting"] == [True]

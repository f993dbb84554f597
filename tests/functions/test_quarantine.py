"""What cannot be bound, or overlaps another meeting, waits until an operator resolves it."""

import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.calcom import Booking, z
from tests.conftest import at
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA


@pytest.fixture
def quarantine(call):
    def quarantine(as_=MIKL, **asked):
        return call("list-quarantine", asked, as_).json["data"]["items"]

    return quarantine


@pytest.fixture
def resolve(call):
    def resolve(item, resolution, as_=MIKL, **more):
        return call("resolve-quarantine", {"id": item, "resolution": resolution, **more}, as_)

    return resolve


def code(answer):
    return answer.status_code, answer.json["error"]["code"]


def hosted(body, email="mikl@foxeo.example"):
    body["payload"]["organizer"] = {"email": email, "name": "MiKL", "timeZone": "Europe/Paris"}
    return body


def test_what_is_bound_to_nobody_is_shown_and_assigned(
    tell, quarantine, resolve, meetings, requests, notes
):
    booking = Booking(email="inconnue@client.example")
    assert tell(hosted(booking.created())) == "missing_metadata"

    [item] = quarantine()
    answer = resolve(item["id"], "assign", clientId=ALICE.row)

    assert item["reason"] == "unbound"
    assert (item["bookerName"], item["bookerEmail"]) == ("Éléonore Çelik", booking.email)
    assert item["bookings"] == [
        {
            "title": item["bookings"][0]["title"],
            "status": "confirmed",
            "startsAt": z(booking.start),
            "endsAt": z(booking.end),
        }
    ]
    [meeting], [request] = meetings(), requests()
    assert answer.json["data"] == {
        "id": item["id"],
        "state": "open",
        "requestIds": [request["id"]],
        "meetingIds": [meeting["id"]],
    }
    assert [step["function"] for step in request["history"]] == ["resolve_quarantine"]
    assert notes(MIKL) == ["booking_quarantined"]
    assert notes(ALICE) == ["meeting_booked"]
    assert quarantine() == []
    # From now on the chain is hers, whatever its events carry.
    assert tell(booking.moved(5).rescheduled()) == "updated"


def test_every_operator_is_told_of_a_booking_whose_host_nobody_knows(tell, quarantine, notes):
    assert tell(Booking(email="inconnue@client.example").created()) == "missing_metadata"

    assert [len(quarantine(MIKL)), len(quarantine(NORA))] == [1, 1]
    assert notes(MIKL) == notes(NORA) == ["booking_quarantined"]


def test_the_whole_chain_applies_once_it_is_assigned(tell, quarantine, resolve, meetings):
    booking = Booking()
    later = booking.moved(6)
    assert tell(booking.created()) == "missing_metadata"
    assert tell(later.rescheduled()) == "missing_metadata"

    [item] = quarantine()
    resolve(item["id"], "assign", clientId=ALICE.row)

    assert [(m["status"], m["scheduledAt"]) for m in meetings()] == [("scheduled", z(later.start))]


def test_what_was_called_off_meanwhile_waits_for_nobody(tell, quarantine):
    booking = Booking()
    tell(booking.created())
    assert len(quarantine()) == 1

    assert tell(booking.cancelled()) == "missing_metadata"
    assert quarantine() == []


def test_an_event_that_binds_ends_the_wait(tell, linked, quarantine, meetings):
    booking = linked()
    tell(booking.confirmed())
    assert len(quarantine()) == 1

    assert tell(booking.requested()) == "created"
    assert (quarantine(), len(meetings())) == ([], 1)


def test_dismissed_bookings_stay_dismissed(tell, quarantine, resolve, meetings, rows):
    booking = Booking()
    tell(booking.created())
    [item] = quarantine()

    assert resolve(item["id"], "dismiss").json["data"]["state"] == "dismissed"
    assert quarantine() == []
    assert tell(booking.moved(5).rescheduled()) == "ignored"
    assert (quarantine(), meetings()) == ([], [])


def test_who_sees_what(tell, quarantine, resolve):
    tell(hosted(Booking(days=3).created()))
    tell(hosted(Booking(days=4).created(), "nora@foxeo.example"))
    tell(Booking(days=5).created())  # of a host whom nobody here knows

    assert len(quarantine(MIKL)) == len(quarantine(NORA)) == 2
    [norasown] = {i["id"] for i in quarantine(NORA)} - {i["id"] for i in quarantine(MIKL)}
    assert code(resolve(norasown, "dismiss", MIKL)) == (404, "not_found")
    [shared] = {i["id"] for i in quarantine(NORA)} & {i["id"] for i in quarantine(MIKL)}
    assert code(resolve(shared, "assign", MIKL, clientId=CHLOE.row)) == (404, "not_found")
    assert resolve(shared, "assign", NORA, clientId=CHLOE.row).status_code == 200
    assert len(quarantine(MIKL)) == 1


def test_a_client_resolves_nothing(tell, quarantine, resolve):
    tell(Booking().created())
    [item] = quarantine()

    answer = resolve(item["id"], "assign", ALICE, clientId=ALICE.row)

    assert code(answer) == (403, "not_your_role")


def test_the_list_is_paged(tell, call):
    for day in (3, 4, 5):
        tell(Booking(days=day).created())

    first = call("list-quarantine", {"limit": 2}, MIKL).json["data"]
    rest = call("list-quarantine", {"limit": 2, "cursor": first["nextCursor"]}, MIKL).json["data"]

    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert (len(ids), len(set(ids)), rest["nextCursor"]) == (3, 3, None)


def test_of_two_resolutions_at_once_one_wins(tell, quarantine, resolve, together, rows):
    tell(Booking().created())
    [item] = quarantine()

    answers = together(
        *[lambda: resolve(item["id"], "assign", clientId=ALICE.row)] * 4,
        *[lambda: resolve(item["id"], "dismiss")] * 4,
    )

    lost = [a for a in answers if a.status_code != 200]
    assert len(answers) - len(lost) == 1
    assert {a.status_code for a in lost} <= {404, 409}
    assert rows("select count(*) from meetings")[0] == (
        1 if any(a.status_code == 200 for a in answers[:4]) else 0
    )


@pytest.mark.parametrize("resolution", ["assign", "apply", "dismiss"])
def test_what_became_another_operators_while_one_waited_is_theirs(
    tell, quarantine, resolve, rows, database, admin, together, resolution
):
    tell(Booking().created())
    [item] = quarantine()
    state = {"assign": "quarantined"}.get(resolution, "conflict")
    client = {"clientId": ALICE.row} if resolution == "assign" else {}

    with contextlib.closing(admin(database.admin)) as other:
        other.run("begin")
        other.run(
            "update visio.calcom_chains set operator_id = :nora, state = :state",
            nora=NORA.row,
            state=state,
        )

        def hand_over():
            for _ in range(200):
                if rows("select count(*) from pg_locks where not granted") != [0]:
                    break
                time.sleep(0.01)
            other.run("commit")

        answer, _ = together(lambda: resolve(item["id"], resolution, **client), hand_over)

    assert code(answer) == (404, "not_found")
    assert rows("select state from visio.calcom_chains") == [state]
    assert rows("select count(*) from meetings") == [0]


@pytest.fixture
def in_conflict(tell, linked, accepted):
    """A booking of Alice's at the time of a meeting with Bruno."""
    at_three = datetime.fromisoformat(at(3)).replace(minute=0)
    days = (at_three - datetime.now(UTC)) / timedelta(days=1)
    meeting = accepted(BRUNO, days=days)
    booking = linked(ALICE)
    assert tell(booking.created()) == "ignored"
    return booking, meeting


def test_an_overlapping_booking_waits_until_the_way_is_clear(
    in_conflict, call, quarantine, resolve, meetings, notes
):
    booking, in_the_way = in_conflict
    [item] = quarantine()

    assert item["reason"] == "conflict"
    assert notes(MIKL)[0] == "booking_conflict"
    refused = resolve(item["id"], "apply")
    assert code(refused) == (409, "slot_taken")
    assert code(resolve(item["id"], "assign", clientId=BRUNO.row)) == (409, "already_decided")

    call("cancel-meeting", {"meetingId": in_the_way, "reason": "Conflit"}, MIKL)
    assert resolve(item["id"], "apply").json["data"]["state"] == "open"
    assert [m["scheduledAt"] for m in meetings()] == [z(booking.start)]
    assert quarantine() == []


def test_a_conflict_that_is_moved_away_is_none(in_conflict, tell, quarantine, meetings):
    booking, _ = in_conflict

    assert tell(booking.moved(6).rescheduled()) == "created"
    assert (quarantine(), len(meetings())) == ([], 1)


def test_a_conflict_that_is_cancelled_is_none(in_conflict, tell, quarantine, rows):
    booking, _ = in_conflict

    assert tell(booking.cancelled()) == "stale"
    assert quarantine() == []
    assert rows("select status from meetings where source = 'calcom'") == ["cancelled"]


def test_a_move_onto_another_meeting_waits_where_it_was(
    tell, linked, accepted, quarantine, meetings, notes
):
    at_three = datetime.fromisoformat(at(3)).replace(minute=0)
    accepted(BRUNO, days=(at_three - datetime.now(UTC)) / timedelta(days=1))
    booking = linked(ALICE, days=6)
    tell(booking.created())

    assert tell(booking.moved(3).rescheduled()) == "ignored"

    [item] = quarantine()
    assert item["reason"] == "conflict"
    assert [m["scheduledAt"] for m in meetings()] == [z(booking.start)]


def test_a_dismissed_conflict_is_not_told_again(in_conflict, tell, quarantine, resolve, notes):
    booking, _ = in_conflict
    [item] = quarantine()
    resolve(item["id"], "dismiss")

    tell(booking.no_show())

    assert quarantine() == []
    assert notes(MIKL).count("booking_conflict") == 1


def test_one_meeting_of_a_series_in_conflict_holds_up_no_other(
    tell, linked, accepted, quarantine, meetings
):
    at_three = datetime.fromisoformat(at(3)).replace(minute=0)
    accepted(BRUNO, days=(at_three - datetime.now(UTC)) / timedelta(days=1))
    rule = {"freq": 2, "count": 2, "interval": 1}
    first = linked(days=3)
    second = Booking(days=10, metadata=first.metadata)

    assert tell(first.created(recurringEvent=rule)) == "ignored"
    assert tell(second.created(recurringEvent=rule)) == "created"

    assert [m["scheduledAt"] for m in meetings()] == [z(second.start)]
    [item] = quarantine()
    assert [b["startsAt"] for b in item["bookings"]] == [z(first.start)]

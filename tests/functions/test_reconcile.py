"""Cal.com's own list of bookings, read in a fake of its API: what no webhook told is made good."""

import contextlib
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.calcom import Booking, z
from tests.world import ALICE, CALCOM_API_KEY, MIKL, SCHEDULER, signed
from visio import bootstrap, settings
from visio.__main__ import main


class FakeCalcom:
    """The bookings of an instance, listed as API v2 and v1 list them."""

    def __init__(self):
        self.bookings, self.status, self.asked = {}, 200, []
        self.garbage, self.decided = None, []

    def put(self, booking, status="accepted", minutes_ago=1, **more):
        """A booking as it stands now."""
        changed = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        self.bookings[booking.uid] = {
            "id": len(self.bookings) + 1,
            "uid": booking.uid,
            "title": "Découverte",
            "hosts": [{"email": "brice@foxeo.example", "timeZone": "Europe/Paris"}],
            "status": status,
            "start": z(booking.start),
            "end": z(booking.end),
            "duration": booking.minutes,
            "eventTypeId": 42,
            "createdAt": z(changed),
            "updatedAt": z(changed),
            "metadata": dict(booking.metadata),
            "icsUid": booking.ical,
            "attendees": [
                {
                    "name": "Éléonore",
                    "email": booking.email,
                    "timeZone": "Europe/Paris",
                    "absent": False,
                }
            ],
            **({"rescheduledFromUid": booking.before.uid} if booking.before else {}),
            **more,
        }

    def decide(self, path, headers, body):
        """What Cal.com makes of a decision that it is told."""
        *_, uid, verb = urlsplit(path).path.split("/")
        self.decided.append((uid, verb, body))
        if self.status != 200 or headers.get("Authorization") != f"Bearer {CALCOM_API_KEY}":
            return self.status if self.status != 200 else 401, b"{}"
        booking = self.bookings[uid]
        if verb != "cancel" and booking["status"] != "pending":
            return 400, b"{}"
        ends = {"confirm": "accepted", "decline": "rejected", "cancel": "cancelled"}
        booking.update(status=ends[verb], updatedAt=z(datetime.now(UTC)))
        return 200, b"{}"

    def answer(self, path, headers):
        url, query = urlsplit(path), parse_qs(urlsplit(path).query)
        self.asked.append(query)
        if self.garbage is not None:
            return 200, self.garbage
        listed = sorted(self.bookings.values(), key=lambda b: b["updatedAt"])
        if url.path == "/v2/bookings":
            if headers.get("Authorization") != f"Bearer {CALCOM_API_KEY}":
                return 401, b"{}"
            if headers.get("cal-api-version") != "2024-08-13":
                return 404, b"{}"
            since = datetime.fromisoformat(query["afterUpdatedAt"][0])
            found = [b for b in listed if datetime.fromisoformat(b["updatedAt"]) > since]
            skip, take = int(query["skip"][0]), int(query["take"][0])
            data = {"status": "success", "data": found[skip : skip + take]}
        else:
            if query["apiKey"] != [CALCOM_API_KEY]:
                return 401, b"{}"
            page, take = int(query["page"][0]), int(query["take"][0])
            newest = [self.as_v1(b) for b in reversed(listed)]
            data = {"bookings": newest[(page - 1) * take : page * take]}
        return self.status, json.dumps(data).encode()

    def as_v1(self, booking):
        return {
            **{key: booking[key] for key in ("id", "uid", "title", "metadata", "eventTypeId")},
            **{key: booking[key] for key in ("createdAt", "updatedAt")},
            "startTime": booking["start"],
            "endTime": booking["end"],
            "status": booking["status"].upper(),
            "user": {"email": "brice@foxeo.example", "timeZone": "Europe/Paris"},
            "attendees": [
                {"email": a["email"], "name": a["name"], "noShow": a["absent"]}
                for a in booking["attendees"]
            ],
            "fromReschedule": booking.get("rescheduledFromUid"),
            "rescheduled": booking.get("rescheduledToUid") is not None,
            "cancellationReason": booking.get("cancellationReason"),
        }


@contextlib.contextmanager
def served_calcom():
    """Such an instance, at its `url`."""
    fake = FakeCalcom()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.say(*fake.decide(self.path, self.headers, sent))

        def do_GET(self):
            self.say(*fake.answer(self.path, self.headers))

        def say(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def calcom():
    with served_calcom() as fake:
        yield fake


@pytest.fixture(params=["v2", "v1"])
def reconcile(request, call, calcom, environment, remote):
    environment.setenv("CALCOM_API_URL", f"{calcom.url}/{request.param}")
    environment.setenv("CALCOM_API_VERSION", request.param)
    settings.forget()
    bootstrap.forget()

    def reconcile():
        headers = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
        return call("reconcile-calcom", headers=headers)

    return reconcile


def counts(answer):
    found = answer.json["data"]
    return found["read"], found["changed"], found["quarantined"], found["unreadable"]


def test_what_no_webhook_told_is_right_after_one_run(
    calcom, reconcile, linked, tell, meetings, requests
):
    lost, moved, gone, asked = linked(days=3), linked(days=4), linked(days=5), linked(days=6)
    for booking in (moved, gone):
        tell(booking.created())
    later = moved.moved(8)
    calcom.put(lost)
    calcom.put(moved, "cancelled", rescheduledToUid=later.uid)
    calcom.put(later)
    calcom.put(gone, "cancelled", cancellationReason="Grippe")
    calcom.put(asked, "pending")

    assert counts(reconcile()) == (5, 4, 0, 0)

    assert sorted((m["scheduledAt"], m["status"]) for m in meetings()) == [
        (z(lost.start), "scheduled"),
        (z(gone.start), "cancelled"),
        (z(later.start), "scheduled"),
    ]
    assert "pending" in [r["status"] for r in requests()]
    # The webhooks that come late after all, and another run, change nothing any more.
    assert tell(lost.created()) in ("duplicate", "ignored")
    assert counts(reconcile())[1] == 0


def test_a_run_reads_on_from_the_one_before(calcom, reconcile, linked, rows):
    calcom.put(linked(days=3), minutes_ago=60)
    assert counts(reconcile())[:2] == (1, 1)

    calcom.put(linked(days=4), minutes_ago=1)
    assert counts(reconcile())[:2] == (1, 1)
    assert rows("select count(*) from visio.calcom_watermarks") == [1]


def test_many_pages_are_read_to_their_end(calcom, reconcile, linked, rows):
    first = linked(days=3)
    for hour in range(130):
        calcom.put(Booking(days=3 + hour / 24, metadata=first.metadata), minutes_ago=hour + 1)

    assert reconcile().json["data"]["changed"] == 130
    assert rows("select count(*) from meetings") == [130]


def test_what_is_behind_the_last_page_of_a_run_is_read_by_a_later_one(
    calcom, reconcile, linked, rows, monkeypatch
):
    first = linked(days=3)
    for hour in range(130):
        calcom.put(Booking(days=3 + hour / 24, metadata=first.metadata), minutes_ago=hour + 30)
    monkeypatch.setattr("visio.adapters.calcom_api.MOST_PAGES", 1)

    assert reconcile().status_code == 503

    monkeypatch.undo()
    assert reconcile().status_code == 200
    assert rows("select count(*) from meetings") == [130]


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_while_calcom_is_not_well_the_next_run_reads_the_same(
    calcom, reconcile, linked, rows, status
):
    calcom.put(linked(days=3))
    calcom.status = status

    refused = reconcile()

    assert (refused.status_code, refused.json["error"]["code"]) == (503, "unavailable")
    assert rows("select count(*) from visio.calcom_watermarks") == [0]
    calcom.status = 200
    assert counts(reconcile())[:2] == (1, 1)


@pytest.mark.parametrize("garbage", [b"", b"[]", b"<html>", b'{"data": 5}', b"[" * 100_000])
def test_an_answer_that_is_no_list_holds_nothing_up_for_ever(calcom, reconcile, garbage):
    calcom.garbage = garbage

    assert reconcile().status_code in (200, 503)


def test_one_unreadable_booking_holds_up_no_other(calcom, reconcile, linked):
    broken, whole = linked(days=3), linked(days=4)
    calcom.put(broken, start="soon", minutes_ago=5)
    calcom.put(whole)

    assert counts(reconcile()) == (2, 1, 0, 1)


def test_what_is_bound_to_nobody_waits_in_quarantine(calcom, reconcile):
    calcom.put(Booking(email="inconnue@client.example"))

    assert counts(reconcile()) == (1, 0, 1, 0)


def test_a_link_counts_that_was_good_when_it_was_used(calcom, reconcile, linked, environment):
    booking = linked(days=30)
    old = datetime.now(UTC) - timedelta(days=6)
    calcom.put(booking, createdAt=z(old))

    assert counts(reconcile())[1] == 1


def test_who_was_absent_is_told_there_as_well(calcom, reconcile, linked, tell, rows):
    booking = linked()
    tell(booking.created())
    absent = [{"name": "A", "email": booking.email, "timeZone": "Europe/Paris", "absent": True}]
    calcom.put(booking, attendees=absent)

    reconcile()

    assert rows("select client_no_show from meetings") == [True]


def test_two_runs_at_once_agree(calcom, reconcile, linked, together, rows):
    for day in range(3, 9):
        calcom.put(linked(days=day))

    answers = together(reconcile, reconcile)

    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json["data"]["changed"] for answer in answers) == 6
    assert rows("select count(*) from meetings") == [6]


# -- what was decided here

ONLY_V2 = pytest.mark.parametrize("reconcile", ["v2"], indirect=True)


def decision(requests, decision, **more):
    return {"requestId": requests(MIKL)[0]["id"], "decision": decision, **more}


@ONLY_V2
def test_calcom_is_told_of_an_acceptance_here(
    calcom, reconcile, linked, tell, call, requests, meetings
):
    booking = linked()
    tell(booking.requested())
    calcom.put(booking, "pending")
    call("decide-request", decision(requests, "accept", selectedSlot=z(booking.start)), MIKL)

    assert reconcile().json["data"]["told"] == 1

    assert calcom.decided == [(booking.uid, "confirm", {})]
    assert [m["status"] for m in meetings()] == ["scheduled"]
    assert reconcile().json["data"]["told"] == 0


@ONLY_V2
def test_calcom_is_told_of_a_rejection_here_with_its_reason(
    calcom, reconcile, linked, tell, call, requests
):
    booking = linked()
    tell(booking.requested())
    calcom.put(booking, "pending")
    call("decide-request", decision(requests, "reject", reason="Complet"), MIKL)

    reconcile()

    assert calcom.decided == [(booking.uid, "decline", {"reason": "Complet"})]
    assert requests()[0]["status"] == "rejected"


@ONLY_V2
def test_another_time_that_was_agreed_on_here_frees_the_one_in_calcom(
    calcom, reconcile, linked, tell, call, requests, meetings
):
    booking = linked()
    tell(booking.requested())
    calcom.put(booking, "pending")
    other = z(booking.start + timedelta(days=1))
    call("decide-request", decision(requests, "propose", proposedSlots=[other]), MIKL)
    assert reconcile().json["data"]["told"] == 0
    answer = {"requestId": requests()[0]["id"], "answer": "accept", "selectedSlot": other}
    call("answer-proposal", answer, ALICE)

    reconcile()

    assert [(uid, verb) for uid, verb, _ in calcom.decided] == [(booking.uid, "decline")]
    assert [(m["status"], m["scheduledAt"]) for m in meetings()] == [("scheduled", other)]


@ONLY_V2
def test_calcom_is_told_of_a_cancellation_here(calcom, reconcile, linked, tell, call, meetings):
    booking = linked()
    tell(booking.created())
    calcom.put(booking)
    [meeting] = meetings()
    call("cancel-meeting", {"meetingId": meeting["id"], "reason": "Grippe"}, MIKL)

    reconcile()

    assert calcom.decided == [(booking.uid, "cancel", {"cancellationReason": "Grippe"})]
    assert tell(booking.cancelled()) in ("ignored", "duplicate")
    assert reconcile().json["data"]["told"] == 0


@ONLY_V2
@pytest.mark.parametrize("ended", ["rejected", "withdrawn"])
def test_what_ended_here_and_was_confirmed_there_is_called_off_there(
    calcom, reconcile, linked, tell, call, requests, ended
):
    booking = linked()
    tell(booking.requested())
    calcom.put(booking)
    if ended == "rejected":
        call("decide-request", decision(requests, "reject", reason="Complet"), MIKL)
    else:
        body = {"requestId": requests()[0]["id"], "answer": "withdraw"}
        call("answer-proposal", body, ALICE)
    assert tell(booking.confirmed()) == "ignored"

    reconcile()

    assert [(uid, verb) for uid, verb, _ in calcom.decided] == [(booking.uid, "cancel")]
    assert requests()[0]["status"] == ended
    assert reconcile().json["data"]["told"] == 0


@ONLY_V2
@pytest.mark.parametrize(("status", "tries"), [(404, 1), (409, 1), (500, 2), (401, 2)])
def test_a_decision_is_told_again_where_that_may_help(
    calcom, reconcile, linked, tell, call, meetings, rows, status, tries
):
    booking = linked()
    tell(booking.created())
    [meeting] = meetings()
    call("cancel-meeting", {"meetingId": meeting["id"], "reason": "Grippe"}, MIKL)
    calcom.status = status

    reconcile()
    reconcile()  # not before a while has passed
    assert len(calcom.decided) == 1
    rows("update visio.calcom_bookings set asked_at = now() - interval '1 hour'")
    reconcile()

    assert len(calcom.decided) == tries


# -- events applied again


def test_a_stored_event_is_applied_again_without_effect(tell, linked, rows, meetings, capsys):
    tell(linked().created())
    [id] = rows("select id from visio.webhook_inbox")

    assert main(["replay", str(id)]) == 0
    assert main(["replay", "--since", "2020-01-01T00:00:00Z"]) == 0

    assert capsys.readouterr().out.splitlines()[-2:] == [f"{id} ignored"] * 2
    assert len(meetings()) == 1
    assert rows("select status from visio.webhook_inbox") == ["ignored"]


def test_events_are_understood_anew(tell, linked, rows, meetings, capsys):
    """What an earlier release had made nothing of."""
    tell(linked().created())
    rows("update visio.webhook_inbox set told = null, starts_at = null, status = 'ignored'")
    rows("delete from meeting_requests")
    rows("delete from meetings")

    assert main(["replay", "--since", "2020-01-01T00:00:00Z"]) == 0

    assert len(meetings()) == 1


def test_a_stale_event_counts_once_somebody_names_it(tell, linked, rows, meetings, capsys):
    old = {**linked().created(), "createdAt": z(datetime.now(UTC) - timedelta(days=2))}
    assert tell(old) == "stale"
    [id] = rows("select id from visio.webhook_inbox")

    main(["replay", "--since", "2020-01-01T00:00:00Z"])
    assert meetings() == []
    main(["replay", str(id)])
    assert len(meetings()) == 1


def test_a_replay_of_nothing_says_so(environment, capsys):
    assert main(["replay", ALICE.row]) == 1
    assert main(["replay"]) == 2
    assert "gone" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["replay", "--since", "2026-11-20T00:00:00"])


def test_a_replay_of_what_is_no_event_says_so(call, rows, capsys):
    call("calcom-webhook", raw=b"false", headers=signed(b"false"))
    [id] = rows("select id from visio.webhook_inbox")

    assert main(["replay", str(id)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{id} unreadable"


def test_a_replay_of_what_is_nobodys_leaves_it_in_quarantine(tell, rows, environment, capsys):
    tell(Booking().created())

    assert main(["replay", "--since", "2020-01-01T00:00:00Z"]) == 0
    assert "quarantined" in capsys.readouterr().out
    assert rows("select status from visio.webhook_inbox") == ["quarantined"]


# -- while Cal.com is down


def test_a_link_says_whether_calcom_answers(call, remote):
    assert call("booking-link", {}, ALICE).json["data"]["available"] is True


@pytest.mark.parametrize("status", [500, 503])
def test_a_calcom_that_fails_is_not_available(call, remote, status):
    remote.calcom_status = status

    answer = call("booking-link", {}, ALICE)

    assert (answer.status_code, answer.json["data"]["available"]) == (200, False)
    assert answer.json["data"]["url"].startswith("https://agenda.foxeo.example/")


def test_a_calcom_that_never_answers_holds_nobody_up(call, environment, together):
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:  # accepts nothing
        environment.setenv("CALCOM_HEALTH_URL", f"http://127.0.0.1:{silent.server_port}/")
        settings.forget()
        bootstrap.forget()
        answers = together(*[lambda: call("booking-link", {}, ALICE)] * 8)

    assert {answer.json["data"]["available"] for answer in answers} == {False}


def test_calcom_is_asked_once_for_many(call, remote, together):
    answers = together(*[lambda: call("booking-link", {}, ALICE)] * 8)

    assert {answer.json["data"]["available"] for answer in answers} == {True}
    assert remote.health_requests == 1

"""The relay and the sweep: what Google's services call."""

import contextlib
import itertools
import json
import time
from uuid import uuid4

import pytest

from tests.conftest import at
from tests.world import ALICE, MIKL, PUSH, pushed
from visio import bootstrap, settings


def a_signal(**changes):
    event_id = str(uuid4())
    payload = {
        "eventId": event_id,
        "meetingId": MIKL.row,
        "version": 3,
        "at": "2026-11-24T08:00:00Z",
    }
    return {
        "eventId": event_id,
        "channel": f"meeting:{MIKL.row}:status",
        "event": "operator_joined",
        "payload": payload,
        **changes,
    }


@pytest.fixture
def relay(call, remote):
    def relay(body, *, audience=PUSH[0], email=PUSH[1]):
        bearer = remote.keys.sign_google(audience, email)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return call("relay-signal", raw=raw, headers={"Authorization": f"Bearer {bearer}"})

    return relay


def test_a_pushed_signal_is_broadcast_on_its_private_channel(relay, remote):
    signal = a_signal()

    answer = relay(pushed(signal))

    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert remote.paths == [
        f"/realtime/v1/api/broadcast/meeting%3A{MIKL.row}%3Astatus/events/operator_joined?private=true"
    ]
    assert remote.broadcasts[0][2] == signal["payload"]


def test_a_signal_pushed_again_is_broadcast_once(relay, remote):
    signal = pushed(a_signal())

    answers = [relay(signal), relay(signal), relay({**signal, "deliveryAttempt": 3})]

    assert {answer.status_code for answer in answers} == {204}
    assert len(remote.broadcasts) == 1


def test_a_signal_pushed_eight_times_at_once_is_broadcast_once(relay, remote, together):
    signal = pushed(a_signal())

    answers = together(*[lambda: relay(signal)] * 8)

    # Who finds it under way is asked to come again: should that delivery fail, it is not lost.
    assert {answer.status_code for answer in answers} <= {204, 503}
    assert len(remote.broadcasts) == 1
    assert relay(signal).status_code == 204


def test_a_signal_is_broadcast_once_however_late_it_comes_again(relay, remote, rows):
    signal = pushed(a_signal())
    relay(signal)
    rows("""update visio.relayed_signals set claimed_at = claimed_at - interval '1 hour',
                                             sent_at = sent_at - interval '1 hour'""")

    again = relay(signal)

    assert again.status_code == 204
    assert len(remote.broadcasts) == 1


def test_what_another_delivery_has_claimed_is_asked_for_again_until_it_is_sent(relay, remote, rows):
    signal = a_signal()
    claim = "insert into visio.relayed_signals (event_id, claimed_at) values (:id, now())"
    rows(claim, id=signal["eventId"])

    under_way = relay(pushed(signal))
    # That delivery crashed: its claim has run out, and nothing was sent.
    rows("update visio.relayed_signals set claimed_at = now() - interval '31 seconds'")
    taken_over = relay(pushed(signal))

    assert (under_way.status_code, taken_over.status_code) == (503, 204)
    assert len(remote.broadcasts) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b""),
        (500, b""),
        (503, b""),
        (401, b""),
        (403, b""),
        (404, b""),
        (422, b'{"message": "The project database is not available"}'),
    ],
)
def test_what_may_pass_is_redelivered_until_it_is_sent(relay, remote, status, body):
    signal = pushed(a_signal())
    remote.realtime_status, remote.realtime_body = status, body

    refused = relay(signal)
    remote.realtime_status = 202
    sent = relay(signal)

    assert (refused.status_code, sent.status_code) == (503, 204)
    assert len(remote.broadcasts) == 1


def test_realtime_out_of_reach_is_redelivered(relay, remote, environment):
    environment.setenv("REALTIME_URL", "http://127.0.0.1:1/realtime/v1")
    settings.forget()
    bootstrap.forget()

    assert relay(pushed(a_signal())).status_code == 503


@pytest.mark.parametrize("status", [413, 415, 422])
def test_what_realtime_never_takes_is_kept_and_not_redelivered(relay, remote, rows, status):
    remote.realtime_status = status
    signal = pushed(a_signal())

    answers = [relay(signal), relay(signal)]

    assert {answer.status_code for answer in answers} == {204}
    assert rows("select reason from visio.dead_signals") == ["refused"]


@pytest.mark.parametrize(
    "body",
    [
        {"message": {}, "subscription": "s"},
        {"message": {"data": "&&&"}},
        {"message": {"data": "bm90IGpzb24="}},
        pushed(a_signal(channel="everybody")),
        pushed(a_signal(channel=f"meeting:{MIKL.row}:status\nx")),
        pushed(a_signal(event="something_else")),
        pushed(a_signal(payload={"name": "c4n4ry"})),
        {**pushed(a_signal()), "subscription": "projects/elsewhere/subscriptions/x"},
    ],
)
def test_a_message_that_is_not_ours_is_kept_and_not_redelivered(relay, remote, rows, body):
    answer = relay(body)

    assert answer.status_code == 204
    assert remote.paths == []
    assert rows("select reason from visio.dead_signals") == ["malformed"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"message": 1}', b'{"message": {"data": "\\u0000"}}', b"[" * 60_000],
    ids=["nothing", "cut", "list", "number", "NUL", "deep"],
)
def test_a_push_that_cannot_be_read_is_kept_and_not_redelivered(relay, rows, body):
    answer = relay(body)

    assert answer.status_code == 204
    assert rows("select reason from visio.dead_signals") == ["malformed"]


def test_what_realtime_never_takes_is_kept_only_as_far_as_it_can_be(relay, remote, rows):
    remote.realtime_status = 413
    signal = pushed(a_signal())
    signal["message"]["\0"] = "x"

    assert relay(signal).status_code == 204
    assert rows("select reason from visio.dead_signals") == ["malformed"]


@pytest.mark.parametrize(
    ("audience", "email"),
    [
        ("https://elsewhere.example", PUSH[1]),
        (PUSH[0] + "/", PUSH[1]),
        (PUSH[0], "mallory@evil.iam.gserviceaccount.com"),
        (PUSH[0], ""),
    ],
)
def test_another_services_token_relays_and_records_nothing(relay, remote, rows, audience, email):
    answer = relay(pushed(a_signal()), audience=audience, email=email)

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")
    assert remote.paths == []
    assert rows("select count(*) from visio.relayed_signals") == [0]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://accounts.evil.example"},
        {"iss": "accounts.google.com.evil.example"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"exp": int(time.time()) - 60},
        {"iat": int(time.time()) + 3600},
    ],
    ids=itertools.count(),
)
def test_a_token_that_google_would_not_sign_so_relays_nothing(call, remote, changes):
    bearer = remote.keys.sign_google(*PUSH, **changes)

    answer = call("relay-signal", pushed(a_signal()), headers={"Authorization": f"Bearer {bearer}"})

    assert answer.status_code == 401
    assert remote.paths == []


def test_a_users_token_does_not_relay(call, remote):
    answer = call("relay-signal", pushed(a_signal()), ALICE)

    assert answer.status_code == 401
    assert remote.paths == []


def test_the_sweep_completes_what_is_over_and_says_what_it_was(
    sweep, accepted, signal, rows, remote
):
    met, absent, alone, nobody = (accepted(days=day) for day in (1, 2, 3, 4))
    signal(met, "client_waiting", ALICE)
    signal(met, "operator_joined", MIKL)
    signal(alone, "client_waiting", ALICE)
    signal(absent, "operator_joined", MIKL)
    future = accepted(days=5)
    rows(
        """update meetings set scheduled_at = scheduled_at - interval '10 days',
                               ends_at = ends_at - interval '10 days' where id <> :id""",
        id=future,
    )
    remote.published.clear()

    swept, again = sweep(), sweep()

    assert (swept["completed"], again["completed"]) == (4, 0)
    outcomes = dict(rows("select id::text, outcome from meetings where status = 'completed'"))
    assert outcomes == {
        met: "held",
        absent: "client_absent",
        alone: "operator_absent",
        nobody: "unknown",
    }
    assert rows("select status from meetings where id = :id", id=future) == ["scheduled"]
    assert [heard["event"] for heard in remote.published].count("meeting_completed") == 4
    assert rows("select count(*) from lobby_knocks where status in ('waiting', 'admitted')") == [0]
    assert rows("select count(*) from meeting_requests where status = 'completed'") == [4]


def test_the_sweep_waits_for_the_grace(sweep, accepted, rows):
    accepted()
    rows(
        """update meetings set scheduled_at = now() - interval '74 minutes',
                               ends_at = now() - interval '14 minutes'"""
    )

    before = sweep()["completed"]
    rows("update meetings set ends_at = now() - interval '16 minutes'")
    after = sweep()["completed"]

    assert (before, after) == (0, 1)


def test_the_sweep_expires_requests_whose_slots_have_passed(call, sweep, pending, rows):
    past, open_still = pending(slots=[at(1)]), pending(slots=[at(1), at(2)])
    rows(
        "update meeting_requests set last_slot_at = now() - interval '1 minute' where id = :id",
        id=past["id"],
    )

    assert sweep()["expired"] == 1
    found = dict(rows("select id::text, status from meeting_requests"))
    assert found == {past["id"]: "expired", open_still["id"]: "pending"}
    [note, *_] = call("list-notifications", {}, ALICE).json["data"]["items"]
    assert note["title"] == "Demande expirée"


def notes(rows, type):
    sql = "select recipient_type, body from notifications where type = :type order by 1"
    return rows(sql, type=type)


def test_an_expired_request_leads_its_client_to_a_new_one(sweep, pending, rows):
    pending(slots=[at(1)])
    rows("update meeting_requests set last_slot_at = now() - interval '1 minute'")

    sweep()

    [(link, body)] = rows("select link, body from notifications where type = 'request_expired'")
    assert link == "/client/#ask"
    assert body == "Tous les créneaux proposés sont passés. Proposez-en de nouveaux."


def test_the_operator_is_reminded_once_of_a_request_at_half_time(call, sweep, pending, rows):
    due, decided, fresh = pending(slots=[at(1)]), pending(slots=[at(2)]), pending(slots=[at(3)])
    reject = {"requestId": decided["id"], "decision": "reject", "reason": "Non"}
    call("decide-request", reject, MIKL)
    rows(
        "update meeting_requests set remind_at = now() - interval '1 second' where id <> :id",
        id=fresh["id"],
    )

    swept = [sweep()["reminded"] for _ in range(3)]

    assert swept == [1, 0, 0]
    [link] = rows("select link from notifications where type = 'request_reminder'")
    assert link == f"/hub/#request-{due['id']}"
    assert [who for who, _ in notes(rows, "request_reminder")] == ["operator"]


def moved(rows, meeting, ahead, agreed="2 days"):
    """As if a meeting had been agreed on some time ago and were now this near."""
    rows(
        """update meetings set scheduled_at = now() + cast(:ahead as interval),
                               ends_at = now() + cast(:ahead as interval) + interval '1 hour',
                               created_at = now() - cast(:agreed as interval)
            where id = :id""",
        id=meeting,
        ahead=ahead,
        agreed=agreed,
    )


@pytest.mark.parametrize(
    ("ahead", "agreed", "reminders"),
    [
        ("24 hours 1 minute", "2 days", []),
        ("23 hours 59 minutes", "2 days", ["meeting_reminder_day"]),
        ("16 minutes", "2 days", ["meeting_reminder_day"]),
        ("14 minutes", "2 days", ["meeting_reminder_quarter"]),
        # Agreed on later than the reminder would have come: everybody knows.
        ("5 hours", "10 minutes", []),
        ("10 minutes", "1 minute", []),
        ("-1 minute", "2 days", []),
    ],
)
def test_both_are_reminded_of_what_is_near(sweep, accepted, rows, ahead, agreed, reminders):
    moved(rows, accepted(), ahead, agreed)

    swept = [sweep()["reminded"] for _ in range(2)]

    assert swept == [len(reminders), 0]
    sql = "select type, recipient_type from notifications where type like 'meeting_reminder%'"
    assert sorted(rows(sql)) == [(r, who) for r in reminders for who in ("client", "operator")]


def test_a_meeting_has_both_reminders_in_their_time_and_none_once_cancelled(
    call, sweep, accepted, rows
):
    kept, cancelled = accepted(days=3), accepted(days=5)
    call("cancel-meeting", {"meetingId": cancelled, "reason": "Non"}, MIKL)
    told = []
    for ahead in ("20 hours", "14 minutes"):
        moved(rows, kept, ahead)
        told.append(sweep()["reminded"])

    assert told == [1, 1]
    assert len(notes(rows, "meeting_reminder_day")) == 2
    [(_, to_client), (_, to_operator)] = notes(rows, "meeting_reminder_quarter")
    assert to_client.startswith("Vous avez rendez-vous avec MiKL le ")
    assert to_operator.startswith("Vous avez rendez-vous avec Alice le ")


def test_many_sweeps_at_once_expire_and_remind_each_exactly_once(
    sweep, pending, accepted, rows, together, monkeypatch
):
    from visio.flows import complete_meetings

    monkeypatch.setattr(complete_meetings, "BATCH", 2)
    meetings = [accepted(days=10 + day) for day in range(4)]
    for number, meeting in enumerate(meetings):
        moved(rows, meeting, f"{3 + 2 * number} hours")
    for day in range(1, 6):
        pending(slots=[at(day)])
    rows("update meeting_requests set remind_at = now() where status = 'pending'")
    for day in range(1, 6):
        pending(slots=[at(day)])
    rows(
        """update meeting_requests set last_slot_at = now() - interval '1 minute'
            where status = 'pending' and remind_at > now()"""
    )

    swept = together(*[sweep] * 6)

    assert sum(one["reminded"] for one in swept) == 9
    assert sum(one["expired"] for one in swept) == 5
    assert len(notes(rows, "meeting_reminder_day")) == 8
    assert len(notes(rows, "request_reminder")) == 5
    assert len(notes(rows, "request_expired")) == 5
    assert rows("select count(*) from transitions where action = 'expire'") == [5]


def test_the_sweep_lets_lapsed_knocks_leave(sweep, accepted, signal, rows, remote):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    rows("update lobby_knocks set renewed_at = now() - interval '121 seconds'")
    remote.published.clear()

    assert (sweep()["left"], sweep()["left"]) == (1, 0)
    assert rows("select status from lobby_knocks") == ["left"]
    assert [(heard["channel"].split(":")[0], heard["event"]) for heard in remote.published] == [
        ("meeting", "client_left"),
        ("operator", "client_left"),
    ]


def test_the_sweep_publishes_what_stayed_behind_once(sweep, pending, rows, remote):
    remote.bus_status = 503
    pending()
    remote.bus_status = 200
    fresh = sweep()["republished"]
    rows("update visio.signal_outbox set next_attempt_at = now()")

    late, again = sweep()["republished"], sweep()["republished"]

    assert (fresh, late, again) == (0, 2, 0)
    assert {heard["event"] for heard in remote.published} == {
        "request_created",
        "notification_created",
    }
    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [0]


def test_a_sweep_whose_bus_takes_nothing_leaves_everything_for_the_next(
    sweep, pending, rows, remote
):
    remote.bus_status = 503
    pending()
    rows("update visio.signal_outbox set next_attempt_at = now()")

    swept = sweep()["republished"]

    assert swept == 0
    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [2]


def test_a_bus_that_was_away_for_days_is_tried_as_any_other(sweep, pending, rows, remote):
    remote.bus_status = 503
    pending()
    rows("update visio.signal_outbox set attempts = 5000, next_attempt_at = now()")
    assert sweep()["republished"] == 0

    remote.bus_status = 200
    rows("update visio.signal_outbox set next_attempt_at = now()")

    assert sweep()["republished"] == 2


@pytest.fixture
def holding(database, admin):
    """Rows that somebody else holds for as long as the test lasts."""
    with contextlib.closing(admin(database.admin)) as db:

        def holding(sql, **values):
            db.run("begin")
            assert db.run(f"{sql} for update", **values)

        yield holding
        db.run("rollback")


def test_a_meeting_that_somebody_holds_holds_up_no_other(sweep, accepted, rows, holding):
    held, free = accepted(days=1), accepted(days=2)
    rows(
        """update meetings set scheduled_at = scheduled_at - interval '10 days',
                               ends_at = ends_at - interval '10 days'"""
    )
    holding("select from meetings where id = :id", id=held)

    swept = sweep()

    assert swept["completed"] == 1
    assert rows("select id::text from meetings where status = 'completed'") == [free]


def test_a_signal_that_another_sweep_holds_holds_up_no_other(sweep, pending, rows, holding, remote):
    remote.bus_status = 503
    pending()
    remote.bus_status = 200
    rows("update visio.signal_outbox set next_attempt_at = now()")
    holding("select from visio.signal_outbox where event = 'request_created'")

    swept = sweep()

    assert swept["republished"] == 1
    assert [heard["event"] for heard in remote.published] == ["notification_created"]


def test_two_sweeps_at_once_share_the_work(sweep, accepted, rows, together, remote):
    for day in range(1, 5):
        accepted(days=day)
    rows(
        """update meetings set scheduled_at = scheduled_at - interval '10 days',
                               ends_at = ends_at - interval '10 days'"""
    )
    remote.published.clear()

    swept = together(*[sweep] * 4)

    assert sum(one["completed"] for one in swept) == 4
    assert [heard["event"] for heard in remote.published].count("meeting_completed") == 4


def test_the_sweep_tidies_and_keeps_what_is_unpublished(sweep, pending, rows, remote, marked):
    pending()
    marked(2)
    remote.bus_status = 503
    pending()
    rows("update visio.signal_outbox set published_at = published_at - interval '8 days'")
    rows("update visio.signal_outbox set created_at = now() - interval '30 days'")

    sweep()

    assert rows("select count(*) from visio.signal_outbox") == [2]
    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [2]


def test_the_sweep_is_the_schedulers(call, remote):
    headers = {"Authorization": f"Bearer {remote.keys.sign_google(*PUSH)}"}

    assert call("complete-meetings", headers=headers).status_code == 401

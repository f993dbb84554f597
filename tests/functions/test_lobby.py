"""The client knocks, and enters only when the operator lets them in."""

import contextlib

import jwt
import pytest
from livekit.api import TokenVerifier

from tests.conftest import ON_ONE_SERVER, at
from tests.world import ALICE, BRUNO, MIKL, NORA, STRANGER
from visio import bootstrap, settings


def knock_of(answer):
    return answer.json["data"]["knock"]["status"]


def refusal(answer):
    return answer.status_code, answer.json["error"]["code"]


def test_the_whole_way_in_and_out(call, accepted, signal):
    meeting = accepted()
    door = {"meetingId": meeting}

    before = call("join-meeting", door, ALICE)
    knocked = signal(meeting, "client_waiting", ALICE)
    waiting = call("join-meeting", door, ALICE)
    admitted = signal(meeting, "operator_joined", MIKL)
    ticket = call("join-meeting", door, ALICE)
    ended = signal(meeting, "meeting_ended", MIKL)
    after = call("join-meeting", door, ALICE)

    assert refusal(before) == refusal(waiting) == (403, "not_admitted")
    assert (knocked.status_code, knock_of(knocked)) == (200, "waiting")
    assert (knock_of(admitted), admitted.json["data"]["meetingStatus"]) == (
        "admitted",
        "in_progress",
    )
    assert admitted.json["data"]["operatorPresent"] is True
    assert set(ticket.json["data"]) == {"provider", "url", "token", "expiresAt"}
    assert (ended.json["data"]["meetingStatus"], knock_of(ended)) == ("completed", "left")
    assert refusal(after) == (409, "meeting_over")
    [meeting_seen] = call("list-meetings", {"status": "completed"}, ALICE).json["data"]["items"]
    assert meeting_seen["outcome"] == "held"
    assert call("list-requests", {"status": "completed"}, MIKL).json["data"]["items"]


def test_a_ticket_names_one_room_and_one_person_for_two_minutes(
    call, accepted, signal, environment
):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)

    of_alice = call("join-meeting", {"meetingId": meeting}, ALICE).json["data"]["token"]
    of_mikl = call("join-meeting", {"meetingId": meeting}, MIKL).json["data"]["token"]

    genuine = TokenVerifier("devkey", "a-livekit-secret-of-the-tests-0123456789")
    alice, mikl = genuine.verify(of_alice), genuine.verify(of_mikl)
    assert alice.video.room == mikl.video.room
    assert meeting not in alice.video.room
    assert alice.identity != mikl.identity
    assert (alice.video.room_join, alice.video.room_create, alice.video.room_admin) == (
        True,
        False,
        False,
    )
    claims = jwt.decode(of_alice, options={"verify_signature": False})
    assert claims["exp"] - claims["nbf"] <= 120


def test_no_answer_but_the_ticket_names_the_room(call, accepted, signal, remote):
    meeting = accepted()
    answers = [
        signal(meeting, "client_waiting", ALICE),
        signal(meeting, "operator_joined", MIKL),
        call("lobby-state", {"meetingId": meeting}, ALICE),
        call("list-meetings", {}, ALICE),
        call("list-notifications", {}, MIKL),
    ]
    ticket = call("join-meeting", {"meetingId": meeting}, ALICE).json["data"]
    room = jwt.decode(ticket["token"], options={"verify_signature": False})["video"]["room"]

    told = [answer.get_data(as_text=True) for answer in answers] + [str(remote.published)]

    assert not any(room in text or ticket["url"] in text for text in told)


def test_knocking_tells_the_operator_once(call, accepted, signal, remote, rows):
    meeting = accepted()
    remote.published.clear()

    first = signal(meeting, "client_waiting", ALICE)
    again = signal(meeting, "client_waiting", ALICE)

    assert first.json["data"]["version"] == again.json["data"]["version"]
    assert first.json["data"]["knock"] == again.json["data"]["knock"]
    assert [(heard["channel"].split(":")[0], heard["event"]) for heard in remote.published] == [
        ("meeting", "client_waiting"),
        ("operator", "client_waiting"),
        ("operator", "notification_created"),
    ]
    [note] = call("list-notifications", {"limit": "1"}, MIKL).json["data"]["items"]
    assert note["title"] == "Client en attente"
    assert rows("select count(*) from lobby_knocks") == [1]


def test_signals_hold_ids_and_a_version_only(accepted, signal, remote):
    meeting = accepted()

    signal(meeting, "client_waiting", ALICE)

    for heard in remote.published:
        assert set(heard) == {"eventId", "channel", "event", "payload"}
        assert set(heard["payload"]) <= {"eventId", "meetingId", "requestId", "version", "at"}
        assert isinstance(heard["payload"]["version"], int)


def test_two_knocks_at_once_are_one(accepted, signal, together, rows):
    meeting = accepted()

    answers = together(*[lambda: signal(meeting, "client_waiting", ALICE)] * 8)

    assert {answer.status_code for answer in answers} == {200}
    assert rows("select count(*) from lobby_knocks") == [1]
    assert rows("select count(*) from notifications where title = 'Client en attente'") == [1]


def test_an_operator_who_finds_nobody_waits_and_admits_nobody(call, accepted, signal):
    meeting = accepted()

    present = signal(meeting, "operator_joined", MIKL)
    knocked = signal(meeting, "client_waiting", ALICE)

    assert present.json["data"]["operatorPresent"] is True
    assert present.json["data"]["meetingStatus"] == "scheduled"
    assert knock_of(knocked) == "waiting"
    assert refusal(call("join-meeting", {"meetingId": meeting}, ALICE)) == (403, "not_admitted")
    assert knock_of(signal(meeting, "operator_joined", MIKL)) == "admitted"


def test_a_denied_client_may_knock_again_and_is_outside_until_admitted(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)

    denied = signal(meeting, "entry_denied", MIKL, reason="Revenez dans dix minutes")
    outside = call("join-meeting", {"meetingId": meeting}, ALICE)
    again = signal(meeting, "client_waiting", ALICE)

    assert denied.json["data"]["knock"]["reason"] == "Revenez dans dix minutes"
    assert knock_of(denied) == "denied"
    assert refusal(outside) == (403, "not_admitted")
    assert knock_of(again) == "waiting"


def test_back_to_the_lobby_ends_the_admission(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)

    back = signal(meeting, "back_to_lobby", MIKL)

    assert knock_of(back) == "waiting"
    assert refusal(call("join-meeting", {"meetingId": meeting}, ALICE)) == (403, "not_admitted")
    assert knock_of(signal(meeting, "operator_joined", MIKL)) == "admitted"


def test_a_client_who_left_is_not_admitted_any_more(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)

    left = signal(meeting, "client_left", ALICE)

    assert knock_of(left) == "left"
    assert refusal(call("join-meeting", {"meetingId": meeting}, ALICE)) == (403, "not_admitted")


def test_a_knock_whose_lease_ran_out_has_left_before_any_sweep(call, accepted, signal, rows):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    rows("update lobby_knocks set renewed_at = now() - interval '121 seconds'")

    state = call("lobby-state", {"meetingId": meeting}, MIKL)
    denied = signal(meeting, "entry_denied", MIKL)
    admitted = signal(meeting, "operator_joined", MIKL)

    assert knock_of(state) == "left"
    assert refusal(denied) == (409, "no_one_waiting")
    assert admitted.json["data"]["meetingStatus"] == "scheduled"
    assert rows("select count(*) from lobby_knocks where status = 'admitted'") == [0]


def test_a_lapsed_client_knocks_anew(accepted, signal, rows):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    rows("update lobby_knocks set renewed_at = now() - interval '121 seconds'")

    again = signal(meeting, "client_waiting", ALICE)

    assert knock_of(again) == "waiting"
    assert rows("select status from lobby_knocks order by created_at") == ["left", "waiting"]


@pytest.mark.parametrize(
    ("name", "who", "status"),
    [
        ("client_left", ALICE, "left"),
        ("client_waiting", ALICE, "waiting"),
        ("operator_joined", MIKL, "left"),
        ("meeting_ended", MIKL, "left"),
    ],
)
def test_whoever_lapsed_has_left_whatever_comes_before_the_sweep(
    accepted, signal, rows, remote, name, who, status
):
    meeting = accepted()
    signal(meeting, "operator_joined", MIKL)
    signal(meeting, "client_waiting", ALICE)
    rows("update lobby_knocks set renewed_at = now() - interval '121 seconds'")
    remote.published.clear()

    answer = signal(meeting, name, who)

    assert (answer.status_code, knock_of(answer)) == (200, status)
    deeds = "select action, to_status from transitions where subject = 'knock' order by id"
    assert rows(deeds)[:2] == [("knock", "waiting"), ("lapse", "left")]
    told = [heard["event"] for heard in remote.published if heard["channel"].startswith("meeting")]
    assert told[0] == "client_left"
    assert rows("select version from meetings") == [
        max(heard["payload"]["version"] for heard in remote.published)
    ]


@pytest.mark.parametrize("name", ["entry_denied", "back_to_lobby"])
def test_nobody_there_is_said_so(accepted, signal, name):
    assert refusal(signal(accepted(), name, MIKL)) == (409, "no_one_waiting")


@pytest.mark.parametrize("name", ["client_waiting", "client_left"])
def test_an_operator_does_not_speak_for_the_client(accepted, signal, name):
    assert refusal(signal(accepted(), name, MIKL)) == (403, "not_your_role")


@pytest.mark.parametrize(
    "name", ["operator_joined", "entry_denied", "back_to_lobby", "meeting_ended"]
)
def test_a_client_does_not_speak_for_the_operator(accepted, signal, name):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)

    assert refusal(signal(meeting, name, ALICE)) == (403, "not_your_role")


@pytest.mark.parametrize(
    "function", ["lobby-state", "join-meeting", "lobby-signal", "cancel-meeting"]
)
@pytest.mark.parametrize(("who", "status"), [(BRUNO, 404), (NORA, 404), (STRANGER, 403)])
def test_who_is_no_party_of_a_meeting_learns_nothing(call, accepted, function, who, status):
    more = {
        "lobby-signal": {"signal": "client_waiting" if who is BRUNO else "operator_joined"},
        "cancel-meeting": {"reason": "Parce que"},
    }

    answer = call(function, {"meetingId": accepted(), **more.get(function, {})}, who)

    assert answer.status_code == status


def test_lobby_state_is_short_while_nothing_changes(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    seen = call("lobby-state", {"meetingId": meeting}, ALICE)
    tag = {"If-None-Match": seen.headers["ETag"]}

    same = call("lobby-state", {"meetingId": meeting}, ALICE, headers=tag)
    signal(meeting, "operator_joined", MIKL)
    changed = call("lobby-state", {"meetingId": meeting}, ALICE, headers=tag)

    weak = {"If-None-Match": f'"0-nobody", W/{changed.headers["ETag"]}'}
    weakly = call("lobby-state", {"meetingId": meeting}, ALICE, headers=weak)

    assert (same.status_code, same.get_data()) == (304, b"")
    assert weakly.status_code == 304
    assert changed.status_code == 200
    assert changed.json["data"]["version"] > seen.json["data"]["version"]


def test_the_latest_knock_is_the_one_that_was_made_last(call, accepted, signal, database, admin):
    meeting = accepted()
    with contextlib.closing(admin(database.admin)) as slow:
        slow.run("begin")
        slow.run("select now()")
        signal(meeting, "client_waiting", ALICE)
        signal(meeting, "client_left", ALICE)
        slow.run(
            """insert into public.lobby_knocks (meeting_id, client_id, since, renewed_at)
               values (:meeting, :client, now(), now())""",
            meeting=meeting, client=ALICE.row,
        )  # fmt: skip
        slow.run("commit")

    knock = call("lobby-state", {"meetingId": meeting}, ALICE).json["data"]["knock"]
    assert knock["status"] == "waiting"


def test_a_lobby_opens_when_the_operator_says(accepted, signal, environment):
    environment.setenv("LOBBY_OPENS_MINUTES", "15")
    settings.forget()
    bootstrap.forget()

    assert refusal(signal(accepted(), "client_waiting", ALICE)) == (409, "lobby_not_open")


def test_after_its_end_nobody_knocks(accepted, signal, rows):
    meeting = accepted()
    rows("update meetings set scheduled_at = now() - interval '61 minutes', ends_at = now()")

    assert refusal(signal(meeting, "client_waiting", ALICE)) == (409, "meeting_over")


def test_a_meeting_that_has_not_begun_is_cancelled_not_ended(accepted, signal):
    assert refusal(signal(accepted(), "meeting_ended", MIKL)) == (409, "meeting_not_started")


@pytest.mark.parametrize(
    ("by", "to"), [(ALICE, MIKL), (MIKL, ALICE)], ids=["the client", "the operator"]
)
def test_cancelling_tells_the_other_and_empties_the_lobby(call, accepted, signal, remote, by, to):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    remote.published.clear()
    body = {"meetingId": meeting, "reason": "Je suis malade"}

    cancelled = call("cancel-meeting", body, by)
    again = call("cancel-meeting", body, by)

    assert cancelled.json["data"]["status"] == "cancelled"
    assert cancelled.json["data"]["cancelReason"] == "Je suis malade"
    assert (again.status_code, again.json) == (200, cancelled.json)
    assert "meeting_cancelled" in [heard["event"] for heard in remote.published]
    [note, *_] = call("list-notifications", {}, to).json["data"]["items"]
    assert note["title"] == "Rendez-vous annulé"
    assert knock_of(call("lobby-state", {"meetingId": meeting}, ALICE)) == "left"
    assert refusal(signal(meeting, "client_waiting", ALICE)) == (409, "meeting_over")
    [request] = call("list-requests", {}, ALICE).json["data"]["items"]
    assert request["status"] == "cancelled"


def test_a_cancelled_slot_is_free_again(call, accepted):
    meeting = accepted(ALICE, days=1)
    call("cancel-meeting", {"meetingId": meeting, "reason": "Non"}, MIKL)

    assert accepted(BRUNO, days=1)


def test_a_meeting_under_way_is_not_cancelled(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)

    answer = call("cancel-meeting", {"meetingId": meeting, "reason": "Non"}, MIKL)

    assert refusal(answer) == (409, "meeting_started")


@pytest.mark.parametrize("who", [ALICE, MIKL])
def test_a_meeting_whose_time_has_passed_is_not_cancelled_before_the_sweep_either(
    call, accepted, rows, who
):
    meeting = accepted()
    rows(
        "update meetings set scheduled_at = now() - interval '2 hours',"
        " ends_at = now() - interval '16 minutes'"
    )

    answer = call("cancel-meeting", {"meetingId": meeting, "reason": "Oublié"}, who)

    assert refusal(answer) == (409, "meeting_over")
    assert rows("select status from meetings") == ["scheduled"]


def test_the_last_change_wins_nothing_twice(call, accepted, signal, together, rows):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)

    together(
        lambda: signal(meeting, "operator_joined", MIKL),
        lambda: signal(meeting, "entry_denied", MIKL),
        lambda: signal(meeting, "client_left", ALICE),
        lambda: signal(meeting, "client_waiting", ALICE),
    )

    live = "select count(*) from lobby_knocks where status in ('waiting', 'admitted')"
    assert rows(live) in ([0], [1])
    [version] = rows("select version from meetings")
    changes = rows(
        "select count(distinct payload ->> 'version') from visio.signal_outbox "
        "where channel = concat_ws(':', 'meeting', cast(:id as text), 'status')",
        id=meeting,
    )
    assert changes == [version - 1]


def test_lists_are_newest_first_and_paged(call, pending):
    made = [pending(ALICE, [at(day)])["id"] for day in range(1, 6)]

    first = call("list-requests", {"limit": "2"}, ALICE).json["data"]
    second = call("list-requests", {"limit": "2", "cursor": first["nextCursor"]}, ALICE).json[
        "data"
    ]
    last = call("list-requests", {"limit": "2", "cursor": second["nextCursor"]}, ALICE).json["data"]

    seen = [item["id"] for page in (first, second, last) for item in page["items"]]
    assert seen == made[::-1]
    assert last["nextCursor"] is None


@ON_ONE_SERVER
@pytest.mark.parametrize("function", ["list-requests", "list-meetings", "list-notifications"])
@pytest.mark.parametrize(
    "query",
    [{"cursor": "nonsense"}, {"cursor": "MQ"}, {"limit": "0"}, {"limit": "101"}, {"a": "b"}],
)
def test_a_query_that_is_not_ours_is_refused(call, function, query):
    assert refusal(call(function, query, ALICE)) == (422, "invalid_fields")


def test_lists_show_a_party_their_own(call, pending):
    of_alice, of_bruno = pending(ALICE)["id"], pending(BRUNO)["id"]

    seen = {
        who.name: [item["id"] for item in call("list-requests", {}, who).json["data"]["items"]]
        for who in (ALICE, BRUNO, MIKL, NORA)
    }

    assert seen == {
        "Alice": [of_alice],
        "Bruno": [of_bruno],
        "MiKL": [of_bruno, of_alice],
        "Nora": [],
    }


def test_notifications_are_read_once(call, pending):
    pending()
    pending()
    [newest, _] = call("list-notifications", {"unread": "true"}, MIKL).json["data"]["items"]

    one = call("read-notifications", {"ids": [newest["id"]]}, MIKL).json["data"]
    rest = call("read-notifications", {}, MIKL).json["data"]
    of_nora = call("read-notifications", {"ids": [newest["id"]]}, NORA).json["data"]

    assert (one, rest, of_nora) == ({"read": 1}, {"read": 1}, {"read": 0})
    assert call("list-notifications", {"unread": "true"}, MIKL).json["data"]["items"] == []
    assert len(call("list-notifications", {}, MIKL).json["data"]["items"]) == 2


def test_a_notification_leads_to_a_page_that_is_there(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    call("cancel-meeting", {"meetingId": meeting, "reason": "Non"}, ALICE)

    links = {
        who.name: [
            note["link"] for note in call("list-notifications", {}, who).json["data"]["items"]
        ]
        for who in (ALICE, MIKL)
    }

    assert len(links["MiKL"]) == 3
    assert all(link.startswith("/client/#request-") for link in links["Alice"])
    assert all(link.startswith(("/hub/#request-", "/hub/#meeting-")) for link in links["MiKL"])

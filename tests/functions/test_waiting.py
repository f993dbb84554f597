"""Who waits is seen, announced once, answered once, and stuck never."""

import contextlib
import time
from datetime import datetime
from uuid import uuid4

import pytest

from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, STRANGER
from visio import bootstrap, settings

NOWHERE = "99999999-9999-4999-8999-999999999999"


def refusal(answer):
    return answer.status_code, answer.json["error"]["code"]


def state_of(answer):
    return {found["field"]: found["problem"] for found in answer.json["error"]["details"]}


def knock_of(answer):
    return answer.json["data"]["knock"]


@pytest.fixture
def waiting_room(call):
    def waiting_room(who=MIKL):
        return call("waiting-room", {}, who).json["data"]["items"]

    return waiting_room


@pytest.fixture
def state(call):
    def state(meeting, who=ALICE):
        return call("lobby-state", {"meetingId": meeting}, who).json["data"]

    return state


def aged(rows, seconds, meeting=None):
    """As if the knocks of a lobby (or all) had been made and last renewed this long ago."""
    rows(
        """update lobby_knocks
              set since = since - cast(:age as interval),
                  renewed_at = renewed_at - cast(:age as interval),
                  remind_at = remind_at - cast(:age as interval)
            where cast(:id as uuid) is null or meeting_id = cast(:id as uuid)""",
        age=f"{seconds} seconds",
        id=meeting,
    )


def test_the_waiting_room_lists_everybody_in_order_of_arrival(accepted, signal, waiting_room, rows):
    second, first, elsewhere = accepted(ALICE), accepted(BRUNO, days=2), accepted(CHLOE, NORA)
    signal(first, "client_waiting", BRUNO, devices="sound_only")
    signal(second, "client_waiting", ALICE)
    signal(elsewhere, "client_waiting", CHLOE)
    aged(rows, 45, first)

    seen, of_nora = waiting_room(), waiting_room(NORA)

    assert [one["meetingId"] for one in seen] == [first, second]
    assert [one["clientName"] for one in seen] == ["Bruno", "Alice"]
    assert [(one["devices"], one["away"], one["status"]) for one in seen] == [
        ("sound_only", True, "waiting"),
        ("untested", False, "waiting"),
    ]
    assert 45 <= seen[0]["elapsedSeconds"] < 105
    assert {"clientId", "since", "scheduledAt", "knockId"} <= set(seen[0])
    assert [one["clientName"] for one in of_nora] == ["Chloé"]


@pytest.mark.parametrize(
    ("seconds", "listed", "away", "status"),
    [
        (29, True, False, "waiting"),
        (31, True, True, "waiting"),
        (119, True, True, "waiting"),
        (121, False, None, "left"),
    ],
)
def test_a_knock_without_a_sign_of_life_is_away_and_then_gone(
    accepted, signal, waiting_room, state, rows, seconds, listed, away, status
):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    aged(rows, seconds)
    before = rows("select * from lobby_knocks")

    seen, knock = waiting_room(), state(meeting)["knock"]

    assert [one["away"] for one in seen] == ([away] if listed else [])
    assert (knock["status"], knock["away"]) == (status, bool(away))
    assert rows("select * from lobby_knocks") == before  # reading changes nothing


def test_a_sign_of_life_brings_somebody_back(accepted, signal, waiting_room, rows):
    meeting = accepted()
    knocked = signal(meeting, "client_waiting", ALICE)
    aged(rows, 60)

    again = signal(meeting, "client_waiting", ALICE)

    assert knock_of(again)["id"] == knock_of(knocked)["id"]
    assert [one["away"] for one in waiting_room()] == [False]


def test_devices_are_told_and_kept_until_they_change(accepted, signal, waiting_room, remote):
    meeting = accepted()
    first = signal(meeting, "client_waiting", ALICE, devices="none")
    kept = signal(meeting, "client_waiting", ALICE)
    remote.published.clear()

    changed = signal(meeting, "client_waiting", ALICE, devices="ready")

    assert knock_of(first)["devices"] == knock_of(kept)["devices"] == "none"
    assert waiting_room()[0]["devices"] == "ready"
    assert changed.json["data"]["version"] > kept.json["data"]["version"]
    # The operator's list is drawn anew; nobody is announced a second time.
    assert [one["channel"].split(":")[0] for one in remote.published] == ["meeting"]


@pytest.mark.parametrize(
    ("name", "who", "more"),
    [
        ("operator_joined", MIKL, {"devices": "ready"}),
        ("client_waiting", ALICE, {"devices": "broken"}),
        ("client_waiting", ALICE, {"nextStep": "knock_again"}),
        ("entry_denied", MIKL, {"nextStep": "go away"}),
        ("operator_joined", MIKL, {"knockId": "x"}),
    ],
)
def test_what_does_not_belong_to_a_signal_is_refused(accepted, signal, name, who, more):
    assert refusal(signal(accepted(), name, who, **more)) == (422, "invalid_fields")


def test_an_admission_meant_for_one_arrival_admits_no_later_one(accepted, signal):
    meeting = accepted()
    gone = knock_of(signal(meeting, "client_waiting", ALICE))["id"]
    signal(meeting, "client_left", ALICE)
    there = knock_of(signal(meeting, "client_waiting", ALICE))["id"]

    late = signal(meeting, "operator_joined", MIKL, knockId=gone)

    assert refusal(late) == (409, "no_one_waiting")
    assert state_of(late) == {
        "meetingStatus": "scheduled",
        "knock.id": there,
        "knock.status": "waiting",
    }
    assert knock_of(signal(meeting, "operator_joined", MIKL, knockId=there))["status"] == "admitted"


@pytest.mark.parametrize("name", ["client_waiting", "client_left"])
def test_a_page_that_names_its_arrival_makes_and_ends_no_other(accepted, signal, rows, name):
    meeting = accepted()
    first = knock_of(signal(meeting, "client_waiting", ALICE))["id"]
    signal(meeting, "entry_denied", MIKL, reason="Un instant")

    # Its sign of life crosses the denial: no second knock, and the reason stays to be read.
    renewed = signal(meeting, name, ALICE, knockId=first)
    again = signal(meeting, "client_waiting", ALICE)
    late = signal(meeting, name, ALICE, knockId=first)

    assert rows("select status from lobby_knocks order by created_at") == ["denied", "waiting"]
    assert knock_of(again)["status"] == "waiting"
    assert refusal(late) == (409, "no_one_waiting")
    assert state_of(late)["knock.id"] == knock_of(again)["id"]
    if name == "client_waiting":
        assert refusal(renewed) == (409, "no_one_waiting")
        assert state_of(renewed)["knock.status"] == "denied"


@pytest.mark.parametrize("name", ["operator_joined", "entry_denied", "back_to_lobby", "remove"])
def test_who_comes_too_late_sees_the_state_that_won(accepted, signal, name):
    meeting = accepted()
    knock = knock_of(signal(meeting, "client_waiting", ALICE))["id"]
    signal(meeting, "client_left", ALICE)

    late = signal(meeting, name, MIKL, knockId=knock)

    assert refusal(late) == (409, "no_one_waiting")
    assert state_of(late)["knock.status"] == "left"


def test_a_cancelled_meeting_says_so_to_who_admits(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    call("cancel-meeting", {"meetingId": meeting, "reason": "Non"}, ALICE)

    late = signal(meeting, "operator_joined", MIKL)

    assert refusal(late) == (409, "meeting_over")
    assert state_of(late)["meetingStatus"] == "cancelled"


RIVALS = {
    "cancel": (ALICE, "cancel-meeting", {"reason": "Non"}),
    "leave": (ALICE, "lobby-signal", {"signal": "client_left"}),
    "deny": (MIKL, "lobby-signal", {"signal": "entry_denied"}),
    "a second admit": (MIKL, "lobby-signal", {"signal": "operator_joined"}),
    "a second tab": (MIKL, "admit-clients", None),
}


@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("callers", [2, 8])
def test_of_an_admission_and_its_rival_one_wins(
    call, accepted, signal, together, rows, rival, callers
):
    meeting = accepted()
    knock = knock_of(signal(meeting, "client_waiting", ALICE))["id"]
    who, function, more = RIVALS[rival]
    body = {"meetingIds": [meeting]} if more is None else {"meetingId": meeting, **more}
    admit = {"meetingId": meeting, "signal": "operator_joined", "knockId": knock}

    answers = together(
        *[lambda: call("lobby-signal", admit, MIKL), lambda: call(function, body, who)]
        * (callers // 2)
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    deeds = rows(
        "select action from transitions where subject = 'knock' and from_status = 'waiting'"
    )
    assert len(deeds) == 1
    [(status, meeting_status)] = rows(
        """select k.status, m.status from lobby_knocks k join meetings m on m.id = k.meeting_id"""
    )
    admitted = deeds == ["admit"]
    # Who was admitted may still leave; whoever was not is never in.
    assert status in (("admitted", "left") if admitted else ("denied", "left"))
    assert admitted == (meeting_status == "in_progress")
    for answer in answers:
        if answer.status_code == 409 and refusal(answer)[1] != "meeting_started":
            assert state_of(answer)["meetingStatus"] in ("scheduled", "in_progress", "cancelled")


def test_several_are_let_in_at_once_each_with_a_result(call, accepted, signal, state):
    waits, gone, cancelled = accepted(ALICE), accepted(BRUNO, days=2), accepted(ALICE, days=3)
    foreign = accepted(CHLOE, NORA)
    signal(waits, "client_waiting", ALICE)
    signal(gone, "client_waiting", BRUNO)
    signal(gone, "client_left", BRUNO)
    signal(foreign, "client_waiting", CHLOE)
    call("cancel-meeting", {"meetingId": cancelled, "reason": "Non"}, MIKL)
    asked = {"meetingIds": [waits, gone, cancelled, foreign, NOWHERE]}

    first = call("admit-clients", asked, MIKL).json["data"]["items"]
    again = call("admit-clients", {"meetingIds": [waits]}, MIKL).json["data"]["items"]

    told = [(one["meetingId"], one["outcome"], one["code"], one["state"]) for one in first]
    assert told == [
        (waits, "admitted", None, "admitted"),
        (gone, "refused", "no_one_waiting", "left"),
        (cancelled, "refused", "meeting_over", None),
        # Another operator's meeting and none at all are told apart by nothing.
        (foreign, "refused", "not_found", None),
        (NOWHERE, "refused", "not_found", None),
    ]
    assert again == first[:1]
    assert state(foreign, CHLOE)["knock"]["status"] == "waiting"


def test_several_meetings_are_locked_in_one_order_whoever_asks(
    call, rows, database, admin, together
):
    # The first in order is the last in the table: a scan alone would lock it last.
    later, sooner = "f" * 8 + NOWHERE[8:], "0" * 8 + NOWHERE[8:]
    for day, meeting in enumerate((later, sooner), 1):
        rows(
            """insert into meetings (id, client_id, operator_id, title, scheduled_at, ends_at)
               values (:id, :client, :operator, 'x', now() + make_interval(days => :day),
                       now() + make_interval(days => :day, hours => 1))""",
            id=meeting, client=ALICE.row, operator=MIKL.row, day=day,
        )  # fmt: skip

    with contextlib.closing(admin(database.admin)) as other:
        other.run("begin")
        other.run("select from meetings where id = :id for update", id=sooner)

        def look():
            for _ in range(200):
                if rows("select count(*) from pg_locks where not granted") != [0]:
                    break
                time.sleep(0.01)
            # Whoever waits for the first holds none of the others.
            other.run("select from meetings where id = :id for update nowait", id=later)
            other.run("rollback")

        answer, _ = together(
            lambda: call("admit-clients", {"meetingIds": [later, sooner]}, MIKL), look
        )

    assert answer.status_code == 200


@pytest.mark.parametrize("ids", [[], [NOWHERE, NOWHERE], [str(uuid4()) for _ in range(51)], "x"])
def test_several_are_at_least_one_and_each_once(call, ids):
    assert refusal(call("admit-clients", {"meetingIds": ids}, MIKL)) == (422, "invalid_fields")


def test_a_denial_stays_with_its_reason_and_what_to_do_next(accepted, signal, state):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)

    signal(meeting, "entry_denied", MIKL, reason="Je suis malade", nextStep="ask_again")

    for _ in range(2):  # and after a reload
        knock = state(meeting)["knock"]
        assert (knock["status"], knock["reason"]) == ("denied", "Je suis malade")
        assert knock["nextStep"] == "ask_again"


def test_messages_go_both_ways_and_are_told_without_their_words(
    call, accepted, state, waiting_room, signal, remote
):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    remote.published.clear()
    words = "<b>Bonjour</b> & à tout de suite"

    said = call("lobby-message", {"meetingId": meeting, "text": words}, MIKL)
    late = {"meetingId": meeting, "canned": "five_minutes_late"}
    answered = call("lobby-message", late, ALICE)

    assert (said.status_code, answered.status_code) == (201, 201)
    seen = [(one["sender"], one["text"], one["canned"]) for one in state(meeting)["messages"]]
    assert seen == [
        ("operator", words, None),
        ("client", "J’aurai cinq minutes de retard.", "five_minutes_late"),
    ]
    assert [one["text"] for one in waiting_room()[0]["messages"]] == [text for _, text, _ in seen]
    assert [(one["channel"].split(":")[0], one["event"]) for one in remote.published] == [
        ("meeting", "lobby_message"),
        ("client", "lobby_message"),
        ("meeting", "lobby_message"),
        ("operator", "lobby_message"),
    ]
    assert "Bonjour" not in str(remote.published)
    assert answered.json["data"]["version"] == said.json["data"]["version"] + 1


def test_a_ready_made_answer_is_read_in_ones_own_language(call, accepted, state, rows):
    meeting = accepted()
    rows("update operators set locale = 'en'")

    call("lobby-message", {"meetingId": meeting, "canned": "thank_you"}, ALICE)

    assert state(meeting, MIKL)["messages"][0]["text"] == "Thank you!"
    assert state(meeting, ALICE)["messages"][0]["text"] == "Merci !"


@pytest.mark.parametrize(
    "words",
    [{}, {"text": ""}, {"text": "x" * 501}, {"canned": "hello"}, {"text": "x", "canned": "x"}],
)
def test_a_message_is_short_or_ready_made(call, accepted, words):
    body = {"meetingId": accepted(), **words}

    assert refusal(call("lobby-message", body, MIKL)) == (422, "invalid_fields")


def test_a_minute_holds_ten_messages_of_each(call, accepted, together, rows):
    meeting = accepted()
    say = {"meetingId": meeting, "text": "Bonjour"}

    answers = together(*[lambda: call("lobby-message", say, ALICE)] * 14)
    of_mikl = call("lobby-message", say, MIKL)
    rows("update lobby_messages set created_at = created_at - interval '61 seconds'")
    later = call("lobby-message", say, ALICE)

    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [429] * 4
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refusal(refused) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "60"
    assert (of_mikl.status_code, later.status_code) == (201, 201)


@pytest.mark.parametrize(("factor", "taken"), [("2", 20), ("0", 30)])
def test_a_factor_moves_the_limit(call, accepted, environment, factor, taken):
    environment.setenv("RATE_LIMIT_FACTOR", factor)
    settings.forget()
    bootstrap.forget()
    say = {"meetingId": accepted(), "text": "Bonjour"}

    answers = [call("lobby-message", say, ALICE).status_code for _ in range(30)]

    assert answers.count(201) == taken


def test_nobody_speaks_after_the_end(call, accepted, signal):
    meeting = accepted()
    call("cancel-meeting", {"meetingId": meeting, "reason": "Non"}, MIKL)

    answer = call("lobby-message", {"meetingId": meeting, "text": "Bonjour"}, ALICE)

    assert refusal(answer) == (409, "meeting_over")


# Who answers, and by which event the operator's other pages hear that it is answered.
ANSWERS = {
    "admit": (MIKL, "lobby-signal", {"signal": "operator_joined"}, "operator_joined"),
    "deny": (MIKL, "lobby-signal", {"signal": "entry_denied"}, "entry_denied"),
    "remove": (MIKL, "lobby-signal", {"signal": "remove"}, "client_left"),
    "leave": (ALICE, "lobby-signal", {"signal": "client_left"}, "client_left"),
    "cancel": (ALICE, "cancel-meeting", {"reason": "Non"}, "client_left"),
    "cancelled": (MIKL, "cancel-meeting", {"reason": "Non"}, "client_left"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_anywhere_clears_it_everywhere(
    call, accepted, signal, sweep, rows, remote, answer
):
    who, function, more, event = ANSWERS[answer]
    meeting, other = accepted(ALICE), accepted(BRUNO, days=2)
    signal(meeting, "client_waiting", ALICE)
    signal(other, "client_waiting", BRUNO)
    remote.published.clear()

    call(function, {"meetingId": meeting, **more}, who)
    aged(rows, 61, meeting)
    swept = sweep()

    unread = call("list-notifications", {"unread": "true", "limit": "100"}, MIKL).json["data"]
    bodies = [one["body"] for one in unread["items"] if one["type"] == "client_waiting"]
    assert bodies == ["Bruno attend dans la salle d’attente."]
    inbox = f"operator:{MIKL.row}:inbox"
    assert event in [one["event"] for one in remote.published if one["channel"] == inbox]
    assert swept["escalated"] == 0
    assert rows("select count(*) from visio.mail_outbox where type = 'client_still_waiting'") == [0]


def test_a_client_clears_nothing_else_of_the_operators(call, accepted, signal, rows):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)

    signal(meeting, "client_left", ALICE)

    read = "select distinct type from notifications where read_at is not null"
    assert rows(read) == ["client_waiting"]


def test_a_lapsed_knock_is_cleared_by_the_sweep_and_a_new_one_announced(
    call, accepted, signal, sweep, rows
):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    aged(rows, 121)

    sweep()
    signal(meeting, "client_waiting", ALICE)

    told = "select read_at is null from notifications where type = 'client_waiting' order by 1"
    assert rows(told) == [False, True]


def test_an_arrival_unanswered_for_a_minute_is_told_elsewhere_once(
    accepted, signal, sweep, rows, remote
):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    early = sweep()["escalated"]
    aged(rows, 60)
    signal(meeting, "client_waiting", ALICE)
    remote.mailed.clear()

    swept = [sweep()["escalated"] for _ in range(3)]

    assert (early, swept) == (0, [1, 0, 0])
    mails = rows("select id::text from visio.mail_outbox where type = 'client_still_waiting'")
    assert remote.mailed == mails
    assert len(mails) == 1
    # On the page it has been said already.
    assert rows("select count(*) from notifications where type = 'client_still_waiting'") == [0]


def test_who_went_away_is_escalated_once_they_are_back(accepted, signal, sweep, rows):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    aged(rows, 61)

    away = sweep()["escalated"]
    signal(meeting, "client_waiting", ALICE)
    back = sweep()["escalated"]

    assert (away, back) == (0, 1)


def test_many_sweeps_at_once_escalate_once(accepted, signal, sweep, rows, together):
    for day, who in ((1, ALICE), (2, BRUNO)):
        meeting = accepted(who, days=day)
        signal(meeting, "client_waiting", who)
    rows("update lobby_knocks set remind_at = now() - interval '1 second'")

    swept = together(*[sweep] * 6)

    assert sum(one["escalated"] for one in swept) == 2
    assert rows("select count(*) from visio.mail_outbox where type = 'client_still_waiting'") == [2]


def test_who_was_sent_back_is_not_escalated(accepted, signal, sweep, rows):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)
    signal(meeting, "back_to_lobby", MIKL, reason="Une minute")

    rows("update lobby_knocks set since = since - interval '2 minutes'")

    assert sweep()["escalated"] == 0


def test_the_state_says_how_soon_to_ask_again(accepted, signal, state, rows):
    meeting = accepted(days=2)
    far = state(meeting)["pollAfterMs"]
    rows(
        """update meetings set scheduled_at = now() + interval '5 minutes',
                               ends_at = now() + interval '65 minutes'"""
    )
    near = state(meeting)["pollAfterMs"]
    signal(meeting, "client_waiting", ALICE)
    waiting = state(meeting)["pollAfterMs"]

    assert (far, near, waiting) == (60_000, 15_000, 5_000)


def test_away_is_news_to_who_has_seen_the_rest(call, accepted, signal, rows):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    seen = call("lobby-state", {"meetingId": meeting}, MIKL)
    tag = {"If-None-Match": seen.headers["ETag"]}
    aged(rows, 31)

    assert call("lobby-state", {"meetingId": meeting}, MIKL, headers=tag).status_code == 200


def test_two_meetings_back_to_back_have_a_lobby_each(call, accepted, signal, waiting_room, rows):
    first, second = accepted(ALICE, days=1), accepted(BRUNO, days=2)
    rows(
        """update meetings set scheduled_at = now() - interval '50 minutes',
                               ends_at = now() + interval '10 minutes' where id = :id""",
        id=first,
    )
    signal(first, "client_waiting", ALICE)
    signal(first, "operator_joined", MIKL)

    # The operator is in another meeting: Bruno waits, is announced, and let in by nothing else.
    signal(second, "client_waiting", BRUNO)
    told = call("lobby-message", {"meetingId": second, "canned": "still_in_a_meeting"}, MIKL)
    outside = call("join-meeting", {"meetingId": second}, BRUNO)
    signal(first, "meeting_ended", MIKL)
    seen = waiting_room()
    inside = signal(second, "operator_joined", MIKL)

    assert told.status_code == 201
    assert refusal(outside) == (403, "not_admitted")
    assert [one["clientName"] for one in seen] == ["Bruno"]
    assert knock_of(inside)["status"] == "admitted"


@pytest.mark.parametrize(
    ("happens", "outcome"),
    [
        ([], "unknown"),
        ([(ALICE, "client_waiting")], "operator_absent"),
        ([(MIKL, "operator_joined")], "client_absent"),
        ([(MIKL, "operator_joined"), (ALICE, "client_waiting")], "unknown"),
        ([(ALICE, "client_waiting"), (MIKL, "entry_denied")], "operator_absent"),
        ([(ALICE, "client_waiting"), (MIKL, "operator_joined")], "held"),
    ],
)
def test_whoever_waits_when_the_meeting_is_over_waits_no_more(
    accepted, signal, sweep, state, rows, waiting_room, happens, outcome
):
    meeting = accepted()
    for who, name in happens:
        signal(meeting, name, who)
    rows(
        """update meetings set scheduled_at = scheduled_at - interval '10 days',
                               ends_at = ends_at - interval '10 days'"""
    )

    sweep()

    seen = state(meeting)
    assert seen["meetingStatus"] == "completed"
    assert rows("select outcome from meetings") == [outcome]
    assert (seen["knock"] or {"status": None})["status"] in (None, "left", "denied")
    assert waiting_room() == []


@pytest.mark.parametrize("who", [BRUNO, NORA, CHLOE])
@pytest.mark.parametrize("function", ["lobby-state", "lobby-message", "lobby-signal"])
def test_anothers_meeting_is_answered_as_none_at_all(call, accepted, signal, function, who):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    name = "operator_joined" if who is NORA else "client_waiting"
    more = {"lobby-message": {"text": "x"}, "lobby-signal": {"signal": name}}.get(function, {})

    theirs = call(function, {"meetingId": meeting, **more}, who)
    nobodys = call(function, {"meetingId": NOWHERE, **more}, who)

    for answer in (theirs, nobodys):
        assert refusal(answer) == (404, "not_found")
    assert {**theirs.json["error"], "requestId": ""} == {**nobodys.json["error"], "requestId": ""}


def test_a_stranger_sees_no_waiting_room(call):
    assert refusal(call("waiting-room", {}, STRANGER)) == (403, "not_a_party")
    assert refusal(call("waiting-room", {"all": "true"}, MIKL)) == (422, "invalid_fields")


def test_instants_of_the_waiting_room_are_utc(accepted, signal, waiting_room):
    signal(accepted(), "client_waiting", ALICE)

    [one] = waiting_room()

    for name in ("since", "scheduledAt"):
        assert one[name].endswith("Z")
        assert datetime.fromisoformat(one[name])

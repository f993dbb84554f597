"""The exchange: the operator offers other slots, the client answers, and both can read it all."""

import json

import pytest

from tests.conftest import at
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, SCHEDULER
from visio import bootstrap, settings


def z(instant):
    return instant.replace("+00:00", "Z")


def propose(request, slots, message=None):
    body = {"requestId": request["id"], "decision": "propose", "proposedSlots": slots}
    return body if message is None else {**body, "message": message}


def accept(request, slot):
    return {"requestId": request["id"], "decision": "accept", "selectedSlot": slot}


def take(request, slot):
    return {"requestId": request["id"], "answer": "accept", "selectedSlot": slot}


def turn_down(request, answer, message=None):
    body = {"requestId": request["id"], "answer": answer}
    return body if message is None else {**body, "message": message}


def refused(answer):
    error = answer.json["error"]
    return answer.status_code, error["code"], error.get("details")


@pytest.fixture
def setting(environment):
    """Change one setting, as if the functions had been deployed with it."""

    def setting(name, value):
        environment.setenv(name, value)
        settings.forget()
        bootstrap.forget()

    return setting


@pytest.fixture
def countered(call, pending):
    """A request to which the operator has offered other slots."""

    def countered(client=ALICE, slots=None, operator=MIKL):
        slots = slots or [at(5), at(6)]
        return call("decide-request", propose(pending(client), slots), operator).json["data"]

    return countered


def test_an_offer_is_told_and_taken_and_becomes_the_meeting(call, pending, rows, remote):
    request = pending(message="Bonjour")
    offered = [at(5), at(6)]
    remote.published.clear()

    answer = call("decide-request", propose(request, offered, "Plutôt ceci ?"), MIKL)

    countered = answer.json["data"]
    assert (answer.status_code, countered["status"]) == (200, "countered")
    assert countered["proposedSlots"] == [z(slot) for slot in offered]
    assert (countered["message"], countered["reason"]) == ("Bonjour", "Plutôt ceci ?")
    told = [(heard["channel"], heard["event"]) for heard in remote.published]
    assert told[0] == (f"client:{ALICE.row}:inbox", "request_decided")
    [note, *_] = call("list-notifications", {}, ALICE).json["data"]["items"]
    assert note["title"] == "Autres créneaux proposés"
    assert note["body"] == "MiKL vous propose 2 autres créneaux : Plutôt ceci ?"

    remote.published.clear()
    answer = call("answer-proposal", take(request, offered[1]), ALICE)

    accepted = answer.json["data"]
    assert (answer.status_code, accepted["status"]) == (200, "accepted")
    assert accepted["selectedSlot"] == z(offered[1])
    [meeting] = call("list-meetings", {}, MIKL).json["data"]["items"]
    assert (meeting["id"], meeting["scheduledAt"]) == (accepted["meetingId"], z(offered[1]))
    assert meeting["title"] == "MiKL – Alice"
    [note, *_] = call("list-notifications", {}, MIKL).json["data"]["items"]
    assert note["title"] == "Proposition acceptée"
    assert {heard["channel"] for heard in remote.published} == {f"operator:{MIKL.row}:inbox"}
    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [0]


def test_an_operator_accepts_no_time_of_his_own(call, countered):
    request = countered()
    offered = request["proposedSlots"][0]
    call("answer-proposal", take(request, offered), ALICE)

    answer = call("decide-request", accept(request, offered), MIKL)

    assert refused(answer)[:2] == (409, "already_decided")


@pytest.mark.parametrize(
    ("answer", "title"), [("decline", "Proposition déclinée"), ("withdraw", "Demande retirée")]
)
def test_a_client_turns_an_offer_down(call, countered, answer, title):
    request = countered()

    first = call("answer-proposal", turn_down(request, answer, "Merci quand même"), ALICE)
    again = call("answer-proposal", turn_down(request, answer, "Merci quand même"), ALICE)
    other = call("answer-proposal", turn_down(request, answer, "Autre chose"), ALICE)

    assert (first.status_code, first.json["data"]["status"]) == (200, "withdrawn")
    assert (again.status_code, again.json) == (200, first.json)
    assert refused(other)[:2] == (409, "already_decided")
    notes = call("list-notifications", {}, MIKL).json["data"]["items"]
    assert [note["title"] for note in notes][:1] == [title]
    assert notes[0]["body"].endswith(": Merci quand même")


STATES = (
    *("pending", "accepted", "rejected", "countered"),
    *("withdrawn", "expired", "completed", "cancelled"),
)
TABLE = {
    # who does what: what comes of it by state; everywhere else it is too late
    ("decide-request", "accept"): {"pending": "accepted"},
    ("decide-request", "reject"): {"pending": "rejected"},
    ("decide-request", "propose"): {"pending": "countered", "countered": "countered"},
    ("answer-proposal", "accept"): {"pending": "nothing_proposed", "countered": "accepted"},
    ("answer-proposal", "decline"): {"pending": "nothing_proposed", "countered": "withdrawn"},
    ("answer-proposal", "withdraw"): {"pending": "withdrawn", "countered": "withdrawn"},
}


@pytest.mark.parametrize("state", STATES)
def test_every_action_in_every_state_through_the_functions(call, rows, pending, state):
    for number, ((function, action), comes) in enumerate(TABLE.items()):
        asked, offered = at(10 + number), at(20 + number)
        request = pending(ALICE, [asked])
        rows(
            """update meeting_requests set status = :state, selected_slot = now(),
                      proposed_slots = to_jsonb(array[cast(:offered as text)]) where id = :id""",
            state=state,
            offered=offered,
            id=request["id"],
        )
        before = rows("select count(*) from transitions")
        body, who = {
            ("decide-request", "accept"): (accept(request, asked), MIKL),
            ("decide-request", "reject"): (
                {"requestId": request["id"], "decision": "reject", "reason": "Non"},
                MIKL,
            ),
            ("decide-request", "propose"): (propose(request, [at(30 + number)]), MIKL),
            ("answer-proposal", "accept"): (take(request, offered), ALICE),
            ("answer-proposal", "decline"): (turn_down(request, "decline", "Non"), ALICE),
            ("answer-proposal", "withdraw"): (turn_down(request, "withdraw", "Non"), ALICE),
        }[function, action]

        answer = call(function, body, who)

        became = comes.get(state, "already_decided")
        if became in STATES:
            assert (answer.status_code, answer.json["data"]["status"]) == (200, became)
            continue
        told = [{"field": "status", "problem": state}]
        assert refused(answer) == (409, became, told), (function, action)
        sql = "select status from meeting_requests where id = :id"
        assert rows(sql, id=request["id"]) == [state]
        assert rows("select count(*) from transitions") == before


def test_a_client_withdraws_what_nobody_has_answered(call, pending):
    request = pending(message="Bonjour")

    withdrawn = call("answer-proposal", turn_down(request, "withdraw"), ALICE).json["data"]

    assert (withdrawn["status"], withdrawn["message"]) == ("withdrawn", "Bonjour")
    late = call("decide-request", accept(request, request["requestedSlots"][0]), MIKL)
    assert refused(late) == (
        409,
        "already_decided",
        [{"field": "status", "problem": "withdrawn"}],
    )


def test_there_is_nothing_to_answer_before_an_offer(call, pending):
    request = pending()

    for body in (take(request, request["requestedSlots"][0]), turn_down(request, "decline")):
        assert refused(call("answer-proposal", body, ALICE))[:2] == (409, "nothing_proposed")


def test_the_same_offer_again_is_no_further_round_and_the_fourth_is_refused(call, pending, rows):
    request = pending()
    for number in (1, 2, 3):
        body = propose(request, [at(5 + number)], f"Offre {number}")
        first, again = (call("decide-request", body, MIKL) for _ in range(2))
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json == again.json

    fourth = call("decide-request", propose(request, [at(12)]), MIKL)

    assert refused(fourth)[:2] == (409, "already_decided")
    assert rows("select rounds from meeting_requests") == [3]
    assert rows("select count(*) from notifications where recipient_type = 'client'") == [3]
    earlier = call("answer-proposal", take(request, at(6)), ALICE)
    assert refused(earlier)[:2] == (422, "slot_not_proposed")


def test_both_read_the_whole_exchange_with_who_when_and_what_was_said(call, pending):
    request = pending(message="Bonjour")
    offered = [at(5)]
    call("decide-request", propose(request, offered, "Plutôt ceci ?"), MIKL)
    call("answer-proposal", turn_down(request, "decline", "Non merci"), ALICE)

    histories = [
        call("list-requests", {}, who).json["data"]["items"][0]["history"] for who in (ALICE, MIKL)
    ]

    assert histories[0] == histories[1]
    told = [
        (s["by"], s["action"], s["fromStatus"], s["toStatus"], s["message"], s["function"])
        for s in histories[0]
    ]
    assert told == [
        ("client", "ask", None, "pending", "Bonjour", "request_meeting"),
        ("operator", "propose", "pending", "countered", "Plutôt ceci ?", "decide_request"),
        ("client", "decline", "countered", "withdrawn", "Non merci", "answer_proposal"),
    ]
    assert histories[0][1]["slots"] == [z(slot) for slot in offered]
    assert histories[0][0]["slots"] == request["requestedSlots"]
    assert [s["at"] for s in histories[0]] == sorted(s["at"] for s in histories[0])


def test_a_meetings_history_holds_its_lobby_and_its_end(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "entry_denied", MIKL, reason="Un instant")
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)
    signal(meeting, "meeting_ended", MIKL)

    [listed] = call("list-meetings", {}, ALICE).json["data"]["items"]

    told = [(s["subject"], s["by"], s["action"], s["toStatus"]) for s in listed["history"]]
    assert told == [
        ("request", "operator", "accept", "accepted"),
        ("meeting", "operator", "agree", "scheduled"),
        ("knock", "client", "knock", "waiting"),
        ("knock", "operator", "deny", "denied"),
        ("knock", "client", "knock", "waiting"),
        ("knock", "operator", "admit", "admitted"),
        ("meeting", "operator", "start", "in_progress"),
        ("meeting", "operator", "complete", "completed"),
        ("request", "operator", "complete", "completed"),
        ("knock", "operator", "complete", "left"),
    ]
    [request] = call("list-requests", {}, ALICE).json["data"]["items"]
    assert [s["action"] for s in request["history"]] == ["ask", "accept", "complete"]


def test_another_clients_offer_is_as_good_as_absent(call, countered):
    request = countered()
    body = take(request, request["proposedSlots"][0])

    assert call("answer-proposal", body, BRUNO).status_code == 404
    assert call("answer-proposal", body, CHLOE).status_code == 404
    assert refused(call("answer-proposal", body, MIKL))[:2] == (403, "not_your_role")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answer": "perhaps"}, "answer"),
        ({"answer": "accept", "requestId": "x"}, "selectedSlot"),
        ({"answer": "decline", "requestId": "x"}, "requestId"),
        ({"answer": "withdraw", "requestId": ALICE.row, "message": "x" * 2001}, "message"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused_by_field(call, body, field):
    answer = call("answer-proposal", body, ALICE)

    assert answer.status_code == 422
    assert field in [detail["field"] for detail in answer.json["error"]["details"]]


@pytest.mark.parametrize(
    ("slots", "field"),
    [
        ([], "proposedSlots"),
        ([at(1), at(1)], "proposedSlots"),
        ([at(1), at(2), at(3), at(4)], "proposedSlots"),
        ([at(-1)], "proposedSlots.0"),
        ([at(1), at(366)], "proposedSlots.1"),
        (["2027-03-29T09:00:00"], "proposedSlots.0"),
    ],
)
def test_an_offer_that_cannot_be_meant_is_refused_by_field(call, pending, slots, field):
    answer = call("decide-request", propose(pending(), slots), MIKL)

    assert refused(answer)[:2] == (422, "invalid_fields")
    assert field in [detail["field"] for detail in answer.json["error"]["details"]]


def test_a_client_is_told_which_offered_slots_are_still_free(call, pending, countered):
    request = countered(ALICE, [at(5), at(6)])
    taken = pending(BRUNO, [at(5, minutes=30)])
    call("decide-request", accept(taken, taken["requestedSlots"][0]), MIKL)

    answer = call("answer-proposal", take(request, request["proposedSlots"][0]), ALICE)

    free = [{"field": "proposedSlots", "problem": request["proposedSlots"][1]}]
    assert refused(answer) == (409, "slot_taken", free)
    assert call("list-meetings", {}, ALICE).json["data"]["items"] == []


def test_an_offer_of_a_taken_time_is_refused(call, pending):
    taken = pending(BRUNO, [at(5)])
    call("decide-request", accept(taken, taken["requestedSlots"][0]), MIKL)

    answer = call("decide-request", propose(pending(ALICE), [at(5), at(7)]), MIKL)

    free = [{"field": "proposedSlots", "problem": z(at(7))}]
    assert refused(answer) == (409, "slot_taken", free)


def test_two_clients_who_take_the_same_offered_time_at_once(call, countered, together, rows):
    requests = [(who, countered(who, [at(5)])) for who in (ALICE, BRUNO)]

    answers = together(
        *(
            lambda who=who, r=r: call("answer-proposal", take(r, r["proposedSlots"][0]), who)
            for who, r in requests
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [loser] = [answer for answer in answers if answer.status_code == 409]
    assert refused(loser)[1] == "slot_taken"
    assert rows("select count(*) from meetings") == [1]


def test_of_everything_at_once_one_wins_and_the_others_learn_what_won(
    call, countered, together, rows
):
    request = countered()
    [first, second] = request["proposedSlots"]

    answers = together(
        lambda: call("answer-proposal", take(request, first), ALICE),
        lambda: call("answer-proposal", take(request, second), ALICE),
        lambda: call("answer-proposal", turn_down(request, "decline"), ALICE),
        lambda: call("answer-proposal", turn_down(request, "withdraw", "Non"), ALICE),
        lambda: call("decide-request", accept(request, request["requestedSlots"][0]), MIKL),
        lambda: call("decide-request", {"requestId": request["id"], "decision": "reject",
                                        "reason": "Non"}, MIKL),
    )  # fmt: skip

    [won] = [answer for answer in answers if answer.status_code == 200]
    status = won.json["data"]["status"]
    assert rows("select status from meeting_requests") == [status]
    losers = [refused(answer) for answer in answers if answer.status_code != 200]
    assert {(code, error) for code, error, _ in losers} == {(409, "already_decided")}
    # Whoever came before the winner lost to the offer, whoever came later to the winner.
    assert {detail["problem"] for _, _, [detail] in losers} <= {"countered", status}
    assert rows("select count(*) from meetings") == [int(status == "accepted")]
    assert rows("select count(*) from transitions where subject = 'request'") == [3]


def test_the_operator_sees_which_slots_are_free_taken_or_passed(call, pending, rows):
    taken = pending(BRUNO, [at(1, minutes=30)])
    call("decide-request", accept(taken, taken["requestedSlots"][0]), MIKL)
    request = pending(ALICE, [at(1), at(2), at(3)])
    rows(
        """update meeting_requests
              set requested_slots = to_jsonb(array[cast(:passed as text), :taken, :free])
            where id = :id""",
        passed=at(-1),
        taken=at(1),
        free=at(3),
        id=request["id"],
    )

    listed = call("list-requests", {"status": "pending"}, MIKL).json["data"]["items"][0]
    [of_bruno] = call("list-requests", {"status": "accepted"}, MIKL).json["data"]["items"]
    to_client = call("list-requests", {"status": "pending"}, ALICE).json["data"]["items"][0]

    assert [(s["proposedBy"], s["state"]) for s in listed["slots"]] == [
        ("client", "passed"),
        ("client", "taken"),
        ("client", "free"),
    ]
    assert [s["state"] for s in of_bruno["slots"]] == ["free"]  # its own meeting takes nothing
    assert to_client["slots"] is None


def test_of_the_meetings_before_a_slot_the_last_one_may_reach_into_it(call, pending):
    for minutes in (-30, -300):
        earlier = pending(BRUNO, [at(1, minutes=minutes)])
        call("decide-request", accept(earlier, earlier["requestedSlots"][0]), MIKL)
    pending(ALICE, [at(1), at(1, minutes=30)])

    [listed] = call("list-requests", {"status": "pending"}, MIKL).json["data"]["items"]

    assert [slot["state"] for slot in listed["slots"]] == ["taken", "free"]


def test_offered_slots_are_marked_as_well(call, countered):
    countered(ALICE, [at(5)])

    [listed] = call("list-requests", {}, MIKL).json["data"]["items"]

    assert [s["proposedBy"] for s in listed["slots"]] == ["client", "client", "operator"]


def test_a_buffer_is_kept_around_meetings(call, pending, setting, rows):
    setting("BUFFER_MINUTES", "15")
    first = pending(ALICE, [at(1)])
    call("decide-request", accept(first, first["requestedSlots"][0]), MIKL)

    after, long_after = pending(BRUNO, [at(1, minutes=74)]), pending(BRUNO, [at(1, minutes=75)])
    before = pending(BRUNO, [at(1, minutes=-74)])
    answers = [
        call("decide-request", accept(r, r["requestedSlots"][0]), MIKL)
        for r in (after, before, long_after)
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 200]
    assert {refused(answer)[1] for answer in answers[:2]} == {"slot_taken"}
    assert rows("select distinct buffer_minutes from meetings") == [15]


def test_the_buffer_is_settled_by_the_database(call, pending, setting, together, rows):
    setting("BUFFER_MINUTES", "15")
    requests = [pending(ALICE, [at(1)]), pending(BRUNO, [at(1, minutes=70)])]

    answers = together(
        *(
            lambda r=r: call("decide-request", accept(r, r["requestedSlots"][0]), MIKL)
            for r in requests
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert rows("select count(*) from meetings") == [1]


def test_a_minimum_notice_is_asked_of_the_client(call, setting, pending):
    setting("MINIMUM_NOTICE_MINUTES", "120")

    answer = call("request-meeting", {"requestedSlots": [at(0, minutes=119)]}, ALICE)

    problem = {"field": "requestedSlots.0", "problem": "must lie at least 120 minutes ahead"}
    assert refused(answer) == (422, "invalid_fields", [problem])
    assert pending(ALICE, [at(0, minutes=122)])["status"] == "pending"


def test_a_countered_request_expires_with_the_last_slot_on_offer(call, countered, rows, remote):
    offered = at(5)
    request = countered(ALICE, [offered])
    same = rows("select last_slot_at = cast(:at as timestamptz) from meeting_requests", at=offered)
    assert same == [True]
    rows("update meeting_requests set last_slot_at = now() - interval '1 second'")
    bearer = remote.keys.sign_google(*SCHEDULER)

    call("complete-meetings", headers={"Authorization": f"Bearer {bearer}"})

    late = call("answer-proposal", take(request, request["proposedSlots"][0]), ALICE)
    assert refused(late) == (409, "already_decided", [{"field": "status", "problem": "expired"}])
    [listed] = call("list-requests", {}, ALICE).json["data"]["items"]
    last = listed["history"][-1]
    assert (last["by"], last["action"], last["function"]) == (
        "system",
        "expire",
        "complete_meetings",
    )


def test_personal_words_of_the_exchange_stay_in_their_rows(call, countered, remote):
    canary = "c4n4ry"
    request = countered()
    remote.published.clear()

    call("answer-proposal", turn_down(request, "decline", canary), ALICE)

    assert remote.published
    assert canary not in json.dumps(remote.published)
    assert call("list-requests", {}, NORA).json["data"]["items"] == []

"""A client asks for a meeting, and the operator decides."""

import contextlib
import time

import pytest

from tests.conftest import ON_ONE_SERVER, at
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA
from visio import bootstrap, settings


def accept(request, slot=None):
    selected = slot or request["requestedSlots"][0]
    return {"requestId": request["id"], "decision": "accept", "selectedSlot": selected}


def reject(request, reason="Je suis en congé"):
    return {"requestId": request["id"], "decision": "reject", "reason": reason}


def test_a_request_is_stored_for_the_clients_own_operator(call, rows):
    slots = [at(1), at(3), at(2)]

    answer = call("request-meeting", {"requestedSlots": slots, "message": " Bonjour "}, ALICE)

    request = answer.json["data"]
    assert answer.status_code == 201
    assert (request["clientId"], request["operatorId"]) == (ALICE.row, MIKL.row)
    assert request["requestedSlots"] == [slot.replace("+00:00", "Z") for slot in slots]
    assert (request["status"], request["source"]) == ("pending", "form")
    assert (request["message"], request["durationMinutes"]) == ("Bonjour", 60)
    assert rows("select id::text from meeting_requests") == [request["id"]]
    assert rows("select title from notifications where recipient_id = :id", id=MIKL.row) == [
        "Nouvelle demande de rendez-vous"
    ]


def test_offsets_are_understood_and_answered_in_utc(call):
    answer = call("request-meeting", {"requestedSlots": ["2027-03-29T09:00:00+02:00"]}, ALICE)

    assert answer.json["data"]["requestedSlots"] == ["2027-03-29T07:00:00Z"]


@ON_ONE_SERVER
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "requestedSlots"),
        ({"requestedSlots": []}, "requestedSlots"),
        ({"requestedSlots": [at(1), at(2), at(3), at(4)]}, "requestedSlots"),
        ({"requestedSlots": [at(1), at(1)]}, "requestedSlots"),
        ({"requestedSlots": ["2027-03-29T09:00:00"]}, "requestedSlots.0"),
        ({"requestedSlots": [1800000000]}, "requestedSlots.0"),
        ({"requestedSlots": [at(-1)]}, "requestedSlots.0"),
        ({"requestedSlots": [at(1), at(366)]}, "requestedSlots.1"),
        ({"requestedSlots": ["9999-12-31T23:59:59-12:00"]}, "requestedSlots.0"),
        ({"requestedSlots": [at(1)], "durationMinutes": 14}, "durationMinutes"),
        ({"requestedSlots": [at(1)], "durationMinutes": 241}, "durationMinutes"),
        ({"requestedSlots": [at(1)], "durationMinutes": "60"}, "durationMinutes"),
        ({"requestedSlots": [at(1)], "message": "x" * 2001}, "message"),
        ({"requestedSlots": [at(1)], "message": "a\0b"}, ""),
        ({"requestedSlots": [at(1)], "operatorId": NORA.row}, ""),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_by_field(call, rows, body, field):
    answer = call("request-meeting", body, ALICE)

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_fields")
    assert field in [detail["field"] for detail in answer.json["error"]["details"]]
    assert rows("select count(*) from meeting_requests") == [0]


def test_accepting_makes_the_meeting_and_tells_the_client(call, pending, rows, remote):
    request = pending(ALICE, [at(1), at(2)], message="Mon message")
    remote.published.clear()

    answer = call("decide-request", accept(request, request["requestedSlots"][1]), MIKL)

    decided = answer.json["data"]
    assert (answer.status_code, decided["status"]) == (200, "accepted")
    assert decided["selectedSlot"] == request["requestedSlots"][1]
    assert decided["message"] == "Mon message"
    [meeting] = call("list-meetings", {}, ALICE).json["data"]["items"]
    assert (meeting["id"], meeting["requestId"]) == (decided["meetingId"], request["id"])
    assert (meeting["status"], meeting["scheduledAt"]) == ("scheduled", decided["selectedSlot"])
    assert rows("select title from notifications where recipient_id = :id", id=ALICE.row) == [
        "Demande acceptée"
    ]
    assert [heard["event"] for heard in remote.published] == [
        "request_decided",
        "notification_created",
    ]
    assert rows("select count(*) from visio.signal_outbox where published_at is null") == [0]


def test_a_reason_never_overwrites_the_clients_message(call, pending):
    request = pending(message="Mon message")

    decided = call("decide-request", reject(request), MIKL).json["data"]

    assert (decided["status"], decided["reason"]) == ("rejected", "Je suis en congé")
    assert (decided["message"], decided["meetingId"]) == ("Mon message", None)


def test_the_same_decision_again_changes_nothing(call, pending, rows):
    request = pending()
    first = call("decide-request", accept(request), MIKL)

    again = call("decide-request", accept(request), MIKL)

    assert (again.status_code, again.json) == (200, first.json)
    assert rows("select count(*) from meetings") == [1]


@pytest.mark.parametrize(
    ("first", "second"), [(accept, reject), (reject, accept)], ids=["accepted", "rejected"]
)
def test_another_second_decision_is_refused(call, pending, first, second):
    request = pending()
    call("decide-request", first(request), MIKL)

    answer = call("decide-request", second(request), MIKL)

    assert (answer.status_code, answer.json["error"]["code"]) == (409, "already_decided")


def test_a_slot_that_was_not_requested_is_refused(call, pending):
    answer = call("decide-request", accept(pending(), at(5)), MIKL)

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "slot_not_proposed")


def test_a_slot_that_has_passed_is_refused(call, pending, rows):
    request = pending(ALICE, [at(1), at(2)])
    passed = at(-1)
    rows(
        """update meeting_requests
              set requested_slots = to_jsonb(array[cast(:passed as text), :ahead])""",
        passed=passed,
        ahead=at(2),
    )

    answer = call("decide-request", accept(request, passed), MIKL)

    assert (answer.status_code, answer.json["error"]["code"]) == (409, "slot_passed")


def test_a_taken_slot_names_those_that_are_free(call, pending):
    call("decide-request", accept(pending(ALICE, [at(1)])), MIKL)
    request = pending(BRUNO, [at(1, minutes=30), at(2)])

    answer = call("decide-request", accept(request), MIKL)

    assert (answer.status_code, answer.json["error"]["code"]) == (409, "slot_taken")
    assert [d["problem"] for d in answer.json["error"]["details"]] == [request["requestedSlots"][1]]


def test_meetings_may_follow_each_other_without_a_break(call, pending):
    call("decide-request", accept(pending(ALICE, [at(1)])), MIKL)

    answer = call("decide-request", accept(pending(BRUNO, [at(1, minutes=60)])), MIKL)

    assert answer.status_code == 200


def test_another_operators_request_is_as_good_as_absent(call, pending):
    of_chloe = pending(CHLOE)
    absent = {**of_chloe, "id": "99999999-9999-4999-8999-999999999999"}

    there = call("decide-request", accept(of_chloe), MIKL)
    nowhere = call("decide-request", accept(absent), MIKL)

    assert there.status_code == nowhere.status_code == 404
    said, said_of_nothing = there.json["error"], nowhere.json["error"]
    assert said.pop("requestId") != said_of_nothing.pop("requestId")
    assert said == said_of_nothing


@pytest.mark.parametrize("times", [2, 8])
def test_of_many_equal_acceptances_at_once_one_makes_the_meeting(
    call, pending, together, rows, times
):
    request = pending()

    answers = together(*[lambda: call("decide-request", accept(request), MIKL)] * times)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["data"]["meetingId"] for answer in answers}) == 1
    assert rows("select count(*) from meetings") == [1]
    assert rows("select count(*) from notifications where recipient_type = 'client'") == [1]


def test_of_acceptance_and_rejection_at_once_one_wins(call, pending, together, rows):
    request = pending()

    answers = together(
        lambda: call("decide-request", accept(request), MIKL),
        lambda: call("decide-request", reject(request), MIKL),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert rows("select status from meeting_requests") in (["accepted"], ["rejected"])
    assert rows("select count(*) from notifications where recipient_type = 'client'") == [1]


def test_what_somebody_else_is_deciding_is_waited_for(
    call, pending, rows, database, admin, together
):
    request = pending()

    with contextlib.closing(admin(database.admin)) as other:
        other.run("begin")
        other.run(
            "update meeting_requests set status = 'withdrawn' where id = :id", id=request["id"]
        )

        def change_first():
            for _ in range(200):
                if rows("select count(*) from pg_locks where not granted") != [0]:
                    break
                time.sleep(0.01)
            other.run("commit")

        answer, _ = together(lambda: call("decide-request", accept(request), MIKL), change_first)

    assert (answer.status_code, answer.json["error"]["code"]) == (409, "already_decided")
    assert rows("select status from meeting_requests") == ["withdrawn"]
    assert rows("select count(*) from meetings") == [0]


def test_of_two_overlapping_acceptances_one_wins(call, pending, together, rows):
    from_alice = pending(ALICE, [at(1)])
    from_bruno = pending(BRUNO, [at(1, minutes=30), at(4)])

    answers = together(
        lambda: call("decide-request", accept(from_alice), MIKL),
        lambda: call("decide-request", accept(from_bruno), MIKL),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {a.json["error"]["code"] for a in answers if a.status_code == 409} == {"slot_taken"}
    assert rows("select count(*) from meetings") == [1]


def test_a_key_that_comes_again_gets_the_same_answer(call, rows):
    body, key = {"requestedSlots": [at(1)]}, {"Idempotency-Key": "one"}
    first = call("request-meeting", body, ALICE, headers=key)

    again = call("request-meeting", body, ALICE, headers=key)
    other = call("request-meeting", {"requestedSlots": [at(2)]}, ALICE, headers=key)
    of_bruno = call("request-meeting", {"requestedSlots": [at(2)]}, BRUNO, headers=key)

    assert (again.status_code, again.json) == (201, first.json)
    assert (other.status_code, other.json["error"]["code"]) == (422, "idempotency_key_reused")
    assert of_bruno.status_code == 201
    assert rows("select count(*) from meeting_requests") == [2]


def test_the_last_open_request_is_given_once(call, environment, together, rows):
    environment.setenv("MAX_OPEN_REQUESTS", "1")
    environment.setenv("RATE_LIMIT_FACTOR", "0")
    settings.forget()
    bootstrap.forget()
    body = {"requestedSlots": [at(1)]}

    answers = together(*[lambda: call("request-meeting", body, ALICE)] * 8)

    assert sorted(answer.status_code for answer in answers) == [201] + [429] * 7
    assert rows("select count(*) from meeting_requests") == [1]


def test_one_key_eight_times_at_once_is_one_request(call, together, rows):
    body, key = {"requestedSlots": [at(1)]}, {"Idempotency-Key": "one"}

    answers = together(*[lambda: call("request-meeting", body, ALICE, headers=key)] * 8)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["data"]["id"] for answer in answers}) == 1
    assert rows("select count(*) from meeting_requests") == [1]


def test_a_key_under_way_elsewhere_is_told_so(call, database, admin):
    body, key = {"requestedSlots": [at(1)]}, {"Idempotency-Key": "one"}
    elsewhere = admin(database.admin)
    elsewhere.run("begin")
    elsewhere.run(
        """insert into visio.idempotency_keys (caller, function, key, fingerprint, answer)
           values (cast(:caller as uuid), 'request-meeting', 'one', '', '{}')""",
        caller=ALICE.user,
    )

    answer = call("request-meeting", body, ALICE, headers=key)

    elsewhere.close()
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "idempotency_key_in_flight"


@pytest.mark.parametrize(
    ("held", "code"),
    [(["ask"], (503, "unavailable")), (["ask", "key"], (409, "idempotency_key_in_flight"))],
    ids=["another request of hers", "one with this key"],
)
def test_who_waits_too_long_is_told_for_what(call, database, admin, held, code):
    body, key = {"requestedSlots": [at(1)]}, {"Idempotency-Key": "one"}
    names = {"ask": f"ask/{ALICE.user}", "key": f"key/{ALICE.user}/one"}
    elsewhere = admin(database.admin)
    elsewhere.run("begin")
    for name in held:
        elsewhere.run(
            "select pg_advisory_xact_lock(hashtextextended(:name, 4262))", name=names[name]
        )

    answer = call("request-meeting", body, ALICE, headers=key)

    elsewhere.close()
    assert (answer.status_code, answer.json["error"]["code"]) == code
    assert call("request-meeting", body, ALICE, headers=key).status_code == 201


def test_a_key_means_nothing_to_a_function_that_takes_none(call, database, admin, pending):
    request = pending()
    body = {"requestId": request["id"], "decision": "reject", "reason": "Non"}
    elsewhere = admin(database.admin)
    elsewhere.run("begin")
    elsewhere.run("select from meeting_requests for update")

    answer = call("decide-request", body, MIKL, headers={"Idempotency-Key": "one"})

    elsewhere.close()
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unavailable")


def test_an_unusable_key_is_refused(call):
    answer = call(
        "request-meeting", {"requestedSlots": [at(1)]}, ALICE, headers={"Idempotency-Key": "a b"}
    )

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_fields")


def test_a_client_may_have_so_many_open_requests(call, pending, environment):
    from visio import bootstrap, settings

    environment.setenv("MAX_OPEN_REQUESTS", "2")
    settings.forget()
    bootstrap.forget()
    for day in (1, 2):
        pending(ALICE, [at(day)])

    answer = call("request-meeting", {"requestedSlots": [at(3)]}, ALICE)

    assert (answer.status_code, answer.json["error"]["code"]) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert pending(BRUNO)["status"] == "pending"

"""Processes die and are told to end, in the middle of whatever they do: what they promised is kept,
what they had not said yet is said by others, and nobody hears it twice."""

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.attack.cable import Cable
from tests.attack.harness import Fleet
from tests.attack.liars import SLOW, Liar
from tests.attack.scale import rounds
from tests.conftest import ON_ONE_SERVER, at
from tests.world import ALICE, BRUNO, MIKL, PUSH, pushed, settings_for

pytestmark = [
    ON_ONE_SERVER,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("processes"),
]

FREE = {"RATE_LIMIT_FACTOR": "0", "MAX_OPEN_REQUESTS": "0"}
MARK = b"set published_at = now()"


@pytest.fixture
def cable(database):
    address = urlsplit(database.login)
    with Cable((address.hostname, address.port), messages=True) as made:
        yield made


@pytest.fixture
def given(database, remote, cable):
    """What each process finds in its environment, but for changes."""

    def given(**changes):
        port = urlsplit(database.login).port
        login = database.login.replace(f":{port}/", f":{cable.port}/")
        return {**settings_for(login, remote), **FREE, **changes}

    return given


@pytest.fixture
def asked(rows):
    """How many requests there are, and how many notices of them."""

    def asked():
        return rows(
            """select (select count(*) from meeting_requests),
                      (select count(*) from notifications where type = 'request_created'),
                      (select count(*) from visio.signal_outbox)"""
        )[0]

    return asked


@pytest.fixture
def relayed(call, remote):
    """Everything that the bus was given so far, pushed to the relay; what browsers then heard."""

    def relayed():
        bearer = {"Authorization": f"Bearer {remote.keys.sign_google(*PUSH)}"}
        for signal in list(remote.published):
            raw = json.dumps(pushed(signal)).encode()
            assert call("relay-signal", raw=raw, headers=bearer).status_code == 204
        return [payload["eventId"] for _, _, payload in remote.broadcasts]

    return relayed


def test_killed_before_it_could_speak_or_remember_that_it_spoke(
    given, cable, remote, rows, call, asked, relayed, holds, tally
):
    with Liar(SLOW["is silent"]) as bus, ThreadPoolExecutor(1) as pool:
        for n in range(rounds(1, 6)):
            key, body = {"Idempotency-Key": f"k{n}"}, {"requestedSlots": [at(3, n)]}
            # It has committed, and the bus is about to be told.
            with Fleet(given(LOCAL_BUS_URL=f"{bus.url}/bus"), each=1) as fleet:
                fleet.start("request-meeting")
                heard = bus.asked
                waiting = pool.submit(lost, fleet, body, key)
                wait_until(lambda heard=heard: bus.asked > heard)
                fleet.processes["request-meeting"][0].kill()
                assert waiting.result()
            assert asked() == (3 * n + 1, *asked()[1:])
            assert rows("select count(*) from visio.signal_outbox where published_at is null") != [
                0
            ]

            # The bus has been told, and that is about to be written down.
            seen = threading.Event()

            def forgets(passing, seen=seen):
                if passing.direction == "up" and MARK in passing.content:
                    seen.set()
                    return "swallow"
                return None

            with Fleet(given(), each=1) as fleet:
                fleet.start("request-meeting")
                again = fleet.call("request-meeting", body, ALICE, headers=key)
                assert again.status == 201  # as it was: nothing new, nothing to say
                told = len(remote.published)
                cable.rule = forgets
                other = {"requestedSlots": [at(4, n)]}
                waiting = pool.submit(lost, fleet, other, {"Idempotency-Key": f"o{n}"})
                assert seen.wait(30)
                fleet.processes["request-meeting"][0].kill()
                cable.calm()
                assert waiting.result()
                assert len(remote.published) > told
                replaced = fleet.again("request-meeting", fleet.processes["request-meeting"][0])
                same = fleet.call(
                    "request-meeting", other, ALICE, headers={"Idempotency-Key": f"o{n}"}
                )
                fresh = fleet.call("request-meeting", {"requestedSlots": [at(5, n)]}, ALICE)
                assert (same.status, fresh.status) == (201, 201)
                assert replaced.end() == 0
            tally("processes killed between two steps", 2)

    rows("update visio.signal_outbox set next_attempt_at = now() where published_at is null")
    holds.drained()
    requests, notices, signals = asked()
    assert requests == 3 * rounds(1, 6)
    assert notices == requests
    told = [signal["eventId"] for signal in remote.published]
    assert len(told) > len(set(told)) == signals  # said again by the sweep
    heard = relayed()
    assert sorted(heard) == sorted(set(told))  # and heard once
    holds.silence()


def lost(fleet, body, key):
    """Whether the caller was left without an answer."""
    try:
        fleet.call("request-meeting", body, ALICE, headers=key)
    except (OSError, http.client.HTTPException):
        return True
    return False


def wait_until(true):
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


def test_told_to_end_with_fifty_requests_in_flight(given, cable, remote, rows, asked, holds, tally):
    remote.published.clear()
    # Said twice in the same words: an instant made anew might be of the next minute.
    asking = {f"in-flight-{n}": {"requestedSlots": [at(6, n)]} for n in range(50)}
    keys = list(asking)
    for turn in range(rounds(1, 3)):
        with Fleet(given()) as fleet, ThreadPoolExecutor(50) as pool:
            fleet.start("request-meeting")
            first, second = fleet.processes["request-meeting"]
            cable.rule = lambda passing: 0.01 if passing.direction == "down" else None

            def ask(key, fleet=fleet, turn=turn):
                body, headers = asking[key], {"Idempotency-Key": f"{key}-{turn}"}
                try:
                    return fleet.call("request-meeting", body, BRUNO, headers=headers)
                except (OSError, http.client.HTTPException):
                    return None

            answers = [pool.submit(ask, key) for key in keys]
            wait_until(lambda first=first: any("status=201" in line for line in first.lines))
            assert first.end() == 0
            results = [answer.result() for answer in answers]
            cable.calm()
            cut = [key for key, result in zip(keys, results, strict=True) if result is None]
            # One client's requests are stored one at a time: some may wait too long for their turn.
            assert {result.status for result in results if result} <= {201, 503}
            fleet.proxy("request-meeting").aim(("127.0.0.1", second.port))
            assert {ask(key).status for key in keys} == {201}
            assert len(cut) < len(keys)
            assert not [line for line in fleet.lines if "status=500" in line or "Traceback" in line]
            assert second.end() == 0
        assert asked()[:2] == (50 * (turn + 1), 50 * (turn + 1))
        tally("requests in flight while their process is told to end", len(keys))
    rows("update visio.signal_outbox set next_attempt_at = now() where published_at is null")
    holds.drained()


def test_two_processes_of_each_function_agree(given, rows, holds, tally):
    with Fleet(given()) as fleet, ThreadPoolExecutor(8) as pool:
        fleet.start("request-meeting", "decide-request")
        for n in range(rounds(4, 40)):
            slots = [at(10, 120 * n), at(10, 120 * n + 60)]
            asking = {"requestedSlots": slots}
            key = {"Idempotency-Key": f"twice-{n}"}
            made = list(
                pool.map(
                    lambda _, asking=asking, key=key: until_answered(
                        lambda: fleet.call("request-meeting", asking, ALICE, headers=key)
                    ),
                    range(4),
                )
            )
            assert {answer.status for answer in made} == {201}
            [request] = {answer.json["data"]["id"] for answer in made}

            decided = list(
                pool.map(
                    lambda slot, request=request: fleet.call(
                        "decide-request",
                        {"requestId": request, "decision": "accept", "selectedSlot": slot},
                        MIKL,
                    ),
                    slots * 2,
                )
            )
            assert sorted(answer.status for answer in decided) == [200, 200, 409, 409]
            assert len({a.json["data"]["meetingId"] for a in decided if a.status == 200}) == 1
            tally("decisions taken in two processes at once")
        busy = [len(one.lines) for some in fleet.processes.values() for one in some]
    assert min(busy) > 0
    assert rows("select count(*) from meetings") == [rounds(4, 40)]
    rows("update visio.signal_outbox set next_attempt_at = now() where published_at is null")
    holds.drained()


def until_answered(ask):
    """A key that is still under way is asked for again, as its refusal says."""
    while (answer := ask()).status in (409, 503):
        time.sleep(0.05)
    return answer

"""Each caller may do each action so often, over all instances together, and then waits."""

import json
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import flask
import pytest
from werkzeug.test import EnvironBuilder

from bench.distance import Proxy
from bench.trips import through
from tests.calcom import Booking
from tests.conftest import ON_ONE_SERVER, at
from tests.world import ALICE, BRUNO, LINK_SECRET, MIKL, SCHEDULER, signed
from visio import bootstrap, settings
from visio.adapters.links import Person, PersonalLinks
from visio.adapters.statements import text
from visio.call import Call, Caller
from visio.domain.limits import LIMITS
from visio.domain.refusals import RaceLost, TooOften
from visio.edge import endpoint

pytestmark = ON_ONE_SERVER

ASKING = text("select 1")


def refusal(answer):
    return answer.status_code, answer.json["error"]["code"]


@pytest.fixture
def factor(environment):
    def factor(value):
        environment.setenv("RATE_LIMIT_FACTOR", str(value))
        settings.forget()
        bootstrap.forget()

    return factor


@pytest.fixture
def left(rows):
    """Have somebody only so many calls left; less than none where time must not give one back."""

    def left(calls, action, who=ALICE):
        limit = LIMITS[action]
        rows(
            """insert into visio.call_rates (caller, action, full_at)
               values (cast(:caller as uuid), :action, now() + make_interval(secs => :secs))
               on conflict (caller, action) do update set full_at = excluded.full_at""",
            caller=who.user,
            action=action,
            secs=(limit.burst - calls) * limit.every.total_seconds(),
        )

    return left


@pytest.fixture
def pass_by(rows):
    """Let so many seconds pass, for the database and for a process that remembers nothing."""

    def pass_by(seconds):
        rows(f"update visio.call_rates set full_at = full_at - interval '{seconds} seconds'")
        bootstrap.forget()

    return pass_by


@pytest.fixture
def instances(environment):
    """Two instances of the functions, each with connections of its own."""
    made = [bootstrap.App(settings.settings()) for _ in range(2)]
    yield made
    for app in made:
        app.database.close()


def come(app, action, who=ALICE):
    """Whether a call got as far as its page's read, and else for how long it has to wait."""
    call = Call(action, "", datetime.now(UTC), Caller(UUID(who.user)))
    try:
        with app.acting_for(call) as tx:
            tx.read(ASKING)
    except TooOften as refused:
        return refused.seconds
    return None


@pytest.mark.parametrize("action", sorted(LIMITS))
def test_of_many_calls_at_once_on_two_instances_no_more_pass_than_may(
    instances, together, left, action
):
    began = time.monotonic()
    left(5, action)

    waits = together(*(lambda app=app: come(app, action) for _ in range(8) for app in instances))

    since = (time.monotonic() - began) / LIMITS[action].every.total_seconds()
    passed = waits.count(None)
    assert 5 <= passed <= 5 + since
    assert all(1 <= wait <= 120 for wait in waits if wait is not None)


def test_a_client_asks_for_sixty_meetings_at_once_and_for_no_more(
    call, environment, together, rows
):
    environment.setenv("MAX_OPEN_REQUESTS", "0")
    settings.forget()
    ask = {"requestedSlots": [at(1)]}

    answers = [
        answer
        for _ in range(4)
        for answer in together(*[lambda: call("request-meeting", ask, ALICE)] * 16)
    ]

    assert sorted(answer.status_code for answer in answers) == [201] * 60 + [429] * 4
    assert rows("select count(*) from meeting_requests") == [60]
    assert rows("select count(*) from transitions") == [60]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refusal(refused) == (429, "too_many_requests")
    assert refused.json["error"]["message"].startswith("C’est beaucoup à la fois")


def test_who_waits_as_long_as_told_passes_and_no_sooner(call, left, pass_by):
    left(0, "request_meeting")
    ask = {"requestedSlots": [at(1)]}
    refused = call("request-meeting", ask, ALICE)
    wait = int(refused.headers["Retry-After"])

    pass_by(wait - 2)
    too_soon = call("request-meeting", ask, ALICE)
    pass_by(2)
    in_time = call("request-meeting", ask, ALICE)

    assert 50 < wait <= 60
    assert [answer.status_code for answer in (refused, too_soon, in_time)] == [429, 429, 201]


def test_a_process_that_remembers_lets_in_who_has_waited(call, left):
    left(-20, "list_requests")
    refused = call("list-requests", {}, ALICE)

    time.sleep(int(refused.headers["Retry-After"]))

    assert refused.status_code == 429
    assert call("list-requests", {}, ALICE).status_code == 200


def test_who_was_told_to_wait_is_told_again_without_asking_the_database(
    call, left, admin, database
):
    left(0, "calendar_link")
    told = call("calendar-link", {}, ALICE)

    db = admin(database.admin)
    db.run("begin")
    db.run("lock table visio.call_rates in access exclusive mode")
    again = call("calendar-link", {}, ALICE)
    db.close()

    assert refusal(told) == refusal(again) == (429, "too_many_requests")
    assert int(again.headers["Retry-After"]) <= int(told.headers["Retry-After"])


def test_the_limits_of_others_and_of_other_actions_are_their_own(call, left, accepted):
    meeting = accepted()
    left(-600, "list_requests")
    left(-120, "lobby_signal")

    assert call("list-requests", {}, ALICE).status_code == 429
    knock = {"meetingId": meeting, "signal": "client_waiting"}
    assert call("lobby-signal", knock, ALICE).status_code == 429
    assert call("list-meetings", {}, ALICE).status_code == 200
    assert call("lobby-state", {"meetingId": meeting}, ALICE).status_code == 200
    assert call("list-requests", {}, BRUNO).status_code == 200
    assert call("list-requests", {}, MIKL).status_code == 200
    joined = {"meetingId": meeting, "signal": "operator_joined"}
    assert call("lobby-signal", joined, MIKL).status_code == 200


@pytest.fixture
def everything(rows):
    """Every row that there is, by table."""

    def everything():
        tables = rows("""select c.oid::regclass::text from pg_class c
                          where c.relkind = 'r' and c.relnamespace in
                                ('public'::regnamespace, 'visio'::regnamespace)""")
        return {table: rows(f"select t::text from {table} t order by 1") for table in tables}

    return everything


def test_a_refused_call_changes_nothing_at_all(call, left, everything, accepted, signal, remote):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    for action in ("lobby_signal", "request_meeting", "cancel_meeting"):
        left(-120, action)
    before, told = everything(), len(remote.published)

    answers = [
        signal(meeting, "client_left", ALICE),
        call("request-meeting", {"requestedSlots": [at(1)]}, ALICE),
        call("cancel-meeting", {"meetingId": meeting, "reason": "Non"}, ALICE),
    ]

    assert {answer.status_code for answer in answers} == {429}
    assert everything() == before
    assert len(remote.published) == told


def test_what_is_refused_for_another_reason_counts_as_well(call, left):
    left(2, "cancel_meeting")
    cancel = {"meetingId": "99999999-9999-4999-8999-999999999999", "reason": "Non"}

    answers = [call("cancel-meeting", cancel, ALICE).status_code for _ in range(3)]

    assert answers == [404, 404, 429]


def test_a_call_that_loses_a_race_is_one_call(database, environment, rows):
    lost = []

    @endpoint("POST")
    def calendar_link(call):
        with bootstrap.app().acting_for(call) as tx:
            tx.read(ASKING)
            if len(lost) < 2:
                lost.append(call)
                raise RaceLost

    sent = EnvironBuilder(method="POST", headers=ALICE.headers).get_request(flask.Request)
    answer = calendar_link(sent)

    assert (answer.status_code, len(lost)) == (200, 2)
    [seconds] = rows("select extract(epoch from full_at - now())::float from visio.call_rates")
    assert 0 < seconds <= LIMITS["calendar_link"].every.total_seconds()


@pytest.mark.parametrize(("value", "passing"), [(1, 20), (2, 40), (0, 45)])
def test_a_factor_multiplies_a_limit_and_0_takes_it_away(call, factor, rows, value, passing):
    factor(value)

    answers = [call("calendar-link", {}, ALICE).status_code for _ in range(45)]

    assert (answers.count(200), answers.count(429)) == (passing, 45 - passing)
    assert rows("select count(*) from visio.call_rates") == [min(value, 1)]


def test_whoever_has_a_calendars_address_counts_for_its_owner(call, rows):
    token = call("calendar-link", {}, ALICE).json["data"]["url"].partition("token=")[2]
    full = LIMITS["calendar_feed"].burst * LIMITS["calendar_feed"].every

    first = call("calendar-feed", {"token": token})
    rows(
        """update visio.call_rates set full_at = now() + make_interval(secs => :secs)
            where action = 'calendar_feed' and caller = cast(:row as uuid)""",
        secs=full.total_seconds(),
        row=ALICE.row,
    )
    second = call("calendar-feed", {"token": token})
    guess = call("calendar-feed", {"token": "a-guess" * 6})

    assert [first.status_code, second.status_code, guess.status_code] == [200, 429, 404]
    assert rows("select caller::text from visio.call_rates where action = 'calendar_feed'") == [
        ALICE.row
    ]


def test_whoever_has_an_e_mails_link_counts_for_its_reader(call, environment, rows):
    links = PersonalLinks("", "https://app.foxeo.example", [LINK_SECRET])
    link = links.preferences(Person("client", UUID(ALICE.row)), now=datetime.now(UTC))
    choose = {"token": link.partition("#")[2], "reminders": False}

    answers = [call("mail-preferences", choose).status_code for _ in range(21)]
    guess = call("mail-preferences", {**choose, "token": "a-guess" * 6})

    assert answers == [200] * 20 + [429]
    assert guess.status_code == 404
    assert rows("select caller::text from visio.call_rates") == [ALICE.row]


def test_services_that_sign_are_counted_by_nobody(call, remote, rows):
    headers = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    raw = json.dumps(Booking().created()).encode()

    answers = [call("calcom-webhook", raw=raw, headers=signed(raw)) for _ in range(3)]
    swept = call("complete-meetings", headers=headers)

    assert 429 not in {answer.status_code for answer in answers}
    assert swept.status_code == 200
    assert rows("select count(*) from visio.call_rates") == [0]


def test_the_sweep_forgets_whoever_has_not_called_lately(call, remote, rows):
    call("list-requests", {}, ALICE)
    call("list-requests", {}, BRUNO)
    rows(
        """update visio.call_rates set full_at = now() - interval '61 minutes'
            where caller = cast(:user as uuid)""",
        user=ALICE.user,
    )

    headers = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    swept = call("complete-meetings", headers=headers)

    assert swept.status_code == 200
    assert rows("select caller::text from visio.call_rates") == [BRUNO.user]


def test_counting_takes_no_round_trip_of_its_own(call, environment, database):
    proxy = Proxy("127.0.0.1", urlsplit(database.login).port)
    environment.setenv("DATABASE_URL", through(database.login, proxy.port))
    settings.forget()
    calls = {
        "list-requests": ({}, ALICE),
        "who-am-i": ({}, MIKL),
        "request-meeting": ({"requestedSlots": [at(1)]}, ALICE),
    }

    def trips(name):
        before = proxy.trips
        assert call(name, *calls[name]).status_code < 300
        return proxy.trips - before

    trips("who-am-i")  # which connects
    proxy.delay = 0.05  # what nobody waits for is not back before the answer
    counted = {name: trips(name) for name in calls}
    proxy.close()

    assert counted == {"list-requests": 1, "who-am-i": 1, "request-meeting": 2}

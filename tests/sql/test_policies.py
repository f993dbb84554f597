"""Row policies and grants, tried as the roles that run, persona by persona."""

import contextlib
import json

import pg8000.native
import pytest

from local import postgres
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, STRANGER

REQUEST = "insert into meeting_requests (client_id, operator_id, requested_slots, last_slot_at) "
TABLES = (
    *("operators", "clients", "meetings", "meeting_requests", "notifications", "lobby_knocks"),
    *("transitions", "lobby_messages"),
)
STEP = (
    "insert into transitions (subject, request_id, client_id, operator_id, actor, action, "
    "to_status, at) values ('request', gen_random_uuid(), "
)
FORBIDDEN = "42501"


@pytest.fixture
def filled(rows):
    """A request, a meeting, a knock and a notification for each of three clients."""
    for client, operator in ((ALICE, MIKL), (BRUNO, MIKL), (CHLOE, NORA)):
        days = {"Alice": 1, "Bruno": 2, "Chloé": 3}[client.name]
        rows(
            f"""with meeting as (
                  insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
                  values (cast(:client as uuid), cast(:operator as uuid), :name,
                          now() + interval '{days} days', now() + interval '{days} days 1 hour')
                  returning id),
                request as (
                  insert into meeting_requests
                         (client_id, operator_id, requested_slots, last_slot_at, message)
                  values (cast(:client as uuid), cast(:operator as uuid),
                          to_jsonb(array[now()]), now(), :name)),
                note as (
                  insert into notifications (recipient_type, recipient_id, type, title, body)
                  values ('client', cast(:client as uuid), 'test', :name, ''),
                         ('operator', cast(:operator as uuid), 'test', :name, '')),
                step as (
                  insert into transitions (subject, meeting_id, client_id, operator_id, actor,
                         action, to_status, at, message)
                  select 'meeting', id, cast(:client as uuid), cast(:operator as uuid), 'operator',
                         'agree', 'scheduled', now(), :name from meeting),
                words as (
                  insert into lobby_messages (meeting_id, sender, body)
                  select id, 'client', :name from meeting),
                presence as (
                  insert into visio.room_presence (meeting_id, session, side, joined_at)
                  select id, :name, 'client', now() from meeting)
                insert into lobby_knocks (meeting_id, client_id)
                select id, cast(:client as uuid) from meeting""",
            client=client.row,
            operator=operator.row,
            name=client.name,
        )


@pytest.fixture
def acting(database):
    """SQL as one of the database's roles under one persona's claims, in its own transaction."""
    with contextlib.ExitStack() as stack:
        login = stack.enter_context(contextlib.closing(postgres.connect(database.login)))
        admin = stack.enter_context(contextlib.closing(postgres.connect(database.admin)))

        def acting(role, persona, sql, *, topic="", function="tests", **values):
            # Only Supabase's own services become a browser's role: the functions' login may not.
            db = login if role.startswith("visio_") else admin
            claims = {"sub": persona.user, "role": "authenticated"} if persona else {}
            if role == "visio_system":
                claims = {"role": "visio_system"}
            db.run("begin")
            try:
                db.run(
                    """select set_config('role', :role, true),
                              set_config('request.jwt.claims', :claims, true),
                              set_config('visio.function', :function, true),
                              set_config('realtime.topic', :topic, true)""",
                    role=role,
                    claims=json.dumps(claims),
                    topic=topic,
                    function=function,
                )
                found = db.run(sql, **values) or []
                count = db.row_count
                db.run("commit")
                return [row[0] for row in found] if found else count
            except pg8000.native.DatabaseError as error:
                db.run("rollback")
                return error.args[0]["C"]

        yield acting


NAMES = {
    "operators": "select name from operators order by 1",
    "clients": "select name from clients order by 1",
    "meetings": "select title from meetings order by 1",
    "meeting_requests": "select message from meeting_requests order by 1",
    "notifications": "select title from notifications order by 1",
    "lobby_knocks": """select c.name from lobby_knocks k
                        join clients c on c.id = k.client_id order by 1""",
    "transitions": "select message from transitions order by 1",
    "lobby_messages": "select body from lobby_messages order by 1",
}
# Whose rows each persona sees: in the tables of people, and in all the others.
SEES = [
    (MIKL, ["MiKL"], ["Alice", "Bruno"], ["Alice", "Bruno"]),
    (NORA, ["Nora"], ["Chloé"], ["Chloé"]),
    (ALICE, ["MiKL"], ["Alice"], ["Alice"]),
    (BRUNO, ["MiKL"], ["Bruno"], ["Bruno"]),
    (CHLOE, ["Nora"], ["Chloé"], ["Chloé"]),
    (STRANGER, 0, 0, 0),
]


@pytest.mark.parametrize("role", ["authenticated", "visio_app"])
@pytest.mark.parametrize(
    ("persona", "operators", "clients", "others"), SEES, ids=lambda v: getattr(v, "name", "")
)
def test_a_persona_sees_their_own_rows_only(
    acting, filled, role, persona, operators, clients, others
):
    seen = {table: acting(role, persona, sql) for table, sql in NAMES.items()}

    assert seen == {
        "operators": operators,
        "clients": clients,
        **dict.fromkeys(TABLES[2:], others),
    }


@pytest.mark.parametrize(("persona", "others"), [(p, o) for p, _, _, o in SEES])
def test_a_persona_sees_who_is_in_their_own_rooms_only(acting, filled, persona, others):
    sql = "select session from visio.room_presence order by 1"

    assert acting("visio_app", persona, sql) == others
    assert acting("authenticated", persona, sql) == FORBIDDEN


@pytest.mark.parametrize("table", TABLES)
def test_nobody_signed_in_sees_nothing(acting, filled, table):
    assert acting("anon", None, f"select count(*) from {table}") == FORBIDDEN


DIRECT_WRITES = [
    REQUEST + f"values ('{ALICE.row}', '{MIKL.row}', '[1]', now())",
    f"insert into meetings (client_id, operator_id, title, scheduled_at, ends_at) "
    f"values ('{ALICE.row}', '{MIKL.row}', 'x', now(), now() + interval '1 hour')",
    "insert into notifications (recipient_type, recipient_id, type, title, body) "
    f"values ('client', '{ALICE.row}', 'x', 'x', 'x')",
    f"insert into lobby_knocks (meeting_id, client_id) select id, '{ALICE.row}' from meetings",
    "update meeting_requests set status = 'accepted'",
    "update meeting_requests set selected_slot = now()",
    "update meeting_requests set requested_slots = '[]'",
    f"update meeting_requests set operator_id = '{NORA.row}'",
    f"update meeting_requests set client_id = '{BRUNO.row}'",
    "update meetings set status = 'completed'",
    "update meetings set scheduled_at = now()",
    f"update meetings set client_id = '{BRUNO.row}'",
    "update lobby_knocks set status = 'admitted'",
    "update notifications set read_at = now()",
    f"update clients set operator_id = '{NORA.row}'",
    f"update clients set auth_user_id = '{BRUNO.user}'",
    "update operators set name = 'x'",
    f"{STEP} '{ALICE.row}', '{MIKL.row}', 'client', 'ask', 'pending', now())",
    "update transitions set message = 'x'",
    "insert into lobby_messages (meeting_id, sender, body) select id, 'client', 'x' from meetings",
    "update lobby_messages set body = 'x'",
    "update lobby_knocks set devices = 'ready'",
    "update meetings set epoch = 9",
    "select epoch from meetings",
    "select * from visio.room_orders",
    "select * from visio.push_subscriptions",
    "select * from visio.push_outbox",
    "select * from visio.mail_outbox",
    "select * from visio.calendar_feeds",
    "select * from visio.mail_choices",
    *(f"delete from {table}" for table in TABLES),
    *(f"truncate {table} cascade" for table in TABLES),
    "select * from visio.signal_outbox",
    "select * from visio.webhook_inbox",
    "select * from visio.idempotency_keys",
    "select * from visio.calcom_bookings",
    "select id from visio.calcom_chains",
    "select * from visio.calcom_keys",
    "select * from visio.calcom_watermarks",
    "select visio.hold_chain(array['uid/x'], '{}')",
    "select * from visio.call_rates",
    "delete from visio.call_rates",
    f"select visio.count_call('{ALICE.user}', 'x', 1, '1 s')",
    "select operator_seen_at from meetings",
    "insert into visio.signal_outbox (event_id, channel, event, payload) "
    "values (gen_random_uuid(), 'x', 'x', '{}')",
]


@pytest.mark.parametrize("sql", DIRECT_WRITES)
@pytest.mark.parametrize("persona", [ALICE, MIKL], ids=["client", "operator"])
def test_a_browsers_role_writes_nothing_directly(acting, filled, persona, sql):
    assert acting("authenticated", persona, sql) == FORBIDDEN


@pytest.mark.parametrize(
    ("persona", "sql", "answer"),
    [
        (MIKL, "update meeting_requests set status = 'rejected' where message = 'Chloé'", 0),
        (MIKL, "update meetings set status = 'cancelled' where title = 'Chloé'", 0),
        (ALICE, "update meetings set status = 'cancelled' where title = 'Bruno'", 0),
        (ALICE, "update lobby_knocks set status = 'left' where client_id <> "
                f"'{ALICE.row}'", 0),
        (ALICE, "update notifications set read_at = now() where title <> 'Alice'", 0),
        (ALICE, f"update meeting_requests set operator_id = '{NORA.row}'", FORBIDDEN),
        (ALICE, "update meeting_requests set requested_slots = '[1]'", FORBIDDEN),
        (MIKL, "update meetings set scheduled_at = now()", FORBIDDEN),
        (MIKL, f"update meetings set client_id = '{CHLOE.row}'", FORBIDDEN),
        (MIKL, "delete from meetings", FORBIDDEN),
        (ALICE, "update clients set name = 'x'", FORBIDDEN),
        (ALICE, "select * from visio.webhook_inbox", FORBIDDEN),
        (MIKL, "select * from visio.webhook_inbox", FORBIDDEN),
        (MIKL, "update visio.calcom_chains set state = 'open'", FORBIDDEN),
        (MIKL, "select client_id from visio.calcom_chains", FORBIDDEN),
        (MIKL, "select visio.hold_chain(array['uid/x'], '{}')", FORBIDDEN),
        (ALICE, "select payload from visio.signal_outbox", FORBIDDEN),
        # Alice asks another operator, asks in Bruno's name, asks with a decision, as an operator.
        (ALICE, REQUEST + f"values ('{ALICE.row}', '{NORA.row}', '[1]', now())", FORBIDDEN),
        (ALICE, REQUEST + f"values ('{BRUNO.row}', '{MIKL.row}', '[1]', now())", FORBIDDEN),
        (ALICE, REQUEST.replace(")", ", status)") +
                f"values ('{ALICE.row}', '{MIKL.row}', '[1]', now(), 'accepted')",
         FORBIDDEN),
        (MIKL, REQUEST + f"values ('{ALICE.row}', '{MIKL.row}', '[1]', now())", FORBIDDEN),
        # A meeting is made by its operator, with a client of theirs.
        (ALICE, "insert into meetings (client_id, operator_id, title, scheduled_at, ends_at) "
                f"values ('{ALICE.row}', '{MIKL.row}', 'x', now(), now() + interval '1 hour')",
         FORBIDDEN),
        (MIKL, "insert into meetings (client_id, operator_id, title, scheduled_at, ends_at) "
               f"values ('{CHLOE.row}', '{MIKL.row}', 'x', now(), now() + interval '1 hour')",
         FORBIDDEN),
        (ALICE, f"insert into lobby_knocks (meeting_id, client_id) select id, '{BRUNO.row}' "
                "from meetings", FORBIDDEN),
        (ALICE, "insert into notifications (recipient_type, recipient_id, type, title, body) "
                f"values ('operator', '{NORA.row}', 'x', 'x', 'x')", FORBIDDEN),
        (MIKL, "insert into notifications (recipient_type, recipient_id, type, title, body) "
               f"values ('client', '{CHLOE.row}', 'x', 'x', 'x')", FORBIDDEN),
        # A deed is recorded in the name of who did it, of their own doings, and for good.
        (ALICE, f"{STEP} '{ALICE.row}', '{MIKL.row}', 'client', 'ask', 'pending', now())", 1),
        (ALICE, f"{STEP} '{ALICE.row}', '{MIKL.row}', 'operator', 'x', 'x', now())", FORBIDDEN),
        (ALICE, f"{STEP} '{ALICE.row}', '{MIKL.row}', 'system', 'expire', 'x', now())", FORBIDDEN),
        (ALICE, f"{STEP} '{BRUNO.row}', '{MIKL.row}', 'client', 'ask', 'x', now())", FORBIDDEN),
        (ALICE, f"{STEP} '{ALICE.row}', '{NORA.row}', 'client', 'ask', 'x', now())", FORBIDDEN),
        (MIKL, f"{STEP} '{CHLOE.row}', '{MIKL.row}', 'operator', 'ask', 'x', now())", FORBIDDEN),
        (MIKL, f"{STEP} '{CHLOE.row}', '{NORA.row}', 'operator', 'ask', 'x', now())", FORBIDDEN),
        (MIKL, "update transitions set message = 'x'", FORBIDDEN),
        (MIKL, "delete from transitions", FORBIDDEN),
        (MIKL, "insert into transitions (subject, request_id, client_id, operator_id, actor, "
               f"action, to_status, at, function) values ('request', '{MIKL.row}', '{ALICE.row}', "
               f"'{MIKL.row}', 'operator', 'x', 'x', now(), 'forged')", FORBIDDEN),
        # Each speaks for themself, at a lobby of theirs, and no word is taken back.
        (ALICE, "insert into lobby_messages (meeting_id, sender, body) "
                "select id, 'client', 'x' from meetings", 1),
        (ALICE, "insert into lobby_messages (meeting_id, sender, body) "
                "select id, 'operator', 'x' from meetings", FORBIDDEN),
        (MIKL, "insert into lobby_messages (meeting_id, sender, body) "
               "select id, 'client', 'x' from meetings", FORBIDDEN),
        (MIKL, "update lobby_messages set body = 'x'", FORBIDDEN),
        (MIKL, "delete from lobby_messages", FORBIDDEN),
        (MIKL, "select * from visio.room_orders", FORBIDDEN),
        (MIKL, "insert into visio.room_presence (meeting_id, session) "
               "select id, 'x' from meetings", FORBIDDEN),
        (MIKL, "update meetings set client_joined_at = now()", FORBIDDEN),
        (MIKL, "insert into visio.push_subscriptions (operator_id, endpoint, p256dh, auth) "
               f"values ('{NORA.row}', 'x', 'x', 'x')", FORBIDDEN),
        (ALICE, "insert into visio.push_subscriptions (operator_id, endpoint, p256dh, auth) "
                f"values ('{ALICE.user}', 'x', 'x', 'x')", FORBIDDEN),
        (MIKL, "insert into visio.push_subscriptions (operator_id, endpoint, p256dh, auth) "
               f"values ('{MIKL.row}', 'x', 'x', 'x')", 1),
        (MIKL, "select * from visio.push_outbox", FORBIDDEN),
        # A secret calendar address is its owner's.
        (ALICE, "insert into visio.calendar_feeds (side, person_id, token_hash) "
                f"values ('client', '{BRUNO.row}', 'x')", FORBIDDEN),
        (ALICE, "insert into visio.calendar_feeds (side, person_id, token_hash) "
                f"values ('operator', '{MIKL.row}', 'x')", FORBIDDEN),
        (ALICE, "select * from visio.mail_outbox", FORBIDDEN),
        (ALICE, "insert into visio.idempotency_keys (caller, function, key, fingerprint, answer) "
                f"values ('{BRUNO.user}', 'x', 'x', 'x', '{{}}')", FORBIDDEN),
        # Each is counted by themself, for good, and fills nobody else's measure.
        (ALICE, f"select visio.count_call('{ALICE.user}', 'x', 2, '1 hour')", [""]),
        (ALICE, f"select visio.count_call('{BRUNO.user}', 'x', 2, '1 hour')", FORBIDDEN),
        (ALICE, "delete from visio.call_rates", FORBIDDEN),
    ],
)  # fmt: skip
def test_functions_cannot_cross_a_persons_bounds(acting, filled, persona, sql, answer):
    assert acting("visio_app", persona, sql) == answer


OFFER = """update meeting_requests set status = 'countered', proposed_slots =
             to_jsonb(array['2027-03-01T09:00:00Z']) where message = 'Alice'"""
AGREE = (
    "insert into meetings (client_id, operator_id, title, scheduled_at, ends_at) "
    f"values ('{ALICE.row}', '{MIKL.row}', 'x', '{{start}}', '{{end}}')"
)


@pytest.mark.parametrize(
    ("start", "end", "answer"),
    [
        ("2027-03-01T09:00:00Z", "2027-03-01T10:00:00Z", 1),
        ("2027-03-01T10:00:00+01:00", "2027-03-01T11:00:00+01:00", 1),
        ("2027-03-01T09:30:00Z", "2027-03-01T10:30:00Z", FORBIDDEN),
        ("2027-03-01T09:00:00Z", "2027-03-01T12:00:00Z", FORBIDDEN),
    ],
)
def test_a_client_agrees_to_what_was_offered_and_to_nothing_else(
    acting, filled, rows, start, end, answer
):
    rows(OFFER)

    assert acting("visio_app", ALICE, AGREE.format(start=start, end=end)) == answer


def test_a_client_sees_the_operators_other_meetings_while_answering_only(acting, filled):
    count = "select count(*) from meetings"

    elsewhere = acting("visio_app", ALICE, count)
    answering = acting("visio_app", ALICE, count, function="answer_proposal")
    of_chloe = acting("visio_app", CHLOE, count, function="answer_proposal")
    in_a_browser = acting("authenticated", ALICE, count, function="answer_proposal")

    assert (elsewhere, answering, of_chloe, in_a_browser) == ([1], [2], [1], [1])


@pytest.mark.parametrize(
    "sql",
    [
        "update transitions set message = 'x'",
        "update transitions set at = now() where false",
        "truncate transitions",
        "truncate transitions cascade",
    ],
)
def test_not_even_the_owner_rewrites_what_happened(filled, rows, sql):
    with pytest.raises(pg8000.native.DatabaseError) as refused:
        rows(sql)

    assert refused.value.args[0]["C"] == FORBIDDEN


def test_the_system_role_without_its_claim_sees_nothing(acting, filled, database):
    with contextlib.closing(postgres.connect(database.login)) as db:
        db.run("begin")
        db.run("select set_config('role', 'visio_system', true)")
        for table in ("operators", "clients", "meetings", "meeting_requests", "lobby_knocks"):
            assert db.run(f"select count(*) from {table}") == [[0]]

    assert acting("visio_system", None, "select count(*) from meetings") == [3]


@pytest.mark.parametrize("role", ["authenticated", "service_role", "postgres"])
def test_the_functions_login_becomes_no_other_role(database, role):
    with (
        contextlib.closing(postgres.connect(database.login)) as db,
        pytest.raises(pg8000.native.DatabaseError) as refused,
    ):
        db.run(f"set role {role}")

    assert refused.value.args[0]["C"] == FORBIDDEN


LISTEN = "select count(*) from realtime.messages"


@pytest.mark.parametrize(
    ("persona", "topic", "may"),
    [
        (ALICE, "meeting:{alice}:status", True),
        (MIKL, "meeting:{alice}:status", True),
        (BRUNO, "meeting:{alice}:status", False),
        (NORA, "meeting:{alice}:status", False),
        (STRANGER, "meeting:{alice}:status", False),
        (MIKL, f"operator:{MIKL.row}:inbox", True),
        (NORA, f"operator:{MIKL.row}:inbox", False),
        (ALICE, f"operator:{MIKL.row}:inbox", False),
        (ALICE, f"client:{ALICE.row}:inbox", True),
        (MIKL, f"client:{ALICE.row}:inbox", False),
        (BRUNO, f"client:{ALICE.row}:inbox", False),
        (ALICE, f"client:{ALICE.user}:inbox", False),
        (ALICE, "meeting:not-a-uuid:status", False),
        (ALICE, "meeting::status", False),
        (ALICE, "", False),
        (ALICE, "everybody", False),
        (ALICE, "meeting:{alice}:status' or true --", False),
        (ALICE, "meeting:{alice}:status\nx", False),
    ],
)
def test_who_may_listen_where(acting, filled, rows, persona, topic, may):
    [alice] = rows("select id::text from meetings where title = 'Alice'")
    rows("insert into realtime.messages (topic, extension) values ('probe', 'broadcast')")

    seen = acting("authenticated", persona, LISTEN, topic=topic.format(alice=alice))

    assert seen == [int(may)]


@pytest.mark.parametrize(
    ("status", "ended", "may"),
    [
        ("scheduled", None, True),
        ("in_progress", None, True),
        ("completed", "14 minutes", True),
        ("completed", "16 minutes", False),
        ("cancelled", "14 minutes", True),
        ("cancelled", "16 minutes", False),
    ],
)
@pytest.mark.parametrize("persona", [ALICE, MIKL], ids=["client", "operator"])
def test_listening_ends_a_little_after_the_meeting(
    acting, filled, rows, persona, status, ended, may
):
    [alice] = rows(
        """update meetings
              set status = :status, ended_at = now() - cast(:ended as interval),
                  outcome = case when :status = 'completed' then 'held' end
            where title = 'Alice' returning id::text""",
        status=status,
        ended=ended,
    )
    rows("insert into realtime.messages (topic, extension) values ('probe', 'broadcast')")

    seen = acting("authenticated", persona, LISTEN, topic=f"meeting:{alice}:status")

    assert seen == [int(may)]


def test_who_is_the_operators_client_no_more_hears_no_more(acting, filled, rows):
    [alice] = rows("select id::text from meetings where title = 'Alice'")
    rows("insert into realtime.messages (topic, extension) values ('probe', 'broadcast')")
    topic = f"meeting:{alice}:status"
    before = acting("authenticated", ALICE, LISTEN, topic=topic)

    rows("update clients set auth_user_id = gen_random_uuid() where name = 'Alice'")

    assert (before, acting("authenticated", ALICE, LISTEN, topic=topic)) == ([1], [0])


CLEAR = "update notifications set read_at = now() where type = 'client_waiting'"


def test_a_client_clears_what_told_of_their_own_waiting_and_from_the_lobby_only(
    acting, filled, rows
):
    rows(
        """insert into notifications (recipient_type, recipient_id, type, title, body, meeting_id)
           select 'operator', operator_id, 'client_waiting', title, '', id from meetings"""
    )
    seen = "select title from notifications where recipient_type = 'operator'"

    elsewhere = acting("visio_app", ALICE, CLEAR)
    listed = acting("visio_app", ALICE, seen, function="list_notifications")
    leaving = acting("visio_app", ALICE, CLEAR, function="lobby_signal")

    assert (elsewhere, listed, leaving) == (0, 0, 1)
    assert rows("select title from notifications where read_at is not null") == ["Alice"]


def test_a_browser_sends_to_no_channel(acting, filled, rows):
    sql = "insert into realtime.messages (topic, extension) values (:t, 'broadcast')"

    for persona in (ALICE, MIKL):
        topic = f"client:{ALICE.row}:inbox"
        assert acting("authenticated", persona, sql, topic=topic, t=topic) == FORBIDDEN


def test_overlapping_live_meetings_of_one_operator_are_impossible(rows):
    meet = """insert into meetings (client_id, operator_id, title, scheduled_at, ends_at, status)
              values (cast(:client as uuid), cast(:operator as uuid), 'x',
                      cast(:day as date) + cast(:start as time),
                      cast(:day as date) + cast(:start as time) + interval '1 hour', :status)"""
    first = {"client": ALICE.row, "operator": MIKL.row, "day": "2027-01-04", "status": "scheduled"}
    rows(meet, start="09:00", **first)

    rows(meet, start="10:00", **first)
    rows(meet, start="09:30", **{**first, "status": "cancelled"})
    rows(meet, start="09:30", **{**first, "client": CHLOE.row, "operator": NORA.row})
    with pytest.raises(pg8000.native.DatabaseError) as refused:
        rows(meet, start="09:59", **{**first, "client": BRUNO.row})

    assert refused.value.args[0]["C"] == "23P01"
    assert refused.value.args[0]["n"] == "meetings_one_at_a_time"


def test_the_rest_after_a_meeting_is_nobody_elses(rows):
    meet = """insert into meetings (client_id, operator_id, title, scheduled_at, ends_at,
                                    buffer_minutes)
              values (:client, :operator, 'x', cast(:at as timestamptz),
                      cast(:at as timestamptz) + interval '1 hour', 15)"""
    of = {"client": ALICE.row, "operator": MIKL.row}
    rows(meet, at="2027-01-04T09:00:00Z", **of)

    rows(meet, at="2027-01-04T10:15:00Z", **of)
    with pytest.raises(pg8000.native.DatabaseError) as refused:
        rows(meet, at="2027-01-04T11:29:00Z", **of)

    assert refused.value.args[0]["n"] == "meetings_one_at_a_time"

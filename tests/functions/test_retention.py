"""What the sweep forgets, what it keeps, and that a backlog leaves room for everybody else."""

import contextlib
from uuid import uuid4

import pytest

from local import postgres
from tests.conftest import at
from tests.world import ALICE, MIKL, SCHEDULER
from visio.call import Call
from visio.flows import complete_meetings


@pytest.fixture
def sweep(call, remote):
    def sweep():
        bearer = remote.keys.sign_google(*SCHEDULER)
        return call("complete-meetings", headers={"Authorization": f"Bearer {bearer}"})

    return sweep


# A row of each kind, `{age}` old, and how old is too old.
ROWS = {
    "signals": (
        "visio.signal_outbox",
        "insert into visio.signal_outbox (event_id, channel, event, payload, published_at) "
        "values (gen_random_uuid(), 'x', 'x', '{{}}', now() - interval '{age}')",
        ("6 days", "8 days"),
    ),
    "relayed": (
        "visio.relayed_signals",
        "insert into visio.relayed_signals (event_id, claimed_at) "
        "values (gen_random_uuid(), now() - interval '{age}')",
        ("7 days", "9 days"),
    ),
    "keys": (
        "visio.idempotency_keys",
        "insert into visio.idempotency_keys (caller, function, key, fingerprint, answer,"
        " created_at) values (gen_random_uuid(), 'x', 'x', 'x', '{{}}', now() - interval '{age}')",
        ("23 hours", "25 hours"),
    ),
    "mails": (
        "visio.mail_outbox",
        "insert into visio.mail_outbox (id, recipient_type, recipient_id, type, facts, link,"
        " created_at, sent_at) values (gen_random_uuid(), 'client', gen_random_uuid(), 'x', '{{}}',"
        " '/', now() - interval '{age}', now())",
        ("29 days", "31 days"),
    ),
    "calls": (
        "visio.call_rates",
        "insert into visio.call_rates (caller, action, full_at) "
        "values (gen_random_uuid(), 'x', now() - interval '{age}')",
        ("59 minutes", "61 minutes"),
    ),
    "notifications": (
        "public.notifications",
        "insert into notifications (recipient_type, recipient_id, type, title, body, created_at) "
        f"values ('client', '{ALICE.row}', 'x', 'x', 'x', now() - interval '{{age}}')",
        ("364 days", "367 days"),
    ),
    "the record": (
        "public.transitions",
        "insert into transitions (subject, request_id, client_id, operator_id, actor, action,"
        f" to_status, at, recorded_at) values ('request', gen_random_uuid(), '{ALICE.row}',"
        f" '{MIKL.row}', 'client', 'ask', 'pending', now(), now() - interval '{{age}}')",
        ("1820 days", "1830 days"),
    ),
}


@pytest.mark.parametrize(("table", "insert", "ages"), ROWS.values(), ids=ROWS)
def test_what_has_served_its_purpose_goes_and_nothing_younger(sweep, rows, table, insert, ages):
    young, old = ages
    rows(insert.format(age=old))
    rows(insert.format(age=young).replace("'x', 'x', 'x', '{}'", "'x', 'y', 'x', '{}'"))

    answer = sweep()

    assert answer.status_code == 200
    assert rows(f"select count(*) from {table}") == [1]


def test_what_was_not_sent_is_never_forgotten(sweep, rows):
    rows(
        "insert into visio.mail_outbox (id, recipient_type, recipient_id, type, facts, link,"
        " created_at) values (gen_random_uuid(), 'client', gen_random_uuid(), 'x', '{}', '/',"
        " now() - interval '2 years')"
    )
    rows(
        "insert into visio.signal_outbox (event_id, channel, event, payload, created_at,"
        " next_attempt_at) values (gen_random_uuid(), 'x', 'x', '{}', now() - interval '2 years',"
        " now() + interval '1 hour')"
    )

    sweep()

    assert rows("select count(*) from visio.mail_outbox") == [1]
    assert rows("select count(*) from visio.signal_outbox") == [1]


def test_a_backlog_is_forgotten_batch_by_batch(sweep, rows, monkeypatch):
    monkeypatch.setattr(complete_meetings, "FORGOTTEN_AT_ONCE", 3)
    rows(
        "insert into visio.relayed_signals (event_id, claimed_at)"
        " select gen_random_uuid(), now() - interval '9 days' from generate_series(1, 10)"
    )

    sweep()

    assert rows("select count(*) from visio.relayed_signals") == [0]


def test_each_full_batch_is_followed_by_a_rest(sweep, pending, rows, monkeypatch):
    monkeypatch.setattr(complete_meetings, "BATCH", 2)
    rests = []
    monkeypatch.setattr(complete_meetings.time, "sleep", rests.append)
    for day in range(5):
        pending(slots=[at(day + 1)])
    rows("update meeting_requests set last_slot_at = now() - interval '1 minute'")

    swept = sweep().json["data"]

    assert swept["expired"] == 5
    assert len(rests) == 2  # behind each of the full ones, and none at the end
    assert all(rest > 0 for rest in rests)


class Clock:
    """Time that passes while somebody works or rests, and not otherwise."""

    now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_a_backlog_of_one_kind_starves_no_other(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(complete_meetings, "time", clock)
    sweep = complete_meetings._Sweep(Call("complete_meetings", "a-request", at(0)), None, None)

    def endless():
        clock.sleep(0.1)
        return complete_meetings.BATCH

    kinds = [sweep.in_batches_of(endless) for _ in range(12)]

    assert all(kinds)
    assert kinds[0] / complete_meetings.BATCH == pytest.approx(100, abs=1)  # 0.1 s and a rest, 20 s
    assert clock.now <= complete_meetings.LONGEST.total_seconds() + 12 * 0.1


RECENT = {
    "the record": "delete from transitions where id = -1",
    "what was told": "delete from notifications where title = 'recent'",
}


@pytest.mark.parametrize("delete", RECENT.values(), ids=RECENT)
def test_not_even_the_system_forgets_what_is_recent(database, rows, delete):
    rows(
        "insert into transitions (id, subject, request_id, client_id, operator_id, actor, action,"
        f" to_status, at) overriding system value values (-1, 'request', '{uuid4()}',"
        f" '{ALICE.row}', '{MIKL.row}', 'client', 'ask', 'pending', now())"
    )
    rows(
        "insert into notifications (recipient_type, recipient_id, type, title, body) "
        f"values ('client', '{ALICE.row}', 'x', 'recent', 'x')"
    )
    with contextlib.closing(postgres.connect(database.admin)) as db:
        db.run("begin")
        db.run("set local role visio_system")
        db.run("""select set_config('request.jwt.claims', '{"role": "visio_system"}', true)""")
        db.run(delete)
        gone = db.row_count
        db.run("rollback")

    assert gone == 0

"""What the catalogue must never hold; sql/lint.sql has the rules."""

import contextlib
import subprocess
from uuid import uuid4

import pg8000.native
import pytest

from local import postgres
from tests.world import ALICE, MIKL, NORA, STRANGER
from visio.adapters import catalogue


@pytest.mark.parametrize("never", catalogue.rules())
def test_the_catalogue_holds_no(rows, never):
    assert rows(catalogue.rules()[never]) == []


HOLES = {
    "a table of ours without row security, enabled and forced": """
        alter table public.clients no force row level security""",
    "a table outside public that a browser's role can reach": """
        grant select on visio.mail_outbox to authenticated""",
    "a policy for everybody": """
        create policy x on public.clients for select using (auth_user_id = (select auth.uid()))""",
    "a policy that asks nothing": """
        create policy x on public.clients for select to visio_app using (true)""",
    "a policy for writing that does not say what may be written": """
        create policy x on public.clients for update to visio_app
          using (auth_user_id = (select auth.uid()))""",
    "a policy that calls auth for each row": """
        create policy x on public.clients for select to visio_app
          using (auth_user_id = auth.uid())""",
    "a policy that believes what users may write about themselves": """
        create policy x on public.clients for select to visio_app
          using ((select auth.jwt()) -> 'user_metadata' ->> 'admin' = 'yes')""",
    "a policy that lets a browser send on a channel": """
        create policy x on realtime.messages for insert to authenticated
          with check (topic = 'x')""",
    "a function that runs as its owner": """
        create function visio.x() returns integer language sql security definer
          set search_path = '' as 'select 1';
        revoke all on function visio.x() from public""",
    "a function of ours without a fixed search path": """
        create function visio.x() returns integer language sql as 'select 1';
        revoke all on function visio.x() from public""",
    "a function of ours for everybody": """
        create function visio.x() returns integer language sql
          set search_path = '' as 'select 1'""",
    "a view that runs as its owner": "create view public.x as select id from public.clients",
    "a privilege that no role of ours needs": "grant truncate on public.clients to authenticated",
    "a whole table that a role may update": "grant update on public.clients to visio_app",
    "a write by a browser's role": "grant update (name) on public.clients to authenticated",
    "a role of ours that logs in, owns or bypasses": """
        alter table public.clients owner to visio_app""",
    "a login of the functions that owns, bypasses, makes roles, or has its rights unasked": """
        create role {role} login inherit in role visio_app""",
    "a role of ours that cannot ask who is calling": """
        revoke execute on function visio.caller() from visio_app""",
    "a time without its zone": "alter table public.clients add column x timestamp",
    "a foreign key without its index": """
        alter table public.meetings
          add column x uuid references public.operators (id) on delete cascade""",
    "a constraint that was never validated, or an index that was never finished": """
        alter table public.clients add constraint x check (name <> 'x') not valid""",
}


@pytest.mark.parametrize("rule", catalogue.rules())
def test_each_hole_is_found_even_by_the_weakest(database, rule):
    role = f"visio_hole_{uuid4().hex[:8]}"
    with contextlib.closing(postgres.connect(database.admin)) as db:
        db.run("begin")
        for statement in HOLES[rule].format(role=role).split(";"):
            db.run(statement)
        db.run("set local role visio_app")

        assert db.run(catalogue.rules()[rule]) != []

        db.run("rollback")


def test_requests_have_the_columns_indexes_and_policies_that_callers_know(rows):
    columns = dict(
        rows(
            """select column_name, data_type || ' ' || is_nullable from information_schema.columns
                where table_schema = 'public' and table_name = 'meeting_requests'"""
        )
    )
    indexes = rows("select indexname from pg_indexes where tablename = 'meeting_requests'")
    policies = rows("select policyname from pg_policies where tablename = 'meeting_requests'")
    keys = dict(
        rows(
            """select conname, pg_get_constraintdef(oid) from pg_constraint
                where conrelid = 'public.meeting_requests'::regclass and contype = 'f'"""
        )
    )

    assert (
        columns.items()
        >= {
            "id": "uuid NO",
            "client_id": "uuid NO",
            "operator_id": "uuid NO",
            "requested_slots": "jsonb NO",
            "selected_slot": "timestamp with time zone YES",
            "status": "text NO",
            "message": "text YES",
            "meeting_id": "uuid YES",
            "created_at": "timestamp with time zone NO",
            "updated_at": "timestamp with time zone NO",
        }.items()
    )
    assert {
        "idx_meeting_requests_client_id",
        "idx_meeting_requests_operator_id_status",
    } <= set(indexes)
    assert {
        "meeting_requests_select_owner",
        "meeting_requests_select_operator",
        "meeting_requests_insert_client",
        "meeting_requests_update_operator",
    } <= set(policies)
    assert "ON DELETE CASCADE" in keys["meeting_requests_client_id_fkey"]
    assert "ON DELETE SET NULL" in keys["meeting_requests_meeting_id_fkey"]


MEETING = f"""insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
              values ('{ALICE.row}', '{MIKL.row}', 'x', now(), now() + interval '1 hour')
              returning id"""


@pytest.mark.parametrize(
    ("once", "key"),
    [
        (
            f"insert into lobby_knocks (meeting_id, client_id) select id, '{ALICE.row}' "
            "from meetings",
            "lobby_knocks_one_live",
        ),
        (
            "insert into meeting_requests (client_id, operator_id, requested_slots, last_slot_at, "
            f"meeting_id) select '{ALICE.row}', '{MIKL.row}', '[1]', now(), id from meetings",
            "meeting_requests_one_per_meeting",
        ),
        (
            "insert into clients (auth_user_id, operator_id, name, email) "
            f"values ('{STRANGER.user}', '{NORA.row}', 'x', 'x')",
            "clients_one_per_user",
        ),
        (
            "insert into visio.webhook_inbox (trigger, body_sha256, status) "
            "values ('PING', 'x', 'ignored')",
            "webhook_inbox_same_body",
        ),
        (
            "insert into visio.webhook_inbox (trigger, body_sha256, logical_key, status) "
            "values ('PING', gen_random_uuid(), 'x', 'ignored')",
            "webhook_inbox_same_event",
        ),
        (
            "insert into visio.idempotency_keys (caller, function, key, fingerprint, answer) "
            f"values ('{ALICE.user}', 'x', 'x', gen_random_uuid(), '{{}}')",
            "idempotency_keys_pkey",
        ),
    ],
    ids=lambda value: value if value.isidentifier() else "",
)
def test_what_there_is_once_is_there_once_whatever_the_code_believes(rows, once, key):
    rows(MEETING)
    rows(once)

    with pytest.raises(pg8000.native.DatabaseError) as refused:
        rows(once)

    assert (refused.value.args[0]["C"], refused.value.args[0]["n"]) == ("23505", key)


def test_a_change_moves_updated_at(rows):
    rows("update clients set updated_at = now() - interval '1 day'")

    rows("update clients set name = name || '!'")

    assert rows("select count(*) from clients where updated_at > now() - interval '1 hour'") == [3]


def test_migrations_run_twice_change_nothing(database, rows):
    versions = rows("select version from visio.schema_migrations")

    postgres.prepare(database.admin)
    postgres.seed(database.admin)

    assert rows("select version from visio.schema_migrations") == versions
    assert rows("select count(*) from clients") == [3]


def test_migrations_are_named_as_supabase_names_them():
    names = [path.name for path in (postgres.PROJECT / "sql" / "migrations").iterdir()]

    assert all(len(name.split("_")[0]) == 14 and name.endswith(".sql") for name in names)


def test_a_broken_migration_is_told(database, monkeypatch, tmp_path):
    (tmp_path / "sql" / "migrations").mkdir(parents=True)
    broken = tmp_path / "sql" / "migrations" / "20270101000000_break.sql"
    broken.write_text("-- migrate:up\nselect nonsense;\n-- migrate:down\n")
    monkeypatch.setattr(postgres, "PROJECT", tmp_path)

    with pytest.raises(postgres.Broken, match="nonsense"):
        postgres.migrate(database.admin)


def test_migrating_out_of_reach_is_said_in_one_line_without_the_password(database):
    done = subprocess.run(
        [postgres.sys.executable, "-m", "local.postgres"],
        cwd=postgres.PROJECT,
        env={"DATABASE_URL": "postgresql://nobody:s3cret@127.0.0.1:1/x", "PYTHONPATH": "src:."},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr

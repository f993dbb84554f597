"""What the catalogue must never hold; each query returns the offenders."""

import subprocess

import pytest

from local import postgres

BROWSERS = "('anon', 'authenticated', 'public')"
OURS = "('anon', 'authenticated', 'visio_app', 'visio_system')"
NEVER = {
    "a table of ours without row security, enabled and forced": """
        select c.oid::regclass::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and not (c.relrowsecurity and c.relforcerowsecurity)""",
    "a table outside public that a browser's role can read": f"""
        select table_name from information_schema.role_table_grants
         where table_schema = 'visio' and grantee in {BROWSERS}""",
    "a policy for everybody": """
        select policyname from pg_policies
         where schemaname in ('public', 'visio') and 'public' = any (roles)""",
    "a policy that asks nothing": """
        select policyname from pg_policies
         where schemaname in ('public', 'visio') and (qual = 'true' or with_check = 'true')""",
    "a policy that calls auth for each row": """
        select policyname from pg_policies
         where schemaname in ('public', 'visio')
           and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''),
                 '\\( SELECT auth\\.(uid|role)\\(\\)', '', 'g') ~ 'auth\\.(uid|role)\\(\\)'""",
    "a function that runs as its owner": """
        select p.oid::regprocedure::text from pg_proc p
         where p.pronamespace in ('visio'::regnamespace, 'public'::regnamespace)
           and p.prosecdef and not exists (
             select from pg_depend d where d.objid = p.oid and d.deptype = 'e')""",
    "a function of ours without a fixed search path": """
        select p.oid::regprocedure::text from pg_proc p
         where p.pronamespace = 'visio'::regnamespace
           and not coalesce(p.proconfig, '{}') @> array['search_path=""']""",
    "a function of ours for everybody": """
        select p.oid::regprocedure::text from pg_proc p
         where p.pronamespace = 'visio'::regnamespace
           and has_function_privilege('public', p.oid, 'execute')""",
    "a privilege that no role of ours needs": f"""
        select table_name || ' ' || grantee || ' ' || privilege_type
          from information_schema.role_table_grants
         where table_schema in ('public', 'visio') and grantee in {OURS}
           and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')""",
    "a whole table that a role may update": f"""
        select table_name || ' ' || grantee from information_schema.role_table_grants
         where table_schema in ('public', 'visio') and grantee in {OURS}
           and privilege_type = 'UPDATE'""",
    "a write by a browser's role": f"""
        select table_name || ' ' || column_name from information_schema.column_privileges
         where table_schema in ('public', 'visio') and grantee in {BROWSERS}
           and privilege_type <> 'SELECT'""",
    "a role of ours that logs in, owns or bypasses": """
        select rolname from pg_roles r
         where rolname in ('visio_app', 'visio_system')
           and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb
             or exists (select from pg_class c where c.relowner = r.oid))""",
    "a time without its zone": """
        select table_name || '.' || column_name from information_schema.columns
         where table_schema in ('public', 'visio') and data_type = 'timestamp without time zone'""",
    "a foreign key without its index": """
        select c.conrelid::regclass || ' ' || c.conname from pg_constraint c
         where c.contype = 'f' and c.connamespace in ('public'::regnamespace, 'visio'::regnamespace)
           and not exists (
             select from pg_index i
              where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])""",
}


@pytest.mark.parametrize("never", NEVER, ids=list(NEVER))
def test_the_catalogue_holds_no(rows, never):
    assert rows(NEVER[never]) == []


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

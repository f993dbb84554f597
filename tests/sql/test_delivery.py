"""`make migrate` brings up both kinds of cloud database, by somebody who is no superuser."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Thread

import pytest

from local import postgres
from tests.certificates import self_signed
from tests.conftest import FAST, TestDatabase, _servers, at
from tests.world import ALICE, MIKL, PROJECT
from visio import bootstrap
from visio.adapters import catalogue

pytestmark = [pytest.mark.xdist_group("delivery"), pytest.mark.timeout(180)]
TLS = "sslmode=verify-full&sslrootcert="
PASSWORD = "p@ss/word of the migrating"
# Neither kind of cloud gives anybody a superuser. Cloud SQL: "About PostgreSQL users and roles".
CLOUD_SQL = """
create role cloudsqlsuperuser nologin createdb createrole;
create role migrating login createdb createrole in role cloudsqlsuperuser;
create database foxeo owner cloudsqlsuperuser
"""
# As far as we touch it; after supabase/postgres, its migrations and its dump of version 17. That
# postgres may make policies on realtime.messages is an extension's doing there.
SUPABASE = """
create role supabase_admin superuser;
create role supabase_realtime_admin noinherit;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role migrating login createdb createrole replication bypassrls;
create database foxeo owner migrating
"""
SUPABASE_INSIDE = """
grant supabase_realtime_admin to migrating;
create schema auth authorization supabase_admin;
create schema extensions;
create schema realtime authorization supabase_admin;
grant usage on schema auth to anon, authenticated, service_role;
grant all on schema auth to migrating;
grant all on schema extensions to migrating;
grant usage on schema realtime to anon, authenticated, service_role, supabase_realtime_admin;
grant usage on schema realtime to migrating with grant option;
grant usage on schema public, extensions to anon, authenticated, service_role;
alter default privileges for role migrating in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role migrating in schema public
  grant all on functions to anon, authenticated, service_role;
alter default privileges for role migrating in schema public
  grant all on sequences to anon, authenticated, service_role;
set role supabase_admin;
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$;
create function auth.role() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'))::text $$;
create function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
create function realtime.topic() returns text language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')::text $$;
create table realtime.messages (
  topic text not null, extension text not null, payload jsonb, event text, private boolean,
  updated_at timestamp not null default now(), inserted_at timestamp not null default now(),
  id uuid not null default gen_random_uuid(), primary key (id, inserted_at)
) partition by range (inserted_at);
create table realtime.messages_any partition of realtime.messages default;
alter table realtime.messages enable row level security;
alter table realtime.messages owner to supabase_realtime_admin;
grant select, insert, update on realtime.messages to anon, authenticated, service_role
"""
ADD_PEOPLE = f"""
insert into public.operators (id, name, email) values ('{MIKL.row}', 'MiKL', 'mikl@foxeo.example');
insert into public.clients (id, auth_user_id, operator_id, name, email)
values ('{ALICE.row}', '{ALICE.user}', '{MIKL.row}', 'Alice', 'alice@client.example')
"""


def _run(url: str, statements: str) -> None:
    with contextlib.closing(postgres.connect(url)) as db:
        for statement in statements.split(";\n"):
            db.run(statement)


def make_migrate(url: str) -> "subprocess.CompletedProcess[str]":
    """What `make migrate` runs."""
    return subprocess.run(
        [sys.executable, "-m", "local.postgres"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": "src:."},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(
    scope="module",
    params=[(kind, server) for server in ("embedded", "15") for kind in ("cloud sql", "supabase")],
    ids=lambda param: f"{param[0]} on {param[1]}",
)
def delivered(request):
    """A server of this kind, on which nothing of ours has ever been, migrated once."""
    kind, server = request.param
    if server not in _servers():
        pytest.skip(f"PostgreSQL {server} is not installed here")
    home = Path(tempfile.mkdtemp(prefix="visio-delivery-", dir="/var/tmp"))
    home.chmod(0o755)
    certificate, key = self_signed(home)
    if os.geteuid() == 0:
        os.chown(key, postgres.NOBODY, postgres.NOBODY)
    # The embedded server has been built without TLS.
    speaks_tls = server != "embedded"
    secured = ("ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}")
    secured = secured if speaks_tls else ()
    cluster = None
    try:
        cluster = postgres.start(_servers()[server], home, settings=FAST + secured)
        _run(cluster.url(), CLOUD_SQL if kind == "cloud sql" else SUPABASE)
        if kind == "supabase":
            _run(cluster.url("foxeo"), SUPABASE_INSIDE)
        _run(cluster.url(), f"alter role migrating password '{PASSWORD}'")
        cluster_of = postgres.Cluster(cluster.process, cluster.port, PASSWORD)
        url = cluster_of.url("foxeo", "migrating").replace("/word", "%2Fword")
        yield (
            kind,
            cluster.url("foxeo"),
            url,
            make_migrate(url + (f"?{TLS}{certificate}" if speaks_tls else "")),
        )
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def peopled(delivered):
    """The same with people in it, and a login for the functions that the migrating role made."""
    kind, admin, url, _ = delivered
    as_whom = "set role visio_keeper;\n" if kind == "cloud sql" else ""
    _run(url, as_whom + ADD_PEOPLE)
    return TestDatabase(admin, postgres.functions_login(url, "functions"))


@pytest.fixture
def database(peopled):
    """Stands in for the usual one: `call` and `rows` work on what was delivered."""
    yield peopled
    bootstrap.forget()


def test_one_command_brings_it_up_and_finds_no_hole(delivered):
    _, _, _, done = delivered

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert catalogue.shipped()[-1] in done.stdout
    assert "p@ss" not in done.stdout + done.stderr


@pytest.fixture
def secured(delivered, rows):
    """The address of a server that speaks TLS, less the file of its authority."""
    if rows("show ssl") == ["off"]:
        pytest.skip("the embedded PostgreSQL has been built without TLS")
    return f"{delivered[2]}?sslmode=verify-full"


def test_a_server_that_nobody_vouches_for_is_not_spoken_to(secured):

    done = make_migrate(secured)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "p@ss" not in done.stderr


def test_dbmate_verifies_it_too(secured):
    with pytest.raises(postgres.Broken, match="certificate") as broken:
        postgres.migrate(secured)

    assert "p@ss" not in str(broken.value)


def test_what_an_owner_did_not_see_is_filled_in(delivered, peopled):
    _, admin, url, _ = delivered
    meeting = f"""insert into public.meetings (client_id, operator_id, title, scheduled_at, ends_at)
        values ('{ALICE.row}', '{MIKL.row}', 'x', now(), now() + interval '1 hour')"""
    knock = f"""insert into public.lobby_knocks
        (meeting_id, client_id, status, since, renewed_at, admitted_at)
        select id, '{ALICE.row}', 'admitted', now(), now(), now() from public.meetings"""
    missing = "update public.operators set email_key = null"
    lobby = "update public.lobby_knocks set operator_id = null"
    _run(admin, ";\n".join((meeting, knock, missing, lobby)))
    path = next((PROJECT / "sql" / "migrations").glob("*_fill_in_where_the_owner_sees_nobody.sql"))

    _run(url, f"begin;\n{path.read_text().split('-- migrate:down')[0].strip()}\ncommit")

    with contextlib.closing(postgres.connect(admin)) as db:
        found = db.run(
            "select o.email_key, k.operator_id::text from public.operators o, public.lobby_knocks k"
        )
        forced = db.run(
            "select relname from pg_class where relrowsecurity and not relforcerowsecurity"
        )
        db.run("delete from public.lobby_knocks")
        db.run("delete from public.meetings")
    assert found == [["mikl@foxeo.example", MIKL.row]]
    assert not {name for [name] in forced} & {"operators", "meetings", "lobby_knocks"}


def test_a_second_time_changes_nothing(delivered):
    _, admin, url, first = delivered
    with contextlib.closing(postgres.connect(admin)) as db:
        applied = "select xmin::text, version from visio.schema_migrations order by 2"
        before = db.run(applied)

        again = make_migrate(url)

        assert (again.returncode, again.stdout) == (0, first.stdout)
        assert db.run(applied) == before


def test_two_at_once_follow_each_other(delivered):
    _, admin, url, _ = delivered
    with contextlib.closing(postgres.connect(admin)) as db:
        lock = "hashtextextended('visio migrations', 0)"
        db.run(f"select pg_advisory_lock({lock})")
        second = Thread(target=postgres.deliver, args=(url,))
        second.start()
        second.join(1.0)

        waited = second.is_alive()
        db.run(f"select pg_advisory_unlock({lock})")
        second.join(20)

        assert waited
        assert not second.is_alive()


def test_a_database_that_is_ahead_is_left_alone(delivered):
    _, admin, url, _ = delivered
    _run(admin, "insert into visio.schema_migrations values ('20990101000000')")

    try:
        done = make_migrate(url)
    finally:
        _run(admin, "delete from visio.schema_migrations where version = '20990101000000'")

    assert done.returncode == 1
    assert "20990101000000" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_migration_that_comes_late_is_refused(delivered, monkeypatch, tmp_path):
    _, _, url, _ = delivered
    shutil.copytree(PROJECT / "sql", tmp_path / "sql")
    late = tmp_path / "sql" / "migrations" / "20261124090050_come_late.sql"
    late.write_text("-- migrate:up\nselect 1;\n-- migrate:down\n")
    monkeypatch.setattr(postgres, "PROJECT", tmp_path)

    with pytest.raises(postgres.Broken, match="out of order"):
        postgres.deliver(url)


def test_a_hole_that_somebody_made_is_told(delivered):
    _, admin, url, _ = delivered
    _run(admin, "grant truncate on public.clients to authenticated")

    done = make_migrate(url)
    _run(admin, "revoke truncate on public.clients from authenticated")

    assert done.returncode == 1
    assert "clients authenticated TRUNCATE" in done.stderr


def test_functions_work_on_it(call, rows, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)

    ticket = call("join-meeting", {"meetingId": meeting}, ALICE)
    listed = call("list-requests", {}, MIKL)
    again = call("request-meeting", {"requestedSlots": [at(3)]}, ALICE)

    assert (ticket.status_code, listed.status_code, again.status_code) == (200, 200, 201)
    assert rows("select count(*) from public.transitions where meeting_id is not null") != [0]


def test_a_browsers_role_may_read_its_columns_and_nothing_else(database):
    with contextlib.closing(postgres.connect(database.admin)) as db:
        held = db.run("""
            select distinct a.privilege_type
              from pg_class c left join pg_attribute t on t.attrelid = c.oid
             cross join lateral aclexplode(coalesce(t.attacl, c.relacl)) a
             where c.relnamespace = 'public'::regnamespace
               and a.grantee in ('anon'::regrole, 'authenticated'::regrole)""")

    assert held == [["SELECT"]]


def test_even_the_owner_sees_nobody_but_as_the_keeper(delivered, peopled):
    kind, _, url, _ = delivered
    if kind != "cloud sql":
        pytest.skip("Supabase's postgres bypasses row security")
    with contextlib.closing(postgres.connect(url)) as db:
        as_owner = db.run("select count(*) from public.clients")
        db.run("set role visio_keeper")
        as_keeper = db.run("select count(*) from public.clients")

    assert (as_owner, as_keeper) == ([[0]], [[1]])


@pytest.fixture
def follow(delivered, peopled, rows):
    """Run a page's `sh` as whoever migrated, its `bash` with the functions' login: what it says."""
    [version] = rows("select current_setting('server_version_num')::integer / 10000")
    tools = _servers()["15" if version == 15 else "embedded"]

    def follow(page: str, kind: str, **filled: str) -> str:
        text = "\n".join(re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
        for name, value in filled.items():
            text = text.replace(name, value)
        address = peopled.login if kind == "bash" else delivered[2]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            env={"PATH": f"{tools}:/usr/bin:/bin", "DATABASE_URL": address},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stderr, done.stderr
        return done.stdout

    return follow


def test_the_first_people_are_added_by_whoever_migrated(follow, rows):
    step = (PROJECT / "docs" / "deploy.md").read_text().split("## 7.", 1)[1]
    consultant, client = (f"99999999-{n}-4111-8111-111111111111" for n in ("1111", "2222"))

    follow(
        step,
        "sh",
        **{"UUID-OF-THE-CONSULTANT": consultant, "UUID-OF-THE-CLIENT": client},
    )

    added = "from public.clients where auth_user_id = :client"
    assert rows(f"select operator_id::text {added}", client=client) == [consultant]
    rows("delete from public.clients where auth_user_id = :client", client=client)
    rows("delete from public.operators where id = :consultant", consultant=consultant)


def test_what_is_left_of_calcom_is_seen_where_the_owner_sees_nothing(follow, rows):
    chain = "insert into visio.calcom_chains (state, summary) values ('conflict', '{}')"
    rows(f"{chain} returning id")
    rows(
        f"""insert into public.meetings
              (client_id, operator_id, title, scheduled_at, ends_at, source)
            values ('{ALICE.row}', '{MIKL.row}', 'Later', now() + interval '30 days',
              now() + interval '30 days 30 minutes', 'calcom')"""
    )

    printed = follow((PROJECT / "docs" / "runbooks" / "leave-calcom.md").read_text(), "bash")

    assert re.search(r"waiting *\n-+\n +1\n", printed)
    assert re.search(rf"{MIKL.row} \| +1 \|", printed)
    rows("delete from public.meetings where source = 'calcom'")
    rows("delete from visio.calcom_chains where state = 'conflict'")

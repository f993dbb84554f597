"""What a browser may do with SQL of its own choice: read a few columns of its own rows, no more.

On Supabase every signed-in browser may send what it likes to these tables, under the claims of its
own token. What is written here is what we mean, and is compared with what happens; nothing of it is
taken from the catalogue, but for the names to try.
"""

import contextlib
import json
import re
from uuid import uuid4

import pg8000.native
import pytest

from local import postgres
from local.grants import TARGET
from tests.attack.scale import FULL
from tests.conftest import ON_ONE_SERVER
from tests.world import ALICE, ANONYMOUS, BRUNO, CHLOE, MIKL, NORA, STRANGER

pytestmark = ON_ONE_SERVER

FORBIDDEN = "42501"
# Everything that a browser may read, each row of which is its own; and what its tables keep back.
READABLE = {
    "public.operators": "id name email locale time_zone",
    "public.clients": "id auth_user_id operator_id name email locale time_zone",
    "public.meetings": "id client_id operator_id title scheduled_at ends_at status outcome source "
    "started_at ended_at cancel_reason operator_present version created_at updated_at",
    "public.meeting_requests": "id client_id operator_id requested_slots proposed_slots "
    "selected_slot status message reason source duration_minutes meeting_id version rounds "
    "created_at updated_at",
    "public.notifications": "id recipient_type recipient_id type title body link read_at "
    "created_at meeting_id",
    "public.lobby_knocks": "id meeting_id client_id status reason since renewed_at admitted_at "
    "ended_at devices next_step",
    "public.lobby_messages": "id meeting_id sender canned body created_at",
    "public.transitions": "id subject request_id meeting_id client_id operator_id actor action "
    "from_status to_status at recorded_at message slots function",
}
# Of these a browser may not so much as count the rows.
CLOSED = {
    f"visio.{name}"
    for name in (
        *("call_rates", "calcom_bookings", "calcom_chains", "calcom_keys", "calcom_watermarks"),
        *("calendar_feeds", "dead_signals", "idempotency_keys", "mail_choices", "mail_outbox"),
        *("push_outbox", "push_subscriptions", "relayed_signals", "room_orders", "room_presence"),
        *("schema_migrations", "signal_outbox", "webhook_inbox"),
    )
}
PEOPLE = (ANONYMOUS, STRANGER, ALICE, BRUNO, CHLOE, MIKL, NORA)
# Which clients' rows each of them sees in every readable table.
SEES = {
    ANONYMOUS: (),
    STRANGER: (),
    ALICE: ("Alice",),
    BRUNO: ("Bruno",),
    CHLOE: ("Chloé",),
    MIKL: ("Alice", "Bruno"),
    NORA: ("Chloé",),
}
FILL = """
with meeting as (
  insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
  select id, operator_id, name, now() + interval '1 day' * row_number() over (),
         now() + interval '1 day' * row_number() over () + interval '1 hour'
    from clients returning id, client_id, operator_id, title),
request as (
  insert into meeting_requests (client_id, operator_id, requested_slots, last_slot_at, message)
  select client_id, operator_id, to_jsonb(array[now()]), now(), title from meeting),
note as (
  insert into notifications (recipient_type, recipient_id, type, title, body)
  select 'client', client_id, 'test', title, '' from meeting
   union all select 'operator', operator_id, 'test', title, '' from meeting),
step as (
  insert into transitions (subject, meeting_id, client_id, operator_id, actor, action, to_status,
         at, message)
  select 'meeting', id, client_id, operator_id, 'operator', 'agree', 'scheduled', now(), title
    from meeting),
words as (
  insert into lobby_messages (meeting_id, sender, body) select id, 'client', title from meeting)
insert into lobby_knocks (meeting_id, client_id) select id, client_id from meeting"""
NAMED = {
    "public.operators": """select c.name from operators o join clients c on c.operator_id = o.id""",
    "public.clients": "select name from clients",
    "public.meetings": "select title from meetings",
    "public.meeting_requests": "select message from meeting_requests",
    "public.notifications": "select distinct title from notifications",
    "public.lobby_knocks": """select c.name from lobby_knocks k
                               join clients c on c.id = k.client_id""",
    "public.lobby_messages": "select body from lobby_messages",
    "public.transitions": "select message from transitions",
}


@pytest.fixture
def filled(rows):
    """A meeting, a request, a knock and the rest for each client."""
    rows(FILL)


@pytest.fixture
def browser(database):
    """SQL as a browser's role, by a login that can become nothing else; undone each time."""
    role = f"visio_browser_{uuid4().hex[:8]}"
    with contextlib.closing(postgres.connect(database.admin)) as admin:
        admin.run(f"create role {role} login noinherit password 'x' in role anon, authenticated")
        _, _, place = database.admin.rpartition("@")
        with contextlib.closing(postgres.connect(f"postgresql://{role}:x@{place}")) as db:

            def browser(who, *statements, claims=None, function=""):
                told = {"sub": who.user, "role": "authenticated"} if who.user else {"role": "anon"}
                told = json.dumps(told if claims is None else claims)
                db.run("begin")
                try:
                    db.run(
                        """select set_config('role', :role, true),
                                  set_config('request.jwt.claims', :claims, true),
                                  set_config('visio.function', :function, true)""",
                        role="authenticated" if who.user else "anon",
                        claims=told if not isinstance(claims, str) else claims,
                        function=function,
                    )
                    for statement in statements:
                        found = db.run(statement) or []
                    return sorted((row[0] for row in found), key=str) if found else db.row_count
                except pg8000.native.DatabaseError as error:
                    return error.args[0]["C"]
                finally:
                    db.run("rollback")

            yield browser
        admin.run(f"drop role {role}")


@pytest.fixture
def columns(rows):
    """Every column of every table of ours."""
    return rows(
        """select table_schema || '.' || table_name, column_name, data_type
             from information_schema.columns
            where table_schema in ('public', 'visio') order by 1, ordinal_position"""
    )


def test_every_table_is_written_down(columns):
    assert {table for table, _, _ in columns} == {*READABLE, *CLOSED}


def test_a_browser_sees_the_rows_of_its_own_people(browser, filled, tally):
    seen = {who.name: {table: browser(who, sql) for table, sql in NAMED.items()} for who in PEOPLE}

    assert seen == {
        who.name: dict.fromkeys(READABLE, FORBIDDEN if who is ANONYMOUS else list(names) or 0)
        for who, names in SEES.items()
    }
    tally("tables that somebody looked at", len(PEOPLE) * len(NAMED))


def test_a_browser_reads_what_is_written_and_writes_nothing(browser, filled, columns, tally):
    """Each command on each column of each table, as each of the people."""
    people = PEOPLE if FULL else (ANONYMOUS, ALICE, MIKL)
    wrong, tried = [], 0
    for number, (table, column, _) in enumerate(columns):
        readable = column in READABLE.get(table, "").split()
        for who in people if FULL else (people[0], people[1 + number % 2]):
            read = browser(who, f"select {column}::text from {table}")
            others = {
                command: browser(who, command)
                for command in (
                    f"update {table} set {column} = {column}",
                    f"update {table} set {column} = default where false",
                    f"insert into {table} ({column}) select null where false",
                    f"insert into {table} ({column}) values (default) on conflict do nothing",
                )
            }
            may = readable and who is not ANONYMOUS
            if (read == FORBIDDEN) is may:
                wrong.append((who.name, table, column, read))
            # 428C9: a number that counts by itself, which is said before anybody's rights.
            wrong += [
                (who.name, sql, got)
                for sql, got in others.items()
                if got not in (FORBIDDEN, "428C9")
            ]
            tried += 1 + len(others)
    for table in {table for table, _, _ in columns}:
        for who in people:
            for command in (
                *(f"delete from {table}", f"delete from {table} where false"),
                *(f"truncate {table} cascade", f"lock table {table} in row exclusive mode"),
                *(f"select * from {table} for update", f"select * from {table} for share"),
                *(f"copy {table} from stdin", f"alter table {table} disable row level security"),
                *(f"drop table {table}", f"create trigger x before insert on {table} "
                  "for each row execute function suppress_redundant_updates_trigger()"),
                *(f"alter table {table} owner to authenticated", f"vacuum {table}"),
                f"create policy x on {table} for all to authenticated using (true)",
                f"create index on {table} ((1))",
                f"comment on table {table} is 'x'",
                f"grant all on {table} to authenticated with grant option",
            ):  # fmt: skip
                got = browser(who, command)
                tried += 1
                # A VACUUM in a transaction is none, and a grant of nothing is a warning.
                if got != FORBIDDEN and not (
                    (command.startswith("vacuum") and got == "25001")
                    or (command.startswith("grant") and got in (FORBIDDEN, -1))
                ):
                    wrong.append((who.name, command, got))
    assert wrong == [], wrong
    tally("commands of a browser's", tried)


LIES = [
    {"sub": STRANGER.user, "role": "visio_system"},
    {"sub": STRANGER.user, "role": "service_role"},
    {"sub": STRANGER.user, "role": "postgres", "is_admin": True, "bypassrls": True},
    {"sub": STRANGER.user, "user_metadata": {"sub": ALICE.user, "role": "operator"}},
    {"sub": STRANGER.user, "app_metadata": {"operator_id": MIKL.row, "client_id": ALICE.row}},
    {"sub": STRANGER.user, "email": "alice@client.example", "email_verified": True},
    {"sub": STRANGER.user, "client_id": ALICE.row, "operator_id": MIKL.row},
    # A row's id is nobody's sign-in.
    {"sub": ALICE.row, "role": "authenticated"},
    {"sub": [ALICE.user]},
    {"sub": {"sub": ALICE.user}},
    {"sub": ""},
    {"sub": None},
    {"role": "authenticated"},
    {},
    [],
    [{"sub": ALICE.user}],
    "",
    "null",
    "1",
    '"x"',
    "{",
    f'{{"sub": "{ALICE.user}"',
]


def test_nothing_but_the_subject_is_believed(browser, filled, tally):
    seen = {
        (str(claims), table): browser(STRANGER, sql, claims=claims)
        for claims in LIES
        for table, sql in NAMED.items()
    }

    # A subject that is no UUID, or claims that are no JSON, are an error and no answer.
    assert {what: got for what, got in seen.items() if got not in (0, "22P02")} == {}
    assert browser(ALICE, NAMED["public.meetings"]) == ["Alice"]
    tally("claims that say more than a subject", len(seen))


def test_a_browser_that_says_it_is_a_function_sees_no_more(browser, filled, tally):
    functions = [path.stem for path in (postgres.PROJECT / "functions").iterdir()]

    wrong = [
        (function, who.name, table)
        for function in functions
        for who in ((ALICE, STRANGER) if not FULL else PEOPLE[1:])
        for table, sql in NAMED.items()
        if browser(who, sql, function=function) != (list(SEES[who]) or 0)
    ]

    assert len(functions) == 32
    assert wrong == []
    tally("names of functions that a browser used", len(functions))


# What a browser's role, or a function whose SQL went wrong, may try in order to become more.
UNKNOWN = ("0A000", "42704")
ESCALATIONS = {
    "become the system": "set local role visio_system",
    "become a function": "set local role visio_app",
    "become the owner": "set local role postgres",
    "become the service": "select set_config('role', 'service_role', true)",
    "become the keeper": "set local role visio_keeper",
    "be the owner all along": "set session authorization postgres",
    "see past the policies": "alter role authenticated bypassrls",
    "grant oneself a role": "grant visio_system to authenticated",
    "make a role": "create role mallory superuser",
    "make a schema": "create schema mallory",
    "make a table where all look": "create table public.mallory (x int)",
    "make a function where all look": """create function public.lower(text) returns text
                                          language sql as 'select $1'""",
    "make one that runs as others": """create function visio.x() returns int language sql
                                        security definer as 'select 1'""",
    "change one of ours": """create or replace function visio.caller() returns uuid language sql
                              as 'select null::uuid'""",
    "change theirs": """create or replace function auth.uid() returns uuid language sql
                         as 'select null::uuid'""",
    "change whom a function runs as": "alter function visio.caller() security definer",
    "change a policy": """alter policy "a client sees their meetings" on public.meetings
                          using (true)""",
    "read a file": "select pg_read_file('/etc/passwd')",
    "list a folder": "select pg_ls_dir('.')",
    "run a program": "copy (select 1) to program 'true'",
    "write a file": "copy (select 1) to '/tmp/mallory'",
    "import a file": "select lo_import('/etc/passwd')",
    "read passwords": "select rolpassword from pg_authid",
    "change the server": "select pg_reload_conf()",
    "log what others say": "set local log_statement = 'all'",
    "skip triggers": "set local session_replication_role = replica",
    "follow a chain": "select visio.hold_chain(array['uid/x'], '{}')",
    "ask as the system": "select visio.touch_updated_at()",
    "make an extension": "create extension dblink",
    "make a language": "create trusted language plpython3u",
    "watch the log": "create publication mallory for table public.meetings",
    "reach elsewhere": "create server mallory foreign data wrapper x",
    "send on a channel": """insert into realtime.messages (topic, extension)
                             values ('client:x:inbox', 'broadcast')""",
}


def test_a_browser_becomes_nobody_else(browser, filled, tally):
    answers = {
        (name, who.name): browser(who, sql)
        for name, sql in ESCALATIONS.items()
        for who in (ANONYMOUS, ALICE, MIKL)
    }

    # Refused for want of a right; or, where there is no such thing, not known at all.
    assert {how: got for how, got in answers.items() if got not in (FORBIDDEN, *UNKNOWN)} == {}
    tally("ways to become somebody else", len(answers))


HIDING = [
    "create temporary table meetings as select 'Chloé'::text as title",
    "create temporary table clients (id uuid, auth_user_id uuid, operator_id uuid, name text)",
    f"""create temporary table clients as select '{CHLOE.row}'::uuid as id,
        '{ALICE.user}'::uuid as auth_user_id, '{NORA.row}'::uuid as operator_id, 'x' as name""",
    f"create function pg_temp.uid() returns uuid language sql as $$ select '{CHLOE.user}'::uuid $$",
    f"create domain pg_temp.uuid as text default '{CHLOE.user}'",
    "create function pg_temp.current_setting(text, boolean) returns text language sql "
    f"""as $$ select '{{"sub": "{CHLOE.user}"}}' $$""",
    "set local search_path = pg_temp, public, pg_catalog",
]


def test_what_stands_in_front_of_our_names_changes_no_policy(browser, filled, tally):
    seen = {
        hiding: browser(ALICE, hiding, "select title from public.meetings") for hiding in HIDING
    }

    assert {hiding: got for hiding, got in seen.items() if got != ["Alice"]} == {}
    # A query that a policy would narrow is then an error, and not narrowed less.
    assert browser(ALICE, "set local row_security = off", "table public.meetings") == FORBIDDEN
    tally("names put in front of ours", len(HIDING) + 1)


# The roles of the database, and what each may do when everything is counted: what is granted to it,
# to everybody, and to the roles that it is in.

TABLES = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
COLUMNS = ("select", "insert", "update", "references")
EXECUTES = {
    "visio.caller()": {"visio_app", "visio_system"},
    "visio.count_call(uuid,text,integer,interval)": {"visio_app", "visio_system"},
    "visio.each_of(jsonb)": {"visio_app", "visio_system"},
    "visio.hold(text,text,text)": {"visio_app", "visio_system"},
    "visio.hold_chain(text[],jsonb)": {"visio_system"},
    "visio.may_listen(text)": {"authenticated"},
    "visio.refuse_change()": set(),
    "visio.touch_updated_at()": set(),
}
ROLES = ("anon", "authenticated", "visio_app", "visio_system", "visio_keeper")
LINE = re.compile(r"\| `(\w+\.\w+)` \| `(\w+)` \| (\w+) \| (.*) \|")


def _written(columns):
    """What docs/grants.md says, column by column."""
    all_of = {}
    for table, column, _ in columns:
        all_of.setdefault(table, []).append(column)
    may = set()
    for table, role, right, listed in LINE.findall(TARGET.read_text()):
        if right == "delete":
            may.add((role, table, right))
            continue
        named = re.findall(r"`(\w+)`", listed) or all_of[table]
        may |= {(role, table, right, column) for column in named}
    return may


def test_no_role_may_more_than_is_written(rows, columns, database, tally):
    asked = """
      select r.role, t.name, p.right from unnest(cast(:roles as text[])) r(role)
       cross join unnest(cast(:tables as text[])) t(name) cross join unnest(cast(:rights as text[]))
         p("right") where has_table_privilege(r.role, t.name, p."right")"""
    by_column = """
      select r.role, t.name, p.right, c.attname from unnest(cast(:roles as text[])) r(role)
       cross join unnest(cast(:tables as text[])) t(name)
       cross join unnest(cast(:rights as text[])) p("right")
        join pg_attribute c on c.attrelid = t.name::regclass and c.attnum > 0
         and not c.attisdropped
       where has_column_privilege(r.role, t.name, c.attname, p."right")"""
    login = database.login.split("://")[1].partition(":")[0]
    roles = [*ROLES, login]
    tables = sorted({*READABLE, *CLOSED})

    whole = set(rows(asked, roles=roles, tables=tables, rights=list(TABLES)))
    single = set(rows(by_column, roles=roles, tables=tables, rights=list(COLUMNS)))
    may = {one for one in whole if one[2] in ("delete", "truncate", "trigger")} | single
    functions = {name: set() for name in EXECUTES}
    for name, role in rows(
        """select p.oid::regprocedure::text, r.role
             from pg_proc p cross join unnest(cast(:roles as text[])) r(role)
            where p.pronamespace = 'visio'::regnamespace
              and has_function_privilege(r.role, p.oid, 'execute')""",
        roles=roles,
    ):
        functions.setdefault(name, set()).add(role)
    creating = [
        (role, schema)
        for role in roles
        for schema in ("public", "visio", "auth", "realtime", "extensions")
        if rows(f"select has_schema_privilege('{role}', '{schema}', 'create')") == [True]
    ]

    # The login of the functions has rights only once it has become a role: it inherits none.
    assert may == _written(columns)
    assert functions == EXECUTES
    assert creating == []
    tally("rights of a role", len(roles) * (len(tables) * len(TABLES) + 4 * len(columns)))


def test_a_role_of_ours_bypasses_owns_and_makes_nothing(rows, database):
    login = database.login.split("://")[1].partition(":")[0]
    roles = [*ROLES, login]

    powers = rows(
        """select rolname::text from pg_roles where rolname = any (cast(:roles as text[]))
             and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
                  or (rolname <> :login and rolcanlogin) or (rolname = :login and rolinherit))""",
        roles=roles,
        login=login,
    )
    owned = rows(
        """select c.oid::regclass::text from pg_class c join pg_roles r on r.oid = c.relowner
            where r.rolname = any (cast(:roles as text[]))""",
        roles=roles,
    )
    members = rows(
        """select m.rolname || ' in ' || g.rolname from pg_auth_members a
             join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
            where m.rolname = any (cast(:roles as text[])) order by 1""",
        roles=roles,
    )

    assert (powers, owned) == ([], [])
    assert members == [f"{login} in visio_app", f"{login} in visio_system"]

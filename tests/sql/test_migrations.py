"""A migration that would lock a big table, or break what is running, does not get in."""

import contextlib

import pytest

from local import migrations, postgres

HEAD = "set local lock_timeout = '3s';\nset local statement_timeout = '30s';\n"
ON_MEETINGS = "alter table public.meetings "
WELL = {
    "a table with its own indexes and keys": """
        create table visio.things (
          id uuid primary key,
          meeting_id uuid not null references public.meetings (id) on delete cascade);
        create index things_meeting on visio.things (meeting_id);""",
    "a column that may be null": ON_MEETINGS + "add column x text;",
    "a column with a constant default": ON_MEETINGS + "add column x bigint not null default 0;",
    "a constraint for what comes": ON_MEETINGS + "add constraint x check (title <> '') not valid;",
    "a constraint that held all along": ON_MEETINGS + "validate constraint x;",
    "a function made anew": """
        create or replace function visio.x() returns integer language sql set search_path = ''
        as $$ update public.meetings set title = ''; select 1 $$;""",
    "a grant": "grant select (title) on public.meetings to visio_app;",
    "a change of some rows": """
        -- ignore whole-table-write -- the few rows of one operator
        update public.meetings set title = '' where operator_id = 'x';""",
    "a column that nobody reads any more": f"""
        -- squawk-ignore ban-drop-column -- no function has read it since version 0.2
        {ON_MEETINGS}drop column title;""",
}
BADLY = {
    "require-concurrent-index-creation": "create index x on public.meetings (title);",
    "adding-required-field": ON_MEETINGS + "add column x text not null;",
    "adding-field-with-default": ON_MEETINGS + "add column x float not null default random();",
    "constraint-missing-not-valid": ON_MEETINGS + "add constraint x check (title <> '');",
    "adding-foreign-key-constraint": ON_MEETINGS
    + "add constraint x foreign key (request_id) references public.meeting_requests (id);",
    "disallowed-unique-constraint": ON_MEETINGS + "add constraint x unique (title);",
    "changing-column-type": ON_MEETINGS + "alter column version type numeric;",
    "adding-not-nullable-field": ON_MEETINGS + "alter column started_at set not null;",
    "renaming-column": ON_MEETINGS + "rename column title to name;",
    "renaming-table": ON_MEETINGS + "rename to encounters;",
    "ban-drop-column": ON_MEETINGS + "drop column title;",
    "ban-drop-table": "drop table public.meetings;",
    "drop-of-what-runs": "drop function visio.caller();",
    "whole-table-write": "update public.meetings set title = '';",
    "truncate": "truncate public.notifications;",
}


@pytest.fixture
def written(tmp_path):
    """A migration of this text, below the two timeouts that each has to set."""

    def written(text, head=HEAD, how=""):
        path = tmp_path / "20270101000000_try.sql"
        lines = "\n".join(line.strip() for line in text.splitlines())
        path.write_text(f"-- migrate:up{how}\n{head}{lines}\n-- migrate:down\n")
        return path

    return written


def rules(path):
    return {problem.rule for problem in migrations.problems(path)}


def test_the_migrations_that_there_are_pass(capsys):
    assert migrations.main([]) == 0, capsys.readouterr().out


def test_no_more_are_let_off_than_those_that_had_landed():
    let_off = [
        path for path in migrations.MIGRATIONS.iterdir() if path.name <= migrations.LANDED_UNTIL
    ]

    assert len(let_off) == 12  # and the one that bears the very number
    assert (migrations.MIGRATIONS / f"{migrations.LANDED_UNTIL}_create_push.sql").exists()


@pytest.mark.parametrize("text", WELL.values(), ids=WELL)
def test_what_does_no_harm_passes(written, text):
    assert rules(written(text)) == set()


@pytest.mark.parametrize(("rule", "text"), BADLY.items(), ids=BADLY)
def test_what_locks_or_breaks_is_refused(written, rule, text):
    assert rule in rules(written(text))


def test_nothing_waits_for_a_lock_for_ever(written):
    text = ON_MEETINGS + "add column x text;"

    assert rules(written(text, head="")) == {"require-lock-timeout", "require-statement-timeout"}


@pytest.mark.parametrize("tail", ["", " -- please"])
@pytest.mark.parametrize(
    ("opt_out", "text"),
    [
        ("squawk-ignore ban-drop-column", BADLY["ban-drop-column"]),
        ("ignore whole-table-write", BADLY["whole-table-write"]),
    ],
)
def test_an_exception_has_its_reason(written, opt_out, text, tail):
    assert rules(written(f"-- {opt_out}{tail}\n{text}")) == {"opt-out"}


def test_an_index_made_beside_the_traffic_stands_alone(written):
    index = "create index concurrently x on public.meetings (title);"

    assert rules(written(index, head="", how=" transaction:false")) == set()
    assert "transaction" in rules(written(index + "\nselect 1;", how=" transaction:false"))
    assert "transaction" in rules(written("select 1;", head="", how=" transaction:false"))


def test_a_migration_ends_forward_only(written):
    path = written("select 1;")
    path.write_text(path.read_text() + "drop table public.meetings;\n")

    assert "forward-only" in rules(path)


def test_an_index_made_beside_the_traffic_is_really_made(database, rows, monkeypatch, tmp_path):
    folder = tmp_path / "sql" / "migrations"
    folder.mkdir(parents=True)
    (folder / "20270101000000_index.sql").write_text(
        "-- migrate:up transaction:false\n\n"
        "create index concurrently meetings_title on public.meetings (title);\n\n-- migrate:down\n"
    )
    monkeypatch.setattr(postgres, "PROJECT", tmp_path)
    with contextlib.closing(postgres.connect(database.admin)) as db:
        db.run("begin")
        db.run(
            "insert into public.operators (id, name, email) values (gen_random_uuid(), 'x', 'x')"
        )
        db.run("commit")

    postgres.migrate(database.admin)

    assert rows(
        "select indisvalid from pg_index where indexrelid = 'meetings_title'::regclass"
    ) == [True]

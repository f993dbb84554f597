"""What the runbooks say can be done: `bash` blocks run here, and what `sh` blocks name is there."""

import contextlib
import json
import re
import subprocess
import sys

import pytest

from local import postgres
from local.gateway import names
from tests.calcom import Booking
from tests.conftest import _servers
from tests.world import PROJECT, settings_for, signed
from visio import settings

PAGES = sorted((PROJECT / "docs" / "runbooks").glob("*.md"))
BLOCK = re.compile(r"^```(bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Variables of the pages' own, and of the shell's.
GIVEN = {"ADMIN_URL", "NEW_ADMIN_URL", "PROJECT", "REGION", "BASE"}


def blocks(page, kind):
    return [text for found, text in BLOCK.findall(page.read_text()) if found == kind]


@pytest.fixture
def follow(database, environment, remote, rows, tmp_path):
    """Run all `bash` blocks of one page, one after the other; what they printed."""

    def follow(name, **more):
        page = PROJECT / "docs" / "runbooks" / name
        # The server's own programs, as the pages want it: newer ones say what older servers refuse.
        [version] = rows("select current_setting('server_version_num')::integer / 10000")
        tools = _servers()["15" if version == 15 else "embedded"]
        (tmp_path / "visio").write_text(f'#!/bin/sh\nexec {sys.executable} -m visio "$@"\n')
        (tmp_path / "visio").chmod(0o755)
        # `make migrate` as the Makefile has it, without its set-up.
        (tmp_path / "make").write_text(
            f'#!/bin/sh\ncd {PROJECT} && exec env "$2" {sys.executable} -m local.postgres\n'
        )
        (tmp_path / "make").chmod(0o755)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(blocks(page, "bash"))],
            cwd=tmp_path,
            env={
                **settings_for(database.login, remote),
                "PATH": f"{tmp_path}:{tools}:/usr/bin:/bin",
                "PYTHONPATH": f"{PROJECT / 'src'}:{PROJECT}",
                "ADMIN_URL": database.admin,
                **more,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return follow


def test_a_secret_is_put_in_front_and_a_login_changed(follow, rows):
    printed = follow("rotate-a-secret.md")

    assert "ok    settings" in printed
    assert rows("select count(*) from pg_roles where rolname = 'complete_meetings_2'") == [0]


def test_webhooks_are_replayed(call, follow, rows):
    body = json.dumps(Booking().created()).encode()
    call("calcom-webhook", raw=body, headers=signed(body))
    [event] = rows("select id from visio.webhook_inbox")

    printed = follow("replay-webhooks.md")

    assert printed.count(f"{event} quarantined") == 2


def test_dead_letters_are_drained(follow, rows):
    rows("insert into visio.dead_signals (reason, envelope) values ('malformed', '{}')")
    rows("""insert into visio.mail_outbox
              (id, recipient_type, recipient_id, type, facts, link, dropped_at, problem, attempts)
            values (gen_random_uuid(), 'client', gen_random_uuid(), 'x', '{}', '/', now(),
              'refused', 9)""")

    printed = follow("drain-dead-letters.md")

    assert "malformed" in printed
    assert "refused" in printed
    assert rows("select count(*) from visio.dead_signals") == [0]
    assert rows("select attempts, dropped_at from visio.mail_outbox") == [(0, None)]


def test_the_database_is_restored_on_another_server(accepted, follow, rows, database):
    accepted()
    other = f"{database.admin.rpartition('/')[2]}_restored"
    rows(f"create database {other}")
    restored = database.admin.rpartition("/")[0] + f"/{other}"
    tables = rows(
        """select table_schema || '.' || table_name from information_schema.tables
            where table_schema in ('public', 'visio') and table_type = 'BASE TABLE'
            order by 1"""
    )

    def contents(url):
        with contextlib.closing(postgres.connect(url)) as db:
            return {
                table: sorted(row[0] for row in db.run(f"select t::text from {table} t"))
                for table in tables
                if table != "visio.calcom_watermarks"
            }

    try:
        printed = follow("restore-the-database.md", NEW_ADMIN_URL=restored)

        counted = [line for line in printed.splitlines() if line.count("|") == 2]
        assert len(counted) == 2
        assert counted[0] == counted[1] != "0|0|0"
        before = contents(database.admin)
        assert contents(restored) == before
        assert before["public.meetings"]
        with contextlib.closing(postgres.connect(restored)) as db:
            after = "select nextval('public.transitions_id_seq') > max(id) from public.transitions"
            assert db.run(after) == [[True]]
    finally:
        rows(f"drop database {other} with (force)")


def test_leaving_calcom_counts_what_is_left(call, follow):
    body = json.dumps(Booking().created()).encode()
    call("calcom-webhook", raw=body, headers=signed(body))

    printed = follow("leave-calcom.md")

    assert re.search(r"waiting *\n-+\n +1\n", printed)
    assert "operator_id" in printed


def test_every_secret_has_its_line():
    text = (PROJECT / "docs" / "runbooks" / "rotate-a-secret.md").read_text()
    kept = (*settings.SECRETS, "REALTIME_SERVICE_KEY", "SMTP_URL", "DATABASE_URL")

    assert [name for name in kept if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(
    "page",
    [*PAGES, *(PROJECT / "docs" / name for name in ("calcom-setup.md", "deploy.md"))],
    ids=lambda page: page.stem,
)
def test_a_version_is_added_to_a_secret_that_terraform_makes(page):
    text = (PROJECT / "infra" / "functions" / "secrets.tf").read_text()
    [settings_of] = re.findall(r"secret_settings = \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
    made = {
        name.lower().replace("_", "-")
        for name in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', settings_of)
    }
    made |= {f"database-url-{name.replace('_', '-')}" for name in names()}

    commands = "\n".join(blocks(page, "sh") + blocks(page, "bash"))
    named = re.findall(r"gcloud secrets versions add ([\w-]+)", commands)
    named += re.findall(r"gcloud secrets versions access latest --secret=([\w-]+)", commands)
    named += re.findall(r"^SECRET=([\w-]+)$|\| add ([\w-]+)", commands, re.MULTILINE)
    named += re.findall(r"`(database-url-[\w-]+)`", page.read_text())
    assert {"".join(one) for one in named} <= made


def test_functions_are_found_by_the_accounts_that_may_read_a_secret():
    page = (PROJECT / "docs" / "runbooks" / "rotate-a-secret.md").read_text()
    terraform = (PROJECT / "infra" / "functions" / "functions.tf").read_text()
    account = re.search(r'account_id +?= "(.*)\$\{each.value.slug\}"', terraform)
    found = re.search(r"sed -n '(.*)'", page)
    assert account is not None
    assert found is not None
    members = (
        f"serviceAccount:{account[1]}calendar-link@p.iam.gserviceaccount.com\nuser:a@b.example\n"
    )

    done = subprocess.run(
        ["sed", "-n", found[1]], input=members, capture_output=True, text=True, check=True
    )

    assert done.stdout == "calendar-link\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_is_there(page):
    text, readme = page.read_text(), (PROJECT / "README.md").read_text()
    commands = "\n".join(blocks(page, "sh") + blocks(page, "bash"))
    makefile = (PROJECT / "Makefile").read_text()

    files = re.findall(r"(?:docs|sql|src|local)/[\w./-]+\.\w+", text)
    assert [name for name in files if not (PROJECT / name).exists()] == []
    targets = re.findall(r"\bmake (?:-C \S+ )?([a-z]+)", commands)
    assert [name for name in targets if not re.search(f"^{name}:", makefile, re.MULTILINE)] == []
    for name in re.findall(r"\./visio ([a-z]+)", text):
        assert f'"{name}"' in (PROJECT / "src" / "visio" / "__main__.py").read_text()
    made = set(re.findall(r"\b([A-Z_]{3,})=", commands))
    used = set(re.findall(r"\$\{?([A-Z_]{3,})", commands)) - made - GIVEN
    settled = {"REVISION", "COMMIT"}  # chosen by whoever reads the list above them
    assert [name for name in used - settled if f"`{name}`" not in readme] == []
    told = set(re.findall(r"`([A-Z][A-Z_]{4,})`", text)) - GIVEN
    assert [name for name in told if f"`{name}`" not in readme] == []


def test_the_list_of_runbooks_is_complete():
    listed = (PROJECT / "docs" / "runbooks" / "README.md").read_text()

    assert [page.name for page in PAGES if f"({page.name})" not in listed] == ["README.md"]

"""The logins of functions: each may become its function's roles, and hold few connections."""

import contextlib
import stat

import pg8000.native
import pytest

from local import logins, postgres
from local.postgres import Broken

LIMITS = {"list_meetings": 2, "relay_signal": 1, "resolve_quarantine": 1}


@pytest.fixture
def made(database, tmp_path):
    """Two functions' logins; they belong to the server, so they are taken away again."""
    written = logins.make(database.admin, LIMITS, tmp_path / "logins")
    yield {path.name: path.read_text() for path in written}
    with contextlib.closing(postgres.connect(database.admin)) as db:
        for function in LIMITS:
            db.run(f"drop role fn_{function}")


pytestmark = pytest.mark.xdist_group("logins")


def test_each_login_becomes_the_roles_of_its_function_and_no_other(made):
    allowed, refused = {}, set()
    for name, address in made.items():
        with contextlib.closing(postgres.connect(address)) as db:
            for role in ("visio_app", "visio_system", "authenticated", "service_role"):
                try:
                    db.run(f"set role {role}")
                    allowed.setdefault(name, []).append(role)
                except pg8000.native.DatabaseError as error:
                    refused.add(error.args[0]["C"])

    assert refused == {"42501"}
    assert allowed == {
        "database-url-list-meetings": ["visio_app"],
        "database-url-relay-signal": ["visio_system"],
        # It reads as the operator, and goes on as the system that follows bookings.
        "database-url-resolve-quarantine": ["visio_app", "visio_system"],
    }


def test_a_login_sees_nothing_by_itself(made):
    with (
        contextlib.closing(postgres.connect(made["database-url-list-meetings"])) as db,
        pytest.raises(pg8000.native.DatabaseError, match="42501"),
    ):
        db.run("select count(*) from public.meetings")


def test_a_login_holds_no_more_connections_than_its_function_has_threads(made):
    address = made["database-url-relay-signal"]

    with (
        contextlib.closing(postgres.connect(address)),
        pytest.raises(pg8000.native.DatabaseError, match="53300"),
    ):
        postgres.connect(address)


def test_made_again_the_old_password_is_worth_nothing(database, made, tmp_path):
    old = made["database-url-relay-signal"]

    [path] = logins.make(database.admin, {"relay_signal": 1}, tmp_path / "again")

    postgres.connect(path.read_text()).close()
    with pytest.raises(pg8000.native.DatabaseError, match="28P01"):
        postgres.connect(old)


def test_addresses_are_for_nobody_else_to_read(database, made, tmp_path):
    folder = tmp_path / "logins"

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_pooler_finds_its_project_behind_the_name():
    pooled = logins.address("postgresql://postgres.abc:x@pooler.example:6543/postgres", "fn_a", "p")

    assert pooled == "postgresql://fn_a.abc:p@pooler.example:6543/postgres"


def test_a_function_that_is_not_there_gets_no_login(database, tmp_path):
    with pytest.raises(Broken, match="no_such"):
        logins.make(database.admin, {"no_such": 1}, tmp_path / "logins")

"""Who may do what is written down, and is enough."""

import contextlib
from uuid import uuid4

import pytest

from local import grants, postgres
from tests.conftest import at
from tests.world import ALICE, BRUNO, MIKL, SCHEDULER
from visio import bootstrap, settings


def test_the_matrix_is_what_the_catalogue_and_the_functions_have(database):
    with contextlib.closing(postgres.connect(database.admin)) as db:
        assert grants.document(db) == grants.TARGET.read_text(), "run `make schema`"


def test_a_new_right_shows(database):
    with contextlib.closing(postgres.connect(database.admin)) as db:
        db.run("grant select (ical_uid) on public.meetings to authenticated")

        assert grants.document(db) != grants.TARGET.read_text()


@pytest.fixture
def only_as(database, environment):
    """From here on functions log in as somebody who is granted these roles and no other."""
    made = []

    def only_as(*roles):
        name = f"visio_only_{uuid4().hex[:8]}"
        with contextlib.closing(postgres.connect(database.admin)) as db:
            db.run(f"create role {name} login noinherit password 'x' in role {', '.join(roles)}")
        made.append(name)
        _, _, place = database.login.rpartition("@")
        environment.setenv("DATABASE_URL", f"postgresql://{name}:x@{place}")
        settings.forget()
        bootstrap.forget()

    yield only_as
    bootstrap.forget()
    with contextlib.closing(postgres.connect(database.admin)) as db:
        for name in made:
            db.run(f"drop role {name}")


def test_a_login_with_the_callers_role_alone_is_enough_for_people(call, accepted, signal, only_as):
    only_as("visio_app")

    meeting = accepted()
    knocked = signal(meeting, "client_waiting", ALICE)
    let_in = call("admit-clients", {"meetingIds": [meeting]}, MIKL)
    asked = call("request-meeting", {"requestedSlots": [at(4)]}, BRUNO)
    ended = signal(meeting, "meeting_ended", MIKL)

    answers = (knocked, let_in, asked, ended)
    assert [answer.status_code for answer in answers] == [200, 200, 201, 200]


def test_a_login_with_the_systems_role_alone_is_enough_for_the_sweep(
    call, accepted, rows, remote, only_as
):
    accepted()
    rows(
        "update public.meetings set ends_at = now() - interval '1 day', "
        "scheduled_at = now() - interval '2 days'"
    )
    only_as("visio_system")

    bearer = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    swept = call("complete-meetings", headers=bearer)

    assert (swept.status_code, swept.json["data"]["completed"]) == (200, 1)


def test_a_login_with_the_wrong_role_gets_nowhere(call, only_as):
    only_as("visio_system")

    assert call("list-meetings", {}, ALICE).status_code == 500


def test_every_function_acts_as_somebody():
    assert [name for name in grants.names() if not grants.roles_of(name)] == []
    assert grants.roles_of("resolve_quarantine") == ["visio_app", "visio_system"]

"""Callers who have nothing to do with each other never wait for each other."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import ON_ONE_SERVER, at
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA

pytestmark = ON_ONE_SERVER

# All that any page of Alice's locks, whichever it is.
HELD = (
    "select from public.clients where id = cast(:row as uuid) for update",
    "select from public.meeting_requests where client_id = cast(:row as uuid) for update",
    "select from public.meetings where client_id = cast(:row as uuid) for update",
    "select from public.lobby_knocks where client_id = cast(:row as uuid) for update",
    "select from visio.calcom_chains where client_id = cast(:row as uuid) for update",
    "select from visio.call_rates where caller = cast(:user as uuid) for update",
    "select pg_advisory_xact_lock(hashtextextended('ask/' || cast(:user as text), 4262))",
    "select pg_advisory_xact_lock(hashtextextended('ical/' || (told ->> 'ical_uid'), 4261))"
    " from visio.webhook_inbox",
    "select from visio.signal_outbox for update",
)


@pytest.fixture
def alice_is_held(database, admin, accepted, pending, signal, tell, linked):
    """Somebody is busy with everything of Alice's: her requests, meetings, knock and booking."""
    assert tell(linked(ALICE).created()) == "created"
    meeting = accepted(ALICE)
    assert signal(meeting, "client_waiting", ALICE).status_code == 200
    pending(ALICE, [at(5)])
    with contextlib.closing(admin(database.admin)) as db:
        db.run("begin")
        held = [len(db.run(sql, row=ALICE.row, user=ALICE.user)) for sql in HELD]
        yield held
        db.run("rollback")


def test_while_everything_of_one_client_is_held_nobody_else_waits(
    alice_is_held, call, pending, accepted, signal, tell, linked, sweep
):
    assert all(alice_is_held)

    # Bruno has the same operator, Chloé another.
    for name, client, operator in (("bruno", BRUNO, MIKL), ("chloe", CHLOE, NORA)):
        meeting = accepted(client, operator, days=10)
        told = [
            signal(meeting, "client_waiting", client),
            call("waiting-room", {}, operator),
            call("lobby-state", {"meetingId": meeting}, client),
            signal(meeting, "operator_joined", operator),
            call("join-meeting", {"meetingId": meeting}, client),
            call("list-requests", {}, operator),
            call("read-notifications", {}, operator),
            signal(meeting, "meeting_ended", operator),
        ]
        assert [answer.status_code for answer in told] == [200] * len(told)
        assert tell(linked(client, days=20, email=f"{name}@client.example").created()) == "created"
    assert sweep()["completed"] == 0


def test_alice_herself_waits_and_is_told(alice_is_held, call):
    """What the test above holds is what her pages lock."""
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(call, "request-meeting", {"requestedSlots": [at(8)]}, ALICE)

        assert asked.result().status_code == 503

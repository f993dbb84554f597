"""The checker sees what is broken, and the cable does what it is told."""

import contextlib
import socket
import struct
import threading
from urllib.parse import urlsplit

import pytest

from local import postgres
from tests.attack.cable import Cable
from tests.attack.harness import Fleet
from tests.attack.invariants import INVARIANTS, broken, doors, leaks, undrained, violated
from tests.conftest import ON_ONE_SERVER
from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, STRANGER, settings_for

MEETING = "(select meeting_id from meeting_requests where meeting_id is not null limit 1)"
HARM = {
    "a decision is single": """
        insert into transitions (subject, request_id, client_id, operator_id, actor, action,
                                 from_status, to_status, at)
        select 'request', id, client_id, operator_id, 'client', 'withdraw', 'rejected', 'withdrawn',
               now() from meeting_requests limit 1""",
    "the record has no gap": """
        insert into transitions (subject, request_id, client_id, operator_id, actor, action,
                                 from_status, to_status, at)
        select 'request', id, client_id, operator_id, 'client', 'ask', null, 'pending', now()
          from meeting_requests limit 1""",
    "a request's status": "update meeting_requests set status = 'cancelled'",
    "a meeting's status": "update meetings set status = 'cancelled'",
    "the latest knock's status": "update lobby_knocks set status = 'left', ended_at = now()",
    "what is on record happened": f"delete from meetings where id = {MEETING}",
    "two live meetings": """
        alter table meetings drop constraint meetings_one_at_a_time;
        insert into meetings (client_id, operator_id, title, scheduled_at, ends_at)
        select client_id, operator_id, title, scheduled_at, ends_at from meetings limit 1""",
    "an agreed request": "update meeting_requests set meeting_id = null, status = 'accepted'",
    "a meeting that was agreed": "update meeting_requests set selected_slot = now()",
    "an admitted client": "update lobby_knocks set status = 'admitted'",
    "a lobby holds one knock": """
        drop index lobby_knocks_one_live;
        insert into lobby_knocks (meeting_id, client_id)
        select meeting_id, client_id from lobby_knocks limit 1""",
    "a meeting that is over": """
        alter table meetings drop constraint meetings_outcome_when_completed;
        update meetings set status = 'completed'""",
    "each transition is told": "delete from visio.signal_outbox",
    "each signal tells": """
        update visio.signal_outbox set payload = payload || '{"at": "2027-01-01T00:00:00Z"}'""",
    "a signal holds ids": 'update visio.signal_outbox set payload = payload || \'{"name": "A"}\'',
    "one event, one effect": """
        insert into meeting_requests (client_id, operator_id, requested_slots, last_slot_at, source)
        select client_id, operator_id, requested_slots, last_slot_at, 'calcom'
          from meeting_requests limit 1""",
    "nobody is told the same": """
        insert into notifications (recipient_type, recipient_id, type, title, body, created_at,
                                   meeting_id)
        select recipient_type, recipient_id, type, title, body, created_at, meeting_id
          from notifications where meeting_id is not null limit 1""",
    "what is marked as said": "update visio.signal_outbox set published_at = '2026-01-01'",
}


@pytest.fixture
def life(accepted, signal):
    """A meeting whose client waits."""
    meeting = accepted()
    assert signal(meeting, "client_waiting", ALICE).status_code == 200
    return meeting


def test_there_is_a_harm_for_every_invariant():
    assert [len([1 for begun in HARM if told.startswith(begun)]) for told in INVARIANTS] == [
        1 for _ in INVARIANTS
    ]


@ON_ONE_SERVER
def test_every_invariant_that_is_broken_is_seen(database, life, admin, tally):
    assert broken(database.admin) == []

    with contextlib.closing(admin(database.admin)) as db:
        for harm, statements in HARM.items():
            db.run("begin")
            db.run("set local session_replication_role = replica")
            for statement in statements.split(";\n"):
                db.run(statement)
            found = violated(db)
            db.run("rollback")

            assert [one for one in found if one.startswith(f"not so: {harm}")], harm
    tally("invariants broken on purpose, and seen", len(HARM))


@ON_ONE_SERVER
def test_a_row_that_somebody_else_sees_is_seen(database, life, rows):
    rows("create policy hole on meetings for select to authenticated using (true)")

    found = broken(database.admin)

    others = {BRUNO, CHLOE, NORA, STRANGER}
    assert {who for who in others if who.user in "".join(found)} == others
    assert all("a caller sees exactly his rows" in one for one in found)


@ON_ONE_SERVER
def test_what_is_unsaid_and_what_is_told_too_far_is_seen(database, life, rows, holds):
    rows("update visio.signal_outbox set published_at = null")
    rows("update visio.signal_outbox set next_attempt_at = now()")

    assert len(undrained(database.admin)) > 3
    assert (
        len(leaks(["alice@client.example waits", "all is well"], database.admin, ("sesame",))) == 1
    )
    said = ["alice@client.example waits", "open, sesame", "all is well"]
    assert len(leaks(said, database.admin, ("sesame",))) == 2
    holds.drained()
    holds.silence()


@ON_ONE_SERVER
def test_a_door_that_disagrees_with_the_knock_is_seen(database, life, call):
    def joins(meeting, user):
        who = next(one for one in (ALICE, BRUNO, MIKL) if one.user == user)
        return call("join-meeting", {"meetingId": meeting}, who).status_code

    assert doors(database.admin, joins) == []
    [found] = doors(database.admin, lambda meeting, user: 200)
    assert ALICE.user in found


@ON_ONE_SERVER
def test_a_cable_delays_cuts_and_swallows(database):
    address = urlsplit(database.admin)
    with Cable((address.hostname, address.port), messages=True) as cable:
        through = database.admin.replace(f":{address.port}/", f":{cable.port}/")
        db = postgres.connect(through)
        kinds = []
        cable.rule = lambda passing: kinds.append(passing.direction + passing.kind)
        assert db.run("select 1") == [[1]]
        assert kinds == ["upQ", "downT", "downD", "downC", "downZ"]
        cable.rule = lambda passing: "cut" if passing.kind == "D" else None
        with pytest.raises(Exception, match="network"):
            db.run("select 2")
        with contextlib.suppress(Exception):
            db.close()

        cable.calm()
        silent = socket.create_connection(("127.0.0.1", cable.port), timeout=0.2)
        cable.rule = lambda passing: "swallow" if passing.direction == "down" else 0.01
        silent.sendall(struct.pack("!ii", 8, 80877103))
        with pytest.raises(TimeoutError):
            silent.recv(1)
        silent.close()


@ON_ONE_SERVER
def test_a_fleet_answers_from_two_processes_and_goes_on_without_one(database, remote):
    with Fleet(settings_for(database.login, remote)) as fleet:
        fleet.start("who-am-i")
        statuses = []
        callers = [
            threading.Thread(
                target=lambda: statuses.append(fleet.call("who-am-i", as_=ALICE).status)
            )
            for _ in range(8)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        first, second = fleet.processes["who-am-i"]

        assert statuses == [200] * 8
        assert all("[VISIO:WHO_AM_I]" in "".join(one.lines) for one in (first, second))
        first.kill()
        fleet.again("who-am-i", first)
        assert [fleet.call("who-am-i", as_=MIKL).status for _ in range(4)] == [200] * 4
        assert second.end() == 0

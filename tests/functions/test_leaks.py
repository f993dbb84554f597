"""What nobody may learn, looked for in everything that leaves us or stays behind."""

import json
from uuid import UUID

import pytest

from tests.functions.test_rooms import ROOMS, event, signed
from tests.world import (
    ALICE,
    BRUNO,
    CHLOE,
    LIVEKIT_SECRET,
    MIKL,
    NORA,
    PUSH,
    ROOM_SUBSCRIPTION,
    SCHEDULER,
    pushed,
)

NAME, WORDS, REASON = "c4n4ry-name", "c4n4ry-words", "c4n4ry-reason"
TABLES = """
select table_schema || '.' || table_name from information_schema.tables
 where table_schema in ('public', 'visio') and table_type = 'BASE TABLE'"""


@pytest.fixture
def life(call, accepted, signal, remote, rows, lines):
    """Everything that is said during the whole life of a meeting, by where it is said."""
    rows("update clients set name = :name where id = :id", name=NAME, id=ALICE.row)
    meeting = accepted()
    bearer = remote.keys.sign_google(*PUSH)
    scheduler = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
    answers, tickets = [], []

    def ask(*arguments, **more):
        answers.append(call(*arguments, **more))

    def send(*arguments, **more):
        answers.append(signal(*arguments, **more))

    send(meeting, "client_waiting", ALICE, devices="ready")
    rows("update lobby_knocks set remind_at = now() - interval '1 second'")
    ask("complete-meetings", headers=scheduler)
    ask("lobby-message", {"meetingId": meeting, "text": WORDS}, ALICE)
    send(meeting, "entry_denied", MIKL, reason=REASON)
    send(meeting, "client_waiting", ALICE)
    ask("admit-clients", {"meetingIds": [meeting]}, MIKL)
    for who in (ALICE, MIKL):
        ticket = call("join-meeting", {"meetingId": meeting}, who)
        tickets.append(ticket.json["data"])
    for who in (f"operator:{MIKL.row}", f"client:{ALICE.row}:0", "mallory"):
        body = event("participant_joined", meeting, who)
        ask("livekit-webhook", raw=body, headers={"Authorization": signed(body)})
    send(meeting, "back_to_lobby", MIKL, reason=REASON)
    send(meeting, "remove", MIKL, reason=REASON)
    for who in (ALICE, MIKL):
        for function in ("lobby-state", "list-meetings", "list-notifications", "list-requests"):
            query = {"meetingId": meeting} if function == "lobby-state" else {}
            ask(function, query, who)
    ask("waiting-room", {}, MIKL)
    for order in list(remote.ordered):
        envelope = pushed({"orderId": order}, ROOM_SUBSCRIPTION)
        ask("run-room-order", envelope, headers={"Authorization": f"Bearer {bearer}"})
    send(meeting, "meeting_ended", MIKL)
    logged = [record.getMessage() + str(vars(record)) for record in lines]
    assert logged
    return {
        "meeting": meeting,
        "tickets": tickets,
        "answers": [answer.get_data(as_text=True) for answer in answers],
        "signals": [json.dumps(one) for one in remote.published],
        "bus": [json.dumps([remote.mailed, remote.ordered, remote.pushed])],
        "log": logged,
        "rows": [str(rows(f"select t::text from {table} t")) for table in rows(TABLES)],
    }


def test_no_room_address_or_token_is_anywhere_but_in_a_ticket(life):
    secrets = {ROOMS.room(UUID(life["meeting"])), LIVEKIT_SECRET}
    for ticket in life["tickets"]:
        secrets |= {ticket["token"], ticket["url"]}

    for place in ("answers", "signals", "bus", "log", "rows"):
        for text in life[place]:
            assert not any(secret in text for secret in secrets), place


def test_nobodys_name_or_words_are_in_a_signal_on_the_bus_or_in_the_log(life):
    for place in ("signals", "bus", "log"):
        for text in life[place]:
            assert not any(said in text for said in (NAME, WORDS, REASON)), place


def test_signals_of_a_whole_life_hold_ids_and_a_version_and_are_all_relayed(life):
    from msgspec.json import decode

    from visio.flows.relay_signal import Message

    for text in life["signals"]:
        decode(text, type=Message)  # the relay's own allow-list
    assert {json.loads(text)["event"] for text in life["signals"]} >= {
        *("client_waiting", "entry_denied", "operator_joined", "back_to_lobby", "client_left"),
        *("lobby_message", "meeting_completed", "notification_created"),
    }


def test_nothing_of_it_reaches_anybody_else(call, life):
    meeting = life["meeting"]

    for who in (BRUNO, NORA, CHLOE):
        answers = [
            call("lobby-state", {"meetingId": meeting}, who),
            call("lobby-message", {"meetingId": meeting, "text": "x"}, who),
            call("join-meeting", {"meetingId": meeting}, who),
            call("list-notifications", {}, who),
            call("list-meetings", {}, who),
            call("waiting-room", {}, who),
            call("admit-clients", {"meetingIds": [meeting]}, who),
        ]
        assert [answer.status_code for answer in answers[:3]] == [404] * 3
        told = "".join(answer.get_data(as_text=True) for answer in answers)
        assert not any(said in told for said in (NAME, WORDS, REASON, ALICE.row))


def test_a_notification_that_is_not_there_any_more_was_read_not_lost(call, life):
    notes = call("list-notifications", {"limit": "100"}, MIKL).json["data"]["items"]

    told = [note for note in notes if note["type"] == "client_waiting"]
    assert len(told) == 2
    assert all(note["readAt"] for note in told)


# A screen that lost signals, got them twice, late or in the wrong order ends with the truth.


class Screen:
    """What a page does: a signal is a bell, and what is not newer rings for nothing."""

    def __init__(self, read):
        self._read, self.version, self.shown, self.reads = read, 0, None, 0

    def ring(self, version):
        if version <= self.version:
            return
        self.look()

    def look(self):
        state = self._read()
        self.reads += 1
        self.version, self.shown = (
            state["version"],
            (
                state["meetingStatus"],
                state["knock"] and state["knock"]["status"],
            ),
        )


@pytest.mark.parametrize(
    "deliver",
    [
        lambda signals: signals,
        lambda signals: signals[::-1],
        lambda signals: [one for one in signals for _ in range(3)],
        lambda signals: signals[::2],
        lambda signals: signals[-1:],
        lambda signals: [],
    ],
    ids=["in order", "reversed", "thrice", "half lost", "all but one lost", "all lost"],
)
def test_whatever_the_bus_does_every_screen_ends_right(call, accepted, signal, remote, deliver):
    meeting = accepted()
    channel = f"meeting:{meeting}:status"

    def read(who):
        return lambda: call("lobby-state", {"meetingId": meeting}, who).json["data"]

    screens = [Screen(read(who)) for who in (ALICE, MIKL)]
    remote.published.clear()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)
    signal(meeting, "back_to_lobby", MIKL)
    signal(meeting, "operator_joined", MIKL)

    heard = [one["payload"]["version"] for one in remote.published if one["channel"] == channel]
    for screen in screens:
        for version in deliver(heard):
            screen.ring(version)
        if not deliver(heard):
            screen.look()  # after pollAfterMs, on focus, on reconnect

    assert heard == sorted(set(heard))
    for screen in screens:
        assert screen.shown == ("in_progress", "admitted")
        assert screen.reads == 1  # the first bell showed it all


def test_what_was_told_while_the_relay_was_down_is_told_when_it_is_up(
    call, accepted, signal, remote
):
    meeting = accepted()
    remote.published.clear()
    signal(meeting, "client_waiting", ALICE)
    bearer = {"Authorization": f"Bearer {remote.keys.sign_google(*PUSH)}"}
    remote.realtime_status = 503

    down = [call("relay-signal", pushed(one), headers=bearer) for one in remote.published]
    remote.realtime_status = 202
    up = [call("relay-signal", pushed(one), headers=bearer) for one in remote.published * 2]

    assert {answer.status_code for answer in down} == {503}
    assert {answer.status_code for answer in up} == {204}
    assert len(remote.broadcasts) == len(remote.published)

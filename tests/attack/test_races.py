"""Whatever two people do at one instant, one of the allowed things happened, and nothing between.

Each line of these tables is a pair of actions that can meet: what there is, what the left does,
what the right does, and every outcome there may be (what each was answered, what there is then).
The server of Cal.com, Pub/Sub and the sweep are people here like any other.
"""

import pytest
from aiosmtpd.controller import Controller

from local.postgres import free_port
from tests.attack import duels as do
from tests.attack.duels import Arena, Duel, Mailbox, fight
from tests.attack.scale import FULL, rounds
from tests.functions.test_reconcile import served_calcom
from tests.world import ALICE, BRUNO, MIKL
from visio import bootstrap, settings

# What is answered to who comes second.
DECIDED, WITHDRAWN = "already_decided: accepted", "already_decided: withdrawn"
REJECTED, COUNTERED = "already_decided: rejected", "already_decided: countered"
EXPIRED, CALLED_OFF = "already_decided: expired", "already_decided: cancelled"
OVER, ENDED = "meeting_over: cancelled", "meeting_over: completed"
# What there is then.
AGREED, AGREED_1 = "accepted, scheduled at 0", "accepted, scheduled at 1"
AGREED_2, AGREED_3 = "accepted, scheduled at 2", "accepted, scheduled at 3"
CANCELLED = "cancelled, cancelled at 0"

ONE_REQUEST = [
    Duel(
        name="accept | accept",
        stage=do.asked,
        left=do.accept(0),
        right=do.accept(0),
        look=do.agreement,
        allowed={("accepted", "accepted", AGREED): "one meeting"},
    ),
    Duel(
        name="accept | accept another slot",
        stage=do.asked,
        left=do.accept(0),
        right=do.accept(1),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED): "left",
            (DECIDED, "accepted", AGREED_1): "right",
        },
    ),
    Duel(
        name="accept | reject",
        stage=do.asked,
        left=do.accept(),
        right=do.reject(),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED): "accepted",
            (REJECTED, "rejected", "rejected"): "rejected",
        },
    ),
    Duel(
        name="accept | propose",
        stage=do.asked,
        left=do.accept(),
        right=do.propose(2),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED): "accepted",
            (COUNTERED, "countered", "countered"): "countered",
        },
    ),
    Duel(
        name="accept | withdraw",
        stage=do.asked,
        left=do.accept(),
        right=do.answer("withdraw"),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED): "accepted",
            (WITHDRAWN, "withdrawn", "withdrawn"): "withdrawn",
        },
    ),
    Duel(
        name="reject | reject for another reason",
        stage=do.asked,
        left=do.reject("Complet"),
        right=do.reject("En congé"),
        look=do.agreement,
        allowed={
            ("rejected", REJECTED, "rejected"): "left",
            (REJECTED, "rejected", "rejected"): "right",
        },
    ),
    Duel(
        name="reject | reject",
        stage=do.asked,
        left=do.reject(),
        right=do.reject(),
        look=do.agreement,
        allowed={("rejected", "rejected", "rejected"): "one rejection"},
    ),
    Duel(
        name="reject | propose",
        stage=do.asked,
        left=do.reject(),
        right=do.propose(2),
        look=do.agreement,
        allowed={
            ("rejected", REJECTED, "rejected"): "rejected",
            (COUNTERED, "countered", "countered"): "countered",
        },
    ),
    Duel(
        name="reject | withdraw",
        stage=do.asked,
        left=do.reject(),
        right=do.answer("withdraw"),
        look=do.agreement,
        allowed={
            ("rejected", REJECTED, "rejected"): "rejected",
            (WITHDRAWN, "withdrawn", "withdrawn"): "withdrawn",
        },
    ),
    Duel(
        name="propose | withdraw",
        stage=do.asked,
        left=do.propose(2),
        right=do.answer("withdraw"),
        look=do.agreement,
        allowed={
            ("countered", "withdrawn", "withdrawn"): "countered first",
            (WITHDRAWN, "withdrawn", "withdrawn"): "withdrawn first",
        },
    ),
    Duel(
        name="propose | propose the same",
        stage=do.asked,
        left=do.propose(2, 3),
        right=do.propose(2, 3),
        look=do.agreement,
        allowed={("countered", "countered", "countered"): "one proposal"},
    ),
    Duel(
        name="take an offer | withdraw",
        stage=do.countered,
        left=do.take(2),
        right=do.answer("withdraw"),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED_2): "accepted",
            (WITHDRAWN, "withdrawn", "withdrawn"): "withdrawn",
        },
    ),
    Duel(
        name="take an offer | decline",
        stage=do.countered,
        left=do.take(2),
        right=do.answer("decline"),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED_2): "accepted",
            (WITHDRAWN, "withdrawn", "withdrawn"): "declined",
        },
    ),
    Duel(
        name="take an offer | take it",
        stage=do.countered,
        left=do.take(2),
        right=do.take(2),
        look=do.agreement,
        allowed={("accepted", "accepted", AGREED_2): "one meeting"},
    ),
    Duel(
        name="take an offer | take another",
        stage=do.countered,
        left=do.take(2),
        right=do.take(3),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED_2): "left",
            (DECIDED, "accepted", AGREED_3): "right",
        },
    ),
    Duel(
        name="take an offer | offer others",
        stage=do.countered,
        left=do.take(2),
        right=do.propose(1),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED_2): "accepted",
            ("slot_not_proposed", "countered", "countered"): "countered",
        },
    ),
    Duel(
        name="take an offer | offer it again, with another",
        stage=do.countered,
        left=do.take(2),
        right=do.propose(2, 1),
        look=do.agreement,
        allowed={
            ("accepted", DECIDED, AGREED_2): "accepted first",
            ("accepted", "countered", AGREED_2): "countered first",
        },
    ),
    Duel(
        name="decline | offer others",
        stage=do.countered,
        left=do.answer("decline"),
        right=do.propose(1),
        look=do.agreement,
        allowed={
            ("withdrawn", WITHDRAWN, "withdrawn"): "declined first",
            ("withdrawn", "countered", "withdrawn"): "countered first",
        },
    ),
    Duel(
        name="decline | withdraw, with another word",
        stage=do.countered,
        left=do.answer("decline", "Aucun ne va"),
        right=do.answer("withdraw", "Tant pis"),
        look=do.agreement,
        allowed={
            ("withdrawn", WITHDRAWN, "withdrawn"): "declined",
            (WITHDRAWN, "withdrawn", "withdrawn"): "withdrawn",
        },
    ),
    Duel(
        name="accept | expire",
        stage=do.asked,
        ripen=do.passed,
        left=do.accept(),
        right=do.sweep,
        look=do.request_notes,
        allowed={
            ("slot_passed", "done", "expired; expire"): "refused first",
            (EXPIRED, "done", "expired; expire"): "expired first",
        },
        # A row that somebody holds is left to the next sweep.
        overlapping={("slot_passed", "done", "pending"): "left to the next sweep"},
    ),
    Duel(
        name="reject | expire",
        stage=do.asked,
        ripen=do.passed,
        left=do.reject(),
        right=do.sweep,
        look=do.request_notes,
        allowed={
            ("rejected", "done", "rejected; reject"): "rejected",
            (EXPIRED, "done", "expired; expire"): "expired",
        },
    ),
    Duel(
        name="propose | expire",
        stage=do.asked,
        ripen=do.passed,
        left=do.propose(500 * 24 + 2),
        right=do.sweep,
        look=do.request_notes,
        allowed={
            ("countered", "done", "countered; propose"): "countered",
            (EXPIRED, "done", "expired; expire"): "expired",
        },
    ),
    Duel(
        name="withdraw | expire",
        stage=do.asked,
        ripen=do.passed,
        left=do.answer("withdraw"),
        right=do.sweep,
        look=do.request_notes,
        allowed={
            ("withdrawn", "done", "withdrawn; withdraw"): "withdrawn",
            (EXPIRED, "done", "expired; expire"): "expired",
        },
    ),
    Duel(
        name="take an offer | expire",
        stage=do.countered,
        ripen=do.passed,
        left=do.take(2),
        right=do.sweep,
        look=do.request_notes,
        allowed={
            ("slot_passed", "done", "expired; propose; expire"): "refused first",
            (EXPIRED, "done", "expired; propose; expire"): "expired first",
        },
        overlapping={("slot_passed", "done", "countered; propose"): "left to the next sweep"},
    ),
    Duel(
        name="expire | expire",
        stage=do.asked,
        ripen=do.passed,
        left=do.sweep,
        right=do.sweep,
        look=do.request_notes,
        allowed={("done", "done", "expired; expire"): "one expiry"},
    ),
    Duel(
        name="remind of a request | remind of it",
        stage=do.asked,
        ripen=do.unanswered,
        left=do.sweep,
        right=do.sweep,
        look=do.request_notes,
        allowed={("done", "done", "pending; 1 request_reminder"): "one reminder"},
    ),
    Duel(
        name="remind of a request | reject it",
        stage=do.asked,
        ripen=do.unanswered,
        left=do.sweep,
        right=do.reject(),
        look=do.request_notes,
        allowed={
            ("done", "rejected", "rejected; reject; 1 request_reminder"): "reminded first",
            ("done", "rejected", "rejected; reject"): "rejected first",
        },
    ),
]

ONE_MEETING = [
    Duel(
        name="cancel | cancel, by the other",
        stage=do.agreed,
        left=do.cancel(MIKL, "Malade"),
        right=do.cancel(ALICE, "Empêchée"),
        look=do.agreement,
        allowed={
            ("cancelled", "meeting_over", CANCELLED): "operator",
            ("meeting_over", "cancelled", CANCELLED): "client",
        },
    ),
    Duel(
        name="cancel | cancel, from another tab",
        stage=do.agreed,
        left=do.cancel(),
        right=do.cancel(),
        look=do.agreement,
        allowed={("cancelled", "cancelled", CANCELLED): "one cancellation"},
    ),
    Duel(
        name="cancel | admit",
        stage=do.waiting,
        left=do.cancel(ALICE),
        right=do.admit,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, left"): "cancelled",
            ("meeting_started", "admitted", "in_progress, admitted, operator there"): "admitted",
        },
    ),
    Duel(
        name="cancel | deny",
        stage=do.waiting,
        left=do.cancel(ALICE),
        right=do.deny,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, left"): "cancelled first",
            ("cancelled", "denied", "cancelled, denied"): "denied first",
        },
    ),
    Duel(
        name="cancel | knock",
        stage=do.agreed,
        left=do.cancel(),
        right=do.knock,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, nobody"): "cancelled first",
            ("cancelled", "waiting", "cancelled, left"): "knocked first",
        },
    ),
    Duel(
        name="cancel | renew",
        stage=do.waiting,
        left=do.cancel(),
        right=do.renew,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, left"): "cancelled first",
            ("cancelled", "waiting", "cancelled, left"): "renewed first",
        },
    ),
    Duel(
        name="cancel | leave",
        stage=do.waiting,
        left=do.cancel(),
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, left"): "cancelled first",
            ("cancelled", "left", "cancelled, left"): "left first",
        },
    ),
    Duel(
        name="cancel | enter",
        stage=do.agreed,
        left=do.cancel(ALICE),
        right=do.enter(MIKL),
        look=do.the_lobby,
        allowed={
            ("cancelled", "meeting_over", "cancelled, nobody"): "cancelled first",
            ("cancelled", "done", "cancelled, nobody"): "entered first",
        },
    ),
    Duel(
        name="cancel | say something",
        stage=do.agreed,
        left=do.cancel(),
        right=do.say(ALICE),
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, nobody"): "cancelled first",
            ("cancelled", "done", "cancelled, nobody, 1 said"): "said first",
        },
    ),
    Duel(
        name="cancel | open the lobby",
        stage=do.agreed,
        left=do.cancel(ALICE),
        right=do.join_lobby,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, nobody"): "cancelled first",
            ("cancelled", "nobody", "cancelled, nobody"): "opened first",
        },
    ),
    Duel(
        name="end | cancel",
        stage=do.opened,
        left=do.end,
        right=do.cancel(ALICE),
        look=do.agreement,
        allowed={
            ("completed", "meeting_over", "completed, completed at 0"): "ended",
            (OVER, "cancelled", CANCELLED): "cancelled",
        },
    ),
    Duel(
        name="end | end",
        stage=do.admitted,
        left=do.end,
        right=do.end,
        look=do.the_lobby,
        allowed={
            ("completed", ENDED, "completed, left, epoch 1, put out 0"): "left",
            (ENDED, "completed", "completed, left, epoch 1, put out 0"): "right",
        },
    ),
    Duel(
        name="end | knock",
        stage=do.opened,
        left=do.end,
        right=do.knock,
        look=do.the_lobby,
        allowed={
            ("completed", ENDED, "completed, nobody"): "ended first",
            ("completed", "waiting", "completed, left"): "knocked first",
        },
    ),
    Duel(
        name="end | leave",
        stage=do.admitted,
        left=do.end,
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("completed", ENDED, "completed, left, epoch 1, put out 0"): "ended first",
            ("completed", "left", "completed, left, epoch 1, put out 0"): "left first",
        },
    ),
    Duel(
        name="end | enter",
        stage=do.admitted,
        left=do.end,
        right=do.enter(ALICE),
        look=do.the_lobby,
        allowed={
            ("completed", "meeting_over", "completed, left, epoch 1, put out 0"): "ended first",
            ("completed", "done", "completed, left, epoch 1, put out 0"): "entered first",
        },
    ),
    Duel(
        name="end | the room closes",
        stage=do.admitted,
        left=do.end,
        right=do.room("room_finished"),
        look=do.the_lobby,
        allowed={
            ("completed", "noted", "completed, left, epoch 1, put out 0"): "ended first or alone",
        },
    ),
    Duel(
        name="end | sweep",
        stage=do.admitted,
        ripen=do.over,
        left=do.end,
        right=do.sweep,
        look=do.the_lobby,
        allowed={
            # Who is meeting over time is put out by nobody: time alone ends the meeting.
            ("meeting_over: in_progress", "done", "completed, left, epoch 1"): "refused first",
            (ENDED, "done", "completed, left, epoch 1"): "swept first",
        },
        overlapping={
            (
                "meeting_over: in_progress",
                "done",
                "in_progress, admitted, operator there",
            ): "left to the next sweep"
        },
    ),
    Duel(
        name="cancel | sweep",
        stage=do.agreed,
        ripen=do.over,
        left=do.cancel(),
        right=do.sweep,
        look=do.the_lobby,
        allowed={
            # Its time has passed, swept or not: nobody can call it off any more.
            ("meeting_over", "done", "completed, nobody"): "completed",
        },
        overlapping={("meeting_over", "done", "scheduled, nobody"): "left to the next sweep"},
    ),
    Duel(
        name="leave | sweep",
        stage=do.admitted,
        ripen=do.over,
        left=do.leave,
        right=do.sweep,
        look=do.the_lobby,
        allowed={
            ("meeting_over: in_progress", "done", "completed, left, epoch 1"): "refused first",
            (ENDED, "done", "completed, left, epoch 1"): "swept first",
        },
        overlapping={
            (
                "meeting_over: in_progress",
                "done",
                "in_progress, admitted, operator there",
            ): "left to the next sweep"
        },
    ),
    Duel(
        name="sweep | sweep",
        stage=do.agreed,
        ripen=do.over,
        left=do.sweep,
        right=do.sweep,
        look=do.agreement,
        allowed={("done", "done", "completed, completed at 0"): "one end"},
    ),
    Duel(
        name="remind of today's | remind of it",
        stage=do.agreed,
        ripen=do.near(5),
        left=do.sweep,
        right=do.sweep,
        look=do.notes("meeting_reminder_quarter"),
        allowed={
            ("done", "done", "scheduled, nobody; 2 meeting_reminder_quarter"): "one each",
        },
    ),
    Duel(
        name="remind of tomorrow's | remind of it",
        stage=do.agreed,
        ripen=do.near(720),
        left=do.sweep,
        right=do.sweep,
        look=do.notes("meeting_reminder_day"),
        allowed={("done", "done", "scheduled, nobody; 2 meeting_reminder_day"): "one each"},
    ),
    Duel(
        name="remind | cancel",
        stage=do.agreed,
        ripen=do.near(5),
        left=do.sweep,
        right=do.cancel(),
        look=do.notes("meeting_reminder_quarter"),
        allowed={
            (
                "done",
                "cancelled",
                "cancelled, nobody; 2 meeting_reminder_quarter",
            ): "reminded first",
            ("done", "cancelled", "cancelled, nobody"): "cancelled first",
        },
    ),
]

ADMITTED = "in_progress, admitted, operator there"
GONE = "in_progress, left, operator there, epoch 1, put out 0"

ONE_KNOCK = [
    Duel(
        name="knock | knock",
        stage=do.agreed,
        left=do.knock,
        right=do.knock,
        look=do.notes("client_waiting"),
        allowed={("waiting", "waiting", "scheduled, waiting; 1 client_waiting"): "one knock"},
    ),
    Duel(
        name="knock | leave",
        stage=do.waiting,
        left=do.knock,
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("waiting", "left", "scheduled, left"): "renewed first",
            ("waiting", "left", "scheduled, left then waiting"): "left first",
        },
    ),
    Duel(
        name="renew | leave",
        stage=do.waiting,
        left=do.renew,
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("waiting", "left", "scheduled, left"): "renewed first",
            ("no_one_waiting: left", "left", "scheduled, left"): "left first",
        },
    ),
    Duel(
        name="knock | open the lobby",
        stage=do.agreed,
        left=do.knock,
        right=do.join_lobby,
        look=do.the_lobby,
        allowed={
            ("waiting", "admitted", ADMITTED): "knocked first",
            # Opening a lobby admits nobody who comes later.
            ("waiting", "nobody", "scheduled, waiting, operator there"): "opened first",
        },
    ),
    Duel(
        name="admit | admit, from another tab",
        stage=do.waiting,
        left=do.admit,
        right=do.admit,
        look=do.notes("client_waiting"),
        allowed={("admitted", "admitted", f"{ADMITTED}; 1 client_waiting"): "one admission"},
    ),
    Duel(
        name="admit | deny",
        stage=do.waiting,
        left=do.admit,
        right=do.deny,
        look=do.the_lobby,
        allowed={
            ("admitted", "no_one_waiting: admitted", ADMITTED): "admitted",
            ("no_one_waiting: denied", "denied", "scheduled, denied"): "denied",
        },
    ),
    Duel(
        name="admit whoever waits | deny",
        stage=do.waiting,
        left=do.join_lobby,
        right=do.deny,
        look=do.the_lobby,
        allowed={
            ("admitted", "no_one_waiting: admitted", ADMITTED): "admitted",
            ("denied", "denied", "scheduled, denied, operator there"): "denied",
        },
    ),
    Duel(
        name="admit | leave",
        stage=do.waiting,
        left=do.admit,
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("admitted", "left", GONE): "admitted first",
            ("no_one_waiting: left", "left", "scheduled, left"): "left first",
        },
    ),
    Duel(
        name="admit | knock again",
        stage=do.waiting,
        left=do.admit,
        right=do.knock,
        look=do.the_lobby,
        allowed={
            ("admitted", "admitted", ADMITTED): "admitted first",
            ("admitted", "waiting", ADMITTED): "renewed first",
        },
    ),
    Duel(
        name="admit | remove",
        stage=do.waiting,
        left=do.admit,
        right=do.remove,
        look=do.the_lobby,
        allowed={
            ("admitted", "left", GONE): "admitted first",
            ("no_one_waiting: left", "left", "scheduled, left"): "removed first",
        },
    ),
    Duel(
        name="admit | send back",
        stage=do.waiting,
        left=do.admit,
        right=do.back,
        look=do.the_lobby,
        allowed={
            (
                "admitted",
                "waiting",
                "in_progress, waiting, operator there, epoch 1, put out 0",
            ): "admitted first",
            ("admitted", "waiting", ADMITTED): "sent back first",
        },
    ),
    Duel(
        name="admit again | send back",
        stage=do.admitted,
        left=do.admit,
        right=do.back,
        look=do.the_lobby,
        allowed={
            (
                "admitted",
                "waiting",
                "in_progress, waiting, operator there, epoch 1, put out 0",
            ): "admitted first",
            ("admitted", "waiting", f"{ADMITTED}, epoch 1, put out 0"): "sent back first",
        },
    ),
    Duel(
        name="send back | send back",
        stage=do.admitted,
        left=do.back,
        right=do.back,
        look=do.the_lobby,
        allowed={
            (
                "waiting",
                "waiting",
                "in_progress, waiting, operator there, epoch 1, put out 0",
            ): "once",
        },
    ),
    Duel(
        name="send back | leave",
        stage=do.admitted,
        left=do.back,
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("waiting", "left", GONE): "sent back first",
            ("no_one_waiting: left", "left", GONE): "left first",
        },
    ),
    Duel(
        name="send back | remove",
        stage=do.admitted,
        left=do.back,
        right=do.remove,
        look=do.the_lobby,
        allowed={
            ("waiting", "left", GONE): "sent back first",
            ("no_one_waiting: left", "left", GONE): "removed first",
        },
    ),
    Duel(
        name="remove | leave",
        stage=do.admitted,
        left=do.remove,
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("left", "left", GONE): "removed first",
            ("no_one_waiting: left", "left", GONE): "left first",
        },
    ),
    Duel(
        name="remove | remove",
        stage=do.admitted,
        left=do.remove,
        right=do.remove,
        look=do.the_lobby,
        allowed={
            ("left", "no_one_waiting: left", GONE): "left",
            ("no_one_waiting: left", "left", GONE): "right",
        },
    ),
    Duel(
        name="remove | knock again",
        stage=do.admitted,
        left=do.remove,
        right=do.knock,
        look=do.the_lobby,
        allowed={
            ("left", "admitted", GONE): "renewed first",
            (
                "left",
                "waiting",
                "in_progress, left then waiting, operator there, epoch 1, put out 0",
            ): "removed first",
        },
    ),
    Duel(
        name="deny | deny",
        stage=do.waiting,
        left=do.deny,
        right=do.deny,
        look=do.the_lobby,
        allowed={
            ("denied", "no_one_waiting: denied", "scheduled, denied"): "left",
            ("no_one_waiting: denied", "denied", "scheduled, denied"): "right",
        },
    ),
    Duel(
        name="deny | leave",
        stage=do.waiting,
        left=do.deny,
        right=do.leave,
        look=do.the_lobby,
        allowed={
            ("denied", "denied", "scheduled, denied"): "denied",
            ("no_one_waiting: left", "left", "scheduled, left"): "left",
        },
    ),
    Duel(
        name="deny | renew",
        stage=do.waiting,
        left=do.deny,
        right=do.renew,
        look=do.the_lobby,
        allowed={
            # Whoever was turned away does not knock again because a page renews.
            ("denied", "no_one_waiting: denied", "scheduled, denied"): "denied first",
            ("denied", "waiting", "scheduled, denied"): "renewed first",
        },
    ),
    Duel(
        name="enter | admit",
        stage=do.waiting,
        left=do.enter(ALICE),
        right=do.admit,
        look=do.the_lobby,
        allowed={
            ("not_admitted", "admitted", ADMITTED): "too early",
            ("done", "admitted", ADMITTED): "admitted first",
        },
    ),
    Duel(
        name="enter | send back",
        stage=do.admitted,
        left=do.enter(ALICE),
        right=do.back,
        look=do.the_lobby,
        allowed={
            # Whoever got a ticket just before is put out with it.
            (
                "done",
                "waiting",
                "in_progress, waiting, operator there, epoch 1, put out 0",
            ): "entered first",
            (
                "not_admitted",
                "waiting",
                "in_progress, waiting, operator there, epoch 1, put out 0",
            ): "sent back first",
        },
    ),
    Duel(
        name="enter | remove",
        stage=do.admitted,
        left=do.enter(ALICE),
        right=do.remove,
        look=do.the_lobby,
        allowed={
            ("done", "left", GONE): "entered first",
            ("not_admitted", "left", GONE): "removed first",
        },
    ),
    Duel(
        name="admit from a list | admit",
        stage=do.waiting,
        left=do.admit_each(),
        right=do.admit,
        look=do.the_lobby,
        allowed={("admitted", "admitted", ADMITTED): "one admission"},
    ),
    Duel(
        name="admit from a list | deny",
        stage=do.waiting,
        left=do.admit_each(),
        right=do.deny,
        look=do.the_lobby,
        allowed={
            ("admitted", "no_one_waiting: admitted", ADMITTED): "admitted",
            ("no_one_waiting", "denied", "scheduled, denied"): "denied",
        },
    ),
    Duel(
        name="admit both from a list | admit both, the other way round",
        stage=do.two_waiting,
        left=do.admit_each(),
        right=do.admit_each(other_first=True),
        look=do.both_lobbies,
        allowed={
            ("admitted, admitted", "admitted, admitted", f"{ADMITTED}; {ADMITTED}"): "one each",
        },
    ),
    Duel(
        name="admit both from a list | cancel one",
        stage=do.two_waiting,
        left=do.admit_each(),
        right=do.cancel_the_other,
        look=do.both_lobbies,
        allowed={
            (
                "admitted, admitted",
                "meeting_started",
                f"{ADMITTED}; {ADMITTED}",
            ): "admitted first",
            (
                "admitted, meeting_over",
                "cancelled",
                f"{ADMITTED}; cancelled, left",
            ): "cancelled first",
        },
    ),
    Duel(
        name="renew | lapse",
        stage=do.waiting,
        ripen=do.lapsed,
        left=do.renew,
        right=do.sweep,
        look=do.the_lobby,
        allowed={("no_one_waiting: left", "done", "scheduled, left"): "lapsed"},
        overlapping={("no_one_waiting: left", "done", "scheduled, waiting"): "to the next sweep"},
    ),
    Duel(
        name="knock again | lapse",
        stage=do.waiting,
        ripen=do.lapsed,
        left=do.knock,
        right=do.sweep,
        look=do.notes("client_waiting"),
        allowed={
            (
                "waiting",
                "done",
                "scheduled, left then waiting; 2 client_waiting",
            ): "a second knock",
        },
    ),
    Duel(
        name="admit | lapse",
        stage=do.waiting,
        ripen=do.lapsed,
        left=do.admit,
        right=do.sweep,
        look=do.the_lobby,
        allowed={("no_one_waiting: left", "done", "scheduled, left"): "nobody there"},
        overlapping={("no_one_waiting: left", "done", "scheduled, waiting"): "to the next sweep"},
    ),
    Duel(
        name="leave | lapse",
        stage=do.waiting,
        ripen=do.lapsed,
        left=do.leave,
        right=do.sweep,
        look=do.the_lobby,
        allowed={("left", "done", "scheduled, left"): "left"},
        overlapping={("left", "done", "scheduled, waiting"): "to the next sweep"},
    ),
    Duel(
        name="lapse | lapse",
        stage=do.waiting,
        ripen=do.lapsed,
        left=do.sweep,
        right=do.sweep,
        look=do.the_lobby,
        allowed={("done", "done", "scheduled, left"): "left once"},
    ),
    Duel(
        name="escalate | escalate",
        stage=do.waiting,
        ripen=do.kept_waiting,
        left=do.sweep,
        right=do.sweep,
        look=do.escalations,
        allowed={("done", "done", "scheduled, waiting; 1 escalated"): "told once"},
    ),
    Duel(
        name="escalate | admit",
        stage=do.waiting,
        ripen=do.kept_waiting,
        left=do.sweep,
        right=do.admit,
        look=do.escalations,
        allowed={
            ("done", "admitted", f"{ADMITTED}; 1 escalated"): "told first",
            ("done", "admitted", f"{ADMITTED}; 0 escalated"): "admitted first",
        },
    ),
    Duel(
        name="escalate | leave",
        stage=do.waiting,
        ripen=do.kept_waiting,
        left=do.sweep,
        right=do.leave,
        look=do.escalations,
        allowed={
            ("done", "left", "scheduled, left; 1 escalated"): "told first",
            ("done", "left", "scheduled, left; 0 escalated"): "left first",
        },
    ),
    Duel(
        name="escalate | renew",
        stage=do.waiting,
        ripen=do.kept_waiting,
        left=do.sweep,
        right=do.renew,
        look=do.escalations,
        allowed={("done", "waiting", "scheduled, waiting; 1 escalated"): "told once"},
        overlapping={("done", "waiting", "scheduled, waiting; 0 escalated"): "to the next sweep"},
    ),
    Duel(
        name="say something | answer it",
        stage=do.waiting,
        left=do.say(ALICE),
        right=do.say(MIKL, "one_moment"),
        look=do.the_lobby,
        allowed={("done", "done", "scheduled, waiting, 2 said"): "both said"},
    ),
    Duel(
        name="say something | admit",
        stage=do.waiting,
        left=do.say(ALICE),
        right=do.admit,
        look=do.the_lobby,
        allowed={("done", "admitted", f"{ADMITTED}, 1 said"): "both"},
    ),
    Duel(
        name="be seen in the room | be sent back",
        stage=do.admitted,
        left=do.room("participant_joined", 0),
        right=do.back,
        look=do.presence,
        allowed={
            (
                "noted",
                "waiting",
                "in_progress, waiting, operator there, epoch 1, put out 0; one connection client",
            ): "seen first",
            # A ticket of an admission that has ended: put out once more, for it came in again.
            (
                "removed",
                "waiting",
                "in_progress, waiting, operator there, epoch 1, put out 0, 0;"
                " one connection nobody's",
            ): "sent back first",
        },
    ),
    Duel(
        name="be seen in the room | be seen, told twice",
        stage=do.admitted,
        left=do.room("participant_joined", 0, "same"),
        right=do.room("participant_joined", 0, "same"),
        look=do.presence,
        allowed={
            ("noted", "duplicate", f"{ADMITTED}; one connection client"): "left",
            ("duplicate", "noted", f"{ADMITTED}; one connection client"): "right",
        },
    ),
]

ONE_BOOKING = [
    Duel(
        name="created | read in the list",
        stage=do.not_told,
        ripen=do.listed("accepted"),
        left=do.tell("created"),
        right=do.reconcile,
        look=do.booking,
        allowed={
            ("created", "done", AGREED): "told first",
            ("duplicate", "done", AGREED): "read first",
        },
    ),
    Duel(
        name="read in the list | read in the list",
        stage=do.not_told,
        ripen=do.listed("accepted"),
        left=do.reconcile,
        right=do.reconcile,
        look=do.booking,
        allowed={("done", "done", AGREED): "one meeting"},
    ),
    Duel(
        name="cancelled there | read as cancelled",
        stage=do.booked,
        ripen=do.listed("cancelled"),
        left=do.tell("cancelled"),
        right=do.reconcile,
        look=do.booking,
        allowed={
            ("cancelled", "done", CANCELLED): "told first",
            ("ignored", "done", CANCELLED): "read first",
        },
    ),
    Duel(
        name="rescheduled | read as moved",
        stage=do.booked,
        ripen=do.listed("cancelled", moved=True),
        left=do.tell("rescheduled", 1),
        right=do.reconcile,
        look=do.booking,
        allowed={
            ("updated", "done", AGREED_1): "told first",
            ("ignored", "done", AGREED_1): "read first",
        },
    ),
    Duel(
        name="cancelled here | read as it was",
        stage=do.booked,
        ripen=do.listed("accepted"),
        left=do.cancel(),
        right=do.reconcile,
        look=do.booking,
        allowed={("cancelled", "done", CANCELLED): "cancelled"},
    ),
    Duel(
        name="created | created, the same bytes",
        stage=do.not_told,
        left=do.tell("created"),
        right=do.tell("created"),
        look=do.booking,
        allowed={
            ("created", "duplicate", AGREED): "left",
            ("duplicate", "created", AGREED): "right",
        },
    ),
    Duel(
        name="created | created, a copy",
        stage=do.not_told,
        left=do.tell("created"),
        right=do.tell_a_copy("created"),
        look=do.booking,
        allowed={
            ("created", "duplicate", AGREED): "left",
            ("duplicate", "created", AGREED): "right",
        },
    ),
    Duel(
        name="created | cancelled",
        stage=do.not_told,
        left=do.tell("created"),
        right=do.tell("cancelled"),
        look=do.booking,
        allowed={
            ("created", "cancelled", CANCELLED): "in order",
            ("stale", "missing_metadata", CANCELLED): "the other way round",
        },
    ),
    Duel(
        name="created | rescheduled",
        stage=do.not_told,
        left=do.tell("created"),
        right=do.tell("rescheduled", 1),
        look=do.booking,
        allowed={
            ("created", "updated", AGREED_1): "in order",
            ("created", "missing_metadata", AGREED_1): "the other way round",
        },
    ),
    Duel(
        name="rescheduled | rescheduled again",
        stage=do.booked,
        left=do.tell("rescheduled", 1),
        right=do.tell("rescheduled", 2),
        look=do.booking,
        allowed={
            ("updated", "updated", AGREED_2): "in order",
            # Known by what it moves, which nobody has told of yet: it waits for that.
            ("updated", "missing_metadata", AGREED_2): "the other way round",
        },
    ),
    Duel(
        name="rescheduled | cancelled there",
        stage=do.booked,
        left=do.tell("rescheduled", 1),
        right=do.tell("cancelled", 1),
        look=do.booking,
        allowed={
            ("updated", "cancelled", "cancelled, cancelled at 1"): "in order",
            (
                "cancelled",
                "missing_metadata",
                "cancelled, cancelled at 1",
            ): "the other way round",
        },
    ),
    Duel(
        name="requested | confirmed",
        stage=do.not_told,
        left=do.tell("requested"),
        right=do.tell("confirmed"),
        look=do.booking,
        allowed={
            ("created", "created", AGREED): "in order",
            ("created", "missing_metadata", AGREED): "the other way round",
        },
    ),
    Duel(
        name="confirmed there | accepted here",
        stage=do.asked_in_calcom,
        left=do.tell("confirmed"),
        right=do.accept(),
        look=do.booking,
        allowed={
            ("created", "accepted", AGREED): "confirmed first",
            ("ignored", "accepted", AGREED): "accepted first",
        },
    ),
    Duel(
        name="confirmed there | rejected here",
        stage=do.asked_in_calcom,
        left=do.tell("confirmed"),
        right=do.reject(),
        look=do.booking,
        allowed={
            ("created", DECIDED, AGREED): "confirmed",
            ("ignored", "rejected", "rejected"): "rejected",
        },
    ),
    Duel(
        name="confirmed there | withdrawn here",
        stage=do.asked_in_calcom,
        left=do.tell("confirmed"),
        right=do.answer("withdraw"),
        look=do.booking,
        allowed={
            ("created", DECIDED, AGREED): "confirmed",
            ("ignored", "withdrawn", "withdrawn"): "withdrawn",
        },
    ),
    Duel(
        name="cancelled there | accepted here",
        stage=do.asked_in_calcom,
        left=do.tell("cancelled"),
        right=do.accept(),
        look=do.booking,
        allowed={
            ("cancelled", CALLED_OFF, "cancelled"): "cancelled first",
            ("cancelled", "accepted", CANCELLED): "accepted first",
        },
    ),
    Duel(
        name="rejected there | accepted here",
        stage=do.asked_in_calcom,
        left=do.tell("rejected"),
        right=do.accept(),
        look=do.booking,
        allowed={
            ("updated", REJECTED, "rejected"): "rejected first",
            ("cancelled", "accepted", CANCELLED): "accepted first",
        },
    ),
    Duel(
        name="rescheduled there | cancelled here",
        stage=do.booked,
        left=do.tell("rescheduled", 1),
        right=do.cancel(),
        look=do.booking,
        allowed={
            ("updated", "cancelled", "cancelled, cancelled at 1"): "moved first",
            # People will come at the new time all the same: it is another meeting.
            (
                "created",
                "cancelled",
                "accepted, scheduled at 1; cancelled, cancelled at 0",
            ): "cancelled first",
        },
    ),
    Duel(
        name="cancelled there | cancelled here",
        stage=do.booked,
        left=do.tell("cancelled"),
        right=do.cancel(reason="Malade"),
        look=do.booking,
        allowed={
            ("cancelled", "meeting_over", CANCELLED): "there",
            ("ignored", "cancelled", CANCELLED): "here",
        },
    ),
    Duel(
        name="rescheduled | knock",
        stage=do.booked,
        left=do.tell("rescheduled", 1),
        right=do.knock,
        look=do.the_lobby,
        allowed={("updated", "waiting", "scheduled, waiting"): "both"},
    ),
    Duel(
        name="rescheduled | admit",
        stage=do.booked_and_waiting,
        left=do.tell("rescheduled", 1),
        right=do.admit,
        look=do.booking,
        allowed={
            ("updated", "admitted", "accepted, in_progress at 1"): "moved first",
            ("ignored", "admitted", "accepted, in_progress at 0"): "admitted first",
        },
    ),
    Duel(
        name="cancelled there | knock",
        stage=do.booked,
        left=do.tell("cancelled"),
        right=do.knock,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, nobody"): "cancelled first",
            ("cancelled", "waiting", "cancelled, left"): "knocked first",
        },
    ),
    Duel(
        name="cancelled there | admit",
        stage=do.booked_and_waiting,
        left=do.tell("cancelled"),
        right=do.admit,
        look=do.the_lobby,
        allowed={
            ("cancelled", OVER, "cancelled, left"): "cancelled",
            # Who are meeting are not interrupted.
            ("ignored", "admitted", ADMITTED): "admitted",
        },
    ),
    Duel(
        name="cancelled there | end",
        stage=do.booked_and_opened,
        left=do.tell("cancelled"),
        right=do.end,
        look=do.booking,
        allowed={
            ("cancelled", OVER, CANCELLED): "cancelled",
            ("ignored", "completed", "completed, completed at 0"): "ended",
        },
    ),
    Duel(
        name="cancelled there | sweep",
        stage=do.booked,
        ripen=do.over,
        left=do.tell("cancelled"),
        right=do.sweep,
        look=do.booking,
        allowed={
            ("cancelled", "done", CANCELLED): "cancelled",
            ("ignored", "done", "completed, completed at 0"): "completed",
        },
    ),
    Duel(
        name="marked as not come | sweep",
        stage=do.booked,
        ripen=do.over,
        left=do.tell("no_show"),
        right=do.sweep,
        look=do.booking,
        allowed={("updated", "done", "completed, completed at 0"): "both"},
        overlapping={("updated", "done", "accepted, scheduled at 0"): "left to the next sweep"},
    ),
    Duel(
        name="assign | assign",
        stage=do.quarantined,
        left=do.resolve("assign", ALICE),
        right=do.resolve("assign", BRUNO),
        look=do.booking,
        allowed={
            ("open", "not_found", AGREED): "left",
            ("not_found", "open", AGREED): "right",
        },
        # Who has seen it wait is told what it came to; later nothing waits for anybody there.
        overlapping={
            ("open", "already_decided: open", AGREED): "left",
            ("already_decided: open", "open", AGREED): "right",
        },
    ),
    Duel(
        name="assign | dismiss",
        stage=do.quarantined,
        left=do.resolve("assign", ALICE),
        right=do.resolve("dismiss"),
        look=do.booking,
        allowed={
            ("open", "not_found", AGREED): "assigned",
            ("not_found", "dismissed", "nothing; chain dismissed"): "dismissed",
        },
        overlapping={
            ("open", "already_decided: open", AGREED): "assigned",
            ("already_decided: dismissed", "dismissed", "nothing; chain dismissed"): "dismissed",
        },
    ),
    Duel(
        name="assign | rescheduled",
        stage=do.quarantined,
        left=do.resolve("assign", ALICE),
        right=do.tell("rescheduled", 1),
        look=do.booking,
        allowed={
            ("open", "updated", AGREED_1): "assigned first",
            ("open", "missing_metadata", AGREED_1): "moved first",
        },
    ),
    Duel(
        name="assign | cancelled",
        stage=do.quarantined,
        left=do.resolve("assign", ALICE),
        right=do.tell("cancelled"),
        look=do.booking,
        allowed={
            ("open", "cancelled", CANCELLED): "assigned first",
            ("not_found", "missing_metadata", "nothing"): "cancelled first",
        },
        overlapping={
            ("already_decided: open", "missing_metadata", "nothing"): "cancelled first",
        },
    ),
]

ONE_SLOT = [
    Duel(
        name="accept one | accept the other, who overlaps",
        stage=do.rivals,
        left=do.accept(0),
        right=do.accept(0.5, rival=True),
        look=do.agreement,
        allowed={
            ("accepted", "slot_taken", "Alice accepted, scheduled at 0; Bruno pending"): "left",
            ("slot_taken", "accepted", "Alice pending; Bruno accepted, scheduled at 0.5"): "right",
        },
    ),
    Duel(
        name="take an offer | take the same, by the other",
        stage=do.offered_to_both,
        left=do.take(2),
        right=do.take(2, rival=True),
        look=do.agreement,
        allowed={
            ("accepted", "slot_taken", "Alice accepted, scheduled at 2; Bruno countered"): "left",
            ("slot_taken", "accepted", "Alice countered; Bruno accepted, scheduled at 2"): "right",
        },
    ),
    Duel(
        name="accept | accept, by another operator",
        stage=do.of_two_operators,
        left=do.accept(0),
        right=do.accept(0, rival=True),
        look=do.agreement,
        allowed={
            (
                "accepted",
                "accepted",
                "Alice accepted, scheduled at 0; Chloé accepted, scheduled at 0",
            ): "both",
        },
    ),
    Duel(
        name="accept | created in Cal.com",
        stage=do.asked_and_booked,
        left=do.accept(0),
        right=do.tell("created"),
        look=do.booking,
        allowed={
            ("accepted", "ignored", "accepted, scheduled at 0; chain conflict"): "accepted",
            ("slot_taken", "created", "Alice accepted, scheduled at 0; Bruno pending"): "booked",
        },
    ),
    Duel(
        name="created | created, by the other",
        stage=do.booked_twice,
        left=do.tell("created", 0),
        right=do.tell("created", 1),
        look=do.booking,
        allowed={
            ("created", "ignored", "accepted, scheduled at 0; chain conflict"): "left",
            ("ignored", "created", "accepted, scheduled at 0; chain conflict"): "right",
        },
    ),
    Duel(
        name="accept | cancel what is in the way",
        stage=do.taken,
        left=do.accept(0),
        right=do.cancel_the_other,
        look=do.agreement,
        allowed={
            (
                "accepted",
                "cancelled",
                "Alice accepted, scheduled at 0; Bruno cancelled, cancelled at 0.5",
            ): "cancelled first",
            (
                "slot_taken",
                "cancelled",
                "Alice pending; Bruno cancelled, cancelled at 0.5",
            ): "refused first",
        },
    ),
    Duel(
        name="accept | cancelled in Cal.com, what is in the way",
        stage=do.booked_in_the_way,
        left=do.accept(0),
        right=do.tell("cancelled"),
        look=do.booking,
        allowed={
            (
                "accepted",
                "cancelled",
                "Alice cancelled, cancelled at 0; Bruno accepted, scheduled at 0",
            ): "cancelled first",
            (
                "slot_taken",
                "cancelled",
                "Alice cancelled, cancelled at 0; Bruno pending",
            ): "refused first",
        },
    ),
    Duel(
        name="accept | rescheduled to the same time",
        stage=do.booked_in_the_way,
        left=do.accept(1),
        right=do.tell("rescheduled", 1),
        look=do.booking,
        allowed={
            (
                "accepted",
                "ignored",
                "Alice accepted, scheduled at 0; Bruno accepted, scheduled at 1; chain conflict",
            ): "accepted",
            (
                "slot_taken",
                "updated",
                "Alice accepted, scheduled at 1; Bruno pending",
            ): "moved",
        },
    ),
]

ONE_OF_MANY = [
    Duel(
        name="ask | ask, with the same key",
        stage=do.nothing,
        left=do.ask_with_key(),
        right=do.ask_with_key(),
        look=do.keyed,
        allowed={("pending", "pending", "1 asked"): "asked once"},
    ),
    Duel(
        name="ask | ask something else, with the same key",
        stage=do.nothing,
        left=do.ask_with_key(0),
        right=do.ask_with_key(1),
        look=do.keyed,
        allowed={
            ("pending", "idempotency_key_reused", "1 asked"): "left",
            ("idempotency_key_reused", "pending", "1 asked"): "right",
        },
    ),
    Duel(
        name="read | read",
        stage=do.noted,
        ripen=do.all_read_but_one,
        left=do.read_one,
        right=do.read_one,
        look=do.unread,
        allowed={("1", "0", "0 unread"): "left", ("0", "1", "0 unread"): "right"},
    ),
    Duel(
        name="read | read all",
        stage=do.noted,
        ripen=do.all_read_but_one,
        left=do.read_one,
        right=do.read_all,
        look=do.unread,
        allowed={("1", "0", "0 unread"): "the one", ("0", "1", "0 unread"): "all"},
    ),
    Duel(
        name="read all | admit",
        stage=do.waiting,
        left=do.read_all_of_many,
        right=do.admit,
        look=do.unread_of_lobby,
        allowed={("done", "admitted", f"{ADMITTED}; 0 unread"): "both"},
    ),
    Duel(
        name="read all | admit both from a list",
        stage=do.two_waiting,
        left=do.read_all_of_many,
        right=do.admit_each(other_first=True),
        look=do.unread_of_lobby,
        allowed={("done", "admitted, admitted", f"{ADMITTED}; 0 unread"): "both"},
    ),
    Duel(
        name="a mail pushed | pushed again",
        stage=do.asked,
        ripen=do.a_mail,
        left=do.push_mail,
        right=do.push_mail,
        look=do.heard("mails"),
        allowed={("done", "done", "1 mails"): "sent once"},
    ),
    Duel(
        name="a message to a browser pushed | pushed again",
        stage=do.waiting,
        ripen=do.a_web_push,
        left=do.push_browser,
        right=do.push_browser,
        look=do.heard("pushes"),
        allowed={("done", "done", "1 pushes"): "sent once"},
    ),
    Duel(
        name="an order to the room pushed | pushed again",
        stage=do.admitted,
        ripen=do.a_room_order,
        left=do.push_order,
        right=do.push_order,
        look=do.heard("put_out"),
        allowed={("done", "done", "1 put_out"): "given once"},
        # Who finds it under way comes again: should the other fail, it is not lost.
        overlapping={
            ("done", "503 unavailable", "1 put_out"): "left",
            ("503 unavailable", "done", "1 put_out"): "right",
        },
    ),
    Duel(
        name="a signal pushed | pushed again",
        stage=do.nothing,
        left=do.relay,
        right=do.relay,
        look=do.heard("broadcasts"),
        allowed={("done", "done", "1 broadcasts"): "broadcast once"},
        overlapping={
            ("done", "503 unavailable", "1 broadcasts"): "left",
            ("503 unavailable", "done", "1 broadcasts"): "right",
        },
    ),
    Duel(
        name="a calendar's address | another",
        stage=do.nothing,
        left=do.link(),
        right=do.link(),
        look=do.feeds,
        allowed={("done", "done", "1 of 2 open"): "one opens"},
    ),
    Duel(
        name="a calendar's address | none any more",
        stage=do.nothing,
        left=do.link(),
        right=do.link(revoke=True),
        look=do.feeds,
        allowed={
            ("done", "done", "0 of 1 open"): "revoked last",
            ("done", "done", "1 of 1 open"): "given last",
        },
    ),
    Duel(
        name="subscribe | subscribe",
        stage=do.nothing,
        ripen=do.no_browser,
        left=do.subscribe("mikl"),
        right=do.subscribe("mikl"),
        look=do.browsers,
        allowed={("1", "1", "1 told"): "one browser"},
    ),
    Duel(
        name="subscribe | unsubscribe",
        stage=do.nothing,
        ripen=do.no_browser,
        left=do.subscribe("mikl"),
        right=do.unsubscribe("mikl"),
        look=do.browsers,
        allowed={
            ("1", "0", "0 told"): "subscribed first",
            ("1", "0", "1 told"): "unsubscribed first",
        },
    ),
    Duel(
        name="the last browser | the last browser",
        stage=do.nothing,
        ripen=do.nine_browsers,
        left=do.subscribe("phone"),
        right=do.subscribe("tablet"),
        look=do.browsers,
        allowed={
            ("10", "too_many_requests", "10 told"): "left",
            ("too_many_requests", "10", "10 told"): "right",
        },
    ),
]

DUELS = [*ONE_REQUEST, *ONE_MEETING, *ONE_KNOCK, *ONE_BOOKING, *ONE_SLOT, *ONE_OF_MANY]
# Each in a database of its own where there is time, and a few to each database where there is none.
TOGETHER = 1 if FULL else 24
BOUTS = [DUELS[n : n + TOGETHER] for n in range(0, len(DUELS), TOGETHER)]

# Two hundred of each pair, a quarter of them on the older server; where there is little time, one
# in each order and one at once, on the newer.
ROUNDS = {"embedded": rounds(3, 150), "15": rounds(0, 50)}
pytestmark = pytest.mark.parametrize(
    "database", [name for name, most in ROUNDS.items() if most], indirect=True
)


@pytest.fixture
def mailbox():
    made = Mailbox()
    controller = Controller(made, hostname="127.0.0.1", port=free_port())
    controller.start()
    made.url = f"smtp://127.0.0.1:{controller.port}"
    yield made
    controller.stop()


@pytest.fixture
def calcom():
    with served_calcom() as fake:
        yield fake


@pytest.fixture
def arena(call, rows, together, remote, environment, mailbox, calcom):
    given = {"SMTP_URL": mailbox.url, "THREADS": "8"}
    given |= {"CALCOM_API_URL": f"{calcom.url}/v2", "CALCOM_API_VERSION": "v2"}
    given |= {"MAX_OPEN_REQUESTS": "0", "RATE_LIMIT_FACTOR": "0"}
    for name, value in given.items():
        environment.setenv(name, value)
    settings.forget()
    bootstrap.forget()
    return Arena(call, rows, together, remote, mailbox, calcom)


@pytest.mark.parametrize("bout", BOUTS, ids=lambda bout: bout[0].name)
def test_of_two_at_once_one_of_the_allowed_happens(bout, arena, holds, tally, request):
    most = ROUNDS[request.node.callspec.params["database"]]
    wrong = []
    for duel in bout:
        fought = fight(duel, arena, most)
        tally(fought.summary(duel), fought.seen.total())
        wrong += fought.wrong

    assert not wrong, "\n".join(wrong)

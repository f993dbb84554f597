"""E-mails: written with the notification, sent by a real SMTP server, tried again, given up."""

import json
import re
import time
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import boto3
import pytest
import vobject
from aiosmtpd.controller import Controller
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from local.postgres import free_port
from tests.conftest import at
from tests.world import ALICE, BRUNO, MAIL_SUBSCRIPTION, MIKL, PUSH, pushed
from visio import bootstrap, settings
from visio.adapters.letters import POLICY
from visio.adapters.mailer import Delivery
from visio.adapters.ses import Ses
from visio.adapters.smtp import Smtp


class Mailbox:
    """What an SMTP server took, and what it answers next."""

    def __init__(self):
        self.taken, self.raw, self.answer, self.slow = [], [], "250 OK", 0.0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server, session, envelope):
        self.raw.append(envelope.original_content)
        self.taken.append(
            (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default))
        )
        return "250 OK"


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def server(mailbox):
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def post_office(server, environment):
    environment.setenv("SMTP_URL", server)
    settings.forget()
    bootstrap.forget()


@pytest.fixture
def send(call, remote):
    def send(mail, *, subscription=MAIL_SUBSCRIPTION, data=None):
        bearer = remote.keys.sign_google(*PUSH)
        envelope = pushed({"mailId": mail}, subscription)
        if data is not None:
            envelope["message"]["data"] = data
        raw = json.dumps(envelope).encode()
        return call("send-mail", raw=raw, headers={"Authorization": f"Bearer {bearer}"})

    return send


@pytest.fixture
def sent(post_office, mailbox, remote, send):
    """Everything that was written so far, sent: recipient and message of each."""

    def sent():
        mailbox.taken.clear()
        while remote.mailed:
            assert send(remote.mailed.pop(0)).status_code == 204
        return [(to, message) for [to], message in mailbox.taken]

    return sent


def text(message):
    return message.get_body(("plain",)).get_content()


def html(message):
    return message.get_body(("html",)).get_content()


def invitation(message):
    [attached] = list(message.iter_attachments())
    assert attached.get_content_type() == "text/calendar"
    calendar = vobject.readOne(attached.get_payload(decode=True).decode())
    assert attached.get_param("method") == calendar.method.value
    return calendar.method.value, calendar


def accept(call, request):
    slot = request["requestedSlots"][0]
    body = {"requestId": request["id"], "decision": "accept", "selectedSlot": slot}
    return call("decide-request", body, MIKL).json["data"]


def test_an_answer_is_mailed_with_the_invitation(call, pending, sent):
    decided = accept(call, pending(ALICE, ["2027-07-05T07:30:00Z"]))

    [(_, to_operator), (to, message)] = sent()

    assert to == "alice@client.example"
    assert message["To"] == "Alice <alice@client.example>"
    assert message["From"] == "Foxeo visio <visio@foxeo.example>"
    assert message["Subject"] == "Demande acceptée"
    spoken = "le lundi 5 juillet 2027 à 09:30 (heure d’été d’Europe centrale, Europe/Paris)"
    assert f"MiKL vous attend {spoken}." in text(message)
    assert spoken in html(message)
    page = f"https://app.foxeo.example/client/#request-{decided['id']}"
    assert page in text(message)
    assert f'href="{page}"' in html(message)
    assert "List-Unsubscribe" not in message
    method, calendar = invitation(message)
    assert method == "REQUEST"
    assert calendar.vevent.uid.value == f"{decided['meetingId']}@visio.foxeo"
    assert to_operator["Subject"] == "Nouvelle demande de rendez-vous"
    assert list(to_operator.iter_attachments()) == []


def test_a_reader_of_english_in_new_york_reads_their_language_and_time(call, pending, sent, rows):
    rows(
        "update clients set locale = 'en', time_zone = 'America/New_York' where id = :id",
        id=ALICE.row,
    )
    accept(call, pending(ALICE, ["2027-03-28T01:30:00Z"]))

    _, (_, message) = sent()

    assert message["Subject"] == "Request accepted"
    spoken = "on Saturday 27 March 2027 at 21:30 (Eastern Daylight Time, America/New_York)"
    assert f"MiKL will meet you {spoken}." in text(message)
    assert '<html lang="en">' in html(message)
    assert "Ouvrir" not in text(message)


def test_what_others_wrote_is_shown_and_never_run(call, sent):
    request = call("request-meeting", {"requestedSlots": [at(1)]}, ALICE).json["data"]
    words = 'Non <script>alert("x")</script>\nni demain'
    reject = {"requestId": request["id"], "decision": "reject", "reason": words}
    call("decide-request", reject, MIKL)

    _, (_, message) = sent()

    assert "> Non <script>" in text(message)
    assert "> ni demain" in text(message)
    assert "<script>" not in html(message)
    assert "&lt;script&gt;" in html(message)


def test_offered_slots_are_listed_in_the_clients_own_time(call, pending, sent):
    offer = {
        "requestId": pending()["id"],
        "decision": "propose",
        "proposedSlots": ["2027-07-05T07:30:00Z", "2027-02-01T07:30:00Z"],
        "message": "Plutôt ?",
    }
    call("decide-request", offer, MIKL)

    _, (_, message) = sent()

    assert "MiKL vous propose 2 autres créneaux :" in text(message)
    assert "- lundi 5 juillet 2027 à 09:30 (heure d’été" in text(message)
    assert "- lundi 1 février 2027 à 08:30 (heure normale" in text(message)
    assert html(message).count("<li>") == 2


def test_a_cancellation_takes_the_meeting_out_of_both_calendars(call, accepted, sent, rows):
    meeting = accepted()
    sent()
    call("cancel-meeting", {"meetingId": meeting, "reason": "Un contretemps"}, ALICE)

    mails = dict(sent())

    assert set(mails) == {"mikl@foxeo.example", "alice@client.example"}
    for of, asked in (("mikl@foxeo.example", "PUBLISH"), ("alice@client.example", "CANCEL")):
        assert mails[of]["Subject"] == "Rendez-vous annulé"
        method, calendar = invitation(mails[of])
        assert (method, calendar.vevent.sequence.value) == (asked, "1")
        assert calendar.vevent.uid.value == f"{meeting}@visio.foxeo"
        assert calendar.vevent.status.value == "CANCELLED"
    assert "> Un contretemps" in text(mails["mikl@foxeo.example"])
    assert "Vous annulez le rendez-vous avec MiKL le " in text(mails["alice@client.example"])
    assert rows("select type from notifications where type = 'meeting_called_off'") == []


def test_who_takes_an_offer_has_the_meeting_in_their_calendar(call, pending, sent, rows):
    request, slot = pending(), "2027-07-05T07:30:00Z"
    offer = {"requestId": request["id"], "decision": "propose", "proposedSlots": [slot]}
    call("decide-request", offer, MIKL)
    sent()
    taken = {"requestId": request["id"], "answer": "accept", "selectedSlot": slot}
    meeting = call("answer-proposal", taken, ALICE).json["data"]["meetingId"]
    call("answer-proposal", taken, ALICE)

    [(_, to_operator), (to, message)] = sent()

    assert to_operator["Subject"] == "Proposition acceptée"
    assert (to, message["Subject"]) == ("alice@client.example", "Rendez-vous confirmé")
    spoken = "le lundi 5 juillet 2027 à 09:30 (heure d’été d’Europe centrale, Europe/Paris)"
    assert f"Vous acceptez le rendez-vous avec MiKL {spoken}." in text(message)
    assert f"https://app.foxeo.example/client/#request-{request['id']}" in text(message)
    method, calendar = invitation(message)
    assert (method, calendar.vevent.uid.value) == ("REQUEST", f"{meeting}@visio.foxeo")
    assert invitation(to_operator)[0] == "PUBLISH"
    assert rows("select type from notifications where type = 'proposal_taken'") == []


def near(rows, meeting):
    rows(
        """update meetings set scheduled_at = now() + interval '20 hours',
                  ends_at = now() + interval '21 hours', created_at = now() - interval '2 days'
            where id = :id""",
        id=meeting,
    )


def test_a_reminder_leads_to_a_page_on_which_one_says_no(call, accepted, sweep, sent, rows):
    meetings = [accepted(days=day) for day in (2, 4)]
    sent()
    near(rows, meetings[0])
    sweep()

    reminders = dict(sent())

    message = reminders["alice@client.example"]
    assert set(reminders) == {"alice@client.example", "mikl@foxeo.example"}
    assert message["Subject"] == "Rendez-vous dans 24 heures"
    link = message["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://app.foxeo.example/reminders/#")
    assert link in text(message)
    body = {"token": link.partition("#")[2], "reminders": False}
    assert call("mail-preferences", body).json["data"] == {"reminders": False}

    rows("update meetings set status = 'cancelled' where id = :id", id=meetings[0])
    near(rows, meetings[1])
    sweep()
    assert [to for to, _ in sent()] == ["mikl@foxeo.example"]
    assert rows("select problem from visio.mail_outbox where problem is not null") == ["not wanted"]
    assert rows("select count(*) from notifications where type = 'mail_failed'") == [0]
    again = {**body, "reminders": True}
    assert call("mail-preferences", again).json["data"] == {"reminders": True}
    assert rows("select reminders from visio.mail_choices") == [True]


def test_a_mail_is_ascii_in_short_lines_and_the_way_out_of_reminders_in_one(
    accepted, sweep, sent, rows, mailbox, environment
):
    environment.setenv("MAIL_FROM", f"Foxeo visio <visio@{'a-long-name.' * 5}foxeo.example>")
    settings.forget()
    bootstrap.forget()
    rows("update clients set name = :name where id = :id", name="Éléonore" * 15, id=ALICE.row)
    meeting = accepted()
    sent()
    near(rows, meeting)
    sweep()
    mailbox.raw.clear()
    sent()

    [raw] = [raw for raw in mailbox.raw if b"<alice@client.example>" in raw]
    lines = raw.split(b"\r\n")
    [way_out] = [line for line in lines if line.lower().startswith(b"list-unsubscribe:")]
    assert re.fullmatch(rb"List-Unsubscribe: <https://[!-~]{79,}>", way_out)
    [name] = [line for line in lines if line.lower().startswith(b"message-id:")]
    assert re.fullmatch(rb"Message-ID: <[0-9a-f-]{36}@(a-long-name\.){5}foxeo\.example>", name)
    assert raw.isascii()
    assert b"8bit" not in raw
    assert max(map(len, lines)) <= 998
    encoded = [line for line in lines if b"=?utf-8?" in line]
    assert max(map(len, [*encoded, *lines[lines.index(b"") :]])) <= 76
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Subject"] == "Rendez-vous dans 24 heures"
    assert message["To"].addresses[0].addr_spec == "alice@client.example"
    assert message["List-Unsubscribe"].strip("<>") in text(message)
    assert invitation(message)[0] == "REQUEST"


def test_nobodys_token_changes_nobodys_choice(call, rows):
    for token in ("a.b.c" * 10, "x" * 40):
        answer = call("mail-preferences", {"token": token, "reminders": False})
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")

    assert call("mail-preferences", method="GET").status_code == 405
    assert rows("select count(*) from visio.mail_choices") == [0]


def test_a_reminder_that_comes_too_late_is_not_sent(call, accepted, sweep, sent, rows):
    meeting = accepted()
    sent()
    near(rows, meeting)
    sweep()
    rows("update meetings set scheduled_at = now() - interval '1 minute'")

    assert sent() == []
    assert rows("select distinct problem from visio.mail_outbox where sent_at is null") == [
        "too late"
    ]


LATER = """update meetings set scheduled_at = scheduled_at + interval '1 hour',
                             ends_at = ends_at + interval '1 hour'"""
AS_BEFORE = """update meetings set scheduled_at = scheduled_at - interval '1 hour',
                                 ends_at = ends_at - interval '1 hour'"""
CALLED_OFF = """update meetings
   set status = 'cancelled', cancel_reason = 'Non', ended_at = now()"""
GONE = "delete from meetings"


def problems(rows):
    return rows("select problem from visio.mail_outbox order by created_at, problem")


@pytest.mark.parametrize(
    ("since", "goes"),
    [
        ((LATER,), False),
        ((CALLED_OFF,), False),
        ((LATER, AS_BEFORE), True),
        ((GONE,), True),
        ((), True),
    ],
    ids=["moved", "called off", "moved there and back", "gone", "as it was"],
)
@pytest.mark.parametrize(
    "type",
    ["request_accepted", "proposal_accepted", "proposal_taken", "meeting_booked", "booking_moved"],
)
def test_what_was_agreed_on_is_not_told_any_more_once_it_is_off_or_at_another_time(
    accepted, sent, rows, remote, type, since, goes
):
    accepted(days=30)
    rows("update visio.mail_outbox set type = :type where type = 'request_accepted'", type=type)
    del remote.mailed[0]
    for sql in since:
        rows(sql)

    assert len(sent()) == goes
    assert problems(rows) == [None, None if goes else "overtaken"]


def test_a_reminder_of_a_time_that_no_longer_holds_is_not_sent(accepted, sweep, sent, rows):
    meeting = accepted()
    sent()
    near(rows, meeting)
    sweep()
    rows(LATER)

    assert sent() == []
    assert rows("select distinct problem from visio.mail_outbox where sent_at is null") == [
        "overtaken"
    ]


def test_a_cancellation_comes_late_rather_than_never(call, accepted, sent, rows):
    meeting = accepted()
    sent()
    call("cancel-meeting", {"meetingId": meeting, "reason": "Un contretemps"}, MIKL)
    rows(LATER)

    [(to, message)] = sent()

    assert (to, message["Subject"]) == ("alice@client.example", "Rendez-vous annulé")


def test_a_reminder_of_a_request_that_was_answered_meanwhile_is_not_sent(
    call, pending, sweep, sent, rows
):
    rejected, waiting = pending(ALICE), pending(BRUNO)
    rows("update meeting_requests set remind_at = now() - interval '1 second'")
    sent()
    sweep()
    rows("update meeting_requests set status = 'rejected' where id = :id", id=rejected["id"])

    [(to, message)] = sent()

    assert (to, message["Subject"]) == ("mikl@foxeo.example", "Demande sans réponse")
    assert f"https://app.foxeo.example/hub/#request-{waiting['id']}" in text(message)
    assert rows("select problem from visio.mail_outbox where dropped_at is not null") == [
        "answered"
    ]


def test_a_mail_pushed_many_times_at_once_is_sent_once(
    post_office, pending, send, mailbox, remote, together
):
    pending()
    [mail] = remote.mailed

    answers = together(*[lambda: send(mail)] * 6)

    assert {answer.status_code for answer in answers} == {204}
    assert send(mail).status_code == 204
    assert len(mailbox.taken) == 1


def test_a_mail_that_fails_is_tried_again_later_and_later(
    post_office, pending, send, sweep, mailbox, remote, rows
):
    mailbox.answer = "451 not now"
    assert pending()["status"] == "pending"
    mail = remote.mailed.pop()
    waits = []
    for attempt in range(1, 4):
        send(mail)
        sql = "select attempts, next_attempt_at - now() from visio.mail_outbox"
        [(attempts, wait)] = rows(sql)
        assert attempts == attempt
        waits.append(round(wait.total_seconds() / 60))
        assert sweep()["mails"] == 0
        send(mail)  # pushed again before its time: nothing happens
        rows(
            """update visio.mail_outbox set next_attempt_at = now() - interval '1 second',
                      handed_at = handed_at - interval '5 seconds'"""
        )
        assert (sweep()["mails"], sweep()["mails"]) == (1, 0)
    mailbox.answer = "250 OK"
    send(remote.mailed.pop())

    assert waits == [1, 2, 4]
    assert len(mailbox.taken) == 1
    assert rows("select sent_at is not null, attempts from visio.mail_outbox") == [(True, 4)]


def test_a_mail_that_never_gets_through_is_given_up_and_the_operator_sees_it(
    call, post_office, pending, send, mailbox, remote, rows
):
    mailbox.answer = "550 no such mailbox"
    request = pending(ALICE)
    reject = {"requestId": request["id"], "decision": "reject", "reason": "Non"}
    assert call("decide-request", reject, MIKL).status_code == 200
    remote.published.clear()

    send(remote.mailed[1])
    send(remote.mailed[1])

    sql = """select dropped_at is not null, problem, attempts from visio.mail_outbox
              where type = 'request_rejected'"""
    assert rows(sql) == [(True, "refused", 1)]
    [note] = call("list-notifications", {"unread": "true"}, MIKL).json["data"]["items"][:1]
    assert note["title"] == "E-mail non remis"
    assert note["body"] == "Un e-mail à Alice n’a pas pu être remis."
    assert [heard["event"] for heard in remote.published] == ["notification_created"]
    assert len(remote.mailed) == 2  # of the failure itself nobody is mailed


def test_the_eighth_failure_is_the_last(call, post_office, pending, send, mailbox, remote, rows):
    mailbox.answer = "451 not now"
    pending()
    rows("update visio.mail_outbox set attempts = 7, next_attempt_at = now() - interval '1 second'")

    send(remote.mailed[0])

    assert rows("select dropped_at is not null from visio.mail_outbox") == [True]
    assert rows("select count(*) from notifications where type = 'mail_failed'") == [1]


def test_a_server_out_of_reach_fails_no_action_and_loses_no_mail(call, pending, send, remote, rows):
    assert pending()["status"] == "pending"

    assert send(remote.mailed[0]).status_code == 204

    sql = "select sent_at, dropped_at, attempts, claimed_at from visio.mail_outbox"
    assert rows(sql) == [(None, None, 1, None)]


def test_what_a_crash_left_half_sent_is_sent_after_its_claim(
    post_office, pending, send, sweep, mailbox, remote, rows
):
    pending()
    rows(
        """update visio.mail_outbox
              set attempts = 1, claimed_at = now() - interval '30 seconds',
                  next_attempt_at = now() - interval '30 seconds'"""
    )
    send(remote.mailed[0])
    during = len(mailbox.taken)
    rows("update visio.mail_outbox set claimed_at = now() - interval '61 seconds'")

    assert sweep()["mails"] == 1
    send(remote.mailed.pop())
    assert (during, len(mailbox.taken)) == (0, 1)


def test_a_bus_that_was_away_only_delays_a_mail(
    post_office, pending, send, sweep, remote, rows, mailbox
):
    remote.bus_status = 503
    pending()
    remote.bus_status = 200
    assert remote.mailed == []
    rows("update visio.mail_outbox set next_attempt_at = now() - interval '1 second'")

    assert sweep()["mails"] == 1
    send(remote.mailed.pop())
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize(
    "push",
    [
        {"data": "&&&"},
        {"data": pushed({"mailId": "x"})["message"]["data"]},
        {"subscription": "projects/x"},
    ],
)
def test_a_push_that_is_not_ours_sends_nothing(post_office, pending, send, mailbox, remote, push):
    pending()

    assert send(remote.mailed[0], **push).status_code == 204
    assert mailbox.taken == []


def test_an_address_that_is_none_is_given_up(call, post_office, pending, send, remote, rows):
    rows("update operators set email = 'not an address' where id = :id", id=MIKL.row)
    pending()

    send(remote.mailed[0])

    assert rows("select problem from visio.mail_outbox") == ["unwritable"]
    assert rows("select count(*) from notifications where type = 'mail_failed'") == [1]


def test_a_name_cannot_write_another_header(call, sent, pending, rows):
    rows("update clients set name = E'Eve\\r\\nBcc: x@evil.example' where id = :id", id=BRUNO.row)
    rows("update operators set name = E'Eve\\nBcc: x@evil.example' where id = :id", id=MIKL.row)
    pending(BRUNO)

    [(to, message)] = sent()

    assert to == "mikl@foxeo.example"
    assert message["Bcc"] is None
    assert message["To"].addresses[0].display_name == "Eve Bcc: x@evil.example"


def test_without_a_mail_topic_nothing_is_written(call, pending, environment, rows, remote):
    environment.setenv("MAIL_TOPIC", "")
    settings.forget()
    bootstrap.forget()

    assert pending()["status"] == "pending"
    assert rows("select count(*) from visio.mail_outbox") == [0]
    assert remote.mailed == []


def test_no_room_travels_by_mail(call, accepted, signal, sent):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)
    ticket = call("join-meeting", {"meetingId": meeting}, ALICE).json["data"]

    everything = "".join(message.as_string() for _, message in sent())

    assert everything
    assert ticket["url"] not in everything
    assert not re.search(r"eyJ[\w-]+\.[\w-]+\.", everything)


def message():
    made = EmailMessage(policy=POLICY)
    made["From"], made["To"], made["Subject"] = "a@b.example", "c@d.example", "Été"
    made["List-Unsubscribe"] = f"<https://app.foxeo.example/reminders/#{'x' * 100}>"
    made.set_content("Bonjour")
    return made


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:1", "smtps://127.0.0.1:1"])
def test_a_server_that_is_away_may_come_back(url):
    assert Smtp(url).send(message()) is Delivery.TRY_AGAIN


def test_a_password_goes_nowhere_without_tls(server, monkeypatch, mailbox):
    elsewhere = server.replace("smtp://127.0.0.1", "smtp://user:secret@localhost.localdomain")
    monkeypatch.setattr("smtplib.SMTP._get_socket", _to_loopback)

    assert Smtp(elsewhere).send(message()) is Delivery.TRY_AGAIN
    assert mailbox.taken == []


def _to_loopback(self, host, port, timeout):
    import socket

    return socket.create_connection(("127.0.0.1", port), timeout)


@pytest.fixture
def amazon(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    with mock_aws():
        yield boto3.client("sesv2")


def test_amazon_takes_the_same_message(amazon):
    amazon.create_email_identity(EmailIdentity="a@b.example")

    assert Ses().send(message()) is Delivery.SENT

    [kept] = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-3"].sent_messages
    assert kept.destinations == ["c@d.example"]
    assert "Bonjour" in kept.raw_data
    assert f"List-Unsubscribe: {message()['List-Unsubscribe']}\n" in kept.raw_data


def test_what_amazon_refuses_for_good_is_not_tried_again(amazon):
    assert Ses().send(message()) is Delivery.NEVER  # from an address that was never verified


def test_amazon_out_of_reach_may_come_back(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    assert Ses().send(message()) is Delivery.TRY_AGAIN


def test_the_date_of_a_mail_is_that_of_its_sending(pending, sent):
    pending()
    before = time.time()

    [(_, message)] = sent()

    at = message["Date"].datetime
    assert at.astimezone(UTC) >= datetime.fromtimestamp(int(before), UTC)


def test_who_still_waits_is_mailed_and_who_was_answered_meanwhile_is_not(
    accepted, signal, sweep, sent, rows
):
    kept, answered = accepted(ALICE), accepted(BRUNO, days=2)
    for meeting, who in ((kept, ALICE), (answered, BRUNO)):
        signal(meeting, "client_waiting", who)
    sent()
    rows("update lobby_knocks set remind_at = now() - interval '1 second'")
    sweep()
    signal(answered, "operator_joined", MIKL)

    [(to, message)] = sent()

    assert to == "mikl@foxeo.example"
    assert message["Subject"] == "Un client attend toujours"
    assert "Alice attend depuis plus d’une minute." in text(message)
    assert list(message.iter_attachments()) == []
    assert f"https://app.foxeo.example/hub/#meeting-{kept}" in text(message)
    assert rows("select problem from visio.mail_outbox where dropped_at is not null") == [
        "answered"
    ]

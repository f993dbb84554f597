"""Meetings in people's own calendars."""

from urllib.parse import parse_qs, urlsplit

import pytest
import vobject

from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, STRANGER


def calendar(answer):
    assert answer.status_code == 200
    return vobject.readOne(answer.get_data(as_text=True))


@pytest.fixture
def feed_of(call):
    """The token of somebody's new feed."""

    def feed_of(who):
        url = call("calendar-link", {}, who).json["data"]["url"]
        parts = urlsplit(url)
        assert parts.path.endswith("/calendar-feed")
        return parse_qs(parts.query)["token"][0]

    return feed_of


def test_both_get_the_file_of_their_meeting_with_their_own_page(call, accepted):
    meeting = accepted()

    files = {who.name: call("calendar-file", {"meetingId": meeting}, who) for who in (ALICE, MIKL)}

    of_alice, of_mikl = (calendar(files[name]).vevent for name in ("Alice", "MiKL"))
    assert of_alice.uid.value == of_mikl.uid.value == f"{meeting}@visio.foxeo"
    assert of_alice.url.value == f"https://app.foxeo.example/client/#meeting-{meeting}"
    assert of_mikl.url.value == f"https://app.foxeo.example/hub/#meeting-{meeting}"
    headers = files["Alice"].headers
    assert headers["Content-Type"] == "text/calendar; charset=utf-8; method=REQUEST"
    assert headers["Content-Disposition"] == 'attachment; filename="rendez-vous.ics"'
    # Who organises a meeting is not invited to it.
    assert files["MiKL"].headers["Content-Type"].endswith("method=PUBLISH")
    assert calendar(files["MiKL"]).method.value == "PUBLISH"


@pytest.mark.parametrize("who", [BRUNO, CHLOE, NORA])
def test_another_persons_meeting_is_as_good_as_absent(call, accepted, who):
    answer = call("calendar-file", {"meetingId": accepted()}, who)

    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


def test_a_cancelled_meeting_says_so_with_a_higher_sequence(call, accepted):
    meeting = accepted()
    before = calendar(call("calendar-file", {"meetingId": meeting}, ALICE))
    call("cancel-meeting", {"meetingId": meeting, "reason": "Non"}, MIKL)

    answer = call("calendar-file", {"meetingId": meeting}, ALICE)

    after = calendar(answer)
    assert (before.vevent.sequence.value, after.vevent.sequence.value) == ("0", "1")
    assert after.method.value == "CANCEL"
    assert answer.headers["Content-Type"].endswith("method=CANCEL")
    of_mikl = call("calendar-file", {"meetingId": meeting}, MIKL)
    assert calendar(of_mikl).vevent.status.value == "CANCELLED"
    assert of_mikl.headers["Content-Type"].endswith("method=PUBLISH")


def test_a_lobby_that_moves_is_no_change_for_a_calendar(call, accepted, signal):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)

    found = calendar(call("calendar-file", {"meetingId": meeting}, ALICE))

    assert found.vevent.sequence.value == "0"


def test_a_feed_shows_its_owner_their_own_meetings(call, accepted, feed_of):
    of_alice, of_bruno = accepted(ALICE, days=1), accepted(BRUNO, days=2)
    accepted(CHLOE, NORA, days=3)

    found = {
        who.name: {
            event.uid.value
            for event in calendar(call("calendar-feed", {"token": feed_of(who)})).contents.get(
                "vevent", []
            )
        }
        for who in (ALICE, BRUNO, MIKL)
    }

    first, second = f"{of_alice}@visio.foxeo", f"{of_bruno}@visio.foxeo"
    assert found == {"Alice": {first}, "Bruno": {second}, "MiKL": {first, second}}


def test_of_too_many_meetings_a_feed_leaves_out_the_oldest(call, feed_of, rows):
    rows(
        """insert into meetings (id, client_id, operator_id, title, scheduled_at, ends_at)
           select gen_random_uuid(), :client, :operator, 'n ' || n,
                  now() + n * interval '1 hour', now() + (n + 1) * interval '1 hour'
             from generate_series(-3, 1000) n""",
        client=ALICE.row,
        operator=MIKL.row,
    )

    events = calendar(call("calendar-feed", {"token": feed_of(ALICE)})).vevent_list

    assert [event.summary.value for event in events] == [f"n {n}" for n in range(1, 1001)]


def test_a_feed_without_meetings_is_an_empty_calendar(call, feed_of):
    assert "vevent" not in calendar(call("calendar-feed", {"token": feed_of(ALICE)})).contents


def test_a_new_link_ends_the_one_before_and_revoking_ends_it_too(call, feed_of):
    first, of_mikl = feed_of(ALICE), feed_of(MIKL)
    second = feed_of(ALICE)
    statuses = [call("calendar-feed", {"token": t}).status_code for t in (first, second)]

    revoked = call("calendar-link", {"revoke": True}, ALICE)

    assert statuses == [404, 200]
    assert (revoked.status_code, revoked.json["data"]) == (200, {"url": None})
    assert call("calendar-feed", {"token": second}).status_code == 404
    assert call("calendar-feed", {"token": of_mikl}).status_code == 200


def test_the_table_of_feeds_opens_none(call, feed_of, rows):
    token = feed_of(ALICE)
    [kept] = rows("select token_hash from visio.calendar_feeds")

    assert token not in kept
    assert call("calendar-feed", {"token": kept}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        *({}, {"token": "x"}, {"token": "x" * 101}, {"token": f" {'x' * 19} "}),
        *(f"token={'x' * 30}&token={'y' * 30}", f"token={'x' * 30}&more=1"),
        *(f"token={'x' * 30}%00", "token=", "more=1"),
    ],
)
def test_a_feed_asks_for_one_token(call, query):
    refused = call("calendar-feed", query)

    assert (refused.status_code, refused.json["error"]["code"]) == (422, "invalid_fields")
    assert [detail["field"] for detail in refused.json["error"]["details"]] == ["token"]


def test_a_feeds_token_may_have_been_pasted_with_a_space(call, feed_of):
    assert call("calendar-feed", {"token": f" {feed_of(ALICE)} "}).status_code == 200


def test_links_at_once_leave_one_that_works(call, together):
    answers = together(*[lambda: call("calendar-link", {}, ALICE)] * 6)

    tokens = [
        parse_qs(urlsplit(answer.json["data"]["url"]).query)["token"][0]
        for answer in answers
        if answer.status_code == 200
    ]
    opened = [call("calendar-feed", {"token": token}).status_code for token in tokens]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert opened.count(200) == 1


def test_a_stranger_has_no_calendar(call):
    assert call("calendar-link", {}, STRANGER).status_code == 403

"""Lists that are longer than what a function answers with at once, or than what a page shows."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]
CHLOE = "chloe@client.example"


def by_ones(page, function):
    """Have the function answer with one at a time, as if there were a hundred times as many."""

    def asks_for_one(route):
        route.continue_(url=re.sub(r"limit=\d+", "limit=1", route.request.url))

    page.route(f"**/{function}?*", asks_for_one)
    page.reload()


@pytest.mark.parametrize("kind", ["meeting", "request"])
def test_what_is_listed_is_all_there_on_however_many_pages(open_page, cast, kind):
    make = cast.meeting if kind == "meeting" else lambda who: cast.request(who)["id"]
    made = [make("chloe") for _ in range(3)]
    page = open_page("/client/", CHLOE)

    by_ones(page, f"list-{kind}s")

    for one in made:
        expect(page.locator(f"#{kind}-{one}")).to_be_visible()


def test_older_requests_are_there_for_the_asking(open_page, cast):
    requests = [cast.request("chloe")["id"] for _ in range(21)]
    page = open_page("/client/", CHLOE)
    expect(page.locator(f"#request-{requests[1]}")).to_be_visible()
    expect(page.locator(f"#request-{requests[0]}")).to_have_count(0)

    page.locator("visio-request-list").get_by_role("button", name="En voir plus").click()

    expect(page.locator(f"#request-{requests[0]}")).to_be_visible()


def test_meetings_of_long_ago_are_there_for_the_asking(open_page, cast):
    meetings = [cast.meeting("chloe") for _ in range(11)]
    for meeting in meetings:
        cast.does("nora", "cancel-meeting", {"meetingId": meeting, "reason": "Grève"})
    page = open_page("/client/", CHLOE)
    page.get_by_text("Rendez-vous passés").click()
    expect(page.locator(f"#meeting-{meetings[1]}")).to_be_visible()
    expect(page.locator(f"#meeting-{meetings[0]}")).to_have_count(0)

    page.locator("visio-agenda").get_by_role("button", name="En voir plus").click()

    expect(page.locator(f"#meeting-{meetings[0]}")).to_be_visible()


def test_past_meetings_are_the_latest_whenever_they_were_booked(open_page, cast):
    requests = [cast.request("chloe") for _ in range(11)]
    first, *others = [cast.agree("chloe", request) for request in reversed(requests)]
    for meeting in (first, *others):
        cast.does("nora", "cancel-meeting", {"meetingId": meeting, "reason": "Grève"})
    page = open_page("/client/", CHLOE)

    page.get_by_text("Rendez-vous passés").click()

    expect(page.locator(".past article")).to_have_count(10)
    shown = [one.get_attribute("id") for one in page.locator(".past article").all()]
    assert shown == [f"meeting-{meeting}" for meeting in (first, *others[:-1])]
    page.locator("visio-agenda").get_by_role("button", name="En voir plus").click()
    expect(page.locator(f"#meeting-{others[-1]}")).to_be_visible()

"""Every screen, narrow and wide, light and dark: axe-core finds nothing, and a picture."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]
SIZES = {"narrow": {"width": 320, "height": 700}, "wide": {"width": 1280, "height": 900}}
LOOKS = [("narrow", "light", "fr-FR"), ("wide", "dark", "en-GB")]


@pytest.fixture(params=LOOKS, ids=lambda look: "-".join(look[:2]))
def look(request):
    size, scheme, locale = request.param
    return {
        "viewport": SIZES[size],
        "color_scheme": scheme,
        "locale": locale,
        "reduced_motion": "reduce",
    }


@pytest.fixture
def well(axe, screen, look):
    """That a page as it is now is well, and a picture of it."""

    def well(page, name):
        screen(page, f"{name}-{look['viewport']['width']}-{look['color_scheme']}")
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (axe(page), too_wide) == ([], 0)

    return well


@pytest.mark.parametrize("path", ["/", "/reminders/"])
def test_a_page_for_anybody(open_page, well, look, path):
    page = open_page(path, **look)

    well(page, f"anybody{path.replace('/', '-').rstrip('-')}")


def test_signing_in(open_page, well, look):
    page = open_page("/client/", expected=("400",), **look)
    page.locator("#email").fill("alice@client.example")
    page.locator("#password").fill("wrong")
    page.locator("#sign-in button").click()
    expect(page.get_by_role("alert")).not_to_be_empty()

    well(page, "sign-in")


def test_a_clients_page(open_page, well, look, cast):
    cast.meeting("chloe")
    request = cast.request("chloe", "Un mot « hostile » <b>gras</b>")
    offer = {
        "requestId": request["id"],
        "decision": "propose",
        "proposedSlots": ["2027-03-01T09:00:00Z", "2027-03-02T09:00:00Z"],
        "message": "Plutôt en mars ?",
    }
    cast.does("nora", "decide-request", offer)
    cast.request("chloe", "Et celle-ci attend")
    page = open_page("/client/", "chloe@client.example", **look)
    expect(page.locator(".choices button").first).to_be_visible()
    page.locator("visio-notifications summary").click()
    page.locator("visio-request-form form > button").click()
    expect(page.locator(".summary.problem")).to_be_focused()
    for summary in page.locator("visio-request-list summary").all():
        summary.click()

    well(page, "client")
    page.locator("visio-request-list .row button").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    well(page, "client-dialog")


def test_the_booking_page_in_its_frame(open_page, well, look, agenda):
    page = open_page("/client/", "alice@client.example", **look)
    page.locator("visio-booking-widget button").click()
    frame = page.frame_locator("visio-booking-widget iframe")
    expect(frame.get_by_role("heading", name="Choisir un moment")).to_be_visible()

    well(page, "booking")


def test_each_state_of_the_lobby(open_page, well, look, cast):
    meeting = cast.meeting("chloe")
    page = open_page(f"/client/#lobby-{meeting}", "chloe@client.example", **look)
    standing = page.locator(".standing")

    expect(standing).to_have_class("card standing outside")
    well(page, "lobby-outside")
    cast.signal("chloe", meeting, "client_waiting")
    cast.does("nora", "lobby-message", {"meetingId": meeting, "canned": "still_in_a_meeting"})
    cast.does("chloe", "lobby-message", {"meetingId": meeting, "text": "Pas de souci !"})
    expect(standing).to_have_class("card standing waiting")
    expect(page.locator(".said .mine")).to_be_visible()
    well(page, "lobby-waiting")
    cast.signal("nora", meeting, "entry_denied", reason="Un instant.", nextStep="knock_again")
    expect(standing).to_have_class("card standing denied")
    well(page, "lobby-denied")
    cast.signal("chloe", meeting, "client_waiting")
    cast.signal("nora", meeting, "remove", reason="À plus tard.")
    expect(standing).to_have_class("card standing removed")
    well(page, "lobby-removed")
    cast.does("nora", "cancel-meeting", {"meetingId": meeting, "reason": "Une urgence."})
    expect(standing).to_have_class("card standing cancelled")
    well(page, "lobby-cancelled")


def test_the_lobby_without_a_connection(open_page, well, look, cast):
    meeting = cast.meeting("chloe")
    page = open_page(
        f"/client/#lobby-{meeting}",
        "chloe@client.example",
        expected=("ERR_INTERNET_DISCONNECTED", "WebSocket"),
        **look,
    )
    expect(page.locator(".standing")).to_be_visible()

    page.context.set_offline(True)
    page.locator(".standing button").click()
    expect(page.locator(".banner p")).to_be_visible(timeout=40_000)

    well(page, "lobby-lost")


def test_the_hub_with_everything_on_it(open_page, well, look, cast):
    cast.request("chloe", "Bonjour, est-ce possible ?")
    waiting, running = cast.meeting("chloe"), cast.meeting("chloe")
    cast.signal("chloe", waiting, "client_waiting", devices="sound_only")
    cast.does("chloe", "lobby-message", {"meetingId": waiting, "canned": "device_trouble"})
    cast.signal("chloe", running, "client_waiting")
    cast.signal("nora", running, "operator_joined")
    page = open_page("/hub/", "nora@foxeo.example", **look)
    expect(page.locator("visio-waiting-room article")).to_have_count(1)
    expect(page.locator(f"#meeting-{running} [role=status]")).not_to_be_empty()
    page.locator("visio-request-list details.other summary").first.click()

    well(page, "hub")
    page.locator("visio-waiting-room article button.plain").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    well(page, "hub-dialog")
    for meeting in (waiting, running):
        cast.signal("nora", meeting, "operator_joined")
        cast.signal("nora", meeting, "meeting_ended")


def test_an_empty_hub(open_page, well, look, cast):
    page = open_page("/hub/", "mikl@foxeo.example", **look)
    expect(page.locator("visio-waiting-room .soft").first).to_be_visible()

    well(page, "hub-quiet")

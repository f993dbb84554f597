"""A client's page: the form, the booking page in its frame, signing in, the calendar."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from local.tokens import Keys
from tests.world import BRUNO
from visio.adapters.links import Person, PersonalLinks

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]


def on(days: float, at: str = "10:00") -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}T{at}"


def test_what_is_wrong_is_said_at_the_field_and_before_the_form(open_page):
    page = open_page("/client/", "bruno@client.example")

    page.get_by_role("button", name="Envoyer la demande").click()
    summary = page.get_by_role("group", name="Il reste quelque chose à corriger")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_count(1)
    summary.get_by_role("link").click()
    expect(page.get_by_label("Créneau 1")).to_be_focused()
    page.get_by_label("Créneau 1").fill(on(3))
    page.get_by_label("Créneau 2").fill(on(3, "10:30"))
    page.get_by_label("Créneau 3").fill(on(-3))

    expect(page.get_by_label("Créneau 1")).to_have_attribute("aria-invalid", "false")
    for number, words in ((2, "ce créneau en chevauche un autre."), (3, "ce moment est passé.")):
        field = page.get_by_label(f"Créneau {number}")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(f"{zone(page)} {words}")


def test_a_page_that_calls_too_often_waits_as_long_as_it_is_told(open_page):
    page = open_page("/client/", "bruno@client.example", expected=("429",))
    page.clock.install()
    page.reload()  # a timer that the page set by the true clock would go on by it
    expect(page.get_by_role("heading", name="Demandes")).to_be_visible()
    asked = []
    refusal = {"code": "too_many_requests", "message": "", "requestId": "0"}

    def refuse(route):
        asked.append(route.request.url)
        headers = {"Retry-After": "30", "Access-Control-Expose-Headers": "Retry-After"}
        route.fulfill(status=429, headers=headers, json={"data": None, "error": refusal})

    page.route("**/functions/v1/list-requests*", refuse)
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    told = page.get_by_text("C’est beaucoup à la fois. Réessayez dans 30 s.").first
    expect(told).to_be_visible()
    before = len(asked)

    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    page.clock.run_for(25_000)
    assert len(asked) == before
    page.unroute("**/functions/v1/list-requests*")
    page.clock.run_for(10_000)
    expect(told).to_have_count(0)


def zone(page):
    return page.locator("#request-zone").inner_text()


def test_times_are_the_persons_own(open_page, cast):
    page = open_page("/client/", "bruno@client.example", timezone_id="America/Toronto")
    expect(page.get_by_text("America/Toronto").first).to_be_visible()
    page.get_by_label("Créneau 1").fill("2027-07-01T09:00")
    page.get_by_label("De quoi").fill("Depuis Toronto")

    page.get_by_role("button", name="Envoyer la demande").click()
    mine = page.get_by_role("article").filter(has_text="Depuis Toronto")
    expect(mine.get_by_text("jeudi 1 juillet 2027 à 09:00")).to_be_visible()

    asked = cast.does("bruno", "list-requests", status="pending")["items"][0]
    assert asked["requestedSlots"] == ["2027-07-01T13:00:00Z"]


def test_the_booking_page_is_framed_and_what_it_says_is_believed(open_page, agenda):
    page = open_page("/client/", "bruno@client.example")

    page.get_by_role("button", name="Ouvrir l’agenda").click()
    frame = page.frame_locator("visio-booking-widget iframe")
    expect(frame.get_by_role("heading", name="Choisir un moment")).to_be_visible()
    framed = urlsplit(page.locator("visio-booking-widget iframe").get_attribute("src"))
    frame.get_by_role("button", name="Confirmer").click()

    expect(
        page.get_by_text("Votre réservation est enregistrée : mercredi 20 janvier 2027")
    ).to_be_visible()
    expect(page.locator("visio-booking-widget iframe")).to_have_count(0)
    assert framed.path == "/mikl/decouverte/embed"
    assert parse_qs(framed.query)["metadata[bookingToken]"][0]


def test_another_window_cannot_say_that_it_was_booked(open_page, agenda):
    page = open_page("/client/", "bruno@client.example")
    page.get_by_role("button", name="Ouvrir l’agenda").click()
    frame = page.frame_locator("visio-booking-widget iframe")
    expect(frame.get_by_role("heading", name="Choisir un moment")).to_be_visible()

    page.evaluate(
        """() => {
          const data = {originator: 'CAL', type: 'bookingSuccessfulV2', data: {}};
          window.postMessage(data, '*');
          dispatchEvent(new MessageEvent('message', {data, origin: 'https://evil.example',
            source: document.querySelector('visio-booking-widget iframe').contentWindow}));
        }"""
    )
    page.wait_for_timeout(300)

    expect(page.get_by_text("Votre réservation est enregistrée")).to_have_count(0)
    expect(frame.get_by_role("heading", name="Choisir un moment")).to_be_visible()


def test_where_the_booking_page_is_down_the_form_is_the_way(open_page, agenda):
    page = open_page("/client/", "alice@client.example")
    # The server asks Cal.com once a minute, and has found it well a moment ago.
    page.route("**/booking-link", lambda route: answer(route, available=False))

    page.get_by_role("button", name="Ouvrir l’agenda").click()
    expect(page.get_by_text("L’agenda en ligne ne répond pas.")).to_be_visible()
    page.get_by_role("link", name="Proposez plutôt des créneaux").click()

    expect(page).to_have_url(re.compile("#propose$"))


def answer(route, **changes):
    """The server's own answer, with something changed."""
    body = route.fetch().json()
    body["data"].update(changes)
    route.fulfill(json=body)


def test_a_booking_page_that_does_not_appear_is_said_so(open_page, agenda):
    agenda.status = 503
    page = open_page("/client/", "alice@client.example", expected=("503",))
    page.clock.install()

    page.get_by_role("button", name="Ouvrir l’agenda").click()
    expect(page.locator("visio-booking-widget iframe")).to_be_visible()
    page.wait_for_timeout(500)
    page.clock.run_for(16_000)

    expect(page.get_by_text("L’agenda n’apparaît pas ?")).to_be_visible()


def test_a_way_to_a_section_leads_there_with_the_focus(open_page, cast):
    meeting = cast.meeting("bruno")
    for _ in range(6):
        cast.meeting("bruno")
    page = open_page("/client/", "bruno@client.example")
    enter = page.locator(f"#meeting-{meeting}").get_by_role("link", name="salle d’attente")
    expect(page.locator("body")).to_be_focused()

    enter.click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    page.get_by_role("link", name="Retour à mes rendez-vous").click()
    expect(page.get_by_role("heading", name="Rendez-vous", exact=True)).to_be_focused()
    cast.does("mikl", "cancel-meeting", {"meetingId": meeting, "reason": "Grève"})
    page.goto(f"{page.url.split('#')[0]}#lobby-{meeting}")
    expect(page.get_by_text("Ce rendez-vous est annulé")).to_be_visible()
    page.get_by_role("link", name="Proposer des créneaux").click()

    heading = page.get_by_role("heading", name="Proposer des créneaux")
    expect(heading).to_be_focused()
    expect(page.locator("visio-agenda article")).not_to_have_count(0)
    page.wait_for_timeout(500)
    expect(heading).to_be_in_viewport()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_the_skip_link_leads_past_the_top_of_the_page_and_not_out_of_a_lobby(open_page, cast):
    page = open_page(f"/client/#lobby-{cast.meeting('bruno')}", "bruno@client.example")
    expect(page.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()

    skip = page.get_by_role("link", name="Aller au contenu")
    skip.focus()
    skip.press("Enter")

    expect(page.locator("#main")).to_be_focused()
    expect(page.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()


def test_a_calendar_address_is_made_and_taken_back(open_page):
    bruno = open_page("/client/", "bruno@client.example")

    bruno.get_by_role("button", name="Créer une adresse").click()
    address = bruno.locator("visio-calendar-link code")
    expect(address).to_be_visible()
    feed = address.inner_text()
    opened = bruno.request.get(feed)
    bruno.get_by_role("button", name="Ne plus la servir").click()
    expect(address).to_have_count(0)

    assert opened.text().startswith("BEGIN:VCALENDAR")
    assert bruno.request.get(feed).status == 404


def test_signing_in_and_out(open_page):
    page = open_page("/client/", expected=("400",))
    page.get_by_label("Adresse e-mail").fill("alice@client.example")
    page.get_by_label("Mot de passe").fill("wrong")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_have_text("Adresse ou mot de passe inconnus.")

    page.get_by_label("Mot de passe").fill("demo-visio")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_label("Créneau 1")).to_be_visible()
    page.get_by_role("button", name="Se déconnecter").click()

    expect(page.get_by_label("Mot de passe")).to_be_visible()
    expect(page.get_by_label("Créneau 1")).to_have_count(0)


def test_the_language_is_chosen_and_kept(open_page):
    page = open_page("/client/", "alice@client.example")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My meetings")).to_be_visible()

    page.reload()

    expect(page.get_by_role("heading", name="Propose times")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page).to_have_title("My meetings – Foxeo visio")


def test_a_browser_that_speaks_english_is_spoken_to_in_english(open_page):
    page = open_page("/client/", "alice@client.example", locale="en-US")

    expect(page.get_by_role("button", name="Send the request")).to_be_visible()


def test_reminders_stop_where_the_functions_are_elsewhere(chromium: Browser, stack):
    page = chromium.new_page()
    functions = f"{stack.origin}/elsewhere"
    page.route("**/config.json", lambda route: route.fulfill(json={"functionsUrl": functions}))
    stopped = {"data": {"reminders": False}, "error": None}
    page.route(f"{functions}/mail-preferences", lambda route: route.fulfill(json=stopped))

    page.goto(f"{stack.origin}/reminders/#a-token")
    page.get_by_role("button", name="Ne plus recevoir de rappels").click()

    expect(page.get_by_role("status")).to_contain_text("Vous ne recevrez plus de rappels.")
    page.close()


def test_reminders_stop_by_a_button_and_not_by_opening_the_page(chromium: Browser, stack):
    key = Keys.load(stack.home, None).jwt_secret.encode()
    secret = hmac.new(key, b"personal links", hashlib.sha256).hexdigest()
    links = PersonalLinks("", stack.origin, [secret])
    link = links.preferences(Person("client", UUID(BRUNO.row)), now=datetime.now(UTC))
    page = chromium.new_page()
    sent = []
    page.on("request", lambda request: sent.append(request.method))

    page.goto(link)
    expect(page.get_by_role("button", name="Ne plus recevoir de rappels")).to_be_visible()
    opened = set(sent)
    page.get_by_role("button", name="Ne plus recevoir de rappels").click()
    expect(page.get_by_role("status")).to_contain_text("Vous ne recevrez plus de rappels.")
    page.get_by_role("button", name="En recevoir de nouveau").click()
    expect(page.get_by_role("status")).to_contain_text("Vous recevrez des rappels.")
    page.goto(f"{stack.origin}/reminders/#altered-{'x' * 40}")
    page.reload()
    page.get_by_role("button", name="Ne plus recevoir de rappels").click()
    expect(page.get_by_role("alert")).to_contain_text("Ce lien n’est plus valable.")

    assert opened == {"GET"}
    page.close()

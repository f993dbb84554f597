"""The pages in a real Chromium: a client asks, is accepted, knocks and is let in."""

import hashlib
import hmac
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.tokens import Keys
from tests.world import BRUNO
from visio.adapters.links import Person, PersonalLinks

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    installed = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        if installed is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium is installed here")
        # Without its sandbox, which root may not use; it opens nothing but our own pages.
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def signed_in(chromium: Browser, stack):
    """Somebody's page, signed in, in a browser profile of their own."""
    problems: list[str] = []
    contexts = []

    def signed_in(path: str, email: str) -> Page:
        context = chromium.new_context(locale="fr-FR", timezone_id="Europe/Paris")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.goto(stack.origin + path)
        page.get_by_label("Adresse e-mail").fill(email)
        page.get_by_label("Mot de passe").fill("demo-visio")
        page.get_by_role("button", name="Se connecter").click()
        expect(page.locator("#content")).to_be_visible()
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert problems == []


def test_a_client_asks_is_accepted_knocks_and_is_let_in(signed_in):
    chloe = signed_in("/client/", "chloe@client.example")
    nora = signed_in("/hub/", "nora@foxeo.example")
    slot = datetime.now(UTC) + timedelta(days=30)

    chloe.get_by_label("Créneau 1").fill(f"{slot:%Y-%m-%dT%H:%M}")
    chloe.get_by_label("Message").fill("Bonjour <b>Nora</b>")
    chloe.get_by_role("button", name="Envoyer la demande").click()
    expect(nora.get_by_text("Bonjour <b>Nora</b>")).to_be_visible()
    nora.locator("#requests button").first.click()
    chloe.get_by_role("button", name="Entrer dans la salle d’attente").click()
    expect(chloe.get_by_text("Vous patientez.")).to_be_visible()
    expect(chloe.get_by_role("button", name="Entrer dans la salle")).to_have_count(0)
    arrival = nora.locator("#waiting article", has_text="Chloé")
    expect(arrival.get_by_text("caméra et micro non essayés")).to_be_visible()
    chloe.get_by_role("button", name="Cinq minutes de retard").click()
    expect(arrival.get_by_text("J’aurai cinq minutes de retard.")).to_be_visible()
    nora.get_by_role("button", name="Pas maintenant").click()
    expect(chloe.get_by_text("Frappez de nouveau dans un moment.")).to_be_visible()
    chloe.reload()
    expect(chloe.get_by_text("Pas maintenant : Un instant, je vous reprends.")).to_be_visible()
    chloe.get_by_role("button", name="Entrer dans la salle d’attente").click()
    nora.get_by_role("button", name="Faire entrer").click()
    chloe.get_by_role("button", name="Entrer dans la salle").click()
    expect(chloe.get_by_text("Votre billet")).to_be_visible()
    nora.get_by_role("button", name="Terminer").click()

    expect(chloe.get_by_text("Demande terminée")).to_be_visible()


def test_an_offer_is_made_and_taken_on_the_pages_and_comes_by_mail(signed_in, chromium, stack):
    chloe = signed_in("/client/", "chloe@client.example")
    nora = signed_in("/hub/", "nora@foxeo.example")
    slot = datetime.now(UTC) + timedelta(days=60)
    chloe.get_by_label("Créneau 1").fill(f"{slot:%Y-%m-%dT%H:%M}")
    chloe.get_by_label("Message").fill("Un échange en entier")
    chloe.get_by_role("button", name="Envoyer la demande").click()
    asked = nora.locator("#requests article", has_text="Un échange en entier")

    asked.get_by_text("Proposer d’autres créneaux").click()
    asked.get_by_label("Autre créneau 1").fill(f"{slot + timedelta(days=1):%Y-%m-%dT%H:%M}")
    asked.get_by_label("Un mot").fill("Plutôt le <i>lendemain</i> ?")
    asked.get_by_role("button", name="Proposer", exact=True).click()
    offered = chloe.locator("#requests article", has_text="Plutôt le <i>lendemain</i> ?")
    offered.locator("button").first.click()

    agreed = chloe.locator("#requests article", has_text="Demande acceptée").first
    agreed.get_by_text("Tout l’échange").click()
    expect(agreed.locator(".history > li")).to_have_count(3)
    with chloe.expect_download() as download:
        chloe.get_by_role("button", name="Ajouter à mon agenda").first.click()
    assert download.value.suggested_filename == "rendez-vous.ics"
    assert "BEGIN:VEVENT" in download.value.path().read_text()

    mail = chromium.new_page()
    mail.goto(f"{stack.origin}/mail/")
    expect(mail.get_by_text("Proposition acceptée").first).to_be_visible(timeout=10_000)
    mail.get_by_text("Autres créneaux proposés").first.click()
    letter = mail.frame_locator("iframe.letter")
    expect(letter.get_by_text("Plutôt le <i>lendemain</i> ?")).to_be_visible()
    link = letter.get_by_role("link", name="Ouvrir dans Foxeo visio").get_attribute("href")
    assert link.startswith(f"{stack.origin}/client/#request-")
    mail.close()


def test_a_calendar_address_is_made_and_taken_back(signed_in):
    bruno = signed_in("/client/", "bruno@client.example")

    bruno.get_by_role("button", name="Créer une adresse").click()
    address = bruno.locator("#calendar code")
    expect(address).to_be_visible()
    feed = address.inner_text()
    opened = bruno.request.get(feed)
    bruno.get_by_role("button", name="Ne plus la servir").click()
    expect(address).to_have_count(0)

    assert opened.text().startswith("BEGIN:VCALENDAR")
    assert bruno.request.get(feed).status == 404


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


def test_a_wrong_password_is_said_so(chromium: Browser, stack):
    page = chromium.new_page()
    page.goto(f"{stack.origin}/client/")
    page.get_by_label("Adresse e-mail").fill("alice@client.example")
    page.get_by_label("Mot de passe").fill("wrong")

    page.get_by_role("button", name="Se connecter").click()

    expect(page.get_by_role("alert")).to_have_text("Adresse ou mot de passe inconnus.")
    page.close()

"""The pages in a real Chromium: a client asks, is accepted, knocks and is let in."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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
    nora.get_by_role("button", name="Faire entrer").click()
    chloe.get_by_role("button", name="Entrer dans la salle").click()
    expect(chloe.get_by_text("Votre billet")).to_be_visible()
    nora.get_by_role("button", name="Terminer").click()

    expect(chloe.get_by_text("Demande terminée")).to_be_visible()


def test_a_wrong_password_is_said_so(chromium: Browser, stack):
    page = chromium.new_page()
    page.goto(f"{stack.origin}/client/")
    page.get_by_label("Adresse e-mail").fill("alice@client.example")
    page.get_by_label("Mot de passe").fill("wrong")

    page.get_by_role("button", name="Se connecter").click()

    expect(page.get_by_role("alert")).to_have_text("Adresse ou mot de passe inconnus.")
    page.close()

"""Both people in two browsers, from the first request to the end of the meeting."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]


def on(days: float, at: str = "10:00") -> str:
    """What a field for a day and a time holds."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}T{at}"


def test_a_client_asks_is_accepted_waits_and_is_let_in(open_page, with_devices):
    chloe = open_page("/client/", "chloe@client.example", browser=with_devices)
    nora = open_page("/hub/", "nora@foxeo.example", browser=with_devices)

    chloe.get_by_label("Créneau 1").fill(on(300))
    chloe.get_by_label("De quoi").fill("Bonjour <b>Nora</b><img src=x onerror=alert(1)>")
    chloe.get_by_role("button", name="Envoyer la demande").click()
    expect(chloe.get_by_text("Votre demande est envoyée.")).to_be_visible()
    asked = nora.get_by_role("article").filter(has_text="Bonjour <b>Nora</b>")
    expect(asked.get_by_text("Bonjour <b>Nora</b><img src=x onerror=alert(1)>")).to_be_visible()
    asked.get_by_role("group", name="Accepter un créneau").get_by_role("button").click()

    meeting = chloe.get_by_role("article", name="Nora – Chloé")
    meeting.get_by_role("link", name="Aller en salle d’attente").click()
    chloe.get_by_role("button", name="Entrer en salle d’attente").click()
    expect(chloe.get_by_text("En attente de Nora…")).to_be_visible()
    expect(chloe.get_by_text("Nora est prévenu")).to_be_visible()
    arrival = nora.get_by_role("article", name="Chloé", exact=True)
    expect(arrival.get_by_text("caméra et micro non essayés")).to_be_visible()
    expect(nora).to_have_title("(1) Mon bureau – Foxeo visio")
    chloe.get_by_role("button", name="Cinq minutes de retard").click()
    expect(arrival.get_by_text("J’aurai cinq minutes de retard.")).to_be_visible()

    arrival.get_by_role("button", name="Pas maintenant").click()
    nora.get_by_role("dialog").get_by_role("button", name="Pas maintenant").click()
    expect(chloe.get_by_text("Nora ne peut pas vous recevoir maintenant")).to_be_visible()
    expect(chloe.get_by_text("Un instant, je vous reprends.")).to_be_visible()
    expect(chloe.get_by_text("Frappez de nouveau dans un moment.")).to_be_visible()
    expect(nora).to_have_title("Mon bureau – Foxeo visio")
    chloe.get_by_role("button", name="Frapper de nouveau").click()
    arrival.get_by_role("button", name="Faire entrer Chloé").click()
    chloe.wait_for_url("**/room/?meeting=*")
    room = chloe.locator("visio-room .headline")
    expect(room).to_have_text("Votre place est prête")

    running = nora.get_by_role("article", name="Nora – Chloé")
    expect(running.get_by_text("Le client est dans la salle.")).to_be_visible()
    running.get_by_role("button", name="Renvoyer en salle d’attente").click()
    expect(room).to_have_text("On vous demande de patienter encore")
    chloe.goto(chloe.url.replace("/room/?meeting=", "/client/#lobby-"))
    expect(chloe.get_by_text("En attente de Nora…")).to_be_visible()
    running.get_by_role("button", name="Terminer").click()
    expect(chloe.get_by_text("Ce rendez-vous est terminé")).to_be_visible()


def test_an_offer_is_made_and_taken_and_comes_by_mail(open_page, chromium, stack):
    chloe = open_page("/client/", "chloe@client.example")
    nora = open_page("/hub/", "nora@foxeo.example")
    chloe.get_by_label("Créneau 1").fill(on(301))
    chloe.get_by_label("De quoi").fill("Un échange en entier")
    chloe.get_by_role("button", name="Envoyer la demande").click()
    asked = nora.get_by_role("article").filter(has_text="Un échange en entier")

    asked.get_by_text("Proposer d’autres créneaux").click()
    asked.get_by_label("Autre créneau 1").fill(on(302))
    asked.get_by_label("Un mot").fill("Plutôt le <i>lendemain</i> ?")
    asked.get_by_role("button", name="Proposer", exact=True).click()
    offered = chloe.get_by_role("article").filter(has_text="Plutôt le <i>lendemain</i> ?")
    offered.get_by_role("group", name="Choisissez").get_by_role("button").click()
    agreed = chloe.get_by_role("article").filter(has_text="Un échange en entier")
    expect(agreed.get_by_text("acceptée")).to_be_visible()
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


def test_a_client_withdraws_and_the_operator_is_told(open_page, cast):
    cast.request("chloe", "Finalement non")
    chloe = open_page("/client/", "chloe@client.example")
    nora = open_page("/hub/", "nora@foxeo.example")
    mine = chloe.get_by_role("article").filter(has_text="Finalement non")

    mine.get_by_role("button", name="Retirer la demande").click()
    dialog = chloe.get_by_role("dialog", name="Retirer la demande")
    dialog.get_by_label("Un mot").fill("Un empêchement")
    dialog.get_by_role("button", name="Retirer la demande").click()

    expect(mine.get_by_text("retirée", exact=True)).to_be_visible()
    nora.locator("visio-notifications summary").click()
    expect(nora.get_by_text("Demande retirée").first).to_be_visible()
    expect(nora.locator("visio-request-list").get_by_text("Finalement non")).to_have_count(0)


def test_the_operator_rejects_with_a_reason(open_page, cast):
    cast.request("chloe", "Serait-ce possible ?")
    chloe = open_page("/client/", "chloe@client.example")
    nora = open_page("/hub/", "nora@foxeo.example")
    asked = nora.get_by_role("article").filter(has_text="Serait-ce possible ?")

    asked.get_by_role("button", name="Refuser").click()
    dialog = nora.get_by_role("dialog", name="Refuser la demande de Chloé")
    dialog.get_by_label("Raison").fill("   ")
    dialog.get_by_role("button", name="Refuser").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Raison").fill("Je suis en congé.")
    dialog.get_by_role("button", name="Refuser").click()

    mine = chloe.get_by_role("article").filter(has_text="Serait-ce possible ?")
    expect(mine.get_by_text("refusée", exact=True)).to_be_visible()
    expect(mine.locator("q", has_text="Je suis en congé.").first).to_be_visible()
    expect(asked).to_have_count(0)


def test_everything_can_be_done_from_the_keyboard(open_page):
    chloe = open_page("/client/", "chloe@client.example")
    expect(chloe.get_by_label("Créneau 1")).to_be_visible()

    chloe.keyboard.press("Tab")
    expect(chloe.get_by_text("Aller au contenu")).to_be_focused()
    chloe.get_by_label("Créneau 1").focus()
    chloe.keyboard.type("122520261030AM")
    chloe.get_by_label("De quoi").focus()
    chloe.keyboard.type("Au clavier seul")
    chloe.keyboard.press("Tab")
    expect(chloe.get_by_role("button", name="Envoyer la demande")).to_be_focused()
    chloe.keyboard.press("Enter")
    mine = chloe.get_by_role("article").filter(has_text="Au clavier seul")
    mine.get_by_role("button", name="Retirer la demande").focus()
    chloe.keyboard.press("Enter")
    expect(chloe.get_by_role("dialog")).to_be_visible()
    chloe.keyboard.press("Escape")
    expect(chloe.locator("dialog")).to_have_count(0)
    expect(mine.get_by_role("button", name="Retirer la demande")).to_be_focused()
    chloe.keyboard.press("Enter")
    expect(chloe.get_by_role("dialog").get_by_label("Un mot")).to_be_focused()
    chloe.keyboard.press("Tab")
    chloe.keyboard.press("Enter")

    expect(mine.get_by_text("retirée", exact=True)).to_be_visible()


def test_a_client_cancels_a_meeting_and_says_why(open_page, cast):
    cast.meeting("chloe")
    chloe = open_page("/client/", "chloe@client.example")
    meeting = chloe.get_by_role("article", name="Nora – Chloé").last

    meeting.get_by_role("button", name="Annuler le rendez-vous").click()
    dialog = chloe.get_by_role("dialog", name="Annuler ce rendez-vous ?")
    dialog.get_by_label("Raison").fill("Je suis souffrante.")
    dialog.get_by_role("button", name="Annuler le rendez-vous").click()

    chloe.get_by_text("Rendez-vous passés").click()
    expect(chloe.locator("q", has_text="Je suis souffrante.").first).to_be_visible()

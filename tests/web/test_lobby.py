"""The waiting room's two sides, where things go otherwise than planned."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]


@pytest.fixture
def bruno(open_page, cast):
    """Bruno's page at the lobby of a new meeting, and that meeting."""
    meeting = cast.meeting("bruno")

    def bruno(**how):
        return open_page(f"/client/#lobby-{meeting}", "bruno@client.example", **how)

    bruno.meeting = meeting
    return bruno


def leave_room(cast, meeting):
    """Nobody waits or is in there for the next test."""
    cast.signal("bruno", meeting, "client_left")


def test_whoever_waits_still_waits_after_a_reload(bruno, cast):
    page = bruno()
    expect(page.get_by_text("Vous pouvez entrer en salle d’attente")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()
    first = cast.does("bruno", "lobby-state", meetingId=bruno.meeting)["knock"]["id"]

    page.reload()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()

    knock = cast.does("bruno", "lobby-state", meetingId=bruno.meeting)["knock"]
    assert (knock["id"], knock["status"]) == (first, "waiting")
    page.get_by_role("button", name="Quitter").click()
    expect(page.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()


# Which clocks run that give a sign of life each quarter of a minute.
CLOCKS = """window.clocks = new Set();
window.Worker = class extends Worker {
  postMessage(message) {
    if (message.interval === 15_000) window.clocks.add(this);
    super.postMessage(message);
  }
  terminate() {
    window.clocks.delete(this);
    super.terminate();
  }
};"""


def test_whoever_has_gone_from_the_page_gives_no_sign_of_life(bruno, cast):
    page = bruno()
    page.add_init_script(CLOCKS)
    page.reload()
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    page.wait_for_function("() => window.clocks.size === 1")
    held = []
    page.route("**/lobby-state?*", lambda route: held.append(route), times=1)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    for _ in range(100):  # or what the knock has led to, whichever is first
        if held:
            break
        page.wait_for_timeout(50)

    page.get_by_role("link", name="Retour à mes rendez-vous").click()
    expect(page.get_by_label("Créneau 1")).to_be_visible()
    assert page.evaluate("window.clocks.size") == 0
    with page.expect_response("**/lobby-state?*"):
        held[0].continue_()
    page.wait_for_timeout(300)

    assert page.evaluate("window.clocks.size") == 0
    leave_room(cast, bruno.meeting)


def test_a_refusal_and_its_next_step_are_still_there_after_a_reload(bruno, cast):
    page = bruno()
    for step, words, way in (
        ("await_word", "Attendez que MiKL vous fasse signe.", "Frapper de nouveau"),
        ("ask_again", "Proposez d’autres créneaux.", "Proposer des créneaux"),
    ):
        cast.signal("bruno", bruno.meeting, "client_waiting")
        cast.signal("mikl", bruno.meeting, "entry_denied", reason="<b>Non</b>", nextStep=step)
        expect(page.get_by_text(words)).to_be_visible()

        page.reload()

        expect(page.get_by_text("<b>Non</b>")).to_be_visible()
        expect(page.get_by_text(words)).to_be_visible()
        way_on = page.locator(".standing").get_by_text(way)
        expect(way_on).to_be_visible()


def test_who_was_put_out_reads_why(bruno, cast):
    cast.signal("bruno", bruno.meeting, "client_waiting")
    page = bruno()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()

    cast.signal("mikl", bruno.meeting, "remove", reason="À tout à l’heure.")

    expect(page.get_by_text("MiKL vous a fait sortir")).to_be_visible()
    expect(page.get_by_text("À tout à l’heure.")).to_be_visible()


def test_a_meeting_called_off_while_somebody_waits_says_why(bruno, cast):
    cast.signal("bruno", bruno.meeting, "client_waiting")
    page = bruno()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()

    cancelled = {"meetingId": bruno.meeting, "reason": "Une <i>urgence</i>"}
    cast.does("mikl", "cancel-meeting", cancelled)

    for _ in range(2):
        expect(page.get_by_text("Ce rendez-vous est annulé")).to_be_visible()
        expect(page.get_by_text("Une <i>urgence</i>")).to_be_visible()
        page.reload()
    page.get_by_role("link", name="Proposer des créneaux").click()
    expect(page.get_by_label("Créneau 1")).to_be_visible()


def test_somebody_elses_meeting_is_not_there(open_page, bruno):
    page = open_page(
        f"/client/#lobby-{bruno.meeting}",
        "alice@client.example",
        expected=("404",),
    )

    expect(page.get_by_text("Ce rendez-vous n’existe pas, ou n’est pas le vôtre.")).to_be_visible()


def test_who_is_admitted_while_the_socket_is_cut_goes_in_when_it_is_back(bruno, cast):
    # The test leaves for the page, which may just ask for its ticket or give a sign of life.
    page = bruno(expected=("ERR_INTERNET_DISCONNECTED", "WebSocket", "403", "409"))
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()

    page.context.set_offline(True)
    cast.signal("mikl", bruno.meeting, "operator_joined")
    expect(page.get_by_text("Connexion perdue.")).to_be_visible(timeout=40_000)
    assert "/client/" in page.url
    page.context.set_offline(False)

    page.wait_for_url(f"**/room/?meeting={bruno.meeting}")
    leave_room(cast, bruno.meeting)


def test_without_any_socket_a_page_asks_and_is_let_in(bruno, cast):
    page = bruno(expected=("WebSocket", "403", "409"))
    page.route_web_socket(re.compile("realtime"), lambda socket: socket.close())
    page.reload()
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()

    cast.signal("mikl", bruno.meeting, "operator_joined")

    page.wait_for_url(f"**/room/?meeting={bruno.meeting}", timeout=20_000)
    leave_room(cast, bruno.meeting)


def test_two_tabs_are_one_arrival(bruno, cast, open_page):
    one = bruno()
    one.get_by_role("button", name="Entrer en salle d’attente").click()
    other = one.context.new_page()
    other.goto(one.url)

    expect(other.get_by_text("En attente de MiKL…")).to_be_visible()
    found = cast.does("mikl", "waiting-room")["items"]
    assert [item["meetingId"] for item in found].count(bruno.meeting) == 1
    other.get_by_role("button", name="Quitter").click()

    expect(one.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()


def test_a_slow_network_is_slow_and_nothing_is_asked_twice(open_page, cast):
    page = open_page("/client/", "bruno@client.example")
    slow = {"offline": False, "latency": 600, "downloadThroughput": 5e4, "uploadThroughput": 2e4}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    page.reload()
    expect(page.get_by_label("Créneau 1")).to_be_visible()
    session.send("Network.emulateNetworkConditions", slow)
    before = len(cast.does("bruno", "list-requests", status="pending")["items"])
    page.get_by_label("Créneau 1").fill("2027-06-01T10:00")

    send = page.get_by_role("button", name="Envoyer la demande")
    send.click()
    send.click()
    send.click()
    expect(page.get_by_text("Votre demande est envoyée.")).to_be_visible(timeout=15_000)

    after = cast.does("bruno", "list-requests", status="pending")["items"]
    assert len(after) == before + 1
    cast.does("bruno", "answer-proposal", {"requestId": after[0]["id"], "answer": "withdraw"})


def test_a_lost_answer_is_asked_for_again_and_made_once(open_page, cast):
    page = open_page("/client/", "bruno@client.example", expected=("ERR_FAILED",))
    before = len(cast.does("bruno", "list-requests", status="pending")["items"])
    page.get_by_label("Créneau 1").fill("2027-06-02T10:00")

    def swallow(route):
        route.fetch()
        route.abort()

    page.route("**/request-meeting", swallow, times=1)
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.locator("visio-request-form").get_by_text("Pas de réponse")).to_be_visible()
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("Votre demande est envoyée.")).to_be_visible()

    after = cast.does("bruno", "list-requests", status="pending")["items"]
    assert len(after) == before + 1
    cast.does("bruno", "answer-proposal", {"requestId": after[0]["id"], "answer": "withdraw"})


def test_messages_go_both_ways_as_text(bruno, open_page, cast):
    page = bruno()
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    hub = open_page("/hub/", "mikl@foxeo.example")
    arrival = hub.get_by_role("article", name="Bruno", exact=True)

    page.get_by_label("Écrire un message").fill("<script>alert(1)</script>")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(arrival.get_by_text("<script>alert(1)</script>")).to_be_visible()
    arrival.get_by_label("Écrire un message").fill("J’ai <b>bientôt</b> fini")
    arrival.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.get_by_text("J’ai <b>bientôt</b> fini")).to_be_visible()
    expect(page.get_by_label("Écrire un message")).to_have_value("")

    page.get_by_role("button", name="Quitter").click()
    expect(arrival).to_have_count(0)


def test_several_are_let_in_at_once(open_page, cast):
    meetings = [cast.meeting("alice"), cast.meeting("bruno")]
    hub = open_page("/hub/", "mikl@foxeo.example")
    expect(hub.get_by_text("Personne n’attend.")).to_be_visible()
    for who, meeting in zip(("alice", "bruno"), meetings, strict=True):
        cast.signal(who, meeting, "client_waiting", devices="ready")
    expect(hub.get_by_text("caméra et micro prêts")).to_have_count(2)

    hub.get_by_role("button", name="Faire entrer les 2 personnes").click()

    expect(hub.get_by_text("Personne n’attend.")).to_be_visible()
    for who, meeting in zip(("alice", "bruno"), meetings, strict=True):
        state = cast.does(who, "lobby-state", meetingId=meeting)
        assert state["knock"]["status"] == "admitted"
        cast.signal("mikl", meeting, "meeting_ended")


def test_who_leaves_a_page_is_marked_as_away(bruno, open_page, cast):
    cast.signal("bruno", bruno.meeting, "client_waiting")
    hub = open_page("/hub/", "mikl@foxeo.example")
    arrival = hub.get_by_role("article", name="Bruno", exact=True)
    expect(arrival).to_be_visible()

    expect(arrival.get_by_text("page quittée ?")).to_be_visible(timeout=60_000)

    leave_room(cast, bruno.meeting)

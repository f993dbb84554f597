"""The main room: who gets in, how one is put out, and what is never shown."""

import asyncio
import contextlib
import json
import re
import shutil
import tempfile
import threading
from pathlib import Path

import jwt
import pytest
from aiohttp import WSMsgType, web
from playwright.sync_api import expect

from tests.running import RunningStack
from tests.web.conftest import Cast
from tests.world import PROJECT

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]
READY = "Votre place est prête"
KEY, SECRET = "roomkey", "a secret for the rooms of one test only"
LIVEKIT = (PROJECT / "tests" / "web" / "livekit.js").read_text()


@pytest.fixture
def meeting(cast):
    """A meeting whose client the operator has let in."""
    meeting = cast.meeting("alice")
    cast.signal("alice", meeting, "client_waiting")
    cast.signal("mikl", meeting, "operator_joined")
    yield meeting
    if cast.does("mikl", "lobby-state", meetingId=meeting)["meetingStatus"] == "in_progress":
        cast.signal("mikl", meeting, "meeting_ended")


@pytest.fixture
def enter(open_page, meeting):
    """Somebody's page at that meeting's room."""

    def enter(who, **how):
        address = {"alice": "alice@client.example", "mikl": "mikl@foxeo.example"}[who]
        return open_page(f"/room/?meeting={meeting}", address, **how)

    return enter


def headline(page):
    return page.locator("visio-room .headline")


def test_without_a_rooms_server_the_tickets_facts_are_shown(enter):
    page = enter("alice")

    expect(headline(page)).to_have_text(READY)
    facts = page.locator(".ticket")
    expect(facts).to_contain_text("livekit")
    expect(facts).to_contain_text("127.0.0.1:7880")
    expect(facts.locator("time")).to_have_attribute("datetime", re.compile(r"^20\d\d-.*Z$"))


def test_the_ticket_is_asked_for_once_and_its_token_is_nowhere(enter, open_page):
    page = open_page("/reminders/", "alice@client.example")
    tickets, said = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on(
        "response",
        lambda response: tickets.append(response) if "join-meeting" in response.url else None,
    )
    page.goto(enter("mikl").url)
    expect(headline(page)).to_have_text(READY)
    [ticket] = tickets
    token = ticket.json()["data"]["token"]
    signature = token.rsplit(".", 1)[1]

    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])")
    addresses = page.evaluate(
        "JSON.stringify([location.href, ...performance.getEntries().map((one) => one.name)])"
    )

    assert len(token) > 100
    for place in (page.content(), kept, addresses, page.url, *said):
        assert signature not in place


def test_a_page_at_the_lobby_has_no_ticket(open_page, cast):
    meeting = cast.meeting("alice")
    asked = []
    page = open_page("/reminders/", "alice@client.example")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page.url.replace("/reminders/", f"/client/#lobby-{meeting}"))
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()
    assert [url for url in asked if "join-meeting" in url or "livekit" in url] == []

    cast.signal("mikl", meeting, "operator_joined")

    expect(headline(page)).to_have_text(READY)
    assert len([url for url in asked if "join-meeting" in url]) == 1
    cast.signal("mikl", meeting, "meeting_ended")


def test_who_was_not_let_in_is_shown_to_the_lobby(open_page, cast):
    meeting = cast.meeting("alice")
    page = open_page(f"/room/?meeting={meeting}", "alice@client.example", expected=("403",))

    expect(headline(page)).to_have_text("Vous ne pouvez pas entrer")
    expect(page.get_by_text("Vous n’êtes pas encore admis")).to_be_visible()
    page.get_by_role("link", name="Retour à la salle d’attente").click()

    expect(page.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()


def test_somebody_elses_room_is_not_there(open_page, meeting):
    page = open_page(f"/room/?meeting={meeting}", "bruno@client.example", expected=("404",))

    expect(page.get_by_text("Ce rendez-vous n’existe pas, ou n’est pas le vôtre.")).to_be_visible()


def test_a_room_is_over_with_its_meeting(enter, cast, meeting):
    page = enter("alice")
    expect(headline(page)).to_have_text(READY)

    cast.signal("mikl", meeting, "meeting_ended")
    expect(headline(page)).to_have_text("Ce rendez-vous est terminé")
    late = enter("alice", expected=("409",))

    expect(late.get_by_text("Ce rendez-vous est terminé.")).to_be_visible()
    late.get_by_role("link", name="Retour à mes rendez-vous").click()
    late.wait_for_url("**/client/")


def test_an_operator_who_is_early_reads_why_the_meeting_was_called_off(open_page, cast):
    meeting = cast.meeting("alice")
    page = open_page(f"/room/?meeting={meeting}", "mikl@foxeo.example")
    expect(headline(page)).to_have_text(READY)

    cast.does("alice", "cancel-meeting", {"meetingId": meeting, "reason": "Une <b>grippe</b>"})

    expect(headline(page)).to_have_text("Ce rendez-vous est annulé")
    expect(page.get_by_text("Une <b>grippe</b>")).to_be_visible()


def test_who_is_sent_back_is_out_at_once_and_comes_in_again_when_let_in(enter, cast, meeting):
    page = enter("alice")
    expect(headline(page)).to_have_text(READY)

    cast.signal("mikl", meeting, "back_to_lobby", reason="Un <b>instant</b>")
    expect(headline(page)).to_have_text("On vous demande de patienter encore")
    expect(page.get_by_text("Un <b>instant</b>")).to_be_visible()
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    expect(page.locator(".ticket")).to_have_count(0)
    back = page.get_by_role("link", name="Retour à la salle d’attente")
    expect(back).to_have_attribute("href", f"/client/#lobby-{meeting}")
    cast.signal("mikl", meeting, "operator_joined")

    expect(headline(page)).to_have_text(READY)


def test_the_operator_conducts_the_meeting_in_the_room(enter, cast, meeting):
    alice, mikl = enter("alice"), enter("mikl")
    expect(headline(alice)).to_have_text(READY)

    mikl.get_by_role("button", name="Renvoyer en salle d’attente").click()
    mikl.get_by_role("dialog").get_by_label("Un mot").fill("Je cherche le dossier")
    mikl.get_by_role("dialog").get_by_role("button", name="Renvoyer").click()
    expect(alice.get_by_text("Je cherche le dossier")).to_be_visible()
    mikl.get_by_role("button", name="Faire entrer Alice").click()
    expect(headline(alice)).to_have_text(READY)
    mikl.get_by_role("button", name="Faire sortir").click()
    mikl.get_by_role("dialog").get_by_label("Raison").fill("À <i>demain</i>")
    mikl.get_by_role("dialog").get_by_role("button", name="Faire sortir").click()
    expect(headline(alice)).to_have_text("On vous a fait sortir")
    expect(alice.get_by_text("À <i>demain</i>")).to_be_visible()
    expect(mikl.get_by_role("button", name="Faire sortir")).to_have_count(0)
    mikl.get_by_role("button", name="Terminer").click()
    mikl.get_by_role("dialog").get_by_role("button", name="Terminer").click()

    expect(headline(mikl)).to_have_text("Ce rendez-vous est terminé")
    expect(headline(alice)).to_have_text("Ce rendez-vous est terminé")
    mikl.get_by_role("link", name="Retour à mon bureau").click()
    mikl.wait_for_url("**/hub/")


def test_the_operator_hears_of_somebody_who_waits_for_another_meeting(enter, cast):
    page = enter("mikl")
    expect(headline(page)).to_have_text(READY)
    other = cast.meeting("bruno")

    cast.signal("bruno", other, "client_waiting")

    expect(page.get_by_text("Bruno attend pour un autre rendez-vous.")).to_be_visible()
    cast.signal("bruno", other, "client_left")
    expect(page.get_by_text("Bruno attend pour un autre rendez-vous.")).to_have_count(0)


def test_a_client_who_leaves_has_left(enter, cast, meeting):
    page = enter("alice")

    page.get_by_role("button", name="Quitter la salle").click()

    page.wait_for_url("**/client/")
    knock = cast.does("alice", "lobby-state", meetingId=meeting)["knock"]
    assert knock["status"] == "left"


def test_a_client_who_leaves_unheard_is_out_and_told_so(enter):
    page = enter("alice", expected=("ERR_FAILED",))
    expect(headline(page)).to_have_text(READY)
    held = []
    page.route("**/lobby-signal", lambda route: held.append(route), times=1)

    page.get_by_role("button", name="Quitter la salle").click()

    expect(headline(page)).to_have_text("Vous avez quitté la salle")
    expect(page.get_by_role("link", name="Retour à mes rendez-vous")).to_be_visible()
    held[0].abort()
    expect(page.locator("visio-room").get_by_role("alert")).to_contain_text("Pas de réponse")
    expect(headline(page)).to_have_text("Vous avez quitté la salle")
    page.get_by_role("link", name="Retour à mes rendez-vous").click()
    page.wait_for_url("**/client/")


def test_an_operator_who_leaves_may_come_back(enter, cast, meeting):
    page = enter("mikl")

    page.get_by_role("button", name="Quitter la salle").click()

    page.wait_for_url("**/hub/")
    state = cast.does("mikl", "lobby-state", meetingId=meeting)
    assert (state["meetingStatus"], state["knock"]["status"]) == ("in_progress", "admitted")


def test_one_tab_has_the_room_and_another_may_take_it(enter):
    one = enter("alice")
    expect(headline(one)).to_have_text(READY)
    other = one.context.new_page()
    tickets = []
    other.on("request", lambda request: tickets.append(request.url))
    other.goto(one.url)

    expect(headline(other)).to_have_text("La salle est ouverte ailleurs")
    assert [url for url in tickets if "join-meeting" in url] == []
    other.get_by_role("button", name="Ouvrir ici").click()

    expect(headline(other)).to_have_text(READY)
    expect(headline(one)).to_have_text("La salle est ouverte ailleurs")
    one.get_by_role("button", name="Ouvrir ici").click()
    expect(headline(one)).to_have_text(READY)
    expect(headline(other)).to_have_text("La salle est ouverte ailleurs")
    one.close()
    other.reload()
    expect(headline(other)).to_have_text(READY)


def test_without_a_connection_one_tries_again(enter):
    page = enter("alice", expected=("ERR_FAILED",))
    expect(headline(page)).to_have_text(READY)
    page.route("**/join-meeting", lambda route: route.abort())
    page.reload()

    expect(headline(page)).to_have_text("La connexion à la salle est coupée")
    page.unroute("**/join-meeting")
    page.get_by_role("button", name="Réessayer").click()

    expect(headline(page)).to_have_text(READY)


def test_a_token_that_cannot_be_renewed_for_want_of_a_line_is_tried_again(enter):
    page = enter("alice", expected=("ERR_FAILED",))
    expect(headline(page)).to_have_text(READY)
    page.clock.install()
    page.route("**/auth/v1/token?*", lambda route: route.abort())
    page.evaluate("""() => {
      const session = JSON.parse(localStorage.getItem("sb-127-auth-token"));
      localStorage.setItem("sb-127-auth-token", JSON.stringify({ ...session, expires_at: 1 }));
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    expect(headline(page)).to_have_text("Connexion à la salle…")

    for _ in range(8):  # supabase-js tries for half a minute, less and less often
        page.clock.run_for(5_000)
    expect(headline(page)).to_have_text("La connexion à la salle est coupée")
    page.unroute("**/auth/v1/token?*")
    page.clock.run_for(60_000)
    page.get_by_role("button", name="Réessayer").click()

    expect(headline(page)).to_have_text(READY)


@pytest.mark.parametrize(
    ("provider", "token", "sign"),
    [("jitsi", "a.b.c", "#jwt=%22a.b.c%22"), ("link", "", "")],
)
def test_a_room_on_another_services_pages_is_opened_by_a_button(
    enter, open_page, provider, token, sign
):
    page = open_page("/reminders/", "alice@client.example")
    data = {
        "provider": provider,
        "url": "https://rooms.example/r-17",
        "token": token,
        "expiresAt": "2027-01-01T10:00:00Z",
    }
    page.route("**/join-meeting", lambda route: route.fulfill(json={"data": data, "error": None}))
    sent = []
    page.route(
        "https://rooms.example/**",
        lambda route: (sent.append(route.request), route.fulfill(body="<h1>There</h1>")),
    )
    page.goto(enter("mikl").url)
    expect(page.get_by_text("La réunion a lieu sur rooms.example.")).to_be_visible()
    assert "r-17" not in page.content()

    page.get_by_role("button", name="Ouvrir la réunion").click()

    expect(page.get_by_role("heading", name="There")).to_be_visible()
    assert page.url == f"https://rooms.example/r-17{sign}"
    assert "referer" not in sent[0].headers


@pytest.fixture
def call(open_page, meeting):
    """A page in a call whose other side, and whose network, are played by this test."""

    def call(who="alice", script="", **how):
        address = {"alice": "alice@client.example", "mikl": "mikl@foxeo.example"}[who]
        page = open_page("/reminders/", address, **how)
        config = page.request.get(page.url.replace("/reminders/", "/config.json")).json()
        page.route(
            "**/config.json", lambda route: route.fulfill(json={**config, "roomServer": True})
        )
        page.route(
            "**/vendor/livekit-client.js",
            lambda route: route.fulfill(body=LIVEKIT, content_type="text/javascript"),
        )
        page.add_init_script(f"window.call = {{}}; {script}")
        page.goto(page.url.replace("/reminders/", f"/room/?meeting={meeting}"))
        expect(headline(page)).to_have_text(
            re.compile("Vous êtes dans la salle|You are in the room")
        )
        return page

    return call


def toggle(page, name):
    return page.get_by_role("group", name="Caméra et micro").get_by_role("button", name=name)


def test_camera_and_microphone_are_off_until_turned_on_and_then_remembered(call):
    page = call()
    own = page.locator(".tile.mine")
    expect(own).to_contain_text("Alice")
    expect(own).to_contain_text("caméra éteinte")
    expect(own).to_contain_text("micro coupé")

    toggle(page, "Caméra").click()
    toggle(page, "Micro").click()
    expect(toggle(page, "Caméra")).to_have_attribute("aria-pressed", "true")
    expect(own.locator("video")).to_have_css("transform", "matrix(-1, 0, 0, 1, 0, 0)")
    toggle(page, "Micro").click()
    expect(own).to_contain_text("micro coupé")
    page.reload()

    expect(toggle(page, "Caméra")).to_have_attribute("aria-pressed", "true")
    expect(toggle(page, "Micro")).to_have_attribute("aria-pressed", "false")


def test_the_devices_that_were_chosen_before_are_used_or_any_where_they_are_gone(call):
    page = call(
        script="""localStorage.setItem("visio-devices",
          '{"camera": "c-2", "microphone": "m-2", "speaker": "s-2"}');
          window.call.unplugged = "m-2";"""
    )

    toggle(page, "Caméra").click()
    expect(toggle(page, "Caméra")).to_have_attribute("aria-pressed", "true")
    toggle(page, "Micro").click()
    expect(toggle(page, "Micro")).to_have_attribute("aria-pressed", "true")

    asked = page.evaluate("window.call.asked")
    assert asked == [["camera", "c-2"], ["microphone", "m-2"], ["microphone", None]]
    assert page.evaluate("window.call.room.options.audioOutput") == {"deviceId": "s-2"}


def test_another_device_is_taken_in_the_middle_of_a_call_and_the_next_time(call, with_devices):
    page = call(who="mikl", browser=with_devices)
    page.context.grant_permissions(["camera", "microphone"])
    toggle(page, "Micro").click()
    page.get_by_text("Choisir la caméra, le micro et le haut-parleur").click()
    microphones = page.get_by_label("Micro", exact=True)
    other = microphones.locator("option").nth(1).get_attribute("value")

    microphones.select_option(other)

    assert page.evaluate("window.call.switched") == [["audioinput", other]]
    page.reload()
    expect(toggle(page, "Micro")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.call.asked") == [["microphone", other]]


SENT = "window.call.room.localParticipant.sent"
KEPT = "JSON.parse(localStorage.getItem('visio-devices'))"


@pytest.fixture
def choice(call, with_devices):
    """A page in a call with its microphone on, the list of microphones, and what is in it."""

    def choice(**how):
        page = call(browser=with_devices, **how)
        page.context.grant_permissions(["camera", "microphone"])
        toggle(page, "Micro").click()
        page.get_by_text("Choisir la caméra, le micro et le haut-parleur").click()
        microphones = page.get_by_label("Micro", exact=True)
        options = microphones.locator("option").all()
        return page, microphones, [option.get_attribute("value") for option in options]

    return choice


def test_a_device_that_cannot_be_taken_is_told_and_the_one_before_goes_on(choice):
    page, microphones, [_, one, other] = choice()
    microphones.select_option(one)
    expect(microphones).to_have_value(one)
    page.evaluate("(other) => { window.call.unplugged = other; }", other)

    microphones.select_option(other)

    expect(page.get_by_text("Le micro est introuvable.")).to_be_visible()
    expect(microphones).to_have_value(one)
    expect(toggle(page, "Micro")).to_have_attribute("aria-pressed", "true")
    track = page.evaluate(f"{SENT}.microphone.track")
    assert (track["device"], track["live"]) == (one, True)
    assert page.evaluate(KEPT)["microphone"] == one


def test_where_the_one_before_is_gone_too_any_other_goes_on(choice):
    page, microphones, [_, one, other] = choice()
    microphones.select_option(one)
    page.evaluate("(both) => { window.call.unplugged = both; }", [one, other])

    microphones.select_option(other)

    expect(page.get_by_text("Le micro est introuvable.")).to_be_visible()
    expect(toggle(page, "Micro")).to_have_attribute("aria-pressed", "true")
    track = page.evaluate(f"{SENT}.microphone.track")
    assert (track["device"], track["live"]) == ("any", True)


def test_who_passes_by_several_devices_has_the_last_one(choice):
    page, microphones, [first, one, other] = choice()
    page.evaluate("() => { window.call.held = new Promise((go) => { window.call.go = go; }); }")

    for value in (one, first, other):
        microphones.select_option(value)
    expect(microphones).to_have_value(other)
    page.evaluate("window.call.go()")

    page.wait_for_function(f"(other) => {KEPT}?.microphone === other", arg=other)
    assert page.evaluate(f"{SENT}.microphone.track.device") == other
    switched = page.evaluate("window.call.switched")
    assert switched == [["audioinput", one], ["audioinput", other]]
    expect(microphones).to_have_value(other)


def test_a_camera_that_was_unplugged_while_it_was_off_gives_way_to_another(call):
    page = call(script="""localStorage.setItem("visio-devices", '{"camera": "c-2"}');""")
    toggle(page, "Caméra").click()
    expect(toggle(page, "Caméra")).to_have_attribute("aria-pressed", "true")
    toggle(page, "Caméra").click()
    expect(toggle(page, "Caméra")).to_have_attribute("aria-pressed", "false")
    page.evaluate("() => { window.call.unplugged = 'c-2'; }")

    toggle(page, "Caméra").click()

    expect(toggle(page, "Caméra")).to_have_attribute("aria-pressed", "true")
    track = page.evaluate(f"{SENT}.camera.track")
    assert (track["device"], track["live"]) == ("any", True)
    assert page.evaluate(KEPT)["camera"] == "c-2"


def test_a_camera_that_is_not_there_is_said_to_be_missing(call):
    page = call()
    page.evaluate("""() => {
      const { localParticipant } = window.call.room;
      localParticipant.setCameraEnabled = async () => {
        throw new DOMException("", "OverconstrainedError");
      };
    }""")

    toggle(page, "Caméra").click()

    expect(page.get_by_text("La caméra est introuvable.")).to_be_visible()


def test_the_other_one_is_seen_and_heard_and_goes(call):
    page = call()
    expect(page.get_by_text("MiKL n’est pas encore là.")).to_be_visible()

    page.evaluate("""() => {
      const other = window.call.comes();
      other.send("camera", true);
      other.send("microphone", true);
      other.isSpeaking = true;
      window.call.tell("ActiveSpeakersChanged");
    }""")
    other = page.locator(".tile:not(.mine)")
    expect(other).to_contain_text("MiKL")
    expect(other).to_contain_text("parle")
    expect(other.locator("video[data-track=camera]")).to_have_count(1)
    expect(other.locator("audio[data-track=microphone]")).to_have_count(1)
    page.evaluate("""() => {
      window.call.room.remoteParticipants.clear();
      window.call.tell("ParticipantDisconnected");
    }""")

    expect(other).to_have_count(0)
    expect(page.get_by_text("MiKL n’est pas encore là.")).to_be_visible()


def test_a_line_that_breaks_is_told_and_tried_again(call):
    page = call()

    page.evaluate("window.call.tell('Reconnecting')")
    expect(headline(page)).to_have_text("Connexion interrompue : nous la rétablissons…")
    page.evaluate("window.call.tell('Reconnected')")
    expect(headline(page)).to_have_text("Vous êtes dans la salle.")
    page.evaluate("window.call.tell('Disconnected', 9)")
    expect(headline(page)).to_have_text("La connexion à la salle est coupée")
    page.get_by_role("button", name="Réessayer").click()

    expect(headline(page)).to_have_text("Vous êtes dans la salle.")


def test_who_came_in_on_another_device_is_told_so_here(call):
    page = call()

    page.evaluate("window.call.tell('Disconnected', 2)")

    expect(headline(page)).to_have_text("La salle est ouverte ailleurs")


def test_a_refused_camera_and_a_quiet_browser_are_explained(call):
    page = call(script="window.call.refuses = 'camera';")

    toggle(page, "Caméra").click()
    expect(page.get_by_text("La caméra : accès non autorisé.")).to_be_visible()
    page.evaluate("""() => {
      window.call.room.canPlaybackAudio = false;
      window.call.tell("AudioPlaybackStatusChanged");
    }""")
    page.get_by_role("button", name="Activer le son").click()

    expect(page.get_by_role("button", name="Activer le son")).to_have_count(0)


def test_who_is_put_out_hangs_up_at_once(call, cast, meeting):
    page = call()

    cast.signal("mikl", meeting, "remove", reason="Fini")

    expect(headline(page)).to_have_text("On vous a fait sortir")
    assert page.evaluate("window.call.ended") is True
    expect(page.locator(".tile")).to_have_count(0)


LOOKS = [
    {"viewport": {"width": 320, "height": 700}, "color_scheme": "light"},
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark", "locale": "en-GB"},
]


@pytest.mark.parametrize("look", LOOKS, ids=["narrow", "wide"])
def test_each_state_of_the_room_is_well(call, enter, cast, meeting, axe, screen, look):
    def well(page, name):
        screen(page, f"room-{name}-{look['viewport']['width']}-{look['color_scheme']}")
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (axe(page), too_wide) == ([], 0)

    page = call("mikl", **look)
    page.evaluate("""() => {
      const other = window.call.comes();
      other.send("camera", true);
      window.call.room.localParticipant.send("microphone", true);
    }""")
    expect(page.locator(".tile")).to_have_count(2)
    well(page, "call")
    page.evaluate("window.call.tell('Disconnected', 9)")
    expect(page.locator(".room.lost")).to_be_visible()
    well(page, "lost")
    page.close()
    client = enter("alice", **look)
    expect(client.locator(".ticket")).to_be_visible()
    well(client, "facts")
    other = client.context.new_page()
    other.goto(client.url)
    expect(other.locator(".room.elsewhere")).to_be_visible()
    well(other, "elsewhere")
    cast.signal("mikl", meeting, "back_to_lobby", reason="Un instant.")
    expect(client.locator(".room.out")).to_be_visible()
    well(client, "sent-back")


class RoomServer:
    """A LiveKit server as far as its door: it looks at tickets, and hangs up when it is told to."""

    def __init__(self) -> None:
        self.seen: list[dict] = []
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self.url = self._do(self._listen())

    async def _listen(self) -> str:
        site = web.Application()
        site.router.add_get("/rtc{more:.*}", self._rtc)
        site.router.add_route("*", "/{more:.*}", self._other)
        self._runner = web.AppRunner(site, shutdown_timeout=1)
        await self._runner.setup()
        tcp = web.TCPSite(self._runner, "127.0.0.1", 0)
        await tcp.start()
        return f"ws://127.0.0.1:{tcp._server.sockets[0].getsockname()[1]}"

    async def _rtc(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("access_token") or request.headers.get("Authorization", "")[7:]
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY)
        if "validate" in request.path:
            return web.Response(text="success", headers={"Access-Control-Allow-Origin": "*"})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        self.seen.append(claims)
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        self._sockets.discard(socket)
        return socket

    async def _other(self, _: web.Request) -> web.Response:
        return web.json_response({})

    def hang_up(self) -> None:
        async def close() -> None:
            for socket in list(self._sockets):
                await socket.close(code=1011)

        self._do(close())

    def stop(self) -> None:
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(15)


@pytest.fixture
def room_server():
    with contextlib.ExitStack() as stack:
        server = RoomServer()
        server.start()
        stack.callback(server.stop)
        home = Path(tempfile.mkdtemp(prefix="visio-rooms-", dir="/var/tmp"))
        home.chmod(0o755)
        stack.callback(shutil.rmtree, home)
        environment = {
            "LIVEKIT_URL": server.url,
            "LIVEKIT_API_KEY": KEY,
            "LIVEKIT_API_SECRET": SECRET,
        }
        running = RunningStack(home, **environment)
        stack.callback(running.interrupt)
        server.stack = running.until_healthy()
        yield server


def test_the_genuine_client_calls_with_our_ticket_and_says_when_it_is_cut_off(
    open_page, room_server
):
    cast = Cast(room_server.stack)
    meeting = cast.meeting("alice")
    cast.signal("alice", meeting, "client_waiting")
    cast.signal("mikl", meeting, "operator_joined")
    page = open_page(
        f"/room/?meeting={meeting}",
        "alice@client.example",
        on=room_server.stack,
        expected=("WebSocket", "ERR_"),
    )
    expect(headline(page)).to_have_text("Connexion à la salle…")
    for _ in range(100):
        if room_server.seen:
            break
        page.wait_for_timeout(50)

    room_server.hang_up()
    expect(headline(page)).to_have_text("La connexion à la salle est coupée", timeout=30_000)
    before = len(room_server.seen)
    page.get_by_role("button", name="Réessayer").click()
    expect(headline(page)).to_have_text("Connexion à la salle…")
    for _ in range(100):
        if len(room_server.seen) > before:
            break
        page.wait_for_timeout(50)

    page.close()
    assert len(room_server.seen) > before
    for claims in room_server.seen:
        assert claims["video"]["roomJoin"] is True
        assert claims["video"]["roomAdmin"] is False
        assert re.fullmatch(r"[0-9a-f]{32}", claims["video"]["room"])
        assert claims["exp"] - claims["nbf"] <= 120
    assert SECRET not in json.dumps(room_server.seen)

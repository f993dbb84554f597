"""Camera, microphone and speaker in the lobby, with devices that Chromium pretends to have."""

import struct
import wave

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]
FAKE, AGREES = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
TRY = "Essayer ma caméra et mon micro"
# Counts the tracks that were started, to see whether they have ended.
COUNT = """const real = MediaDevices.prototype.getUserMedia;
window.tracks = [];
MediaDevices.prototype.getUserMedia = async function (asked) {
  const stream = await real.call(this, asked);
  window.tracks.push(...stream.getTracks());
  return stream;
};"""
LIVE = "window.tracks.filter((track) => track.readyState === 'live').length"


@pytest.fixture(scope="session")
def silence(tmp_path_factory):
    """A recording of nothing."""
    path = tmp_path_factory.mktemp("sound") / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(struct.pack("<h", 0) * 48_000)
    return path


@pytest.fixture
def lobby(open_page, launch, cast):
    """Alice's page at a lobby, in a browser with such devices."""
    meeting = cast.meeting("alice")

    def lobby(*flags, **how):
        page = open_page("/reminders/", "alice@client.example", browser=launch(*flags), **how)
        page.context.add_init_script(COUNT)
        page.goto(page.url.replace("/reminders/", f"/client/#lobby-{meeting}"))
        expect(page.get_by_role("heading", name="Caméra et micro")).to_be_visible()
        return page

    lobby.meeting = meeting
    return lobby


def result(page):
    return page.evaluate("document.querySelector('visio-device-check').devices.state.result")


def test_nothing_starts_before_it_is_asked_for(lobby):
    page = lobby(FAKE, AGREES)
    page.wait_for_timeout(500)

    assert page.evaluate("window.tracks") == []
    expect(page.locator("video")).to_have_count(0)
    assert result(page) == "untested"


def test_a_picture_as_in_a_mirror_and_a_level_that_moves(lobby, axe, screen):
    page = lobby(FAKE, AGREES)

    page.get_by_role("button", name=TRY).click()

    expect(page.get_by_label("Votre image")).to_be_visible()
    mirrored = page.locator("video").evaluate("(video) => getComputedStyle(video).transform")
    assert mirrored == "matrix(-1, 0, 0, 1, 0, 0)"
    page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    page.wait_for_function("() => document.querySelector('meter').value > 0.1")
    assert result(page) == "ready"
    screen(page, "devices")
    assert axe(page) == []


def test_turned_off_is_off(lobby):
    page = lobby(FAKE, AGREES)
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_label("Votre image")).to_be_visible()
    camera = page.get_by_role("button", name="Caméra :")

    camera.click()
    expect(camera).to_have_attribute("aria-pressed", "false")
    expect(page.locator("video")).to_have_count(0)
    assert page.evaluate(LIVE) == 1
    page.get_by_role("button", name="Micro :").click()
    expect(page.locator("meter")).to_have_count(0)

    assert page.evaluate(LIVE) == 0
    assert result(page) == "ready"  # both were found to work


def test_everything_is_off_once_the_lobby_is_left(lobby):
    page = lobby(FAKE, AGREES)
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_label("Votre image")).to_be_visible()

    page.get_by_role("link", name="Retour à mes rendez-vous").click()
    expect(page.get_by_label("Créneau 1")).to_be_visible()

    assert page.evaluate(LIVE) == 0


def test_another_device_is_taken_and_remembered(lobby):
    page = lobby(f"{FAKE}=device-count=2", AGREES)
    page.get_by_role("button", name=TRY).click()
    cameras = page.get_by_label("Caméra", exact=True)
    expect(cameras.get_by_role("option")).to_have_count(2)
    other = cameras.get_by_role("option").nth(1).get_attribute("value")

    cameras.select_option(other)
    taken = "document.querySelector('video')?.srcObject?.getVideoTracks()[0].getSettings().deviceId"
    page.wait_for_function(f"() => {taken} === '{other}'")
    assert page.evaluate(LIVE) == 2
    page.reload()
    page.get_by_role("button", name=TRY).click()

    page.wait_for_function(f"() => {taken} === '{other}'")
    expect(cameras).to_have_value(other)


def test_a_refusal_says_where_to_allow_it_and_one_may_wait_all_the_same(lobby, cast, screen):
    page = lobby(FAKE)

    page.get_by_role("button", name=TRY).click()

    expect(page.get_by_text("accès non autorisé")).to_have_count(2)
    expect(page.get_by_text("Cliquez sur l’icône à gauche de l’adresse").first).to_be_visible()
    assert result(page) == "none"
    screen(page, "devices-denied")
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()
    waiting = cast.does("mikl", "waiting-room")["items"]
    assert [one["devices"] for one in waiting if one["meetingId"] == lobby.meeting] == ["none"]
    cast.signal("alice", lobby.meeting, "client_left")


def test_missing_devices_are_told_apart_from_refused_ones(lobby):
    page = lobby(AGREES)

    page.get_by_role("button", name=TRY).click()

    expect(page.get_by_text("La caméra est introuvable.")).to_be_visible()
    expect(page.get_by_text("Le micro est introuvable.")).to_be_visible()
    expect(page.get_by_text("Branchez l’appareil").first).to_be_visible()
    assert result(page) == "none"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotReadableError", "La caméra ne répond pas."),
        ("NotFoundError", "La caméra est introuvable."),
        ("NotAllowedError", "La caméra : accès non autorisé."),
    ],
)
def test_a_camera_that_fails_leaves_the_microphone_working(lobby, error, words):
    page = lobby(FAKE, AGREES)
    page.evaluate(
        f"""() => {{
          const before = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = (asked) => asked.video
            ? Promise.reject(new DOMException('', '{error}')) : before(asked);
        }}"""
    )

    page.get_by_role("button", name=TRY).click()

    expect(page.get_by_text(words)).to_be_visible()
    expect(page.locator("meter")).to_be_visible()
    assert result(page) == "sound_only"


def test_a_browser_without_devices_says_so(lobby):
    page = lobby(FAKE, AGREES)
    page.evaluate("delete Navigator.prototype.mediaDevices")

    page.get_by_role("button", name=TRY).click()

    expect(page.get_by_text("La caméra ne peut pas servir dans ce navigateur.")).to_be_visible()


def test_a_microphone_that_gives_nothing_is_noticed(lobby, silence):
    page = lobby(FAKE, AGREES, f"--use-file-for-fake-audio-capture={silence}")
    page.get_by_role("button", name=TRY).click()

    expect(page.get_by_text("Nous n’entendons rien.")).to_be_visible(timeout=10_000)

    assert page.locator("meter").evaluate("(meter) => meter.value") == 0


# Asks wait for their answer until the test gives it: `window.asks[0]()`.
ASKED = """() => {
  const prompted = MediaDevices.prototype.getUserMedia;
  window.asks = [];
  MediaDevices.prototype.getUserMedia = async function (asked) {
    await new Promise((answer) => window.asks.push(answer));
    return prompted.call(this, asked);
  };
}"""


def answer(page, ask):
    page.wait_for_function(f"() => window.asks.length > {ask}")
    page.evaluate(f"window.asks[{ask}]()")


def test_one_that_is_pressed_again_while_the_browser_asks_leaves_the_other_alone(lobby):
    page = lobby(FAKE, AGREES)
    page.evaluate(ASKED)
    page.get_by_role("button", name=TRY).click()
    camera = page.get_by_role("button", name="Caméra :")

    camera.click()
    answer(page, 0)
    expect(page.locator("meter")).to_be_visible()
    assert page.evaluate(LIVE) == 1
    answer(page, 1)

    expect(camera).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Micro :")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(LIVE) == 2


def test_two_that_are_turned_on_quickly_are_both_on(lobby):
    page = lobby(FAKE, AGREES)
    page.evaluate("""() => {
      const real = MediaDevices.prototype.getUserMedia;
      const refuse = async () => { throw new DOMException("", "NotAllowedError"); };
      MediaDevices.prototype.getUserMedia = refuse;
      window.allow = () => { MediaDevices.prototype.getUserMedia = real; };
    }""")
    page.get_by_role("button", name=TRY).click()
    camera, microphone = (page.get_by_role("button", name=name) for name in ("Caméra :", "Micro :"))
    expect(page.get_by_text("accès non autorisé")).to_have_count(2)
    page.evaluate("window.allow()")
    page.evaluate(ASKED)

    camera.click()
    microphone.click()
    answer(page, 0)
    answer(page, 1)

    expect(camera).to_have_attribute("aria-pressed", "true")
    expect(microphone).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(LIVE) == 2


def test_another_device_is_taken_while_the_browser_asks_for_one(lobby):
    page = lobby(f"{FAKE}=device-count=3", AGREES)
    page.get_by_role("button", name=TRY).click()
    cameras = page.get_by_label("Caméra", exact=True)
    options = cameras.get_by_role("option")
    expect(options).to_have_count(3)
    one, other = (options.nth(n).get_attribute("value") for n in (1, 2))
    page.evaluate(ASKED)

    cameras.select_option(one)
    cameras.select_option(other)
    answer(page, 0)
    answer(page, 1)

    taken = "document.querySelector('video')?.srcObject?.getVideoTracks()[0].getSettings().deviceId"
    page.wait_for_function(f"() => {taken} === '{other}'")
    assert page.evaluate(LIVE) == 2


def test_a_sound_is_played_and_asked_about(lobby):
    page = lobby(FAKE, AGREES)
    page.get_by_role("button", name=TRY).click()
    play = page.get_by_role("button", name="Jouer un son")

    play.click()
    asked = page.get_by_role("group", name="Avez-vous entendu le son ?")
    asked.get_by_role("button", name="Non").click()
    expect(page.get_by_text("Montez le volume")).to_be_visible()
    play.click()
    asked.get_by_role("button", name="Oui").click()

    expect(page.get_by_text("Parfait, le son fonctionne.")).to_be_visible()
    expect(asked).to_have_count(0)


def test_what_was_found_is_told_while_one_waits(lobby, open_page, cast):
    page = lobby(FAKE, AGREES)
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    hub = open_page("/hub/", "mikl@foxeo.example")
    arrival = hub.get_by_role("article", name="Alice", exact=True)
    expect(arrival.get_by_text("caméra et micro non essayés")).to_be_visible()

    page.get_by_role("button", name=TRY).click()

    expect(arrival.get_by_text("caméra et micro prêts")).to_be_visible()
    page.get_by_role("button", name="Quitter").click()


def test_who_leaves_while_their_devices_are_told_leaves_after_that(lobby):
    page = lobby(FAKE, AGREES)
    page.get_by_role("button", name="Entrer en salle d’attente").click()
    expect(page.get_by_text("En attente de MiKL…")).to_be_visible()
    held, asked = [], []
    page.route("**/lobby-signal", lambda route: held.append(route), times=1)
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_request("**/lobby-signal"):
        page.get_by_role("button", name=TRY).click()

    page.get_by_role("button", name="Quitter").click()
    page.wait_for_timeout(200)

    assert len([url for url in asked if url.endswith("/lobby-signal")]) == 1
    held[0].continue_()
    expect(page.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()


# What browsers do with windows before they are touched, and a headless one does not.
QUIET = """window.AudioContext = class extends AudioContext {
  constructor() { super(); super.suspend(); }
  resume() {
    return navigator.userActivation.hasBeenActive ? super.resume() : new Promise(() => {});
  }
};"""


def test_a_page_that_nobody_touched_is_honest_about_its_sound(open_page):
    hub = open_page("/reminders/", "nora@foxeo.example")
    hub.context.add_init_script(QUIET)
    hub.goto(hub.url.replace("/reminders/", "/hub/"))
    expect(hub.get_by_text("Le navigateur bloque le son")).to_be_visible()

    hub.get_by_role("button", name="Activer le son").click()

    expect(hub.get_by_text("Le navigateur bloque le son")).to_have_count(0)
    expect(hub.get_by_role("button", name="Écouter le son d’une arrivée")).to_be_visible()

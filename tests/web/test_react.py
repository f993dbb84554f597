"""The React wrappers in a real application, bundled as those who use them do."""

import subprocess

import pytest
from playwright.sync_api import expect

from tests.world import PROJECT

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """The application and what it loads later, as esbuild splits it."""
    made = tmp_path_factory.mktemp("bundle")
    # esbuild leaves the address of a worker as it is, so that script is put where it points to.
    entries = ["react_app=tests/web/react_app.js", "heartbeat=web/visio/heartbeat.js"]
    command = ["npx", "--no-install", "esbuild", *entries, "--bundle"]
    how = ["--splitting", "--format=esm", f"--outdir={made}", "--log-level=error"]
    # The development build: strict mode mounts everything twice there.
    mode = '--define:process.env.NODE_ENV="development"'
    subprocess.run([*command, *how, mode], cwd=PROJECT, check=True)
    return made


@pytest.fixture
def app(open_page, bundle, with_devices):
    """Alice's page with that application; nothing is shown in it yet."""

    def serve(route):
        script = bundle / route.request.url.rsplit("/", 1)[1]
        return route.fulfill(body=script.read_bytes(), content_type="text/javascript")

    # Inside a page of the stack's own: its policy holds for the application as well.
    page = open_page("/reminders/", "alice@client.example", browser=with_devices)
    page.route("**/app/*.js", serve)
    page.evaluate("document.querySelector('main').replaceChildren()")
    page.evaluate("document.querySelector('main').id = 'app'")
    page.add_script_tag(url="/vendor/supabase.js")
    page.add_script_tag(url="/app/react_app.js", type="module")
    expect(page.locator("#result")).to_be_attached()
    return page


def test_a_store_is_listened_to_once_in_strict_mode(app):
    app.evaluate("show('count')")
    expect(app.locator("#count")).to_have_text("0")
    app.evaluate("probe.become({ count: 3 })")
    expect(app.locator("#count")).to_have_text("3")
    assert app.evaluate("[probe.listeners, probe.awake]") == [1, 1]

    app.evaluate("show('nothing')")
    expect(app.locator("#count")).to_have_count(0)

    assert app.evaluate("[probe.listeners, probe.awake]") == [0, 0]


def test_a_store_of_ones_own_follows_what_it_is_about_and_ends(app, cast):
    one, other = cast.meeting("alice"), cast.meeting("alice")
    cast.signal("alice", other, "client_waiting")

    app.evaluate(f"take('{one}'); show('live')")
    expect(app.locator("#phase")).to_have_text(f"{one} outside")
    assert app.evaluate("made.filter((one) => one.awake).length") == 1
    app.evaluate(f"take('{other}')")
    expect(app.locator("#phase")).to_have_text(f"{other} waiting")
    awake = app.evaluate("made.filter((one) => one.awake).map((one) => one.meetingId)")
    assert awake == [other]
    cast.signal("alice", other, "client_left")
    expect(app.locator("#phase")).to_have_text(f"{other} outside")
    app.evaluate("show('nothing')")
    expect(app.locator("#phase")).to_have_count(0)

    assert app.evaluate("made.filter((one) => one.awake).length") == 0


def test_an_element_is_loaded_when_it_is_drawn_and_told_of_by_a_prop(app):
    assert app.evaluate("customElements.get('visio-device-check') === undefined") is True

    app.evaluate("show('devices')")
    expect(app.locator("visio-device-check.checked")).to_have_count(1)
    app.get_by_role("button", name="Essayer ma caméra et mon micro").click()
    expect(app.locator("video")).to_be_visible()
    # Told once for each change: `untested` is what it was, and nothing comes twice.
    expect(app.locator("#result")).to_have_text("ready")
    app.evaluate("window.tracks = document.querySelector('video').srcObject.getTracks()")
    assert app.evaluate("tracks.map((track) => track.readyState)") == ["live", "live"]

    app.evaluate("show('nothing')")
    expect(app.locator("video")).to_have_count(0)

    assert app.evaluate("tracks.map((track) => track.readyState)") == ["ended", "ended"]


def test_another_meeting_is_another_lobby(app, cast):
    one, other = cast.meeting("alice"), cast.meeting("alice")
    cast.signal("alice", other, "client_waiting")

    app.evaluate(f"take('{one}'); show('lobby')")
    expect(app.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()
    app.evaluate(f"take('{other}')")

    expect(app.get_by_text("En attente de MiKL…")).to_be_visible()
    cast.signal("alice", other, "client_left")
    expect(app.get_by_role("button", name="Entrer en salle d’attente")).to_be_visible()


def test_a_server_draws_around_the_elements():
    script = """
      import { createElement as h } from "react";
      import { renderToString } from "react-dom/server";
      import { DeviceCheck, VisioProvider, useStore } from "./web/react/visio.js";
      import { Store } from "./web/visio/store.js";
      const visio = new Store({ me: null });
      const Said = () => h("p", null, String(useStore(visio).me));
      const drawn = h("main", null, h(Said), h(DeviceCheck));
      console.log(renderToString(h(VisioProvider, { visio }, drawn)));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == ("<main><p>null</p></main>", "")

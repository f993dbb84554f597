"""The operator's page beyond the waiting room: quarantine, conflicts, and how he is told."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.calcom import Booking
from tests.world import signed

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]
HIDDEN = """Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
Object.defineProperty(document, 'hidden', {get: () => true});
window.notes = [];
window.Notification = class {
  static permission = 'granted';
  static requestPermission = async () => 'granted';
  constructor(title, options) { window.notes.push({title, ...options}); }
};"""


@pytest.fixture
def tell(stack):
    """Cal.com tells of a booking."""

    def tell(body):
        raw = json.dumps(body).encode()
        request = urllib.request.Request(
            f"{stack.origin}/functions/v1/calcom-webhook", raw, signed(raw, "test-secret")
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["data"]

    return tell


def quietly(tell, body):
    """An event that is kept in quarantine is answered with a refusal."""
    try:
        tell(body)
    except urllib.error.HTTPError as error:
        error.close()


def waiting(hub, booker):
    """The booking of this booker, in quarantine."""
    return hub.locator("visio-quarantine article", has_text=booker)


def test_a_booking_of_nobodys_is_assigned_to_a_client(open_page, tell):
    hub = open_page("/hub/", "mikl@foxeo.example")
    expect(hub.get_by_role("heading", name="Demandes")).to_be_visible()
    quietly(tell, Booking(email="unknown@elsewhere.example", days=200).created())
    card = waiting(hub, "unknown@elsewhere.example")
    expect(card.get_by_text("liée à aucun client")).to_be_visible()
    search = card.get_by_label("Chercher le client")
    search.fill("personne de ce nom")
    card.get_by_role("button", name="Chercher").click()
    expect(card.get_by_text("Aucun client ne porte ce nom")).to_be_visible()
    search.fill("alice")
    card.get_by_role("button", name="Chercher").click()
    card.get_by_label("C’est la réservation de").select_option(label="Alice – alice@client.example")
    card.get_by_role("button", name="Attribuer").click()

    expect(hub.get_by_text("C’est fait")).to_be_visible()
    expect(card).to_have_count(0)


def test_a_booking_in_the_way_is_applied_once_the_way_is_clear(open_page, tell, cast):
    first = Booking(email="alice@client.example", days=210)
    link = cast.does("alice", "booking-link", {})["url"]
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["metadata[bookingToken]"][0]
    first.metadata = {"bookingToken": token}
    second = Booking(email="alice@client.example", days=210, metadata=dict(first.metadata))
    there = tell(first.created())["meetingId"]
    tell(second.created())
    hub = open_page("/hub/", "mikl@foxeo.example", expected=("409",))
    card = waiting(hub, "alice@client.example")

    card.get_by_role("button", name="Appliquer").click()
    expect(hub.locator("visio-quarantine").get_by_role("alert")).to_have_text(
        "Ce créneau n’est plus libre."
    )
    cast.does("mikl", "cancel-meeting", {"meetingId": there, "reason": "Pour l’autre"})
    card.get_by_role("button", name="Appliquer").click()

    expect(hub.get_by_text("C’est fait")).to_be_visible()
    expect(card).to_have_count(0)


def test_a_booking_is_dismissed_after_a_question(open_page, tell):
    quietly(tell, Booking(email="spam@elsewhere.example", days=220).created())
    hub = open_page("/hub/", "mikl@foxeo.example")
    card = waiting(hub, "spam@elsewhere.example")

    card.get_by_role("button", name="Écarter").click()
    hub.get_by_role("dialog").get_by_role("button", name="Revenir").click()
    expect(card).to_have_count(1)
    card.get_by_role("button", name="Écarter").click()
    hub.get_by_role("dialog").get_by_role("button", name="Écarter").click()

    expect(hub.get_by_text("Elle est écartée.")).to_be_visible()


def test_an_operator_who_looks_elsewhere_is_told_without_a_name(open_page, cast):
    hub = open_page("/hub/", "mikl@foxeo.example")
    hub.context.add_init_script(HIDDEN)
    hub.reload()
    hub.get_by_role("button", name="Activer les notifications du bureau").click()
    expect(hub.get_by_role("button", name="Couper les notifications du bureau")).to_be_visible()
    meeting = cast.meeting("alice")

    cast.signal("alice", meeting, "client_waiting")
    expect(hub.get_by_text("Arrivée en salle d’attente : Alice.")).to_be_visible()

    notes = hub.evaluate("window.notes")
    assert [note["body"] for note in notes] == ["Un client attend dans votre salle d’attente."]
    assert "Alice" not in json.dumps(notes)
    cast.signal("alice", meeting, "client_left")


def test_a_push_shows_a_note_that_leads_to_the_hub(open_page, stack):
    hub = open_page("/hub/", "mikl@foxeo.example", permissions=["notifications"])
    session = hub.context.new_cdp_session(hub)
    session.send("ServiceWorker.enable")
    registrations = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(event["registrations"]),
    )
    hub.evaluate(
        "navigator.serviceWorker.register('/push.js').then(() => navigator.serviceWorker.ready)"
    )
    told = {"title": "Foxeo visio", "body": "Un client attend", "link": "https://evil.example/"}

    hub.wait_for_timeout(300)
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": stack.origin,
            "registrationId": registrations[0]["registrationId"],
            "data": json.dumps(told),
        },
    )
    hub.wait_for_function(
        """async () => (await (await navigator.serviceWorker.ready).getNotifications()).length"""
    )

    shown = hub.evaluate(
        """async () => (await (await navigator.serviceWorker.ready).getNotifications())
           .map(({title, body, tag}) => ({title, body, tag}))"""
    )
    assert shown == [{"title": "Foxeo visio", "body": "Un client attend", "tag": "waiting"}]


def test_pushes_are_asked_for_with_the_servers_own_key(open_page, cast):
    hub = open_page("/hub/", "mikl@foxeo.example", permissions=["notifications"])
    hub.context.add_init_script(
        """PushManager.prototype.getSubscription = async () => null;
        PushManager.prototype.subscribe = async (options) => {
          window.asked = options.applicationServerKey;
          throw new DOMException('no push service', 'AbortError');
        };"""
    )
    hub.reload()

    hub.get_by_role("button", name="Être prévenu page fermée").click()
    expect(hub.get_by_text("Ce navigateur ne peut pas prévenir page fermée.")).to_be_visible()

    key = cast.does("mikl", "push-subscription", {"action": "show"})["publicKey"]
    assert hub.evaluate("window.asked") == key


# A browser that has a push service behind it.
PUSHES = """const kept = () => JSON.parse(localStorage.getItem('test-subscription'));
const made = (endpoint) => endpoint && ({
  endpoint,
  toJSON: () => ({endpoint, expirationTime: null, keys: {p256dh: 'BA', auth: 'AA'}}),
  unsubscribe: async () => localStorage.removeItem('test-subscription'),
});
PushManager.prototype.getSubscription = async () => made(kept());
PushManager.prototype.subscribe = async () => {
  const endpoint = kept() ?? `https://push.example/${Math.random()}`;
  localStorage.setItem('test-subscription', JSON.stringify(endpoint));
  return made(endpoint);
};"""
RECEIVE, RECEIVE_NONE = "Être prévenu page fermée", "Ne plus être prévenu page fermée"


@pytest.fixture
def pushed(open_page):
    """MiKL's hub in such a browser, and a server that keeps what it is told, or does not answer."""
    hub = open_page(
        "/reminders/", "mikl@foxeo.example", permissions=["notifications"], expected=("503",)
    )
    hub.context.add_init_script(PUSHES)
    hub.told, hub.deaf = [], False

    def tell(route):
        body = route.request.post_data_json
        if body["action"] == "show":
            route.continue_()
        elif hub.deaf:
            error = {"code": "unavailable", "message": "", "requestId": "0"}
            route.fulfill(status=503, json={"data": None, "error": error})
        else:
            hub.told.append(body.get("subscription", body)["endpoint"])
            route.fulfill(json={"data": {"subscriptions": 1}, "error": None})

    hub.route("**/push-subscription", tell)
    hub.goto(hub.url.replace("/reminders/", "/hub/"))
    # What is still being read there moves the buttons below it away from under a press.
    expect(hub.get_by_text("Personne n’attend.")).to_be_visible()
    return hub


def subscription(hub):
    return hub.evaluate("JSON.parse(localStorage.getItem('test-subscription'))")


def test_pushes_of_which_the_server_was_not_told_are_off(pushed):
    pushed.deaf = True

    pushed.get_by_role("button", name=RECEIVE, exact=True).click()
    expect(pushed.locator("visio-waiting-room").get_by_role("alert")).not_to_be_empty()
    expect(pushed.get_by_role("button", name=RECEIVE, exact=True)).to_be_visible()

    assert subscription(pushed) is None
    pushed.deaf = False
    pushed.get_by_role("button", name=RECEIVE, exact=True).click()
    expect(pushed.get_by_role("button", name=RECEIVE_NONE)).to_be_visible()
    assert pushed.told == [subscription(pushed)]


def test_pushes_are_on_where_the_server_says_so_again(pushed):
    pushed.get_by_role("button", name=RECEIVE, exact=True).click()
    expect(pushed.get_by_role("button", name=RECEIVE_NONE)).to_be_visible()

    pushed.reload()
    expect(pushed.get_by_role("button", name=RECEIVE_NONE)).to_be_visible()
    assert pushed.told == [subscription(pushed)] * 2
    pushed.deaf = True
    pushed.reload()

    expect(pushed.get_by_role("button", name=RECEIVE, exact=True)).to_be_visible()


def test_pushes_are_the_operators_who_turned_them_on(pushed):
    pushed.get_by_role("button", name=RECEIVE, exact=True).click()
    expect(pushed.get_by_role("button", name=RECEIVE_NONE)).to_be_visible()
    before = subscription(pushed)
    pushed.get_by_role("button", name="Se déconnecter").click()
    pushed.get_by_label("Adresse e-mail").fill("nora@foxeo.example")
    pushed.get_by_label("Mot de passe").fill("demo-visio")
    pushed.get_by_role("button", name="Se connecter").click()

    turn_on = pushed.get_by_role("button", name=RECEIVE, exact=True)
    expect(turn_on).to_be_visible()
    turn_on.click()
    expect(pushed.get_by_role("button", name=RECEIVE_NONE)).to_be_visible()

    # What MiKL would be told goes to an address that is gone.
    after = subscription(pushed)
    assert pushed.told == [before, after]
    assert before != after


def test_a_page_of_the_other_side_says_where_ones_own_is(open_page):
    page = open_page("/hub/", "alice@client.example")

    expect(page.get_by_text("Vous êtes connecté comme client.")).to_be_visible()
    page.get_by_role("link", name="Aller à votre page").click()

    expect(page.get_by_role("heading", name="Mes rendez-vous")).to_be_visible()


def test_notifications_are_read_and_lead_nowhere_else(open_page, cast):
    cast.request("alice", "Pour lire")
    hub = open_page("/hub/", "mikl@foxeo.example")
    hub.locator("visio-notifications summary").click()
    links = hub.locator("visio-notifications a")
    expect(links.first).to_be_visible()

    hub.get_by_role("button", name="Tout marquer comme lu").click()
    expect(hub.locator("visio-notifications .count")).to_have_text("")

    assert all(
        href.startswith("/")
        for href in links.evaluate_all("all => all.map(a => a.getAttribute('href'))")
    )

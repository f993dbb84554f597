"""The realtime server, by its genuine clients: npm's supabase-js and PyPI's realtime."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest
from realtime import AsyncRealtimeClient, RealtimeSubscribeStates

from local import demo
from local.demo import Listener, Person
from tests.world import ALICE, BRUNO, MIKL

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(120)]
INBOX = f"client:{ALICE.row}:inbox"


@pytest.fixture
def people(stack, monkeypatch):
    """The demo accounts, signed in, by first name."""
    monkeypatch.setattr(demo, "ORIGIN", stack.origin)
    return {name: Person(f"{name}@client.example") for name in ("alice", "bruno")}


@pytest.fixture
def anon_key(stack):
    return stack.keys.api_key("anon")


@pytest.fixture
def listener(people, anon_key):
    made = Listener(anon_key)
    yield made
    made.close()


def post(stack, path, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(f"{stack.origin}/realtime/v1/api/{path}", raw, sent)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def broadcast(stack, topic, event, payload, key=None):
    path = f"broadcast/{quote(topic, safe='')}/events/{event}?private=true"
    return post(stack, path, payload, apikey=key or stack.keys.api_key("service_role"))


def subscribed(line):
    return line.get("status") == "SUBSCRIBED"


def test_supabase_js_joins_its_channel_and_hears_the_relay(stack, listener, people):
    listener.listen(INBOX, people["alice"].token)
    listener.until(subscribed)

    assert broadcast(stack, INBOX, "notification_created", {"version": 7, "at": "é"}) == 202

    heard = listener.until(lambda line: line.get("event") == "notification_created")
    assert (heard["topic"], heard["payload"]["version"], heard["payload"]["at"]) == (INBOX, 7, "é")


@pytest.mark.parametrize(
    "topic",
    [f"client:{BRUNO.row}:inbox", f"operator:{MIKL.row}:inbox", "meeting:x:status", "everybody"],
)
def test_supabase_js_is_refused_where_the_policies_say_no(listener, people, topic):
    listener.listen(topic, people["alice"].token)

    refused = listener.until(lambda line: line.get("status") == "CHANNEL_ERROR")

    assert refused["reason"].startswith("Unauthorized")


def test_supabase_js_without_a_user_is_refused(listener):
    listener.listen(INBOX, "")

    refused = listener.until(lambda line: line.get("status") == "CHANNEL_ERROR")

    assert refused["reason"].startswith("Unauthorized")


def test_supabase_js_hears_a_real_change(stack, listener, people):
    listener.listen(INBOX, people["alice"].token)
    listener.until(subscribed)
    mikl = Person("mikl@foxeo.example")
    asked = {"requestedSlots": ["2027-05-03T09:00:00Z"]}
    request = people["alice"].does("request-meeting", asked).data

    reject = {"requestId": request["id"], "decision": "reject", "reason": "Non"}
    mikl.does("decide-request", reject)

    heard = listener.until(lambda line: line.get("event") == "request_decided")
    assert heard["payload"]["requestId"] == request["id"]
    assert set(heard["payload"]) == {"eventId", "requestId", "version", "at"}


def test_a_channel_ends_with_its_token(stack, listener, people):
    now = int(time.time())
    claims = {"sub": ALICE.user, "role": "authenticated", "aud": "authenticated"}
    listener.listen(INBOX, stack.keys.sign_user({**claims, "exp": now + 3}))
    listener.until(subscribed)

    listener.until(lambda line: line.get("status") == "CLOSED")


def in_python(stack, key, token, topic, then):
    """Subscribe with PyPI's client; run `then` once subscribed; the states and what was heard."""

    async def run():
        client = AsyncRealtimeClient(f"{stack.origin}/realtime/v1", key, auto_reconnect=False)
        await client.connect()
        await client.set_auth(token)
        states, heard, settled = [], asyncio.Queue(), asyncio.Event()
        channel = client.channel(topic, {"config": {"private": True}})
        channel.on_broadcast("*", heard.put_nowait)

        def changed(state, error):
            states.append((state, str(error or "")))
            settled.set()

        await channel.subscribe(changed)
        await asyncio.wait_for(settled.wait(), 10)
        message = None
        if states[0][0] is RealtimeSubscribeStates.SUBSCRIBED:
            await asyncio.to_thread(then)
            message = await asyncio.wait_for(heard.get(), 10)
            await client.remove_channel(channel)
        await client.close()
        return states, message

    return asyncio.run(run())


@pytest.mark.filterwarnings("default")  # the client leaves tasks and warnings of its own behind
def test_pythons_client_joins_and_hears(stack, people, anon_key):
    states, heard = in_python(
        stack,
        anon_key,
        people["alice"].token,
        INBOX,
        lambda: broadcast(stack, INBOX, "notification_created", {"version": 9}),
    )

    assert states[0][0] is RealtimeSubscribeStates.SUBSCRIBED
    assert (heard["event"], heard["payload"]["version"]) == ("notification_created", 9)


@pytest.mark.filterwarnings("default")  # as above
def test_pythons_client_is_refused(stack, people, anon_key):
    states, _ = in_python(stack, anon_key, people["bruno"].token, INBOX, lambda: None)

    assert states[0][0] is RealtimeSubscribeStates.CHANNEL_ERROR
    assert "Unauthorized" in states[0][1]


def test_nobody_but_the_relay_sends(stack, listener, people, anon_key):
    listener.listen(INBOX, people["alice"].token)
    listener.until(subscribed)
    payload = {"version": 1}

    by_anon = broadcast(stack, INBOX, "forged", payload, anon_key)
    by_alice = broadcast(stack, INBOX, "forged", payload, people["alice"].token)
    message = {"topic": INBOX, "event": "forged", "payload": payload, "private": True}
    in_batch = post(stack, "broadcast", {"messages": [message]}, apikey=anon_key)
    service = stack.keys.api_key("service_role")
    true = {**message, "event": "true", "id": "message-1"}
    by_relay = post(stack, "broadcast", {"messages": [true]}, apikey=service)

    assert (by_anon, by_alice, in_batch, by_relay) == (403, 403, 202, 202)
    assert listener.until(lambda line: "event" in line)["event"] == "true"


def test_a_public_channel_of_the_same_name_is_another(stack, listener, people):
    listener.listen(INBOX, people["alice"].token)
    listener.until(subscribed)
    service = stack.keys.api_key("service_role")
    path = f"broadcast/{quote(INBOX, safe='')}/events/"

    post(stack, f"{path}public", {"version": 1}, apikey=service)
    broadcast(stack, INBOX, "private", {"version": 2})

    assert listener.until(lambda line: "event" in line)["event"] == "private"


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("broadcast/x/events/y", {}, {}, 401),
        ("broadcast/x/events/y", {}, {"apikey": "no.jwt.there"}, 401),
        ("broadcast/x/events/y/z", {}, {"apikey": "service"}, 405),
        ("broadcast/x/events/y", b"{}", {"apikey": "service", "Content-Type": "text/plain"}, 415),
        ("broadcast/x/events/y", b"[]", {"apikey": "service"}, 422),
        ("broadcast/x/events/y", b"{", {"apikey": "service"}, 422),
        ("broadcast", b"{", {"apikey": "service"}, 422),
        ("broadcast", {"messages": [{"topic": "x"}]}, {"apikey": "service"}, 422),
        ("broadcast", {"messages": []}, {}, 401),
        ("broadcast", {"messages": []}, {"Authorization": "Bearer service"}, 202),
    ],
)
def test_the_rest_endpoints_refuse_as_upstream_does(stack, path, body, headers, status):
    service = stack.keys.api_key("service_role")
    given = {name: value.replace("service", service) for name, value in headers.items()}

    assert post(stack, path, body, **given) == status


def test_too_many_messages_are_refused(stack):
    service = stack.keys.api_key("service_role")
    messages = [{"topic": "flood", "event": "x", "payload": {}}] * 6001

    assert post(stack, "broadcast", {"messages": messages}, apikey=service) == 429


def test_a_socket_without_a_key_is_not_opened(stack):
    request = urllib.request.Request(
        f"{stack.origin}/realtime/v1/websocket?vsn=2.0.0",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        },
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)

    assert refused.value.code == 401
    refused.value.close()

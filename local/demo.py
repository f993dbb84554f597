"""`make demo`: the whole story over HTTP, with the demo accounts, on a running stack.

Prints each step with what came back, and exits non-zero at the first that goes otherwise.
"""

import hashlib
import hmac
import json
import os
import queue
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from local.auth import PASSWORD
from local.postgres import PROJECT

BOOKING = PROJECT / "tests" / "payloads" / "calcom" / "01_booking_created.json"
ORIGIN = os.environ.get("VISIO_URL") or f"http://127.0.0.1:{os.environ.get('PORT') or 8080}"
# Straight there: a proxy of the environment's would look for the stack on a machine of its own.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class NoStack(Exception):
    """What answers there is something else."""


class Otherwise(Exception):
    """A step went otherwise than the story says."""


class Answer:
    """One answer: its status, and the `data` or the error's code."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body

    @property
    def data(self) -> Any:
        return self.body.get("data") if isinstance(self.body, dict) else None

    @property
    def code(self) -> str | None:
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error["code"] if isinstance(error, dict) else None


def send(
    path: str, body: object = None, *, token: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """POST a body (GET without one) and read the answer, whatever its status."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(ORIGIN + path, data, sent)  # noqa: S310 -- the stack's own address
    try:
        with _open(request, timeout=10) as answer:
            return Answer(answer.status, json.load(answer))
    except urllib.error.HTTPError as error:
        return Answer(error.code, json.loads(error.read() or b"null"))


class Person:
    """Somebody with a demo account, signed in."""

    def __init__(self, email: str) -> None:
        body = {"email": email, "password": PASSWORD}
        self.session = send("/auth/v1/token?grant_type=password", body).body
        if not isinstance(self.session, dict) or "access_token" not in self.session:
            raise Otherwise(f"{email} cannot sign in")
        self.token: str = self.session["access_token"]
        self.id: str = self.session["user"]["id"]

    def does(
        self, function: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        asked = f"?{urlencode(query)}" if query else ""
        return send(f"/functions/v1/{function}{asked}", body, token=self.token)


class Listener:
    """Node with the genuine supabase-js; what it hears comes in as lines."""

    def __init__(self, anon_key: str) -> None:
        self._process = subprocess.Popen(
            ["node", "--no-warnings", "local/listener.mjs", ORIGIN, anon_key],  # noqa: S607 -- make setup has looked
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._seen: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 -- it is a pipe
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(json.loads(line))

    def listen(self, topic: str, token: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- it is a pipe
        self._process.stdin.write(json.dumps({"topic": topic, "token": token}) + "\n")
        self._process.stdin.flush()

    def until(
        self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 15
    ) -> dict[str, Any]:
        """The first line like that, heard already or within some seconds."""
        give_up = time.monotonic() + seconds
        while True:
            for line in self._seen:
                if wanted(line):
                    self._seen.remove(line)
                    return line
            try:
                self._seen.append(self._lines.get(timeout=max(0.01, give_up - time.monotonic())))
            except queue.Empty as error:
                raise Otherwise("the browser's client did not hear it") from error

    def close(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- it is a pipe
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)


def told(text: str, came_back: str) -> None:
    print(f"  {text:<58} {came_back}", flush=True)


def step(
    text: str, answer: Answer, status: int, code: str | None = None, *, shows: str = ""
) -> Any:
    """Say what came back; raise Otherwise unless it is this."""
    data = answer.data
    shown = answer.code or (data.get(shows) if shows and isinstance(data, dict) else "") or ""
    told(text, f"{answer.status} {shown}".rstrip())
    if (answer.status, answer.code) != (status, code):
        raise Otherwise(f"{status} {code or ''} was to come back: {answer.body}")
    return data


def signed(body: bytes) -> dict[str, str]:
    secret = (os.environ.get("CALCOM_WEBHOOK_SECRETS") or "test-secret").split(",")[0].strip()
    return {"X-Cal-Signature-256": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def booking(uid: str, starts_at: datetime, link: str | None = None) -> bytes:
    """What Cal.com posts when somebody has booked, with a client's link or without any."""
    token = link and parse_qs(urlsplit(link).query)["metadata[bookingToken]"][0]
    metadata = {"bookingToken": token} if token else {}
    return _event("BOOKING_CREATED", uid, starts_at, iCalUID=f"{uid}@Cal.com", metadata=metadata)


def moved(uid: str, before: str, starts_at: datetime) -> bytes:
    """What Cal.com posts when a booking was moved: a new uid, and nothing of the link."""
    more = {"iCalUID": f"{before}@Cal.com", "iCalSequence": 1, "rescheduleUid": before}
    return _event("BOOKING_RESCHEDULED", uid, starts_at, metadata={}, **more)


def _event(trigger: str, uid: str, starts_at: datetime, **more: Any) -> bytes:
    event = json.loads(BOOKING.read_bytes())
    event.update(triggerEvent=trigger, createdAt=datetime.now(UTC).isoformat())
    event["payload"].update(
        uid=uid,
        startTime=f"{starts_at:%Y-%m-%dT%H:%M:%SZ}",
        endTime=f"{starts_at + timedelta(minutes=15):%Y-%m-%dT%H:%M:%SZ}",
        **more,
    )
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def story(listener: Listener, alice: Person, bruno: Person, mikl: Person) -> None:
    # A quarter of an hour that earlier demos have hardly taken.
    slot = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(
        minutes=15 * random.randrange(96, 300 * 96)  # noqa: S311 -- a time, not a secret
    )
    listener.listen(f"operator:{mikl.id}:inbox", mikl.token)
    listener.until(lambda line: line.get("status") == "SUBSCRIBED")
    told("MiKL's browser listens to his inbox (supabase-js)", "SUBSCRIBED")

    asked: dict[str, Any] = {
        "requestedSlots": [(slot + timedelta(days=d)).isoformat() for d in range(3)],
        "message": "Bonjour, pouvons-nous parler du projet ?",
        "durationMinutes": 15,
    }
    request = step(
        "Alice proposes three slots", alice.does("request-meeting", asked), 201, shows="status"
    )
    heard = listener.until(lambda line: line.get("event") == "request_created")
    told("  MiKL's browser hears it", heard["event"])

    accept = {
        "requestId": request["id"],
        "decision": "accept",
        "selectedSlot": asked["requestedSlots"][0],
    }
    step("Bruno cannot accept it", bruno.does("decide-request", accept), 403, "not_your_role")
    decided = step(
        "MiKL accepts the first", mikl.does("decide-request", accept), 200, shows="status"
    )
    reject = {"requestId": request["id"], "decision": "reject", "reason": "Finalement non"}
    step(
        "  and cannot reject it any more",
        mikl.does("decide-request", reject),
        409,
        "already_decided",
    )
    notes = step("Alice is told", alice.does("list-notifications", query={"unread": "true"}), 200)
    told("  in French", f"« {notes['items'][0]['title']} »")

    exchange(bruno, mikl, slot + timedelta(days=5))

    meeting = {"meetingId": decided["meetingId"]}
    listener.listen(f"meeting:{decided['meetingId']}:status", bruno.token)
    refused = listener.until(lambda line: line.get("status") == "CHANNEL_ERROR")
    told("Bruno's browser may not listen to that meeting", str(refused["reason"]).split(":")[0])
    listener.listen(f"meeting:{decided['meetingId']}:status", alice.token)
    listener.until(lambda line: line.get("status") == "SUBSCRIBED")
    told("Alice's may", "SUBSCRIBED")

    step("Alice tries the room's door", alice.does("join-meeting", meeting), 403, "not_admitted")
    knock = {**meeting, "signal": "client_waiting"}
    lobby = step("Alice knocks", alice.does("lobby-signal", knock), 200)
    told("  the lobby says", lobby["knock"]["status"])
    heard = listener.until(
        lambda line: line.get("event") == "client_waiting" and line["topic"].startswith("operator:")
    )
    told("  MiKL's browser hears it", heard["event"])
    found = step("MiKL sees who waits", mikl.does("waiting-room"), 200)["items"]
    told("  in his waiting room", ", ".join(one["clientName"] for one in found))
    late = {**meeting, "canned": "one_moment"}
    step("  and answers her", mikl.does("lobby-message", late), 201)
    step("She is still outside", alice.does("join-meeting", meeting), 403, "not_admitted")
    admit = {**meeting, "signal": "operator_joined"}
    lobby = step("MiKL lets her in", mikl.does("lobby-signal", admit), 200, shows="meetingStatus")
    heard = listener.until(
        lambda line: line.get("event") == "operator_joined" and line["topic"].startswith("meeting:")
    )
    told("  Alice's browser hears it", heard["event"])
    ticket = step(
        "Alice gets her ticket", alice.does("join-meeting", meeting), 200, shows="provider"
    )
    told("  for one room, until", ticket["expiresAt"])
    end = {**meeting, "signal": "meeting_ended"}
    step("MiKL ends the meeting", mikl.does("lobby-signal", end), 200, shows="meetingStatus")
    heard = listener.until(lambda line: line.get("event") == "meeting_completed")
    told("  Alice's browser hears it", heard["event"])

    link = step("Alice asks for her Cal.com link", alice.does("booking-link", {}), 200)
    first, second, third = (
        f"demo{random.getrandbits(64):016x}"  # nosec B311 -- names, not secrets
        for _ in range(3)
    )
    body = booking(first, slot + timedelta(days=4), link["url"])
    hook = "/functions/v1/calcom-webhook"
    wrong = {"X-Cal-Signature-256": "0" * 64}
    step("A stranger posts a booking", send(hook, body, headers=wrong), 401, "bad_signature")
    booked = step(
        "Cal.com posts Alice's booking",
        send(hook, body, headers=signed(body)),
        200,
        shows="outcome",
    )
    step("  and again", send(hook, body, headers=signed(body)), 200, shows="outcome")
    meetings = mikl.does("list-meetings", query={"status": "scheduled"})
    found = [m for m in meetings.data["items"] if m["id"] == booked["meetingId"]]
    if not found:
        raise Otherwise("the booking is not among MiKL's meetings")
    told("It is a meeting of MiKL's", found[0]["status"])
    body = moved(second, first, slot + timedelta(days=5))
    step(
        "Alice moves it in Cal.com",
        send(hook, body, headers=signed(body)),
        200,
        shows="outcome",
    )
    body = booking(third, slot + timedelta(days=6))
    step(
        "Cal.com posts a booking of nobody's",
        send(hook, body, headers=signed(body)),
        400,
        "missing_metadata",
    )
    waits = step("MiKL finds it in quarantine", mikl.does("list-quarantine", query={}), 200)
    client = bruno.does("list-requests").data["items"][0]["clientId"]
    given = {"id": waits["items"][0]["id"], "resolution": "assign", "clientId": client}
    step("  and gives it to Bruno", mikl.does("resolve-quarantine", given), 200, shows="state")


def exchange(bruno: Person, mikl: Person, slot: datetime) -> None:
    """The operator offers another time, the client takes it, and both have it in writing."""
    asked = {"requestedSlots": [slot.isoformat()], "durationMinutes": 15}
    request = step(
        "Bruno proposes a slot", bruno.does("request-meeting", asked), 201, shows="status"
    )
    other = (slot + timedelta(hours=2)).isoformat()
    offer = {
        "requestId": request["id"],
        "decision": "propose",
        "proposedSlots": [other],
        "message": "Plutôt deux heures plus tard ?",
    }
    step("MiKL offers another", mikl.does("decide-request", offer), 200, shows="status")
    take = {"requestId": request["id"], "answer": "accept", "selectedSlot": other}
    agreed = step("Bruno takes it", bruno.does("answer-proposal", take), 200, shows="status")
    found = bruno.does("list-requests", query={"limit": "1"}).data["items"][0]["history"]
    told("  the whole exchange", ", ".join(one["action"] for one in found))
    told("  MiKL reads it in his mailbox", letter_to("mikl@foxeo.example", "Proposition acceptée"))
    link = step("Bruno subscribes his calendar", bruno.does("calendar-link", {}), 200)
    with _open(link["url"], timeout=10) as answer:
        if f"UID:{agreed['meetingId']}@visio.foxeo" not in answer.read().decode():
            raise Otherwise("the meeting is not in Bruno's calendar")
        told("  and finds the meeting there", answer.headers["Content-Type"].partition(";")[0])


def letter_to(address: str, subject: str) -> str:
    """Wait for an e-mail in the local stack's mailbox; its subject."""
    for _ in range(100):
        letters = send("/mail/list.json").body
        if any((one["to"], one["subject"]) == (address, subject) for one in letters[:10]):
            return f"« {subject} »"
        time.sleep(0.1)
    raise Otherwise(f"no e-mail « {subject} » came for {address}")


def anon_key() -> str:
    """The key that browsers get from the stack. Raises NoStack, and URLError where none answers."""
    try:
        return str(send("/config.json").body["anonKey"])
    except urllib.error.URLError:
        raise
    except (HTTPException, OSError, ValueError, LookupError, TypeError) as error:
        raise NoStack from error


def main() -> None:
    listener = None
    try:
        listener = Listener(anon_key())
        alice, bruno = Person("alice@client.example"), Person("bruno@client.example")
        story(listener, alice, bruno, Person("mikl@foxeo.example"))
    except urllib.error.URLError:
        sys.exit(f"visio: no stack answers at {ORIGIN}: start it with `make run`")
    except NoStack:
        sys.exit(f"visio: what answers at {ORIGIN} is no stack of ours: say where it is with PORT")
    except Otherwise as otherwise:
        sys.exit(f"visio: the story went otherwise: {otherwise}")
    finally:
        if listener is not None:
            listener.close()
    print("  the story is told", flush=True)


if __name__ == "__main__":
    main()

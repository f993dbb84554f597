"""What the tests of Cal.com's bookings have in common."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.calcom import Booking
from tests.world import ALICE, SCHEDULER, signed


@pytest.fixture
def tell(call):
    """Post one signed event of Cal.com's; its outcome, or the code of the refusal."""

    def tell(body):
        raw = json.dumps(body, ensure_ascii=False).encode()
        answer = call("calcom-webhook", raw=raw, headers=signed(raw))
        if answer.status_code == 200:
            return answer.json["data"]["outcome"]
        return answer.json["error"]["code"]

    return tell


@pytest.fixture
def linked(call):
    """A booking made through this client's own link."""

    def linked(client=ALICE, **more):
        link = call("booking-link", {}, client).json["data"]["url"]
        token = parse_qs(urlsplit(link).query)["metadata[bookingToken]"][0]
        return Booking(metadata={"bookingToken": token}, **more)

    return linked


@pytest.fixture
def meetings(call):
    def meetings(as_=ALICE):
        return call("list-meetings", {}, as_).json["data"]["items"]

    return meetings


@pytest.fixture
def requests(call):
    def requests(as_=ALICE):
        return call("list-requests", {}, as_).json["data"]["items"]

    return requests


@pytest.fixture
def notes(call):
    def notes(as_):
        return [n["type"] for n in call("list-notifications", {}, as_).json["data"]["items"]]

    return notes


@pytest.fixture
def sweep(call, remote):
    def sweep():
        headers = {"Authorization": f"Bearer {remote.keys.sign_google(*SCHEDULER)}"}
        return call("complete-meetings", headers=headers).json["data"]

    return sweep

"""What Pub/Sub pushes is read, or says nothing; it is never refused."""

import base64
import json
from uuid import UUID

import pytest
from msgspec import Struct

from visio.flows.pushed import Push, content

SUBSCRIPTION = "projects/x/subscriptions/y"
ID = UUID("7a1c2c1e-0f5e-4f0e-9a55-0123456789ab")


class Order(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    order_id: UUID


def envelope(data, **more):
    message = {"data": base64.b64encode(data).decode(), "messageId": "1", **more}
    return json.dumps({"message": message, "subscription": SUBSCRIPTION, "new": 1}).encode()


def test_a_message_of_ours_is_read():
    push = Push.read(envelope(json.dumps({"orderId": str(ID)}).encode()))

    assert content(push, Order, SUBSCRIPTION) == Order(ID)
    assert content(push, Order, "projects/x/subscriptions/z") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"\xff",
        b"[" * 100_000,
        json.dumps({"orderId": str(ID), "more": 1}).encode(),
        json.dumps({"orderId": 7}).encode(),
        json.dumps({"order_id": str(ID)}).encode(),
    ],
)
def test_what_is_within_and_not_ours_is_none(data):
    assert content(Push.read(envelope(data)), Order, SUBSCRIPTION) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"message":null}',
        b'{"message":{"data":"\\u0000"}}',
        b'{"message":{"data":"\\ud800"}}',
        b'{"message":{"data":NaN}}',
        b'{"subscription":7}',
        b"\xff",
    ],
)
def test_what_nobody_can_read_or_store_says_nothing(body):
    assert Push.read(body) == Push()


@pytest.mark.parametrize("depth", [10, 100, 300, 500, 900, 990, 1_000, 10_000, 100_000])
def test_no_depth_is_too_deep_to_say_nothing(depth):
    body = b'{"message":{"data":' + b"[" * depth + b"]" * depth + b"}}"

    assert content(Push.read(body), Order, SUBSCRIPTION) is None

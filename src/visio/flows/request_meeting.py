"""A client asks for a meeting."""

import hashlib
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from visio.adapters import requests
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.refusals import IdempotencyKeyReused, TooManyRequests
from visio.domain.request import MeetingRequest, ask
from visio.flows.commands import Command, Message, Slots


class RequestMeeting(Command):
    requested_slots: Slots
    message: Message | None = None
    duration_minutes: Annotated[int, Field(ge=15, le=240, strict=True)] = 60


def request_meeting(
    command: RequestMeeting, call: Call, tx: Transaction, *, most_open: int, notice: timedelta
) -> MeetingRequest:
    """The request as stored; with an idempotency key seen before, the one stored then."""
    opening = requests.opening(tx, call.idempotency_key)
    client = tx.client
    fingerprint = hashlib.sha256(call.body).hexdigest()
    if opening.answer is not None:
        if opening.fingerprint != fingerprint:
            raise IdempotencyKeyReused
        return opening.answer
    if most_open and opening.open_requests >= most_open:
        raise TooManyRequests
    request, said = ask(
        command.requested_slots,
        client_id=client.id,
        client_name=client.name,
        operator_id=client.operator_id,
        message=command.message,
        duration_minutes=command.duration_minutes,
        notice=notice,
        now=call.now,
    )
    requests.add(tx, request)
    if call.idempotency_key is not None:
        requests.remember(tx, call.idempotency_key, fingerprint, request)
    tx.say(said)
    return request

"""The operator accepts a request, rejects it with a reason, or offers other slots."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, RootModel

from visio.adapters import meetings, requests
from visio.adapters.database import Transaction
from visio.adapters.requests import HeldRequest
from visio.call import Call
from visio.domain.decision import Accept, Calendar, Decided, Propose, Reject, Verdict, decide
from visio.domain.refusals import NotFound
from visio.domain.request import MeetingRequest
from visio.flows.commands import Command, Instant, Message, Reason, Slots


class AcceptRequest(Command):
    request_id: UUID
    decision: Literal["accept"]
    selected_slot: Instant


class RejectRequest(Command):
    request_id: UUID
    decision: Literal["reject"]
    reason: Reason


class ProposeSlots(Command):
    request_id: UUID
    decision: Literal["propose"]
    proposed_slots: Slots
    message: Message | None = None


class DecideRequest(
    RootModel[
        Annotated[AcceptRequest | RejectRequest | ProposeSlots, Field(discriminator="decision")]
    ]
):
    model_config = ConfigDict(frozen=True, defer_build=True)


def decide_request(
    command: DecideRequest, call: Call, tx: Transaction, *, buffer: timedelta
) -> MeetingRequest:
    """The request as decided; the same decision again changes nothing."""
    verdict = _verdict(command)
    offered = verdict.slots if isinstance(verdict, Propose) else ()
    held = requests.hold(tx, command.root.request_id, slots=offered, buffer=buffer)
    _ = tx.operator
    if held is None:
        raise NotFound
    calendar = Calendar(busy=held.busy, buffer=buffer)
    return settle(tx, held, decide(held.request, verdict, held.people, calendar, now=call.now))


def _verdict(command: DecideRequest) -> Verdict:
    match command.root:
        case AcceptRequest(selected_slot=slot):
            return Accept(slot)
        case RejectRequest(reason=reason):
            return Reject(reason)
        case ProposeSlots(proposed_slots=slots, message=message):
            return Propose(slots, message)


def settle(tx: Transaction, held: HeldRequest, decided: Decided | None) -> MeetingRequest:
    """Write what was decided and say it; the request as it now is."""
    if decided is None:
        return held.request
    if decided.meeting is not None:
        meetings.add(tx, decided.meeting)
    requests.record(tx, decided.request)
    tx.say(decided.said)
    return decided.request

"""The client accepts a slot that the operator offered, declines, or withdraws the request."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, RootModel

from visio.adapters import requests
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.decision import Accept, Answer, Calendar, Decline, Withdraw, answer
from visio.domain.refusals import NotFound
from visio.domain.request import MeetingRequest
from visio.flows.commands import Command, Instant, Message
from visio.flows.decide_request import settle


class AcceptProposal(Command):
    request_id: UUID
    answer: Literal["accept"]
    selected_slot: Instant


class TurnDown(Command):
    """None of the operator's slots will do, or the whole request is taken back."""

    request_id: UUID
    answer: Literal["decline", "withdraw"]
    message: Message | None = None


class AnswerProposal(
    RootModel[Annotated[AcceptProposal | TurnDown, Field(discriminator="answer")]]
):
    model_config = ConfigDict(frozen=True, defer_build=True)


def answer_proposal(
    command: AnswerProposal, call: Call, tx: Transaction, *, buffer: timedelta
) -> MeetingRequest:
    """The request as answered; the same answer again changes nothing."""
    held = requests.hold(tx, command.root.request_id, buffer=buffer)
    _ = tx.client
    if held is None:
        raise NotFound
    calendar = Calendar(busy=held.busy, buffer=buffer)
    given = answer(held.request, _answer(command), held.people, calendar, now=call.now)
    return settle(tx, held, given)


def _answer(command: AnswerProposal) -> Answer:
    given = command.root
    if isinstance(given, AcceptProposal):
        return Accept(given.selected_slot)
    return Withdraw(given.message) if given.answer == "withdraw" else Decline(given.message)

"""The operator accepts a request, or rejects it with a reason."""

from visio.adapters import requests
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.refusals import NotFound
from visio.domain.request import Accept, MeetingRequest, Reject, decide
from visio.flows.commands import AcceptRequest, DecideRequest


def decide_request(command: DecideRequest, call: Call, tx: Transaction) -> MeetingRequest:
    """The request as decided; the same decision again changes nothing."""
    wanted = command.root
    held = requests.hold(tx, wanted.request_id)
    operator = tx.operator
    if held is None:
        raise NotFound
    decided = decide(
        held.request,
        Accept(wanted.selected_slot)
        if isinstance(wanted, AcceptRequest)
        else Reject(wanted.reason),
        title=f"{operator.name} – {held.client_name}",
        operator_name=operator.name,
        client_time_zone=held.client_time_zone,
        busy=held.busy,
        now=call.now,
    )
    if decided is None:
        return held.request
    requests.record(tx, decided.request, decided.meeting)
    tx.say(decided.said)
    return decided.request

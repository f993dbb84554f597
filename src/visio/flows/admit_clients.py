"""The operator lets in whoever waits at several meetings."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct
from pydantic import AfterValidator, Field

from visio.adapters import meetings
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.lobby import Lobby, Rules, admitted
from visio.domain.refusals import NotFound, Refusal
from visio.flows.commands import Command, distinct


class AdmitClients(Command):
    meeting_ids: Annotated[
        tuple[UUID, ...], Field(min_length=1, max_length=50), AfterValidator(distinct)
    ]


class Admission(Struct, frozen=True):
    """What became of one of several admissions."""

    meeting_id: UUID
    outcome: Literal["admitted", "refused"]
    code: str | None
    state: str | None


def admit_clients(
    command: AdmitClients, call: Call, tx: Transaction, *, rules: Rules
) -> list[Admission]:
    """Let in whoever waits at each of these meetings; what is refused stands in nobody's way."""
    held = {lobby.meeting.id: lobby for lobby in meetings.hold_many(tx, command.meeting_ids)}
    _ = tx.operator
    changed: list[tuple[Lobby, Lobby]] = []
    results = []
    for meeting_id in command.meeting_ids:
        before = held.get(meeting_id)
        try:
            if before is None:
                raise NotFound
            after = admitted(before, rules=rules, now=call.now)
            changed.append((before, after))
            results.append(Admission(meeting_id, "admitted", None, _state(after, call)))
        except Refusal as refusal:
            results.append(Admission(meeting_id, "refused", refusal.code, _state(before, call)))
    meetings.record(tx, *changed)
    tx.say(*(after.said for _, after in changed if after.said is not None))
    return results


def _state(lobby: Lobby | None, call: Call) -> str | None:
    return lobby.knock.seen(call.now).status if lobby is not None and lobby.knock else None

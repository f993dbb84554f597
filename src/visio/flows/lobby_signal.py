"""A party knocks, leaves, lets in, refuses, sends back or ends."""

from typing import Literal, Self
from uuid import UUID

from pydantic import model_validator

from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.lobby import Devices, Lobby, Meant, NextStep, Rules, signalled
from visio.domain.refusals import NotYourRole
from visio.flows.commands import Command, Reason
from visio.flows.lobby import held, write

CLIENTS = {"client_waiting", "client_left"}


class LobbySignal(Command):
    """`knock_id` names the arrival that is meant; `devices` is the client's to tell."""

    meeting_id: UUID
    signal: Literal[
        "client_waiting",
        "client_left",
        "operator_joined",
        "entry_denied",
        "back_to_lobby",
        "remove",
        "meeting_ended",
    ]
    reason: Reason | None = None
    knock_id: UUID | None = None
    devices: Devices | None = None
    next_step: NextStep | None = None

    @model_validator(mode="after")
    def _each_with_its_signal(self) -> Self:
        if self.devices is not None and self.signal != "client_waiting":
            raise ValueError("devices come with client_waiting only")
        if self.next_step is not None and self.signal not in ("entry_denied", "remove"):
            raise ValueError("nextStep comes with entry_denied and remove only")
        return self


def lobby_signal(command: LobbySignal, call: Call, tx: Transaction, *, rules: Rules) -> Lobby:
    """The lobby after a party's signal. Nothing but `operator_joined` lets a client in."""
    before = held(tx, command.meeting_id)
    if (command.signal in CLIENTS) != (tx.side == "client"):
        raise NotYourRole
    meant = Meant(knock=command.knock_id, devices=command.devices, next_step=command.next_step)
    lobby = signalled(before, command.signal, command.reason, meant, rules=rules, now=call.now)
    write(tx, before, lobby)
    return lobby

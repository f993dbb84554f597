"""One of the two says a few words to the other."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from visio.adapters import lobbies
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.lobby import Lobby, Rules, spoken
from visio.domain.words import CANNED
from visio.flows.commands import Command
from visio.flows.lobby import held, write


def _ready_made(key: str) -> str:
    if key not in CANNED:
        raise ValueError(f"must be one of {', '.join(CANNED)}")
    return key


class LobbyMessage(Command):
    """A few words, or the key of a ready-made answer."""

    meeting_id: UUID
    text: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    canned: Annotated[str, AfterValidator(_ready_made)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) is (self.canned is None):
            raise ValueError("either text or canned")
        return self


def lobby_message(
    command: LobbyMessage, call: Call, tx: Transaction, *, rules: Rules, factor: float
) -> Lobby:
    """The lobby with what one of the two said to the other: words, which let nobody in."""
    before = held(tx, command.meeting_id)
    lobby = spoken(
        before,
        tx.side,
        canned=command.canned,
        body=command.text,
        factor=factor,
        rules=rules,
        now=call.now,
    )
    lobbies.say(tx, lobby.meeting, lobby.messages[-1])
    write(tx, before, lobby)
    return lobby

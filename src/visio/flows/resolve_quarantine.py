"""The operator says whose bookings wait in quarantine, applies them, or wants none of them."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct
from pydantic import ConfigDict, Field, RootModel

from visio.adapters import chains
from visio.adapters.chains import HeldChain
from visio.adapters.database import Transaction
from visio.call import Call
from visio.domain.events import instant
from visio.domain.refusals import AlreadyDecided, NotFound, SlotTaken
from visio.flows.commands import Command
from visio.flows.follow_chain import Followed, follow


class AssignChain(Command):
    """Bookings that nobody was bound to are this client's."""

    id: UUID
    resolution: Literal["assign"]
    client_id: UUID


class SettleChain(Command):
    """What overlapped is applied, the way being clear by now; or the operator wants none of it."""

    id: UUID
    resolution: Literal["apply", "dismiss"]


class ResolveQuarantine(
    RootModel[Annotated[AssignChain | SettleChain, Field(discriminator="resolution")]]
):
    model_config = ConfigDict(frozen=True, defer_build=True)


WAITS_FOR = {"assign": ("quarantined",), "apply": ("conflict",)}
EITHER = ("quarantined", "conflict")


class Resolved(Struct, frozen=True):
    """The chain as it is now, and the requests and meetings that it became."""

    id: UUID
    state: str
    request_ids: tuple[UUID, ...]
    meeting_ids: tuple[UUID, ...]


def resolve_quarantine(
    command: ResolveQuarantine, call: Call, tx: Transaction, *, buffer: timedelta
) -> Resolved:
    """What the whole chain came to. Raises AlreadyDecided with the state that it is in by now,
    and SlotTaken where another meeting still stands in the way.
    """
    wanted = command.root
    client_id = wanted.client_id if isinstance(wanted, AssignChain) else None
    chosen = chains.choose(tx, wanted.id, client_id)
    tx.go_on_as_system()
    chains.hold_chosen(tx)
    chain = chains.look(tx, buffer=buffer, assigned=client_id)
    operator = tx.operator
    # While the lock was waited for it may have become another operator's.
    if not chosen.rows or (chain and chain.shown_to not in (None, operator.id)):
        raise NotFound
    if chain is None or chain.state not in WAITS_FOR.get(wanted.resolution, EITHER):
        state = chain.state if chain else "open"
        raise AlreadyDecided(details=[{"field": "state", "problem": state}])
    if wanted.resolution == "dismiss":
        return _dismiss(tx, chain)
    followed = follow(tx, chain, now=call.now)
    if wanted.resolution == "apply" and followed.conflicts:
        starts = [of.span.start for of in followed.conflicts if of.span]
        raise SlotTaken(details=[{"field": "startsAt", "problem": instant(at)} for at in starts])
    return _resolved(chain, followed)


def _dismiss(tx: Transaction, chain: HeldChain) -> Resolved:
    party = chain.party
    chains.keep(
        tx,
        client_id=party.client_id if party else None,
        operator_id=party.operator_id if party else chain.concerns,
        state="dismissed",
        summary=chain.summary,
        ends_at=None,
    )
    chains.share(tx, "dismissed")
    return Resolved(chain.id, "dismissed", (), ())


def _resolved(chain: HeldChain, followed: Followed) -> Resolved:
    requests = [held.request for held in followed.held.values()]
    return Resolved(
        chain.id,
        followed.state,
        tuple(request.id for request in requests),
        tuple(request.meeting_id for request in requests if request.meeting_id),
    )

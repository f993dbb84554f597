"""Bring our rows in line with what a chain of Cal.com's bookings comes to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from visio.adapters import chains
from visio.adapters.chains import HeldChain
from visio.adapters.database import Transaction
from visio.domain.appointment import (
    MOVED_AWAY,
    Appointment,
    Held,
    Party,
    Phase,
    Settled,
    settle,
)
from visio.domain.booking import ASKS, CONFIRMS, Told
from visio.domain.chain import appointments
from visio.domain.events import Said, instant
from visio.domain.words import Facts

# An appointment settles in one step, or in two where its meeting is marked as well.
STEPS = 3


class Followed(Struct, frozen=True):
    """What became of a chain: what was written, what stands in the way, and its meetings."""

    state: str
    appointments: tuple[Appointment, ...]
    settled: tuple[Settled, ...]
    conflicts: tuple[Appointment, ...]
    held: Mapping[str, Held]

    def of(self, told: Told) -> Appointment | None:
        """The appointment that an event speaks of."""
        return next((a for a in self.appointments if told.uid in a.uids), None)

    def meeting_id(self, told: Told) -> UUID | None:
        """The meeting of it, if there is one."""
        of = self.of(told)
        held = of and self.held.get(of.head)
        return held.request.meeting_id if held else None

    def outcome(self, told: Told) -> str:
        """In the contract's words, what one event changed."""
        of = self.of(told)
        outcomes = [one.outcome for one in self.settled if of and one.head == of.head]
        if not outcomes:
            outcomes = [one.outcome for one in self.settled]
        if outcomes:
            return outcomes[0]
        return "stale" if of is not None and _overtaken(told, of) else "ignored"


def _overtaken(told: Told, of: Appointment) -> bool:
    """Whether what an event says had been left behind when it came."""
    if told.trigger not in CONFIRMS | ASKS:
        return False
    ended = of.phase is not None and of.phase.ended
    return ended or told.uid != of.head or (told.trigger in ASKS and of.phase is Phase.CONFIRMED)


def follow(tx: Transaction, chain: HeldChain, *, now: datetime) -> Followed:
    """Write all that follows from what was told; an operator is told of what waits for them."""
    come_to = appointments(chain.told)
    if chain.party is None:
        return _unbound(tx, chain, come_to, now=now)
    party, held = chain.party, {one.uid: one for one in chain.held}
    for one in chain.held:
        party = party.after(one.lobby)
    settled: list[Settled] = []
    conflicts: list[Appointment] = []
    # What gives a time up comes first: another booking of the chain may have taken it.
    for of in sorted(come_to, key=lambda a: a.phase is None or not a.phase.ended):
        for extra in _beside(of, held):
            over = replace(of, phase=Phase.CANCELLED, head=extra.uid, reason=MOVED_AWAY, by=None)
            party = _write(tx, over, extra, party, settled, held, now=now) or party
        mine = _mine(of, held)
        after = _write(tx, of, mine, party, settled, held, now=now)
        if after is None:
            conflicts.append(of)
        else:
            party = after
    state = _state(chain, conflicts)
    if state == "conflict" and not _known(chain, conflicts):
        reader = chains.Reader(party.operator_id, party.people.operator_time_zone)
        _tell(tx, [reader], "booking_conflict", conflicts, now=now)
    chains.keep(
        tx,
        client_id=party.client_id,
        operator_id=party.operator_id,
        state=state,
        summary=_summary("conflict", chain, conflicts) if conflicts else None,
        ends_at=_ends_at(come_to),
        phases={of.head: of.phase for of in come_to if of.phase},
    )
    chains.share(tx, "conflict" if conflicts else "applied")
    return Followed(state, tuple(come_to), tuple(settled), tuple(conflicts), held)


def _write(
    tx: Transaction,
    of: Appointment,
    mine: Held | None,
    party: Party,
    settled: list[Settled],
    held: dict[str, Held],
    *,
    now: datetime,
) -> Party | None:
    """Write one appointment and return the party after it; None where a meeting is in the way."""
    for _ in range(STEPS):
        step = settle(of, mine, party, now=now)
        if step is None:
            break
        if step.conflict:
            return None
        chains.write(tx, step)
        settled.append(step)
        if mine is not None:
            held.pop(mine.uid, None)
        mine = step.held
        held[mine.uid] = mine
        party = party.after(mine.lobby)
    return party


def _mine(of: Appointment, held: Mapping[str, Held]) -> Held | None:
    """What there is of an appointment: under its latest uid, or under one that it had before.

    What ended here and went on in Cal.com all the same is another appointment: people will come.
    """
    before = [held[uid] for uid in sorted(of.uids) if uid in held]
    live = next((one for one in before if not one.request.status.terminal), None)
    ended = before[0] if before and of.phase is not None and of.phase.ended else None
    return held.get(of.head) or live or ended


def _beside(of: Appointment, held: Mapping[str, Held]) -> list[Held]:
    """Rows of bookings that passed for two appointments, until it was told that they are one."""
    mine = _mine(of, held)
    return [held[uid] for uid in sorted(of.uids) if uid in held and held[uid] is not mine]


def _unbound(
    tx: Transaction, chain: HeldChain, come_to: list[Appointment], *, now: datetime
) -> Followed:
    """Nobody knows whose bookings these are: they wait for an operator, unless all is over."""
    open_ = [of for of in come_to if of.placed and of.phase and not of.phase.ended]
    state = "dismissed" if chain.state == "dismissed" else "quarantined" if open_ else "open"
    if state == "quarantined" and chain.state != "quarantined":
        _tell(tx, chain.readers, "booking_quarantined", open_, now=now)
    chains.keep(
        tx,
        client_id=None,
        operator_id=chain.concerns,
        state=state,
        summary=_summary("unbound", chain, open_) if state != "open" else None,
        ends_at=_ends_at(come_to),
    )
    chains.share(tx, "dismissed" if state == "dismissed" else "quarantined")
    return Followed(state, tuple(come_to), (), (), {})


def _state(chain: HeldChain, conflicts: list[Appointment]) -> str:
    if not conflicts:
        return "open"
    dismissed = chain.state == "dismissed" and _known(chain, conflicts)
    return "dismissed" if dismissed else "conflict"


def _known(chain: HeldChain, conflicts: list[Appointment]) -> bool:
    """Whether the operator has been told of each of these already."""
    told = {one["uid"] for one in (chain.summary or {}).get("bookings", ())}
    waited = chain.state in ("conflict", "dismissed")
    return waited and {of.head for of in conflicts} <= told


def _tell(
    tx: Transaction,
    readers: Sequence[chains.Reader],
    type: str,
    about: list[Appointment],
    *,
    now: datetime,
) -> None:
    facts = Facts(slot=next((of.span.start for of in about if of.span), None))
    said = Said(at=now, version=1)
    for reader in readers:
        said = said.notify(
            "operator", reader.operator_id, type, facts, "/hub/", time_zone=reader.time_zone
        )
    tx.say(said)


def _summary(reason: str, chain: HeldChain, about: list[Appointment]) -> dict[str, Any]:
    """What an operator needs to see: who booked, what, and for when."""
    booker = next((one for one in chain.told if one.booker_email or one.booker_name), None)
    return {
        "reason": reason,
        "bookerName": booker and booker.booker_name,
        "bookerEmail": booker and booker.booker_email,
        "bookings": [
            {
                "uid": of.head,
                "title": of.title,
                "status": of.phase,
                "startsAt": of.span and instant(of.span.start),
                "endsAt": of.span and instant(of.span.end),
            }
            for of in about
        ],
    }


def _ends_at(come_to: list[Appointment]) -> datetime | None:
    return max((of.span.end for of in come_to if of.span), default=None)

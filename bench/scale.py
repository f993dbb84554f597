"""docs/scale.md: what gives way first as people come, from what was measured and simulated."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.computed import filled, prose
from bench.simulate import (
    BUSIEST,
    CLIENTS_EACH,
    FULL,
    FUNCTIONS,
    HOURS,
    MEETINGS_A_DAY,
    PLANS,
    QUARTERS,
    USUAL,
    threads,
)

FOLDER = Path(__file__).parent / "results"
TARGET = Path(__file__).parent.parent / "docs" / "scale.md"
NAMES = {name: name.replace("_", "-") for name in FUNCTIONS} | {"lists": "the pages' lists"}
NOTICES = 2  # of a meeting's nearness, one to each
SWEEP = 40  # seconds, then it stops (domain/sweep and decision 7)
ARRIVING = 300.0  # seconds in which those of one hour arrive


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def sizes() -> dict[int, dict[str, Any]]:
    return {int(factor): one for factor, one in read("scale")["sizes"].items()}


def full_at(part: str) -> float:
    """How many times a thousand people fill what is deployed."""
    return fills([(factor, one["asked"][part]) for factor, one in sorted(sizes().items())])


def fills(points: Sequence[tuple[float, float]]) -> float:
    """Where a demand that is known at some sizes reaches one, as it grows between them or beyond.

    Between two sizes it grows evenly in powers of ten; beyond the last, as people do.
    """
    before = None
    for factor, part in points:
        if part >= 1:
            if before is None:
                break
            known, less = before
            share = math.log(1 / less) / math.log(part / less)
            return float(known * (factor / known) ** share)
        before = factor, part
    factor, part = points[-1] if before else points[0]
    return factor / part


def _times(factor: float) -> str:
    shown = f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}"
    return f"{shown} × ({_people(factor * 1000)} people)"


def _people(count: float) -> str:
    rounded = round(count, 1 - math.ceil(math.log10(count)) + 1)
    return f"{rounded:,.0f}"


def demands() -> str:
    """What the fullest minute of a day asks for."""
    found = sizes()
    lines = [
        "| | " + " | ".join(f"{one['people']:,} people" for one in found.values()) + " |",
        "| --- |" + " ---: |" * len(found),
    ]

    def row(name: str, values: list[str]) -> None:
        lines.append(f"| {name} | " + " | ".join(values) + " |")

    turned = [one["turnedOn"] for one in found.values()]
    row("waiting at once", [f"{one['waitingAtOnce']:,}" for one in turned])
    row(
        "calls a second, over the quarter of an hour", [f"{o['callsASecond']:,.0f}" for o in turned]
    )
    row("signals a second, fullest minute", [f"{one['signalsASecond']:,.1f}" for one in turned])
    row("Realtime messages a second", [f"{one['messagesASecond']:,.1f}" for one in turned])
    row("Realtime sockets", [f"{one['socketsWanted']:,}" for one in turned])
    row("database, processors", [f"{one['databaseProcessors']:,.2f}" for one in turned])
    for name in FUNCTIONS:
        row(
            f"`{NAMES[name]}`, processors" if name != "lists" else f"{NAMES[name]}, processors",
            [f"{one['functions'][name]['processors']:,.2f}" for one in turned],
        )
    return "\n".join(lines)


def order() -> str:
    """Which part of what is deployed is full first."""
    lines = [
        "| part | deployed | full at, times a thousand people |",
        "| --- | --- | ---: |",
    ]
    deployed = {
        "database": f"{USUAL.processors} processor",
        "connections": f"0.8 of {USUAL.connections}",
        "Realtime messages": f"{USUAL.messages_a_second} a second",
        "Realtime sockets": f"{USUAL.sockets}",
    }
    for name, count in USUAL.instances.items():
        deployed[name] = f"{count} instances of one processor, {USUAL.threads[name]} threads each"
    parts = sorted(deployed, key=full_at)
    for part in parts:
        lines.append(f"| {NAMES.get(part, part)} | {deployed[part]} | {full_at(part):,.1f} |")
    return "\n".join(lines)


def played() -> str:
    """How the hour went as it is deployed, and with what was turned on."""
    lines = [
        "| people | as | calls refused | a sign of life, ms p50 / p99 | bells heard | a bell, ms "
        "p50 / p99 |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for one in sizes().values():
        for name, key in (("deployed", "asDeployed"), ("turned on", "turnedOn")):
            went = one[key]
            calls = sum(function["calls"] for function in went["functions"].values())
            refused = sum(function["refused"] for function in went["functions"].values())
            bells = went["bells"]
            lines.append(
                f"| {one['people']:,} | {name} | {100 * refused / calls:.1f} % "
                f"| {_pair(went['functions']['lobby_signal']['ms'])} "
                f"| {100 * bells['heard'] / bells['signals']:.1f} % | {_pair(bells['ms'])} |"
            )
    return "\n".join(lines)


def _pair(ms: dict[str, float]) -> str:
    return f"{ms['p50']:,.0f} / {ms['p99']:,.0f}" if ms else "none"


def turned_on() -> str:
    """What each size needs beyond the one before."""
    found = sizes()
    lines = [
        "| people | database, processors | connections | Realtime | instances |",
        "| ---: | ---: | --- | --- | --- |",
    ]
    for one in found.values():
        what = one["turnedOn"]["what"]
        more = ", ".join(
            f"{NAMES[name]} {count}"
            for name, count in what["instances"].items()
            if count > USUAL.instances[name]
        )
        projects = max(1, math.ceil(what["sockets"] / PLANS[-1][1]))
        plan = (
            "Pro"
            if (what["messages_a_second"], what["sockets"]) == PLANS[0]
            else "Team"
            if projects == 1
            else f"{projects} projects of Team"
        )
        lines.append(
            f"| {one['people']:,} | {what['processors']} "
            f"| {'a pooler' if what['pooler'] else 'direct'} | {plan} | {more or 'as deployed'} |"
        )
    return "\n".join(lines)


def basis() -> dict[str, str]:
    """The figures that the page's sections stand on, each with where it comes from."""
    latest, lobbies, scale = read("latest"), read("lobbies"), read("scale")
    largest = max(sizes().items())[1]
    sweep, cost = latest["sweep"], lobbies["perCall"]
    rows_a_second = sweep["dueRows"] / sweep["seconds"]
    thousand = sizes()[1]
    signals = largest["turnedOn"]["signalsASecond"] / (largest["people"] / 1000)
    publisher = rows_a_second * SWEEP / (signals * 60)
    share = HOURS[BUSIEST] / sum(HOURS.values()) * QUARTERS[0]
    due = thousand["consultants"] * MEETINGS_A_DAY * share * NOTICES
    bus = "emulator" if "emulator" in latest["lobby"] else "local bus"
    pushed = latest["lobby"][bus]["knock"]["p50"]
    key = 1000 / pushed
    each = (cost["lookHot"]["functionCpuMs"] - cost["look"]["functionCpuMs"]) / 190 / 1000
    crowd = math.sqrt(ARRIVING / max(each, 1e-9))
    answered = latest["lobby"]["crowd"]
    renew = cost["renew"]
    return {
        "connections": f"Full at {_times(full_at('connections'))}: a thread is a connection, "
        f"{threads(USUAL.instances, USUAL)} may be there from the beginning, and "
        f"instances are added until each processor is {FULL:.0%} full (`scale.json`, "
        "`sizes.*.asked.connections`). At most "
        f"{largest['turnedOn']['transactionsAtOnce']:,} transactions were under way at the same "
        f"time with {largest['people']:,} people (`turnedOn.transactionsAtOnce`), for "
        f"{largest['turnedOn']['connectionsHeld']:,} threads of these functions.",
        "instances": f"A sign of life takes {renew['functionCpuMs']:.2f} ms of a processor in the "
        "function (`lobbies.json`, `perCall.renew.functionCpuMs`), so that `lobby-signal` is full "
        f"at {_times(full_at('lobby_signal'))} and `waiting-room` at "
        f"{_times(full_at('waiting_room'))}. An instance more is there after "
        f"{scale['coldStartSeconds'] * 1000:.0f} ms (`scale.json`, `coldStartSeconds`).",
        "database": f"A sign of life takes {renew['databaseCpuMs']:.2f} ms of a processor in the "
        f"database (`lobbies.json`, `perCall.renew.databaseCpuMs`); {lobbies['clients']:,} who "
        f"wait kept {lobbies['minute']['coresOfDatabase']} processors busy "
        "(`minute.coresOfDatabase`). "
        f"One processor is full at {_times(full_at('database'))}.",
        "publisher": f"The sweep sees to {rows_a_second:,.0f} due rows a second (`latest.json`, "
        f"`sweep.dueRows` / `sweep.seconds`), {rows_a_second * SWEEP:,.0f} before it stops after "
        f"{SWEEP} s. Were a signal as much work as what it was measured with, a request that "
        "expires, a minute of signals that no bus took would be more than that at "
        f"{_times(publisher)}.",
        "realtime": f"Sockets are full at {_times(full_at('Realtime sockets'))}, messages at "
        f"{_times(full_at('Realtime messages'))} (`scale.json`, `sizes.*.asked`).",
        "ordering": f"Through the {bus} a knock is with the browser after "
        f"{pushed:g} ms (`latest.json`, `lobby.{bus}.knock.p50`). Were that the "
        f"time of a push, one channel would carry {key:.1f} signals a second and an operator's "
        f"inbox {key * ARRIVING:,.0f} arrivals within the five minutes before an hour.",
        "operator": "A list of two hundred who wait takes "
        f"{cost['lookHot']['ms'] / cost['look']['ms']:.1f} times as long as one of ten "
        "(`lobbies.json`, `perCall.lookHot.ms`) and takes "
        f"{each * 1000:.3f} ms of an instance's processor for each who is on it. Read at each "
        f"arrival, {crowd:,.0f} arrivals of one operator within five minutes fill a processor. "
        f"{answered['lobbies']} lobbies of one operator knocked within "
        f"{answered['allKnockedSeconds']:g} s and were let in within "
        f"{answered['allAdmittedSeconds']:g} s, 99 of 100 events within "
        f"{answered['admitToEventMs']['p99']:,.0f} ms after the first call (`latest.json`, "
        "`lobby.crowd`).",
        "sweep": f"Before the fullest hour {due:,.0f} reminders are due for a thousand people and "
        f"{due * largest['people'] / 1000:,.0f} for {largest['people']:,}: "
        f"{due * largest['people'] / 1000 / rows_a_second:,.1f} s of the sweep's {SWEEP}. They "
        f"fill it at {_times(rows_a_second * SWEEP / due)}.",
        "counting": "Each call of a person moves one row of their own, in the first packet of its "
        f"transaction: it is in the {renew['databaseCpuMs']:.2f} ms above. With "
        f"{largest['people']:,} people the fullest minute makes "
        f"{largest['turnedOn']['callsASecond'] * 60:,.0f} of them.",
    }


def growth() -> str:
    """How large the tables become, and what that did to the actions where it was measured."""
    people, each = 1_000_000, MEETINGS_A_DAY * 20 / (1 + CLIENTS_EACH)
    said = (
        f"A million people agree on {people * each / 1e6:.0f} million meetings a month: ten "
        f"million requests are there after {10e6 / (people * each) * 30:.0f} days."
    )
    if not (FOLDER / "growth.json").exists():
        return said
    found = read("growth")
    large = max(found["sizes"], key=int)
    action, ratio = max(
        (
            (name, one["ratio"][large])
            for name, one in found["actions"].items()
            if large in one["ratio"]
        ),
        key=lambda one: one[1],
    )
    return (
        f"{said} Measured with {int(large):,} requests, the slowest to grow is {action}: {ratio:g} "
        f"times what it takes with {min(found['sizes'], key=int)} (`growth.json`, "
        f"`actions.{action}.ratio.{large}`)."
    )


def page(text: str) -> str:
    """The page with its computed parts as they are now."""
    for name, part in (("demands", demands()), ("order", order()), ("played", played())):
        text = filled(text, part, name)
    for name, part in basis().items():
        text = filled(text, prose(part), name)
    return filled(filled(text, turned_on(), "turned on"), prose(growth()), "growth")

"""docs/costs.md: what a month costs, from what was measured and from prices that have a date.

How often each function is called follows from a month's habits, how long a call takes from
bench/results/latest.json, and what a client costs who waits from bench/results/lobbies.json; prices
are list prices to be looked up anew.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.computed import filled, prose
from bench.paces import ANYWAY, LOOK, POLL, RENEW, WITHOUT_SOCKET

RESULTS = Path(__file__).parent / "results" / "latest.json"
LOBBIES = Path(__file__).parent / "results" / "lobbies.json"
TARGET = Path(__file__).parent.parent / "docs" / "costs.md"
MINUTES = 30 * 24 * 60
# What infra/functions and infra/calcom/cloud_run make; a test compares.
RECONCILED = 10  # every so many minutes
JOBS = 6  # two of ours, four of Cal.com's
SECRETS = 48  # 32 logins, nine keys and passwords, the database's authority, six of Cal.com's
GIB = 1024**3

# US dollars, list prices of a cheap region as known on PRICES_OF. Each is to be looked up.
PRICES_OF = "2026-11-25"
PRICES = {
    "million requests": 0.40,
    "vCPU second": 0.000024,
    "GiB second": 0.0000025,
    "Pub/Sub GiB": 0.04,
    "scheduler job": 0.10,
    "secret version": 0.06,
    "log GiB": 0.50,
    "egress GiB": 0.12,
    "small database": 9.40,
    "large database": 101.00,
    "database GiB": 0.17,
    "Supabase Pro": 25.00,
    "million Realtime messages": 2.50,
    "thousand Realtime connections": 10.00,
    "thousand e-mails": 0.10,
    "Cal.com vCPU second, idle": 0.0000025,
    "Cal.com GiB second, idle": 0.0000025,
    "room minute of one person": 0.0005,
    "room plan": 50.00,
}
# What a month includes before anything is paid.
FREE = {
    "million requests": 2.0,
    "vCPU second": 180_000.0,
    "GiB second": 360_000.0,
    "Pub/Sub GiB": 10.0,
    "scheduler job": 3.0,
    "secret version": 6.0,
    "log GiB": 50.0,
    "million Realtime messages": 5.0,
    "thousand Realtime connections": 0.5,
    "room minute of one person": 150_000.0,
}


@dataclass(frozen=True, slots=True)
class Habits:
    """What one consultant does in a month, and how many there are."""

    consultants: int
    meetings: int = 60
    minutes: int = 45
    waits_minutes: float = 4.0
    without_socket: float = WITHOUT_SOCKET
    page_loads: int = 12  # of both, around one meeting
    mails: int = 6  # asked, decided, two reminders to each
    signals: int = 12
    # Of all consultants, in a meeting or before one in the fullest hour (bench/simulate.py).
    at_once: float = 0.35

    @property
    def held(self) -> int:
        return self.consultants * self.meetings


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill."""

    what: str
    amount: float
    unit: str

    @property
    def price(self) -> float:
        return round(max(0.0, self.amount - FREE.get(self.unit, 0.0)) * PRICES[self.unit], 2)


def calls(habits: Habits) -> dict[str, float]:
    """How often functions are called in a month, by what calls them."""
    held = habits.held
    waits = held * habits.waits_minutes
    return {
        "pages: lists, three at each load": held * habits.page_loads * 3,
        "agreeing: ask, decide, Cal.com's webhooks": held * 4,
        f"lobby: signs of life, every {RENEW:.0f} s": waits * 60 / RENEW,
        f"lobby: polls without a socket, every {POLL:.0f} s": (
            waits * 60 / POLL * habits.without_socket
        ),
        f"lobby: polls all the same, every {ANYWAY:.0f} s": (
            waits * 60 / ANYWAY * (1 - habits.without_socket)
        ),
        f"lobby: the operator's list, every {LOOK:.0f} s": waits * 60 / LOOK,
        "lobby: let in, tickets, states on a bell": held * 8,
        "room: LiveKit's webhooks": held * 6,
        "relay and e-mails": held * (habits.signals + habits.mails),
        "sweep, each minute": MINUTES,
        f"reconciliation, each {RECONCILED} minutes": MINUTES / RECONCILED,
    }


def measured() -> dict[str, float]:
    """Seconds of one instance: of a call while 2 ms lie between it and the database, of a start."""
    found: dict[str, Any] = json.loads(RESULTS.read_text())
    starts = [took for pairs in found["samples"]["coldStartMs"].values() for took, _ in pairs]
    return {
        "call": found["acceptMs"]["2"] / 1000,
        "start": sum(starts) / len(starts) / 1000,
    }


def bill(habits: Habits) -> list[Line]:
    """Line by line. An instance has one vCPU and half a GiB, and serves one call after another."""
    took, count = measured(), sum(calls(habits).values())
    # With few callers every call but the sweep's finds nobody awake: each starts an instance.
    alone = habits.consultants < 50
    starts = (count - MINUTES) if alone else count * 0.01
    # Time is rounded up to 100 ms.
    seconds = count * max(0.1, took["call"]) + starts * took["start"]
    signals = habits.held * habits.signals
    participants = habits.held * 2
    big = not alone
    return [
        Line("functions: requests", count / 1e6, "million requests"),
        Line("functions: processor", seconds, "vCPU second"),
        Line("functions: memory", seconds / 2, "GiB second"),
        Line(
            "Pub/Sub: signals and e-mails, 1 KB in and out",
            (signals + habits.held * habits.mails) * 2 * 1024 / GIB,
            "Pub/Sub GiB",
        ),
        Line("scheduler: ours and Cal.com's", JOBS, "scheduler job"),
        Line("secrets: ours and Cal.com's", SECRETS, "secret version"),
        Line("log: 400 bytes a call", count * 400 / GIB, "log GiB"),
        Line("answers: 3 KB a call", count * 3 * 1024 / GIB, "egress GiB"),
        Line("database: Cloud SQL", 1, "large database" if big else "small database"),
        Line("database: disk and backups", 100 if big else 10, "database GiB"),
        Line("Supabase: users and Realtime", 1, "Supabase Pro"),
        Line(
            "Realtime: each signal in, and out to two",
            signals * 3 / 1e6,
            "million Realtime messages",
        ),
        Line(
            "Realtime: sockets at the busiest moment",
            habits.consultants * habits.at_once * 2 / 1000,
            "thousand Realtime connections",
        ),
        Line("e-mails", habits.held * habits.mails / 1000, "thousand e-mails"),
        Line(
            "Cal.com: one instance of 2 vCPU, waiting",
            MINUTES * 60 * 2,
            "Cal.com vCPU second, idle",
        ),
        Line("Cal.com: its 4 GiB", MINUTES * 60 * 4, "Cal.com GiB second, idle"),
        Line("Cal.com: its database", 1, "small database"),
        *_rooms(participants * habits.minutes),
    ]


def _rooms(minutes: float) -> Iterator[Line]:
    # Within a free plan's 5,000 minutes nothing is paid at all; one consultant has 5,400.
    yield Line("room: LiveKit Cloud's plan", 1, "room plan")
    yield Line("room: minutes of one person", minutes, "room minute of one person")


def total(lines: list[Line]) -> float:
    return round(sum(line.price for line in lines), 2)


def document() -> str:
    """The part of the page that is computed."""
    one, thousand = Habits(consultants=1), Habits(consultants=1000)
    took = measured()
    parts = [
        f"A call takes {took['call'] * 1000:.1f} ms with 2 ms to the database, billed as 100; a "
        f"cold start {took['start'] * 1000:.0f} ms.",
        "",
        "| calls in a month | one consultant | a thousand |",
        "| --- | ---: | ---: |",
    ]
    for what, count in calls(one).items():
        parts.append(f"| {what} | {count:,.0f} | {calls(thousand)[what]:,.0f} |")
    parts.append(
        f"| **together** | **{sum(calls(one).values()):,.0f}** "
        f"| **{sum(calls(thousand).values()):,.0f}** |"
    )
    parts += [
        "",
        "| line | price of one, USD | free | one consultant | USD | a thousand | USD |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for few, many in zip(bill(one), bill(thousand), strict=True):
        same = few.unit == many.unit
        price = _plain(PRICES[few.unit]) + ("" if same else f" or {_plain(PRICES[many.unit])}")
        free = f"{FREE[few.unit]:,g}" if few.unit in FREE else ""
        unit = few.unit if same else f"{few.unit} or {many.unit}"
        parts.append(
            f"| {few.what} ({unit}) | {price} | {free} | {few.amount:,.3f} | {few.price:,.2f} "
            f"| {many.amount:,.3f} | {many.price:,.2f} |"
        )
    parts += [
        f"| **together** | | | | **{total(bill(one)):,.2f}** "
        f"| | **{total(bill(thousand)):,.2f}** |",
        "",
        f"So {total(bill(thousand)) / 1000:.2f} dollars for each of a thousand.",
    ]
    return "\n".join(parts)


def _plain(price: float) -> str:
    return f"{price:.7f}".rstrip("0").rstrip(".")


# The database that the thousand share: how many processors its price buys.
PROCESSORS = 2
SPANS = (5.0, 10.0, 15.0, 30.0, 60.0)
NETS = (2.0, 5.0, 10.0, 15.0, 30.0)
# How much of one of them the signs of life of two thousand who wait may take.
SHARE = 0.5
KINDS = {
    "renew": "sign of life",
    "poll": "the lobby's state, unchanged",
    "read": "the lobby's state, changed",
    "look": "the operator's list, of ten who wait",
    "lookHot": "the operator's list, of two hundred",
}


def lobbies() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(LOBBIES.read_text())
    return found


def call_price() -> float:
    """Of one call, nothing included free: the function's time as it is billed, log and answer."""
    seconds = max(0.1, measured()["call"])
    return (
        PRICES["million requests"] / 1e6
        + seconds * (PRICES["vCPU second"] + PRICES["GiB second"] / 2)
        + 400 / GIB * PRICES["log GiB"]
        + 3 * 1024 / GIB * PRICES["egress GiB"]
    )


def hour(
    renew: float = RENEW, poll: float = POLL, without_socket: float = WITHOUT_SOCKET
) -> dict[str, float]:
    """The calls of one waiting client's hour, by what is called; one operator looks after each."""
    return {
        "renew": 3600 / renew,
        "poll": 3600 / poll * without_socket + 3600 / ANYWAY * (1 - without_socket),
        "look": 3600 / LOOK,
    }


def database_seconds(calls: dict[str, float]) -> float:
    """Seconds of the database's processors."""
    cost = lobbies()["perCall"]
    return sum(count * float(cost[kind]["databaseCpuMs"]) for kind, count in calls.items()) / 1000


def hour_price(calls: dict[str, float]) -> float:
    """US dollars of one hour's calls and of their share of the database."""
    second = PRICES["large database"] / (PROCESSORS * MINUTES * 60)
    return sum(calls.values()) * call_price() + database_seconds(calls) * second


def waiting() -> str:
    """What a client costs who waits, and what other intervals would."""
    found = lobbies()
    cost, minute, people = found["perCall"], found["minute"], found["clients"]
    parts = [
        prose(
            f"{people:,} clients of {found['operators']} operators waited at once. In a minute of "
            f"it {minute['callsMade']:,} calls were made, of {minute['callsAsked']:,} that were "
            f"due, {minute['perSecond']:.0f} a second; a sign of life took "
            f"{minute['ms']['renew']['p50']:,.0f} ms in the median and "
            f"{minute['ms']['renew']['p99']:,.0f} at the 99th percentile; "
            f"{minute['coresOfDatabase']} processors were busy in the database and "
            f"{minute['coresOfFunctions']} in the functions; {minute['stillWaiting']:,} still "
            f"waited at its end, and {minute['away']:,} of them were taken for away."
        ),
        "",
        "| a call | answer, ms | function's processor, ms | ÷ a bare hello's | database's "
        "processor, ms |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind, name in KINDS.items():
        one = cost[kind]
        parts.append(
            f"| {name} | {one['ms']:.1f} | {one['functionCpuMs']:.2f} "
            f"| {one['functionCpuRatio']:.1f} | {one['databaseCpuMs']:.2f} |"
        )
    now = hour()
    parts += [
        "",
        "| one who waits, in an hour | calls | function's processor, s | database's processor, s "
        "| USD |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind, name in (
        ("renew", f"signs of life, every {RENEW:.0f} s"),
        ("poll", f"polls: every {ANYWAY:.0f} s, one in twenty every {POLL:.0f} s"),
        ("look", f"the operator who looks, every {LOOK:.0f} s"),
    ):
        calls = {kind: now[kind]}
        parts.append(
            f"| {name} | {now[kind]:.0f} | {now[kind] * cost[kind]['functionCpuMs'] / 1000:.2f} "
            f"| {database_seconds(calls):.2f} | {hour_price(calls):.5f} |"
        )
    function = sum(count * cost[kind]["functionCpuMs"] / 1000 for kind, count in now.items())
    parts += [
        f"| **together** | **{sum(now.values()):.0f}** | **{function:.2f}** "
        f"| **{database_seconds(now):.2f}** | **{hour_price(now):.5f}** |",
        "",
        "| sign of life every | away after | gone after | calls an hour | USD, a thousand hours "
        f"| processors of the database, {people:,} waiting |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for span in SPANS:
        signs = {"renew": 3600 / span}
        parts.append(
            _marked(
                span == RENEW,
                f"{span:.0f} s",
                f"{2 * span:.0f} s",
                f"{8 * span:.0f} s",
                f"{signs['renew']:.0f}",
                f"{hour_price(signs) * 1000:.2f}",
                f"{database_seconds(signs) / 3600 * people:.2f}",
            )
        )
    parts += [
        "",
        "| without a socket, a poll every | let in is seen after, at most | calls an hour "
        "| USD, a thousand hours | processors of the database, 100 of 2,000 |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for span in NETS:
        polls = {"poll": 3600 / span}
        parts.append(
            _marked(
                span == POLL,
                f"{span:.0f} s",
                f"{span:.0f} s",
                f"{polls['poll']:.0f}",
                f"{hour_price(polls) * 1000:.2f}",
                f"{database_seconds(polls) / 3600 * 100:.3f}",
            )
        )
    parts += [
        "",
        f"A meeting's wait of {Habits(1).waits_minutes:.0f} minutes costs "
        f"{hour_price(now) * Habits(1).waits_minutes / 60 * 1000:.2f} thousandths of a dollar.",
    ]
    return "\n".join(parts)


def _marked(chosen: bool, *cells: str) -> str:
    return "| " + " | ".join(f"**{cell}**" if chosen else cell for cell in cells) + " |"


def page(text: str) -> str:
    """The page with its computed parts as they are now."""
    return filled(filled(text, document()), waiting(), "lobbies")


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text()))
    sys.stdout.write(f"{TARGET.name}\n")

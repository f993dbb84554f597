"""What telling the bus costs an answer: acceptances that tell it, in turn with some that do not."""

import os
import statistics
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from bench.plain import emulating
from bench.world import Caller, Sent, World
from local import emulator
from local.bus import PROJECT, SIGNALS
from visio import bootstrap
from visio.adapters.pubsub import PubSub, Topics
from visio.domain.events import Signal

ROUNDS, WARM_UP = 60, 500


class Silence:
    """A bus that takes everything at no cost, and tells nobody."""

    mails = rooms = pushes = True

    def publish(
        self,
        signals: Sequence[Signal],
        mails: Sequence[UUID] = (),
        *,
        orders: Sequence[UUID] = (),
        pushes: Sequence[UUID] = (),
    ) -> list[UUID]:
        return [signal.event_id for signal in signals]


def answers(made: World) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of each answer, by bus; the first one that speaks loads what it speaks with."""
    found = {"local bus": _in_turn(made, {})}
    if emulator.jar() is not None:
        with emulating() as address:
            # Whom Google tells of it costs Google, and no answer of ours.
            emulator.make_topics(address)
            _warm_up(address)
            google = {
                "MESSAGE_BUS": "pubsub",
                "PUBSUB_EMULATOR_HOST": address,
                "PUBSUB_PROJECT": PROJECT,
            }
            found["emulator"] = _in_turn(made, google)
            os.environ.pop("PUBSUB_EMULATOR_HOST")
    return found


def _warm_up(address: str) -> None:
    """Google's own service has been up for longer than the emulator has, which runs on Java."""
    bus = PubSub(PROJECT, Topics(SIGNALS), emulator=address)
    for number in range(WARM_UP):
        bus.publish([Signal(uuid4(), f"client:{number % 10}:inbox", "warm_up", {})])


def _in_turn(made: World, bus: dict[str, str]) -> dict[str, list[float]]:
    caller = Caller(World(made.admin, made.login, {**made.environment, **bus}, made.remote))
    database: Any = bootstrap.app().database
    speaks, silent = database._bus, Silence()
    samples: dict[str, list[float]] = {"first": [], "spoken": [], "silent": []}
    database._bus = silent
    ready = [caller.accept() for _ in range(2 * ROUNDS + 10)]
    for sent in ready[:8]:
        _timed(caller, sent)
    database._bus = speaks
    samples["first"] = [_timed(caller, ready[8])]
    _timed(caller, ready[9])
    for number, sent in enumerate(ready[10:]):
        database._bus = silent if number % 2 else speaks
        samples["silent" if number % 2 else "spoken"].append(_timed(caller, sent))
    return samples


def _timed(caller: Caller, sent: Sent) -> float:
    began = time.perf_counter()
    caller.send("decide_request", sent)
    return (time.perf_counter() - began) * 1000


def figures(found: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Medians, and how many times longer an answer takes that waits for the bus."""
    return {
        bus: {
            **{kind: round(statistics.median(ms), 1) for kind, ms in samples.items()},
            "ratio": round(
                statistics.median(samples["spoken"]) / statistics.median(samples["silent"]), 2
            ),
        }
        for bus, samples in found.items()
    }

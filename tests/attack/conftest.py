"""What the attacks have in common: a tally of what was tried, and the check of what must hold."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attack.invariants import broken, leaks, undrained
from tests.world import PROJECT, SCHEDULER

TALLY = PROJECT / "build" / "attack" / "tally.json"


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Say what was tried, and how often: `tally("forged tokens", 120)`, as often as you like."""

    def tally(what: str, cases: int = 1) -> None:
        request.node.user_properties.append(("tried", (what, cases)))

    return tally


class Holds:
    """Sees to it that every invariant holds when the test is over; and earlier, when asked."""

    def __init__(self, admin: str, call: Callable[..., Any], remote: Any, lines: Any) -> None:
        self._admin, self._call, self._remote, self._lines = admin, call, remote, lines

    def now(self) -> None:
        assert broken(self._admin) == []

    def drained(self) -> None:
        """Let everything that waits be said, and see that nothing stays behind."""
        headers = {"Authorization": f"Bearer {self._remote.keys.sign_google(*SCHEDULER)}"}
        assert self._call("complete-meetings", headers=headers).status_code == 200
        assert undrained(self._admin) == []

    def silence(self, *said: str, secrets: tuple[str, ...] = ()) -> None:
        """Nothing that people wrote or are called is in the log, or in what else was said."""
        assert leaks([*self._lines(), *said], self._admin, secrets) == []


@pytest.fixture
def holds(
    database: Any, call: Callable[..., Any], remote: Any, lines: list[logging.LogRecord]
) -> Iterator[Holds]:
    """The invariants, checked at the end of the test."""

    def written() -> list[str]:
        return [record.getMessage() + str(vars(record)) for record in lines]

    made = Holds(database.admin, call, remote, written)
    yield made
    made.now()


def _part(nodeid: str) -> str:
    return Path(nodeid.partition("::")[0]).stem.removeprefix("test_").replace("_", " ")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What a test tried travels with its report, from whichever worker it ran in."""
    report = yield
    if item.path.parent == Path(__file__).parent:
        report.attack = True
    return report


class Table:
    """Adds up what every worker reports; written as JSON for whoever prints it."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not getattr(report, "attack", False) or (report.when != "call" and not report.failed):
            return
        tried = [value for name, value in report.user_properties if name == "tried"]
        for what, cases in tried or [(report.nodeid.rpartition("::")[2].partition("[")[0], 1)]:
            line = self._parts.setdefault(
                (_part(report.nodeid), what),
                {"cases": 0, "tests": 0, "broken": 0, "skipped": 0, "seconds": 0.0},
            )
            line["cases"] += cases if report.when == "call" else 0
            line["tests"] += 1
            line["broken"] += report.failed
            line["skipped"] += report.skipped
            line["seconds"] += report.duration / max(1, len(tried))

    def pytest_sessionfinish(self) -> None:
        if self._parts:
            TALLY.parent.mkdir(parents=True, exist_ok=True)
            lines = [
                {"part": part, "what": what, **line, "seconds": round(line["seconds"], 1)}
                for (part, what), line in sorted(self._parts.items())
            ]
            TALLY.write_text(json.dumps(lines, indent=1, ensure_ascii=False))


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Table(), "attack-table")

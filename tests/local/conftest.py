"""Stacks that a test starts, stops and breaks by itself."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningStack


@pytest.fixture
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="visio-stack-", dir="/var/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def start(home):
    """Start stacks; whatever happens they are stopped."""
    started = []

    def start(**environment: str) -> RunningStack:
        started.append(RunningStack(environment.pop("home", home), **environment))
        return started[-1]

    yield start
    for stack in started:
        stack.interrupt()

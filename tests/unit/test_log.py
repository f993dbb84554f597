"""The product's own lines, whoever listens and whoever spoke first."""

import json
import logging

import pytest

from visio import log


@pytest.fixture
def ours():
    logger = logging.getLogger("visio")
    before = (logger.handlers[:], logger.level, logger.propagate)
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)
    yield logger
    logger.handlers, logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def test_lines_are_written_once_whoever_else_listens(ours, capsys):
    ours.addHandler(logging.NullHandler())
    log.configure(local=False)
    log.configure(local=False)

    logging.getLogger("visio.edge").info("[VISIO:WHO_AM_I]", extra={"status": 200})

    [line] = map(json.loads, capsys.readouterr().out.splitlines())
    assert line == {"severity": "INFO", "message": "[VISIO:WHO_AM_I]", "status": 200}


def test_nothing_is_written_while_somebody_reads_along(ours, capsys):
    log.configure(local=True)
    with log.silent():
        logging.getLogger("visio.room").error("room.intruder")
    logging.getLogger("visio.room").error("room.removed")

    assert capsys.readouterr().out == "room.removed\n"

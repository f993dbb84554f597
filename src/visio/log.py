"""One line per request: JSON in the cloud, readable in a terminal.

Ids and codes only: never a body, a token, a name, an e-mail, SQL text or the text of an exception,
which may carry any of these.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Line(logging.Formatter):
    def __init__(self, *, local: bool) -> None:
        super().__init__()
        self._local = local

    def format(self, record: logging.LogRecord) -> str:
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        if record.exc_info and record.exc_info[0] is not None:
            fields["exception"] = record.exc_info[0].__name__
            fields["at"] = _where(record.exc_info[2])
        message = record.getMessage()
        if self._local:
            return " ".join([message, *(f"{k}={v}" for k, v in fields.items() if v is not None)])
        return json.dumps({"severity": record.levelname, "message": message, **fields}, default=str)


def _where(trace: object) -> str:
    frames = traceback.extract_tb(trace)  # type: ignore[arg-type]  # logging types it loosely
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-8:]))


def traced(trace: str | None, span: str | None, project: str) -> dict[str, str]:
    """The fields by which Cloud Logging puts a line beside others of its trace.

    Source: Cloud Logging documentation, "Structured logging", special fields.
    """
    if trace is None or not project:
        return {}
    fields = {"logging.googleapis.com/trace": f"projects/{project}/traces/{trace}"}
    return {**fields, "logging.googleapis.com/spanId": span} if span else fields


def configure(*, local: bool) -> None:
    """Write the product's own lines to standard output, once, whoever else listens to them."""
    root = logging.getLogger("visio")
    if any(isinstance(handler.formatter, _Line) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Line(local=local))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False


@contextmanager
def silent() -> Iterator[None]:
    """Log nothing meanwhile: what is printed is for somebody who reads along."""
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)

"""Transitions as their rows say them, read back as steps."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from visio.domain.events import Step


def history(rows: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Steps in the order in which they were taken, from rows as JSON."""
    return tuple(map(_step, rows))


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        subject=row["subject"],
        request_id=row["request_id"] and UUID(row["request_id"]),
        meeting_id=row["meeting_id"] and UUID(row["meeting_id"]),
        client_id=UUID(row["client_id"]),
        operator_id=UUID(row["operator_id"]),
        actor=row["actor"],
        action=row["action"],
        from_status=row["from_status"],
        to_status=row["to_status"],
        at=datetime.fromisoformat(row["at"]),
        message=row["message"],
        slots=tuple(map(datetime.fromisoformat, row["slots"] or ())),
        function=row["function"],
    )

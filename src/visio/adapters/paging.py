"""Pages of a list, newest first, and the cursor that continues one."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Generic, Protocol, Self, TypeVar
from uuid import UUID

from msgspec import Struct

from visio.adapters.statements import text
from visio.domain.refusals import InvalidFields

Position = tuple[datetime, UUID]

# Leaves in front of a list. The planner takes the condition below and the policy, which say the
# same, for two that each let one row of a thousand pass: it then believes that a page of twenty
# needs all that somebody has, and sorts it. Without a sort it reads a page's worth off an index.
IN_ORDER = text("""
select set_config('enable_sort', 'off', true)""")
_BEHIND = "(t.created_at, t.id) < (cast(:at as timestamptz), cast(:id as uuid))"


def newest(table: str, *conditions: str | None, continued: bool, columns: str = "t.*") -> str:
    """The newest `:limit` rows of a table, as `t`, for which all conditions hold that there are;
    `continued`: behind the position `:at`, `:id`.

    What is not asked for is no condition. One that may be left out (`:at is null or …`) tells
    nothing to a plan for whatever values, which then reads and drops all that came on the pages
    before, or all that is in another state.
    """
    wanted = [condition for condition in (*conditions, continued and _BEHIND) if condition]
    return f"""
select {columns} from {table} t
 where {" and ".join(wanted)}
 order by t.created_at desc, t.id desc
 limit :limit"""  # noqa: S608 -- every part is a constant of ours


def of_caller(table: str, *conditions: str | None, continued: bool) -> str:
    """The newest of the caller's own rows, as an operator and as a client, each read in the order
    of an index of its own.

    Row policies say the same, but as one condition with an `or` in it, for which the planner reads
    everything there is. Somebody who were both would see what is between them once.
    """
    as_operator = newest(
        table, "t.operator_id = (select visio.caller())", *conditions, continued=continued
    )
    as_client = newest(
        table,
        "t.client_id = (select id from public.clients"
        " where auth_user_id = (select visio.caller()))",
        "t.operator_id <> (select visio.caller())",
        *conditions,
        continued=continued,
    )
    return f"({as_operator})\nunion all ({as_client})"


def asked(after: Position | None, limit: int) -> dict[str, object]:
    """What such a statement is given: one row more than a page holds, and where it goes on."""
    behind = dict(zip(("at", "id"), after or (), strict=False))
    return {"limit": limit + 1, **behind}


class Listed(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def created_at(self) -> datetime: ...


Item = TypeVar("Item", bound=Listed)


class Page(Struct, Generic[Item], frozen=True):
    """Some items and the cursor behind the last of them; None at the end."""

    items: Sequence[Item]
    next_cursor: str | None

    @classmethod
    def of(cls, found: Sequence[Item], limit: int) -> Self:
        """A page of `limit` items from a query that asked for one more."""
        items = found[:limit]
        return cls(items, _cursor(items[-1]) if len(found) > limit else None)


def _cursor(item: Listed) -> str:
    position = f"{item.created_at.isoformat()} {item.id}".encode()
    return base64.urlsafe_b64encode(position).rstrip(b"=").decode()


def position(cursor: str | None) -> Position | None:
    """Where a cursor of ours points to. Raises InvalidFields for any other text."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        at, id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(" ")
        found = datetime.fromisoformat(at), UUID(id)
        if found[0].tzinfo is None:
            raise ValueError(at)
        found = found[0].astimezone(UTC), found[1]
    except (ValueError, OverflowError, binascii.Error) as error:
        problem = {"field": "cursor", "problem": "is not a cursor of this list"}
        raise InvalidFields(details=[problem]) from error
    return found

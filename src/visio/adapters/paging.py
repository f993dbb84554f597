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
# The rows of `of` that are the caller's, newest first, at most `:limit` of them: as an operator and
# as a client, each read in the order of an index of its own. Row policies say the same, but as one
# condition with an `or` in it, for which the planner reads everything there is. Somebody who were
# both would see what is between them once.
OF_CALLER = """
  (select t.* from {of} t
    where t.operator_id = (select visio.caller()) and {wanted}
    order by t.created_at desc, t.id desc
    limit :limit)
  union all
  (select t.* from {of} t
    where t.client_id = (
            select id from public.clients where auth_user_id = (select visio.caller()))
      and t.operator_id <> (select visio.caller()) and {wanted}
    order by t.created_at desc, t.id desc
    limit :limit)"""
WANTED = """
          (cast(:status as text) is null or t.status = :status)
      and (cast(:at as timestamptz) is null
        or (t.created_at, t.id) < (cast(:at as timestamptz), cast(:id as uuid)))"""


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

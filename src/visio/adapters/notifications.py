"""The SQL of notifications, as their recipient reads them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from msgspec import Struct

from visio.adapters.database import Transaction
from visio.adapters.paging import IN_ORDER, Page, Position, asked, newest
from visio.adapters.statements import Statement, text

_OWN = """recipient_type = 'operator' and recipient_id = (select visio.caller())"""
_CLIENTS = """recipient_type = 'client' and recipient_id = (
            select id from public.clients where auth_user_id = (select visio.caller()))"""
READ = text(f"""
update public.notifications
   set read_at = cast(:now as timestamptz)
 where read_at is null
   and ({_OWN}
     or {_CLIENTS})
   and (cast(:ids as uuid[]) is null or id = any (cast(:ids as uuid[])))
returning id""")  # noqa: S608 -- as above


class Notification(Struct, frozen=True):
    """One line that a person was told."""

    id: UUID
    type: str
    title: str
    body: str
    link: str | None
    read_at: datetime | None
    created_at: datetime


def page(
    tx: Transaction, *, unread: bool, after: Position | None, limit: int
) -> Page[Notification]:
    """The caller's notifications, newest first."""
    listing = _listing(unread=unread, continued=after is not None)
    tx.lock(IN_ORDER)
    rows = tx.read(listing, **asked(after, limit))
    return Page.of([_notification(row) for row in rows], limit)


def mark_read(tx: Transaction, ids: Sequence[UUID] | None, *, now: datetime) -> int:
    """Mark the caller's own (all where `ids` is None); how many were unread before."""
    return len(tx.read(READ, ids=None if ids is None else list(map(str, ids)), now=now))


@cache
def _listing(*, unread: bool, continued: bool) -> Statement:
    # Each side by itself, as every list of ours: see `of_caller`.
    only = "t.read_at is null" if unread else None
    as_operator, as_client = (
        newest("public.notifications", side, only, continued=continued) for side in (_OWN, _CLIENTS)
    )
    return text(f"""
select id, type, title, body, link, read_at, created_at
  from (({as_operator})
  union all ({as_client})) n
 order by created_at desc, id desc
 limit :limit""")  # noqa: S608 -- the parts are constants of ours


def _notification(row: Mapping[str, Any]) -> Notification:
    return Notification(**row)

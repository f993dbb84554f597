"""The SQL of notifications, as their recipient reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from visio.adapters.database import Transaction
from visio.adapters.paging import Page, Position
from visio.adapters.statements import text

PAGE = text("""
select id, type, title, body, link, read_at, created_at
  from public.notifications
 where (not cast(:unread as boolean) or read_at is null)
   and (cast(:at as timestamptz) is null
     or (created_at, id) < (cast(:at as timestamptz), cast(:id as uuid)))
 order by created_at desc, id desc
 limit :limit""")
READ = text("""
update public.notifications
   set read_at = cast(:now as timestamptz)
 where read_at is null
   and (cast(:ids as uuid[]) is null or id = any (cast(:ids as uuid[])))
returning id""")


@dataclass(frozen=True, slots=True)
class Notification:
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
    at, id = after or (None, None)
    rows = tx.read(PAGE, unread=unread, at=at, id=id, limit=limit + 1)
    return Page.of([_notification(row) for row in rows], limit)


def mark_read(tx: Transaction, ids: Sequence[UUID] | None, *, now: datetime) -> int:
    """Mark the caller's own (all where `ids` is None); how many were unread before."""
    return len(tx.read(READ, ids=None if ids is None else list(map(str, ids)), now=now))


def _notification(row: Mapping[str, Any]) -> Notification:
    return Notification(**row)

"""The SQL of people: what the caller's own row says beyond who he is, and whom he advises."""

from datetime import datetime
from functools import cache
from typing import Literal
from uuid import UUID

from msgspec import Struct

from visio.adapters.database import Transaction
from visio.adapters.paging import IN_ORDER, Page, Position, asked, newest
from visio.adapters.statements import Statement, text
from visio.domain.refusals import NotAParty

CONTACT = text("""
select email, time_zone from public.clients where auth_user_id = (select visio.caller())""")
ME = text("""
select 'operator' as role, id, name, locale, time_zone,
       cast(null as uuid) as operator_id, cast(null as text) as operator_name
  from public.operators
 where id = (select visio.caller())
union all
select 'client', c.id, c.name, c.locale, c.time_zone, o.id, o.name
  from public.clients c
  join public.operators o on o.id = c.operator_id
 where c.auth_user_id = (select visio.caller())""")
_HOLDS = "strpos(lower(concat_ws(' ', t.name, t.email)), lower(cast(:search as text))) > 0"


class Contact(Struct, frozen=True):
    email: str = ""
    time_zone: str = "Europe/Paris"


class Me(Struct, frozen=True):
    """The caller's own row; the operator's id and name where the caller is a client."""

    role: Literal["operator", "client"]
    id: UUID
    name: str
    locale: Literal["fr", "en"]
    time_zone: str
    operator_id: UUID | None
    operator_name: str | None


class ListedClient(Struct, frozen=True):
    id: UUID
    name: str
    email: str
    created_at: datetime


def contact(tx: Transaction) -> Contact:
    """How the caller is reached, being a client; empty for anybody else."""
    return next((Contact(**row) for row in tx.read(CONTACT)), Contact())


def me(tx: Transaction) -> Me:
    """The caller. Raises NotAParty for a user whom no row names."""
    found = tx.read(ME)
    if not found:
        raise NotAParty
    return Me(**found[0])


def clients(
    tx: Transaction, *, search: str | None, after: Position | None, limit: int
) -> Page[ListedClient]:
    """The calling operator's clients, newest first; those whose name or e-mail holds `search`."""
    listing = _listing(searched=bool(search), continued=after is not None)
    sought = {"search": search} if search else {}
    tx.lock(IN_ORDER)
    rows = tx.read(listing, **sought, **asked(after, limit))
    return Page.of([ListedClient(**row) for row in rows], limit)


@cache
def _listing(*, searched: bool, continued: bool) -> Statement:
    return text(
        newest(
            "public.clients",
            "t.operator_id = (select visio.caller())",
            _HOLDS if searched else None,
            continued=continued,
            columns="t.id, t.name, t.email, t.created_at",
        )
    )

"""The SQL of watermarks: up to where a list of somebody else's has been read."""

from datetime import datetime

from visio.adapters.database import Later, Transaction
from visio.adapters.statements import text

READ = text("""
select read_until from visio.calcom_watermarks where source = :source""")
KEEP = text("""
insert into visio.calcom_watermarks as w (source, read_until)
values (:source, cast(:read_until as timestamptz))
on conflict (source) do update
   set read_until = greatest(w.read_until, excluded.read_until)""")


def read(tx: Transaction, source: str) -> Later:
    """Up to when a list has been read, with the next read; `until` says it."""
    return tx.also(READ, source=source)


def until(marked: Later) -> datetime | None:
    """Up to when that was; None if it never was."""
    return next((row["read_until"] for row in marked.rows), None)


def keep(tx: Transaction, source: str, read_until: datetime) -> None:
    """Remember it; a run that ends behind another takes nothing back."""
    tx.write(KEEP, source=source, read_until=read_until)

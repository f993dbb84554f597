"""What a database is held against: the catalogue's lint, and the migrations that there are."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from visio.adapters.database import Transaction
from visio.adapters.statements import Statement, text

SQL = Path(__file__).parents[3] / "sql"
RULE = re.compile(r"^-- rule: (.+)$", re.MULTILINE)
APPLIED = text("select version from visio.schema_migrations")
NOTHING = text("select 1 as nothing")


@cache
def rules() -> Mapping[str, str]:
    """What must never be there, and the query that returns the offenders."""
    _, *parts = RULE.split((SQL / "lint.sql").read_text())
    return {
        rule: query.strip().rstrip(";") for rule, query in zip(parts[::2], parts[1::2], strict=True)
    }


def offenders(tx: Transaction) -> dict[str, list[str]]:
    """Every rule that is broken, and by what."""
    found = {
        rule: [str(next(iter(row.values()))) for row in tx.read(Statement(query))]
        for rule, query in rules().items()
    }
    return {rule: broken_by for rule, broken_by in found.items() if broken_by}


def applied(tx: Transaction) -> set[str]:
    """The versions of all migrations that have run here."""
    return {str(row["version"]) for row in tx.read(APPLIED)}


def shipped() -> list[str]:
    """The versions of all migrations that this checkout has."""
    return sorted(path.name.split("_")[0] for path in (SQL / "migrations").glob("*.sql"))

"""docs/grants.md: who may do what in the database, and which function acts as whom."""

import re
from collections.abc import Sequence

import pg8000.native

from local.gateway import names
from local.postgres import PROJECT

TARGET = PROJECT / "docs" / "grants.md"
HEAD = """# Who may do what in the database

Written by `make schema` from a migrated database and from the functions' own source, and compared
with both by a test: a change of rights shows here, and is read before it is merged. What a right
allows, the policies of the table narrow to the caller's own rows.

| role | who |
| --- | --- |
| `anon`, `authenticated` | Supabase's: a browser that reads tables directly |
| `visio_app` | a function that acts for the caller, under the policies of that user |
| `visio_system` | a function that acts for nobody in particular: a webhook, the relay, the sweep |
| `visio_keeper` | whoever adds operators and clients, by hand |

None of them logs in. Each function has a login of its own, `noinherit` and without rights, that is
granted the roles below and no other.

## What each function acts as

| function | acts as |
| --- | --- |
"""
RIGHTS = """
select format('%s.%s', n.nspname, c.relname), r.rolname, a.privilege_type,
       array_agg(t.attname order by t.attnum) filter (where t.attname is not null)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 cross join lateral (
   select null::smallint as number, grantee, privilege_type from aclexplode(c.relacl)
    union all
   select i.attnum, x.grantee, x.privilege_type
     from pg_attribute i cross join lateral aclexplode(i.attacl) x
    where i.attrelid = c.oid and i.attnum > 0 and not i.attisdropped) a
  join pg_roles r on r.oid = a.grantee
  left join pg_attribute t on t.attrelid = c.oid and t.attnum = a.number
 where n.nspname in ('public', 'visio') and c.relkind in ('r', 'p', 'v', 'm')
   and r.rolname = any (cast(:roles as text[]))
 group by 1, 2, 3, c.oid
 order by 1, 2, 3"""
ROLES = ("anon", "authenticated", "visio_app", "visio_keeper", "visio_system")
AS_CALLER = re.compile(r"\b(?:acting|reading)_(?:for|as)\(")
AS_SYSTEM = re.compile(r"\b(?:acting_as|reading_as|go_on_as)_system\(")


def document(db: pg8000.native.Connection) -> str:
    """The whole page, for a migrated database."""
    functions = "".join(f"| `{name}` | {_roles(name)} |\n" for name in names())
    return HEAD + functions + _rights(db)


def roles_of(function: str) -> list[str]:
    """The roles that a function's login has to be granted."""
    source = (PROJECT / "functions" / function / "main.py").read_text()
    flow = PROJECT / "src" / "visio" / "flows" / f"{function}.py"
    source += flow.read_text() if flow.exists() else ""
    found = {"visio_app": AS_CALLER, "visio_system": AS_SYSTEM}
    return [role for role, how in found.items() if how.search(source)]


def _roles(function: str) -> str:
    return ", ".join(f"`{role}`" for role in roles_of(function))


def _rights(db: pg8000.native.Connection) -> str:
    lines = [
        "\n## What each role may do",
        "",
        "Without columns: in every column.",
        "",
        "| table | role | may | columns |",
        "| --- | --- | --- | --- |",
    ]
    for table, role, right, columns in db.run(RIGHTS, roles=list(ROLES)) or []:
        lines.append(f"| `{table}` | `{role}` | {right.lower()} | {_listed(columns)} |")
    return "\n".join(lines) + "\n"


def _listed(columns: Sequence[str] | None) -> str:
    return ", ".join(f"`{column}`" for column in columns or [])

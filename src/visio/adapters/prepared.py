"""Which statements the server holds ready under a name, for one session.

To parse a statement, work the row policies into it and plan it costs the server several times what
running it does; a statement with a name is parsed once in a session, and planned once, for whatever
values come (`plan_cache_mode`). Behind a transaction pooler that only passes names on, each batch
may meet another session: it has that one hold ready what it is about to run, in front of it.

Source: PostgreSQL manual, "Frontend/Backend Protocol", "Extended Query"; "PREPARE", Notes.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from hashlib import blake2b
from typing import Any

from msgspec import Struct

# What a statement by name meets where it is not what it was when it got the name:
# feature_not_supported, since what it gives has another type after a migration;
# invalid_sql_statement_name and duplicate_prepared_statement, where sessions change hands.
ALTERED, STRANGE = "0A000", {"26000", "42P05"}
OUTDATED = {ALTERED, *STRANGE}
# Each is kept until the session ends. All of a function's statements are some dozens.
MOST = 200
NO_NAME = b""
HOLD = "select visio.hold($1, $2, $3)"
_BETWEEN = "\x1f"  # no statement has it
# What SQL's own PREPARE takes. Who acts is not held ready: before that is said, the session may ask
# for nothing, and so for nothing to be held.
_HOLDABLE = re.compile(r"\s*(?!select set_config\('role')(?:select|with|insert|update|delete)\b")


class Session(Enum):
    """Whose session the server's is."""

    UNKNOWN = auto()
    """Nothing has a name."""
    OWN = auto()
    TRACKED = auto()
    """A pooler's, which sees to it that a name means what its client gave it to."""
    SHARED = auto()
    """A pooler's, which passes names on."""


class Held(Struct):
    """A statement that the server holds ready, and what its rows look like, once that is known."""

    name: bytes
    columns: list[dict[str, Any]] | None = None
    readers: list[Any] = []
    is_described: bool = False


class Prepared:
    """The names of one session's statements. A name belongs to a text, whoever gives it."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._asked: set[str] = set()
        self._age = 0
        self.session = Session.UNKNOWN

    def of(self, statement: str) -> Held | None:
        """As what the server holds it ready; None if it does not."""
        return self._held.get(statement)

    def new(self, statement: str) -> bytes:
        """The name under which it is to be held ready from now on; NO_NAME if under none."""
        own = self.session in (Session.OWN, Session.TRACKED)
        if not own or statement in self._asked or len(self._held) >= MOST:
            return NO_NAME
        self._asked.add(statement)
        return self._named(statement)

    def shared(self, statement: str) -> bytes:
        """Its name in whichever session runs it, if each batch has `held_first`; else NO_NAME."""
        if self.session is not Session.SHARED or not _HOLDABLE.match(statement):
            return NO_NAME
        return self._named(statement)

    def held_first(self, named: Mapping[str, bytes]) -> tuple[str, str, str]:
        """The values of HOLD for these statements, by their names."""
        names = b" ".join(named.values()).decode()
        batch = blake2b(names.encode(), digest_size=12).hexdigest()
        return batch, names, _BETWEEN.join(named)

    def parsed(self, statement: str, name: bytes) -> None:
        """The server holds it ready under the name that it was given."""
        self._held[statement] = Held(name)

    def described(self, statement: str, columns: list[dict[str, Any]] | None, readers: Any) -> None:
        """The server has said what its rows look like, if there are any: they are always alike."""
        if held := self._held.get(statement):
            held.columns, held.readers = columns, readers
            # Behind a pooler a session may have read it anew, after a migration, unlike another.
            held.is_described = self.session is Session.OWN

    def refused(self, code: str | None) -> None:
        """The server did not run one, and said why."""
        if code in OUTDATED:
            self._held.clear()
            self._age += 1
            if code in STRANGE:
                self.session = Session.UNKNOWN

    def settled(self) -> None:
        """Every answer has been read: what has no name by now has to be given one anew."""
        self._asked.clear()

    def _named(self, statement: str) -> bytes:
        digest = blake2b(statement.encode(), digest_size=12).hexdigest()
        return f"visio_{digest}_{self._age}".encode()

"""Which statements the server holds ready under a name, for one session.

To parse a statement, work the row policies into it and plan it costs the server several times what
running it does; a statement with a name is parsed once in a session, and from its sixth run on the
server may keep its plan as well. Behind a transaction pooler that only passes names on, one may be
another session's, and nothing has a name there.

Source: PostgreSQL manual, "Frontend/Backend Protocol", "Extended Query"; "PREPARE", Notes.
"""

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
        self.trusted = False
        """Whether the session is known to be this connection's alone."""

    def of(self, statement: str) -> Held | None:
        """As what the server holds it ready; None if it does not."""
        return self._held.get(statement)

    def new(self, statement: str) -> bytes:
        """The name under which it is to be held ready from now on; NO_NAME if under none."""
        if not self.trusted or statement in self._asked or len(self._held) >= MOST:
            return NO_NAME
        self._asked.add(statement)
        digest = blake2b(statement.encode(), digest_size=12).hexdigest()
        return f"visio_{digest}_{self._age}".encode()

    def parsed(self, statement: str, name: bytes) -> None:
        """The server holds it ready under the name that it was given."""
        self._held[statement] = Held(name)

    def described(self, statement: str, columns: list[dict[str, Any]] | None, readers: Any) -> None:
        """The server has said what its rows look like, if there are any: they are always alike."""
        if held := self._held.get(statement):
            held.columns, held.readers, held.is_described = columns, readers, True

    def refused(self, code: str | None) -> None:
        """The server did not run one, and said why."""
        if code in OUTDATED:
            self._held.clear()
            self._age += 1
            self.trusted = self.trusted and code not in STRANGE

    def settled(self) -> None:
        """Every answer has been read: what has no name by now has to be given one anew."""
        self._asked.clear()

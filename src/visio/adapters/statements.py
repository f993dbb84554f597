"""SQL whose values have names: `:name` here, `$1` on the wire."""

import re
from collections.abc import Mapping

from msgspec import Struct

_NAME = r":(?P<name>[a-z_][a-z0-9_]*)"
# What SQL may hold besides words and signs: literals, names in quotes, comments. A colon outside of
# them belongs to a value's name, and a dollar to nothing.
_PARTS = re.compile(
    rf"""(?P<literal>'(?:[^']|'')*') | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
       | (?<![\w:\]]){_NAME}(?![\w:]) | (?P<stray>[:$])""",
    re.VERBOSE | re.DOTALL,
)
_IN_A_LITERAL = re.compile(rf"(?<!\w){_NAME}")


class StatementRefused(ValueError):
    """A statement of ours does not say what it seems to say."""


class Statement(Struct, frozen=True):
    """A statement as the wire takes it, and its values' names in the order of their numbers."""

    sql: str
    names: tuple[str, ...] = ()
    anew: bool = False
    """Whether it is planned for its values each time, since how it is best run depends on them."""

    def values(self, given: Mapping[str, object]) -> list[object]:
        """The values in their order. Raises TypeError unless each name has one, and no other."""
        lacking = [name for name in self.names if name not in given]
        if lacking or len(given) != len(self.names):
            left_over = [name for name in given if name not in self.names]
            raise TypeError(f"a statement lacks {lacking}, and does not ask for {left_over}")
        return [given[name] for name in self.names]


def text(written: str, *, anew: bool = False) -> Statement:
    """A statement of ours, with `:name` wherever a value belongs. A name may stand more than once.

    Raises StatementRefused where somebody would misread it: a colon that begins no name, as in
    `:id::uuid` (write `cast(:id as uuid)`), a name in a literal, which can hold no value (write
    `concat_ws(':', 'client', id)`), a `$1`.
    """
    numbers: dict[str, int] = {}

    def numbered(part: re.Match[str]) -> str:
        found = part.group()
        if part["stray"] or (part["literal"] and _IN_A_LITERAL.search(found)):
            around = written[max(0, part.start() - 20) : part.end() + 20]
            raise StatementRefused(f"{found} is no value's name in: {around}")
        if part["name"] is None:
            return found
        return f"${numbers.setdefault(part['name'], len(numbers) + 1)}"

    return Statement(_PARTS.sub(numbered, written), tuple(numbers), anew)

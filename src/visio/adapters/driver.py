"""pg8000, and what of its insides we use; loaded without the parser that it has for odd dates.

It brings dateutil for timestamps that `strptime` does not read, such as those of years of which
Python knows nothing. To load it takes 5 ms of each start, for what no statement of ours returns; it
comes if one ever does.
"""

import sys
from datetime import datetime
from types import ModuleType

_NAME = "dateutil.parser"


class _Dates(ModuleType):
    """In its place while pg8000 is loaded."""

    ParserError = ValueError  # which dateutil's own is

    @staticmethod
    def parse(written: str) -> datetime:
        from dateutil.parser import parse  # type: ignore[import-untyped]  # it ships no types

        found: datetime = parse(written)
        return found


_in_its_place = _Dates(_NAME)
sys.modules.setdefault(_NAME, _in_its_place)
try:
    import pg8000
    from pg8000 import converters, core
finally:
    if sys.modules[_NAME] is _in_its_place:
        del sys.modules[_NAME]

__all__ = ["converters", "core", "pg8000"]

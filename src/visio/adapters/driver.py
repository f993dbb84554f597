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
    from pg8000.converters import (
        TIMESTAMPTZ,
        TIMESTAMPTZ_ARRAY,
        make_params,
        string_array_in,
        timestamptz_in,
    )
    from pg8000.core import (
        BIND,
        BIND_COMPLETE,
        CLOSE,
        COMMAND_COMPLETE,
        DESCRIBE,
        EXECUTE,
        EXECUTE_MSG,
        NULL_BYTE,
        PARSE,
        PARSE_COMPLETE,
        READY_FOR_QUERY,
        SYNC_MSG,
        Context,
        H_pack,
        ci_unpack,
        i_pack,
    )
finally:
    if sys.modules[_NAME] is _in_its_place:
        del sys.modules[_NAME]

__all__ = [
    "BIND",
    "BIND_COMPLETE",
    "CLOSE",
    "COMMAND_COMPLETE",
    "DESCRIBE",
    "EXECUTE",
    "EXECUTE_MSG",
    "NULL_BYTE",
    "PARSE",
    "PARSE_COMPLETE",
    "READY_FOR_QUERY",
    "SYNC_MSG",
    "TIMESTAMPTZ",
    "TIMESTAMPTZ_ARRAY",
    "Context",
    "H_pack",
    "ci_unpack",
    "i_pack",
    "make_params",
    "pg8000",
    "string_array_in",
    "timestamptz_in",
]

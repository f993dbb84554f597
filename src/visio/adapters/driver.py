"""pg8000, and what of its insides we use; loaded without what it seldom needs.

It brings dateutil, for timestamps that `strptime` does not read, such as those of years of which
Python knows nothing, and asn1crypto, for the server's certificate, to which a password is bound
that goes over TLS. To load them takes 14 ms of each start. They come once they are asked for: the
one never, by what our statements return, the other with the first connection over TLS.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any


def _later(module: str, path: str) -> Callable[..., Any]:
    """A function of a module that is loaded when it is called."""

    def called(*args: Any, **named: Any) -> Any:
        found: Any = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
        return found(*args, **named)

    return called


def _in_place_of(name: str, **held: object) -> ModuleType:
    stand_in = ModuleType(name)
    vars(stand_in).update(held)
    return stand_in


class _Certificate:
    load = staticmethod(_later("asn1crypto.x509", "Certificate.load"))


_stand_ins = {
    one.__name__: one
    for one in (
        # ParserError is one of these.
        _in_place_of(
            "dateutil.parser", ParserError=ValueError, parse=_later("dateutil.parser", "parse")
        ),
        _in_place_of("asn1crypto.x509", Certificate=_Certificate),
        _in_place_of("asn1crypto.pem", unarmor=_later("asn1crypto.pem", "unarmor")),
    )
    if one.__name__ not in sys.modules
}
sys.modules.update(_stand_ins)
try:
    import pg8000
    from pg8000 import converters, core
finally:
    for _name in _stand_ins:
        del sys.modules[_name]

__all__ = ["converters", "core", "pg8000"]

"""What is imported stays, so the collector need not look for garbage in it.

It would, some fifty times while a function is loaded, and ever longer as the number of objects
grows: a tenth of the whole start. The process that serves is forked from the one that has loaded,
and shares the memory that nobody touches.

Nor has pydantic any plugin here that it need look for in all packages there are.
"""

import gc
import os

_USUAL = gc.get_threshold()
_WHILE_LOADING = 50_000  # objects, a few megabytes, between two looks


def begins() -> None:
    """Look for garbage seldom until `is_done`, and for pydantic's plugins never."""
    gc.freeze()
    gc.set_threshold(_WHILE_LOADING)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def is_done() -> None:
    """Set aside what has been loaded, and look for garbage as usual."""
    gc.freeze()
    gc.set_threshold(*_USUAL)

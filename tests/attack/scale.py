"""How hard to try: a fixed small part in every test run, everything under `make attack`."""

import os

FULL = os.environ.get("VISIO_ATTACK") == "full"


def rounds(short: int, full: int) -> int:
    """How many cases a test tries here; the short ones are the first of the full ones."""
    return full if FULL else short

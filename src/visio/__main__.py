"""`visio`: what is done by hand on a deployment, with the environment of its functions.

visio replay 5f0c…                          apply one stored event of Cal.com again
visio replay --since 2026-11-20T00:00:00Z   apply all of them again, from an instant on
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from visio.bootstrap import app
from visio.flows.replay import replay, replay_since
from visio.settings import SettingsMissing, require


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 if it did what it was asked for."""
    wanted = _parser().parse_args(arguments)
    if (wanted.id is None) == (wanted.since is None):
        print("visio: name an event, or an instant with --since", file=sys.stderr)
        return 2
    try:
        require(os.environ, "database", "booking", "bus")
        found = app()
    except SettingsMissing as missing:
        print(f"visio: {missing}", file=sys.stderr)
        return 2
    now = datetime.now(UTC)
    if wanted.id is not None:
        outcome = replay(wanted.id, found.database, intake=found.intake, now=now)
        print(f"{wanted.id} {outcome}")
        return 1 if outcome == "gone" else 0
    for id, outcome in replay_since(wanted.since, found.database, intake=found.intake, now=now):
        print(f"{id} {outcome}", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="visio", description="Done by hand on a deployment.")
    commands = parser.add_subparsers(required=True, metavar="command")
    again = commands.add_parser("replay", help="apply stored events of Cal.com again")
    again.add_argument("id", nargs="?", type=UUID, help="the id of an event in the inbox")
    again.add_argument("--since", type=_instant, help="from when on, ISO 8601 with an offset")
    return parser


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError("an offset is missing: is it UTC, then add Z")
    return at


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`visio`: what is done by hand on a deployment, with the environment of its functions.

visio doctor --url https://…/                what is wrong, seen from outside and inside
visio replay 5f0c…                          apply one stored event of Cal.com again
visio replay --since 2026-11-20T00:00:00Z   apply all of them again, from an instant on
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from visio.settings import SettingsMissing, require

FUNCTIONS = Path(__file__).parents[2] / "functions"
PRIVATE = re.compile(r"door=(?:push|scheduler)\b")


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 if it did what it was asked for, or found nothing wrong."""
    wanted = _parser().parse_args(arguments)
    return _doctor(wanted) if wanted.command == "doctor" else _replay(wanted)


def _replay(wanted: argparse.Namespace) -> int:
    from visio.bootstrap import app
    from visio.flows.replay import replay, replay_since

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


def _doctor(wanted: argparse.Namespace) -> int:
    from visio import doctor, log

    if wanted.url is None and not os.environ.get("DATABASE_URL"):
        print("visio: give --url, or the environment of the functions, or both", file=sys.stderr)
        return 2
    findings: list[doctor.Finding] = []
    with log.silent():  # the findings say it all
        if wanted.url is not None:
            private, public = _functions()
            listed = os.environ.get("ALLOWED_ORIGINS", "").split(",")
            origins = wanted.origin or [origin.strip() for origin in listed if origin.strip()]
            findings += doctor.probe(wanted.url, public=public, private=private, origins=origins)
        if os.environ.get("DATABASE_URL"):
            findings += doctor.examine(os.environ, now=datetime.now(UTC))
    print(doctor.as_json(findings) if wanted.json else doctor.as_lines(findings))
    return doctor.verdict_of(findings)


def _functions() -> tuple[list[str], list[str]]:
    """The names of the private functions, and of all others, as their addresses have them."""
    private: list[str] = []
    public: list[str] = []
    for page in sorted(FUNCTIONS.glob("*/main.py")):
        names = private if PRIVATE.search(page.read_text()) else public
        names.append(page.parent.name.replace("_", "-"))
    return private, public


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="visio", description="Done by hand on a deployment.")
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    again = commands.add_parser("replay", help="apply stored events of Cal.com again")
    again.add_argument("id", nargs="?", type=UUID, help="the id of an event in the inbox")
    again.add_argument("--since", type=_instant, help="from when on, ISO 8601 with an offset")
    doctor = commands.add_parser("doctor", help="say what is wrong, and what to do")
    doctor.add_argument("--url", help="the base of the functions' addresses, to look from outside")
    doctor.add_argument("--origin", action="append", help="a page's origin; ALLOWED_ORIGINS else")
    doctor.add_argument("--json", action="store_true", help="for a program")
    return parser


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError("an offset is missing: is it UTC, then add Z")
    return at


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

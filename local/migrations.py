"""Refuse a migration that locks a big table, or breaks the functions that are running.

Squawk knows most of what does; what it does not look at is looked at here. A line that says
`-- squawk-ignore <rule> -- <reason>` above a statement lets it pass, and so does
`-- ignore <rule> -- <reason>` for the rules of our own. Without its reason neither does.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parent.parent
MIGRATIONS = PROJECT / "sql" / "migrations"
# Landed before the first deployment: they ran, and will only ever run, on empty tables.
LANDED_UNTIL = "20261126090200"
# What Squawk would have otherwise, and why not.
LEFT_OUT = {
    "prefer-robust-stmts": "dbmate notes what has run, and a migration is one transaction",
    "prefer-bigint-over-int": "counts and minutes, never ids",
    "prefer-identity": "ids are UUIDs",
}
# A statement outside a transaction waits for locks while nobody waits behind it.
LEFT_OUT_ALONE = ("require-lock-timeout", "require-statement-timeout")
OURS = {
    "whole-table-write": re.compile(
        r"(update|delete\s+from|insert\s+into.*\bselect|merge)\b", re.S
    ),
    "drop-of-what-runs": re.compile(
        r"(drop\s+(function|policy|trigger|schema|role|type|view|extension|owned)|revoke\b"
        r"(?!.*\bfrom\s+(public|anon|authenticated)\b))",
        re.S,
    ),
    "truncate": re.compile(r"(truncate|vacuum\s+full|cluster|reindex(?!.*concurrently))\b", re.S),
}
RULES = r"[a-z]+(?:-[a-z]+)*(?:, *[a-z]+(?:-[a-z]+)*)*"
OPT_OUT = re.compile(rf"--\s*(squawk-ignore(?:-file)?|ignore)\s+({RULES})(?:\s+--\s*(.*))?$")
# Comments, strings, quoted names and bodies of functions, in which a semicolon ends nothing.
PIECE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|(\$\w*\$).*?\1|;|[^;]", re.S)


@dataclass(frozen=True, slots=True)
class Problem:
    """Where, against which rule, and what it would do."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


def problems(path: Path) -> list[Problem]:
    """Everything in one migration that its author has to do otherwise, or to give a reason for."""
    source = path.read_text()
    alone = re.search(r"^--\s*migrate:up.*transaction:false", source, re.MULTILINE) is not None
    found = [
        *_squawk(path, alone=alone),
        *_ours(path.name, source),
        *_unreasoned(path.name, source),
    ]
    statements = [words for _, words in _statements(source)]
    if alone and not (len(statements) == 1 and "concurrently" in statements[0]):
        found.append(
            Problem(path.name, 1, "transaction", "false is for one statement, « concurrently »")
        )
    if not source.rstrip().splitlines()[-1].startswith("--") or "-- migrate:down" not in source:
        found.append(Problem(path.name, 1, "forward-only", "an empty « -- migrate:down » ends it"))
    return sorted(found, key=lambda problem: problem.line)


def _squawk(path: Path, *, alone: bool) -> list[Problem]:
    left_out = [*LEFT_OUT, *(LEFT_OUT_ALONE if alone else ())]
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "squawk"),
            *("--reporter", "json", "--pg-version", "15.0"),
            *(f"--exclude={rule}" for rule in left_out),
            *([] if alone else ["--assume-in-transaction"]),
            str(path),
        ],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    # It counts lines from 0, and its exit code is 1 where it found something.
    return [
        Problem(path.name, one["line"] + 1, one["rule_name"], one["message"])
        for one in json.loads(done.stdout)
    ]


def _ours(name: str, source: str) -> list[Problem]:
    lines = source.splitlines()
    found = []
    for line, words in _statements(source):
        above = lines[line - 2] if line > 1 else ""
        for rule, forbidden in OURS.items():
            if forbidden.match(words) and not _let_pass(above, rule):
                found.append(Problem(name, line, rule, words.splitlines()[0][:60]))
    return found


def _let_pass(above: str, rule: str) -> bool:
    opted = OPT_OUT.search(above)
    return opted is not None and opted.group(1) == "ignore" and rule in opted.group(2)


def _unreasoned(name: str, source: str) -> list[Problem]:
    return [
        Problem(name, number, "opt-out", "says no reason behind a second --")
        for number, line in enumerate(source.splitlines(), 1)
        if "ignore" in line
        and (opted := OPT_OUT.search(line))
        and len((opted.group(3) or "").split()) < 3
    ]


def _statements(source: str) -> list[tuple[int, str]]:
    """Each statement in lower case, without comments and bodies, and the line that it begins on."""
    found, words, begins, line = [], "", 0, 1
    for piece in PIECE.finditer(source):
        text = piece.group()
        if text == ";":
            found.append((begins, words.strip()))
            words = ""
        elif not text.startswith(("--", "/*")):
            if not words.strip() and text.strip():
                begins = line
            words += "$$" if piece.group(1) else text.lower()
        line += text.count("\n")
    return [(at, statement) for at, statement in found if statement]


def main(arguments: Sequence[str]) -> int:
    """Lint the migrations that are named, else all since the first deployment; 0 if all is well."""
    paths = [Path(name).resolve() for name in arguments] or [
        path for path in sorted(MIGRATIONS.glob("*.sql")) if path.name[:14] > LANDED_UNTIL
    ]
    found = [problem for path in paths for problem in problems(path)]
    for problem in found:
        print(problem)
    print(f"{len(paths)} migrations, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

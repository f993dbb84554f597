"""What the doctor finds: one line for each check, and what to do where it is not well."""

import json
from collections.abc import Iterable
from enum import IntEnum

from msgspec import Struct
from msgspec.structs import asdict


class Verdict(IntEnum):
    """The worst of all is the exit code."""

    OK = 0
    WARN = 1
    FAIL = 2


class Finding(Struct, frozen=True):
    """One check. `said` holds counts, names of variables and codes, never a value of a secret.

    `todo` is what to do, and names the runbook where there is one.
    """

    check: str
    verdict: Verdict
    said: str
    todo: str = ""


def ok(check: str, said: str) -> Finding:
    return Finding(check, Verdict.OK, said)


def warn(check: str, said: str, todo: str) -> Finding:
    return Finding(check, Verdict.WARN, said, todo)


def fail(check: str, said: str, todo: str) -> Finding:
    return Finding(check, Verdict.FAIL, said, todo)


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """The worst of them."""
    return max((finding.verdict for finding in findings), default=Verdict.OK)


def as_lines(findings: Iterable[Finding]) -> str:
    """For a terminal."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.verdict.name.lower():<5} {finding.check:<15} {finding.said}")
        if finding.verdict is not Verdict.OK:
            lines.append(f"      {'':<15} → {finding.todo}")
    return "\n".join(lines)


def as_json(findings: Iterable[Finding]) -> str:
    """For a program."""
    told = [{**asdict(one), "verdict": one.verdict.name.lower()} for one in findings]
    return json.dumps(told, ensure_ascii=False, indent=2)

"""What we did not write, and what must never be in what we did.

`python -m tests.attack.supply` asks for known weaknesses of every pinned version, has bandit read
our code, and looks for secrets in every file and in everything that history holds. It exits with 1
if it found any. Where no list of weaknesses can be had, it says so and fails nothing: that is no
verdict.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.sbom import pins
from tests.world import PROJECT

# bandit and pip-audit live apart: `make attack` puts them there.
TOOLS = PROJECT / ".venv" / "supply" / "bin"
OURS = ("src", "functions", "local")
# What a key of its kind looks like, whoever it belongs to.
SECRETS = {
    "a private key": rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----\s*[A-Za-z0-9+/=]{16}",
    "a key of Amazon's": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of Google's": rb"\bAIza[0-9A-Za-z_-]{35}\b",
    "a client secret of Google's": rb"\bGOCSPX-[0-9A-Za-z_-]{20,}",
    "a token of GitHub's": rb"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{40,})",
    "a token of Slack's": rb"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a key of Stripe's": rb"\b[rs]k_live_[0-9A-Za-z]{16,}",
    "a key of Cal.com's": rb"\bcal_live_[0-9A-Za-z]{16,}",
    "a secret key of Supabase's": rb"\bsb_secret_[0-9A-Za-z]{20,}",
    "a token of Supabase's": rb"\bsbp_[0-9a-f]{40}\b",
    "a token of npm's": rb"\bnpm_[0-9A-Za-z]{36}\b",
    "a token of PyPI's": rb"\bpypi-AgEIcHlwaS[0-9A-Za-z_-]{20,}",
    "a signed token with rights": (
        rb"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20,}"
    ),
    "an address with its password": (
        rb"\b(?:postgres(?:ql)?|smtps?)://[^\s:/@'\"<>${}]+:[^\s:/@'\"<>${}]{12,}@"
    ),
}
OPT_OUT = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]*\bS|nosec B)(\d{3})\b[A-Z0-9, ]* -- \S")


@dataclass(slots=True)
class Verdict:
    """What was looked at, and what is wrong with it. `unasked` says why nobody could tell."""

    what: str
    cases: int
    wrong: list[str] = field(default_factory=list)
    unasked: str | None = None
    seconds: float = 0.0


def secrets_in(content: bytes) -> list[str]:
    """The kinds of secret that a text holds; of the secrets themselves not a letter."""
    return [kind for kind, pattern in SECRETS.items() if re.search(pattern, content)]


def tracked() -> Iterator[tuple[str, bytes]]:
    """Every file of the working tree that git knows."""
    for name in _git("ls-files", "-z").decode().split("\0"):
        if name and (PROJECT / name).is_file():
            yield name, (PROJECT / name).read_bytes()


def history() -> Iterator[tuple[str, bytes]]:
    """Every content that any commit has, under the first name it had."""
    listed = _git("rev-list", "--objects", "--all").decode(errors="replace").splitlines()
    names = dict(line.partition(" ")[::2] for line in listed)
    wanted = "\n".join(names).encode()
    answers = _git("cat-file", "--batch", stdin=wanted)
    at = 0
    while at < len(answers):
        end = answers.index(b"\n", at)
        number, kind, size = answers[at:end].decode().split()
        content = answers[end + 1 : end + 1 + int(size)]
        at = end + 1 + int(size) + 1
        if kind in ("blob", "commit", "tag"):
            yield names[number] or f"{kind} {number[:12]}", content


def no_secrets(contents: Callable[[], Iterator[tuple[str, bytes]]], where: str) -> Verdict:
    verdict = Verdict(f"secrets in {where}", 0)
    for name, content in contents():
        verdict.cases += 1
        verdict.wrong += [f"{name}: {kind}" for kind in secrets_in(content)]
    return verdict


def unsafe_code() -> Verdict:
    """What bandit finds; ruff's opt-outs count for it, since both number their rules alike."""
    files = [path for folder in OURS for path in (PROJECT / folder).rglob("*.py")]
    verdict = Verdict("our own code, by bandit", len(files))
    done = _tool("bandit", "-q", "-f", "json", "-c", "pyproject.toml", "-r", *OURS)
    if done is None:
        verdict.unasked = "the tool is not installed: `make attack` does that"
        return verdict
    for found in json.loads(done.stdout)["results"]:
        lines = (PROJECT / found["filename"]).read_text().splitlines()
        span = lines[found["line_range"][0] - 1 : found["line_range"][-1]]
        if found["test_id"][1:] not in {n for line in span for n in OPT_OUT.findall(line)}:
            place = f"{found['filename']}:{found['line_number']}"
            verdict.wrong.append(f"{place}: {found['test_id']} {found['issue_text']}")
    return verdict


def known_weaknesses_of_python() -> Verdict:
    """Of every version that a function is deployed with, or that we develop with."""
    files = [PROJECT / "requirements" / "dev.txt"]
    files += sorted((PROJECT / "requirements" / "functions").glob("*.txt"))
    pinned = {f"{pin.name}=={pin.version}" for file in files for pin in pins(file)}
    verdict = Verdict("known weaknesses of Python packages", len(pinned))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(sorted(pinned)))
        listed.flush()
        options = ("--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json")
        done = _tool("pip-audit", *options, "-r", listed.name)
    try:
        told = json.loads(done.stdout)["dependencies"] if done else []
    except (ValueError, KeyError):
        told = []
    # pip-audit finds nothing wrong with a package that nobody could tell it of.
    unknown = [one["name"] for one in told if "skip_reason" in one]
    for one in told:
        for weakness in one.get("vulns", []):
            verdict.wrong.append(f"{one['name']} {one['version']}: {weakness['id']}")
    if done is None:
        verdict.unasked = "the tool is not installed: `make attack` does that"
    elif not told or len(unknown) == len(told):
        verdict.unasked = "the registry that is reached here tells of none"
    elif unknown:
        verdict.wrong += [f"{name}: not known to the registry" for name in unknown]
    return verdict


def known_weaknesses_of_javascript() -> Verdict:
    locked = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    verdict = Verdict("known weaknesses of npm packages", len(locked) - 1)
    npm = shutil.which("npm")
    if npm is None:
        verdict.unasked = "npm is not there"
        return verdict
    done = subprocess.run(
        [npm, "audit", "--json", "--package-lock-only"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    try:
        told = json.loads(done.stdout)["vulnerabilities"]
    except (ValueError, KeyError):
        verdict.unasked = "the registry that is reached here tells of none"
        return verdict
    verdict.wrong = [f"{name}: {one['severity']}" for name, one in told.items()]
    return verdict


def checks() -> list[Callable[[], Verdict]]:
    return [
        lambda: no_secrets(tracked, "files"),
        lambda: no_secrets(history, "history"),
        unsafe_code,
        known_weaknesses_of_python,
        known_weaknesses_of_javascript,
    ]


def _git(*arguments: str, stdin: bytes | None = None) -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=PROJECT, input=stdin, capture_output=True, check=True
    )
    return done.stdout


def _tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    """A tool's answer; None where it is not installed. That it found something is no failure."""
    program = TOOLS / name
    if not program.exists():
        return None
    return subprocess.run(
        [str(program), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def main(arguments: Sequence[str]) -> int:
    """Print what each check says; with an argument, write it there as JSON too."""
    told, broken = [], 0
    for check in checks():
        started = time.monotonic()
        verdict = check()
        verdict.seconds = round(time.monotonic() - started, 1)
        broken += len(verdict.wrong)
        said = f"not asked: {verdict.unasked}" if verdict.unasked else f"{len(verdict.wrong)} wrong"
        print(f"{verdict.what:<40} {verdict.cases:>6}  {said}")
        for problem in verdict.wrong:
            print(f"  {problem}")
        told.append(
            {
                "part": "supply",
                "what": verdict.what
                + (f" (not asked: {verdict.unasked})" if verdict.unasked else ""),
                "cases": 0 if verdict.unasked else verdict.cases,
                "broken": len(verdict.wrong),
                "seconds": verdict.seconds,
            }
        )
    if arguments:
        Path(arguments[0]).write_text(json.dumps(told))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

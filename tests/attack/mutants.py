"""Do the tests notice? The product is sabotaged, one guard at a time, and some test must fail.

`python -m tests.attack.mutants` tries all of tests/attack/sabotages.py, or those that are named;
each in a copy of the project, never in the working tree. It exits with 1 if one survived.
"""

import argparse
import compileall
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from local import postgres
from tests.attack.sabotages import MUTANTS, Mutant
from tests.conftest import served
from tests.world import PROJECT

LANES = 2
LONGEST = 300
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?::\S+)", re.MULTILINE)
# What another run of pytest around us has said to itself.
NOT_OURS = ("PYTEST_", "COV_", "COVERAGE_", "VISIO_")
Clusters = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one mutant: the test that noticed, or what went wrong instead."""

    mutant: Mutant
    killed_by: str | None
    problem: str | None
    seconds: float


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the project as it is in the working tree, to be sabotaged."""
    with tempfile.TemporaryDirectory(prefix="visio-mutants-") as home:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (PROJECT / name).is_file():
                (Path(home) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, Path(home) / name)
        # Checked by their contents: a sabotage of the same second and size would go unseen.
        checked = py_compile.PycInvalidationMode.CHECKED_HASH
        for folder in ("src", "local", "tests", "functions"):
            compileall.compile_dir(Path(home) / folder, quiet=2, invalidation_mode=checked)
        yield Path(home)


def attempt(mutant: Mutant, home: Path, clusters: Clusters) -> Tried:
    """Sabotage a copy, run the tests that must notice, and mend it again."""
    started = time.monotonic()
    file = home / mutant.file
    sound = file.read_text()
    if sound.count(mutant.old) != 1 or mutant.old == mutant.new:
        return Tried(mutant, None, "its old text does not stand there exactly once", 0)
    file.write_text(sound.replace(mutant.old, mutant.new))
    try:
        done = run(mutant.tests, home, {} if mutant.in_sql else clusters, "-x")
    except subprocess.TimeoutExpired:
        return Tried(mutant, None, "never came to an end", time.monotonic() - started)
    finally:
        file.write_text(sound)
    failed = FAILED.search(done.stdout)
    killed_by = failed.group(1) if done.returncode == 1 and failed else None
    problem = None
    if killed_by is None:
        problem = "survived" if done.returncode == 0 else f"does not run:\n{done.stdout[-2000:]}"
    return Tried(mutant, killed_by, problem, time.monotonic() - started)


def run(
    tests: Sequence[str], home: Path, clusters: Clusters, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run some tests of a copy, on servers that are there or, without any, on one of its own."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    given = {"VISIO_TEST_CLUSTERS": json.dumps(clusters)} if clusters else {}
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=line", "-rfE"),
            *("-n", "0", "-p", "no:cacheprovider", "--timeout=60", *options, *tests),
        ],
        cwd=home,
        env={
            **theirs,
            **given,
            "PYTHONPATH": "src:.",
            "PYTHONDONTWRITEBYTECODE": "1",
            # One server is enough to notice.
            "VISIO_TEST_POSTGRES15": "/nowhere",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def attempts(mutants: Sequence[Mutant]) -> Iterator[Tried]:
    """Try each, two side by side. Raises SystemExit where the tests fail without any sabotage."""
    homes: SimpleQueue[Path] = SimpleQueue()

    def one(mutant: Mutant, clusters: Clusters) -> Tried:
        home = homes.get()
        try:
            return attempt(mutant, home, clusters)
        finally:
            homes.put(home)

    with copied() as first, copied() as second, served(postgres.embedded_binaries()) as cluster:
        clusters = {"embedded": cluster}
        named = sorted({test for mutant in mutants for test in mutant.tests})
        with ThreadPoolExecutor(LANES) as lanes:
            halves = (named[::2], named[1::2])
            sound = lanes.map(
                lambda half, home: half and run(half, home, clusters), halves, (first, second)
            )
            for done in filter(None, sound):
                if done.returncode:
                    raise SystemExit(
                        f"visio: these fail without any sabotage:\n{done.stdout[-4000:]}"
                    )
            homes.put(first)
            homes.put(second)
            yield from lanes.map(lambda mutant: one(mutant, clusters), mutants)


def line(tried: Tried) -> str:
    """What became of one, for a terminal."""
    file = Path(tried.mutant.file).name[:40]
    said = tried.killed_by or (tried.problem or "").upper().partition("\n")[0]
    return f"{tried.mutant.name:<56} {file:<40} {tried.seconds:5.1f} s  {said}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="of the mutants to try; all by default")
    parser.add_argument("--json", type=Path, help="where to write what became of them")
    options = parser.parse_args(arguments)
    started, results = time.monotonic(), []
    for tried in attempts([m for m in MUTANTS if not options.names or m.name in options.names]):
        print(line(tried), flush=True)
        results.append(tried)
    survivors = [tried for tried in results if tried.killed_by is None]
    for tried in survivors:
        print(f"\n{tried.mutant.name}: {tried.problem}")
    print(f"{len(results)} mutants, {len(survivors)} not noticed")
    if options.json:
        told = {
            "part": "mutants",
            "what": "sabotages of the product, each of which a test must notice",
            "cases": len(results),
            "broken": len(survivors),
            "seconds": round(time.monotonic() - started, 1),
        }
        options.json.write_text(json.dumps([told]))
    return 1 if survivors or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make attack`: every attack at full size, every sabotage, and the supply; one table at the end.

It exits with 1 if anything broke, a part could not be run, or nothing was tried.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.world import PROJECT

RESULTS = PROJECT / "build" / "attack"
# Races and faults wait for locks and clocks: one worker more than there are processors.
WORKERS = str((os.cpu_count() or 1) + 1)
PARTS = {
    "tally": ("pytest", "tests/attack", "-q", "--no-header", "-n", WORKERS, "--dist", "loadgroup"),
    "mutants": ("tests.attack.mutants", "--json", str(RESULTS / "mutants.json")),
    "supply": ("tests.attack.supply", str(RESULTS / "supply.json")),
}


def run(part: str) -> dict[str, Any] | None:
    """Run one part as it is run alone; a line for the table where it failed and told of nothing."""
    print(f"\n{part}: python -m {' '.join(PARTS[part])}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", *PARTS[part]],
        cwd=PROJECT,
        env={**os.environ, "VISIO_ATTACK": "full"},
        check=False,
    )
    told = results(part)
    if told and (done.returncode == 0 or any(line["broken"] for line in told)):
        return None
    what = f"ended with {done.returncode}, and told of nothing that broke"
    return {"part": part, "what": what, "cases": 0, "broken": 1, "seconds": 0.0}


def results(part: str) -> list[dict[str, Any]]:
    """What a part wrote down of itself."""
    written = RESULTS / f"{part}.json"
    told: list[dict[str, Any]] = json.loads(written.read_text()) if written.exists() else []
    return told


def table(lines: list[dict[str, Any]]) -> str:
    """Part, what was tried, how often, how much broke, and how long it took."""
    rows = [("part", "what was tried", "cases", "broken", "seconds")]
    for line in lines:
        rows.append(tuple(str(line[key]) for key in ("part", "what", "cases", "broken", "seconds")))
    cases, broken = (sum(line[key] for line in lines) for key in ("cases", "broken"))
    rows.append(
        ("", "all of it", str(cases), str(broken), f"{sum(one['seconds'] for one in lines):.1f}")
    )
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(
        f"{part:<{first}}  {what:<{second}}  {cases:>8}  {broken:>6}  {seconds:>8}"
        for part, what, cases, broken, seconds in rows
    )


def main() -> int:
    started = time.monotonic()
    RESULTS.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        Path(RESULTS / f"{part}.json").unlink(missing_ok=True)
    failed = [line for line in map(run, PARTS) if line is not None]
    lines = [line for part in PARTS for line in results(part)] + failed
    print(f"\n{table(lines)}\n{time.monotonic() - started:.0f} s in all")
    return 1 if any(line["broken"] for line in lines) or not lines else 0


if __name__ == "__main__":
    sys.exit(main())

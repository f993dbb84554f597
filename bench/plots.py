"""`make plots`: every page and chart that follows from bench/results/*.json, written anew.

Charts and bench/results/README.md, the README's three, docs/costs.md and docs/scale.md. Tests
compare each with what is computed.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from bench import costs, scale, simulate
from bench.computed import filled, prose
from bench.figures import FOLDER, Figure, figures, results

HOME = Path(__file__).parent.parent
README, PAGE = HOME / "README.md", FOLDER / "README.md"
# What matters most to whoever waits, as far as it was measured: three of these, in this order.
BEST = ("accept", "knock", "growth", "cold-start", "scale")


def explained(made: Sequence[Figure]) -> str:
    """The part of bench/results/README.md that is computed."""
    parts = []
    for one in made:
        goals = "".join(f"\n  - {goal}." for goal in one.goals) or " none was set."
        parts.append(
            f"## {one.title}\n\n![{one.title}]({one.name}.svg)\n\n"
            f"- **Measured**: {one.what}\n- **Again**: {one.repeat}.\n"
            f"- **Baseline**: {one.baseline}.\n- **Goal**:{goals}"
        )
    return "\n\n".join(parts)


def shown(made: Sequence[Figure]) -> str:
    """The part of the README that is computed: three charts with a sentence each."""
    there = {one.name: one for one in made}
    chosen = [there[name] for name in BEST if name in there][:3]
    return "\n\n".join(
        f"{prose(one.short)}\n\n![{one.title}](bench/results/{one.name}.svg)" for one in chosen
    )


def written() -> dict[Path, str]:
    """Every file that follows from the results, as it should be."""
    made = figures(results())
    return {
        **{FOLDER / f"{one.name}.svg": one.drawing for one in made},
        PAGE: filled(PAGE.read_text(), explained(made)),
        README: filled(README.read_text(), shown(made), "how fast"),
        costs.TARGET: costs.page(costs.TARGET.read_text()),
        scale.TARGET: scale.page(scale.TARGET.read_text()),
    }


def main() -> None:
    simulate.main()
    for path, text in written().items():
        path.write_text(text)
        sys.stdout.write(f"{path.relative_to(HOME)}\n")


if __name__ == "__main__":
    main()

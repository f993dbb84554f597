"""Compile the requirements files from pyproject.toml: one for each function, one for development,
and one for each tool that cannot share an environment with them.

Run by `make lock`, in the project's folder, with uv in the same environment. Every file is pinned
with hashes, valid on every platform, and free of index addresses.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent / "pyproject.toml"


def compile_to(target: Path, *options: str) -> None:
    subprocess.run(  # noqa: S603 -- our own interpreter with our own options
        [
            *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--generate-hashes"),
            *("--universal", "--python-version", "3.11", "--no-header", "--no-annotate"),
            *("--no-strip-extras", "--no-emit-index-url", "--no-emit-find-links"),
            *(*options, "--output-file", str(target)),
        ],
        check=True,
        cwd=PROJECT.parent,
    )


def main() -> None:
    project = tomllib.loads(PROJECT.read_text())
    functions: dict[str, list[str]] = project["tool"]["visio"]["functions"]
    for name, extras in functions.items():
        options = [option for extra in extras for option in ("--extra", extra)]
        compile_to(HERE / "functions" / f"{name}.txt", "pyproject.toml", *options)
    compile_to(HERE / "dev.txt", "pyproject.toml", "--all-extras", "--group", "dev")
    for tool in ("provider", "checkov", "supply"):
        compile_to(HERE / f"{tool}.txt", "--group", tool)


if __name__ == "__main__":
    main()

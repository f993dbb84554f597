"""`make build`: stage build/<function>/ = main.py, the tracked files of visio, pinned requirements.

Each folder is complete by itself: no path leads out of it, and nothing of the tests, the local
stack or another function is in it.
"""

import compileall
import shutil
import subprocess
import sys
from pathlib import Path

from local.gateway import names
from local.postgres import PROJECT, Broken

BUILD = PROJECT / "build"


def tracked(folder: str) -> list[Path]:
    """The files that git knows under a folder, relative to the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", folder],  # noqa: S607 -- a clone has git
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        raise Broken("`make build` stages tracked files, so it needs git and a clone")
    return [Path(name) for name in listed.stdout.split("\0") if name]


def stage(name: str, target: Path) -> None:
    """Write one function's folder anew."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in tracked("src/visio"):
        copied = target / path.relative_to("src")
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / path, copied)
    shutil.copyfile(PROJECT / "functions" / name / "main.py", target / "main.py")
    pinned = PROJECT / "requirements" / "functions" / f"{name}.txt"
    shutil.copyfile(pinned, target / "requirements.txt")


def main() -> None:
    try:
        shutil.rmtree(BUILD, ignore_errors=True)
        for name in names():
            stage(name, BUILD / name)
    except Broken as broken:
        sys.exit(f"visio: {broken}")
    # The platform compiles the whole upload and stops at the first file that does not.
    if not compileall.compile_dir(BUILD, quiet=1, legacy=False):
        sys.exit("visio: a staged file does not compile")
    for cache in BUILD.rglob("__pycache__"):
        shutil.rmtree(cache)
    print(f"staged {len(names())} functions in {BUILD.relative_to(PROJECT)}/")


if __name__ == "__main__":
    main()

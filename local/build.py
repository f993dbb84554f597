"""`make build`: stage build/<function>/ = main.py, the tracked files of visio, pinned requirements,
and pack each folder into build/<function>.zip, beside build/<function>.cdx.json which says what is
in it.

Each folder is complete by itself: no path leads out of it, and nothing of the tests, the local
stack or another function is in it. The same files make the same archive, byte for byte, wherever
and whenever: archives are deployed under their own hash, so only what changed is deployed anew.
"""

import compileall
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from local import sbom
from local.gateway import names
from local.postgres import PROJECT, Broken

BUILD = PROJECT / "build"
# The first instant that a zip can tell.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16
UNIX = 3


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


def pack(folder: Path, target: Path) -> None:
    """Write one staged folder's archive anew; nothing but names and contents goes into it."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), LONG_AGO)
            entry.external_attr, entry.create_system = READABLE, UNIX
            # Stored, not deflated: what zlib makes of the same bytes is its version's affair.
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_STORED)


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
    for name in names():
        pack(BUILD / name, BUILD / f"{name}.zip")
        sbom.write(name, BUILD / name / "requirements.txt", BUILD / f"{name}.cdx.json")
    print(f"staged and packed {len(names())} functions in {BUILD.name}/")


if __name__ == "__main__":
    main()

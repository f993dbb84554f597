"""`python -m local`: start the product on this machine. Ctrl-C stops it."""

import asyncio
import os
import shutil
import sys

from local import front
from local.postgres import Broken
from local.stack import Stack


async def _serve() -> None:
    if not front.SUPABASE_JS.exists():
        node = "run `make setup`" if shutil.which("node") else "install Node 20 or newer first"
        raise Broken(f"node_modules is missing: {node}")
    await Stack(os.environ).run()


def main() -> None:
    try:
        asyncio.run(_serve())
    except Broken as broken:
        sys.exit(f"visio: {broken}")


main()

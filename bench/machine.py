"""What the figures were measured on."""

import os
import platform
import subprocess
from typing import Any


def machine() -> dict[str, Any]:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "node": node.stdout.strip(),
        "system": f"{platform.system()} {platform.machine()}",
    }

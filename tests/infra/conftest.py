"""Terraform without a cloud or a registry. What cannot be had is skipped, with the reason."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.gateway import names
from tests.world import PROJECT

INFRA = PROJECT / "infra"
TOOLS = PROJECT / ".venv"
HERE = Path(__file__).parent
GOOGLE = "6.50.0"
# Where a machine keeps providers that it does not fetch.
MIRRORS = ("/opt/*", "/usr/share/terraform/*", "/usr/local/share/terraform/*")
PLATFORM = f"linux_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), 'unknown') }"
EXAMPLE = """
project         = "visio-test"
supabase_url    = "https://abc.supabase.example"
allowed_origins = ["https://app.example", "https://hub.example"]
app_url         = "https://app.example"
calcom_url      = "https://cal.example/mikl/meeting"
calcom_api_url  = "https://cal.example/v2"
mail_from       = "visio@app.example"
alert_email     = "ops@app.example"
room = {
  provider    = "livekit"
  environment = { LIVEKIT_URL = "wss://rooms.example", LIVEKIT_API_KEY = "key" }
}
vapid           = { public_key = "a-public-key", subject = "mailto:ops@app.example" }
"""


@dataclass
class Module:
    """A copy of one of the modules, ready to run: nothing is written into the tree."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """What terraform prints. Any other exit code than these is a failure of the test."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in codes, done.stdout[-6000:] + done.stderr[-6000:]
        return done.stdout + done.stderr

    def state(self) -> dict[str, Any]:
        """What has been applied, as `terraform show -json` tells it."""
        shown: dict[str, Any] = json.loads(self.run("show", "-json"))
        return shown


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment that terraform runs in: this machine's, without its configuration."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed here")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "AWS_", "GOOGLE_"))}
    empty = tmp_path_factory.mktemp("terraform") / "empty.rc"
    empty.write_text("disable_checkpoint = true\n")
    home = tmp_path_factory.mktemp("home")
    return {
        **kept,
        "HOME": str(home),
        "TF_CLI_CONFIG_FILE": str(empty),
        "TF_IN_AUTOMATION": "1",
        "NO_COLOR": "1",
        "TF_CLI_ARGS": "-no-color",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _configured(environment: dict[str, str], mirror: Path, provider: str) -> dict[str, str]:
    file = Path(environment["HOME"]) / f"{provider.replace('/', '-')}.rc"
    file.write_text(f"""
disable_checkpoint = true
provider_installation {{
  filesystem_mirror {{
    path    = "{mirror}"
    include = ["{provider}"]
  }}
}}
""")
    return {**environment, "TF_CLI_CONFIG_FILE": str(file)}


@pytest.fixture(scope="session")
def google(terraform: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same, with Google's provider as far as its schema goes (tests/infra/google)."""
    python = TOOLS / "provider" / "bin" / "python"
    if not python.exists():
        pytest.skip("the provider's environment is not there: run `make tools`")
    asked = tmp_path_factory.mktemp("asked")
    (asked / "main.tf").write_text('resource "google_project_service" "one" {}\n')
    told = Module(asked, terraform).run("providers")
    address = told.split("provider[", 1)[1].split("]", 1)[0]  # with the host that is the default
    mirror = tmp_path_factory.mktemp("mirror")
    program = mirror / address / GOOGLE / PLATFORM / f"terraform-provider-google_v{GOOGLE}_x5"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{python}" "{HERE / "google" / "provider.py"}"\n')
    program.chmod(0o755)
    return _configured(terraform, mirror, "hashicorp/google")


@pytest.fixture(scope="session")
def aws(terraform: dict[str, str]) -> dict[str, str]:
    """The same, with AWS's provider from a mirror of this machine's."""
    named = os.environ.get("TF_PLUGIN_MIRROR")
    places = [Path(named)] if named else []
    places += [found for place in MIRRORS for found in Path("/").glob(place.lstrip("/"))]
    places.append(Path.home() / ".terraform.d" / "plugins")
    for place in places:
        if any(place.glob("*/hashicorp/aws")):
            return _configured(terraform, place, "hashicorp/aws")
    pytest.skip("no mirror on this machine holds AWS's provider")


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Module]:
    """Copy a module of infra/, with its state beside it, and initialise the copy."""

    def module(name: str, environment: dict[str, str]) -> Module:
        root = tmp_path_factory.mktemp("module")
        folder = root / "infra" / name
        shutil.copytree(INFRA / name, folder, ignore=shutil.ignore_patterns(".terraform*"))
        (folder / "override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        (root / "build").mkdir()
        for function in names():
            (root / "build" / f"{function}.zip").write_text(function)
        made = Module(folder, environment)
        made.run("init", "-input=false")
        return made

    return module


@pytest.fixture(scope="session")
def functions(google: dict[str, str], module: Callable[..., Module]) -> Module:
    """infra/functions, with the settings of an example."""
    made = module("functions", google)
    (made.folder / "terraform.tfvars").write_text(EXAMPLE)
    return made


@pytest.fixture(scope="session")
def applied(functions: Module) -> dict[str, list[dict[str, Any]]]:
    """What infra/functions makes, by type: each resource's own values, and its key."""
    functions.run("apply", "-auto-approve", "-input=false", "-parallelism=40")
    return by_type(functions.state())


def by_type(state: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The resources of a state: {type: [values, with the key of `for_each` as `_key`]}."""
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in state["values"]["root_module"]["resources"]:
        values = {
            **resource["values"],
            "_key": resource.get("index"),
            "_name": resource["name"],
        }
        found.setdefault(resource["type"], []).append(values)
    return found

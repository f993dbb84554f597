"""The house keeps its shape: imports point one way, SQL stays in the adapters, lists agree."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.world import PROJECT
from visio.domain.limits import LIMITS

CORE = PROJECT / "src" / "visio"
MODULES = sorted(CORE.rglob("*.py"))
FUNCTIONS = sorted(path.parent.name for path in (PROJECT / "functions").glob("*/main.py"))
MAY_IMPORT = {
    "domain": ("visio.domain",),
    "adapters": ("visio.adapters", "visio.domain"),
    "flows": ("visio.flows", "visio.adapters", "visio.domain", "visio.call"),
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {name for name in found if name}


def layer(path: Path) -> str:
    return path.relative_to(CORE).parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_point_one_way(path):
    ours = {name for name in imported(path) if name.startswith("visio.")}

    allowed = MAY_IMPORT.get(layer(path))
    if allowed is not None:
        assert {name for name in ours if not name.startswith(allowed)} == set()
    if path.name not in ("edge.py", "openapi.py"):
        assert {name for name in ours if name.startswith("visio.edge")} == set()


def test_only_the_edge_knows_http():
    web = ("flask", "werkzeug", "functions_framework")

    knowing = {path.name for path in MODULES if any(n.startswith(web) for n in imported(path))}

    assert knowing == {"edge.py"}


def test_sql_stays_in_the_adapters():
    sql = {"visio.adapters.statements.text", "visio.adapters.statements.Statement"}

    speaking = {layer(path) for path in MODULES if imported(path) & sql}

    assert speaking == {"adapters"}


def test_the_domain_reads_no_clock_and_no_environment():
    for path in (CORE / "domain").glob("*.py"):
        source = path.read_text()
        assert "datetime.now" not in source
        assert imported(path).isdisjoint({"os", "time", "logging", "urllib.request"})


def test_a_function_is_one_page():
    for name in FUNCTIONS:
        folder = PROJECT / "functions" / name
        kept = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
        source = (folder / "main.py").read_text()
        assert kept == {"main.py"}
        assert len(source.splitlines()) <= 40
        assert not any(isinstance(node, ast.If) for node in ast.walk(ast.parse(source)))


def test_every_function_has_the_flow_of_its_name():
    flows = {
        node.name
        for path in (CORE / "flows").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }

    assert [name for name in FUNCTIONS if name not in flows] == []


def test_every_function_has_its_requirements():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    pinned = {path.stem for path in (PROJECT / "requirements" / "functions").glob("*.txt")}

    assert sorted(project["tool"]["visio"]["functions"]) == FUNCTIONS == sorted(pinned)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_requirements_are_pinned_with_hashes_and_name_no_address(name):
    text = (PROJECT / "requirements" / "functions" / f"{name}.txt").read_text()

    pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pinned
    assert all("==" in line for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text


# What no function loads before it is asked for something, and why it would be loaded at all.
NEVER_AT_FIRST = {
    "sqlalchemy": "how one usually asks a database",
    "google.cloud.pubsub_v1": "how one usually speaks to Pub/Sub",
    "grpc": "the same",
    "urllib.request": "a page that may send elsewhere is asked for",
    "requests": "others' clients",
    "boto3": "an e-mail goes through SES",
    "httpx": "others' clients",
    "aiohttp": "others' clients",
    "jwt": "how one usually reads a token",
    "cryptography.x509": "a certificate is read",
    "asn1crypto.x509": "a password is bound to a certificate",
    "urllib3": "others' clients",
}
# What those need who encrypt for browsers, write calendars or e-mails, call others.
AT_FIRST = {
    "cryptography": {"send_push"},
    "icalendar": {"calendar_feed", "calendar_file", "send_mail"},
    "dateutil": {"calendar_feed", "calendar_file", "send_mail"},
    "babel": {"send_mail"},
    "jinja2.ext": {"send_mail"},
    # Whoever is asked by services alone reads and writes by msgspec; Cal.com's bodies need more.
    "pydantic": set(FUNCTIONS)
    - {"relay_signal", "run_room_order", "send_mail", "send_push"}
    - {"calendar_feed", "complete_meetings", "livekit_webhook"},
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_heavy_imports_wait_until_they_are_needed(function):
    light = {name for name, users in AT_FIRST.items() if function not in users}
    program = (
        "import sys, runpy; import functions_framework; before = set(sys.modules); "
        "from visio import edge; edge.require = lambda *_: None; "
        f"runpy.run_path('functions/{function}/main.py'); "
        f"heavy = {sorted(light | set(NEVER_AT_FIRST))}; "
        "sys.exit(', '.join(m for m in heavy if m in sys.modules and m not in before) or 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT / "src"), "VISIO_ENV": "local"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_every_function_that_people_call_has_its_limit_and_no_other_has():
    document = json.loads((PROJECT / "docs" / "openapi.json").read_text())

    people = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if operation["security"] in ([{"user": []}], [])
    }

    assert set(LIMITS) == people

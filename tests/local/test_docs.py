"""The commands of the documents do what the documents say."""

import json
import re
import shutil
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from local import front
from tests.world import PROJECT

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]


@pytest.mark.parametrize("tool", ["curl", "openssl"])
def test_the_example_of_a_signed_ping(stack, tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed here")
    text = (PROJECT / "docs" / "calcom-setup.md").read_text()
    found = re.search(r"```bash\n(.*?)```\n\n```\n(.*?)\n```", text, re.DOTALL)
    assert found is not None
    command, promised = found.groups()
    # A ping of this test's own: the same one again would be a duplicate, as the page says.
    command = command.replace('"type":"Test"', f'"type":"{tool}"')

    now = datetime.now(UTC)
    times = [now, now, now - timedelta(days=1, hours=1)]

    answers = [
        subprocess.run(
            ["bash", "-euc", command],
            env={
                "PATH": "/usr/bin:/bin",
                "BASE": f"{stack.origin}/functions/v1",
                **({"NOW": at.isoformat(timespec="milliseconds")} if at else {}),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for at in (None, *times)
    ]

    outcomes = ("ignored", "ignored", "duplicate", "stale")
    assert answers == [promised.replace("ignored", outcome) for outcome in outcomes]


@pytest.fixture
def served():
    """What docs/front-ends.md says that a server of the pages has to send."""
    text = (PROJECT / "docs" / "front-ends.md").read_text()
    return text.split("## What a server has to send", 1)[1].split("\n## ", 1)[0]


def test_the_configuration_of_the_pages_has_what_they_read(stack, served):
    promised = json.loads(re.findall(r"```json\n(.*?)```", served, re.DOTALL)[0])
    page = (PROJECT / "web" / "elements" / "page.js").read_text()
    read = re.findall(r"^ \* @property \{(\w+)\} (\w+)$", page, re.MULTILINE)
    kinds = {"string": str, "boolean": bool}

    assert {name: type(value) for name, value in promised.items()} == {
        name: kinds[kind] for kind, name in read
    }
    with urllib.request.urlopen(f"{stack.origin}/config.json", timeout=10) as answer:
        assert set(json.load(answer)) == set(promised)


def test_the_packages_that_pages_import_are_where_the_page_says(served):
    table = dict(re.findall(r"^\| `(/vendor/\S+)` \| `(\S+)` \|$", served, re.MULTILINE))
    ours = {
        "/vendor/supabase.js": front.SUPABASE_JS,
        "/vendor/livekit-client.js": front.LIVEKIT_JS,
        "/vendor/lit-html/": front.LIT_HTML,
    }
    routes = [route.path for route in front.Pages("", "").routes()]
    asked = {
        address
        for path in sorted((PROJECT / "web").glob("*/index.html"))
        for address in re.findall(r"/vendor/[\w./-]+", path.read_text())
    }

    assert {path.removesuffix("{path:.*}") for path in routes if "/vendor/" in path} == set(table)
    for address, file in table.items():
        assert front.PACKAGES / file == ours[address]
        assert ours[address].exists()
    assert all(address.startswith(tuple(table)) for address in asked)

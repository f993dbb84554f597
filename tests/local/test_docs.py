"""The commands of the documents do what the documents say."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

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

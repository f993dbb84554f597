"""The house's own rules for Terraform, and checkov's."""

import json
import re
import shutil
import subprocess

import pytest

from tests.infra.conftest import INFRA, TOOLS
from tests.world import PROJECT

SKIP = re.compile(r"checkov:skip=(\w+)(?::\s*(\S.*))?")


def test_terraform_files_are_formatted(terraform):
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff", str(INFRA)],
        env=terraform,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_checkov_finds_nothing_that_is_not_explained(tmp_path):
    program = TOOLS / "checkov" / "bin" / "checkov"
    if not program.exists():
        pytest.skip("checkov's environment is not there: run `make tools`")

    # It takes Terraform's tests for modules that it cannot read.
    shutil.copytree(INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns("*.tftest.hcl"))
    done = subprocess.run(
        [
            *(str(program), "-d", str(tmp_path / "infra"), "--framework", "terraform"),
            *("--skip-download", "--compact", "--quiet", "-o", "json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 100
    assert report["summary"]["parsing_errors"] == 0
    found = [(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]]
    assert found == []


def test_each_finding_that_is_passed_over_says_why():
    bare = [
        f"{path.relative_to(PROJECT)}: {found[0]}"
        for path in sorted(INFRA.rglob("*.tf"))
        for found in SKIP.findall(path.read_text())
        if len(found[1]) < 10 and found[1] not in ("as above", "the same")
    ]

    assert bare == []


def test_no_type_of_googles_is_used_that_the_recorded_schema_lacks():
    used = {
        name
        for path in INFRA.rglob("*.tf")
        for name in re.findall(r'^(?:resource|data) "(google_\w+)"', path.read_text(), re.MULTILINE)
    }
    schema = json.loads((PROJECT / "tests/infra/google/schema.json").read_text())

    assert used == {*schema["resource"], *schema["data"]}, "run tests/infra/google/extract.py"
    assert "MPL-2.0" in schema["notice"]


@pytest.mark.xdist_group("google")
def test_a_misspelt_argument_is_found(google, module):
    made = module("functions", google)
    file = made.folder / "pubsub.tf"
    file.write_text(file.read_text().replace("push_endpoint", "push_endpiont"))

    told = made.run("validate", codes=(1,))

    assert "push_endpiont" in told


def test_state_plans_and_settings_are_never_committed():
    ignored = [
        "x.tfstate",
        "x.tfstate.backup",
        "terraform.tfvars",
        ".terraform/x",
        "keys/x",
        ".env",
    ]
    ignored = [f"infra/calcom/compose/{name}" for name in ignored]

    done = subprocess.run(
        ["git", "check-ignore", *ignored], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == ignored

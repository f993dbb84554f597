"""The house's own rules for Terraform, and checkov's."""

import json
import re
import shutil
import subprocess

import pytest

from tests.infra.conftest import INFRA, TOOLS
from tests.world import PROJECT

# Whose resources are made by which of Google's services. Storage is on in every project, and what
# reads the project itself is asked for before Terraform runs (docs/deploy.md).
SERVICES = {
    "google_cloud_run_": "run",
    "google_cloud_scheduler_": "cloudscheduler",
    "google_cloudfunctions2_": "cloudfunctions",
    "google_compute_": "compute",
    "google_dns_": "dns",
    "google_logging_": "logging",
    "google_monitoring_": "monitoring",
    "google_project": "",
    "google_pubsub_": "pubsub",
    "google_secret_manager_": "secretmanager",
    "google_service_account": "iam",
    "google_service_networking_": "servicenetworking",
    "google_sql_": "sqladmin",
    "google_storage_": "",
    "google_vpc_access_": "vpcaccess",
}
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


@pytest.mark.parametrize("name", ["functions", "calcom/cloud_run"])
def test_each_service_that_makes_something_is_switched_on(name):
    text = "\n".join(path.read_text() for path in sorted((INFRA / name).glob("*.tf")))
    made = re.findall(r'^(?:resource|data) "(google_\w+)"', text, re.MULTILINE)

    needed = {
        service for one in made for prefix, service in SERVICES.items() if one.startswith(prefix)
    } - {""}
    assert all(one.startswith(tuple(SERVICES)) for one in made)
    assert needed <= set(re.findall(r'"(\w+)\.googleapis\.com"', text))
    if "google_project" in made:
        page = (PROJECT / "docs" / "deploy.md").read_text()
        assert "gcloud services enable cloudresourcemanager.googleapis.com" in page


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

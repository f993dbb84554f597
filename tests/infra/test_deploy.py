"""docs/deploy.md and what it names: variables, outputs, resources, targets, files, secrets."""

import re
import subprocess

import pytest

from local.gateway import names
from tests.conftest import ON_ONE_SERVER
from tests.infra.conftest import EXAMPLE, INFRA
from tests.world import PROJECT
from visio import settings

PAGES = ("docs/deploy.md", "infra/README.md", "infra/calcom/README.md")
# Of the tools that the pages use, not of ours.
FOREIGN = {"STATE_BUCKET", "PROJECT", "REGION", "LOGIN_URL", "EMAIL_SERVER_PASSWORD", "UUID", "END"}
FOREIGN |= {"NAME", "POSTGRES_PASSWORD", "PGPASSWORD", "CALCOM_IMAGE", "CALCOM_DOMAIN"}


@pytest.fixture(scope="module")
def deploy():
    return (PROJECT / "docs" / "deploy.md").read_text()


@pytest.fixture(scope="module")
def hcl():
    return "\n".join(path.read_text() for path in sorted((INFRA / "functions").glob("*.tf")))


def code(text):
    """What stands in fences and in backticks."""
    fenced = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return fenced, re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def test_each_variable_without_a_default_is_set_and_each_that_is_set_is_there(deploy, hcl):
    variables = dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', hcl, re.MULTILINE | re.DOTALL))
    tfvars = re.search(r"terraform.tfvars <<END\n(.*?)^END", deploy, re.MULTILINE | re.DOTALL)
    assert tfvars
    set_here = set(re.findall(r"^(\w+) +=", tfvars[1], re.MULTILINE))
    needed = {name for name, body in variables.items() if "default" not in body}

    assert needed <= set_here <= set(variables)
    mentioned = set(re.findall(r"`(\w+) = ", deploy)) - {"provider"}
    assert mentioned <= set(variables)
    assert {"without", "rules", "cloud_sql", "database_ca", "max_connections"} <= set(variables)


def test_each_output_that_is_read_is_there(deploy, hcl):
    outputs = set(re.findall(r'^output "(\w+)"', hcl, re.MULTILINE))
    read = set(re.findall(r"terraform (?:-chdir=\S+ )?output (?:-raw |-json )?(\w+)", deploy))
    _, words = code(deploy)

    assert read <= outputs
    assert {"functions_url", "connection_limits", "secrets", "database_host"} <= read
    assert {w for w in words if re.fullmatch(r"\w+_(url|host|limits)", w)} <= outputs | set(
        re.findall(r'^variable "(\w+)"', hcl, re.MULTILINE)
    )


def test_each_resource_that_is_applied_first_is_there():
    for page in PAGES:
        for target in re.findall(r"-target=([\w.]+)", (PROJECT / page).read_text()):
            kind, name = target.split(".")
            stated = f'resource "{kind}" "{name}"'
            assert any(stated in path.read_text() for path in INFRA.rglob("*.tf")), target


def test_each_target_of_make_and_each_file_is_there():
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        text = (PROJECT / page).read_text()
        fenced, words = code(text)
        asked = re.findall(r"(?:^|[|;] ?)make (\w+)", "\n".join([*fenced, *words]), re.MULTILINE)
        assert set(asked) <= targets, page
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert (PROJECT / page).parent.joinpath(link).exists(), link
        for path in re.findall(r"\b(?:infra|docs|tests|sql|src|local)/[\w./-]+\w", text):
            named = path
            for made_by_hand in ("/terraform.tfvars", "/.env", "/database-ca.pem"):
                named = named.removesuffix(made_by_hand)
            here = (PROJECT / page).parent / named
            assert (PROJECT / named).exists() or here.exists(), path


def test_each_secret_of_the_place_is_given_a_value(deploy, hcl):
    block = re.search(r"secret_settings = \{(.*?)^  \}", hcl, re.MULTILINE | re.DOTALL)
    assert block
    variables = set(re.findall(r'"([A-Z][A-Z_]+)"', block[1])) - {"DATABASE_URL", "JAAS_KEY_ID"}
    # What a project with asymmetric keys has no use for.
    assert variables | {"SUPABASE_JWT_SECRET"} == set(settings.SECRETS) | {
        "REALTIME_SERVICE_KEY",
        "SMTP_URL",
    }

    step = deploy.split("## 4.", 1)[1].split("## 5.", 1)[0]
    for variable in variables:
        assert variable.lower().replace("_", "-") in step, variable
        assert variable in step, variable


def test_the_address_of_cal_coms_api_is_one_that_its_page_names(deploy):
    """Of version 2, which is the default; and nothing asks it before there is a key."""
    page = (PROJECT / "docs" / "calcom-setup.md").read_text()
    said = re.search(r'^calcom_api_url +?= "(.*)"$', deploy, re.MULTILINE)
    assert said

    assert f"| `{said[1]}` | `v2` |" in page
    paused, resumed = (
        deploy.index(f"gcloud scheduler jobs {verb} reconcile-calcom")
        for verb in ("pause", "resume")
    )
    keyed = deploy.index('"$CALCOM_API_KEY" | gcloud secrets versions add calcom-api-key')
    assert deploy.index("## 5.") < paused < deploy.index("## 6.") < keyed < resumed


def test_no_variable_of_ours_is_named_that_no_setting_reads(deploy):
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', (PROJECT / "src/visio/settings.py").read_text()))
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", deploy))

    assert named - FOREIGN <= known


def test_whoever_connects_to_the_database_is_told_its_authority(deploy):
    """`make migrate` and the functions verify the server, and neither authority is a public one."""
    addresses = re.findall(r"_URL=['\"](postgresql://\S+)['\"]$", deploy, re.MULTILINE)
    kept = "infra/functions/database-ca.pem"

    assert [url.partition("?sslrootcert=")[2] for url in addresses] == [
        f"$PWD/{kept}",
        "/etc/visio/database-ca.pem",
        f"$PWD/{kept}",
        "/etc/visio/database-ca.pem",
    ]
    assert f"> {kept}" in deploy
    assert f"to `{kept}`" in deploy
    done = subprocess.run(["git", "check-ignore", kept], cwd=PROJECT, check=False)
    assert done.returncode == 0


def test_the_commands_are_ones_that_a_shell_can_read(deploy, tmp_path):
    for page in PAGES:
        fenced, _ = code((PROJECT / page).read_text())
        for block in fenced:
            script = tmp_path / "block.sh"
            script.write_text(block)
            done = subprocess.run(
                ["bash", "-n", str(script)], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, block + done.stderr


@ON_ONE_SERVER
def test_the_first_people_are_told_to_the_tables_as_the_page_says(deploy, rows):
    statements = re.search(r"<<'END'\n(set role .*?)END", deploy, re.DOTALL)
    assert statements
    people = {
        "operator": "99999999-1111-4111-8111-111111111111",
        "client": "99999999-2222-4222-8222-222222222222",
    }
    text = statements[1]
    for name, value in people.items():
        text = text.replace(f":'{name}'", f"'{value}'")

    for statement in filter(str.strip, text.split(";")):
        rows(statement)

    assert rows(
        """select c.name, o.name from clients c join operators o on o.id = c.operator_id
            where c.auth_user_id = :client""",
        client=people["client"],
    ) == [("Alice", "MiKL")]


@pytest.mark.xdist_group("google")
@pytest.mark.timeout(300)
def test_the_first_apply_of_the_page_says_what_the_next_steps_read(deploy, google, module):
    made = module("functions", google)
    (made.folder / "terraform.tfvars").write_text(EXAMPLE)
    first = deploy.split("## 2.", 1)[1].split("## 3.", 1)[0]
    targets = re.findall(r"-target=[\w.]+", first)

    made.run("apply", "-auto-approve", "-input=false", *targets)

    outputs = made.state()["values"]["outputs"]
    assert set(outputs["connection_limits"]["value"]) == set(names())
    assert "calcom-webhook-secrets" in outputs["secrets"]["value"]


@pytest.mark.xdist_group("google")
@pytest.mark.timeout(300)
def test_a_cloud_sql_is_there_before_the_functions_and_tells_its_name(deploy, google, module):
    made = module("functions", google)
    (made.folder / "terraform.tfvars").write_text(f"{EXAMPLE}cloud_sql = true\n")
    text = deploy.split("**A Cloud SQL of your own instead**", 1)[1]
    targets = re.findall(r"-target=[\w.]+", text.split("## 4.", 1)[0])

    made.run("apply", "-auto-approve", "-input=false", *targets)

    assert made.state()["values"]["outputs"]["database_host"]["value"]

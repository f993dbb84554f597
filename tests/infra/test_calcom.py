"""Cal.com's three homes: one checked in Terraform's words, one lived in for a while, one read."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.infra.conftest import INFRA

IMAGE = "calcom/cal.com@sha256:" + "0123456789abcdef" * 4
COMPOSE = INFRA / "calcom" / "compose"
REGION = "eu-west-3"
ACCOUNT = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests"}
ecs = [pytest.mark.xdist_group("ecs"), pytest.mark.timeout(900)]


def variables(path):
    """The names of a module's variables."""
    return set(re.findall(r'^variable "(\w+)"', path.read_text(), re.MULTILINE))


def test_the_homes_have_one_interface():
    shared = {"image", "domain", "email", "region", "deletion_protection"}
    run = INFRA / "calcom" / "cloud_run"
    fargate = INFRA / "calcom" / "ecs"

    assert variables(run / "variables.tf") == shared | {"project"}
    assert variables(fargate / "variables.tf") == shared | {"certificate_arn"}
    for home in (run, fargate):
        assert {"url", "address"} <= set(
            re.findall(r'^output "(\w+)"', (home / "outputs.tf").read_text(), re.MULTILINE)
        )


def test_the_homes_give_cal_com_the_same_environment():
    def named(text):
        return set(re.findall(r"^ +([A-Z][A-Z_]+) *[:=]", text, re.MULTILINE))

    run = (INFRA / "calcom/cloud_run/service.tf").read_text() + (
        INFRA / "calcom/cloud_run/secrets.tf"
    ).read_text()
    fargate = (INFRA / "calcom/ecs/service.tf").read_text()
    keys = set(re.findall(r'echo "([A-Z_]+)=', (COMPOSE / "keys.sh").read_text()))
    compose = named((COMPOSE / "compose.yaml").read_text().split("  database:", 1)[0])

    assert named(run) == named(fargate) == compose | keys - {"POSTGRES_PASSWORD"}
    assert len(named(run)) == 18


@pytest.mark.xdist_group("google")
@pytest.mark.timeout(300)
def test_the_home_on_cloud_run_is_valid_and_holds_what_matters_most(google, module):
    made = module("calcom/cloud_run", google)

    made.run("validate")
    made.run("test")


# The home on AWS, for real but for the cloud: moto's server takes every call of the provider's.


@pytest.fixture(scope="session")
def cloud():
    """A cloud of the tests' own, on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def client(cloud):
    return lambda service: boto3.client(
        service, region_name=REGION, endpoint_url=cloud, **ACCOUNT
    )


@pytest.fixture(scope="session")
def home(aws, module, cloud, client):
    """infra/calcom/ecs, applied."""
    environment = {
        **aws,
        "AWS_ENDPOINT_URL": cloud,
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    made = module("calcom/ecs", environment)
    certificate = client("acm").request_certificate(DomainName="rendez-vous.example")
    (made.folder / "terraform.tfvars.json").write_text(
        json.dumps(
            {
                "image": IMAGE,
                "domain": "rendez-vous.example",
                "email": {"from": "a@b.example", "host": "smtp.b.example", "port": 587, "user": "a"},
                "certificate_arn": certificate["CertificateArn"],
                "deletion_protection": False,
            }
        )
    )
    made.run("apply", "-auto-approve", "-input=false", "-parallelism=40")
    return made


def secrets(client):
    """What Secrets Manager holds of ours, by name."""
    manager = client("secretsmanager")
    held = {}
    for secret in manager.list_secrets()["SecretList"]:
        if secret["Name"].startswith("calcom/") and secret.get("SecretVersionsToStages"):
            value = manager.get_secret_value(SecretId=secret["ARN"])
            held[secret["Name"]] = value["SecretString"]
    return held


class TestTheHomeOnAws:
    pytestmark = ecs

    def test_one_task_of_the_pinned_image_runs_and_never_two(self, home, client):
        service = client("ecs").describe_services(cluster="calcom", services=["calcom"])["services"][0]
        task = client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
        container = task["taskDefinition"]["containerDefinitions"][0]

        assert container["image"] == IMAGE
        assert service["status"] == "ACTIVE"
        assert service["desiredCount"] == 1
        assert service["deploymentConfiguration"]["maximumPercent"] == 100
        assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 0
        assert service["healthCheckGracePeriodSeconds"] == 600

    def test_its_secrets_are_read_by_reference_and_nobody_else_reads_them(self, home, client):
        task = client("ecs").describe_task_definition(taskDefinition="calcom")["taskDefinition"]
        container = task["containerDefinitions"][0]
        references = {one["name"]: one["valueFrom"] for one in container["secrets"]}
        told = client("iam").get_role_policy(RoleName="calcom-execution", PolicyName="secrets-and-log")
        statements = told["PolicyDocument"]["Statement"]
        readable = next(s for s in statements if "secretsmanager:GetSecretValue" in s["Action"])

        assert set(references) == {
            *("DATABASE_URL", "DATABASE_DIRECT_URL", "NEXTAUTH_SECRET", "CALENDSO_ENCRYPTION_KEY"),
            *("CRON_API_KEY", "CRON_SECRET", "EMAIL_SERVER_PASSWORD"),
        }
        assert all(":secretsmanager:" in arn for arn in references.values())
        assert set(readable["Resource"]) == set(references.values())
        values = set(secrets(client).values())
        assert not values & {one["value"] for one in container["environment"]}
        assert client("iam").list_role_policies(RoleName="calcom-task")["PolicyNames"] == []

    def test_the_database_is_encrypted_private_and_backed_up(self, home, client):
        database = client("rds").describe_db_instances()["DBInstances"][0]
        group = database["VpcSecurityGroups"][0]["VpcSecurityGroupId"]
        rules = client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]

        assert database["StorageEncrypted"]
        assert not database["PubliclyAccessible"]
        assert database["BackupRetentionPeriod"] == 14
        assert [r["FromPort"] for r in rules["IpPermissions"]] == [5432]
        assert rules["IpPermissions"][0]["IpRanges"] == []
        assert len(rules["IpPermissions"][0]["UserIdGroupPairs"]) == 1
        assert [e for e in rules["IpPermissionsEgress"] if e.get("FromPort")] == []

    def test_the_balancer_asks_for_a_path_that_exists_and_sends_everybody_to_https(self, home, client):
        balancer = client("elbv2")
        group = balancer.describe_target_groups(Names=["calcom"])["TargetGroups"][0]
        arn = balancer.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = balancer.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        does = {one["Port"]: one["DefaultActions"][0]["Type"] for one in listeners}

        assert (group["HealthCheckPath"], group["Port"]) == ("/api/version", 3000)
        assert does == {80: "redirect", 443: "forward"}

    def test_its_crons_are_called_with_the_keys_that_it_knows(self, home, client):
        events, held = client("events"), secrets(client)
        called = {}
        for rule in events.list_rules()["Rules"]:
            target = events.list_targets_by_rule(Rule=rule["Name"])["Targets"][0]
            name = target["Arn"].split("/")[1]
            destination = events.describe_api_destination(Name=name)
            called[destination["InvocationEndpoint"].removeprefix("https://rendez-vous.example")] = (
                destination["HttpMethod"],
                rule["ScheduleExpression"],
                destination["ConnectionArn"].split("/")[1],
            )
        copies = [
            json.loads(client("secretsmanager").get_secret_value(SecretId=s["ARN"])["SecretString"])
            for s in client("secretsmanager").list_secrets()["SecretList"]
            if s["Name"].startswith("events!connection/")
        ]

        assert called == {
            "/api/cron/webhookTriggers": ("POST", "rate(5 minutes)", "calcom-cron-api-key"),
            "/api/cron/bookingReminder": ("POST", "rate(15 minutes)", "calcom-cron-api-key"),
            "/api/tasks/cron": ("GET", "rate(1 minute)", "calcom-cron-secret"),
            "/api/tasks/cleanup": ("GET", "rate(1 day)", "calcom-cron-secret"),
        }
        assert {copy["api_key_value"] for copy in copies} == {
            held["calcom/cron-api-key"],
            f"Bearer {held['calcom/cron-secret']}",
        }

    def test_a_second_apply_changes_nothing_and_makes_no_key_anew(self, home, client):
        before = secrets(client)

        home.run("plan", "-input=false", "-detailed-exitcode")
        home.run("apply", "-auto-approve", "-input=false", "-parallelism=40")

        assert secrets(client) == before
        assert len(before["calcom/encryption-key"]) == 32
        assert f":{before['calcom/database-password']}@" in before["calcom/database-url"]

    def test_the_state_holds_no_key_but_those_of_the_crons(self, home, client):
        state = (home.folder / "terraform.tfstate").read_text()

        found = {name for name, value in secrets(client).items() if value in state}
        assert found == {"calcom/cron-api-key", "calcom/cron-secret"}

    def test_taken_down_it_leaves_a_last_backup_and_nothing_that_runs(self, home, client):
        home.run("destroy", "-auto-approve", "-input=false", "-parallelism=40")

        snapshots = client("rds").describe_db_snapshots()["DBSnapshots"]
        assert "calcom-final" in [one["DBSnapshotIdentifier"] for one in snapshots]
        assert client("rds").describe_db_instances()["DBInstances"] == []
        assert client("ecs").list_clusters()["clusterArns"] == []
        assert client("elbv2").describe_load_balancers()["LoadBalancers"] == []


# The home on one machine. There is no engine here to start it with: its file is checked by the
# specification's schema, and its three scripts are run.


def test_the_compose_file_keeps_to_the_specification(tmp_path):
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    broken = tmp_path / "compose.yaml"
    text = (COMPOSE / "compose.yaml").read_text()
    broken.write_text(text.replace("restart:", "restrat:", 1))

    def checked(path):
        return subprocess.run(
            [*checker, str(path)], capture_output=True, text=True, check=False
        )

    assert checked(COMPOSE / "compose.yaml").returncode == 0
    assert checked(broken).returncode == 1


def test_only_caddy_is_reached_from_outside_and_the_database_reaches_nothing():
    yaml = pytest.importorskip("ruamel.yaml")
    file = yaml.YAML(typ="safe").load((COMPOSE / "compose.yaml").read_text())
    services = file["services"]

    assert [name for name, one in services.items() if "ports" in one] == ["caddy"]
    assert services["database"]["networks"] == ["database"]
    assert file["networks"]["database"] == {"internal": True}
    assert services["calcom"]["image"].startswith("${CALCOM_IMAGE:?")
    assert services["calcom"]["deploy"]["replicas"] == 1
    assert services["calcom"]["env_file"] == ["keys/calcom.env", "keys/cron.env"]
    assert services["database"]["env_file"] == ["keys/database.env"]


def test_keys_are_made_once_and_for_nobody_else_to_read(tmp_path):
    script = tmp_path / "keys.sh"
    shutil.copy(COMPOSE / "keys.sh", script)

    def made():
        subprocess.run(["sh", str(script)], check=True, capture_output=True)
        files = (tmp_path / "keys").iterdir()
        return {one.name: one.read_text() for one in files}

    first = made()

    assert made() == first
    assert set(first) == {"calcom.env", "cron.env", "database.env"}
    assert re.search(r"^CALENDSO_ENCRYPTION_KEY=.{32}$", first["calcom.env"], re.MULTILINE)
    password = first["database.env"].partition("=")[2].strip()
    assert f":{password}@database:5432/" in first["calcom.env"]
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_cron_runner_calls_each_of_cal_coms_crons_with_its_key(tmp_path):
    if shutil.which("wget") is None:
        pytest.skip("wget is not installed here")
    heard = []

    class CalCom(BaseHTTPRequestHandler):
        def answer(self):
            heard.append((self.command, self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), CalCom)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    script = tmp_path / "cron.sh"
    text = (COMPOSE / "cron.sh").read_text()
    script.write_text(text.replace("http://calcom:3000", f"http://127.0.0.1:{server.server_port}"))
    keys = {"CRON_SECRET": "one", "CRON_API_KEY": "other", "CRON_PERIOD": "60"}
    running = subprocess.Popen(["sh", str(script)], env={**os.environ, **keys})
    until = time.monotonic() + 20
    while len(heard) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    running.terminate()
    running.wait(10)
    server.shutdown()
    server.server_close()

    assert sorted(heard) == [
        ("GET", "/api/tasks/cleanup", "Bearer one"),
        ("GET", "/api/tasks/cron", "Bearer one"),
        ("POST", "/api/cron/bookingReminder", "other"),
        ("POST", "/api/cron/webhookTriggers", "other"),
    ]

"""Cal.com's three homes: one checked in Terraform's words, one lived in for a while, one read."""

import json
import logging
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.infra.conftest import INFRA

IMAGE = "calcom/cal.com@sha256:" + "0123456789abcdef" * 4
COMPOSE = INFRA / "calcom" / "compose"
REGION = "eu-west-3"
# What moto takes and does not keep; a second plan finds it missing. AWS keeps all of it.
FORGOTTEN = {
    ("aws_ecs_service", "availability_zone_rebalancing"),
    ("aws_ecs_service", "health_check_grace_period_seconds"),
    ("aws_vpc_security_group_egress_rule", "description"),
    ("aws_vpc_security_group_ingress_rule", "description"),
}
UNATTENDED = ("-auto-approve", "-input=false", "-parallelism=40")


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
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def secrets(manager):
    """What Secrets Manager holds a value of, by name."""
    return {
        secret["Name"]: manager.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        for secret in manager.list_secrets()["SecretList"]
        if secret.get("SecretVersionsToStages")
    }


def differences(plan):
    """What a plan would change: each (type, attribute)."""
    return {
        (one["type"], name)
        for one in plan["resource_changes"]
        if one["change"]["actions"] not in (["no-op"], ["read"])
        for name, value in (one["change"]["after"] or {"": ""}).items()
        if value != (one["change"]["before"] or {}).get(name)
    }


def crons(events):
    """What EventBridge calls: {path: (method, how often, with which connection)}."""
    called = {}
    for rule in events.list_rules()["Rules"]:
        target = events.list_targets_by_rule(Rule=rule["Name"])["Targets"][0]
        one = events.describe_api_destination(Name=target["Arn"].split("/")[1])
        called[one["InvocationEndpoint"].removeprefix("https://rendez-vous.example")] = (
            one["HttpMethod"],
            rule["ScheduleExpression"],
            one["ConnectionArn"].split("/")[1],
        )
    return called


@pytest.fixture(scope="session")
def life(aws, module, cloud):
    """infra/calcom/ecs put up, looked at, applied once more, and taken down: what was seen."""

    def client(service):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=cloud,
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
        )

    ecs, rds, balancer = client("ecs"), client("rds"), client("elbv2")
    manager, ec2, iam = client("secretsmanager"), client("ec2"), client("iam")
    environment = {
        **aws,
        "AWS_ENDPOINT_URL": cloud,
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    made = module("calcom/ecs", environment)
    certificate = client("acm").request_certificate(DomainName="rendez-vous.example")
    settings = {
        "image": IMAGE,
        "domain": "rendez-vous.example",
        "email": {"from": "a@b.example", "host": "smtp.b.example", "port": 587, "user": "a"},
        "certificate_arn": certificate["CertificateArn"],
        "deletion_protection": False,
    }
    (made.folder / "terraform.tfvars.json").write_text(json.dumps(settings))
    seen = SimpleNamespace()

    made.run("apply", *UNATTENDED)
    seen.service = ecs.describe_services(cluster="calcom", services=["calcom"])["services"][0]
    seen.task = ecs.describe_task_definition(taskDefinition=seen.service["taskDefinition"])[
        "taskDefinition"
    ]
    seen.execution = iam.get_role_policy(RoleName="calcom-execution", PolicyName="secrets-and-log")
    seen.task_policies = iam.list_role_policies(RoleName="calcom-task")["PolicyNames"]
    seen.database = rds.describe_db_instances()["DBInstances"][0]
    group = seen.database["VpcSecurityGroups"][0]["VpcSecurityGroupId"]
    seen.around_database = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    seen.health = balancer.describe_target_groups(Names=["calcom"])["TargetGroups"][0]
    arn = balancer.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    seen.listeners = balancer.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    seen.crons = crons(client("events"))
    seen.secrets = secrets(manager)
    seen.state = (made.folder / "terraform.tfstate").read_text()

    made.run("plan", "-input=false", "-out=second.tfplan")
    seen.second_plan = json.loads(made.run("show", "-json", "second.tfplan"))
    made.run("apply", *UNATTENDED, "second.tfplan")
    seen.secrets_later = secrets(manager)

    made.run("destroy", *UNATTENDED)
    # Those that are made by the day are named `rds:…`, and go with what they were made of.
    seen.snapshots = [
        one["DBSnapshotIdentifier"]
        for one in rds.describe_db_snapshots()["DBSnapshots"]
        if not one["DBSnapshotIdentifier"].startswith("rds:")
    ]
    clusters = ecs.describe_clusters(clusters=["calcom"])["clusters"]
    seen.left = [
        *rds.describe_db_instances()["DBInstances"],
        *(one for one in clusters if one["status"] != "INACTIVE"),
        *balancer.describe_load_balancers()["LoadBalancers"],
        *(vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]),
        *client("events").list_rules()["Rules"],
    ]
    return seen


@pytest.mark.xdist_group("ecs")
@pytest.mark.timeout(900)
class TestTheHomeOnAws:
    def test_one_task_of_the_pinned_image_runs_and_never_two(self, life):
        [planned] = [
            one["instances"][0]["attributes"]
            for one in json.loads(life.state)["resources"]
            if one["type"] == "aws_ecs_service"
        ]

        assert [one["image"] for one in life.task["containerDefinitions"]] == [IMAGE]
        assert (life.service["status"], life.service["desiredCount"]) == ("ACTIVE", 1)
        assert planned["deployment_maximum_percent"] == 100
        assert planned["deployment_minimum_healthy_percent"] == 0

    def test_its_secrets_are_read_by_reference_and_nobody_else_reads_them(self, life):
        container = life.task["containerDefinitions"][0]
        references = {one["name"]: one["valueFrom"] for one in container["secrets"]}
        statements = life.execution["PolicyDocument"]["Statement"]
        readable = next(s for s in statements if "secretsmanager:GetSecretValue" in s["Action"])

        assert set(references) == {
            *("DATABASE_URL", "DATABASE_DIRECT_URL", "NEXTAUTH_SECRET", "CALENDSO_ENCRYPTION_KEY"),
            *("CRON_API_KEY", "CRON_SECRET", "EMAIL_SERVER_PASSWORD"),
        }
        assert all(":secretsmanager:" in arn for arn in references.values())
        assert set(readable["Resource"]) == set(references.values())
        plain = {one["value"] for one in container["environment"]}
        assert not set(life.secrets.values()) & plain
        assert life.task_policies == []

    def test_the_database_is_encrypted_private_and_backed_up(self, life):
        [rule] = life.around_database["IpPermissions"]

        assert life.database["StorageEncrypted"]
        assert not life.database["PubliclyAccessible"]
        assert life.database["BackupRetentionPeriod"] == 14
        assert (rule["FromPort"], rule["IpRanges"]) == (5432, [])
        assert len(rule["UserIdGroupPairs"]) == 1

    def test_the_balancer_asks_for_a_path_that_exists_and_sends_everybody_to_https(self, life):
        does = {one["Port"]: one["DefaultActions"][0]["Type"] for one in life.listeners}

        assert (life.health["HealthCheckPath"], life.health["Port"]) == ("/api/version", 3000)
        assert does == {80: "redirect", 443: "forward"}

    def test_its_crons_are_called_with_the_keys_that_it_knows(self, life):
        presented = {
            json.loads(value)["api_key_value"]
            for name, value in life.secrets.items()
            if name.startswith("events!connection/")
        }

        assert life.crons == {
            "/api/cron/webhookTriggers": ("POST", "rate(5 minutes)", "calcom-cron-api-key"),
            "/api/cron/bookingReminder": ("POST", "rate(15 minutes)", "calcom-cron-api-key"),
            "/api/tasks/cron": ("GET", "rate(1 minute)", "calcom-cron-secret"),
            "/api/tasks/cleanup": ("GET", "rate(1 day)", "calcom-cron-secret"),
        }
        assert presented == {
            life.secrets["calcom/cron-api-key"],
            f"Bearer {life.secrets['calcom/cron-secret']}",
        }

    def test_a_second_apply_changes_nothing_and_makes_no_key_anew(self, life):
        kept = life.secrets

        assert differences(life.second_plan) <= FORGOTTEN
        assert life.secrets_later == kept
        assert len(kept["calcom/encryption-key"]) == 32
        assert f":{kept['calcom/database-password']}@" in kept["calcom/database-url"]

    def test_the_state_holds_no_key_but_those_of_the_crons(self, life):
        ours = {name: value for name, value in life.secrets.items() if name.startswith("calcom/")}

        found = {name for name, value in ours.items() if value in life.state}

        assert found == {"calcom/cron-api-key", "calcom/cron-secret"}

    def test_taken_down_it_leaves_a_last_backup_and_nothing_that_runs(self, life):
        assert life.snapshots == ["calcom-final"]
        assert life.left == []


# The home on one machine. There is no engine here to start it with: its file is checked by the
# specification's schema, and its three scripts are run.


def test_the_compose_file_keeps_to_the_specification(tmp_path):
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    broken = tmp_path / "compose.yaml"
    text = (COMPOSE / "compose.yaml").read_text()
    broken.write_text(text.replace("restart:", "restrat:", 1))

    def checked(path):
        return subprocess.run([*checker, str(path)], capture_output=True, text=True, check=False)

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

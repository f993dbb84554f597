"""The functions' cloud: what Terraform would make of it, compared with the code that it runs."""

import ast
import json
import re

import pytest

from local.gateway import names
from tests.cloud import planned
from tests.infra.conftest import INFRA
from tests.world import PROJECT
from visio import edge, settings

pytestmark = [pytest.mark.xdist_group("google"), pytest.mark.timeout(300)]

# What a function may be told beyond what it needs, and for whose sake.
OPTIONAL = {
    "bus": {"PUBSUB_TOPIC", "MAIL_TOPIC", "ROOM_TOPIC", "ROOM_PROVIDER"},
    "livekit": {"ROOM_PROVIDER", "ROOM_NAME_SECRET"},
    "mail": {"SMTP_URL"},
}
# Everything that opens a door, whether or not its length is looked at.
SECRET = {*settings.SECRETS, "DATABASE_URL", "SMTP_URL", "REALTIME_SERVICE_KEY"}


def declared(function):
    """The door and the needs that a page states."""
    page = ast.parse((PROJECT / "functions" / function / "main.py").read_text())
    call = next(
        node
        for node in ast.walk(page)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "endpoint"
    )
    said = {keyword.arg: keyword.value for keyword in call.keywords}
    door = said["door"].id if "door" in said else "user"
    return door, tuple(ast.literal_eval(said["needs"])) if "needs" in said else ()


def groups(function):
    """What a page and its door need, as NEEDS names it, with LiveKit for rooms."""
    door, needs = declared(function)
    asked = (*getattr(edge, door).needs, *needs)
    return ["livekit" if group == "rooms" else group for group in asked]


def environments(applied):
    """What each deployed function finds in its environment: (plain, from secrets)."""
    found = {}
    for one in applied["google_cloudfunctions2_function"]:
        config = one["service_config"][0]
        mounted = {
            secret["key"]: secret["secret"] for secret in config["secret_environment_variables"]
        }
        found[one["_key"]] = (config["environment_variables"], mounted)
    return found


def test_the_map_names_every_function_with_the_door_and_the_needs_that_its_page_states():
    said = {name: (one.door, one.needs) for name, one in planned().items()}

    assert said == {name: declared(name) for name in names()}


@pytest.mark.parametrize("name", names())
def test_a_function_finds_in_its_environment_all_that_it_needs(applied, name):
    plain, mounted = environments(applied)[name]
    environment = {**plain, **{key: "a secret of the tests alone" for key in mounted}}

    settings.require(environment, *groups(name))
    read = settings.Settings.read(environment)

    assert read.database.pool_size == planned()[name].concurrency
    assert not read.local


@pytest.mark.parametrize("name", names())
def test_a_function_finds_nothing_there_that_it_does_not_need(applied, name):
    plain, mounted = environments(applied)[name]
    door, _ = declared(name)

    allowed = {
        variable for group in groups(name) for one in settings.NEEDS[group] for variable in one
    }
    allowed |= {variable for group in groups(name) for variable in OPTIONAL.get(group, ())}
    allowed |= {"THREADS", "GOOGLE_CLOUD_PROJECT"}
    allowed |= {"ALLOWED_ORIGINS"} if getattr(edge, door).browser else set()
    allowed |= {"WEB_PUSH_TOPIC"} if name == "complete_meetings" else set()
    assert {*plain, *mounted} <= allowed


def test_no_secret_stands_in_plain_text_and_each_function_logs_in_as_itself(applied):
    for name, (plain, mounted) in environments(applied).items():
        assert not SECRET & set(plain), name
        assert set(mounted) <= SECRET, name
        assert mounted["DATABASE_URL"] == f"database-url-{name.replace('_', '-')}"


def test_rooms_keep_their_names_when_the_key_of_their_server_changes(applied):
    for name, (_, mounted) in environments(applied).items():
        assert ("ROOM_NAME_SECRET" in mounted) == ("livekit" in groups(name)), name


def test_every_variable_that_is_set_is_one_that_the_settings_read(applied):
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', (PROJECT / "src/visio/settings.py").read_text()))
    given = {v for plain, mounted in environments(applied).values() for v in (*plain, *mounted)}
    rules = set(re.findall(r'"([A-Z][A-Z_]+)"', (INFRA / "functions/variables.tf").read_text()))

    assert given | rules <= known


def test_each_function_runs_as_an_account_of_its_own_that_reads_its_own_secrets_alone(applied):
    granted = {}
    for grant in applied["google_secret_manager_secret_iam_member"]:
        assert grant["role"] == "roles/secretmanager.secretAccessor"
        granted.setdefault(grant["member"], set()).add(grant["secret_id"])
    accounts = [
        one["service_config"][0]["service_account_email"]
        for one in applied["google_cloudfunctions2_function"]
    ]

    assert len(set(accounts)) == len(accounts) == len(names())
    for one in applied["google_cloudfunctions2_function"]:
        config = one["service_config"][0]
        mounted = {secret["secret"] for secret in config["secret_environment_variables"]}
        assert granted[f"serviceAccount:{config['service_account_email']}"] == mounted


def test_only_those_that_tell_something_may_publish(applied):
    publishing = {
        grant["_key"].split("/")[0]
        for grant in applied["google_pubsub_topic_iam_member"]
        if "/" in grant["_key"]
    }
    telling = {name for name in names() if "bus" in groups(name)}

    assert publishing == telling


def test_nobody_holds_a_role_in_the_project_but_the_one_that_builds(applied):
    held = {(grant["member"], grant["role"]) for grant in applied["google_project_iam_member"]}

    builder = "serviceAccount:google_service_account.email:visio-builder"
    assert held == {
        (builder, "roles/artifactregistry.writer"),
        (builder, "roles/logging.logWriter"),
        (builder, "roles/storage.objectViewer"),
    }


def test_the_world_may_call_what_checks_its_callers_and_google_alone_the_rest(applied):
    invokers = {}
    for grant in applied["google_cloud_run_service_iam_member"]:
        invokers.setdefault(grant["_key"], []).append(grant["member"])

    for name in names():
        door, _ = declared(name)
        private = isinstance(getattr(edge, door), edge._Google)
        caller = f"serviceAccount:google_service_account.email:call-{door}"
        assert invokers[name] == ([caller] if private else ["allUsers"]), name


def test_each_topic_pushes_to_the_function_that_reads_its_subscription(applied):
    environment = environments(applied)
    consumers = {
        "lobby-signals": ("relay_signal", "PUSH_SUBSCRIPTION"),
        "mails": ("send_mail", "MAIL_PUSH_SUBSCRIPTION"),
        "room-orders": ("run_room_order", "ROOM_PUSH_SUBSCRIPTION"),
        "web-pushes": ("send_push", "WEB_PUSH_SUBSCRIPTION"),
    }
    pushed = {
        one["_key"]: one for one in applied["google_pubsub_subscription"] if one["_name"] == "push"
    }
    uris = {
        one["_key"]: one["service_config"][0]["uri"]
        for one in applied["google_cloudfunctions2_function"]
    }

    assert set(pushed) == set(consumers)
    for topic, (function, variable) in consumers.items():
        assert (
            environment[function][0][variable] == f"projects/visio-test/subscriptions/{topic}-push"
        )
        assert pushed[topic]["name"] == f"{topic}-push"
        assert pushed[topic]["push_config"][0]["push_endpoint"] == uris[function]


def test_a_second_apply_would_change_nothing(functions, applied):
    functions.run("plan", "-input=false", "-detailed-exitcode")


def test_an_archive_is_named_by_its_content(applied):
    objects = {one["_key"]: one["name"] for one in applied["google_storage_bucket_object"]}

    assert len(set(objects.values())) == len(names())
    assert all(re.search(r"-[0-9a-f]{64}\.zip$", name) for name in objects.values())


def test_the_dashboard_and_the_alerts_look_at_metrics_that_are_there(applied):
    metrics = {one["name"] for one in applied["google_logging_metric"]}
    board = json.loads(applied["google_monitoring_dashboard"][0]["dashboard_json"])
    looked_at = json.dumps([board, applied["google_monitoring_alert_policy"]])

    used = set(re.findall(r"logging\.googleapis\.com/user/([\w/]+)", looked_at))
    assert used == metrics == {"visio/errors", "visio/outbox_age"}
    assert len(applied["google_monitoring_alert_policy"]) == 5
    for alert in applied["google_monitoring_alert_policy"]:
        assert alert["notification_channels"]


def test_a_sweep_that_was_deployed_anew_is_not_silent(applied):
    [silence] = [
        one for one in applied["google_monitoring_alert_policy"] if one["_name"] == "silence"
    ]
    [aggregation] = silence["conditions"][0]["condition_absent"][0]["aggregations"]

    assert aggregation["cross_series_reducer"] == "REDUCE_SUM"
    assert aggregation["group_by_fields"] == ["resource.label.service_name"]


def test_what_matters_most_holds_in_terraforms_own_words(functions):
    functions.run("test")


def test_the_alert_on_the_outbox_looks_at_what_the_sweeps_line_says():
    alerts = (PROJECT / "infra" / "functions" / "alerts.tf").read_text()
    sweep = (PROJECT / "src" / "visio" / "flows" / "complete_meetings.py").read_text()

    assert "EXTRACT(jsonPayload.outboxAgeSeconds)" in alerts
    assert 'jsonPayload.message=\\"[VISIO:COMPLETE_MEETINGS]\\"' in alerts
    assert "outboxAgeSeconds=" in sweep

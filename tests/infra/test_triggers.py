"""What sets the functions going: topics, the clock, and a deployment."""

import json

import pytest

from functions.process.execution import MAX_CONCURRENCY
from infra.cdk.components.code_assets import function_source
from tests.infra.assembly import Assembly, Resource

GROUPS = {"process": "job-processor", "classify": "job-classifier"}


@pytest.mark.parametrize(("function", "group"), GROUPS.items())
def test_a_topic_is_read_from_its_beginning_by_a_group_of_its_own(local: Assembly, function: str, group: str) -> None:
    properties = _mappings(local)[group]
    assert properties["Topics"] == ["job-events"]
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["BatchSize"] == 100 <= MAX_CONCURRENCY
    assert "MaximumBatchingWindowInSeconds" not in properties
    logical_id = properties["FunctionName"]["Ref"]
    assert local.template("Service")["Resources"][logical_id] == local.functions[function]


@pytest.mark.parametrize(("function", "group"), GROUPS.items())
def test_a_reader_may_do_what_iam_asks_for(prod: Assembly, function: str, group: str) -> None:
    granted = {
        action: json.dumps(statement["Resource"])
        for statement in prod.statements(function)
        for action in statement["Action"]
    }
    for action in ("kafka-cluster:Connect", "kafka:GetBootstrapBrokers", "kafka:DescribeClusterV2"):
        assert "Kafka" in granted[action]
    assert "/job-events" in granted["kafka-cluster:ReadData"]
    assert f"/{group}" in granted["kafka-cluster:AlterGroup"]
    assert f"/{group}" in granted["kafka-cluster:DescribeGroup"]


@pytest.mark.parametrize("group", GROUPS.values())
def test_provisioned_pollers_give_up_in_the_end_and_say_so(prod: Assembly, group: str) -> None:
    properties = _mappings(prod)[group]
    ((queue, last_resort),) = prod.resources("Service", "AWS::SQS::Queue").items()
    assert properties["ProvisionedPollerConfig"] == {
        "MinimumPollers": 1,
        "MaximumPollers": 12,
        "PollerGroupName": "smartqueue-prod",
    }
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["MaximumRetryAttempts"] == 100
    assert properties["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert last_resort["Properties"]["SqsManagedSseEnabled"] is True
    assert last_resort["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    # Halves of a batch that waits for the database would only knock twice as often.
    assert "BisectBatchOnFunctionError" not in properties


@pytest.mark.parametrize("function", GROUPS)
def test_a_reader_may_report_what_it_gave_up_and_write_nowhere_else(prod: Assembly, function: str) -> None:
    (queue,) = prod.resources("Service", "AWS::SQS::Queue")
    written = [
        statement["Resource"] for statement in prod.statements(function) if "sqs:SendMessage" in statement["Action"]
    ]
    assert written == [[{"Fn::GetAtt": [queue, "Arn"]}]]


@pytest.mark.parametrize("group", GROUPS.values())
def test_provisioned_pollers_tell_what_they_do(prod: Assembly, group: str) -> None:
    assert _mappings(prod)[group]["MetricsConfig"] == {"Metrics": ["EventCount", "ErrorCount", "KafkaMetrics"]}


@pytest.mark.parametrize("function", GROUPS)
def test_a_reader_ends_before_its_poller_gives_it_up(prod: Assembly, function: str) -> None:
    assert prod.functions[function]["Properties"]["Timeout"] < 14 * 60


@pytest.mark.parametrize("group", GROUPS.values())
def test_pollers_on_demand_are_asked_for_nothing_that_they_do_not_know(dev: Assembly, group: str) -> None:
    only_provisioned = {
        "ProvisionedPollerConfig",
        "FunctionResponseTypes",
        "MaximumRetryAttempts",
        "BisectBatchOnFunctionError",
        "MaximumRecordAgeInSeconds",
        "DestinationConfig",
        "MetricsConfig",
    }
    assert not only_provisioned & _mappings(dev)[group].keys()


@pytest.mark.parametrize(("stage", "answer"), [("local", "false"), ("dev", "false"), ("prod", "true")])
def test_single_records_are_reported_where_the_pollers_listen(
    stage: str, answer: str, request: pytest.FixtureRequest
) -> None:
    assembly = request.getfixturevalue(stage)
    assert {assembly.environment(name)["REPORT_BATCH_ITEM_FAILURES"] for name in GROUPS} == {answer}


@pytest.mark.parametrize(("function", "group"), GROUPS.items())
def test_a_topic_invokes_the_version_that_is_live(prod: Assembly, function: str, group: str) -> None:
    aliases = prod.resources("Service", "AWS::Lambda::Alias")
    told = json.dumps(_mappings(prod)[group]["FunctionName"])
    (alias,) = (alias for name, alias in aliases.items() if f'"{name}"' in told)
    assert alias["Properties"]["Name"] == "live"
    named = prod.template("Service")["Resources"][alias["Properties"]["FunctionName"]["Ref"]]
    assert named == prod.functions[function]


def test_the_relay_starts_every_minute_and_a_missed_start_is_not_made_up_for(local: Assembly) -> None:
    (rule,) = (
        rule
        for rule in local.resources("Service", "AWS::Events::Rule").values()
        if rule["Properties"]["Name"] == "smartqueue-local-relay"
    )
    assert rule["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Properties"]["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def test_a_new_migration_or_another_server_runs_the_migrations(local: Assembly) -> None:
    (schema,) = local.resources("Service", "Custom::DatabaseSchema").values()
    assert schema["Properties"]["Function"] == function_source("migrate", None).fingerprint()
    assert schema["Properties"]["Server"] == local.environment("migrate")["DATABASE_HOST"]
    assert int(schema["Properties"]["ServiceTimeout"]) > 120


def test_everything_waits_for_the_migrations(local: Assembly) -> None:
    (schema,) = local.resources("Service", "Custom::DatabaseSchema")
    waiting = {name for name, f in local.functions.items() if schema in f.get("DependsOn", [])}
    assert waiting == set(local.functions) - {"migrate"}


def _mappings(assembly: Assembly) -> dict[str, Resource]:
    return {
        mapping["Properties"]["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"]: mapping["Properties"]
        for mapping in assembly.resources("Service", "AWS::Lambda::EventSourceMapping").values()
    }

"""What sets the functions going: topics, the clock, and a deployment."""

import json

import pytest

from functions.process.execution import MAX_CONCURRENCY
from infra.cdk.components.migration import migrations_hash
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
def test_a_reader_may_do_what_iam_asks_for(cloud: Assembly, function: str, group: str) -> None:
    granted = {
        action: json.dumps(statement["Resource"])
        for statement in cloud.statements(function)
        for action in statement["Action"]
    }
    assert "cluster/jobs/abc-1" in granted["kafka-cluster:Connect"]
    assert "topic/jobs/abc-1/job-events" in granted["kafka-cluster:ReadData"]
    assert f"group/jobs/abc-1/{group}" in granted["kafka-cluster:AlterGroup"]
    assert f"group/jobs/abc-1/{group}" in granted["kafka-cluster:DescribeGroup"]
    assert "cluster/jobs/abc-1" in granted["kafka:GetBootstrapBrokers"]


def test_the_relay_starts_every_minute_and_a_missed_start_is_not_made_up_for(local: Assembly) -> None:
    (rule,) = local.resources("Service", "AWS::Events::Rule").values()
    assert rule["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Properties"]["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def test_a_new_migration_changes_the_resource_that_runs_it(local: Assembly) -> None:
    (schema,) = local.resources("Service", "Custom::DatabaseSchema").values()
    assert schema["Properties"]["MigrationsHash"] == migrations_hash()
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

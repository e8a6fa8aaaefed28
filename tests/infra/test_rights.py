"""Nobody may do more than the job needs."""

from itertools import chain
from typing import Any

import pytest

from tests.infra.assembly import Assembly
from tests.infra.test_functions import FUNCTIONS

# The only rights on all resources, each with the reason why it cannot be narrower.
UNBOUNDED = {
    "xray:PutTraceSegments": "X-Ray knows no resources",
    "xray:PutTelemetryRecords": "X-Ray knows no resources",
    "ec2:CreateNetworkInterface": "Lambda makes the interfaces, in subnets of its choice; EC2 describes no narrower",
    "ec2:DescribeNetworkInterfaces": "EC2 describes everything or nothing",
    "ec2:DeleteNetworkInterface": "the interface's id is not known beforehand",
    "ec2:DescribeSubnets": "EC2 describes everything or nothing",
    "ec2:DescribeSecurityGroups": "EC2 describes everything or nothing",
    "ec2:DescribeVpcs": "EC2 describes everything or nothing",
}


def every_statement(assembly: Assembly) -> list[dict[str, Any]]:
    return list(chain.from_iterable(assembly.statements(name) for name in FUNCTIONS))


@pytest.mark.parametrize("stage", ["local", "prod"])
def test_no_action_is_a_wildcard(stage: str, request: pytest.FixtureRequest) -> None:
    statements = every_statement(request.getfixturevalue(stage))
    assert not [action for statement in statements for action in statement["Action"] if "*" in action]


@pytest.mark.parametrize("stage", ["local", "prod"])
def test_rights_on_all_resources_have_a_written_reason(stage: str, request: pytest.FixtureRequest) -> None:
    statements = every_statement(request.getfixturevalue(stage))
    unbounded = {a for statement in statements if "*" in statement["Resource"] for a in statement["Action"]}
    assert unbounded <= UNBOUNDED.keys()


def test_functions_have_no_managed_policies(prod: Assembly) -> None:
    roles = prod.resources("Service", "AWS::IAM::Role")
    assert not [name for name in FUNCTIONS if "ManagedPolicyArns" in roles[prod.role(name)]["Properties"]]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_reads_only_the_secrets_it_is_told_of(local: Assembly, name: str) -> None:
    told = str(list(local.environment(name).values()))
    secrets = {
        secret["Properties"]["Name"]
        for secret in local.resources("Data", "AWS::SecretsManager::Secret").values()
        if secret["Properties"]["Name"] in told
    }
    assert local.readable_secrets(name) == secrets


def test_only_migration_and_rotation_know_the_owner_of_the_database(local: Assembly) -> None:
    readers = {name for name in FUNCTIONS if "smartqueue/local/database/owner" in local.readable_secrets(name)}
    assert readers == {"migrate", "rotate"}


def test_only_the_classifier_knows_the_key_of_the_ai_model(local: Assembly) -> None:
    readers = {name for name in FUNCTIONS if "smartqueue/local/openai" in local.readable_secrets(name)}
    assert readers == {"classify"}


@pytest.mark.parametrize(
    ("name", "topics"),
    [
        ("submit", {"job-events", "job-events-bulk", "job-results"}),
        ("replay", {"job-events", "job-events-bulk"}),
        ("process", {"job-events", "job-events-bulk", "job-results", "job-dlq"}),
        ("classify", {"job-events", "job-events-bulk"}),
        ("relay", {"job-events", "job-events-bulk", "job-results", "job-dlq"}),
        ("query", set()),
    ],
)
def test_a_function_writes_only_its_topics(prod: Assembly, name: str, topics: set[str]) -> None:
    written = {
        resource["Fn::Join"][1][-1].rpartition("/")[2]
        for statement in prod.statements(name)
        if "kafka-cluster:WriteData" in statement["Action"]
        for resource in statement["Resource"]
    }
    assert written == topics


def test_clients_without_iam_get_no_rights_to_topics(local: Assembly) -> None:
    actions = {action for statement in every_statement(local) for action in statement["Action"]}
    assert not {action for action in actions if action.startswith("kafka-cluster:")}

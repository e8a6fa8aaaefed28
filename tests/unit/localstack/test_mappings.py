"""What discovery makes of templates and listings, and reading a mapping file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from localstack import docker
from localstack.trigger.mappings import Discovery, EventSourceMapping, MappingError, read_file

MAPPING_PROPERTIES = {
    "Topics": ["job-events"],
    "StartingPosition": "TRIM_HORIZON",
    "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "job-processor"},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MaximumBatchingWindowInSeconds": 1,
}


class Cloud:
    """Answers as CloudFormation and as Lambda, and counts how often a template is read."""

    def __init__(self) -> None:
        self.state = "Enabled"
        self.updated = "1"
        self.destination: dict[str, Any] | None = None
        self.templates_read = 0

    def describe_stacks(self) -> dict[str, Any]:
        deleted = {"StackName": "old", "StackStatus": "DELETE_COMPLETE", "CreationTime": "0"}
        return {"Stacks": [deleted, {"StackName": "s", "StackStatus": "UPDATE_COMPLETE", "CreationTime": self.updated}]}

    def get_template(self, StackName: str) -> dict[str, Any]:  # noqa: N803, ARG002 - as boto3 has it
        self.templates_read += 1
        resources = {
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": MAPPING_PROPERTIES},
            "Queue": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"BatchSize": 1}},
        }
        return {"TemplateBody": json.dumps({"Resources": resources})}

    def describe_stack_resources(self, StackName: str) -> dict[str, Any]:  # noqa: N803, ARG002 - as boto3 has it
        return {"StackResources": [{"LogicalResourceId": "Mapping", "PhysicalResourceId": "uuid-1"}]}

    def list_event_source_mappings(self) -> dict[str, Any]:
        return {
            "EventSourceMappings": [
                {
                    "UUID": "uuid-1",
                    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:process",
                    "EventSourceArn": "arn:aws:kafka:x",
                    "BatchSize": 50,
                    "State": self.state,
                    **({"DestinationConfig": self.destination} if self.destination else {}),
                }
            ]
        }


def discovery(cloud: Cloud) -> Discovery:
    return Discovery(cast("Any", cloud), cast("Any", cloud))


def test_a_mapping_is_put_together_from_both_sources() -> None:
    assert discovery(Cloud()).mappings() == {
        EventSourceMapping(
            function="process",
            topic="job-events",
            group="job-processor",
            source_arn="arn:aws:kafka:x",
            batch_size=50,
            window_seconds=1,
            partial_responses=True,
        )
    }


@pytest.mark.parametrize(
    ("declared", "destination", "retries"),
    [
        ({}, None, None),
        ({"MaximumRetryAttempts": -1}, None, None),
        ({"MaximumRetryAttempts": 0}, None, 0),
        ({"MaximumRetryAttempts": 3}, "arn:aws:sqs:us-east-1:000000000000:q", 3),
        ({"MaximumRetryAttempts": -1}, "arn:aws:sqs:us-east-1:000000000000:q", 10),
    ],
)
def test_retries_end_when_a_limit_or_a_destination_is_declared(
    monkeypatch: pytest.MonkeyPatch, declared: dict[str, int], destination: str | None, retries: int | None
) -> None:
    for name, value in declared.items():
        monkeypatch.setitem(MAPPING_PROPERTIES, name, value)
    cloud = Cloud()
    cloud.destination = {"OnFailure": {"Destination": destination}} if destination else None
    (mapping,) = discovery(cloud).mappings()

    assert (mapping.retries, mapping.on_failure) == (retries, destination)


def test_disabled_mappings_are_left_out() -> None:
    cloud = Cloud()
    cloud.state = "Disabled"

    assert discovery(cloud).mappings() == set()


def test_a_template_is_read_again_only_after_a_change() -> None:
    cloud = Cloud()
    looked = discovery(cloud)
    looked.mappings()
    looked.mappings()
    assert cloud.templates_read == 1

    cloud.updated = "2"
    assert looked.mappings()
    assert cloud.templates_read == 2


def test_the_file_for_docker_names_both_readers_of_both_lanes() -> None:
    assert {(mapping.function, mapping.group) for mapping in read_file(docker.MAPPING_FILE)} == {
        ("smartqueue-local-process", "job-processor"),
        ("smartqueue-local-process", "job-processor-bulk"),
        ("smartqueue-local-classify", "job-classifier"),
        ("smartqueue-local-classify", "job-classifier-bulk"),
    }


@pytest.mark.parametrize("content", ["", "{}x", '[{"topic": "t"}]', '["text"]'])
def test_a_wrong_file_is_explained(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mappings.json"
    file.write_text(content)

    with pytest.raises(MappingError, match="JSON list of objects"):
        read_file(file)

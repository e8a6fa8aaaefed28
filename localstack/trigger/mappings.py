"""Which topics feed which functions: read from the deployed stacks, or from a file for an emulator that cannot say.

The emulator lists a mapping's state and function but forgets its topics and group; the stack's template has those.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

_RESOURCE_TYPE = "AWS::Lambda::EventSourceMapping"
# What AWS takes for endless retries when there is a destination for failures.
_RETRIES_BEFORE_DESTINATION = 10
_DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")


@dataclass(frozen=True)
class EventSourceMapping:
    """One topic read by one consumer group for one function.

    `retries` is how often a failed delivery is repeated before its records are given up, None for endlessly;
    `on_failure` is the ARN of the SQS queue that is then told.
    """

    function: str
    topic: str
    group: str
    source_arn: str | None = None
    batch_size: int = 100
    window_seconds: float = 0
    starting_position: str = "TRIM_HORIZON"
    partial_responses: bool = False
    retries: int | None = None
    on_failure: str | None = None


class MappingError(ValueError):
    """A mapping file that cannot be read."""


class Discovery:
    """The enabled Kafka mappings of an emulator. Templates are read again only when their stack has changed."""

    def __init__(self, cloudformation: CloudFormationClient, functions: LambdaClient) -> None:
        self._cloudformation = cloudformation
        self._functions = functions
        self._templates: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}

    def mappings(self) -> set[EventSourceMapping]:
        """All that should be polled now. Raises botocore's errors when the emulator is away."""
        properties: dict[str, dict[str, Any]] = {}
        seen = {}
        for stack in self._cloudformation.describe_stacks()["Stacks"]:
            if stack["StackStatus"] not in _DEPLOYED:
                continue
            moment = stack.get("LastUpdatedTime") or stack["CreationTime"]
            key = (stack.get("StackId", stack["StackName"]), str(moment))
            seen[key] = self._templates.get(key) or self._read(stack["StackName"])
            properties |= seen[key]
        self._templates = seen
        found = set()
        for listed in self._functions.list_event_source_mappings()["EventSourceMappings"]:
            declared = properties.get(listed["UUID"])
            if declared is not None and listed.get("State") == "Enabled":
                found.add(_mapping(dict(listed), declared))
        return found

    def _read(self, stack: str) -> dict[str, dict[str, Any]]:
        body: Any = self._cloudformation.get_template(StackName=stack)["TemplateBody"]
        template = json.loads(body) if isinstance(body, str) else body
        declared = {
            name: resource["Properties"]
            for name, resource in template.get("Resources", {}).items()
            if resource["Type"] == _RESOURCE_TYPE and "Topics" in resource.get("Properties", {})
        }
        if not declared:
            return {}
        resources = self._cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        physical = {resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "") for resource in resources}
        return {physical[name]: entry for name, entry in declared.items() if physical.get(name)}


def _mapping(listed: dict[str, Any], declared: dict[str, Any]) -> EventSourceMapping:
    kafka = (
        declared.get("AmazonManagedKafkaEventSourceConfig") or declared.get("SelfManagedKafkaEventSourceConfig") or {}
    )
    function = listed["FunctionArn"].partition(":function:")[2] or listed["FunctionArn"]
    managed = "SelfManagedEventSource" not in declared
    # The template may hold a reference instead of the queue's ARN; the listing has the ARN.
    destination = ((listed.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    return EventSourceMapping(
        function=function,
        topic=declared["Topics"][0],
        # Without a group of its own AWS uses the mapping's id, which changes when the mapping is replaced.
        group=kafka.get("ConsumerGroupId") or listed["UUID"],
        source_arn=listed.get("EventSourceArn") if managed else None,
        batch_size=int(listed.get("BatchSize") or declared.get("BatchSize") or 100),
        window_seconds=float(declared.get("MaximumBatchingWindowInSeconds") or 0),
        starting_position=declared.get("StartingPosition") or "TRIM_HORIZON",
        partial_responses="ReportBatchItemFailures" in (declared.get("FunctionResponseTypes") or []),
        retries=_retries(int(declared.get("MaximumRetryAttempts", -1)), destination),
        on_failure=destination,
    )


def _retries(declared: int, destination: str | None) -> int | None:
    if declared >= 0:
        return declared
    return _RETRIES_BEFORE_DESTINATION if destination else None


def read_file(path: Path) -> set[EventSourceMapping]:
    """Mappings from a JSON list of objects with the fields of EventSourceMapping. Raises MappingError."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {EventSourceMapping(**entry) for entry in entries}
    except (OSError, TypeError, ValueError) as error:
        raise MappingError(
            f"The mapping file {path} cannot be used ({error}): it must be a JSON list of objects"
            ' like {"function": "name", "topic": "name", "group": "name"}.'
        ) from error

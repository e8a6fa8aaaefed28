"""What becomes of records whose attempts are used up: a message about them in the mapping's on-failure queue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from localstack.aws import ACCOUNT, REGION
from localstack.trigger.events import Record, build_event, position
from localstack.trigger.progress import by_partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from localstack.trigger.mappings import EventSourceMapping


def failure_messages(
    mapping: EventSourceMapping, bootstrap: str, records: Iterable[Record], *, invocations: int
) -> list[dict[str, Any]]:
    """One message per partition. It says where the records are and not what is in them, as Lambda's to SQS do."""
    return [_message(mapping, bootstrap, found, invocations) for found in by_partition(records).values()]


def send(queues: Any, queue_arn: str, messages: Iterable[dict[str, Any]]) -> None:
    """Put messages into a queue, by boto3's client for SQS. Raises botocore's errors."""
    url = queues.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    for message in messages:
        queues.send_message(QueueUrl=url, MessageBody=json.dumps(message))


def _message(
    mapping: EventSourceMapping, bootstrap: str, records: Sequence[Record], invocations: int
) -> dict[str, Any]:
    first, last = records[0], records[-1]
    return {
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{mapping.function}",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": invocations,
        },
        "version": "1.0",
        "timestamp": _moment(datetime.now(UTC).timestamp()),
        "KafkaBatchInfo": {
            "topic": first.topic,
            "partition": first.partition,
            "startOffset": first.offset,
            "endOffset": last.offset,
            "batchSize": len(records),
            "eventSourceArn": mapping.source_arn,
            "bootstrapServers": bootstrap,
            "payloadSize": len(json.dumps(build_event(mapping, bootstrap, records))),
            "recordsInfo": {
                position(first).partition: {
                    "firstRecordOffset": str(first.offset),
                    "lastRecordOffset": str(last.offset),
                    "firstRecordTimestamp": _moment(first.timestamp / 1000),
                    "lastRecordTimestamp": _moment(last.timestamp / 1000),
                }
            },
        },
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

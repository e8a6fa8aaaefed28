"""Which records of a batch ask for a classification."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from smartqueue.events import EventType, JobEvent
from smartqueue.partial_batches import Position

ASKING = frozenset({EventType.JOB_CREATED, EventType.JOB_REPLAYED})


def read_asking_events(msk_event: Mapping[str, Any]) -> Iterator[tuple[Position, JobEvent]]:
    """Yield the events of new and replayed jobs, with where they came from.

    What cannot be read is passed over: the processor reads the same topic and puts it on the dead-letter topic, once.
    """
    for records in msk_event["records"].values():
        for record in records:
            try:
                event = JobEvent.model_validate_json(base64.b64decode(record.get("value") or "", validate=True))
            except (binascii.Error, ValidationError):
                continue
            if event.event_type in ASKING:
                yield Position.of(record["topic"], record["partition"], record["offset"]), event

"""MSK-shaped batches of real records: jobs that the submit function accepted, read from the topics it wrote to."""

import json
from collections.abc import Sequence
from typing import Any

from bench.environment import BenchError, Environment
from bench.lab import BenchLab
from bench.payload import JOB_BODY
from bench.requests import JOBS_IN_BATCH, batch, checked
from bench.tenants import Tenant
from smartqueue.events import EventType
from tests.integration.topics import LANES, TopicReader, msk_event


class Events:
    """Submits jobs and gives their records, each once."""

    def __init__(self, lab: BenchLab, submit: Environment) -> None:
        self._submit = submit
        self._reader = TopicReader(lab.kafka.access)

    def records(self, requests: Sequence[Any], count: int) -> list[Any]:
        """Make requests that submit so many jobs, and return their records. Raises BenchError."""
        # What others submitted since is not for whoever asks now.
        self._reader.read(*LANES)
        checked(self._submit.run(requests))
        # What a classifier told meanwhile is on the topics too.
        records = [r for r in self._reader.read(*LANES) if json.loads(r.value)["eventType"] == EventType.JOB_CREATED]
        if len(records) != count:
            raise BenchError(f"{count} jobs were submitted, but {len(records)} records are in Kafka")
        return records

    def batches(self, tenants: Sequence[Tenant], count: int, size: int) -> list[dict[str, Any]]:
        """Return `count` events of `size` records of no-op jobs, of all tenants in turn."""
        wanted = count * size
        requests = [
            batch(tenants[number % len(tenants)], [JOB_BODY] * min(JOBS_IN_BATCH, wanted - number * JOBS_IN_BATCH))
            for number in range(-(-wanted // JOBS_IN_BATCH))
        ]
        records = self.records(requests, wanted)
        # Every tenant in every batch, as the partitions of a topic hold them.
        return [msk_event(records[start::count][:size]) for start in range(count)]

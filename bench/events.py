"""MSK-shaped batches of real records: jobs that the submit function accepted, read from the topics it wrote to."""

from collections.abc import Sequence
from typing import Any

from bench.accept import JOBS_IN_BATCH, batch, checked
from bench.environment import BenchError, Environment
from bench.lab import BenchLab
from bench.tenants import Tenant
from tests.integration.topics import LANES, TopicReader, msk_event


class Events:
    """Submits jobs and gives their records, each once."""

    def __init__(self, lab: BenchLab, submit: Environment) -> None:
        self._submit = submit
        self._reader = TopicReader(lab.kafka.access)
        self._reader.read(*LANES)

    def batches(self, tenants: Sequence[Tenant], count: int, size: int) -> list[dict[str, Any]]:
        """Return `count` events of `size` records, of all tenants in turn."""
        wanted = count * size
        requests = [
            batch(tenants[number % len(tenants)], min(JOBS_IN_BATCH, wanted - number * JOBS_IN_BATCH))
            for number in range(-(-wanted // JOBS_IN_BATCH))
        ]
        checked(self._submit.run(requests))
        records = self._reader.read(*LANES)
        if len(records) != wanted:
            raise BenchError(f"{wanted} jobs were submitted, but {len(records)} records are in Kafka")
        # Every tenant in every batch, as the partitions of a topic hold them.
        step = max(wanted // size, 1)
        return [msk_event(records[start::step][:size]) for start in range(count)]

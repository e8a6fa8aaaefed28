"""Where a job was when: from its row, its record on Kafka, and the trigger's log of deliveries."""

import itertools
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from bench.end_to_end.load import Answered
from bench.environment import BenchError
from localstack.kafka_client import KafkaAccess
from tests.e2e.cloud import LocalCloud

LEGS = {
    "post-to-row": "sent to accepted: the emulator's API and what the function does before its statement",
    "row-to-record": "accepted to the event's produce: statement, commit and what the function does between",
    "record-to-delivery": "produced to delivered: broker, trigger, and waiting for the batch before",
    "delivery-to-claim": "delivered to claimed: the emulator's Lambda and what the function does before its claim",
    "claim-to-done": "claimed to done: claim, handler, and the statement that ends it",
}
TOPICS = ("job-events", "job-events-bulk")
GROUP = "job-processor"
FINISH_TIMEOUT_SECONDS = 60.0
READ_TIMEOUT_SECONDS = 60.0
LOOK_SECONDS = 0.25

type Place = tuple[str, int, int]


@dataclass(frozen=True)
class Journey:
    """One job. seconds: from its row to its end; legs: by name; delivery: which one took it."""

    seconds: float
    legs: Mapping[str, float]
    delivery: int


class Journeys:
    """Reads each record and each line once, however many rounds there are."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._records: dict[str, tuple[float, Place]] = {}
        self._offsets: dict[tuple[str, int], int] = {}

    def finish(self) -> None:
        """Wait until every job is done. Raises BenchError."""
        deadline = time.monotonic() + FINISH_TIMEOUT_SECONDS
        while left := self._cloud.rows("SELECT count(*) AS n FROM jobs WHERE status <> 'COMPLETED'")[0]["n"]:
            if time.monotonic() > deadline:
                raise BenchError(f"{left} jobs were not done after {FINISH_TIMEOUT_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)

    def of(self, answers: Sequence[Answered]) -> list[Journey]:
        """Return the journeys of finished jobs. Raises BenchError for one that left no trace."""
        rows = self._cloud.rows(
            "SELECT job_id::text, extract(epoch FROM created_at)::float8 AS created,"
            " extract(epoch FROM started_at)::float8 AS started, extract(epoch FROM completed_at)::float8 AS completed"
            " FROM jobs WHERE job_id = ANY(%s::uuid[])",
            [answer.job_id for answer in answers],
        )
        self._read_records({row["job_id"] for row in rows})
        deliveries = dict(_deliveries((self._cloud.home / "logs" / "trigger.log").read_text("utf-8")))
        due = {answer.job_id: answer.due for answer in answers}
        return [self._journey(row, due[row["job_id"]], deliveries) for row in rows]

    def _journey(self, row: Mapping[str, Any], due: float, deliveries: Mapping[Place, tuple[int, float]]) -> Journey:
        produced, place = self._records[row["job_id"]]
        if place not in deliveries:
            raise BenchError(f"the trigger's log knows no delivery of {place}")
        delivery, delivered = deliveries[place]
        moments = (due, row["created"], produced, delivered, row["started"], row["completed"])
        steps = [later - earlier for earlier, later in itertools.pairwise(moments)]
        return Journey(
            seconds=row["completed"] - row["created"], legs=dict(zip(LEGS, steps, strict=True)), delivery=delivery
        )

    def _read_records(self, wanted: set[str]) -> None:
        """Read on until each of these jobs has been seen."""
        access: KafkaAccess = self._cloud.endpoints.kafka
        consumer = KafkaConsumer(**access.options, enable_auto_commit=False, fetch_max_wait_ms=100)
        try:
            partitions = [TopicPartition(t, n) for t in TOPICS for n in consumer.partitions_for_topic(t) or ()]
            consumer.assign(partitions)
            for partition in partitions:
                consumer.seek(partition, self._offsets.get(partition, 0))
            deadline = time.monotonic() + READ_TIMEOUT_SECONDS
            while wanted - self._records.keys():
                if time.monotonic() > deadline:
                    raise BenchError("the events of some jobs are not on Kafka")
                for partition, records in consumer.poll(timeout_ms=100).items():
                    self._offsets[partition] = records[-1].offset + 1
                    for record in records:
                        place = (record.topic, record.partition, record.offset)
                        self._records.setdefault(record.key.decode(), (record.timestamp / 1e3, place))
        finally:
            consumer.close()


_LINE = re.compile(
    rf"^(?P<moment>\S+ \S+) INFO {GROUP}(?:-bulk)?: \d+ records (?P<spans>.+) to \S+ in (?P<ms>\d+) ms, attempt 1:",
    re.MULTILINE,
)
_SPAN = re.compile(r"(\S+)-(\d+)@(\d+)\.\.(\d+)")


def _deliveries(log: str) -> Iterator[tuple[Place, tuple[int, float]]]:
    """Yield each record's place, the number of its delivery to the processor, and when that began."""
    for number, line in enumerate(_LINE.finditer(log)):
        ended = datetime.strptime(line["moment"], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()
        for topic, partition, first, last in _SPAN.findall(line["spans"]):
            for offset in range(int(first), int(last) + 1):
                yield (topic, int(partition), offset), (number, ended - int(line["ms"]) / 1e3)

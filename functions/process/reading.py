"""What a batch holds once it is read: events, and poison with the letters that tell of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.process.records import Decoded, Record, decode, poison_message, read_records
from smartqueue.errors import PoisonRecordError
from smartqueue.events import RUN_EVENTS, JobEvent, Message
from smartqueue.partial_batches import Position


@dataclass(frozen=True)
class Poison:
    """A record that nobody can process, and what job-dlq is told of it."""

    record: Record
    letter: Message


@dataclass
class Reading:
    """One batch."""

    decoded: list[Decoded] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)

    @property
    def asked(self) -> list[JobEvent]:
        """The events that ask for an attempt."""
        return [d.event for d in self.decoded if d.event.event_type in RUN_EVENTS]

    def add_unknown_jobs(self, unknown: Collection[tuple[str, str]]) -> None:
        """Count events of jobs, given as (job, tenant), that do not exist as poison."""
        error = PoisonRecordError("UNKNOWN_JOB", "this tenant has no such job")
        self.poison.extend(
            Poison(d.record, poison_message(d.record, error))
            for d in self.decoded
            if (d.event.job_id, d.event.tenant_id) in unknown
        )

    def events_at(self, positions: Collection[Position]) -> set[str]:
        """Return the idempotency keys of the events that the records at some positions hold."""
        return {d.event.idempotency_key for d in self.decoded if d.record.position in positions}

    def positions_of(self, events: Sequence[JobEvent]) -> set[Position]:
        """Return where some events came from; one event may stand in several records."""
        keys = {event.idempotency_key for event in events}
        return {d.record.position for d in self.decoded if d.event.idempotency_key in keys}


def read_batch(msk_event: Mapping[str, Any]) -> Reading:
    """Read an MSK event."""
    reading = Reading()
    for record in read_records(msk_event):
        try:
            reading.decoded.append(Decoded(record, decode(record)))
        except PoisonRecordError as error:
            reading.poison.append(Poison(record, poison_message(record, error)))
    return reading

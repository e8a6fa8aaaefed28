"""The assumptions of assumptions.toml, which says what each means."""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveFloat

ASSUMPTIONS = Path(__file__).with_name("assumptions.toml")
# What a function with this much memory has of a processor: exactly one, and with less memory the same part of one.
WHOLE_PROCESSOR_MEGABYTES = 1769


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Idle(_Group):
    """What a stage does by itself."""

    relay_log_bytes: NonNegativeFloat
    export_log_bytes: NonNegativeFloat
    export_seconds: NonNegativeFloat
    seal_log_bytes: NonNegativeFloat
    seal_seconds: NonNegativeFloat
    exported_series: NonNegativeFloat
    flow_log_gigabytes: NonNegativeFloat
    broker_log_gigabytes: NonNegativeFloat
    database_log_gigabytes: NonNegativeFloat
    secret_reads: NonNegativeFloat


class Busy(_Group):
    """How long one call keeps a function busy: what it computes on a whole processor, and what it waits for others."""

    cpu_milliseconds: NonNegativeFloat
    waiting_milliseconds: NonNegativeFloat

    def billed_milliseconds(self, memory_megabytes: float) -> float:
        """How long that takes with so much memory: half a processor computes twice as long, and waits as long.

        Two processors compute no faster than one: a function of ours has one thread that computes.
        """
        share = min(memory_megabytes / WHOLE_PROCESSOR_MEGABYTES, 1.0)
        return self.cpu_milliseconds / share + self.waiting_milliseconds


class Job(_Group):
    """What one job causes."""

    submits: NonNegativeFloat
    reads: NonNegativeFloat
    authorizer_share: NonNegativeFloat
    trace_share: NonNegativeFloat
    attempts: PositiveFloat
    batch: PositiveFloat
    submit: Busy
    query: Busy
    authorizer: Busy
    process: Busy
    classify: Busy
    request_log_bytes: NonNegativeFloat
    access_log_bytes: NonNegativeFloat
    job_log_bytes: NonNegativeFloat
    events: NonNegativeFloat
    event_bytes: NonNegativeFloat
    event_reads: NonNegativeFloat
    row_bytes: NonNegativeFloat
    audit_bytes: NonNegativeFloat
    internet_bytes: NonNegativeFloat
    ai_share: NonNegativeFloat
    ai_input_tokens: NonNegativeFloat
    ai_output_tokens: NonNegativeFloat

    @property
    def requests(self) -> float:
        """To the API."""
        return self.submits + self.reads


class Usage(_Group):
    """All of it."""

    idle: Idle
    job: Job

    @classmethod
    def load(cls, path: Path = ASSUMPTIONS) -> Self:
        """Read the assumptions. Raises pydantic.ValidationError."""
        return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))

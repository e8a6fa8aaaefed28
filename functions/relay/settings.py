"""What the relay reads from its environment."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from smartqueue.settings import (
    MAX_DAYS,
    AuditRetentionSettings,
    CacheSettings,
    DatabaseSettings,
    KafkaSettings,
    PositiveSeconds,
    RetrySettings,
    StageSettings,
)


class RetentionSettings(AuditRetentionSettings):
    """retention_jobs_days: how long a job is kept after its end; 0 for ever. Its audit rows outlive it."""

    retention_jobs_days: Annotated[int, Field(ge=0, le=MAX_DAYS)] = 90

    @model_validator(mode="after")
    def _keep_the_trail_longer(self) -> Self:
        audit, jobs = self.retention_audit_days, self.retention_jobs_days
        if audit and not 0 < jobs <= audit:
            raise ValueError("RETENTION_AUDIT_DAYS must be 0, or no less than RETENTION_JOBS_DAYS, which then is not 0")
        return self


class Settings(StageSettings, DatabaseSettings, CacheSettings, KafkaSettings, RetrySettings, RetentionSettings):
    """relay_poll_seconds: pause between looks. relay_run_seconds: how long one invocation goes on looking.

    rescue_stranded_seconds: how long after its event was due a job still pending counts as forgotten by Kafka.
    """

    relay_poll_seconds: PositiveSeconds = 0.25
    relay_run_seconds: PositiveSeconds = 57
    rescue_stranded_seconds: PositiveSeconds = 900

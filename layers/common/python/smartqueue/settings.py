"""The only place that reads environment variables: one small model per concern, combined by each function."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from smartqueue.errors import SettingsError

PositiveSeconds = Annotated[float, Field(gt=0)]
# The only ones whose functions may be broken on purpose.
BREAKABLE_STAGES = frozenset({"local", "test"})
# What the database insists on: no trail is cut at a younger seal.
MIN_AUDIT_DAYS = 7
# Before that there were no jobs; 0 stands for ever.
MAX_DAYS = 10_000


class EnvironmentModel(BaseModel):
    """Settings whose field `x_y` is read from the variable `X_Y`."""

    # Most functions use few of these models; a model that nobody uses is not worth compiling.
    model_config = ConfigDict(frozen=True, defer_build=True)

    @classmethod
    def variables(cls) -> set[str]:
        """Return the names of the environment variables that this model reads."""
        return {name.upper() for name in cls.model_fields}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from `environment`.

        Raises SettingsError that names every missing or unusable variable at once, never a value.
        """
        given = {name: environment[name.upper()] for name in cls.model_fields if name.upper() in environment}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = sorted(_describe(p["loc"], p["msg"]) for p in error.errors(include_input=False))
            raise SettingsError(f"{cls.__module__}: {'; '.join(problems)}") from None


def _describe(place: tuple[int | str, ...], message: str) -> str:
    return f"{str(place[0]).upper()}: {message}" if place else message


class StageSettings(EnvironmentModel):
    """Where this function is deployed.

    failpoints_folder: for crash tests only, see failpoints.py; no stage but `local` and `test` takes it.
    """

    stage: str
    failpoints_folder: Path | None = None

    @model_validator(mode="after")
    def _refuse_failpoints(self) -> Self:
        if self.failpoints_folder is not None and self.stage not in BREAKABLE_STAGES:
            raise ValueError(f"FAILPOINTS_FOLDER must not be set: this is the stage {self.stage}")
        return self


class DatabaseSettings(EnvironmentModel):
    """Where PostgreSQL is, and the secret with username and password of this function's own role.

    database_tls: insist on TLS, on a certificate that Amazon RDS signed, and on the server's own name in it.
    """

    database_host: str
    database_port: int
    database_name: str
    database_tls: bool
    database_secret_id: str


class CacheSettings(EnvironmentModel):
    """The Valkey or Redis server; an empty secret id means no password."""

    cache_host: str
    cache_port: int
    cache_tls: bool
    cache_secret_id: str = ""


class KafkaSettings(EnvironmentModel):
    """The brokers; `AWS_MSK_IAM` and `SASL_SCRAM` imply TLS.

    kafka_secret_id: for `SASL_SCRAM`, the secret with username and password.
    kafka_ca_file: for `SASL_SCRAM`, the authorities to trust instead of the system's.
    """

    kafka_bootstrap: str
    kafka_security: Literal["PLAINTEXT", "AWS_MSK_IAM", "SASL_SCRAM"]
    kafka_secret_id: str = ""
    kafka_ca_file: str = ""

    @model_validator(mode="after")
    def _ask_for_a_login(self) -> Self:
        if self.kafka_security == "SASL_SCRAM" and not self.kafka_secret_id:
            raise ValueError("KAFKA_SECRET_ID must name a secret: KAFKA_SECURITY is SASL_SCRAM")
        return self


class TokenSettings(EnvironmentModel):
    """The secret with the signing keys, and how long a new token is good for."""

    token_secret_id: str
    token_lifetime_seconds: PositiveSeconds = 3600


class RetrySettings(EnvironmentModel):
    """The back-off that a job gets when it asks for none of its own."""

    retry_base_seconds: PositiveSeconds = 2
    retry_count: Annotated[int, Field(ge=0)] = 3
    retry_jitter: Annotated[float, Field(ge=0, le=1)] = 0.1


class AuditRetentionSettings(EnvironmentModel):
    """retention_audit_days: how long audit rows are kept, a week at least; 0 for ever."""

    retention_audit_days: Annotated[int, Field(ge=0, le=MAX_DAYS)] = 400

    @model_validator(mode="after")
    def _keep_for_a_week(self) -> Self:
        if 0 < self.retention_audit_days < MIN_AUDIT_DAYS:
            raise ValueError(f"RETENTION_AUDIT_DAYS must be 0, or {MIN_AUDIT_DAYS} at least")
        return self


class CorsSettings(EnvironmentModel):
    """The web origins whose pages may read the API's answers (comma-separated, `*` for all); empty means none."""

    cors_origins: str = ""

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The origins one by one."""
        return frozenset(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())


class BatchSettings(EnvironmentModel):
    """report_batch_item_failures: whether the event source can deliver single records of a batch again.

    If it cannot, an error makes the whole batch come again.
    """

    report_batch_item_failures: bool = False


class WebhookNetworkSettings(EnvironmentModel):
    """Private networks that webhooks may reach all the same (comma-separated CIDRs)."""

    webhook_allowed_networks: str = ""


class WebhookSettings(WebhookNetworkSettings):
    """The secret that webhooks are signed with besides."""

    webhook_signing_secret_id: str

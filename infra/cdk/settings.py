"""What can be set about a stage: one typed model, of plain values with what each means.

Every value can be given on the command line by its path in kebab case: `-c alarm-email=ops@example.com`,
`-c database.instance-class=t4g.small`, `-c api.cors-origins=https://a.example,https://b.example`; "none" takes a
value, or a whole group, away: `-c api.firewall=none`.
The defaults are the safe ones; `stages.py` says what each stage chooses.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, get_args

import aws_cdk as cdk
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, IPvAnyNetwork, model_validator

type Architecture = Literal["arm64", "x86_64"]

# What the database insists on: no trail is cut at a younger seal.
MIN_AUDIT_DAYS = 7
# For a relay, or seals, that stand still for a while.
SEAL_MARGIN_DAYS = 30

FUNCTIONS = (
    "auth",
    "authorizer",
    "classify",
    "docs",
    "export",
    "metrics",
    "migrate",
    "process",
    "query",
    "relay",
    "replay",
    "rotate",
    "seal",
    "submit",
)


def _split(value: object) -> object:
    """Command lines know text only: a list is what stands between the commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Settings(BaseModel):
    """A frozen group of settings that knows no others than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True)

    @classmethod
    def paths(cls, prefix: str = "") -> Iterator[str]:
        """The command-line name of every single setting."""
        for name, field in cls.model_fields.items():
            path = prefix + name.replace("_", "-")
            group = next((kind for kind in (field.annotation, *get_args(field.annotation)) if _is_group(kind)), None)
            if name == "functions":
                for function in FUNCTIONS:
                    yield from FunctionSettings.paths(f"{path}.{function}.")
            elif group:
                yield path
                yield from group.paths(f"{path}.")
            else:
                yield path


class MissingSettingsError(ValueError):
    """A group of settings that a stack cannot do without was taken away."""


def required[T](group: T | None, path: str) -> T:
    """The group of settings, unless it is None: then MissingSettingsError says which."""
    if group is None:
        raise MissingSettingsError(f"{path}=none makes no sense in a stage with data services of its own.")
    return group


def _is_group(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Settings)


class NetworkSettings(Settings):
    """The VPC."""

    cidr: IPvAnyNetwork = Field(default="10.40.0.0/16", validate_default=True)
    """Its addresses; a /16 to a /22, that overlaps no network which it will ever be connected to."""
    availability_zones: Words = ()
    """Three zones by name; none means the first three of the region, a, b and c."""
    nat_gateways: int = Field(default=3, ge=1, le=3)
    """Ways out to the internet for the functions that need one; fewer are cheaper and tie zones together."""
    endpoint_zones: int = Field(default=3, ge=1, le=3)
    """Zones with doors of their own to AWS's services (paid by door and hour); fewer tie zones together."""


class DatabaseSettings(Settings):
    """RDS for PostgreSQL."""

    engine_version: str = "18.3"
    """Of PostgreSQL, as RDS writes it."""
    instance_class: str = "m7g.large"
    """The size of the server."""
    max_connections: int = Field(default=400, ge=50)
    """Of the server; it bounds what all functions together may open, see `functions`."""
    multi_az: bool = True
    """Whether a copy in another zone takes over when the server fails."""
    storage_gigabytes: int = Field(default=100, ge=20)
    """Disk at the start."""
    storage_limit_gigabytes: int = Field(default=500, ge=20)
    """How far the storage may grow by itself."""
    backup_days: int = Field(default=14, ge=1, le=35)
    """How far back the data can be restored to any second."""
    proxy: bool = False
    """Whether functions reach the database through RDS Proxy: for a concurrency beyond its connections."""


class CacheSettings(Settings):
    """ElastiCache for Valkey, one shard."""

    engine_version: str = "8.1"
    """Of Valkey."""
    node_type: str = "cache.t4g.small"
    """The size of each node."""
    replicas: int = Field(default=1, ge=0, le=5)
    """Copies in other zones, to fail over to."""


class KafkaSettings(Settings):
    """The MSK cluster: three brokers in three zones, IAM and TLS only."""

    version: str = "3.9.x.kraft"
    """Of Apache Kafka, as MSK writes it."""
    instance_type: str = "kafka.m7g.large"
    """The size of each broker."""
    volume_gigabytes: int = Field(default=100, ge=1)
    """Disk of each broker at the start."""
    volume_limit_gigabytes: int = Field(default=1000, ge=1)
    """How far each disk may grow by itself; it never shrinks."""
    partitions: int = Field(default=12, ge=1, le=1000)
    """Of `job-events`: the bound of how many batches one consumer group works on at once."""
    events_retention_days: int = Field(default=7, ge=1)
    """How long `job-events` and `job-results` can be read again."""
    dead_letter_retention_days: int = Field(default=30, ge=1)
    """How long `job-dlq` can be read; the dead jobs themselves stay in the database."""


class TriggerSettings(Settings):
    """The event source mappings from Kafka to functions."""

    batch_size: int = Field(default=100, ge=1, le=10_000)
    """The most records in one delivery."""
    window_seconds: int = Field(default=0, ge=0, le=300)
    """How long to wait to fill a batch; 0 leaves the service's own default (half a second on AWS)."""
    provisioned: bool = False
    """Pollers of our own, paid by the hour; only they know partial batch responses and an end of retrying."""
    minimum_pollers: int = Field(default=1, ge=1, le=200)
    """With provisioned pollers: how many always run, for each mapping."""
    maximum_pollers: int = Field(default=4, ge=1, le=2000)
    """With provisioned pollers: how many may run, for each mapping; more than partitions are of no use."""
    retry_attempts: int = Field(default=100, ge=0, le=10_000)
    """With provisioned pollers: deliveries of a failing batch before its records go to the queue of last resort."""


class FunctionSettings(Settings):
    """The size of one function."""

    memory_megabytes: int = Field(default=512, ge=128, le=10_240)
    """Memory, and with it the share of a processor: 1769 is a whole one."""
    reserved_concurrency: int | None = Field(default=None, ge=0)
    """The most that may run at once, set aside from the account's; None shares the account's."""
    snap_start: bool = False
    """Whether new environments start from a snapshot (paid per gigabyte and hour, see docs/decisions.md)."""


class DeploymentSettings(Settings):
    """How new code takes over."""

    canary_percent: int = Field(default=10, ge=1, le=99)
    """The part of the traffic that meets new code first."""
    canary_minutes: int = Field(default=5, ge=0, le=60)
    """How long the new version gets that part of the traffic; an alarm meanwhile brings the old one back.
    0 shifts all traffic at once."""


class FirewallSettings(Settings):
    """AWS WAF before the API."""

    requests_per_address: int = Field(default=2000, ge=10)
    """In five minutes, from one IP address."""


class ApiSettings(Settings):
    """The REST API."""

    requests_per_second: int = Field(default=500, ge=1)
    """Of all callers together; beyond it they get 429."""
    burst: int = Field(default=1000, ge=1)
    """How many requests may come at once above that."""
    authorizer_cache_seconds: int = Field(default=60, ge=0, le=3600)
    """How long the edge trusts a token it has seen; the handlers check it again at every call."""
    cors_origins: Words = ()
    """Web origins whose pages may call the API; none means no CORS at all."""
    access_logs: bool = True
    """Whether every request is logged, without bodies and tokens."""
    pinned_id: str | None = None
    """A fixed API id; only emulators can do that."""
    firewall: FirewallSettings | None = FirewallSettings()
    domain_name: str | None = None
    """Serve the API under this name as well; needs `certificate_arn`, or the hosted zone to make a certificate in."""
    certificate_arn: str | None = None
    """An ACM certificate of that name in the same region."""
    hosted_zone_id: str | None = None
    """The Route 53 zone to put the name and the certificate's proof into."""
    hosted_zone_name: str | None = None
    """The name of that zone."""

    @model_validator(mode="after")
    def _domain_is_whole(self) -> Self:
        if (self.hosted_zone_id is None) != (self.hosted_zone_name is None):
            raise ValueError("hosted-zone-id and hosted-zone-name go together")
        if self.domain_name and not (self.certificate_arn or self.hosted_zone_id):
            raise ValueError("domain-name needs certificate-arn, or hosted-zone-id and hosted-zone-name")
        return self


class SealSettings(Settings):
    """The seals of the audit trail: once a day its state is written where nobody can change it afterwards."""

    retention_days: int = Field(default=430, ge=1)
    """How long a seal can be neither changed nor deleted; a longer one goes for the seals to come."""
    mode: Literal["COMPLIANCE", "GOVERNANCE"] = "COMPLIANCE"
    """COMPLIANCE lets nobody take a seal away, the account's root included; GOVERNANCE lets whoever may bypass it."""


class RetentionSettings(Settings):
    """How long the database keeps what is over; the relay removes what is older."""

    jobs_days: int = Field(default=90, ge=0, le=10_000)
    """Jobs, counted from their end, dead letters and idempotency keys included; 0 keeps them for ever."""
    audit_days: int = Field(default=400, ge=0, le=10_000)
    """Audit rows, at least a week and no less than jobs; 0 keeps them for ever."""

    @model_validator(mode="after")
    def _audit_rows_outlive_jobs(self) -> Self:
        if self.audit_days and not 0 < self.jobs_days <= self.audit_days:
            raise ValueError("audit-days is 0, or no less than jobs-days, which then is not 0")
        if 0 < self.audit_days < MIN_AUDIT_DAYS:
            raise ValueError(f"audit-days is 0, or {MIN_AUDIT_DAYS} at least")
        return self


class ModelSettings(Settings):
    """The AI model that classifies tickets."""

    name: str = "gpt-5.4-mini"
    """Which of the provider's models to ask."""
    timeout_seconds: float = Field(default=5, gt=0, le=30)
    """How long to wait for it before the keyword rules decide."""
    confidence_threshold: float = Field(default=0.6, ge=0, le=1)
    """Below this the keyword rules decide."""
    secret_name: str | None = None
    """An existing secret {"apiKey": ...}; None makes one that says "none" (keyword rules only) until it is filled."""
    dollars_per_million_input_tokens: float = Field(default=0.75, ge=0)
    """For the cost on the dashboard; take it from the provider's price list."""
    dollars_per_million_output_tokens: float = Field(default=4.5, ge=0)
    """The same for what it answers."""


class StageSettings(Settings):
    """Everything about one stage."""

    name: str = Field(pattern=r"^[a-z][a-z0-9]{1,15}$")
    """What it is called: part of every physical name."""
    account: str | None = Field(default=None, pattern=r"^\d{12}$")
    """The account to deploy to; None takes the one of the CLI's credentials."""
    region: str = Field(default="us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """The AWS region to deploy to."""
    bootstrapped: bool = True
    """Whether the account has the roles that `cdk bootstrap` makes; an emulator only needs the assets bucket."""
    keeps_data: bool = True
    """Whether data, logs and secrets outlive the stacks, and are guarded against deletion."""
    log_retention_days: Annotated[Literal[1, 7, 14, 30, 90, 180, 365], BeforeValidator(int)] = 90
    """How long logs can be read."""
    alarm_email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    """Who gets the alarms; the address must confirm. Other subscribers can be added to the topic."""
    secret_rotation_days: int | None = Field(default=30, ge=1, le=365)
    """How often passwords and signing keys are made anew; None leaves them."""

    network: NetworkSettings | None = NetworkSettings()
    """None, like the next three, where a stage brings its own data services."""
    database: DatabaseSettings | None = DatabaseSettings()
    cache: CacheSettings | None = CacheSettings()
    kafka: KafkaSettings | None = KafkaSettings()
    triggers: TriggerSettings | None = TriggerSettings()
    """None deploys no event source mappings: plain LocalStack has none, there the trigger reads a file."""
    api: ApiSettings = ApiSettings()
    seal: SealSettings = SealSettings()
    retention: RetentionSettings = RetentionSettings()
    model: ModelSettings = ModelSettings()
    functions: Mapping[str, FunctionSettings] = Field(default_factory=dict)
    """Sizes by the function's name; one that is not named gets the defaults of `FunctionSettings`."""
    deployment: DeploymentSettings | None = DeploymentSettings()
    """None runs the newest code under no alias; for emulators."""
    architecture: Architecture = "arm64"
    """What functions run on, and libraries are built for."""
    bundle_libraries: bool = True
    """Whether the layer carries the third-party libraries; the emulator's interpreter has them already."""
    full_cloudwatch: bool = True
    """Whether metric arithmetic, composite alarms and saved queries exist; the emulator refuses them."""
    prometheus: bool = True
    """Whether a managed Prometheus workspace is made and fed."""

    password_min_length: int = Field(default=12, ge=6)
    """Of users who log in with a password."""
    token_lifetime_seconds: int = Field(default=3600, ge=60, le=86_400)
    """How long an access token is good for."""
    submit_quota_per_minute: int = Field(default=600, ge=1)
    """Jobs one tenant may submit in a minute before it gets 429."""
    allow_simulate: bool = False
    """Whether the job type `simulate` is accepted (demos and load tests)."""
    webhook_allowed_networks: Words = ()
    """Private networks that webhooks may reach all the same; normally none."""

    @model_validator(mode="after")
    def _what_is_kept_fits_together(self) -> Self:
        jobs, audit = self.retention.jobs_days, self.retention.audit_days
        if self.kafka and 0 < jobs <= self.kafka.events_retention_days:
            raise ValueError(
                "retention.jobs-days is more than kafka.events-retention-days: the late event of a job that is gone"
                " could not be told from an unreadable one"
            )
        if self.keeps_data and audit and self.seal.retention_days < audit + SEAL_MARGIN_DAYS:
            raise ValueError(
                f"seal.retention-days is {SEAL_MARGIN_DAYS} more than retention.audit-days at least: a seal must still"
                " be locked when it proves where the audit trail begins"
            )
        return self

    def function(self, name: str) -> FunctionSettings:
        """The size of a function."""
        return self.functions.get(name, FunctionSettings())

    @property
    def environment(self) -> cdk.Environment:
        """Where the stage's stacks go."""
        return cdk.Environment(account=self.account, region=self.region)

    @property
    def synthesizer(self) -> cdk.StackSynthesizer:
        """How the stage's stacks are deployed: with the roles of `cdk bootstrap`, or as whoever runs the CLI."""
        return cdk.DefaultStackSynthesizer() if self.bootstrapped else cdk.CliCredentialsStackSynthesizer()

    @property
    def removal_policy(self) -> cdk.RemovalPolicy:
        """What happens to data when its stack, or its place in it, goes."""
        return cdk.RemovalPolicy.RETAIN if self.keeps_data else cdk.RemovalPolicy.DESTROY

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """These settings, with some replaced by their command-line names.

        Raises pydantic.ValidationError.
        """
        merged = self.model_dump()
        for path, value in values.items():
            *groups, leaf = path.replace("-", "_").split(".")
            target = merged
            for group in groups:
                target[group] = target[group] or {}
                target = target[group]
            target[leaf] = None if value == "none" else value
        return type(self).model_validate(merged)

"""What is deployed: the stage `prod`, and what can be made larger in it, or done otherwise."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bench.scaling.limits import ACCOUNT_CONCURRENCY, BROKERS, CACHES, SERVERS
from infra.cdk.settings import StageSettings

GIGABYTES_OF_A_FAST_DISK = 400


class Books(StrEnum):
    """What the relay counts in one statement, to compare it with the books."""

    ALL = "all jobs"
    BY_TENANT = "a tenant's jobs"
    BY_CHANGE = "what changed in a minute"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One cell: a whole stage in an account of its own, which has its part of the tenants."""

    cells: int = 1
    requests_per_second: float
    account_concurrency: int = ACCOUNT_CONCURRENCY
    submit_concurrency: int
    query_concurrency: int
    process_concurrency: int
    classify_concurrency: int
    server: int
    """The place in SERVERS."""
    connections: int
    proxy: bool
    disk: int
    """The place in DISKS."""
    disk_gigabytes: int
    """How far it may grow."""
    jobs_days: int
    audit_days: int
    partitions: int
    """Of each of the two topics of events, and of that of results."""
    broker: int
    """The place in BROKERS."""
    pollers: int
    """The most of each mapping."""
    records: int
    """The most in a delivery."""
    cache: int
    """The place in CACHES."""
    remembered_hours: float = 24
    """How long Valkey knows that an event is done with."""
    keyed_by_tenant: bool = False
    """Whether all events of a tenant are in one partition, or a few, so that deliveries do not share its chain."""
    chains: int = 1
    """Of each tenant."""
    relays: int = 1
    rescued_at_once: int = 100
    """Jobs in one statement of the relay's, once a second."""
    books: Books = Books.ALL
    drops_partitions: bool = False
    """Whether what is old goes by dropping a day's tables, or row by row."""
    nap_seconds: float = 15
    """`autovacuum_naptime` of the stage's parameters."""
    freeze_after: float = 1
    """Times PostgreSQL's own autovacuum_freeze_max_age."""

    @classmethod
    def of(cls, stage: StageSettings) -> Self:
        """Return what a stage deploys. Raises ValueError when its data services, or sizes, are not known here."""
        database, kafka, cache, triggers = stage.database, stage.kafka, stage.cache, stage.triggers
        if database is None or kafka is None or cache is None or triggers is None:
            raise ValueError("a stage without data services of its own has no limits to compute")
        return cls(
            requests_per_second=stage.api.requests_per_second,
            submit_concurrency=_reserved(stage, "submit"),
            query_concurrency=_reserved(stage, "query"),
            process_concurrency=_reserved(stage, "process"),
            classify_concurrency=_reserved(stage, "classify"),
            server=[server.name for server in SERVERS].index(database.instance_class),
            connections=database.max_connections,
            proxy=database.proxy,
            disk=int(database.storage_gigabytes >= GIGABYTES_OF_A_FAST_DISK),
            disk_gigabytes=database.storage_limit_gigabytes,
            jobs_days=stage.retention.jobs_days,
            audit_days=stage.retention.audit_days,
            partitions=kafka.partitions,
            broker=[broker.name for broker in BROKERS].index(kafka.instance_type),
            pollers=triggers.maximum_pollers,
            records=triggers.batch_size,
            cache=[size.name for size in CACHES].index(cache.node_type),
        )


def _reserved(stage: StageSettings, name: str) -> int:
    return stage.function(name).reserved_concurrency or ACCOUNT_CONCURRENCY

"""What AWS, and our own settings, allow: each limit with where it is written and how sure that is."""

from dataclasses import dataclass
from enum import StrEnum


class Sure(StrEnum):
    """How sure a limit is."""

    SETTING = "setting"
    """Ours: the stage says so, and can say otherwise."""
    DOCUMENTED = "documented"
    """AWS says so, on the page that is named."""
    DERIVED = "derived"
    """Computed from what is documented or measured."""
    GUESSED = "guessed"
    """Nobody says so: an order of magnitude, to be measured before anybody relies on it."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The most of something."""

    most: float
    unit: str
    source: str
    sure: Sure


# --- Requests

ACCOUNT_REQUESTS = Limit(
    most=10_000,
    unit="requests/s",
    source="API Gateway quotas: 10,000 a second for an account and region, bursts of 5,000; AWS raises it on request",
    sure=Sure.DOCUMENTED,
)
FIREWALL_REQUESTS = Limit(
    most=100_000,
    unit="requests/s",
    source="AWS WAF quotas: requests a second for a web ACL; AWS raises it on request",
    sure=Sure.DOCUMENTED,
)

# --- Lambda

ACCOUNT_CONCURRENCY = 1_000
"""Lambda quotas: for an account and region; AWS raises it on request, to tens of thousands."""
UNRESERVED = 100
"""Lambda quotas: what reservations must leave to others."""
RAISED_CONCURRENCY = 10_000
"""What AWS gives to those who show the load."""

# --- PostgreSQL


@dataclass(frozen=True, kw_only=True)
class Server:
    """A class of database servers, with what it always has; bursts are left out.

    megabytes, operations: that it moves to and from its disk in a second.
    """

    name: str
    processors: int
    gigabytes: int
    megabytes: float
    operations: int

    @property
    def connections(self) -> int:
        """RDS's own default: memory / 9,531,392, at most 5,000."""
        return min(int(self.gigabytes * 2**30 / 9_531_392), 5_000)


# Processors and memory: RDS User Guide. Disks: EC2 User Guide, EBS-optimized instances, from memory and not looked up.
SERVERS = (
    Server(name="m7g.large", processors=2, gigabytes=8, megabytes=79, operations=3_600),
    Server(name="m7g.xlarge", processors=4, gigabytes=16, megabytes=156, operations=6_000),
    Server(name="m7g.2xlarge", processors=8, gigabytes=32, megabytes=312, operations=12_000),
    Server(name="m7g.4xlarge", processors=16, gigabytes=64, megabytes=625, operations=20_000),
    Server(name="m7g.8xlarge", processors=32, gigabytes=128, megabytes=1_250, operations=40_000),
    Server(name="m7g.12xlarge", processors=48, gigabytes=192, megabytes=1_875, operations=60_000),
    Server(name="m7g.16xlarge", processors=64, gigabytes=256, megabytes=2_500, operations=80_000),
)


@dataclass(frozen=True, kw_only=True)
class Disk:
    """What a gp3 volume of RDS for PostgreSQL gives."""

    name: str
    megabytes: float
    operations: int


# RDS User Guide, Amazon RDS DB instance storage.
DISKS = (
    Disk(name="gp3 below 400 GB", megabytes=125, operations=3_000),
    Disk(name="gp3 of 400 GB", megabytes=500, operations=12_000),
    Disk(name="gp3 provisioned", megabytes=4_000, operations=64_000),
)
LARGEST_DISK = 65_536
"""Gigabytes; RDS User Guide, the same page."""
BUSY_ENOUGH = 0.6
"""Of a server's processors: above it transactions queue for one another."""
STRAY_TRANSACTIONS = 200_000_000
"""PostgreSQL, autovacuum_freeze_max_age: after so many every table is read through and frozen, in use or not."""

# --- Kafka


@dataclass(frozen=True, kw_only=True)
class BrokerSize:
    """A size of MSK brokers: what each takes in, and how many partitions it should hold, replicas included."""

    name: str
    megabytes_in: float
    partitions: int


# Partitions: MSK, best practices for Standard brokers. Megabytes: a third of what MSK documents for Express brokers of
# the same size ("up to three times more throughput per broker"), so that a broker may fail and be caught up with.
BROKERS = (
    BrokerSize(name="kafka.m7g.large", megabytes_in=5.2, partitions=1_000),
    BrokerSize(name="kafka.m7g.xlarge", megabytes_in=10.4, partitions=1_000),
    BrokerSize(name="kafka.m7g.2xlarge", megabytes_in=20.8, partitions=2_000),
    BrokerSize(name="kafka.m7g.4xlarge", megabytes_in=41.6, partitions=4_000),
    BrokerSize(name="express.m7g.4xlarge", megabytes_in=124.9, partitions=6_000),
    BrokerSize(name="express.m7g.16xlarge", megabytes_in=500, partitions=20_000),
)
BROKER_COUNT = 3
IAM_CONNECTIONS = Limit(
    most=3_000,
    unit="connections",
    source="MSK quotas: TCP connections with IAM to a broker; AWS raises it on request",
    sure=Sure.DOCUMENTED,
)
CALLS_OF_A_POLLER = 5
"""Lambda, Kafka scaling modes: invocations that one event poller waits for at once, or 5 MB a second."""
LARGEST_POLLERS = 2_000

# --- Valkey


@dataclass(frozen=True, kw_only=True)
class CacheSize:
    """A size of cache nodes: what is left for keys, and commands a second."""

    name: str
    gigabytes: float
    commands: int


# Memory: ElastiCache, supported node types, less the quarter that is reserved (30 % on small nodes). Commands: guessed;
# a node has one thread that executes, and small ones live on CPU credits.
CACHES = (
    CacheSize(name="cache.t4g.small", gigabytes=1.03, commands=20_000),
    CacheSize(name="cache.t4g.medium", gigabytes=2.49, commands=40_000),
    CacheSize(name="cache.m7g.large", gigabytes=5.14, commands=120_000),
    CacheSize(name="cache.m7g.xlarge", gigabytes=10.4, commands=180_000),
    CacheSize(name="cache.m7g.2xlarge", gigabytes=20.8, commands=250_000),
    CacheSize(name="cache.r7g.4xlarge", gigabytes=85.0, commands=300_000),
)

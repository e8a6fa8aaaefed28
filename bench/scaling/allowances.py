"""How much there is of each part in a deployment, with where that is written."""

from collections.abc import Callable

from bench.scaling.limits import (
    ACCOUNT_REQUESTS,
    BROKERS,
    BUSY_ENOUGH,
    CACHES,
    DISKS,
    SERVERS,
    UNRESERVED,
    Limit,
    Sure,
)
from bench.scaling.situation import Situation
from infra.cdk.connections import SHARE_OF_FUNCTIONS

PROXIED_CONNECTIONS = 100_000
RELAYED_PER_SECOND = 2_000


def setting(most: float, unit: str, name: str) -> Limit:
    """What a setting of the stage allows."""
    return Limit(most=most, unit=unit, source=f"`{name}`", sure=Sure.SETTING)


def requests(situation: Situation) -> Limit:
    """To the API: our setting, up to the account's quota."""
    asked = situation.deployment.requests_per_second
    return (
        ACCOUNT_REQUESTS if asked >= ACCOUNT_REQUESTS.most else setting(asked, "requests/s", "api.requests-per-second")
    )


def reserved(name: str) -> Callable[[Situation], Limit]:
    """Environments of a function."""

    def limit(situation: Situation) -> Limit:
        return setting(
            getattr(situation.deployment, f"{name}_concurrency"), "at once", f"functions.{name}.reserved-concurrency"
        )

    return limit


def deliveries(name: str) -> Callable[[Situation], Limit]:
    """One delivery of a partition at once, and no more than the function may run."""

    def limit(situation: Situation) -> Limit:
        environments = reserved(name)(situation)
        partitions = situation.deployment.partitions
        return environments if environments.most < partitions else setting(partitions, "at once", "kafka.partitions")

    return limit


def concurrency(situation: Situation) -> Limit:
    """Environments of all functions."""
    return Limit(
        most=situation.deployment.account_concurrency - UNRESERVED,
        unit="at once",
        source="Lambda quotas: concurrent executions of an account, less a hundred; AWS raises it on request",
        sure=Sure.DOCUMENTED,
    )


def connections(situation: Situation) -> Limit:
    """Of functions to the database."""
    deployment = situation.deployment
    if deployment.proxy:
        return Limit(
            most=PROXIED_CONNECTIONS, unit="connections", source="RDS Proxy: clients wait, not fail", sure=Sure.GUESSED
        )
    return setting(deployment.connections * SHARE_OF_FUNCTIONS, "connections", "database.max-connections")


def processors(situation: Situation) -> Limit:
    """Of the database."""
    server = SERVERS[situation.deployment.server]
    return Limit(
        most=server.processors * BUSY_ENOUGH,
        unit="processors",
        source=f"{server.processors} of {server.name}, busy for {BUSY_ENOUGH:.0%} of the time",
        sure=Sure.DERIVED,
    )


def megabytes(situation: Situation) -> Limit:
    """That the database writes in a second: its disk's, or its server's to the disk."""
    server, disk = SERVERS[situation.deployment.server], DISKS[situation.deployment.disk]
    if server.megabytes < disk.megabytes:
        source = f"{server.name} without bursts: EC2, EBS-optimized instances"
        return Limit(most=server.megabytes, unit="MB/s", source=source, sure=Sure.GUESSED)
    source = f"{disk.name}: RDS, DB instance storage"
    return Limit(most=disk.megabytes, unit="MB/s", source=source, sure=Sure.DOCUMENTED)


def operations(situation: Situation) -> Limit:
    """The same in numbers of reads and writes."""
    server, disk = SERVERS[situation.deployment.server], DISKS[situation.deployment.disk]
    if server.operations < disk.operations:
        source = f"{server.name} without bursts: EC2, EBS-optimized instances"
        return Limit(most=server.operations, unit="IO/s", source=source, sure=Sure.GUESSED)
    source = f"{disk.name}: RDS, DB instance storage"
    return Limit(most=disk.operations, unit="IO/s", source=source, sure=Sure.DOCUMENTED)


def broker(situation: Situation) -> Limit:
    """Into one broker in a second."""
    broker = BROKERS[situation.deployment.broker]
    source = f"{broker.name}: a third of what MSK documents for Express brokers"
    if broker.name.startswith("express"):
        source = f"{broker.name}: MSK, Express brokers, sustained"
        return Limit(most=broker.megabytes_in, unit="MB/s in", source=source, sure=Sure.DOCUMENTED)
    return Limit(most=broker.megabytes_in, unit="MB/s in", source=source, sure=Sure.DERIVED)


def partitions(situation: Situation) -> Limit:
    """On one broker."""
    broker = BROKERS[situation.deployment.broker]
    source = f"{broker.name}: MSK, best practices, with replicas"
    return Limit(most=broker.partitions, unit="partitions", source=source, sure=Sure.DOCUMENTED)


def cache_memory(situation: Situation) -> Limit:
    """For keys in Valkey."""
    cache = CACHES[situation.deployment.cache]
    source = f"{cache.name}: ElastiCache, supported node types, less what is reserved"
    return Limit(most=cache.gigabytes, unit="GB", source=source, sure=Sure.DOCUMENTED)


def cache_commands(situation: Situation) -> Limit:
    """That Valkey executes in a second."""
    cache = CACHES[situation.deployment.cache]
    return Limit(most=cache.commands, unit="commands/s", source=cache.name, sure=Sure.GUESSED)


def relayed(situation: Situation) -> Limit:
    """Messages that relays publish in a second."""
    measured = situation.work.measured.find("relay.messages-per-second")
    return Limit(
        most=(measured or RELAYED_PER_SECOND) * situation.deployment.relays,
        unit="messages/s",
        source="one relay at a time" if situation.deployment.relays == 1 else f"{situation.deployment.relays} relays",
        sure=Sure.DERIVED if measured else Sure.GUESSED,
    )


def always(limit: Limit) -> Callable[[Situation], Limit]:
    """A limit that no deployment changes."""
    return lambda _: limit

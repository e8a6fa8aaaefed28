"""Every part that a load can use up: how much it takes, how much there is, and what is done about it, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.scaling import allowances, remedies
from bench.scaling.limits import (
    CALLS_OF_A_POLLER,
    FIREWALL_REQUESTS,
    IAM_CONNECTIONS,
    STRAY_TRANSACTIONS,
    Limit,
    Sure,
)
from bench.scaling.remedies import Remedy
from bench.scaling.situation import DAY_SECONDS, Situation

STATEMENT_SECONDS = 8
"""`statement_timeout` of the functions' roles."""
COUNTED_PER_SECOND = 4_000_000
"""Jobs that an index-only count reads: docs/decisions.md."""
HELD_ENOUGH = 0.7
"""Of the time that a lock is held: above it those who wait for it are more than those who hold it."""
REMOVED_PER_SECOND = 5_000
"""Two thousand audit rows each turn of the relay's, which pauses for a quarter of a second."""
RESCUE_SECONDS = 8
"""Of the twenty that docs/guarantees.md promises: less the lease, and the pause before the next attempt."""
DEAD_OUTBOX_ROWS = 500_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that there is only so much of."""

    name: str
    demand: Callable[[Situation], float]
    limit: Callable[[Situation], Limit]
    remedies: Sequence[Remedy]

    def use(self, situation: Situation) -> float:
        """How much of it is used up; more than 1 is too much."""
        return self.demand(situation) / self.limit(situation).most


PARTS: tuple[Part, ...] = (
    Part(
        name="API: requests",
        demand=lambda s: s.requests,
        limit=allowances.requests,
        remedies=(remedies.RAISE_REQUESTS, remedies.BATCH_ENDPOINT),
    ),
    Part(
        name="API: firewall",
        demand=lambda s: s.requests,
        limit=allowances.always(FIREWALL_REQUESTS),
        remedies=(remedies.BATCH_ENDPOINT,),
    ),
    Part(
        name="Lambda: submit",
        demand=lambda s: s.submitting,
        limit=allowances.reserved("submit"),
        remedies=(remedies.RESERVE_SUBMIT, remedies.BATCH_ENDPOINT, remedies.RAISE_CONCURRENCY),
    ),
    Part(
        name="Lambda: query",
        demand=lambda s: s.querying,
        limit=allowances.reserved("query"),
        remedies=(remedies.RESERVE_QUERY, remedies.BATCH_ENDPOINT, remedies.RAISE_CONCURRENCY),
    ),
    Part(
        name="Lambda: deliveries to process",
        demand=lambda s: s.processing,
        limit=allowances.deliveries("process"),
        remedies=(remedies.PARTITIONS, remedies.LARGER_DELIVERIES, remedies.RAISE_CONCURRENCY),
    ),
    Part(
        name="Lambda: deliveries to classify",
        demand=lambda s: s.classifying,
        limit=allowances.deliveries("classify"),
        remedies=(remedies.PARTITIONS, remedies.LARGER_DELIVERIES, remedies.RAISE_CONCURRENCY),
    ),
    Part(
        name="Lambda: pollers",
        demand=lambda s: max(s.processing, s.classifying),
        limit=lambda s: allowances.setting(
            s.deployment.pollers * CALLS_OF_A_POLLER, "calls at once", "triggers.maximum-pollers"
        ),
        remedies=(remedies.POLLERS,),
    ),
    Part(
        name="Lambda: the account's concurrency",
        demand=lambda s: s.environments,
        limit=allowances.concurrency,
        remedies=(remedies.BATCH_ENDPOINT, remedies.RAISE_CONCURRENCY),
    ),
    Part(
        name="PostgreSQL: connections",
        demand=lambda s: s.environments,
        limit=allowances.connections,
        remedies=(remedies.CONNECTIONS, remedies.PROXY),
    ),
    Part(
        name="PostgreSQL: processors",
        demand=lambda s: s.processors,
        limit=allowances.processors,
        remedies=(remedies.BATCH_ENDPOINT, remedies.LARGER_SERVER),
    ),
    Part(
        name="PostgreSQL: disk, megabytes",
        demand=lambda s: s.megabytes_written,
        limit=allowances.megabytes,
        remedies=(remedies.MORE_MEGABYTES,),
    ),
    Part(
        name="PostgreSQL: disk, operations",
        demand=lambda s: s.disk_operations,
        limit=allowances.operations,
        remedies=(remedies.MORE_OPERATIONS,),
    ),
    Part(
        name="PostgreSQL: disk, space",
        demand=lambda s: s.stored_gigabytes,
        limit=lambda s: allowances.setting(s.deployment.disk_gigabytes, "GB", "database.storage-limit-gigabytes"),
        remedies=(
            remedies.KEEP_A_MONTH,
            remedies.LARGER_DISK,
            remedies.KEEP_A_WEEK,
            remedies.ARCHIVE_AUDIT_ROWS,
        ),
    ),
    Part(
        name="PostgreSQL: the busiest tenant's chain",
        demand=lambda s: s.busiest_chain,
        limit=allowances.always(
            Limit(
                most=HELD_ENOUGH,
                unit="of the time",
                source="the head's lock, held until its commit is on two disks",
                sure=Sure.DERIVED,
            )
        ),
        remedies=(remedies.BATCH_ENDPOINT, remedies.LARGER_DELIVERIES, remedies.KEY_BY_TENANT, remedies.CHAINS),
    ),
    Part(
        name="PostgreSQL: transaction numbers",
        demand=lambda s: s.transactions * DAY_SECONDS / 1e6,
        limit=lambda s: Limit(
            most=STRAY_TRANSACTIONS * s.deployment.freeze_after / 1e6,
            unit="million/day",
            source="a freeze of all tables each day: PostgreSQL, autovacuum_freeze_max_age",
            sure=Sure.DERIVED,
        ),
        remedies=(remedies.BATCH_ENDPOINT, remedies.FREEZE_LATER),
    ),
    Part(
        name="PostgreSQL: dead rows of the outbox",
        demand=lambda s: s.dead_outbox_rows,
        limit=allowances.always(
            Limit(
                most=DEAD_OUTBOX_ROWS,
                unit="rows",
                source="between two vacuums, through which the relay reads four times a second",
                sure=Sure.GUESSED,
            )
        ),
        remedies=(remedies.NAP_LESS,),
    ),
    Part(
        name="Kafka: megabytes",
        demand=lambda s: s.broker_megabytes,
        limit=allowances.broker,
        remedies=(remedies.LARGER_BROKERS,),
    ),
    Part(
        name="Kafka: partitions",
        demand=lambda s: s.broker_partitions,
        limit=allowances.partitions,
        remedies=(remedies.LARGER_DELIVERIES, remedies.LARGER_BROKERS),
    ),
    Part(
        name="Kafka: connections",
        demand=lambda s: s.producers,
        limit=allowances.always(IAM_CONNECTIONS),
        remedies=(remedies.BATCH_ENDPOINT, remedies.LARGER_DELIVERIES),
    ),
    Part(
        name="Valkey: memory",
        demand=lambda s: s.remembered_gigabytes,
        limit=allowances.cache_memory,
        remedies=(remedies.FORGET_AFTER_AN_HOUR, remedies.LARGER_CACHE),
    ),
    Part(
        name="Valkey: commands",
        demand=lambda s: s.cache_commands,
        limit=allowances.cache_commands,
        remedies=(remedies.BATCH_ENDPOINT, remedies.LARGER_CACHE),
    ),
    Part(
        name="Relay: retries",
        demand=lambda s: s.retries,
        limit=allowances.relayed,
        remedies=(remedies.RELAYS,),
    ),
    Part(
        name="Relay: removal of old rows",
        demand=lambda s: s.removed_rows,
        limit=allowances.always(
            Limit(
                most=REMOVED_PER_SECOND,
                unit="audit rows/s",
                source="two thousand a turn, while the relay has nothing else to do",
                sure=Sure.GUESSED,
            )
        ),
        remedies=(remedies.DROP_PARTITIONS,),
    ),
    Part(
        name="Relay: rescue of a zone's jobs",
        demand=lambda s: s.rescue_seconds,
        limit=allowances.always(
            Limit(
                most=RESCUE_SECONDS,
                unit="s",
                source="what is left of the twenty seconds of docs/guarantees.md",
                sure=Sure.DERIVED,
            )
        ),
        remedies=(remedies.RESCUE_MORE,),
    ),
    Part(
        name="Relay: comparing books and jobs",
        demand=lambda s: s.counted_jobs / 1e6,
        limit=allowances.always(
            Limit(
                most=STATEMENT_SECONDS * COUNTED_PER_SECOND / 1e6,
                unit="million jobs",
                source="what a statement may count in its eight seconds",
                sure=Sure.DERIVED,
            )
        ),
        remedies=(remedies.BOOKS_BY_TENANT, remedies.BOOKS_BY_CHANGE),
    ),
)

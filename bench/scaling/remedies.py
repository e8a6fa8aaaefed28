"""What is done when a part is used up: a setting, a larger size, or another way to do the same."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.scaling import changes
from bench.scaling.changes import Change
from bench.scaling.deployment import Books
from bench.scaling.limits import BROKERS, CACHES, DISKS, SERVERS
from bench.scaling.situation import Situation


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """change: what is deployed, or how callers behave, afterwards; None where it cannot be done (again).

    text: what was done, told of the situation afterwards. is_ready: whether settings alone can do it today.
    """

    change: Change
    text: Callable[[Situation], str]
    is_ready: bool = True


RAISE_REQUESTS = Remedy(
    change=changes.raise_requests, text=lambda s: f"`api.requests-per-second={s.deployment.requests_per_second:g}`"
)
BATCH_ENDPOINT = Remedy(
    change=changes.batch,
    text=lambda _: "callers submit by the hundred (`POST /jobs/batch`) and read pages, not single jobs",
)
RESERVE_SUBMIT = Remedy(
    change=changes.reserve("submit", lambda s: s.submitting),
    text=lambda s: f"`functions.submit.reserved-concurrency={s.deployment.submit_concurrency}`",
)
RESERVE_QUERY = Remedy(
    change=changes.reserve("query", lambda s: s.querying),
    text=lambda s: f"`functions.query.reserved-concurrency={s.deployment.query_concurrency}`",
)
PARTITIONS = Remedy(
    change=changes.partitions,
    text=lambda s: (
        f"`kafka.partitions={s.deployment.partitions}`, and as much concurrency of `process` "
        f"({s.deployment.process_concurrency}) and `classify` ({s.deployment.classify_concurrency}) as that takes"
    ),
)
LARGER_DELIVERIES = Remedy(
    change=changes.larger_deliveries, text=lambda s: f"`triggers.batch-size={s.deployment.records}`"
)
POLLERS = Remedy(change=changes.pollers, text=lambda s: f"`triggers.maximum-pollers={s.deployment.pollers}`")
RAISE_CONCURRENCY = Remedy(
    change=changes.raise_concurrency,
    text=lambda s: f"ask AWS for a concurrency of {s.deployment.account_concurrency:,}",
)
CONNECTIONS = Remedy(
    change=changes.connections,
    text=lambda s: f"`database.max-connections={s.deployment.connections}`, the server's own default",
)
PROXY = Remedy(change=changes.proxy, text=lambda _: "`database.proxy=true`: environments share connections")
LARGER_SERVER = Remedy(
    change=changes.larger_server, text=lambda s: f"`database.instance-class={SERVERS[s.deployment.server].name}`"
)
MORE_OPERATIONS, MORE_MEGABYTES = (
    Remedy(
        change=changes.faster_disk(measure),
        text=lambda s: f"{DISKS[s.deployment.disk].name} on a {SERVERS[s.deployment.server].name}",
    )
    for measure in (lambda size: size.operations, lambda size: size.megabytes)
)
KEEP_A_MONTH = Remedy(change=changes.keep(30, 90), text=lambda _: "`retention.jobs-days=30`, `retention.audit-days=90`")
KEEP_A_WEEK = Remedy(
    change=changes.keep(8, 8),
    text=lambda _: "`retention.jobs-days=8`, `retention.audit-days=8`",
)
ARCHIVE_AUDIT_ROWS = Remedy(
    change=changes.keep(2, 2),
    text=lambda _: "finished jobs and sealed audit rows move to S3 after two days",
    is_ready=False,
)
LARGER_DISK = Remedy(
    change=changes.larger_disk, text=lambda s: f"`database.storage-limit-gigabytes={s.deployment.disk_gigabytes}`"
)
KEY_BY_TENANT = Remedy(
    change=changes.key_by_tenant,
    text=lambda _: "events are keyed by tenant, so that few deliveries share a chain",
    is_ready=False,
)
CHAINS = Remedy(change=changes.chains, text=lambda s: f"{s.deployment.chains} chains for each tenant", is_ready=False)
NAP_LESS = Remedy(change=changes.nap_less, text=lambda _: "`autovacuum_naptime` of a second", is_ready=False)
FREEZE_LATER = Remedy(
    change=changes.freeze_later, text=lambda _: "`autovacuum_freeze_max_age` of a thousand million", is_ready=False
)
LARGER_BROKERS = Remedy(
    change=changes.larger_brokers, text=lambda s: f"`kafka.instance-type={BROKERS[s.deployment.broker].name}`"
)
FORGET_AFTER_AN_HOUR = Remedy(
    change=changes.forget, text=lambda _: "Valkey forgets after an hour what is done, not after a day", is_ready=False
)
LARGER_CACHE = Remedy(
    change=changes.larger_cache, text=lambda s: f"`cache.node-type={CACHES[s.deployment.cache].name}`"
)
RELAYS = Remedy(
    change=changes.relays,
    text=lambda s: f"`functions.relay.reserved-concurrency={s.deployment.relays}`, and as many schedules",
    is_ready=False,
)
DROP_PARTITIONS = Remedy(
    change=changes.drop_partitions,
    text=lambda _: "jobs and audit rows are in tables of a day each, which are dropped",
    is_ready=False,
)
RESCUE_MORE = Remedy(
    change=changes.rescue_more,
    text=lambda s: f"the relay rescues {s.deployment.rescued_at_once:,} jobs at once",
    is_ready=False,
)
BOOKS_BY_TENANT = Remedy(
    change=changes.books(Books.BY_TENANT),
    text=lambda _: "the relay counts one tenant's jobs after the other's",
    is_ready=False,
)
BOOKS_BY_CHANGE = Remedy(
    change=changes.books(Books.BY_CHANGE), text=lambda _: "the relay compares only jobs that changed", is_ready=False
)

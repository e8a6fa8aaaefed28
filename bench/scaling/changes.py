"""How a situation changes: each takes one step, or returns None where there is none (any more)."""

from collections.abc import Callable
from math import ceil

from bench.scaling.deployment import GIGABYTES_OF_A_FAST_DISK, Books
from bench.scaling.limits import (
    ACCOUNT_CONCURRENCY,
    ACCOUNT_REQUESTS,
    BROKERS,
    CACHES,
    DISKS,
    LARGEST_DISK,
    LARGEST_POLLERS,
    RAISED_CONCURRENCY,
    SERVERS,
    UNRESERVED,
    Disk,
    Server,
)
from bench.scaling.situation import JOBS_IN_A_BATCH, READS_IN_PAGES, Situation

ROOM = 1.25
"""What is added to what is needed."""
MOST_PARTITIONS = 300
MOST_RELAYS = 8
MOST_CHAINS = 16
MOST_RESCUED = 10_000
LARGE_DELIVERY = 1_000
"""The size up to which round trips and CPU for a job still fall, and that stays under Lambda's 6 MB."""

type Change = Callable[[Situation], Situation | None]


def batch(situation: Situation) -> Situation | None:
    if situation.load.jobs_per_submit > 1:
        return None
    return situation.with_load(jobs_per_submit=JOBS_IN_A_BATCH, reads_per_job=READS_IN_PAGES)


def raise_requests(situation: Situation) -> Situation | None:
    if situation.deployment.requests_per_second >= ACCOUNT_REQUESTS.most:
        return None
    return situation.with_deployment(requests_per_second=ACCOUNT_REQUESTS.most)


def reserve(name: str, need: Callable[[Situation], float]) -> Change:
    def change(situation: Situation) -> Situation | None:
        wanted = ceil(need(situation) * ROOM)
        changed = situation.with_deployment(**{f"{name}_concurrency": wanted})
        return changed if _fits_account(changed) else None

    return change


def _fits_account(situation: Situation) -> bool:
    d = situation.deployment
    reserved = d.submit_concurrency + d.query_concurrency + d.process_concurrency + d.classify_concurrency
    return reserved <= d.account_concurrency - UNRESERVED


def partitions(situation: Situation) -> Situation | None:
    d = situation.deployment
    process, classify = ceil(situation.processing * ROOM), ceil(situation.classifying * ROOM)
    wanted = max(process, classify, d.partitions)
    if wanted > MOST_PARTITIONS:
        return None
    changed = situation.with_deployment(
        partitions=wanted,
        process_concurrency=max(process, d.process_concurrency),
        classify_concurrency=max(classify, d.classify_concurrency),
    )
    return changed if _fits_account(changed) else None


def larger_deliveries(situation: Situation) -> Situation | None:
    return situation.with_deployment(records=LARGE_DELIVERY) if situation.deployment.records < LARGE_DELIVERY else None


def pollers(situation: Situation) -> Situation | None:
    wanted = min(situation.deployment.partitions, LARGEST_POLLERS)
    return situation.with_deployment(pollers=wanted) if wanted > situation.deployment.pollers else None


def raise_concurrency(situation: Situation) -> Situation | None:
    if situation.deployment.account_concurrency > ACCOUNT_CONCURRENCY:
        return None
    return situation.with_deployment(account_concurrency=RAISED_CONCURRENCY)


def connections(situation: Situation) -> Situation | None:
    d = situation.deployment
    allowed = SERVERS[d.server].connections
    return situation.with_deployment(connections=allowed) if not d.proxy and allowed > d.connections else None


def proxy(situation: Situation) -> Situation | None:
    return None if situation.deployment.proxy else situation.with_deployment(proxy=True)


def larger_server(situation: Situation) -> Situation | None:
    server = situation.deployment.server + 1
    return situation.with_deployment(server=server) if server < len(SERVERS) else None


def faster_disk(measure: Callable[[Server | Disk], float]) -> Change:
    """The narrower of disk and server, or both."""

    def change(situation: Situation) -> Situation | None:
        d = situation.deployment
        by_disk, by_server = measure(DISKS[d.disk]), measure(SERVERS[d.server])
        disk, server = d.disk + (by_disk <= by_server), d.server + (by_server <= by_disk)
        if disk == len(DISKS) or server == len(SERVERS):
            return None
        return situation.with_deployment(disk=disk, server=server)

    return change


def keep(days: int, audit_days: int) -> Change:
    def change(situation: Situation) -> Situation | None:
        d = situation.deployment
        if d.jobs_days <= days and d.audit_days <= audit_days:
            return None
        return situation.with_deployment(jobs_days=min(days, d.jobs_days), audit_days=min(audit_days, d.audit_days))

    return change


def larger_disk(situation: Situation) -> Situation | None:
    if situation.deployment.disk_gigabytes >= LARGEST_DISK:
        return None
    wanted = min(ceil(situation.stored_gigabytes * ROOM), LARGEST_DISK)
    # A disk that grows so far becomes the faster kind by itself.
    disk = max(situation.deployment.disk, int(wanted >= GIGABYTES_OF_A_FAST_DISK))
    return situation.with_deployment(disk_gigabytes=wanted, disk=disk)


def key_by_tenant(situation: Situation) -> Situation | None:
    return None if situation.deployment.keyed_by_tenant else situation.with_deployment(keyed_by_tenant=True)


def chains(situation: Situation) -> Situation | None:
    chains = situation.deployment.chains * 2
    return situation.with_deployment(chains=chains) if chains <= MOST_CHAINS else None


def nap_less(situation: Situation) -> Situation | None:
    return situation.with_deployment(nap_seconds=1) if situation.deployment.nap_seconds > 1 else None


def freeze_later(situation: Situation) -> Situation | None:
    return None if situation.deployment.freeze_after > 1 else situation.with_deployment(freeze_after=5)


def larger_brokers(situation: Situation) -> Situation | None:
    broker = situation.deployment.broker + 1
    return situation.with_deployment(broker=broker) if broker < len(BROKERS) else None


def forget(situation: Situation) -> Situation | None:
    return situation.with_deployment(remembered_hours=1) if situation.deployment.remembered_hours > 1 else None


def larger_cache(situation: Situation) -> Situation | None:
    cache = situation.deployment.cache + 1
    return situation.with_deployment(cache=cache) if cache < len(CACHES) else None


def relays(situation: Situation) -> Situation | None:
    relays = situation.deployment.relays * 2
    return situation.with_deployment(relays=relays) if relays <= MOST_RELAYS else None


def drop_partitions(situation: Situation) -> Situation | None:
    return None if situation.deployment.drops_partitions else situation.with_deployment(drops_partitions=True)


def rescue_more(situation: Situation) -> Situation | None:
    at_once = situation.deployment.rescued_at_once * 10
    return situation.with_deployment(rescued_at_once=at_once) if at_once <= MOST_RESCUED else None


def books(books: Books) -> Change:
    return lambda situation: None if situation.deployment.books is books else situation.with_deployment(books=books)

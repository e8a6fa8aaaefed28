"""What many lifecycles leave behind: dead rows, holes in tables and indexes, and the bytes of a finished job."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.figures import Figure
from bench.growth.history import SQL, History
from bench.growth.lifecycles import Lifecycles, batches_of
from bench.growth.server import Server
from bench.growth.sites import SMALL, Site

TABLES = ("jobs", "audit_logs", "audit_chain", "audit_heads", "outbox")
KEPT = ("jobs", "audit_logs", "audit_chain")
BATCH = 100
# Batches between a job's submission and its end.
IN_FLIGHT = 5
WORKERS = 2
LOOK_EVERY_SECONDS = 2.0
SIZES = """
SELECT c.relname AS name, coalesce(t.relname, c.relname) AS table, pg_table_size(c.oid) AS bytes
FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
WHERE c.relkind IN ('r', 'i') AND coalesce(t.relname, c.relname) = ANY(%(tables)s)
"""
CHANGES = """
SELECT relname AS name, n_tup_upd AS updated, n_tup_hot_upd AS hot, n_dead_tup AS dead, n_live_tup AS live,
    autovacuum_count AS vacuums
FROM pg_stat_all_tables WHERE relname = ANY(%(tables)s) AND schemaname = 'public'
"""


@dataclass
class Churned:
    """What was seen. before, after: bytes of tables and indexes; dense: the same without any hole.

    dead: the most dead rows that a table had at any time.
    """

    lifecycles: int
    seconds: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict)
    dense: dict[str, int] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    changes: dict[str, dict[str, int]] = field(default_factory=dict)
    dead: dict[str, int] = field(default_factory=dict)

    def bytes_of(self, table: str, sizes: Mapping[str, int]) -> int:
        """Return what a table takes with its indexes."""
        return sum(size for name, size in sizes.items() if self.tables[name] == table)


def churn(server: Server, name: str, lifecycles: int) -> Churned:
    """Send so many jobs the whole way in a new database, with autovacuum at work, and weigh what is there then."""
    server.create(name)
    site = Site(server=server, name=name, history=History(jobs=0, audited=0))
    site.rows(SQL["fill_tenants"])
    found = Churned(lifecycles=lifecycles)
    server.change(autovacuum="on")
    started = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        work = [pool.submit(_live, server, name, lifecycles // WORKERS // BATCH, worker) for worker in range(WORKERS)]
        while not all(done.done() for done in work):
            _look(site, found)
            time.sleep(LOOK_EVERY_SECONDS)
        for done in work:
            done.result()
    found.seconds = time.perf_counter() - started
    server.change(autovacuum="off")
    _look(site, found)
    site.rows(f"VACUUM {', '.join(TABLES)}")
    found.sizes = _sizes(site, found)
    site.rows(f"VACUUM (FULL) {', '.join(TABLES)}")
    found.dense = _sizes(site, found)
    site.close()
    return found


def _live(server: Server, name: str, batches: int, worker: int) -> None:
    site = Site(server=server, name=name, history=History(jobs=0, audited=0))
    steps = Lifecycles(site, lambda _, call: call())
    tenants = SMALL[worker::WORKERS]
    waiting: deque[list[Any]] = deque()
    for number in range(batches + IN_FLIGHT):
        if number < batches:
            [jobs] = batches_of(tenants[number % len(tenants) :], 1, BATCH, "ticket")
            steps.insert(jobs)
            steps.delete([job.created for job in jobs])
            steps.delete(steps.classify(jobs))
            waiting.append(jobs)
        if number >= IN_FLIGHT:
            steps.delete(steps.complete(steps.claim(waiting.popleft())))
    site.close()


def _look(site: Site, found: Churned) -> None:
    for row in site.rows(CHANGES, tables=list(TABLES)):
        name = row.pop("name")
        found.changes[name] = row
        found.dead[name] = max(found.dead.get(name, 0), row["dead"])


def _sizes(site: Site, found: Churned) -> dict[str, int]:
    rows = site.rows(SIZES, tables=list(TABLES))
    found.tables |= {row["name"]: row["table"] for row in rows}
    return {row["name"]: row["bytes"] for row in rows}


def figures_of(found: Churned) -> Iterator[Figure]:
    """Say what was found as figures; each was seen once."""

    def figure(key: str, what: str, unit: str, value: float, **context: Any) -> Figure:
        return Figure(key=f"growth.churn.{key}", what=what, unit=unit, runs=(value,), context=context)

    jobs = found.changes["jobs"]
    yield figure(
        "jobs-per-second",
        f"{found.lifecycles} whole lifecycles",
        "jobs per second",
        found.lifecycles / found.seconds,
        changes=found.changes,
        most_dead_rows=found.dead,
    )
    yield figure("hot", "updates of jobs that touched no index", "%", 100 * jobs["hot"] / max(jobs["updated"], 1))
    for table in TABLES[:3]:
        yield figure(
            f"bloat.{table}",
            f"{table} with indexes, after vacuum / without holes",
            "x",
            found.bytes_of(table, found.sizes) / found.bytes_of(table, found.dense),
            bytes={name: (found.sizes[name], found.dense[name]) for name in found.sizes if found.tables[name] == table},
        )
    yield figure(
        "bytes-per-job",
        "a finished job with its audit trail and all indexes",
        "bytes",
        sum(found.bytes_of(table, found.sizes) for table in KEPT) / found.lifecycles,
        tables={table: found.bytes_of(table, found.sizes) / found.lifecycles for table in KEPT},
    )

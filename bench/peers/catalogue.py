"""The peers, and how each is configured: as its own documentation says for two cores.

All do the same: a job with a payload of 300 bytes that does nothing, on the Postgres (fsync on) or the Valkey
(append-only file) that everything else is measured on. Each has its libraries in an environment of its own, made from
`requirements/bench/<peer>.lock`, and its jobs in a database of its own. What its documentation leaves open stays at
its default; above all what decides about a killed worker's jobs.

- Celery: one `celery worker` with a pool of two processes, its default on two cores. "If you have many short-running
  tasks [...] this number should be large. Say 64, or 128": `--prefetch-multiplier 64` (userguide/optimizing). Results
  ignored, as its tips say. Messages are acknowledged before a task runs, its default; what was fetched and not
  acknowledged comes back after the visibility timeout, an hour. No call for many jobs: a `group` publishes one by one.
- Dramatiq: two processes of eight threads, its default on two cores (guide, Workers). Messages are acknowledged after
  they ran; those of a dead worker come back when it has been silent for a minute, and one command in a thousand looks.
  No call for many jobs either.
- Procrastinate: "one of the ways to increase your processing throughput is to launch multiple workers, each using
  their own process", and `--concurrency=30` (howto, Execute multiple jobs at the same time), with a pool of as many
  connections and one more (discussions). Killed workers' jobs stay `doing` for good unless a periodic task looks for
  them: the documented one does, every ten minutes (howto/production/retry_stalled_jobs).
- PgQueuer: a process for each core (guides/deployment); `batch_size=25`, the number of the tuning guide, which says
  to raise it for short jobs; `pgq autovac` after installation; asyncpg, a connection for a worker, a pool for
  producers (guides/performance-tuning). Jobs of a worker that has not beaten its heart for thirty seconds are picked
  again. Started as guides/programmatic-run has it: `pgq run` fails with the Typer of today.
- oban: a node for each core, each with `--queues default:10`, as its guides have it; more cores than one process can
  use are for its paid edition. Orphans are looked for every minute and rescued five minutes after they began.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.peers.brokers import PostgresTables, ValkeyKeys, celery_payloads, dramatiq_payloads
from bench.peers.venv import Venv

CORES = 2


@dataclass(frozen=True, kw_only=True)
class Peer:
    """How a peer is installed, started, filled and watched.

    name: of its lock, its modules, its database. packages: whose versions matter. install: programs that make its
    tables. workers: programs that run its jobs. variables: `{broker}` stands for the broker's address. singles,
    bulk: how many jobs are enqueued with one call each and with the call for many, before all are drained.
    survives: what of a job outlives the worker that has it. patience_seconds: how long a killed worker's jobs are
    waited for.
    """

    name: str
    title: str
    packages: tuple[str, ...]
    keeps: PostgresTables | ValkeyKeys
    workers: tuple[tuple[str, ...], ...]
    singles: int
    bulk: int
    survives: str
    install: tuple[tuple[str, ...], ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    patience_seconds: float = 30.0

    @property
    def venv(self) -> Venv:
        """Where its libraries are."""
        return Venv(self.name)

    @property
    def settings(self) -> dict[str, object]:
        """Return what explains its figures."""
        return {
            "versions": self.venv.versions(*self.packages),
            "workers": [" ".join(command) for command in self.workers],
            "durable": self.survives,
        }


CELERY = Peer(
    name="celery",
    title="Celery",
    packages=("celery", "kombu", "redis"),
    keeps=ValkeyKeys(number=14, unfinished=celery_payloads),
    workers=(
        (
            *("celery", "--app", "bench.peers.programs.celery_app", "worker"),
            *("--concurrency", str(CORES), "--prefetch-multiplier", "64"),
        ),
    ),
    singles=4_000,
    bulk=0,
    survives="no: acknowledged before it runs; what was fetched only comes back after an hour",
)
DRAMATIQ = Peer(
    name="dramatiq",
    title="Dramatiq",
    packages=("dramatiq", "redis"),
    keeps=ValkeyKeys(number=15, unfinished=dramatiq_payloads),
    workers=(("dramatiq", "bench.peers.programs.dramatiq_app", "--processes", str(CORES), "--threads", "8"),),
    singles=10_000,
    bulk=0,
    survives="as Valkey's append-only file is: comes back a minute after the last heartbeat, when a command looks",
)
PROCRASTINATE = Peer(
    name="procrastinate",
    title="Procrastinate",
    packages=("procrastinate", "psycopg"),
    keeps=PostgresTables(
        unfinished="SELECT args->>'content' FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        " AND args ? 'content'",
        tables="procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers",
    ),
    install=(("procrastinate", "--app", "bench.peers.programs.procrastinate_app.app", "schema", "--apply"),),
    workers=(("procrastinate", "--app", "bench.peers.programs.procrastinate_app.app", "worker"),) * CORES,
    variables={"PROCRASTINATE_WORKER_CONCURRENCY": "30"},
    singles=500,
    bulk=2_500,
    survives="yes; run again by the documented periodic task, every ten minutes, after half a minute without heartbeat",
)
PGQUEUER = Peer(
    name="pgqueuer",
    title="PgQueuer",
    packages=("pgqueuer", "asyncpg", "uvloop"),
    keeps=PostgresTables(
        unfinished="SELECT convert_from(payload, 'UTF8') FROM pgqueuer",
        tables="pgqueuer, pgqueuer_log, pgqueuer_statistics",
    ),
    install=(("pgq", "install"), ("pgq", "autovac")),
    workers=(("python", "-m", "bench.peers.programs.pgqueuer_app"),) * CORES,
    variables={"PGDSN": "{broker}"},
    singles=1_000,
    bulk=20_000,
    survives="yes; picked again half a minute after the last heartbeat, when a worker polls, twice a minute",
    patience_seconds=65.0,
)
OBAN = Peer(
    name="oban",
    title="oban",
    packages=("oban", "psycopg", "uvloop"),
    keeps=PostgresTables(
        unfinished="SELECT args->>'content' FROM oban_jobs WHERE state NOT IN ('completed', 'discarded', 'cancelled')",
        tables="oban_jobs, oban_producers, oban_leaders",
    ),
    install=(("oban", "install"),),
    workers=(("oban", "start", "--queues", "default:10", "--cron-modules", "bench.peers.programs.oban_app"),) * CORES,
    variables={"OBAN_DSN": "{broker}"},
    singles=1_000,
    bulk=8_000,
    survives="yes; rescued five minutes after it began, by a look every minute",
)
# Whose killed workers' jobs are waited for longest comes first: the others' are waited for meanwhile.
PEERS = (PGQUEUER, OBAN, DRAMATIQ, CELERY, PROCRASTINATE)

"""The statements that change something, timed on jobs that are taken out again afterwards, so that no table grows."""

from itertools import batched, chain

from bench.growth.lifecycles import Lifecycles, Timed, batches_of
from bench.growth.sites import BIG, LEAST_WORD, SMALL, Site

BATCH = 100
TENANTS = [tenant for small in SMALL[:8] for tenant in (BIG, small)]
WHAT = {
    "insert-1": "submit one job",
    "insert-100": "submit 100 jobs",
    "unclassified-100": "find 100 unclassified jobs",
    "classify-100": "write 100 verdicts",
    "claim-1": "claim one job",
    "claim-100": "claim 100 jobs",
    "complete-1": "move one job",
    "complete-100": "move 100 jobs",
    "bury-100": "move 100 jobs to the dead letters",
    "replay-100": "replay 100 jobs",
    "delete-1": "delete one published message",
    "delete-100": "delete 100 published messages",
    "relay-100": "take, publish and delete 100 due messages",
}
ADDED = ("jobs WHERE job_id", "audit_chain WHERE audit_id", "audit_logs WHERE id")
CHANGED = ("jobs", "audit_chain", "audit_logs", "audit_heads", "outbox")


def write_round(site: Site, timed: Timed, *, singles: int, batches: int) -> None:
    """Send jobs the whole way, `singles` one by one and `batches` of a hundred at a time; then take them out."""
    [row] = site.rows("SELECT history_id(clock_timestamp(), %(word)s) AS least", word=LEAST_WORD)
    steps = Lifecycles(site, timed)
    _alone(steps, singles)
    _together(steps, batches)
    _dead(steps, batches)
    site.rows("UPDATE outbox SET due_at = now()")
    while steps.relay(BATCH):
        pass
    _take_out(site, str(row["least"]))


def _alone(steps: Lifecycles, count: int) -> None:
    for jobs in batches_of(TENANTS, count, 1, "simulate"):
        steps.insert(jobs)
        steps.delete([job.created for job in jobs])
        steps.delete(steps.complete(steps.claim(jobs)))


def _together(steps: Lifecycles, count: int) -> None:
    waiting = batches_of(TENANTS, count, BATCH, "ticket")
    for jobs in waiting:
        steps.insert(jobs)
        steps.classify(jobs)
    # As they come out of a partition: of all tenants.
    for mixed in batched(chain.from_iterable(zip(*waiting, strict=True)), BATCH):
        steps.delete([job.created for job in mixed])
        steps.complete(steps.claim(mixed))


def _dead(steps: Lifecycles, count: int) -> None:
    for jobs in batches_of(TENANTS, max(count // 2, 2), BATCH, "simulate"):
        steps.insert(jobs)
        steps.replay(steps.bury(steps.claim(jobs)))


def _take_out(site: Site, least: str) -> None:
    for rows in ADDED:
        site.rows(f"DELETE FROM {rows} >= %(least)s", least=least)  # noqa: S608
    site.rows("DELETE FROM outbox")
    site.rows("DELETE FROM audit_heads")
    site.rows("INSERT INTO audit_heads SELECT * FROM audit_heads_before")
    site.rows(f"VACUUM {', '.join(CHANGED)}")

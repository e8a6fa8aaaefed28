"""What must be true whatever broke. Each check returns one sentence per violation."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.faults.evidence import Evidence
from tests.faults.workload import Accepted

# Written from the promises in docs/guarantees.md, not from the code.
LEGAL = {
    (None, "PENDING"),
    ("PENDING", "PROCESSING"),
    ("PROCESSING", "COMPLETED"),
    ("PROCESSING", "FAILED"),
    ("PROCESSING", "PENDING"),
    ("PENDING", "CANCELLED"),
    ("FAILED", "PENDING"),
    ("COMPLETED", None),
    ("FAILED", None),
    ("CANCELLED", None),
}
TERMINAL = {"COMPLETED": "JOB_COMPLETED", "FAILED": "JOB_FAILED", "CANCELLED": "JOB_CANCELLED"}
ENDS = {*TERMINAL, "REMOVED"}
STATES = ("PENDING", "PROCESSING", *TERMINAL)
MADE_NO_STEP = {"JOB_CREATED", "JOB_CLASSIFIED"}


def check_every_201_has_one_job(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """A 201 is durable, and a repeat of it makes no second job."""
    for job in accepted:
        if evidence.end_of(job.job_id) == "GONE":
            yield f"{job.kind.name} {job.job_id} was accepted and is gone"
    extra = Counter(row["idempotency_key"] for row in evidence.jobs.values())
    for key, count in extra.items():
        if key is not None and count > 1:
            yield f"{count} jobs for one Idempotency-Key"
    unknown = evidence.jobs.keys() - {job.job_id for job in accepted}
    for job_id in unknown:
        yield f"{job_id} exists though every request was repeated until it was answered, and none named it"


def check_everything_ended(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """Every accepted job reached a final state, and nothing waits in the outbox."""
    for job in accepted:
        status = evidence.end_of(job.job_id)
        if status not in ENDS:
            yield f"{job.kind.name} {job.job_id} is {status}"
    for row in evidence.outbox:
        yield f"a message of {row['key']} for {row['topic']} stays in the outbox"


def check_nothing_is_unaccounted_for(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """accepted = pending + processing + completed + failed + cancelled + removed, per tenant, by all that knows."""
    for tenant in {job.tenant_id for job in accepted}:
        given = len({job.job_id for job in accepted if job.tenant_id == tenant})
        counts = Counter(str(row["status"]) for row in evidence.jobs.values() if row["tenant_id"] == tenant)
        removed = sum(evidence.end_of(job.job_id) == "REMOVED" for job in accepted if job.tenant_id == tenant)
        if given != sum(counts.values()) + removed:
            yield f"{tenant}: {given} accepted, {sum(counts.values())} jobs, {removed} removed"
        books = evidence.books.get(tenant, {})
        if books.get("accepted") != given:
            yield f"{tenant}: {given} accepted, {books.get('accepted')} in the books"
        if books.get("removed") != removed:
            yield f"{tenant}: {removed} jobs removed, {books.get('removed')} in the books"
        for state in STATES:
            if books.get(state.lower()) != counts[state]:
                yield f"{tenant}: {counts[state]} jobs {state}, {books.get(state.lower())} in the books"


def check_audit_is_a_legal_path(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """Audit rows form a legal path for every job, one row per transition."""
    for job in accepted:
        row, rows = evidence.jobs.get(job.job_id), evidence.audit.get(job.job_id, [])
        if evidence.end_of(job.job_id) == "GONE":
            continue
        at: str | None = None
        for entry in rows:
            if entry["old_state"] == entry["new_state"]:
                continue
            if entry["old_state"] != at or (at, entry["new_state"]) not in LEGAL:
                yield f"{job.job_id}: {entry['old_state']} -> {entry['new_state']} while it was {at}"
            at = entry["new_state"]
        # What was removed leaves nothing behind but a path that leads out.
        if at != (row and row["status"]):
            yield f"{job.job_id} is {evidence.end_of(job.job_id)}, its audit trail ends at {at}"
        steps = sum(1 for entry in rows if entry["action"] not in MADE_NO_STEP)
        if row and steps != row["version"]:
            yield f"{job.job_id}: {row['version']} transitions and {steps} audit rows of them"
        if sum(1 for entry in rows if entry["action"] == "JOB_CREATED") != 1:
            yield f"{job.job_id} was created more or less than once"


def check_trails_are_whole(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """Every audit row that is kept has its link, and every link its row, without a gap up to the head."""
    for tenant in {job.tenant_id for job in accepted}:
        trail = evidence.trails.get(tenant, {})
        if trail.get("linked") != trail.get("position", -1) - trail.get("base", 0):
            yield f"{tenant}: the trail has holes: {trail}"
        if trail.get("unlinked"):
            yield f"{tenant}: {trail['unlinked']} audit rows have no link"


def check_leases_never_overlap(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """An attempt starts when no other one runs, and every attempt number of a life is given once."""
    for job in accepted:
        running, seen, life = False, set(), 0
        for entry in evidence.audit.get(job.job_id, []):
            if entry["action"] == "JOB_REPLAYED":
                life += 1
            if entry["new_state"] == "PROCESSING" and entry["old_state"] == "PENDING":
                attempt = (life, entry["attributes"].get("attempt"))
                if running:
                    yield f"{job.job_id}: attempt {attempt} starts while another one runs"
                if attempt in seen:
                    yield f"{job.job_id}: attempt {attempt} was leased twice"
                seen.add(attempt)
                running = True
            elif entry["old_state"] == "PROCESSING" and entry["new_state"] != "PROCESSING":
                running = False


def check_effects_are_once_per_attempt(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """The receiver saw every effect key at most once, and none of an attempt that was never leased."""
    ours = {job.job_id for job in accepted}
    seen = Counter(request.headers["webhook-id"] for request in evidence.requests)
    for key, count in seen.items():
        if count > 1:
            yield f"the effect {key} happened {count} times"
        job_id = key.rsplit("-", 2)[0]
        if job_id in ours:
            attempt = int(key.rsplit("-", 1)[1])
            if attempt not in {e["attributes"].get("attempt") for e in evidence.audit.get(job_id, [])}:
                yield f"the effect {key} belongs to no attempt that was leased"
        else:
            yield f"the effect {key} belongs to no accepted job"


def check_the_dead_have_letters(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """Every FAILED job has its message in job-dlq, and every ended one its event in job-results."""
    for job in accepted:
        status = str(evidence.jobs.get(job.job_id, {}).get("status"))
        if status == "FAILED" and not evidence.letters.get(job.job_id):
            yield f"{job.kind.name} {job.job_id} failed and has no dead letter"
        if status in TERMINAL:
            told = {event["eventType"] for event in evidence.results.get(job.job_id, [])}
            if TERMINAL[status] not in told:
                yield f"{job.kind.name} {job.job_id} is {status}, and job-results knows {sorted(told) or 'nothing'}"


def check_completed_webhooks_arrived(evidence: Evidence, accepted: Sequence[Accepted]) -> Iterator[str]:
    """A webhook job that says it was delivered was."""
    arrived = {request.headers["webhook-id"].rsplit("-", 2)[0] for request in evidence.requests}
    for job in accepted:
        row = evidence.jobs.get(job.job_id)
        if row and row["type"] == "webhook" and row["status"] == "COMPLETED" and job.job_id not in arrived:
            yield f"{job.job_id} is COMPLETED and nothing arrived"


CHECKS: tuple[Callable[[Evidence, Sequence[Accepted]], Iterator[str]], ...] = (
    check_every_201_has_one_job,
    check_everything_ended,
    check_nothing_is_unaccounted_for,
    check_audit_is_a_legal_path,
    check_trails_are_whole,
    check_leases_never_overlap,
    check_effects_are_once_per_attempt,
    check_the_dead_have_letters,
    check_completed_webhooks_arrived,
)


def find_violations(evidence: Evidence, accepted: Sequence[Accepted]) -> list[str]:
    """Return what is wrong, or nothing."""
    return [f"{check.__name__}: {sentence}" for check in CHECKS for sentence in check(evidence, accepted)]


def count_lost(evidence: Evidence, accepted: Sequence[Accepted]) -> int:
    """Count accepted jobs that are gone or never ended."""
    return sum(1 for job in accepted if evidence.end_of(job.job_id) not in ENDS)


def count_repeated_effects(evidence: Evidence) -> int:
    """Count requests for work that had been taken already: a later attempt's, which the promise allows."""
    per_job: Counter[Any] = Counter(
        request.headers["webhook-id"].rsplit("-", 2)[0]
        for request in evidence.requests
        if "/hook-" in request.path or request.path.endswith("/ticket")
    )
    return sum(count - 1 for count in per_job.values())

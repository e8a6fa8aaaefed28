"""What can be seen of the real service, in the model's words."""

from collections import Counter

from tests.model.lifecycle import Lifecycle
from tests.model.model_job import Audited, ModelJob
from tests.model.stage import Stage
from tests.model.told import Told, read

JOBS = """
SELECT job_id::text, tenant_id, status::text, attempt, replay_count, version, category IS NOT NULL AS is_classified,
    discarded_at IS NOT NULL AS is_discarded, coalesce(lease_expires_at < now(), false) AS has_expired,
    (result IS NOT NULL, last_error IS NOT NULL, next_attempt_at IS NOT NULL) AS traces
FROM jobs
"""
TRAILS = "SELECT entity_id, action, old_state, new_state FROM audit_logs ORDER BY id"
OUTBOX = "SELECT id::text, value, due_at <= now() AS is_due FROM outbox"

BOOKS = "SELECT tenant_id, accepted, pending, processing, completed, failed, cancelled, removed FROM audit_heads"


class Observer:
    """Compares a stage with the model. It names each message once, when the job it tells of can still be asked."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._told: dict[str, Told] = {}
        self._heard = 0

    def compare(self, model: Lifecycle) -> list[Told]:
        """Compare all that can be seen; return what Kafka got since the last time."""
        rows = {row["job_id"]: row for row in self._stage.rows(JOBS)}
        replays = {job_id: row["replay_count"] for job_id, row in rows.items()}
        outbox = {self._name(r["id"], r["value"], replays): r["is_due"] for r in self._stage.rows(OUTBOX)}
        heard = [self._name(m.id, m.value, replays) for m in self._stage.broker.has[self._heard :]]
        self._heard += len(heard)

        seen = {
            job_id: {name: value for name, value in row.items() if name not in {"job_id", "traces"}}
            for job_id, row in rows.items()
        }
        assert seen == {job_id: _expected(job) for job_id, job in model.jobs.items()}
        assert self._trails() == {job_id: job.trail for job_id, job in (model.jobs | model.removed).items()}
        assert {row.pop("tenant_id"): row for row in self._stage.rows(BOOKS)} == _books(model)
        assert outbox == model.outbox
        assert self._stage.effects == model.effects
        told = Counter(self._told[message.id] for message in self._stage.broker.has)
        assert told == model.published
        return heard

    def heard(self) -> list[Told]:
        """Tell what Kafka got since the last comparison."""
        rows = self._stage.rows("SELECT job_id::text, replay_count FROM jobs")
        replays = {row["job_id"]: row["replay_count"] for row in rows}
        return [self._name(m.id, m.value, replays) for m in self._stage.broker.has[self._heard :]]

    def _name(self, message_id: str, value: str, replays: dict[str, int]) -> Told:
        if message_id not in self._told:
            told = read(value, replays=0)
            self._told[message_id] = read(value, replays=replays[told.job_id])
        return self._told[message_id]

    def _trails(self) -> dict[str, list[Audited]]:
        trails: dict[str, list[Audited]] = {}
        for row in self._stage.rows(TRAILS):
            audited = Audited(row["action"], row["old_state"], row["new_state"])
            trails.setdefault(row["entity_id"], []).append(audited)
        return trails


def _expected(job: ModelJob) -> dict[str, object]:
    return {
        "tenant_id": job.tenant,
        "status": job.status,
        "attempt": job.attempt,
        "replay_count": job.replays,
        "version": job.version,
        "is_classified": job.is_classified,
        "is_discarded": job.is_discarded,
        "has_expired": job.has_expired,
    }


def _books(model: Lifecycle) -> dict[str, dict[str, int]]:
    """What each tenant's books must say: how many jobs were accepted, and where they are."""
    states = ("PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED")
    books = {}
    for tenant in {job.tenant for job in (model.jobs | model.removed).values()}:
        found = Counter(job.status for job in model.jobs.values() if job.tenant == tenant)
        removed = sum(job.tenant == tenant for job in model.removed.values())
        books[tenant] = {
            "accepted": found.total() + removed,
            **{state.lower(): found[state] for state in states},
            "removed": removed,
        }
    return books

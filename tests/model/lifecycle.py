"""The promised life of jobs as plain Python: what docs/guarantees.md says, without SQL, Kafka or Valkey.

It knows nothing of how the service does it. Valkey does not occur, since it is never the truth; neither do clocks:
whoever plays with this says what is due, what expired and what was lost.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from tests.model.model_job import Audited, ModelJob
from tests.model.told import Told, created, ended, retry
from tests.model.told import classified as classified_event

Steps = Generator[str, str]
"""The moments at which something may break, by name. Sent in: "go on", or "error" for what failed there."""


class RefusedError(Exception):
    """The caller is told no, and nothing changes."""


@dataclass
class Lifecycle:
    """All jobs, the outbox (message: whether it is due), what reached Kafka, and which attempts a handler ran.

    removed: jobs that are not kept any more.
    """

    jobs: dict[str, ModelJob] = field(default_factory=dict)
    removed: dict[str, ModelJob] = field(default_factory=dict)
    outbox: dict[Told, bool] = field(default_factory=dict)
    published: Counter[Told] = field(default_factory=Counter)
    effects: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    keys: dict[tuple[str, str], tuple[str, object]] = field(default_factory=dict)
    kafka_is_away: bool = False

    # What tenants do.

    def submit(self, job: ModelJob, *, key: str | None, body: object) -> Steps:
        """A 201 is durable: job, trail and outbox together. A key that is known makes no second job."""
        yield "insert.before"
        fresh = key is None or (job.tenant, key) not in self.keys
        told = [created(job)] if fresh else []
        if fresh:
            self.jobs[job.job_id] = job
            job.trail.append(Audited("JOB_CREATED", None, "PENDING"))
            self._tell(told)
        if key is not None:
            self.keys.setdefault((job.tenant, key), (job.job_id, body))
        yield "insert.after"
        yield from self._publish_now(told)
        if key is not None and self.keys[job.tenant, key][1] != body:
            raise RefusedError

    def cancel(self, job_id: str, *, tenant: str) -> Steps:
        """Only what is pending, and only one's own."""
        job = self._own(job_id, tenant, "PENDING")
        yield "move.before"
        job.go("JOB_CANCELLED", "CANCELLED")
        told = self._tell([ended(job)])
        yield "move.after"
        yield from self._publish_now(told)

    def replay(self, job_id: str, *, tenant: str) -> Steps:
        """Only a dead letter that was not discarded; its attempts are counted anew."""
        job = self._dead(job_id, tenant)
        yield "move.before"
        job.attempt = 0
        job.replays += 1
        job.go("JOB_REPLAYED", "PENDING")
        told = self._tell([created(job)])
        yield "move.after"
        yield from self._publish_now(told)

    def discard(self, job_id: str, *, tenant: str) -> Steps:
        """It stays failed, for good."""
        yield "discard.before"
        job = self.jobs[job_id]
        may = job.tenant == tenant and job.status == "FAILED" and not job.is_discarded
        if may:
            job.is_discarded = True
            job.version += 1
            job.note("JOB_DISCARDED")
        yield "discard.after"
        if not may:
            raise RefusedError

    # What the consumers of job-events do.

    def process(self, events: Sequence[Told], token: str) -> Steps:
        """Claim what may run, run it, write outcomes where the lease still holds, tell."""
        yield "claim.before"
        mine = list(self._claim(events, token))
        yield "claim.after"
        if not mine:
            return
        for job in mine:
            self.effects[job.job_id, job.replays, job.attempt] += 1
        versions = {job.job_id: job.version for job in mine}
        yield "move.before"
        told: list[Told] = []
        for job in mine:
            if job.token == token and job.version == versions[job.job_id]:
                told += self._finish(job)
        yield "move.after"
        yield from self._publish_now([message for message in told if message.kind != "JOB_RETRY"])

    def classify(self, events: Sequence[Told]) -> Steps:
        """Give those a verdict that have none, once, whatever they do meanwhile; a ticket may run from then on."""
        asking = {e.job_id for e in events if e.kind in {"JOB_CREATED", "JOB_REPLAYED"}}
        jobs = [self.jobs[i] for i in sorted(asking) if i in self.jobs]
        found = [(j, classified_event(j)) for j in jobs if not j.is_classified and j.status != "CANCELLED"]
        if not found:
            return
        yield "classification.before"
        told: list[Told] = []
        for job, event in found:
            if job.is_classified:
                continue
            job.is_classified = True
            job.note("JOB_CLASSIFIED")
            if job.is_ticket:
                job.is_forgotten = False
                told.append(event)
        self._tell(told)
        yield "classification.after"
        yield from self._publish_now(told)

    # What the relay does.

    def rescue_expired(self) -> Steps:
        """A worker that fell silent: its attempt counts as failed, if nobody ended it meanwhile."""
        silent = [(job, job.version) for job in self.jobs.values() if job.has_expired]
        if not silent:
            return
        yield "move.before"
        for job, version in silent:
            if job.version == version:
                self._fail(job, "JOB_LEASE_EXPIRED")
        yield "move.after"

    def rescue_stranded(self) -> Steps:
        """A job pending for long with nothing in the outbox gets a new event, for the classifier too if need be."""
        waiting = {message.job_id for message in self.outbox}
        lost = [j for j in self.jobs.values() if j.status == "PENDING" and j.is_forgotten and j.job_id not in waiting]
        if not lost:
            return
        yield "rescue-stranded.before"
        for job in lost:
            job.is_forgotten = False
            self._tell([retry(job) if job.is_classified else created(job)], is_due=True)
        yield "rescue-stranded.after"

    def remove_old(self) -> Steps:
        """What ended long ago goes, and its key with it; not what has still something to tell."""
        yield "remove-jobs.before"
        telling = {message.job_id for message in self.outbox}
        for job in [j for j in self.jobs.values() if j.is_old and j.job_id not in telling]:
            job.leave()
            self.removed[job.job_id] = self.jobs.pop(job.job_id)
        self.keys = {key: held for key, held in self.keys.items() if held[0] in self.jobs}
        yield "remove-jobs.after"

    def publish_due(self, chosen: Sequence[Told] | None = None) -> Steps:
        """Publish what is due (or those of it that were chosen) and keep it until Kafka has it."""
        due = [message for message, is_due in self.outbox.items() if is_due]
        if chosen is not None:
            assert set(chosen) <= set(due), f"published before it was due: {set(chosen) - set(due)}"
            due = list(chosen)
        if not due or self.kafka_is_away:
            return
        yield "produce.before"
        self.published.update(due)
        yield "produce.after"
        yield "publish-due.before"
        for message in due:
            del self.outbox[message]
        yield "publish-due.after"

    # The rules behind them.

    def _own(self, job_id: str, tenant: str, status: str) -> ModelJob:
        job = self.jobs.get(job_id)
        if job is None or job.tenant != tenant or job.status != status:
            raise RefusedError
        return job

    def _dead(self, job_id: str, tenant: str) -> ModelJob:
        job = self._own(job_id, tenant, "FAILED")
        if job.is_discarded:
            raise RefusedError
        return job

    def _claim(self, events: Sequence[Told], token: str) -> Iterator[ModelJob]:
        for event in sorted(set(events)):
            job = self.jobs.get(event.job_id)
            if job is None or job.status != "PENDING" or job.waits_for_classifier:
                continue
            if (event.replays, event.attempt) == (job.replays, job.attempt + 1):
                job.attempt += 1
                job.go("JOB_STATUS_CHANGED", "PROCESSING")
                job.token = token
                yield job

    def _finish(self, job: ModelJob) -> list[Told]:
        if job.attempt <= job.fail_times:
            return self._fail(job, "JOB_RETRY", permanent=job.permanent)
        job.go("JOB_STATUS_CHANGED", "COMPLETED")
        return self._tell([ended(job)])

    def _fail(self, job: ModelJob, action: str, *, permanent: bool = False) -> list[Told]:
        if job.attempt <= job.max_retries and not permanent:
            job.go(action, "PENDING")
            return self._tell([retry(job)])
        job.go("JOB_SENT_TO_DLQ", "FAILED")
        return self._tell([ended(job), ended(job)._replace(kind="DEAD_LETTER")])

    def _tell(self, messages: list[Told], *, is_due: bool = False) -> list[Told]:
        for message in messages:
            assert message not in self.outbox, f"{message} twice in the outbox"
            self.outbox[message] = is_due
        return messages

    def _publish_now(self, messages: Sequence[Told]) -> Steps:
        if not messages or self.kafka_is_away:
            return
        yield "produce.before"
        self.published.update(messages)
        yield "produce.after"
        if (yield "outbox-delete.before") != "error":
            for message in messages:
                self.outbox.pop(message, None)
        yield "outbox-delete.after"

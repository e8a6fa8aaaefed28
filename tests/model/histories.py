"""Random histories: what tenants, consumers, the relay and time do, in any order, broken at any place."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from functions.submit.models import JobBody
from functions.submit.submission import Submitted
from smartqueue.errors import ConflictError
from smartqueue.ids import new_id
from smartqueue.jobs import Actor
from tests.model.circumstances import Circumstances
from tests.model.driving import PICK, breaks
from tests.model.model_job import ModelJob
from tests.model.runs import Break
from tests.model.stage import TENANTS, principal

TENANT = st.sampled_from(TENANTS)
PUBLISHING = ("produce.before", "produce.after", "outbox-delete.before", "outbox-delete.after")


class Histories(Circumstances):
    """See the module. After the last step everything that is under way arrives, ends and is removed in the end."""

    # Tenants.

    @rule(
        tenant=TENANT,
        ticket=st.booleans(),
        fail_times=st.integers(0, 3),
        permanent=st.booleans(),
        max_retries=st.integers(0, 2),
        key=st.none() | st.sampled_from(["k1", "k2"]),
        breaking=breaks("insert.before", "insert.after", *PUBLISHING),
    )
    def submit(
        self,
        tenant: str,
        ticket: bool,
        fail_times: int,
        permanent: bool,
        max_retries: int,
        key: str | None,
        breaking: Break | None,
    ) -> None:
        script = {"failTimes": fail_times, "durationSeconds": 0, "failure": "permanent" if permanent else "retryable"}
        fields = {
            "title": f"title {max_retries}",
            "type": "ticket" if ticket else "simulate",
            "payload": {} if ticket else script,
            "retry": {"count": max_retries, "baseSeconds": 60},
        }
        caller = principal(tenant)
        body = JobBody.model_validate(fields)
        new = self.stage.submission.prepare(body, caller=caller, correlation_id="c", key=key)
        job = ModelJob(
            new.job_id, tenant, ticket, 0 if ticket else fail_times, permanent=permanent, max_retries=max_retries
        )

        def call() -> str:
            outcome = self.stage.submission.submit([new], caller=caller)[0]
            if isinstance(outcome, ConflictError):
                raise outcome
            assert isinstance(outcome, Submitted)
            return outcome.job.job_id

        run = self.do(call, self.model.submit(job, key=key, body=fields), breaking)
        if run.error is None and key is not None:
            assert run.value == self.model.keys[tenant, key][0]

    @precondition(lambda self: self.model.jobs or self.model.removed)
    @rule(pick=PICK, tenant=TENANT, breaking=breaks("move.before", "move.after", *PUBLISHING))
    def cancel(self, pick: int, tenant: str, breaking: Break | None) -> None:
        job_id = self.any_job(pick)
        caller = principal(tenant)
        self.do(
            lambda: self.stage.cancellation.cancel(job_id, caller=caller, correlation_id="c"),
            self.model.cancel(job_id, tenant=tenant),
            breaking,
        )

    @precondition(lambda self: self.model.jobs or self.model.removed)
    @rule(pick=PICK, tenant=TENANT, breaking=breaks("move.before", "move.after", *PUBLISHING))
    def replay(self, pick: int, tenant: str, breaking: Break | None) -> None:
        job_id = self.any_job(pick, status="FAILED")
        caller = principal(tenant)
        self.do(
            lambda: self.stage.dead_letters.replay_one(job_id, caller=caller, correlation_id="c"),
            self.model.replay(job_id, tenant=tenant),
            breaking,
        )

    @precondition(lambda self: self.model.jobs)
    @rule(pick=PICK, tenant=TENANT, breaking=breaks("discard.before", "discard.after"))
    def discard(self, pick: int, tenant: str, breaking: Break | None) -> None:
        job = self.model.jobs[self.a_job(pick, status="FAILED")]
        user = Actor(username="admin", user_id=new_id())

        def call() -> None:
            taken = self.stage.jobs.discard(
                [(job.job_id, job.version)], tenant_id=tenant, user=user, details="d", request_correlation_id="c"
            )
            if not taken:
                raise ConflictError("not taken")

        self.do(call, self.model.discard(job.job_id, tenant=tenant), breaking)

    # Consumers of job-events.

    @precondition(lambda self: self.idle_processors())
    @rule(
        pick=PICK,
        breaking=breaks("claim.before", "claim.after", "move.before", "move.after", *PUBLISHING, pauses=True),
    )
    def process_what_is_new(self, pick: int, breaking: Break | None) -> None:
        self.consume("process", self.left["process"], pick, breaking)

    @precondition(lambda self: self.idle_processors() and self.events)
    @rule(
        pick=PICK,
        old=st.lists(PICK, min_size=1, max_size=4),
        breaking=breaks("claim.after", "move.before", "move.after", pauses=True),
    )
    def process_what_was_there(self, pick: int, old: list[int], breaking: Break | None) -> None:
        self.consume("process", self.some_events(old), pick, breaking)

    @precondition(lambda self: "classify" not in self.paused)
    @rule(pick=PICK, breaking=breaks("classification.before", "classification.after", *PUBLISHING, pauses=True))
    def classify_what_is_new(self, pick: int, breaking: Break | None) -> None:
        self.consume("classify", self.left["classify"], pick, breaking)

    @precondition(lambda self: "classify" not in self.paused and self.events)
    @rule(pick=PICK, old=st.lists(PICK, min_size=1, max_size=4))
    def classify_what_was_there(self, pick: int, old: list[int]) -> None:
        self.consume("classify", self.some_events(old), pick, None)

    @precondition(lambda self: self.paused)
    @rule(pick=PICK, dies=st.booleans())
    def go_on_or_die(self, pick: int, dies: bool) -> None:
        self.resume(sorted(self.paused)[pick % len(self.paused)], dies=dies)

    @precondition(lambda self: self.events)
    @rule(pick=PICK)
    def lose_an_event(self, pick: int) -> None:
        for lost in self.some_events([pick]):
            for left in self.left.values():
                if lost in left:
                    left.remove(lost)

    # The end.

    def teardown(self) -> None:
        for name in list(self.paused):
            if self.is_well:
                self.resume(name, dies=False)
            else:
                self.paused.pop(name).run.resume()
        if self.is_well:
            self.drain()

    def drain(self) -> None:
        """Let everything that is under way arrive: then every job has ended, once."""
        self.kafka_goes_or_comes(is_away=False)
        for _ in range(40):
            self.time_comes(0, everything=True)
            self.relay_publishes(None)
            self.classify_what_is_new(0, None)
            self.process_what_is_new(0, None)
            if not self.model.outbox and not any(self.left.values()):
                if all(job.status not in {"PENDING", "PROCESSING"} for job in self.model.jobs.values()):
                    break
                running = [job for job in self.model.jobs.values() if job.status == "PROCESSING"]
                for job in running:
                    job.has_expired = True
                self.expire([job.job_id for job in running])
                self.relay_rescues_expired(None)
                self.a_long_time_passes()
                self.relay_rescues_stranded(None)
        else:
            raise AssertionError(f"jobs never end: {self.model.jobs}")
        self.add_up()
        if self.model.jobs:
            self.relay_removes_old_jobs(True, None)
        assert self.model.jobs == {}

    def add_up(self) -> None:
        """Every accepted job stands in one final state, and its trail leads there, one row per change."""
        for job in self.model.jobs.values():
            changes = [step for step in job.trail if step.source != step.target]
            assert [step.target for step in changes[:-1]] == [step.source for step in changes[1:]]
            assert changes[-1].target == job.status
            notes = sum(step.action == "JOB_DISCARDED" for step in job.trail)
            assert job.version == len(changes) - 1 + notes
        for job in self.model.removed.values():
            *_, end, last = job.trail
            assert (last.action, last.source, last.target) == ("JOB_REMOVED", end.target, None)
        assert set(self.model.effects.values()) <= {1}

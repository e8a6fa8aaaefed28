"""What happens to jobs from outside: time passes, leases end, the relay looks, Valkey and Kafka go away."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from smartqueue.ids import new_id
from tests.model.driving import PICK, Driver, advance, breaks, finish
from tests.model.runs import Break, Run
from tests.model.stage import NEVER_SECONDS


class Circumstances(Driver):
    """See the module."""

    @rule(pick=PICK)
    def a_lease_passes(self, pick: int) -> None:
        running = [job for job in self.model.jobs.values() if job.status == "PROCESSING"]
        if running:
            job = running[pick % len(running)]
            job.has_expired = True
            self.expire([job.job_id])
            self.check()

    @rule(pick=PICK)
    def a_heart_beats(self, pick: int) -> None:
        running = self.stage.rows("SELECT job_id::text, lease_token::text FROM jobs WHERE lease_token IS NOT NULL")
        if running:
            row = running[pick % len(running)]
            job_id, token = row["job_id"], row["lease_token"]
            assert self.stage.attempts.extend([job_id], lease_token=new_id(), lease_seconds=NEVER_SECONDS) == set()
            self.check()
            assert self.stage.attempts.extend([job_id], lease_token=token, lease_seconds=NEVER_SECONDS) == {job_id}
            self.model.jobs[job_id].has_expired = False
            self.check()

    @rule(pick=PICK, everything=st.booleans())
    def time_comes(self, pick: int, everything: bool) -> None:
        waiting = sorted(self.model.outbox)
        chosen = waiting if everything else waiting[pick % len(waiting) :][:1] if waiting else []
        jobs = {message.job_id for message in chosen}
        self.stage.rows("UPDATE outbox SET due_at = now() WHERE key = ANY(%s)", sorted(jobs))
        for message in waiting:
            if message.job_id in jobs:
                self.model.outbox[message] = True
        self.check()

    @rule()
    def a_long_time_passes(self) -> None:
        self.stage.rows("UPDATE jobs SET event_due_at = now() - interval '1 h' WHERE status = 'PENDING'")
        for job in self.model.jobs.values():
            job.is_forgotten = job.status == "PENDING"

    @rule(breaking=breaks("publish-due.before", "publish-due.after", "produce.before", "produce.after"))
    def relay_publishes(self, breaking: Break | None) -> None:
        self.do(lambda: self.stage.outbox.publish_due(limit=500), self.model.publish_due(), breaking)

    @precondition(lambda self: not self.model.kafka_is_away)
    @rule(limit=st.integers(1, 3), dies=st.booleans())
    def two_relays_publish(self, limit: int, dies: bool) -> None:
        first = Run(lambda: self.stage.outbox.publish_due(limit=limit), Break("publish-due.before", "pause"))
        taken = self.observer.heard()
        second = self.stage.other_outbox.publish_due(limit=500)
        rest = self.observer.heard()[len(taken) :]
        assert len(second) == len(rest)
        due = [message for message, is_due in self.model.outbox.items() if is_due]
        assert sorted(taken + rest) == sorted(due), "two relays published the same message, or left one"
        if first.is_paused:
            first.resume(dies=dies)
        finish(self.model.publish_due(rest))
        advance(self.model.publish_due(taken), Break("publish-due.before", "crash") if dies and taken else None)
        self.check()

    @rule(breaking=breaks("move.before", "move.after", pauses=True))
    def relay_rescues_expired(self, breaking: Break | None) -> None:
        if "relay" not in self.paused:
            self.do(
                lambda: self.stage.rescue.rescue_expired(self.stage.meter),
                self.model.rescue_expired(),
                breaking,
                name="relay",
            )

    @rule(breaking=breaks("rescue-stranded.before", "rescue-stranded.after"))
    def relay_rescues_stranded(self, breaking: Break | None) -> None:
        if "relay" not in self.paused:
            self.do(lambda: self.stage.rescue.rescue_stranded(self.stage.meter), self.model.rescue_stranded(), breaking)

    # Neither an invocation nor an event in Kafka lasts for months: what still speaks of a job is gone before it.
    @precondition(lambda self: not self.paused and any(job.has_ended for job in self.model.jobs.values()))
    @rule(months_pass=st.booleans(), breaking=breaks("remove-jobs.before", "remove-jobs.after"))
    def relay_removes_old_jobs(self, months_pass: bool, breaking: Break | None) -> None:
        if months_pass:
            self.stage.rows("UPDATE jobs SET completed_at = now() - interval '100 days' WHERE completed_at IS NOT NULL")
            for job in self.model.jobs.values():
                job.is_old = job.has_ended
        self.do(lambda: self.stage.retention.remove(self.stage.meter), self.model.remove_old(), breaking)
        self.forget_events()

    @rule()
    def the_cache_is_lost(self) -> None:
        self.stage.clear_cache()

    @rule(is_away=st.booleans())
    def kafka_goes_or_comes(self, is_away: bool) -> None:
        self.stage.broker.is_away = self.model.kafka_is_away = is_away

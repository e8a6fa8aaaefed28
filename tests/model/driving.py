"""How one step of a history is made: the real service and the model do the same, and then are compared."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from smartqueue.errors import ConflictError, NotFoundError
from tests.integration.topics import FakeRecord
from tests.model.comparing import Observer
from tests.model.lifecycle import Lifecycle, RefusedError, Steps
from tests.model.runs import Break, Crash, Run
from tests.model.stage import Stage
from tests.model.told import Told

PICK = st.integers(0, 999)


def breaks(*points: str, pauses: bool = False) -> st.SearchStrategy[Break | None]:
    """Draw where a run breaks, if at all. Kafka's own failures are played by taking it away."""
    crashes = [Break(point, "crash") for point in points]
    errors = [Break(point, "error") for point in points if not point.startswith("produce")]
    # Standing still behind the producer is the same as before the deletion, which is noted more easily.
    stops = [Break(point, "pause") for point in points if pauses and point != "produce.after"]
    return st.one_of(
        st.none(), st.none(), *([st.sampled_from(stops)] if pauses else []), st.sampled_from(crashes + errors)
    )


@dataclass
class Paused:
    """A run that stands still: what the model will do when it goes on, and which events come again if it dies."""

    run: Run
    steps: Steps
    consumer: str = ""
    batch: Sequence[int] = ()


class Driver(RuleBasedStateMachine):
    """See the module. stage: set by the test."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.stage.empty()
        self.model = Lifecycle()
        self.observer = Observer(self.stage)
        self.events: list[tuple[Told, FakeRecord]] = []
        self.left: dict[str, list[int]] = {"process": [], "classify": []}
        self.paused: dict[str, Paused] = {}
        self.runs = 0
        self.is_well = True

    def do(self, call: Callable[[], Any], steps: Steps, breaking: Break | None, *, name: str = "") -> Run:
        """Let the real code and the model do the same, up to the same break, and compare."""
        run = Run(call, breaking)
        with self.judged():
            reached = breaking if run.is_broken else None
            if run.is_paused:
                advance(steps, reached)
                self.paused[name] = Paused(run, steps)
                return run
            try:
                advance(steps, reached)
            except RefusedError:
                assert isinstance(run.error, ConflictError | NotFoundError), run.error
            else:
                if run.error is not None and not (reached and isinstance(run.error, Crash | psycopg.Error)):
                    raise AssertionError("the real code failed and nothing was broken") from run.error
        return run

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Do something in the model, then compare."""
        self.is_well = False
        yield
        self.check()

    def check(self) -> None:
        """Compare, and take over what Kafka got."""
        self.is_well = False
        before = len(self.stage.broker.has)
        heard = self.observer.compare(self.model)
        for told, message in zip(heard, self.stage.broker.has[before - len(heard) :], strict=True):
            if not message.topic.startswith("job-events"):
                continue
            headers = [("correlation_id", b"c")]
            number = len(self.events)
            record = FakeRecord(key=message.key.encode(), value=message.value.encode(), offset=number, headers=headers)
            self.events.append((told, record))
            for left in self.left.values():
                left.append(number)
        self.is_well = True

    def consume(self, consumer: str, numbers: Sequence[int], pick: int, breaking: Break | None) -> None:
        """Deliver events; what was delivered to somebody who died comes again."""
        batch = list(numbers)
        told = [self.events[number][0] for number in batch]
        records = [self.events[number][1] for number in batch]
        self.runs += 1
        if consumer == "process":
            idle = self.idle_processors()
            name = idle[pick % len(idle)]
            deliver = self.stage.processors[name]
            steps = self.model.process(told, f"{name}{self.runs}")
        else:
            name, deliver, steps = consumer, self.stage.classifier, self.model.classify(told)
        run = self.do(lambda: deliver(records), steps, breaking, name=name)
        if name in self.paused:
            self.paused[name].consumer, self.paused[name].batch = consumer, batch
        if run.error is None:
            self.left[consumer] = [number for number in self.left[consumer] if number not in batch]

    def resume(self, name: str, *, dies: bool) -> None:
        """Let a run that stands still go on, or die there."""
        paused = self.paused.pop(name)
        paused.run.resume(dies=dies)
        assert dies or paused.run.error is None
        with self.judged():
            if not dies:
                finish(paused.steps)
            elif paused.consumer:
                again = set(self.left[paused.consumer]) | set(paused.batch)
                self.left[paused.consumer] = sorted(again)

    def idle_processors(self) -> list[str]:
        """Name the processors that do not stand still."""
        return [name for name in self.stage.processors if name not in self.paused]

    def a_job(self, pick: int, status: str | None = None) -> str:
        """Pick a job, one in a state if there is one."""
        jobs = [job.job_id for job in self.model.jobs.values() if status in {None, job.status}] or list(self.model.jobs)
        return jobs[pick % len(jobs)]

    def any_job(self, pick: int, status: str | None = None) -> str:
        """Pick a job as `a_job` does, or now and then one that was removed."""
        removed = list(self.model.removed)
        if removed and (pick % 4 == 0 or not self.model.jobs):
            return removed[pick % len(removed)]
        return self.a_job(pick, status)

    def forget_events(self) -> None:
        """Let Kafka forget the events of jobs that were removed."""
        for left in self.left.values():
            left[:] = [number for number in left if self.is_kept(number)]

    def is_kept(self, number: int) -> bool:
        """Tell whether Kafka still has an event."""
        return self.events[number][0].job_id not in self.model.removed

    def some_events(self, picks: Sequence[int]) -> list[int]:
        """Pick events of before, the latest by 0, some of them twice maybe."""
        numbers = [len(self.events) - 1 - pick % len(self.events) for pick in picks]
        return [number for number in numbers if self.is_kept(number)]

    def expire(self, job_ids: Sequence[str]) -> None:
        """Let leases pass."""
        sql = "UPDATE jobs SET lease_expires_at = now() - interval '1 ms' WHERE job_id::text = ANY(%s)"
        self.stage.rows(sql, list(job_ids))


def advance(steps: Steps, breaking: Break | None) -> None:
    """Let the model go on until the break. A row that cannot be deleted is no reason to stop."""
    goes_on = breaking is not None and breaking.action == "error" and breaking.point.startswith("outbox-delete")
    for point in steps:
        if breaking is None or point != breaking.point:
            continue
        if not goes_on:
            return
        _send_error(steps)
        return
    assert breaking is None, f"the model never came to {breaking}"


def finish(steps: Steps) -> None:
    """Let the model go on to the end."""
    for _ in steps:
        pass


def _send_error(steps: Steps) -> None:
    try:
        steps.send("error")
    except StopIteration:
        return
    finish(steps)

"""Running handlers: concurrently, each within its own time, and no failure costs another."""

import asyncio
import time
from typing import Any

import pytest

from functions.process.execution import MAX_CONCURRENCY, MAX_RESULT_BYTES, Executor, Outcome
from smartqueue.errors import PermanentError, RetryableError
from smartqueue.job_types import JobPayload, JobType, RunningJob, Services
from tests.unit.process.webhook_jobs import make_job


class NoServices:
    """Handlers here need none."""

    async def send_webhook(self, **_: Any) -> Any:
        raise NotImplementedError


def executor(**handlers: Any) -> Executor:
    types = {n: JobType(name=n, summary="", payload=JobPayload, run=run) for n, run in handlers.items()}
    services: Services = NoServices()
    return Executor(types, services)


async def succeed(job: RunningJob, _: Services) -> dict[str, Any]:
    return {"did": job.job_id}


async def sleep(_: RunningJob, __: Services) -> dict[str, Any]:
    await asyncio.sleep(30)
    return {}


async def retry(_: RunningJob, __: Services) -> dict[str, Any]:
    raise RetryableError("later", retry_after_seconds=9)


async def refuse(_: RunningJob, __: Services) -> dict[str, Any]:
    raise PermanentError("never")


async def explode(_: RunningJob, __: Services) -> dict[str, Any]:
    raise ZeroDivisionError("with a secret in it")


async def give_up(_: RunningJob, __: Services) -> dict[str, Any]:
    raise TimeoutError


ALL = executor(succeed=succeed, sleep=sleep, retry=retry, refuse=refuse, explode=explode, give_up=give_up)


def run(*types: str, budget_seconds: float = 30, timeout_seconds: float = 10) -> list[Outcome]:
    jobs = [make_job(type=name, timeout_seconds=timeout_seconds) for name in types]
    return ALL.run_all(jobs, budget_seconds=budget_seconds)


def test_outcomes_come_in_the_order_of_the_jobs() -> None:
    jobs = [make_job(type="succeed") for _ in range(120)]
    outcomes = ALL.run_all(jobs, budget_seconds=30)
    assert [outcome.result for outcome in outcomes] == [{"did": job.job_id} for job in jobs]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("retry", RetryableError, "later"),
        ("refuse", PermanentError, "never"),
        ("explode", RetryableError, "the handler broke: ZeroDivisionError"),
        ("unknown", PermanentError, "this processor has no handler for the type unknown"),
        ("give_up", RetryableError, "did not finish"),
    ],
)
def test_an_error_is_the_outcome_of_its_own_job_only(name: str, error: type[Exception], message: str) -> None:
    first, second, third = run("succeed", name, "succeed")
    assert (first.error, third.error) == (None, None)
    assert type(second.error) is error
    assert message in str(second.error)
    assert "secret" not in str(second.error)


def test_the_other_sides_wish_is_kept() -> None:
    [outcome] = run("retry")
    assert isinstance(outcome.error, RetryableError)
    assert outcome.error.retry_after_seconds == 9


def test_a_handler_is_cut_off_at_its_own_deadline_and_others_are_not() -> None:
    slow, quick = run("sleep", "succeed", timeout_seconds=0.1)
    assert isinstance(slow.error, RetryableError)
    assert "within 0.1 seconds" in str(slow.error)
    assert 0.1 <= slow.duration_seconds < 5
    assert quick.error is None


def test_a_handler_is_cut_off_when_the_invocation_runs_out_of_time() -> None:
    started = time.monotonic()
    outcomes = run("sleep", "sleep", budget_seconds=0.1)
    assert all(isinstance(outcome.error, RetryableError) for outcome in outcomes)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("budget_seconds", [0, -3])
def test_without_time_nothing_is_started(budget_seconds: float) -> None:
    [outcome] = run("succeed", budget_seconds=budget_seconds)
    assert "ran out of time" in str(outcome.error)
    assert isinstance(outcome.error, RetryableError)


def test_a_whole_batch_of_slow_jobs_leaves_its_last_job_all_its_time() -> None:
    async def wait(_: RunningJob, __: Services) -> dict[str, Any]:
        await asyncio.sleep(0.5)
        return {}

    outcomes = executor(wait=wait).run_all([make_job(type="wait") for _ in range(100)], budget_seconds=0.9)
    assert [outcome.error for outcome in outcomes] == [None] * 100


def test_handlers_run_at_once_but_not_all_at_once() -> None:
    running, most = 0, 0

    async def count(_: RunningJob, __: Services) -> dict[str, Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return {}

    executor(count=count).run_all([make_job(type="count") for _ in range(150)], budget_seconds=30)
    assert most == MAX_CONCURRENCY


def test_no_job_is_no_work() -> None:
    assert run() == []


@pytest.mark.parametrize(
    "result",
    [
        {"text": "a\0b"},
        {"a\0b": 1},
        {"text": "half a pair: \ud800"},
        {"number": float("nan")},
        {"number": float("inf")},
        {"bytes": b"x"},
        {"text": "x" * (MAX_RESULT_BYTES + 1)},
        ["not a dict"],
        None,
    ],
    ids=repr,
)
def test_a_result_that_cannot_be_kept_costs_its_own_job_only(result: Any) -> None:
    async def give(_: RunningJob, __: Services) -> Any:
        return result

    jobs = [make_job(type="succeed"), make_job(type="give")]
    kept, lost = executor(succeed=succeed, give=give).run_all(jobs, budget_seconds=30)
    assert kept.error is None
    assert lost.result is None
    assert isinstance(lost.error, RetryableError)


def test_a_result_is_what_json_makes_of_it() -> None:
    async def give(_: RunningJob, __: Services) -> Any:
        return {1: ("\\u0000 as text", "\N{GRINNING FACE}", None)}

    [outcome] = executor(give=give).run_all([make_job(type="give")], budget_seconds=30)
    assert outcome.result == {"1": ["\\u0000 as text", "\N{GRINNING FACE}", None]}

"""What is announced, and when a job's end counts as announced."""

from typing import Any

import pytest

from localstack.demo.plan import judge, judge_announced, load
from tests.unit.demo.demo_jobs import make_job


def test_a_job_that_ended_as_announced_is_no_finding() -> None:
    assert judge(make_job(status="COMPLETED", attempts=3), ends="COMPLETED", attempts=3) is None
    assert judge(make_job(status="COMPLETED", attempts=2), ends="COMPLETED") is None
    assert judge(make_job(status="FAILED", attempts=1), ends="FAILED", attempts=1) is None


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ({"status": "FAILED", "attempts": 4, "lastError": "500"}, "but it is FAILED after 4 attempts (500)"),
        (
            {"status": "COMPLETED", "attempts": 1},
            "announced COMPLETED after 3 attempts, but it is COMPLETED after 1 attempt",
        ),
        ({"status": "CANCELLED", "attempts": 3}, "but it is CANCELLED"),
        ({"status": "PROCESSING", "attempts": 3}, "but it is still PROCESSING"),
        ({}, "but it is still not submitted"),
    ],
)
def test_any_other_end_is_told(view: dict[str, Any], said: str) -> None:
    verdict = judge(make_job(**view), ends="COMPLETED", attempts=3)

    assert verdict is not None
    assert said in verdict
    assert "'Login is down'" in verdict


def test_only_those_that_did_not_end_as_announced_are_told() -> None:
    good = make_job("Login is down", "FAILED", status="FAILED", attempts=1)
    bad = make_job("Disk is full", status="FAILED", attempts=1)

    assert judge_announced([good, bad]) == ["'Disk is full': announced COMPLETED, but it is FAILED after 1 attempt"]


def test_took_is_known_once_it_has_ended() -> None:
    times = {"createdAt": "2026-11-24T07:00:00.500Z", "completedAt": "2026-11-24T07:00:02Z"}

    assert make_job(status="COMPLETED", **times).took_seconds == 1.5
    assert make_job(status="PENDING", **times).took_seconds is None


def test_the_plan_has_what_the_story_needs() -> None:
    tenants, jobs = load("http://127.0.0.1:9")
    named = {job.announced.key: job for job in jobs if job.announced.key}

    assert set(tenants) == {job.announced.tenant for job in jobs} == {"harbour", "lumen"}
    assert set(named) == {"pager", "hopeless", "warehouse", "flaky"}
    assert sum(job.type == "ticket" for job in jobs) >= 14
    assert len({job.title for job in jobs}) == len(jobs)
    assert named["pager"].announced.body["payload"]["url"] == "http://127.0.0.1:9/pager"
    assert {key for key, job in named.items() if job.announced.ends == "FAILED"} == {"pager", "hopeless"}
    assert all(job.announced.ends == "COMPLETED" for job in jobs if not job.announced.key)

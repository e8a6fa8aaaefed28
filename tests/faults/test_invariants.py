"""Each check of the crash tests finds what it is there for."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.webhook_receiver import ReceivedRequest
from tests.faults.evidence import Evidence
from tests.faults.invariants import CHECKS, find_violations
from tests.faults.workload import HOOK, Accepted

NOW_ONE = {"accepted": 1, "completed": 1}
JOB, TENANT = "01a20d00-0000-7000-8000-000000000001", "tenant"


def entry(action: str, old: str | None, new: str | None, **attributes: Any) -> dict[str, Any]:
    return {"action": action, "old_state": old, "new_state": new, "attributes": attributes}


def sent(key: str) -> ReceivedRequest:
    headers = {"webhook-id": key}
    return ReceivedRequest(method="POST", path="/run-1/hook-1", headers=headers, body=b"", received_at=0, verified=None)


@pytest.fixture
def evidence() -> Evidence:
    """A webhook job that was delivered at its second attempt."""
    return Evidence(
        jobs={
            JOB: {"tenant_id": TENANT, "type": "webhook", "status": "COMPLETED", "version": 4, "idempotency_key": "k"}
        },
        audit={
            JOB: [
                entry("JOB_CREATED", None, "PENDING"),
                entry("JOB_CLASSIFIED", "PENDING", "PENDING"),
                entry("JOB_STATUS_CHANGED", "PENDING", "PROCESSING", attempt=1),
                entry("JOB_RETRY", "PROCESSING", "PENDING", attempt=1),
                entry("JOB_STATUS_CHANGED", "PENDING", "PROCESSING", attempt=2),
                entry("JOB_STATUS_CHANGED", "PROCESSING", "COMPLETED", attempt=2),
            ]
        },
        outbox=[],
        books={TENANT: dict.fromkeys(("pending", "processing", "failed", "cancelled", "removed"), 0) | NOW_ONE},
        trails={TENANT: {"position": 7, "base": 0, "linked": 7, "unlinked": 0}},
        letters={},
        results={JOB: [{"eventType": "JOB_COMPLETED"}]},
        requests=[sent(f"{JOB}-0-1"), sent(f"{JOB}-0-2")],
    )


@pytest.fixture
def accepted() -> list[Accepted]:
    return [Accepted(job_id=JOB, tenant_id=TENANT, kind=HOOK)]


def broken(evidence: Evidence, accepted: list[Accepted]) -> set[str]:
    return {violation.partition(":")[0] for violation in find_violations(evidence, accepted)}


def test_nothing_is_found_where_nothing_is_wrong(evidence: Evidence, accepted: list[Accepted]) -> None:
    assert find_violations(evidence, accepted) == []


def test_a_job_that_is_gone_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    gone = replace(evidence, jobs={})
    assert {"check_every_201_has_one_job", "check_everything_ended", "check_nothing_is_unaccounted_for"} <= broken(
        gone, accepted
    )


def removed(evidence: Evidence) -> Evidence:
    """The same job, removed long after its end."""
    trail = [*evidence.audit[JOB], entry("JOB_REMOVED", "COMPLETED", None)]
    books = {TENANT: {**evidence.books[TENANT], "completed": 0, "removed": 1}}
    return replace(evidence, jobs={}, audit={JOB: trail}, books=books)


def test_a_job_that_was_removed_after_its_time_is_accounted_for(evidence: Evidence, accepted: list[Accepted]) -> None:
    assert find_violations(removed(evidence), accepted) == []
    unbooked = replace(removed(evidence), books=evidence.books)
    assert broken(unbooked, accepted) == {"check_nothing_is_unaccounted_for"}


def test_a_job_that_was_removed_before_its_end_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    early = removed(evidence)
    early.audit[JOB][-1]["old_state"] = "PROCESSING"
    del early.audit[JOB][-2]
    assert "check_audit_is_a_legal_path" in broken(early, accepted)


@pytest.mark.parametrize("change", [{"linked": 6}, {"base": 2}, {"base": 3, "linked": 7}, {"unlinked": 1}])
def test_a_trail_with_a_hole_is_found(evidence: Evidence, accepted: list[Accepted], change: dict[str, int]) -> None:
    evidence.trails[TENANT].update(change)
    assert broken(evidence, accepted) == {"check_trails_are_whole"}


def test_a_trail_that_was_cut_is_whole_behind_its_base(evidence: Evidence, accepted: list[Accepted]) -> None:
    evidence.trails[TENANT].update({"base": 3, "linked": 4})
    assert find_violations(evidence, accepted) == []


def test_two_jobs_for_one_request_are_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    two = replace(evidence, jobs={**evidence.jobs, "other": evidence.jobs[JOB]})
    assert "check_every_201_has_one_job" in broken(two, accepted)


def test_what_never_ends_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    evidence.jobs[JOB]["status"] = "PROCESSING"
    assert "check_everything_ended" in broken(evidence, accepted)
    left = replace(evidence, outbox=[{"key": JOB, "topic": "job-events"}])
    assert "check_everything_ended" in broken(left, accepted)


def test_books_that_do_not_add_up_are_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    evidence.books[TENANT]["completed"] = 2
    assert broken(evidence, accepted) == {"check_nothing_is_unaccounted_for"}


def test_a_step_without_its_audit_row_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    for missing in range(len(evidence.audit[JOB])):
        if evidence.audit[JOB][missing]["action"] == "JOB_CLASSIFIED":
            continue
        audit = deepcopy(evidence.audit)
        del audit[JOB][missing]
        assert "check_audit_is_a_legal_path" in broken(replace(evidence, audit=audit), accepted)


def test_an_illegal_step_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    evidence.audit[JOB].append(entry("JOB_STATUS_CHANGED", "COMPLETED", "PENDING"))
    assert "check_audit_is_a_legal_path" in broken(evidence, accepted)


def test_two_leases_at_once_are_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    evidence.audit[JOB].insert(3, entry("JOB_STATUS_CHANGED", "PENDING", "PROCESSING", attempt=2))
    assert "check_leases_never_overlap" in broken(evidence, accepted)


def test_an_attempt_that_was_leased_twice_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    evidence.audit[JOB][4]["attributes"]["attempt"] = 1
    assert "check_leases_never_overlap" in broken(evidence, accepted)


@pytest.mark.parametrize("key", [f"{JOB}-0-2", f"{JOB}-0-3", "01a20d00-0000-7000-8000-000000000002-0-1"])
def test_an_effect_too_many_is_found(evidence: Evidence, accepted: list[Accepted], key: str) -> None:
    evidence.requests.append(sent(key))
    assert broken(evidence, accepted) == {"check_effects_are_once_per_attempt"}


def test_a_dead_job_without_a_letter_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    evidence.jobs[JOB]["status"] = "FAILED"
    assert "check_the_dead_have_letters" in broken(evidence, accepted)


def test_an_end_that_nobody_was_told_of_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    assert broken(replace(evidence, results={}), accepted) == {"check_the_dead_have_letters"}


def test_a_delivery_that_never_arrived_is_found(evidence: Evidence, accepted: list[Accepted]) -> None:
    assert broken(replace(evidence, requests=[]), accepted) == {"check_completed_webhooks_arrived"}


def test_every_check_is_named_for_a_promise() -> None:
    assert all(check.__doc__ for check in CHECKS)

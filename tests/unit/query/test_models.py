"""How a job's story is told."""

from datetime import UTC, datetime

from functions.query.models import Step


def test_a_step_is_an_audit_row_in_the_storys_words() -> None:
    now = datetime.now(UTC)
    row = {
        "id": "x",
        "created_at": now,
        "action": "JOB_RETRY",
        "old_state": "PROCESSING",
        "new_state": "PENDING",
        "username": "system:process",
        "details": "attempt 1 failed",
        "attributes": {"attempt": 1},
        "tenant_id": "tenant-a",
    }
    assert Step.from_row(row).model_dump(by_alias=True) == {
        "at": now,
        "action": "JOB_RETRY",
        "fromState": "PROCESSING",
        "toState": "PENDING",
        "by": "system:process",
        "details": "attempt 1 failed",
        "attributes": {"attempt": 1},
    }

"""Records that nobody can read go to job-dlq with their bytes and the reason; the rest of the batch goes its way."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from smartqueue.ids import new_id
from tests.integration.harness import Plane, values
from tests.integration.topics import FakeRecord


def event(**changes: object) -> dict[str, Any]:
    fields = {
        "eventId": new_id(),
        "eventType": "JOB_CREATED",
        "schemaVersion": 1,
        "jobId": new_id(),
        "tenantId": "tenant-a",
        "attempt": 1,
        "replayCount": 0,
        "status": "PENDING",
        "correlationId": "corr-9",
        "occurredAt": "2026-01-01T00:00:00Z",
    }
    return {**fields, **changes}


POISON: dict[str, tuple[bytes | None, str]] = {
    "not JSON": (b"\xff\x00 not json", "NOT_JSON"),
    "empty": (b"", "NOT_JSON"),
    "null value": (None, "NOT_JSON"),
    "cut off": (b'{"eventType": "JOB_CRE', "NOT_JSON"),
    "not an object": (b"[1, 2]", "WRONG_SCHEMA"),
    "no fields": (b'{"eventType": "JOB_CREATED"}', "WRONG_SCHEMA"),
    "no job id": (json.dumps(event(jobId="1; DROP TABLE jobs")).encode(), "WRONG_SCHEMA"),
    "negative attempt": (json.dumps(event(attempt=-1)).encode(), "WRONG_SCHEMA"),
    "future schema": (json.dumps(event(schemaVersion=2)).encode(), "WRONG_SCHEMA"),
    "unknown type": (json.dumps(event(eventType="JOB_EXPLODED")).encode(), "UNKNOWN_TYPE"),
    "unhashable type": (json.dumps(event(eventType={"a": 1})).encode(), "UNKNOWN_TYPE"),
    "unknown job": (json.dumps(event()).encode(), "UNKNOWN_JOB"),
    "deep nesting": (b"[" * 100_000, "NOT_JSON"),
    "nul in text": (json.dumps(event(tenantId="a\0b")).encode(), "WRONG_SCHEMA"),
    "half a surrogate pair": (json.dumps(event(eventType="\ud800")).encode(), "UNKNOWN_TYPE"),
    "half a surrogate pair in an id": (json.dumps(event(correlationId="\ud800")).encode(), "WRONG_SCHEMA"),
    "huge replay count": (json.dumps(event(replayCount=2**40)).encode(), "WRONG_SCHEMA"),
}


@pytest.mark.parametrize(("value", "reason"), POISON.values(), ids=POISON.keys())
def test_poison_goes_to_the_dead_letter_topic_and_holds_nobody_up(
    plane: Plane, value: bytes | None, reason: str
) -> None:
    job = plane.simulate(plane.admin())
    bad = FakeRecord(value=value, key=b"\xfe", partition=2, offset=77, headers=[("correlation_id", b"corr-9")])
    batch = [bad, *plane.records()]
    assert plane.deliver("process", batch) == {"batchItemFailures": []}

    assert plane.job(job)["status"] == "COMPLETED"
    [record] = plane.records("job-dlq")
    [letter] = values([record])
    assert letter["failureReason"] == reason
    assert letter["detail"]
    assert (letter["sourceTopic"], letter["sourcePartition"], letter["sourceOffset"]) == ("job-events", 2, 77)
    assert base64.b64decode(letter["keyBase64"]) == b"\xfe"
    if value is None:
        assert "valueBase64" not in letter
    else:
        assert base64.b64decode(letter["valueBase64"]) == value
    assert letter["correlationId"] == "corr-9"
    assert ("correlation_id", b"corr-9") in record.headers
    assert record.key == b"job-events-2-77"


def test_all_kinds_of_poison_in_one_batch_with_good_records(plane: Plane) -> None:
    jobs = plane.submit_many(plane.admin(), 5, type="simulate", payload={"durationSeconds": 0})
    bad = [FakeRecord(value=value, offset=number) for number, (value, _) in enumerate(POISON.values())]
    plane.deliver("process", [*bad, *plane.records(), *bad])
    assert plane.statuses() == {"COMPLETED": len(jobs)}
    letters = values(plane.records("job-dlq"))
    assert sorted(letter["failureReason"] for letter in letters) == sorted(r for _, r in POISON.values() for _ in "12")


def test_an_event_with_a_foreign_tenant_id_touches_nothing(plane: Plane) -> None:
    job = plane.simulate(plane.admin())
    plane.admin("tenant-b", "bob")
    [record] = plane.records()
    forged = json.dumps({**json.loads(record.value), "tenantId": "tenant-b"}).encode()
    plane.deliver("process", [FakeRecord(value=forged)])
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("PENDING", 0)
    assert [letter["failureReason"] for letter in values(plane.records("job-dlq"))] == ["UNKNOWN_JOB"]
    plane.deliver("process", [record])
    assert plane.job(job)["status"] == "COMPLETED"


def test_a_record_too_big_for_one_more_message_is_kept_in_part(plane: Plane) -> None:
    value = bytes(range(256)) * 4000
    plane.deliver("process", [FakeRecord(value=value, key=b"k" * 100_000, partition=1, offset=3)])
    [letter] = values(plane.records("job-dlq"))
    kept = base64.b64decode(letter["valueBase64"])
    assert letter["truncated"] is True
    assert len(kept) >= 500_000
    assert value.startswith(kept)
    assert (letter["sourcePartition"], letter["sourceOffset"]) == (1, 3)


def test_an_event_with_its_ids_in_capitals_is_the_same_event(plane: Plane) -> None:
    ticket, simulated = plane.submit(plane.admin())["jobId"], plane.simulate(plane.admin_token)
    records = plane.records()
    loud = [
        FakeRecord(value=json.dumps({**event, "jobId": event["jobId"].upper()}).encode()) for event in values(records)
    ]
    plane.deliver("classify", loud)
    plane.deliver("process", [*loud, *records])
    assert plane.job(ticket)["category"] is not None
    assert (plane.job(simulated)["status"], plane.job(simulated)["attempt"]) == ("COMPLETED", 1)
    assert plane.records("job-dlq") == []


def test_a_true_and_a_forged_event_in_one_batch_are_told_apart(plane: Plane) -> None:
    job = plane.simulate(plane.admin())
    [record] = plane.records()
    forged = FakeRecord(
        value=json.dumps({**json.loads(record.value), "tenantId": "tenant-b"}).encode(), partition=1, offset=5
    )
    plane.deliver("process", [forged, record])
    assert plane.job(job)["status"] == "COMPLETED"
    assert [(e["sourcePartition"], e["sourceOffset"]) for e in values(plane.records("job-dlq"))] == [(1, 5)]


def test_the_classifier_passes_over_poison_and_classifies_the_rest(plane: Plane) -> None:
    plane.submit_many(plane.admin(), 2)
    bad = [FakeRecord(value=value) for value, _ in POISON.values()]
    plane.deliver("classify", [*bad, *plane.records()])
    assert plane.rows("SELECT count(*) AS n FROM jobs WHERE category IS NOT NULL") == [{"n": 2}]
    assert plane.records("job-dlq") == []


def test_an_event_with_a_wrong_attempt_does_not_lead_the_classifier_astray(plane: Plane) -> None:
    job = plane.submit(plane.admin())["jobId"]
    [record] = plane.records()
    wrong = FakeRecord(value=json.dumps({**json.loads(record.value), "attempt": 7, "replayCount": 3}).encode())
    plane.deliver("classify", [wrong])
    plane.deliver("process", plane.records())
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("COMPLETED", 1)


def test_an_event_of_a_newer_producer_with_more_fields_is_understood(plane: Plane) -> None:
    job = plane.simulate(plane.admin())
    [record] = plane.records()
    newer = json.dumps({**json.loads(record.value), "aFieldOfTomorrow": [1]}).encode()
    plane.deliver("process", [replace(FakeRecord(value=newer), key=record.key)])
    assert plane.job(job)["status"] == "COMPLETED"


def test_a_job_of_a_type_that_this_processor_does_not_have_fails_for_good(plane: Plane) -> None:
    job = plane.simulate(plane.admin())
    plane.rows("UPDATE jobs SET type = 'retired'")
    plane.deliver("process", plane.records())
    assert plane.job(job)["status"] == "FAILED"
    assert "no handler for the type retired" in plane.job(job)["last_error"]

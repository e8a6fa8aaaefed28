"""One correlation id from the request to the row, the event, the handler, the audit trail and every log line."""

import json

import pytest

from tests.fakes.webhook_receiver import WebhookReceiver
from tests.integration.harness import Plane, msk_event, values
from tests.integration.invocations import api_event
from tests.integration.processes import Workers
from tests.integration.topics import FakeRecord

ID = "corr-from-the-caller:1"


def test_it_is_in_the_answer_the_row_the_event_the_header_the_webhook_and_the_audit_trail(
    plane: Plane, receiver: WebhookReceiver
) -> None:
    token = plane.admin()
    plane.call("auth", "PUT", "/admin/webhook", {"url": receiver.url}, token=token)
    answer = plane.call(
        "submit", "POST", "/jobs", {"title": "database is down"}, token=token, headers={"X-Correlation-ID": ID}
    )
    assert answer.headers["X-Correlation-ID"] == ID
    job = answer.body["jobId"]
    assert answer.body["correlationId"] == plane.job(job)["correlation_id"] == ID
    seen = []
    for function in ("classify", "process"):
        records = plane.records()
        seen += records
        plane.deliver(function, records)
    seen += plane.records("job-results")

    assert [value["eventType"] for value in values(seen)] == ["JOB_CREATED", "JOB_CLASSIFIED", "JOB_COMPLETED"]
    assert {value["correlationId"] for value in values(seen)} == {ID}
    assert [record.headers for record in seen] == [[("correlation_id", ID.encode())]] * 3
    assert {row["correlation_id"] for row in plane.audit(job)} == {ID}
    [request] = receiver.requests
    assert request.headers["x-correlation-id"] == ID


@pytest.mark.parametrize("bad", ["with space", "x" * 129, "new\nline", "<script>", ""])
def test_an_unsafe_id_is_replaced_by_a_new_one(plane: Plane, bad: str) -> None:
    answer = plane.call("query", "GET", "/jobs", headers={"X-Correlation-ID": bad})
    assert answer.headers["X-Correlation-ID"] not in {bad, ""}
    assert answer.body["correlationId"] == answer.headers["X-Correlation-ID"]


@pytest.mark.parametrize(
    ("method", "resource", "body", "status"),
    [
        ("POST", "/jobs", "{not json", 400),
        ("POST", "/jobs", {"title": ""}, 422),
        ("POST", "/jobs", {"title": "x", "type": "unknown"}, 422),
        ("POST", "/nowhere", {}, 404),
    ],
)
def test_it_is_in_every_problem(plane: Plane, method: str, resource: str, body: object, status: int) -> None:
    answer = plane.call("submit", method, resource, body, token=plane.admin(), headers={"X-Correlation-ID": ID})
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Correlation-ID"] == answer.body["correlationId"] == ID
    assert {"type", "title", "status", "detail", "correlationId"} <= set(answer.body)


def test_log_lines_are_json_and_carry_it_with_job_and_tenant(plane: Plane, workers: Workers) -> None:
    token = plane.admin()
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}", "x-correlation-id": ID}
    request = api_event("POST", "/jobs", {"title": "database is down", "description": "secret words"}, headers=headers)
    submit = workers.start("submit", request)
    assert submit.wait() == 0, submit.output
    created = plane.records()
    classify = workers.start("classify", msk_event(created))
    assert classify.wait() == 0, classify.output
    poison = FakeRecord(value=b"no", headers=[("correlation_id", b"corr-poison")])
    process = workers.start("process", msk_event([*plane.records(), poison]))
    assert process.wait() == 0, process.output

    [job] = plane.rows("SELECT job_id FROM jobs")
    for worker, message in ((submit, "job created"), (classify, "job classified"), (process, "job completed")):
        [line] = [line for line in worker.lines if line.get("message") == message]
        assert (line["correlation_id"], line["job_id"], line["tenant_id"]) == (ID, str(job["job_id"]), "tenant-a")
        assert {"level", "timestamp", "service", "function_request_id"} <= line.keys()
        assert "secret words" not in worker.output.replace(json.dumps(worker.lines[-1]), "")
        assert token not in worker.output
    [line] = [line for line in process.lines if line.get("message") == "poison record"]
    assert line["correlation_id"] == "corr-poison"
    cold_start, emf = [line for line in process.lines if "_aws" in line]
    assert (cold_start["cold_starts_total"], cold_start["function"]) == ([1.0], "process")
    assert {"jobs_completed_total", "poison_records_total", "job_processing_duration_seconds"} <= emf.keys()
    assert (emf["service"], emf["stage"]) == ("smartqueue", "test")

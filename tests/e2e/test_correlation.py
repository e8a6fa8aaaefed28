"""One id tells a job's whole story: in answers, rows, Kafka headers, the logs of every function, and what goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localstack.logs import LogReader
from tests.e2e.client import Tenant, expect, unique
from tests.e2e.waiting import wait_until
from tests.fakes.webhook_receiver import Answer, WebhookReceiver

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud
    from tests.fakes.openai_server import FakeOpenAI

HEADER = "X-Correlation-ID"
# Of a ticket that is retried, read and replayed. The authorizer is given nothing of a request but its token.
FUNCTIONS = {"submit", "classify", "process", "relay", "query", "replay"}


def test_one_id_is_found_everywhere(tenant: Tenant, cloud: LocalCloud, model: FakeOpenAI) -> None:
    mine = unique("search-me")
    headers = {HEADER: mine}
    with WebhookReceiver(Answer(status=503), Answer(status=410)) as receiver:
        tenant.admin.call("PUT", "/admin/webhook", {"url": receiver.url})
        body = {"title": unique("A ticket"), "retry": {"count": 1, "baseSeconds": 0.2}}
        answer = tenant.admin.call("POST", "/jobs", body, headers=headers)
        job_id = expect(answer, 201)["jobId"]
        tenant.admin.wait_for(job_id, "FAILED")
        replay = tenant.admin.call("POST", f"/admin/jobs/{job_id}/replay", headers=headers)
        tenant.admin.wait_for(job_id, "COMPLETED")
    timeline = tenant.admin.call("GET", f"/jobs/{job_id}/timeline", headers=headers)

    assert answer.headers[HEADER] == replay.headers[HEADER] == timeline.headers[HEADER] == mine
    assert answer.json()["correlationId"] == timeline.json()["correlationId"] == mine
    assert cloud.rows("SELECT correlation_id FROM jobs WHERE job_id = %s", job_id) == [{"correlation_id": mine}]
    audit = cloud.rows("SELECT DISTINCT correlation_id FROM audit_logs WHERE entity_id = %s", job_id)
    assert audit == [{"correlation_id": mine}]
    for topic in ("job-events", "job-results", "job-dlq"):
        records = [record for record in cloud.records(topic) if record.key == job_id]
        assert records
        assert {record.headers["correlation_id"] for record in records} == {mine}
        assert {record.body["correlationId"] for record in records} == {mine}
    assert [r.headers["x-correlation-id"] for r in model.requests if r.ticket.get("title") == body["title"]] == [mine]
    assert {request.headers["x-correlation-id"] for request in receiver.requests} == {mine}

    def logged() -> set[str] | None:
        functions = {line.function for line in LogReader(cloud.endpoints.aws).read(mine)}
        return functions if functions >= FUNCTIONS else None

    assert wait_until(logged, f"a line of each of {sorted(FUNCTIONS)}") == FUNCTIONS
    # The same search as a person does it.
    words = cloud.run("logs", mine)
    assert all(name in words for name in FUNCTIONS)
    assert words.index("job created") < words.index("attempt failed") < words.index("job completed")


def test_every_line_about_a_job_carries_its_ids(tenant: Tenant, cloud: LocalCloud) -> None:
    job = tenant.admin.submit()
    tenant.admin.wait_for(job["jobId"], "COMPLETED")

    def completed() -> bool:
        lines = LogReader(cloud.endpoints.aws).read(job["jobId"])
        return "job completed" in {line.message for line in lines}

    wait_until(completed, "the line about the end of the job")
    about = [line for line in LogReader(cloud.endpoints.aws).read(job["jobId"]) if line.details.get("job_id")]
    assert {line.correlation_id for line in about} == {job["correlationId"]}
    assert {line.details["tenant_id"] for line in about} == {tenant.tenant_id}


def test_without_an_id_each_request_gets_its_own(tenant: Tenant) -> None:
    answers = [tenant.admin.call("GET", "/jobs") for _ in range(2)]

    assert len({answer.headers[HEADER] for answer in answers}) == 2


@pytest.mark.parametrize("mine", ["a", "9f1b-42", "trace:1.2_3-x", "x" * 128])
def test_a_safe_id_is_honoured(mine: str, tenant: Tenant) -> None:
    assert tenant.admin.call("GET", "/jobs", headers={HEADER: mine}).headers[HEADER] == mine


@pytest.mark.parametrize("mine", ["", "x" * 129, "two words", "<script>", 'quo"te', "{{x}}", "semi;colon", "a/../b"])
def test_an_unsafe_id_is_replaced(mine: str, tenant: Tenant) -> None:
    answer = tenant.admin.call("POST", "/jobs", {"title": "x"}, headers={HEADER: mine})

    job = expect(answer, 201)
    assert job["correlationId"] == answer.headers[HEADER] != mine
    assert len(answer.headers[HEADER]) == 36

"""One id tells a job's whole story: in answers, rows, Kafka headers and what goes out. test_search.py has the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.client import Tenant, expect

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud
    from tests.e2e.journey import Journey
    from tests.fakes.openai_server import FakeOpenAI

HEADER = "X-Correlation-ID"


def test_one_id_is_found_everywhere(journey: Journey, cloud: LocalCloud, model: FakeOpenAI) -> None:
    mine, job_id = journey.correlation_id, journey.job_id

    assert {answer.headers[HEADER] for answer in journey.answers} == {mine}
    assert {answer.json()["correlationId"] for answer in journey.answers} == {mine}
    assert cloud.rows("SELECT correlation_id FROM jobs WHERE job_id = %s", job_id) == [{"correlation_id": mine}]
    audit = cloud.rows("SELECT DISTINCT correlation_id FROM audit_logs WHERE entity_id = %s", job_id)
    assert audit == [{"correlation_id": mine}]
    for topic in ("job-events", "job-results", "job-dlq"):
        records = [record for record in cloud.records(topic) if record.key == job_id]
        assert records
        assert {record.headers["correlation_id"] for record in records} == {mine}
        assert {record.body["correlationId"] for record in records} == {mine}
    asked = [request for request in model.requests if request.ticket.get("title") == journey.title]
    assert [request.headers["x-correlation-id"] for request in asked] == [mine]
    assert [request.headers["x-correlation-id"] for request in journey.webhooks] == [mine] * 3


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

"""Classification: by the model, once per title and tenant; by the rules when the model is unsure or away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.client import Tenant, unique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cloud import LocalCloud
    from tests.fakes.openai_server import FakeOpenAI

HOUR_SECONDS = 3600
ANSWERED_SECONDS = 2.0


@pytest.fixture(autouse=True)
def closed_circuit(cloud: LocalCloud, model: FakeOpenAI) -> Iterator[None]:
    """Every test finds a model that nobody has missed, also after one in which it was away."""
    yield
    model.always(None)
    with cloud.cache() as cache:
        cache.delete("circuit:{openai}:tripped", "circuit:{openai}:resting")


def asked(model: FakeOpenAI, title: str) -> int:
    return sum(request.ticket.get("title") == title for request in model.requests)


def test_the_model_decides(tenant: Tenant, model: FakeOpenAI) -> None:
    title = unique("VPN drops packets")

    job = tenant.admin.submit(title, description="in the whole office, production is down")
    done = tenant.admin.wait_for(job["jobId"], "COMPLETED")

    assert (done["category"], done["priority"], done["classificationSource"]) == ("Network", "HIGH", "AI")
    assert (done["confidenceScore"], done["recommendedAction"]) == (0.92, "Look at the logs first.")
    assert done["classificationCached"] is False
    [request] = [request for request in model.requests if request.ticket.get("title") == title]
    assert request.ticket["description"] == "in the whole office, production is down"
    assert request.headers["x-correlation-id"] == job["correlationId"]


def test_the_same_title_is_asked_about_once(tenant: Tenant, model: FakeOpenAI) -> None:
    title = unique("Postgres is slow")
    tenant.admin.wait_for(tenant.admin.submit(title)["jobId"], "COMPLETED")

    again = tenant.admin.wait_for(tenant.admin.submit(title, description="other words")["jobId"], "COMPLETED")

    assert asked(model, title) == 1
    assert (again["classificationCached"], again["classificationSource"]) == (True, "AI")
    assert again["category"] == "Database"


def test_another_tenants_answer_is_not_used(tenant: Tenant, other_tenant: Tenant, model: FakeOpenAI) -> None:
    title = unique("Postgres is slow")
    tenant.admin.wait_for(tenant.admin.submit(title)["jobId"], "COMPLETED")

    theirs = other_tenant.admin.wait_for(other_tenant.admin.submit(title)["jobId"], "COMPLETED")

    assert theirs["classificationCached"] is False
    assert asked(model, title) == 2


def test_an_answer_is_kept_for_an_hour(tenant: Tenant, cloud: LocalCloud) -> None:
    tenant.admin.wait_for(tenant.admin.submit()["jobId"], "COMPLETED")

    with cloud.cache() as cache:
        [key] = cache.scan_iter(f"classification:{tenant.tenant_id}:*")
        assert HOUR_SECONDS - 300 < int(cache.ttl(key)) <= HOUR_SECONDS


@pytest.mark.parametrize("answer", ["low", "wrong-enum", "wrong-confidence", "invalid-json", "refusal", "400"])
def test_the_rules_decide_when_the_answer_is_of_no_use(answer: str, tenant: Tenant, model: FakeOpenAI) -> None:
    title = unique(f"Postgres database is down [ai:{answer}]")

    done = tenant.admin.wait_for(tenant.admin.submit(title)["jobId"], "COMPLETED")

    assert asked(model, title) >= 1
    assert (done["classificationSource"], done["confidenceScore"]) == ("FALLBACK", 0.5)
    assert (done["category"], done["priority"]) == ("Database", "HIGH")
    assert done["recommendedAction"]


@pytest.mark.parametrize("trouble", ["reset", "500", "delay=8"])
def test_the_rules_decide_when_the_model_is_away(trouble: str, tenant: Tenant, model: FakeOpenAI) -> None:
    model.always(trouble)

    tickets = [tenant.admin.submit(unique("Network outage"))["jobId"] for _ in range(3)]
    done = [tenant.admin.wait_for(job_id, "COMPLETED") for job_id in tickets]

    for job in done:
        assert (job["classificationSource"], job["confidenceScore"]) == ("FALLBACK", 0.5)
        assert (job["category"], job["priority"]) == ("Network", "HIGH")


def test_submitting_does_not_wait_for_the_model(tenant: Tenant, model: FakeOpenAI) -> None:
    # So that no cold start is measured.
    tenant.admin.submit()
    model.always("delay=3")

    started = time.monotonic()
    job = tenant.admin.submit(unique("A slow answer"))
    answered = time.monotonic() - started

    assert answered < ANSWERED_SECONDS
    assert job["category"] is None
    assert tenant.admin.wait_for(job["jobId"], "COMPLETED")["classificationSource"] == "AI"


@pytest.mark.parametrize(
    ("title", "priority"),
    [
        ("Production outage, everything is down [ai:low]", "HIGH"),
        ("We suspect a security breach [ai:low]", "HIGH"),
        ("Possible data loss after the restore [ai:low]", "HIGH"),
        ("Search results are degraded [ai:low]", "MEDIUM"),
        ("Cosmetic: a typo in the footer [ai:low]", "LOW"),
        ("Feature request: dark mode [ai:low]", "LOW"),
    ],
)
def test_what_the_priorities_mean(title: str, priority: str, tenant: Tenant) -> None:
    done = tenant.admin.wait_for(tenant.admin.submit(title)["jobId"], "COMPLETED")

    assert (done["classificationSource"], done["priority"]) == ("FALLBACK", priority)

"""Tenants apart, by property: whatever route, role and foreign thing meet, nothing comes across and nothing changes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.e2e.client import Caller, Tenant, unique
from tests.e2e.waiting import wait_until
from tests.security.fuzzing import EXAMPLES, REQUESTS, operations

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

ROLES = ("nobody", "VIEWER", "OPERATOR", "ADMIN")
SPELLINGS = ("{}", "{}%20", "./{}", "{}%00", "%7B{}%7D")
OPERATIONS = [(method, path) for method, path in operations() if path != "/metrics"]
# Every table that has a tenant, asked of the catalogue, so that a new one is compared too.
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
"""
FEWEST_TABLES = 5
CASES = min(8 * EXAMPLES, 200)


@dataclass(frozen=True)
class Victim:
    """A tenant whose people do nothing, with things in it that all bear its marks."""

    tenant: Tenant
    jobs: tuple[str, str]
    marks: tuple[str, ...]
    secret: str
    key: str

    @classmethod
    def build(cls, anonymous: Caller, word: str) -> Victim:
        """Found one with a dead job, a finished one with an idempotency key, and a webhook."""
        tenant = Tenant.found(anonymous, word)
        secret, key = unique(f"mark-of-{word}"), unique(f"key-of-{word}")
        dead = tenant.failed_job(f"{secret} dead", description=secret)["jobId"]
        body = {"title": f"{secret} done", "description": secret}
        done = tenant.admin.call("POST", "/jobs", body, headers={"Idempotency-Key": key}).json()["jobId"]
        tenant.admin.wait_for(done, "COMPLETED", classified=True)
        webhook = {"url": f"http://127.0.0.1:9999/{secret}"}
        signing = tenant.admin.call("PUT", "/admin/webhook", webhook).json()["secret"]
        return cls(
            tenant, (dead, done), (tenant.tenant_id, tenant.admin_name, secret, dead, done, signing), secret, key
        )

    def rows(self, cloud: LocalCloud) -> dict[str, list[str]]:
        """Everything the database holds of it."""
        tables = [row["relname"] for row in cloud.rows(TABLES)]
        assert len(tables) >= FEWEST_TABLES
        return {
            table: sorted(
                json.dumps(row, default=str, sort_keys=True)
                for row in cloud.rows(f"SELECT * FROM {table} WHERE tenant_id = %s", self.tenant.tenant_id)
            )
            for table in tables
        }


@pytest.fixture(scope="module")
def victims(anonymous: Caller, cloud: LocalCloud) -> list[Victim]:
    """Two tenants, at rest."""
    built = [Victim.build(anonymous, word) for word in ("north", "south")]
    wait_until(lambda: not any(victim.rows(cloud)["outbox"] for victim in built), "an empty outbox")
    return built


@pytest.fixture(scope="module")
def intruders(anonymous: Caller) -> list[dict[str, Caller]]:
    """People of two other tenants, by their roles."""
    tenants = [Tenant.found(anonymous, "intruder") for _ in range(2)]
    return [
        {"nobody": anonymous, "ADMIN": tenant.admin} | {role: tenant.member(role) for role in ("VIEWER", "OPERATOR")}
        for tenant in tenants
    ]


def cursor(*values: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def foreign_bodies(victim: Victim) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Bodies that name what is the other's, by the routes that take bodies."""
    tenant_id, (job, done) = victim.tenant.tenant_id, victim.jobs
    bulk: list[dict[str, Any]] = [
        {"jobIds": [job]},
        {"jobIds": [job.upper(), done], "limit": 1},
        {"reason": victim.secret},
        {"jobIds": [job], "tenantId": tenant_id},
    ]
    simulate = {"title": "mine", "type": "simulate", "payload": {"durationSeconds": 0}}
    return {
        ("POST", "/jobs"): [
            simulate | {"tenantId": tenant_id},
            simulate | {"jobId": job},
            {"title": "mine", "tenant_id": tenant_id},
            simulate,
        ],
        ("POST", "/jobs/batch"): [
            {"jobs": [simulate | {"tenantId": tenant_id}, simulate | {"jobId": job}]},
            {"jobs": [simulate], "tenantId": tenant_id},
        ],
        ("POST", "/admin/dlq/replay"): bulk,
        ("POST", "/admin/dlq/discard"): bulk,
        ("PUT", "/admin/webhook"): [{"url": "http://127.0.0.1:9999/mine", "tenantId": tenant_id}],
        ("POST", "/auth/login"): [{"username": victim.tenant.admin_name, "password": victim.secret}],
        ("POST", "/auth/register"): [
            {"username": unique("spy"), "password": "long enough for all", "tenantId": tenant_id, "role": "ADMIN"},
            {"username": victim.tenant.admin_name, "password": "long enough for all"},
        ],
    }


def foreign_queries(victim: Victim) -> list[dict[str, str]]:
    """Query strings that ask for what is the other's."""
    tenant_id, job = victim.tenant.tenant_id, victim.jobs[0]
    return [
        {},
        {"tenantId": tenant_id, "tenant_id": tenant_id},
        {"username": victim.tenant.admin_name},
        {"reason": victim.secret},
        {"type": victim.secret},
        {"cursor": cursor("9999-12-31T00:00:00+00:00", job), "limit": "100"},
        {"cursor": cursor("ffffffff-ffff-7fff-bfff-ffffffffffff"), "limit": "100"},
        {"cursor": cursor(victim.tenant.admin_name[:-1]), "limit": "100"},
    ]


def foreign_headers(victim: Victim) -> list[dict[str, str]]:
    """Headers that claim to be the other, or were the other's."""
    return [
        {},
        # Not as a correlation id: that is the caller's own word, kept with the caller's own jobs.
        {"X-Tenant-Id": victim.tenant.tenant_id, "X-Api-Tenant": victim.tenant.tenant_id},
        {"Idempotency-Key": victim.key},
        {"X-Amzn-Oidc-Identity": victim.tenant.tenant_id, "X-Forwarded-User": victim.tenant.admin_name},
    ]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=map(" ".join, OPERATIONS))
def test_nothing_of_another_tenant_is_told_or_changed(
    method: str, path: str, victims: list[Victim], intruders: list[dict[str, Caller]], cloud: LocalCloud
) -> None:
    before = [victim.rows(cloud) for victim in victims]

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def attack(data: st.DataObject) -> None:
        victim = data.draw(st.sampled_from(victims))
        caller = data.draw(st.sampled_from(intruders))[data.draw(st.sampled_from(ROLES))]
        job = data.draw(st.sampled_from(SPELLINGS)).format(data.draw(st.sampled_from(victim.jobs)))
        body = data.draw(st.sampled_from(foreign_bodies(victim).get((method, path), [None])))
        query = data.draw(st.sampled_from(foreign_queries(victim)))
        headers = data.draw(st.sampled_from(foreign_headers(victim)))

        answer = caller.call(method, path.replace("{jobId}", job), body, query=query, headers=headers)

        REQUESTS["requests across tenants"] += 1
        asked = json.dumps([path, job, body, query, headers])
        for mark in victim.marks:
            # What the intruder said may come back in a refusal; what the intruder cannot know comes never.
            assert mark not in answer.text or (mark in asked and answer.status_code >= 400), answer.text

    attack()

    assert [victim.rows(cloud) for victim in victims] == before


def test_the_marks_are_there_to_be_found(victims: list[Victim]) -> None:
    for victim in victims:
        paths = ("/jobs", "/admin/dlq", "/admin/audit-logs", "/admin/users", "/admin/webhook")
        seen = " ".join(victim.tenant.admin.call("GET", path).text for path in paths)
        assert [mark for mark in victim.marks if mark not in seen] == []

"""Jobs and audit rows of long ago, which nobody can wait for: they are made as the service leaves them.

All of them are there at once, when the block ends, so that a failpoint armed inside it is not met before.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.scene import LOOK_SECONDS, Scene
from tests.faults.workload import OLD, Accepted

JOBS = 30
ROWS = 200
PATIENCE_SECONDS = 40.0
MAKE_JOBS = """
WITH made AS (
    INSERT INTO jobs (job_id, tenant_id, type, title, description, payload, status, version, max_retries,
        retry_base_seconds, timeout_seconds, awaits_classification, correlation_id, created_by, completed_at)
    SELECT uuidv7(interval '-200 days'), tenant_id, 'simulate', 'old', '', '{}', 'CANCELLED', 1, 0, 1, 1, false, 'old',
        uuidv7(), now() - interval '100 days'
    FROM unnest(%s::text[]) AS t (tenant_id), generate_series(1, %s)
    RETURNING job_id, tenant_id
), audited AS (
    INSERT INTO audit_logs (tenant_id, username, action, entity_id, old_state, new_state, details, correlation_id)
    SELECT tenant_id, 'somebody', action, job_id::text, old_state, new_state, 'long ago', 'old'
    FROM made, (VALUES ('JOB_CREATED', NULL, 'PENDING'), ('JOB_CANCELLED', 'PENDING', 'CANCELLED'))
        AS s (action, old_state, new_state)
)
SELECT job_id::text, tenant_id FROM made
"""
MAKE_ROWS = """
INSERT INTO audit_logs (tenant_id, username, action, entity_id, details, correlation_id)
SELECT tenant_id, 'somebody', 'WEBHOOK_CHANGED', 'webhook', 'long ago', 'old'
FROM unnest(%s::text[]) AS t (tenant_id), generate_series(1, %s)
"""
MAKE_SEALS = """
INSERT INTO audit_seals (tenant_id, position, hash, accepted, pending, processing, completed, failed, cancelled,
    removed, seal, sealed_at)
SELECT tenant_id, position, hash, accepted, pending, processing, completed, failed, cancelled, removed, 'heads/1.json',
    now() - interval '500 days'
FROM audit_heads WHERE tenant_id = ANY(%s)
"""
OLD_JOBS = "SELECT count(*) FROM jobs WHERE tenant_id = ANY(%s) AND completed_at < now() - interval '99 days'"
UNCUT_TRAILS = """
SELECT count(*) FROM unnest(%s::text[]) AS t (tenant_id) LEFT JOIN audit_bases b USING (tenant_id)
WHERE b.position IS NULL OR b.cleared < b.position
"""


@contextmanager
def make_old_jobs(scene: Scene) -> Iterator[None]:
    """Give each tenant jobs that ended long ago."""
    with psycopg.connect(scene.lab.postgres.superuser_url) as connection:
        rows = connection.execute(MAKE_JOBS, (scene.tenant_ids, JOBS)).fetchall()
        scene.workload.accepted += [Accepted(job_id=job_id, tenant_id=tenant, kind=OLD) for job_id, tenant in rows]
        yield


@contextmanager
def make_old_trails(scene: Scene) -> Iterator[None]:
    """Give each tenant audit rows that were sealed long ago."""
    with psycopg.connect(scene.lab.postgres.superuser_url) as connection:
        connection.execute(MAKE_ROWS, (scene.tenant_ids, ROWS))
        connection.execute(MAKE_SEALS, (scene.tenant_ids,))
        yield


def wait_until_old_jobs_are_gone(scene: Scene) -> None:
    """Wait. Raises TimeoutError."""
    _wait_for_none(scene, OLD_JOBS, "old jobs are never removed")


def wait_until_trails_are_cut(scene: Scene) -> None:
    """Wait. Raises TimeoutError."""
    _wait_for_none(scene, UNCUT_TRAILS, "old audit rows are never removed")


def _wait_for_none(scene: Scene, sql: str, otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(scene.lab.postgres.superuser_url, autocommit=True) as connection:
        while connection.execute(sql.encode(), (scene.tenant_ids,)).fetchall() != [(0,)]:
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            time.sleep(LOOK_SECONDS)

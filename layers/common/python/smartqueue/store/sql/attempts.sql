-- Running attempts: claim, extend the lease, find what was left behind. Ending one is jobs.sql's `move`.

-- name: claim
-- The compare-and-set that decides who runs an attempt. Says of every record asked for whether its job exists, and
-- whether it only waits for its classification.
WITH wanted AS (
    SELECT DISTINCT * FROM jsonb_to_recordset(%(events)s::jsonb) AS w (
        job_id uuid, tenant_id text, attempt integer, replay_count integer
    )
), runnable AS (
    SELECT j.job_id, w.attempt
    FROM jobs j JOIN wanted w ON w.job_id = j.job_id AND w.tenant_id = j.tenant_id
    WHERE j.status = 'PENDING' AND j.attempt = w.attempt - 1 AND j.replay_count = w.replay_count
        AND (NOT j.awaits_classification OR j.category IS NOT NULL)
    ORDER BY j.job_id
    FOR UPDATE OF j
), claimed AS (
    UPDATE jobs j SET
        status = 'PROCESSING',
        version = j.version + 1,
        attempt = r.attempt,
        lease_token = %(lease_token)s::uuid,
        lease_expires_at = now() + %(lease_seconds)s * interval '1 second',
        started_at = now(),
        updated_at = now(),
        next_attempt_at = NULL
    FROM runnable r
    WHERE j.job_id = r.job_id
    RETURNING j.*
), audited AS (
    INSERT INTO audit_logs (tenant_id, username, action, entity_id, old_state, new_state, details, attributes,
        correlation_id)
    SELECT tenant_id, %(username)s, 'JOB_STATUS_CHANGED', job_id::text, 'PENDING', 'PROCESSING',
        'attempt ' || attempt || ' started', jsonb_build_object('attempt', attempt), correlation_id
    FROM claimed
)
-- Not one join of all: the planner takes the claimed for a single row, and would compare each with each.
SELECT c.job_id AS wanted_id, c.tenant_id AS wanted_tenant, true AS known, false AS unclassified, c.*, t.webhook_url,
    t.webhook_key_version
FROM claimed c JOIN tenants t USING (tenant_id)
UNION ALL
SELECT w.job_id, w.tenant_id, j.job_id IS NOT NULL,
    j.status = 'PENDING' AND j.awaits_classification AND j.category IS NULL, (NULL::jobs).*, NULL, NULL
FROM wanted w LEFT JOIN jobs j ON j.job_id = w.job_id AND j.tenant_id = w.tenant_id
WHERE (w.job_id, w.tenant_id) NOT IN (SELECT job_id, tenant_id FROM claimed)

-- name: extend
-- Locks in the order of the other batch statements, as the classifier may write to the same jobs meanwhile.
WITH locked AS (
    SELECT job_id FROM jobs
    WHERE lease_token = %(lease_token)s::uuid AND job_id = ANY(%(job_ids)s::uuid[])
    ORDER BY job_id
    FOR UPDATE
)
UPDATE jobs j SET lease_expires_at = now() + %(lease_seconds)s * interval '1 second'
FROM locked l
WHERE j.job_id = l.job_id AND j.lease_token = %(lease_token)s::uuid
RETURNING j.job_id

-- name: find_expired
SELECT * FROM jobs
WHERE status = 'PROCESSING' AND lease_expires_at < now()
ORDER BY lease_expires_at
LIMIT %(limit)s

-- name: find_stranded
-- PENDING, its event due long ago and not in the outbox: the event was lost after Kafka had taken it.
UPDATE jobs SET event_due_at = now()
WHERE job_id IN (
    SELECT job_id FROM jobs j
    WHERE status = 'PENDING' AND event_due_at < now() - %(stranded_seconds)s * interval '1 second'
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.key = j.job_id::text)
    ORDER BY event_due_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING *

-- name: gauges
-- One count per partial index: asked for together, they would make Postgres read every job there ever was.
SELECT
    (SELECT count(*) FROM jobs WHERE status = 'PENDING')
        + (SELECT count(*) FROM jobs WHERE status = 'PROCESSING') AS active_jobs,
    dead.jobs AS dead_jobs,
    (SELECT count(*) FROM outbox WHERE due_at <= now()) AS outbox_backlog,
    coalesce(extract(epoch FROM now() - (
        SELECT min(event_due_at) FROM jobs WHERE status = 'PENDING' AND event_due_at <= now()
    )), 0)::double precision AS oldest_pending_seconds,
    coalesce(extract(epoch FROM now() - dead.oldest), 0)::double precision AS oldest_dead_seconds
FROM (
    SELECT count(*) AS jobs, min(completed_at) AS oldest FROM jobs WHERE status = 'FAILED' AND discarded_at IS NULL
) AS dead

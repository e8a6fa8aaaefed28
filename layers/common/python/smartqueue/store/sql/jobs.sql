-- The jobs a tenant submits and reads, and the one statement that moves a job from state to state.

-- name: insert
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(jobs)s::jsonb) AS w (
        job_id uuid, type text, title text, description text, payload jsonb, max_retries integer,
        retry_base_seconds double precision, timeout_seconds double precision, awaits_classification boolean,
        correlation_id text, idempotency_key text, request_hash text, outbox_id uuid, event text
    )
), lane AS (
    SELECT job_events_lane(%(tenant_id)s, count(*)) AS topic FROM wanted
), inserted AS (
    INSERT INTO jobs (job_id, tenant_id, type, title, description, payload, max_retries, retry_base_seconds,
        timeout_seconds, awaits_classification, correlation_id, created_by, idempotency_key, request_hash)
    SELECT job_id, %(tenant_id)s, type, title, description, payload, max_retries, retry_base_seconds,
        timeout_seconds, awaits_classification, correlation_id, %(user_id)s::uuid, idempotency_key, request_hash
    FROM wanted
    -- Always in the same order, so that two batches that share keys wait for each other and never deadlock.
    ORDER BY idempotency_key, job_id
    ON CONFLICT (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING *
), audited AS (
    INSERT INTO audit_logs (tenant_id, user_id, username, action, entity_id, new_state, details, correlation_id)
    SELECT tenant_id, %(user_id)s::uuid, %(username)s, 'JOB_CREATED', job_id::text, status::text,
        'submitted as ' || type, correlation_id
    FROM inserted
), queued AS (
    INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)
    SELECT w.outbox_id, i.tenant_id, l.topic, i.job_id::text, w.event,
        jsonb_build_object('correlation_id', i.correlation_id), now() + %(grace_seconds)s * interval '1 second'
    FROM wanted w JOIN inserted i USING (job_id) CROSS JOIN lane l
)
SELECT i.*, l.topic FROM inserted i CROSS JOIN lane l

-- name: find_by_idempotency_keys
SELECT * FROM jobs WHERE tenant_id = %(tenant_id)s AND idempotency_key = ANY(%(keys)s)

-- name: find
SELECT * FROM jobs WHERE tenant_id = %(tenant_id)s AND job_id = %(job_id)s

-- name: browse
SELECT * FROM jobs
WHERE tenant_id = %(tenant_id)s
    AND (%(status)s::job_status IS NULL OR status = %(status)s::job_status)
    AND (%(type)s::text IS NULL OR type = %(type)s)
    AND (%(category)s::text IS NULL OR category = %(category)s)
    AND (%(priority)s::text IS NULL OR priority = %(priority)s)
    AND (%(before_time)s::timestamptz IS NULL
        OR (created_at, job_id) < (%(before_time)s::timestamptz, %(before_id)s::uuid))
ORDER BY created_at DESC, job_id DESC
LIMIT %(limit)s

-- name: browse_dead
SELECT * FROM jobs
WHERE tenant_id = %(tenant_id)s AND status = 'FAILED' AND discarded_at IS NULL
    AND (%(job_ids)s::uuid[] IS NULL OR job_id = ANY(%(job_ids)s::uuid[]))
    AND (%(type)s::text IS NULL OR type = %(type)s)
    AND (%(category)s::text IS NULL OR category = %(category)s)
    AND (%(priority)s::text IS NULL OR priority = %(priority)s)
    AND (%(reason)s::text IS NULL OR strpos(lower(last_error), lower(%(reason)s)) > 0)
    AND (%(failed_after)s::timestamptz IS NULL OR completed_at >= %(failed_after)s)
    AND (%(failed_before)s::timestamptz IS NULL OR completed_at < %(failed_before)s)
    AND (%(before_time)s::timestamptz IS NULL
        OR (completed_at, job_id) < (%(before_time)s::timestamptz, %(before_id)s::uuid))
ORDER BY completed_at DESC, job_id DESC
LIMIT %(limit)s

-- name: move
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(moves)s::jsonb) AS w (
        job_id uuid, tenant_id text, version integer, lease_token uuid, source job_status, target job_status,
        terminal boolean, attempt integer, replay_count integer, result jsonb, last_error text,
        delay_seconds double precision, action text, user_id uuid, username text, details text, attributes jsonb
    )
), movable AS (
    -- Always in the same order, so that two batches that share jobs wait for each other and never deadlock.
    SELECT w.*
    FROM jobs j JOIN wanted w ON j.job_id = w.job_id AND j.tenant_id = w.tenant_id
    WHERE j.status = w.source AND j.version = w.version AND j.lease_token IS NOT DISTINCT FROM w.lease_token
        AND j.discarded_at IS NULL
    ORDER BY j.job_id
    FOR UPDATE OF j
), moved AS (
    UPDATE jobs j SET
        status = w.target,
        version = j.version + 1,
        attempt = coalesce(w.attempt, j.attempt),
        replay_count = coalesce(w.replay_count, j.replay_count),
        result = w.result,
        last_error = w.last_error,
        lease_token = NULL,
        lease_expires_at = NULL,
        started_at = CASE WHEN w.replay_count IS NULL THEN j.started_at END,
        completed_at = CASE WHEN w.terminal THEN now() END,
        next_attempt_at = CASE WHEN w.delay_seconds > 0 THEN now() + w.delay_seconds * interval '1 second' END,
        event_due_at = now() + w.delay_seconds * interval '1 second',
        updated_at = now()
    FROM movable w
    WHERE j.job_id = w.job_id
    RETURNING j.job_id, j.tenant_id, j.correlation_id, j.next_attempt_at, w.source, w.target, w.user_id, w.username,
        w.action, w.details, w.attributes
), audited AS (
    INSERT INTO audit_logs (tenant_id, user_id, username, action, entity_id, old_state, new_state, details,
        attributes, correlation_id)
    SELECT tenant_id, user_id, username, action, job_id::text, source::text, target::text, details,
        attributes || CASE WHEN next_attempt_at IS NULL THEN '{}'
            ELSE jsonb_build_object('nextAttemptAt', next_attempt_at) END, correlation_id
    FROM moved
), queued AS (
    INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)
    SELECT o.id, m.tenant_id,
        CASE WHEN o.topic = 'job-events' THEN job_events_lane(m.tenant_id, 0) ELSE o.topic END, o.key, o.value,
        jsonb_build_object('correlation_id', m.correlation_id), now() + o.due_in_seconds * interval '1 second'
    FROM jsonb_to_recordset(%(messages)s::jsonb) AS o (
        id uuid, job_id uuid, topic text, key text, value text, due_in_seconds double precision
    ) JOIN moved m USING (job_id)
)
SELECT job_id FROM moved

-- name: discard
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(jobs)s::jsonb) AS w (job_id uuid, version integer)
), locked AS (
    SELECT job_id FROM jobs WHERE job_id IN (SELECT job_id FROM wanted) ORDER BY job_id FOR UPDATE
), discarded AS (
    UPDATE jobs j SET discarded_at = now(), updated_at = now(), version = j.version + 1
    FROM wanted w, locked l
    WHERE j.job_id = w.job_id AND l.job_id = j.job_id AND j.tenant_id = %(tenant_id)s AND j.version = w.version
        AND j.status = 'FAILED' AND j.discarded_at IS NULL
    RETURNING j.job_id, j.tenant_id, j.status, j.correlation_id
), audited AS (
    INSERT INTO audit_logs (tenant_id, user_id, username, action, entity_id, old_state, new_state, details,
        attributes, correlation_id)
    SELECT tenant_id, %(user_id)s::uuid, %(username)s, 'JOB_DISCARDED', job_id::text, status::text, status::text,
        %(details)s, jsonb_build_object('requestCorrelationId', %(request_correlation_id)s::text), correlation_id
    FROM discarded
)
SELECT job_id FROM discarded

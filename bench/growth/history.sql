-- A past for the tables, made inside the server: jobs of 90 days with their audit trail, in the order of their time.

-- name: id
-- A UUIDv7 of that moment, the same for the same word.
CREATE FUNCTION history_id(at timestamptz, word text) RETURNS uuid STABLE PARALLEL SAFE
    RETURN (lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0') || '7'
        || overlay(left(word, 19) PLACING 'a' FROM 4 FOR 1))::uuid

-- name: jobs
-- Every tenth job is the big tenant's, the others take turns; turn: how many jobs of the tenant came before.
-- dice: decides what becomes of it. The newest are the backlog of a busy moment, whatever the length of the past.
CREATE FUNCTION history_jobs(first bigint, total bigint, now timestamptz) RETURNS TABLE (
    n bigint, at timestamptz, word text, tenant_id text, turn bigint, dice bigint, status job_status
) LANGUAGE sql STABLE AS $$
    SELECT n, at, word, CASE WHEN n % 10 = 0 THEN 'tenant-big' ELSE 'tenant-' || (n - n / 10) % 199 END,
        CASE WHEN n % 10 = 0 THEN n / 10 ELSE (n - n / 10) / 199 END, dice,
        CASE
            WHEN total - n < 800 THEN 'PENDING'
            WHEN total - n < 1000 THEN 'PROCESSING'
            -- Today is a bad day.
            WHEN dice % 100 < (CASE WHEN total - n < 10000 THEN 10 ELSE 2 END) THEN 'FAILED'
            WHEN dice % 100 = 50 THEN 'CANCELLED'
            ELSE 'COMPLETED'
        END::job_status
    FROM (
        SELECT n, md5(n::text) AS word, hashint8(n)::bigint & 2147483647 AS dice,
            now - CASE
                WHEN total - n < 1000 THEN (total - n) * interval '50 ms'
                ELSE interval '1 min' + (total - n)::double precision / total * interval '90 days'
            END AS at
        FROM (SELECT generate_series(first, total) AS n) AS numbers
        -- Each value once, however often it is used above.
        OFFSET 0
    ) AS known
$$

-- name: fill_tenants
INSERT INTO tenants (tenant_id)
SELECT 'tenant-' || coalesce(nullif(n, 199)::text, 'big') FROM generate_series(0, 199) AS n

-- name: fill_jobs
-- Of the failures of today all are open dead letters, of the others a quarter.
INSERT INTO jobs (job_id, tenant_id, type, title, description, payload, status, version, attempt, max_retries,
    retry_base_seconds, timeout_seconds, awaits_classification, category, priority, confidence_score,
    classification_source, classification_cached, recommended_action, classified_at, correlation_id, created_by,
    idempotency_key, request_hash, lease_token, lease_expires_at, result, last_error, created_at, updated_at,
    started_at, completed_at, discarded_at, event_due_at)
SELECT history_id(at, word), tenant_id,
    CASE WHEN dice %% 10 < 7 THEN 'ticket' WHEN dice %% 10 < 9 THEN 'simulate' ELSE 'webhook' END,
    'The order service cannot reach its database', 'Since this morning every tenth request ends in a timeout.',
    %(payload)s::jsonb, status, CASE status WHEN 'PENDING' THEN 0 WHEN 'PROCESSING' THEN 1 ELSE 2 END,
    CASE status WHEN 'PENDING' THEN 0 ELSE 1 END, 3, 2, 30, dice %% 10 < 7,
    CASE WHEN status = 'PENDING' THEN NULL WHEN dice / 100 %% 1000 = 0 THEN 'Network'
        ELSE (ARRAY['Infrastructure', 'Database', 'Application'])[dice / 100 %% 3 + 1] END,
    CASE WHEN status = 'PENDING' THEN NULL WHEN dice / 7 %% 20 = 0 THEN 'HIGH'
        WHEN dice / 7 %% 20 < 12 THEN 'MEDIUM' ELSE 'LOW' END,
    CASE WHEN status <> 'PENDING' THEN 0.9 END, CASE WHEN status <> 'PENDING' THEN 'AI' END,
    CASE WHEN status <> 'PENDING' THEN false END,
    CASE WHEN status <> 'PENDING' THEN 'Look at the connection pool of the service, then at the database.' END,
    CASE WHEN status <> 'PENDING' THEN at END,
    word, '00000000-0000-7000-8000-000000000000',
    CASE WHEN n %% 5 = 1 THEN 'order-' || n END, CASE WHEN n %% 5 = 1 THEN word || word END,
    CASE WHEN status = 'PROCESSING' THEN word::uuid END, CASE WHEN status = 'PROCESSING' THEN at + interval '2 h' END,
    CASE WHEN status = 'COMPLETED' THEN '{"dispatched": true, "category": "Database", "httpStatus": 200}'::jsonb END,
    CASE WHEN status = 'FAILED' THEN 'the webhook answered 503 Service Unavailable' END,
    at, at, CASE WHEN status <> 'PENDING' THEN at END,
    CASE WHEN status NOT IN ('PENDING', 'PROCESSING') THEN at + interval '2 s' END,
    CASE WHEN status = 'FAILED' AND total.jobs - n >= 10000 AND dice %% 400 > 1 THEN at + interval '1 h' END,
    CASE WHEN status = 'PENDING' THEN at + interval '2 h' ELSE at END
FROM (SELECT %(jobs)s::bigint AS jobs) AS total, history_jobs(1, %(jobs)s, %(now)s)

-- name: fill_audit_logs
INSERT INTO audit_logs (id, tenant_id, user_id, username, action, entity_id, old_state, new_state, details, attributes,
    correlation_id, created_at)
SELECT history_id(at + step * interval '700 ms', word), tenant_id,
    CASE WHEN step = 0 THEN '00000000-0000-7000-8000-000000000000'::uuid END,
    CASE step WHEN 0 THEN 'olga' ELSE 'system:process' END,
    CASE WHEN step = 0 THEN 'JOB_CREATED' WHEN step = 2 AND status = 'FAILED' THEN 'JOB_SENT_TO_DLQ'
        ELSE 'JOB_STATUS_CHANGED' END,
    history_id(at, word)::text, (ARRAY[NULL, 'PENDING', 'PROCESSING'])[step + 1],
    CASE step WHEN 0 THEN 'PENDING' WHEN 1 THEN 'PROCESSING' ELSE status::text END,
    CASE step WHEN 0 THEN 'submitted as ticket' WHEN 1 THEN 'attempt 1 started' ELSE 'attempt 1 succeeded' END,
    CASE step WHEN 0 THEN '{}' WHEN 1 THEN '{"attempt": 1}' ELSE '{"attempt": 1, "durationSeconds": 0.1}' END::jsonb,
    word, at + step * interval '700 ms'
FROM history_jobs(%(first)s, %(jobs)s, %(now)s), generate_series(0, 2) AS step
WHERE step = 0 OR status <> 'PENDING' AND (step = 1 OR status <> 'PROCESSING')

-- name: fill_audit_chain
-- Nobody verifies the hashes.
INSERT INTO audit_chain (tenant_id, position, audit_id, hash)
SELECT tenant_id, 3 * turn + step + 1, history_id(at + step * interval '700 ms', word), convert_to(word, 'UTF8')
FROM history_jobs(%(first)s, %(jobs)s, %(now)s), generate_series(0, 2) AS step
WHERE step = 0 OR status <> 'PENDING' AND (step = 1 OR status <> 'PROCESSING')

-- name: fill_audit_heads
INSERT INTO audit_heads (tenant_id, position, hash, accepted, pending, processing, completed, failed, cancelled)
SELECT tenant_id, 3 * max(turn) + 3, sha256(''), count(*), count(*) FILTER (WHERE status = 'PENDING'),
    count(*) FILTER (WHERE status = 'PROCESSING'), count(*) FILTER (WHERE status = 'COMPLETED'),
    count(*) FILTER (WHERE status = 'FAILED'), count(*) FILTER (WHERE status = 'CANCELLED')
FROM history_jobs(1, %(jobs)s, %(now)s)
GROUP BY tenant_id

-- name: indexes
SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition, k.conname, k.contype::text
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid
    AND k.conrelid = i.indrelid
WHERE i.indrelid = %(table)s::regclass
ORDER BY c.relname

-- Reading the audit trail with its chain, a page at a time, and noting what was sealed. Nothing but a trigger writes the
-- chain.

-- name: tenants
SELECT tenant_id FROM tenants
UNION SELECT tenant_id FROM audit_heads
ORDER BY tenant_id

-- name: links
-- One snapshot of the head, of the base, of the link that the page starts behind and of the page; a row even when all are
-- missing. A page starts behind the base at the earliest. Timestamps are written as audit_text writes them.
SELECT h.position AS head_position, h.hash AS head_hash, h.accepted AS head_accepted, h.pending AS head_pending,
    h.processing AS head_processing, h.completed AS head_completed, h.failed AS head_failed,
    h.cancelled AS head_cancelled, h.removed AS head_removed,
    b.position AS base_position, b.hash AS base_hash, b.accepted AS base_accepted, b.pending AS base_pending,
    b.processing AS base_processing, b.completed AS base_completed, b.failed AS base_failed,
    b.cancelled AS base_cancelled, b.removed AS base_removed, b.seal AS base_seal, b.sealed_at AS base_sealed_at,
    start.position AS start_position, s.hash AS start_hash, s.audit_id::text AS start_audit_id,
    c.position, c.hash, c.audit_id::text AS audit_id,
    l.id::text AS id, l.tenant_id, l.user_id::text AS user_id, l.username, l.action, l.entity_id, l.old_state,
    l.new_state, l.details, l.attributes::text AS attributes, l.correlation_id,
    to_char(l.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at
FROM (
    SELECT greatest(%(after)s, (SELECT position FROM audit_bases WHERE tenant_id = %(tenant_id)s)) AS position
) AS start
LEFT JOIN audit_heads h ON h.tenant_id = %(tenant_id)s
LEFT JOIN audit_bases b ON b.tenant_id = %(tenant_id)s
LEFT JOIN audit_chain s ON s.tenant_id = %(tenant_id)s AND s.position = start.position
LEFT JOIN LATERAL (
    SELECT * FROM audit_chain
    WHERE tenant_id = %(tenant_id)s AND position > start.position
    ORDER BY position
    LIMIT %(limit)s
) AS c ON true
LEFT JOIN audit_logs l ON l.id = c.audit_id
ORDER BY c.position

-- name: rows
-- Which rows of a page have no link, and where the page ends.
SELECT count(*) AS seen, (array_agg(page.id::text ORDER BY page.id DESC))[1] AS last_id,
    array_remove(array_agg(page.id::text ORDER BY page.id) FILTER (WHERE c.audit_id IS NULL), NULL) AS unchained
FROM (
    SELECT id FROM audit_logs
    WHERE tenant_id = %(tenant_id)s AND (%(after_id)s::uuid IS NULL OR id > %(after_id)s::uuid)
    ORDER BY id
    LIMIT %(limit)s
) AS page
LEFT JOIN audit_chain c ON c.audit_id = page.id

-- name: record_seal
-- A head that was sealed before keeps its earlier seal, which is the older evidence.
INSERT INTO audit_seals (tenant_id, position, hash, accepted, pending, processing, completed, failed, cancelled, removed,
    seal)
SELECT tenant_id, position, decode(hash, 'hex'), accepted, pending, processing, completed, failed, cancelled, removed,
    %(seal)s
FROM jsonb_to_recordset(%(heads)s::jsonb) AS h (
    tenant_id text, position bigint, hash text, accepted bigint, pending bigint, processing bigint, completed bigint,
    failed bigint, cancelled bigint, removed bigint
)
ON CONFLICT DO NOTHING

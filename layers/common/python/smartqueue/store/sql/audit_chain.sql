-- Reading the audit trail with its chain, a page at a time. Nothing but a trigger writes the chain.

-- name: tenants
SELECT tenant_id FROM tenants
UNION SELECT tenant_id FROM audit_heads
ORDER BY tenant_id

-- name: links
-- One snapshot of the head, of the link that the page starts behind and of the page; a row even when all are missing.
-- Timestamps are written as audit_text writes them.
SELECT h.tenant_id IS NOT NULL AS has_head, h.position AS head_position, h.hash AS head_hash, h.accepted, h.pending,
    h.processing, h.completed, h.failed, h.cancelled, s.hash AS start_hash, s.audit_id::text AS start_audit_id,
    c.position, c.hash, c.audit_id::text AS audit_id,
    l.id::text AS id, l.tenant_id, l.user_id::text AS user_id, l.username, l.action, l.entity_id, l.old_state,
    l.new_state, l.details, l.attributes::text AS attributes, l.correlation_id,
    to_char(l.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at
FROM (VALUES (1)) AS one
LEFT JOIN audit_heads h ON h.tenant_id = %(tenant_id)s
LEFT JOIN audit_chain s ON s.tenant_id = %(tenant_id)s AND s.position = %(after)s
LEFT JOIN (
    SELECT * FROM audit_chain
    WHERE tenant_id = %(tenant_id)s AND position > %(after)s
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

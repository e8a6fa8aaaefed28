-- Reading the audit trail. Writing it is part of the statement that makes it true.

-- name: browse
SELECT * FROM audit_logs
WHERE tenant_id = %(tenant_id)s
    AND (%(entity_id)s::text IS NULL OR entity_id = %(entity_id)s)
    AND (%(action)s::text IS NULL OR action = %(action)s)
    AND (%(username)s::text IS NULL OR username = %(username)s)
    AND (%(before_id)s::uuid IS NULL OR id < %(before_id)s::uuid)
ORDER BY id DESC
LIMIT %(limit)s

-- name: timeline
SELECT * FROM audit_logs
WHERE tenant_id = %(tenant_id)s AND entity_id = %(entity_id)s
ORDER BY id
LIMIT %(limit)s

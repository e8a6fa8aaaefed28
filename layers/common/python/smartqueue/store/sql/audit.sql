-- Reading the audit trail. Writing it is part of the statement that makes it true.

-- name: browse
SELECT * FROM audit_logs
WHERE tenant_id = %(tenant_id)s
    AND (%(entity_id)s::text IS NULL OR entity_id = %(entity_id)s)
    AND (%(before_id)s::uuid IS NULL OR id < %(before_id)s::uuid)
ORDER BY id DESC
LIMIT %(limit)s

-- name: search
-- Looks at so many rows and no more, however few of them match. The last of them is told as the edge, whether it
-- matches or not: there the next page starts.
SELECT * FROM (
    SELECT *, row_number() OVER (ORDER BY id DESC) = %(looks)s AS is_edge,
        (%(action)s::text IS NULL OR action = %(action)s)
            AND (%(username)s::text IS NULL OR username = %(username)s) AS is_match
    FROM audit_logs
    WHERE tenant_id = %(tenant_id)s
        AND (%(entity_id)s::text IS NULL OR entity_id = %(entity_id)s)
        AND (%(before_id)s::uuid IS NULL OR id < %(before_id)s::uuid)
    ORDER BY id DESC
    LIMIT %(looks)s
) AS seen
WHERE is_match OR is_edge
ORDER BY id DESC
LIMIT %(limit)s

-- name: timeline
SELECT * FROM audit_logs
WHERE tenant_id = %(tenant_id)s AND entity_id = %(entity_id)s
ORDER BY id
LIMIT %(limit)s

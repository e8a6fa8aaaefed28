-- Whether every job that was accepted is still there, in the state that the audit trail says. One snapshot each: whoever
-- writes a job writes its audit row, and so the books, in the same transaction.

-- name: of_tenant
SELECT coalesce(max(b.accepted), 0) AS accepted,
    coalesce(sum(j.jobs) FILTER (WHERE status = 'PENDING'), 0)::bigint AS pending,
    coalesce(sum(j.jobs) FILTER (WHERE status = 'PROCESSING'), 0)::bigint AS processing,
    coalesce(sum(j.jobs) FILTER (WHERE status = 'COMPLETED'), 0)::bigint AS completed,
    coalesce(sum(j.jobs) FILTER (WHERE status = 'FAILED'), 0)::bigint AS failed,
    coalesce(sum(j.jobs) FILTER (WHERE status = 'CANCELLED'), 0)::bigint AS cancelled,
    coalesce(max(b.removed), 0) AS removed,
    coalesce(sum(abs(coalesce(j.jobs, 0) - coalesce(b.jobs, 0))), 0)::bigint AS unaccounted
FROM (SELECT status, count(*) AS jobs FROM jobs WHERE tenant_id = %(tenant_id)s GROUP BY status) AS j
FULL JOIN (
    SELECT h.accepted, h.removed, s.status, s.jobs
    FROM audit_heads h, LATERAL (VALUES ('PENDING'::job_status, pending), ('PROCESSING', processing),
        ('COMPLETED', completed), ('FAILED', failed), ('CANCELLED', cancelled)) AS s (status, jobs)
    WHERE h.tenant_id = %(tenant_id)s
) AS b USING (status)

-- name: unaccounted
SELECT coalesce(sum(abs(coalesce(j.jobs, 0) - coalesce(b.jobs, 0))), 0)::bigint AS unaccounted
FROM (SELECT tenant_id, status, count(*) AS jobs FROM jobs GROUP BY tenant_id, status) AS j
FULL JOIN (
    SELECT h.tenant_id, s.status, s.jobs
    FROM audit_heads h, LATERAL (VALUES ('PENDING'::job_status, pending), ('PROCESSING', processing),
        ('COMPLETED', completed), ('FAILED', failed), ('CANCELLED', cancelled)) AS s (status, jobs)
) AS b USING (tenant_id, status)

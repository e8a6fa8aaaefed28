-- Removing what is kept no longer. What may go, and that it leaves its traces, is in the functions of the database: the
-- relay has no other way to delete anything of this.

-- name: remove_jobs
SELECT looked_at, last_id::text AS last_id, removed
FROM remove_ended_jobs(%(kept_days)s::integer, %(after)s::uuid, %(at_most)s::integer)

-- name: cut_trails
SELECT audit_rows, is_done FROM cut_audit_trails(%(kept_days)s::integer, %(at_most)s::bigint)

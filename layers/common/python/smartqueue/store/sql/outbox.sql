-- Messages waiting for Kafka.

-- name: insert
INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)
SELECT id, tenant_id, CASE WHEN topic = 'job-events' THEN job_events_lane(tenant_id, 0) ELSE topic END, key, value,
    headers, now() + due_in_seconds * interval '1 second'
FROM jsonb_to_recordset(%(messages)s::jsonb) AS m (
    id uuid, tenant_id text, topic text, key text, value text, headers jsonb, due_in_seconds double precision
)

-- name: take_due
-- Locks what it takes until the caller's transaction ends; others pass over it.
SELECT id, tenant_id, topic, key, value, headers FROM outbox
WHERE due_at <= now()
ORDER BY due_at, id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED

-- name: delete
-- Does not wait for the disk: a row that a crash of the server brings back is published twice, as consumers expect.
DELETE FROM outbox o USING (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE o.id = ANY(%(ids)s::uuid[])

-- name: postpone
-- A message that Kafka refuses must not stand in the way of the others.
UPDATE outbox SET
    publish_attempts = publish_attempts + 1,
    due_at = now() + least(power(2, least(publish_attempts, 6)), 60) * interval '1 second'
WHERE id = ANY(%(ids)s::uuid[])

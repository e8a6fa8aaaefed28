-- What the classifier reads and writes: never status or version, so that it cannot collide with the processor.

-- name: find_unclassified
-- A job that was cancelled needs no verdict, and no model should be paid for one.
SELECT job_id, tenant_id, type, title, description, awaits_classification, correlation_id, replay_count, attempt
FROM jobs
WHERE job_id = ANY(%(job_ids)s::uuid[]) AND category IS NULL AND status <> 'CANCELLED'

-- name: write
WITH verdicts AS (
    SELECT * FROM jsonb_to_recordset(%(verdicts)s::jsonb) AS v (
        job_id uuid, tenant_id text, category text, priority text, confidence_score double precision, source text,
        cached boolean, recommended_action text, details text, attributes jsonb, outbox_id uuid, event text
    )
), locked AS (
    -- In the same order as every other batch statement, so that none deadlocks with another.
    SELECT job_id FROM jobs WHERE job_id IN (SELECT job_id FROM verdicts) ORDER BY job_id FOR UPDATE
), written AS (
    UPDATE jobs j SET
        category = v.category,
        priority = v.priority,
        confidence_score = v.confidence_score,
        classification_source = v.source,
        classification_cached = v.cached,
        recommended_action = v.recommended_action,
        classified_at = now(),
        -- Whoever rests between two attempts, or runs, did not wait for this.
        event_due_at = CASE WHEN j.awaits_classification THEN now() ELSE j.event_due_at END,
        updated_at = now()
    FROM verdicts v, locked l
    WHERE j.job_id = v.job_id AND l.job_id = j.job_id AND j.tenant_id = v.tenant_id AND j.category IS NULL
    RETURNING j.job_id, j.tenant_id, j.status, j.correlation_id, j.awaits_classification,
        job_events_lane(j.tenant_id, 0) AS topic
), audited AS (
    INSERT INTO audit_logs (tenant_id, username, action, entity_id, old_state, new_state, details, attributes,
        correlation_id)
    SELECT w.tenant_id, %(username)s, 'JOB_CLASSIFIED', w.job_id::text, w.status::text, w.status::text, v.details,
        v.attributes, w.correlation_id
    FROM written w JOIN verdicts v USING (job_id)
), queued AS (
    INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)
    SELECT v.outbox_id, w.tenant_id, w.topic, w.job_id::text, v.event,
        jsonb_build_object('correlation_id', w.correlation_id), now() + %(grace_seconds)s * interval '1 second'
    FROM written w JOIN verdicts v USING (job_id)
    WHERE w.awaits_classification
)
SELECT job_id, CASE WHEN awaits_classification THEN topic END AS topic FROM written

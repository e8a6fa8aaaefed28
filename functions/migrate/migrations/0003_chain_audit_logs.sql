-- The audit trail becomes tamper-evident, one hash chain per tenant, and keeps books on what it says about jobs.

-- One link per audit row. hash: sha256 of the link before (of 32 zero bytes for the first) and the row's text.
CREATE TABLE audit_chain (
    tenant_id text NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    audit_id uuid NOT NULL UNIQUE,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (tenant_id, position)
);

-- The end of each chain, and how many jobs the trail says there are: accepted ever, and in each state now.
CREATE TABLE audit_heads (
    tenant_id text PRIMARY KEY REFERENCES tenants,
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(hash) = 32),
    accepted bigint NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0,
    processing bigint NOT NULL DEFAULT 0,
    completed bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    cancelled bigint NOT NULL DEFAULT 0
);

-- The books are compared with this count, which reads no job.
CREATE INDEX jobs_by_status ON jobs (tenant_id, status);

-- Each value with its length in bytes before it, a missing one as a dash: no two rows have the same text.
CREATE FUNCTION audit_value(value text) RETURNS text IMMUTABLE PARALLEL SAFE
    RETURN coalesce(octet_length(value)::text || ':' || value, '-');

-- Must stay as it is for ever, as must its twin in smartqueue/audit_chain.py: old links were made with it.
CREATE FUNCTION audit_text(
    id uuid, tenant_id text, user_id uuid, username text, action text, entity_id text, old_state text, new_state text,
    details text, attributes jsonb, correlation_id text, created_at timestamptz
) RETURNS text STABLE PARALLEL SAFE
    RETURN audit_value(id::text) || audit_value(tenant_id) || audit_value(user_id::text) || audit_value(username)
        || audit_value(action) || audit_value(entity_id) || audit_value(old_state) || audit_value(new_state)
        || audit_value(details) || audit_value(attributes::text) || audit_value(correlation_id)
        || audit_value(to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));

CREATE FUNCTION link_audit_text(hash bytea, head bytea, entry text) RETURNS bytea IMMUTABLE PARALLEL SAFE
    RETURN sha256(coalesce(hash, head) || convert_to(entry, 'UTF8'));

-- As a window function it gives every row the hash of its link; head: where the chain ended before.
CREATE AGGREGATE audit_hash(head bytea, entry text) (SFUNC = link_audit_text, STYPE = bytea);

-- After the statement, not before each row: the statement has locked its jobs by then, so whoever waits for a head
-- holds nothing that the holder of that head still wants.
CREATE FUNCTION chain_audit_logs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO audit_heads (tenant_id)
    SELECT DISTINCT tenant_id FROM added a
    WHERE NOT EXISTS (SELECT FROM audit_heads h WHERE h.tenant_id = a.tenant_id)
    ORDER BY tenant_id
    ON CONFLICT DO NOTHING;

    -- A statement of its own: the next one must see what those wrote who held the heads until now.
    PERFORM FROM audit_heads WHERE tenant_id IN (SELECT tenant_id FROM added) ORDER BY tenant_id FOR NO KEY UPDATE;

    WITH linked AS MATERIALIZED (
        SELECT a.*, h.position + row_number() OVER chain AS position,
            audit_hash(h.hash, audit_text(a.id, a.tenant_id, a.user_id, a.username, a.action, a.entity_id, a.old_state,
                a.new_state, a.details, a.attributes, a.correlation_id, a.created_at)) OVER chain AS hash
        FROM added a JOIN audit_heads h USING (tenant_id)
        WINDOW chain AS (PARTITION BY a.tenant_id ORDER BY a.id)
    ), stored AS (
        INSERT INTO audit_chain (tenant_id, position, audit_id, hash)
        SELECT tenant_id, position, id, hash FROM linked
    ), moved AS (
        SELECT tenant_id, max(position) AS position,
            count(*) FILTER (WHERE action = 'JOB_CREATED') AS accepted,
            sum((new_state IS NOT DISTINCT FROM 'PENDING')::int - (old_state IS NOT DISTINCT FROM 'PENDING')::int)
                AS pending,
            sum((new_state IS NOT DISTINCT FROM 'PROCESSING')::int - (old_state IS NOT DISTINCT FROM 'PROCESSING')::int)
                AS processing,
            sum((new_state IS NOT DISTINCT FROM 'COMPLETED')::int - (old_state IS NOT DISTINCT FROM 'COMPLETED')::int)
                AS completed,
            sum((new_state IS NOT DISTINCT FROM 'FAILED')::int - (old_state IS NOT DISTINCT FROM 'FAILED')::int)
                AS failed,
            sum((new_state IS NOT DISTINCT FROM 'CANCELLED')::int - (old_state IS NOT DISTINCT FROM 'CANCELLED')::int)
                AS cancelled
        FROM linked
        GROUP BY tenant_id
    )
    UPDATE audit_heads h SET
        position = m.position,
        hash = l.hash,
        accepted = h.accepted + m.accepted,
        pending = h.pending + m.pending,
        processing = h.processing + m.processing,
        completed = h.completed + m.completed,
        failed = h.failed + m.failed,
        cancelled = h.cancelled + m.cancelled
    FROM moved m JOIN linked l USING (tenant_id, position)
    WHERE h.tenant_id = m.tenant_id;
    RETURN NULL;
END
$$;

-- From here on no row comes in until this migration is through: the rows that exist are linked first.
CREATE TRIGGER audit_logs_are_chained AFTER INSERT ON audit_logs
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION chain_audit_logs();

INSERT INTO audit_chain (tenant_id, position, audit_id, hash)
SELECT tenant_id, row_number() OVER chain, id,
    audit_hash(decode(repeat('00', 32), 'hex'), audit_text(id, tenant_id, user_id, username, action, entity_id,
        old_state, new_state, details, attributes, correlation_id, created_at)) OVER chain
FROM audit_logs
WINDOW chain AS (PARTITION BY tenant_id ORDER BY id);

INSERT INTO audit_heads (tenant_id, position, hash, accepted, pending, processing, completed, failed, cancelled)
SELECT b.tenant_id, b.position, c.hash, b.accepted, b.pending, b.processing, b.completed, b.failed, b.cancelled
FROM (
    SELECT tenant_id, count(*) AS position,
        count(*) FILTER (WHERE action = 'JOB_CREATED') AS accepted,
        count(*) FILTER (WHERE new_state = 'PENDING') - count(*) FILTER (WHERE old_state = 'PENDING') AS pending,
        count(*) FILTER (WHERE new_state = 'PROCESSING') - count(*) FILTER (WHERE old_state = 'PROCESSING')
            AS processing,
        count(*) FILTER (WHERE new_state = 'COMPLETED') - count(*) FILTER (WHERE old_state = 'COMPLETED') AS completed,
        count(*) FILTER (WHERE new_state = 'FAILED') - count(*) FILTER (WHERE old_state = 'FAILED') AS failed,
        count(*) FILTER (WHERE new_state = 'CANCELLED') - count(*) FILTER (WHERE old_state = 'CANCELLED') AS cancelled
    FROM audit_logs
    GROUP BY tenant_id
) AS b JOIN audit_chain c USING (tenant_id, position);

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER audit_chain_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_heads_only_move BEFORE DELETE OR TRUNCATE ON audit_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Nobody but the trigger writes here, whose owner is the tables'.
ALTER TABLE audit_chain ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY api_sees_own ON audit_chain FOR SELECT TO smartqueue_api
    USING (tenant_id = current_setting('smartqueue.tenant_id', true));
CREATE POLICY api_sees_own ON audit_heads FOR SELECT TO smartqueue_api
    USING (tenant_id = current_setting('smartqueue.tenant_id', true));
GRANT SELECT ON audit_chain, audit_heads TO smartqueue_api;

-- The relay compares the books with the jobs.
CREATE POLICY worker_sees_all ON audit_heads FOR SELECT TO smartqueue_worker USING (true);
GRANT SELECT ON audit_heads TO smartqueue_worker;

-- The auditor reads the trail of all tenants, and nothing else.
CREATE POLICY auditor_sees_all ON tenants FOR SELECT TO smartqueue_auditor USING (true);
CREATE POLICY auditor_sees_all ON audit_logs FOR SELECT TO smartqueue_auditor USING (true);
CREATE POLICY auditor_sees_all ON audit_chain FOR SELECT TO smartqueue_auditor USING (true);
CREATE POLICY auditor_sees_all ON audit_heads FOR SELECT TO smartqueue_auditor USING (true);
GRANT SELECT (tenant_id) ON tenants TO smartqueue_auditor;
GRANT SELECT ON audit_logs, audit_chain, audit_heads TO smartqueue_auditor;

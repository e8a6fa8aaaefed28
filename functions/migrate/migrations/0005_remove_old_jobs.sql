-- Jobs that ended long ago, and old audit rows, go: storage stays bounded. What must hold then is held by the tables,
-- whoever asks: a job leaves an audit row behind, and a trail loses rows only behind a head that was sealed.

-- In the order in which those who write take them.
LOCK TABLE audit_logs, audit_heads, audit_chain IN ACCESS EXCLUSIVE MODE;

-- How many jobs were removed after they had ended.
ALTER TABLE audit_heads ADD COLUMN removed bigint NOT NULL DEFAULT 0;

-- As before, and it books what is removed.
CREATE OR REPLACE FUNCTION chain_audit_logs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
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
                AS cancelled,
            count(*) FILTER (WHERE action = 'JOB_REMOVED') AS removed
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
        cancelled = h.cancelled + m.cancelled,
        removed = h.removed + m.removed
    FROM moved m JOIN linked l USING (tenant_id, position)
    WHERE h.tenant_id = m.tenant_id;
    RETURN NULL;
END
$$;

-- Heads that were sealed outside the database after their chains had been verified: where a trail may be cut.
CREATE TABLE audit_seals (
    tenant_id text NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    accepted bigint NOT NULL,
    pending bigint NOT NULL,
    processing bigint NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    cancelled bigint NOT NULL,
    removed bigint NOT NULL,
    seal text NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, position)
);
CREATE INDEX audit_seals_by_time ON audit_seals (sealed_at);

-- Where what is kept of a trail begins: behind this sealed head. cleared: up to there, all rows behind it are gone.
CREATE TABLE audit_bases (
    tenant_id text PRIMARY KEY,
    position bigint NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    accepted bigint NOT NULL,
    pending bigint NOT NULL,
    processing bigint NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    cancelled bigint NOT NULL,
    removed bigint NOT NULL,
    seal text NOT NULL,
    sealed_at timestamptz NOT NULL,
    cleared bigint NOT NULL DEFAULT 0 CHECK (cleared BETWEEN 0 AND position)
);

CREATE FUNCTION check_audit_base() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM audit_seals s JOIN audit_chain c USING (tenant_id, position, hash)
        WHERE s.tenant_id = NEW.tenant_id AND s.position = NEW.position AND s.hash = NEW.hash
            AND (s.accepted, s.pending, s.processing, s.completed, s.failed, s.cancelled, s.removed)
                = (NEW.accepted, NEW.pending, NEW.processing, NEW.completed, NEW.failed, NEW.cancelled, NEW.removed)
            AND (s.seal, s.sealed_at) = (NEW.seal, NEW.sealed_at)
            AND s.sealed_at < now() - interval '7 days'
    ) THEN
        RAISE EXCEPTION 'a trail is cut only at a head of its chain that was sealed more than seven days ago';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_bases_begin_at_seals BEFORE INSERT ON audit_bases
    FOR EACH ROW EXECUTE FUNCTION check_audit_base();
CREATE TRIGGER audit_bases_move_to_seals BEFORE UPDATE ON audit_bases FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.position, OLD.hash, OLD.accepted, OLD.pending, OLD.processing, OLD.completed, OLD.failed,
            OLD.cancelled, OLD.removed, OLD.seal, OLD.sealed_at)
        IS DISTINCT FROM (NEW.tenant_id, NEW.position, NEW.hash, NEW.accepted, NEW.pending, NEW.processing,
            NEW.completed, NEW.failed, NEW.cancelled, NEW.removed, NEW.seal, NEW.sealed_at))
    EXECUTE FUNCTION check_audit_base();
CREATE TRIGGER audit_bases_only_move BEFORE DELETE OR TRUNCATE ON audit_bases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_are_append_only BEFORE UPDATE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Rows, links and seals go behind their tenant's base only; a row is told by its link, so it goes first.
CREATE FUNCTION refuse_removal_of_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gone g
        LEFT JOIN audit_chain c ON c.audit_id = g.id AND c.tenant_id = g.tenant_id
        LEFT JOIN audit_bases b ON b.tenant_id = g.tenant_id
        WHERE c.position IS NULL OR c.position > coalesce(b.position, 0)
    ) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION refuse_removal_of_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gone g LEFT JOIN audit_bases b USING (tenant_id) WHERE g.position > coalesce(b.position, 0)
    ) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER audit_logs_are_append_only ON audit_logs;
CREATE TRIGGER audit_logs_are_append_only BEFORE UPDATE OR TRUNCATE ON audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_logs_go_behind_a_base AFTER DELETE ON audit_logs
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal_of_rows();
DROP TRIGGER audit_chain_is_append_only ON audit_chain;
CREATE TRIGGER audit_chain_is_append_only BEFORE UPDATE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_goes_behind_a_base AFTER DELETE ON audit_chain
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal_of_links();
CREATE TRIGGER audit_seals_go_behind_a_base AFTER DELETE ON audit_seals
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal_of_links();

-- Removes jobs that ended more than so many days ago, each for an audit row. Ids begin with the time at which a job was
-- made, so the primary key leads from the oldest on: it looks at so many jobs behind an id, and at no younger ones.
-- Nobody waits: a job that is just being replayed is passed over, and so is one that has still something to tell.
CREATE FUNCTION remove_ended_jobs(kept_days integer, after uuid, at_most integer)
    RETURNS TABLE (looked_at bigint, last_id uuid, removed bigint) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    kept constant interval := make_interval(days => kept_days);
    youngest constant uuid := uuidv7(-kept);
BEGIN
    IF kept_days < 1 THEN
        RAISE EXCEPTION 'a job is kept for a day at least';
    END IF;
    RETURN QUERY
    WITH old AS MATERIALIZED (
        SELECT j.job_id, j.completed_at FROM jobs j
        WHERE j.job_id > after AND j.job_id < youngest
        ORDER BY j.job_id
        LIMIT at_most
    ), ended AS (
        SELECT j.job_id FROM jobs j JOIN old o USING (job_id)
        WHERE o.completed_at < now() - kept AND j.completed_at < now() - kept
            AND NOT EXISTS (SELECT FROM outbox b WHERE b.key = j.job_id::text)
        ORDER BY j.job_id
        FOR UPDATE OF j SKIP LOCKED
    ), gone AS (
        DELETE FROM jobs j USING ended e WHERE j.job_id = e.job_id
        RETURNING j.job_id, j.tenant_id, j.status, j.completed_at, j.correlation_id
    ), audited AS (
        INSERT INTO audit_logs (tenant_id, username, action, entity_id, old_state, details, attributes, correlation_id)
        SELECT g.tenant_id, 'system:relay', 'JOB_REMOVED', g.job_id::text, g.status::text,
            'ended more than ' || kept_days || CASE kept_days WHEN 1 THEN ' day ago' ELSE ' days ago' END,
            jsonb_build_object('completedAt', g.completed_at), g.correlation_id
        FROM gone g
        ORDER BY g.tenant_id, g.job_id
    )
    SELECT (SELECT count(*) FROM old), (SELECT o.job_id FROM old o ORDER BY o.job_id DESC LIMIT 1),
        (SELECT count(*) FROM gone);
END
$$;

-- Lets every trail begin at its newest head that was sealed more than so many days ago, then removes a batch of what
-- lies behind: rows with their links, oldest first. The base moves first, so whoever verifies finds a whole trail
-- behind it, at every moment and after every crash. audit_rows: how many went; is_done: whether nothing is left.
CREATE FUNCTION cut_audit_trails(kept_days integer, at_most bigint)
    RETURNS TABLE (audit_rows bigint, is_done boolean) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    room bigint := at_most;
    base audit_bases;
    upto bigint;
    gone bigint;
BEGIN
    audit_rows := 0;
    INSERT INTO audit_bases (tenant_id, position, hash, accepted, pending, processing, completed, failed, cancelled,
        removed, seal, sealed_at)
    SELECT DISTINCT ON (s.tenant_id) s.tenant_id, s.position, s.hash, s.accepted, s.pending, s.processing, s.completed,
        s.failed, s.cancelled, s.removed, s.seal, s.sealed_at
    FROM audit_seals s
    LEFT JOIN audit_bases b ON b.tenant_id = s.tenant_id
    WHERE s.sealed_at < now() - make_interval(days => kept_days) AND s.position > coalesce(b.position, 0)
        -- A chain that was computed anew is evidence.
        AND EXISTS (
            SELECT FROM audit_chain c
            WHERE c.tenant_id = s.tenant_id AND c.position = s.position AND c.hash = s.hash
        )
    ORDER BY s.tenant_id, s.position DESC
    ON CONFLICT (tenant_id) DO UPDATE SET
        position = excluded.position,
        hash = excluded.hash,
        accepted = excluded.accepted,
        pending = excluded.pending,
        processing = excluded.processing,
        completed = excluded.completed,
        failed = excluded.failed,
        cancelled = excluded.cancelled,
        removed = excluded.removed,
        seal = excluded.seal,
        sealed_at = excluded.sealed_at
    WHERE audit_bases.position < excluded.position;

    FOR base IN
        SELECT * FROM audit_bases b WHERE b.cleared < b.position ORDER BY b.tenant_id FOR UPDATE SKIP LOCKED
    LOOP
        EXIT WHEN room = 0;
        upto := least(base.position, base.cleared + room);
        DELETE FROM audit_logs l USING audit_chain c
        WHERE c.tenant_id = base.tenant_id AND c.position > base.cleared AND c.position <= upto AND l.id = c.audit_id;
        GET DIAGNOSTICS gone = ROW_COUNT;
        DELETE FROM audit_chain c
        WHERE c.tenant_id = base.tenant_id AND c.position > base.cleared AND c.position <= upto;
        DELETE FROM audit_seals s
        WHERE s.tenant_id = base.tenant_id AND s.position <= upto AND s.position < base.position;
        UPDATE audit_bases b SET cleared = upto WHERE b.tenant_id = base.tenant_id;
        room := room - (upto - base.cleared);
        audit_rows := audit_rows + gone;
    END LOOP;
    is_done := NOT EXISTS (SELECT FROM audit_bases b WHERE b.cleared < b.position);
    RETURN NEXT;
END
$$;

-- The relay removes by these two alone: it has no right to delete a job or an audit row.
REVOKE EXECUTE ON FUNCTION remove_ended_jobs, cut_audit_trails FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_ended_jobs, cut_audit_trails TO smartqueue_worker;

ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_bases ENABLE ROW LEVEL SECURITY;
-- The time of a seal is the database's own.
CREATE POLICY auditor_adds ON audit_seals FOR INSERT TO smartqueue_auditor WITH CHECK (true);
GRANT INSERT (tenant_id, position, hash, accepted, pending, processing, completed, failed, cancelled, removed, seal)
    ON audit_seals TO smartqueue_auditor;
CREATE POLICY auditor_sees_all ON audit_bases FOR SELECT TO smartqueue_auditor USING (true);
CREATE POLICY api_sees_own ON audit_bases FOR SELECT TO smartqueue_api
    USING (tenant_id = current_setting('smartqueue.tenant_id', true));
GRANT SELECT ON audit_bases TO smartqueue_api, smartqueue_auditor;

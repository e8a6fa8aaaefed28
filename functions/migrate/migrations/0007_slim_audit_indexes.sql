-- Every step of a job writes an audit row, so each index of them is paid for some four times a job. The tenant leads
-- the key: one index finds a row, lists a tenant's rows and cannot be mistaken by the planner for a way to find the rows
-- of a tenant that was busy long ago among everybody's.
ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_pkey, ADD PRIMARY KEY (tenant_id, id);
DROP INDEX audit_logs_by_tenant;

-- A job's few rows are sorted when they are asked for. Its id is nobody else's and begins with a time: new entries go
-- to the end of this index, the four of a job become one, and the pages fill up.
DROP INDEX audit_logs_by_entity;
CREATE INDEX audit_logs_by_entity ON audit_logs (entity_id);

-- As before, by the new key.
CREATE OR REPLACE FUNCTION cut_audit_trails(kept_days integer, at_most bigint)
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
        WHERE c.tenant_id = base.tenant_id AND c.position > base.cleared AND c.position <= upto
            AND l.tenant_id = c.tenant_id AND l.id = c.audit_id;
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

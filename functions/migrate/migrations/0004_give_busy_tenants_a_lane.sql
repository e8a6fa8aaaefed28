-- Kafka gives one batch of a partition after the other, and a batch takes as long as its slowest job. So a tenant with
-- many unfinished jobs gets partitions, and pollers, that it shares with other busy tenants only: its flood is nobody
-- else's wait. adding: how many jobs this statement adds to those in the tenant's books.
CREATE FUNCTION job_events_lane(of_tenant text, adding bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN adding + coalesce((
        SELECT pending + processing FROM audit_heads WHERE tenant_id = of_tenant
    ), 0) > 10 THEN 'job-events-bulk' ELSE 'job-events' END
$$;

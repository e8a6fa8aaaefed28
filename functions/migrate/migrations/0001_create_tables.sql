-- The whole model. Roles exist already: the migrate function creates them from their secrets before this runs.

CREATE TABLE tenants (
    tenant_id text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    webhook_url text,
    webhook_key_version integer NOT NULL DEFAULT 1 CHECK (webhook_key_version > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Usernames are unique across tenants: people log in without naming their tenant.
CREATE TABLE users (
    user_id uuid PRIMARY KEY,
    tenant_id text NOT NULL REFERENCES tenants,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('VIEWER', 'OPERATOR', 'ADMIN')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_by_tenant ON users (tenant_id, username);

CREATE TYPE job_status AS ENUM ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED');

CREATE TABLE jobs (
    job_id uuid PRIMARY KEY,
    tenant_id text NOT NULL REFERENCES tenants,
    type text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    payload jsonb NOT NULL,
    status job_status NOT NULL DEFAULT 'PENDING',
    version integer NOT NULL DEFAULT 0,
    -- How many attempts were started since the job was submitted or last replayed.
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    replay_count integer NOT NULL DEFAULT 0 CHECK (replay_count >= 0),
    max_retries integer NOT NULL CHECK (max_retries >= 0),
    retry_base_seconds double precision NOT NULL CHECK (retry_base_seconds > 0),
    timeout_seconds double precision NOT NULL CHECK (timeout_seconds > 0),
    awaits_classification boolean NOT NULL,
    category text CHECK (category IN ('Infrastructure', 'Database', 'Application', 'Network')),
    priority text CHECK (priority IN ('HIGH', 'MEDIUM', 'LOW')),
    confidence_score double precision CHECK (confidence_score BETWEEN 0 AND 1),
    classification_source text CHECK (classification_source IN ('AI', 'FALLBACK')),
    classification_cached boolean,
    recommended_action text,
    classified_at timestamptz,
    correlation_id text NOT NULL,
    created_by uuid NOT NULL,
    idempotency_key text,
    request_hash text,
    -- The fencing token: who may write the outcome of the running attempt, and until when nobody else may.
    lease_token uuid,
    lease_expires_at timestamptz,
    result jsonb,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz,
    next_attempt_at timestamptz,
    discarded_at timestamptz,
    -- When the event that lets this job run was last due; long past and still PENDING means that it was lost.
    event_due_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((status = 'PROCESSING') = (lease_token IS NOT NULL)),
    CHECK ((lease_token IS NULL) = (lease_expires_at IS NULL)),
    CHECK ((status IN ('COMPLETED', 'FAILED', 'CANCELLED')) = (completed_at IS NOT NULL)),
    CHECK (discarded_at IS NULL OR status = 'FAILED'),
    CHECK ((category IS NULL) = (classified_at IS NULL)),
    CHECK ((idempotency_key IS NULL) = (request_hash IS NULL))
);
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_tenant ON jobs (tenant_id, created_at DESC, job_id DESC);
CREATE INDEX jobs_dead ON jobs (tenant_id, completed_at DESC, job_id DESC)
    WHERE status = 'FAILED' AND discarded_at IS NULL;
CREATE INDEX jobs_by_lease ON jobs (lease_expires_at) WHERE status = 'PROCESSING';
CREATE INDEX jobs_pending ON jobs (event_due_at) WHERE status = 'PENDING';

CREATE TABLE audit_logs (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    tenant_id text NOT NULL REFERENCES tenants,
    user_id uuid,
    username text NOT NULL,
    action text NOT NULL,
    entity_id text NOT NULL,
    old_state text,
    new_state text,
    details text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    correlation_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX audit_logs_by_tenant ON audit_logs (tenant_id, id DESC);
CREATE INDEX audit_logs_by_entity ON audit_logs (tenant_id, entity_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_logs is append-only';
END
$$;
CREATE TRIGGER audit_logs_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Messages that must reach Kafka: written in the transaction that makes them true, deleted once acknowledged.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    tenant_id text NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    headers jsonb NOT NULL,
    due_at timestamptz NOT NULL,
    publish_attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_by_due ON outbox (due_at, id);
CREATE INDEX outbox_by_key ON outbox (key);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;

-- The API sees one tenant: the one set inside its transaction from a verified token. Unset, it sees nothing.
CREATE POLICY api_sees_own ON jobs TO smartqueue_api
    USING (tenant_id = current_setting('smartqueue.tenant_id', true));
CREATE POLICY api_sees_own ON audit_logs TO smartqueue_api
    USING (tenant_id = current_setting('smartqueue.tenant_id', true));
CREATE POLICY api_sees_own ON outbox TO smartqueue_api
    USING (tenant_id = current_setting('smartqueue.tenant_id', true));
GRANT SELECT, INSERT ON jobs TO smartqueue_api;
GRANT UPDATE (status, version, attempt, replay_count, completed_at, next_attempt_at, discarded_at, result, last_error,
    updated_at, started_at, event_due_at, lease_token, lease_expires_at) ON jobs TO smartqueue_api;
GRANT SELECT, INSERT ON audit_logs TO smartqueue_api;
GRANT SELECT, INSERT, DELETE ON outbox TO smartqueue_api;

-- The processor, classifier and relay work for all tenants at once.
CREATE POLICY worker_sees_all ON tenants TO smartqueue_worker USING (true);
CREATE POLICY worker_sees_all ON jobs TO smartqueue_worker USING (true);
CREATE POLICY worker_sees_all ON audit_logs TO smartqueue_worker USING (true);
CREATE POLICY worker_sees_all ON outbox TO smartqueue_worker USING (true);
GRANT SELECT ON tenants TO smartqueue_worker;
GRANT SELECT, UPDATE ON jobs TO smartqueue_worker;
GRANT INSERT ON audit_logs TO smartqueue_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO smartqueue_worker;

-- Login must find a user before it knows the tenant; it sees no job.
CREATE POLICY auth_sees_all ON tenants TO smartqueue_auth USING (true);
CREATE POLICY auth_sees_all ON users TO smartqueue_auth USING (true);
CREATE POLICY auth_sees_all ON audit_logs FOR INSERT TO smartqueue_auth WITH CHECK (true);
GRANT SELECT, INSERT ON tenants TO smartqueue_auth;
GRANT UPDATE (webhook_url, webhook_key_version) ON tenants TO smartqueue_auth;
GRANT SELECT, INSERT ON users TO smartqueue_auth;
GRANT INSERT ON audit_logs TO smartqueue_auth;

-- Gauges count; they read nothing that a tenant wrote.
CREATE POLICY monitor_sees_all ON jobs FOR SELECT TO smartqueue_monitor USING (true);
CREATE POLICY monitor_sees_all ON outbox FOR SELECT TO smartqueue_monitor USING (true);
GRANT SELECT (status, discarded_at, event_due_at, created_at) ON jobs TO smartqueue_monitor;
GRANT SELECT (due_at, created_at) ON outbox TO smartqueue_monitor;

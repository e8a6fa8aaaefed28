-- Tenants and their users. Only the auth function reads or writes them.

-- name: create_tenant
INSERT INTO tenants (tenant_id) VALUES (%(tenant_id)s) ON CONFLICT DO NOTHING RETURNING tenant_id

-- name: create_user
INSERT INTO users (user_id, tenant_id, username, password_hash, role)
VALUES (%(user_id)s, %(tenant_id)s, %(username)s, %(password_hash)s, %(role)s)
ON CONFLICT (username) DO NOTHING
RETURNING user_id

-- name: find_user
SELECT user_id, tenant_id, username, password_hash, role FROM users WHERE username = %(username)s

-- name: browse_users
SELECT user_id, username, role, created_at FROM users
WHERE tenant_id = %(tenant_id)s AND (%(after)s::text IS NULL OR username > %(after)s)
ORDER BY username
LIMIT %(limit)s

-- name: find_webhook
SELECT webhook_url, webhook_key_version FROM tenants WHERE tenant_id = %(tenant_id)s

-- name: change_webhook
UPDATE tenants SET
    webhook_url = %(url)s,
    webhook_key_version = webhook_key_version + CASE WHEN %(rotate)s THEN 1 ELSE 0 END
WHERE tenant_id = %(tenant_id)s
RETURNING webhook_url, webhook_key_version

-- name: record
INSERT INTO audit_logs (tenant_id, user_id, username, action, entity_id, details, correlation_id)
VALUES (%(tenant_id)s, %(user_id)s, %(username)s, %(action)s, %(entity_id)s, %(details)s, %(correlation_id)s)

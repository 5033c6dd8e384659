-- name: add_key
INSERT INTO api_keys (id, prefix, hash, name, ledger, role, scopes, created_at, expires_at,
    revoked_at, last_used_at, holder, channels)
VALUES (%(id)s::text, %(prefix)s::text, %(hash)s::bytea, %(name)s::text, %(ledger)s::text,
    %(role)s::text, %(scopes)s::text[], %(created_at)s::timestamptz, %(expires_at)s::timestamptz,
    %(revoked_at)s::timestamptz, %(last_used_at)s::timestamptz,
    %(holder)s::text, %(channels)s::text[]);

-- name: key_by_prefix
SELECT id, prefix, hash, name, ledger, role, scopes, created_at, expires_at, revoked_at,
    last_used_at, holder, channels
FROM api_keys WHERE prefix = %(prefix)s::text;

-- name: list_keys
SELECT id, prefix, hash, name, ledger, role, scopes, created_at, expires_at, revoked_at,
    last_used_at, holder, channels
FROM api_keys ORDER BY created_at, id;

-- name: valid_keys
-- The valid keys with this id, prefix or name, oldest first; locked.
SELECT id, prefix, hash, name, ledger, role, scopes, created_at, expires_at, revoked_at,
    last_used_at, holder, channels
FROM api_keys
WHERE %(which)s::text IN (id, prefix, name) AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > %(now)s::timestamptz)
ORDER BY created_at, id FOR UPDATE;

-- name: revoke_keys
UPDATE api_keys SET revoked_at = %(now)s::timestamptz WHERE id = ANY(%(ids)s::text[]);

-- name: expire_key
UPDATE api_keys SET expires_at = %(expires_at)s::timestamptz WHERE id = %(id)s::text;

-- name: record_use
UPDATE api_keys AS k SET last_used_at = used.at
FROM unnest(%(ids)s::text[], %(times)s::timestamptz[]) AS used (id, at)
WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at);

-- name: set_actor
-- Who makes the changes of this transaction, for their record.
SELECT set_config('oms_ledger.actor', %(actor)s::text, true);

-- name: list_changes
SELECT number, at, change, actor, login, key_id, name, role, scopes, expires_at, holder,
    channels
FROM api_key_changes
WHERE number < %(before)s::bigint
  AND (%(key)s::text IS NULL OR %(key)s::text IN (key_id, holder, name))
ORDER BY number DESC LIMIT %(limit)s::bigint;

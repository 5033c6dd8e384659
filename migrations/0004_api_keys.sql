-- Who may come in, until when, and for what. Of a key only the SHA-256 of its secret is kept: a
-- secret of 256 random bits cannot be guessed from it, however fast the hash. A revoked key
-- stays, so that the actor of old events can still be named. The ledger stands beside the key,
-- so that keys that come along in a copy are nothing there.
CREATE TABLE api_keys (
    id text PRIMARY KEY,
    prefix text NOT NULL UNIQUE,
    hash bytea NOT NULL,
    name text NOT NULL,
    ledger text NOT NULL,
    role text,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);

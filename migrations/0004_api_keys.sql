-- Who may come in. Of a key only the SHA-256 of its secret is kept: a secret of 256 random bits
-- cannot be guessed from it, however fast the hash. A revoked key stays, so that the actor of
-- old events can still be named.
CREATE TABLE api_keys (
    id text PRIMARY KEY,
    prefix text NOT NULL UNIQUE,
    hash bytea NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

-- Personal values are sealed in the log; what opens them is here, and can be destroyed. The log
-- never forgets, so it is the keys that do.

-- One data key for each data subject (`customer:<id>`, `email:<keyed hash>`, `order:<id>`),
-- wrapped by a key-encryption key that is never in the database. A forgotten subject keeps its
-- row, without the key: so that its sealed values can be told from damaged ones.
CREATE TABLE subject_keys (
    key_id text COLLATE "C" PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    wrapped bytea,
    kek_id text,
    created_at timestamptz NOT NULL,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
    CHECK ((wrapped IS NULL) = (kek_id IS NULL))
) WITH (fillfactor = 80);

-- Whoever was forgotten and comes again gets another key.
CREATE UNIQUE INDEX subject_keys_living ON subject_keys (subject) WHERE destroyed_at IS NULL;

CREATE INDEX subject_keys_destroyed ON subject_keys (destroyed_at) WHERE destroyed_at IS NOT NULL;

CREATE INDEX subject_keys_gone ON subject_keys (subject) WHERE destroyed_at IS NOT NULL;

-- Who has which e-mail address, without the address: `blind` is its HMAC under a key of the ledger.
CREATE TABLE subject_index (
    blind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (blind, key_id)
);

CREATE INDEX subject_index_key ON subject_index (key_id);

-- Who was shown whose personal data, when, where and what for: written before the answer leaves.
CREATE TABLE personal_access (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    principal text NOT NULL,
    purpose text NOT NULL,
    route text NOT NULL,
    keys text[] NOT NULL
);

CREATE INDEX personal_access_keys ON personal_access USING gin (keys);

CREATE TRIGGER personal_access_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON personal_access
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A destroyed key stays destroyed, and no subject is given another's.
CREATE FUNCTION refuse_other_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.destroyed_at IS NOT NULL OR NEW.key_id <> OLD.key_id OR NEW.created_at <> OLD.created_at
    THEN
        RAISE EXCEPTION 'the key % can be wrapped anew or destroyed, nothing else', OLD.key_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER subject_keys_stay
    BEFORE UPDATE ON subject_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_other_key();

CREATE TRIGGER subject_keys_are_kept
    BEFORE DELETE OR TRUNCATE ON subject_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

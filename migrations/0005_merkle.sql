-- The ledger as evidence: a Merkle tree over the events (leaf = position - 1), made beside the
-- log by a sealer that never takes the head's lock. What an event was when it was sealed can be
-- proven later; docs/audit.md says what that proves and what it cannot.

-- One row: how much is sealed. Whoever seals moves it from the size it has read, or not at all.
-- The id is made once and names the ledger in everything that is signed; it goes with a dump.
CREATE TABLE merkle_tree (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    ledger_id text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    -- Spares several workers the same work; it is the size that keeps them apart.
    lease_owner text,
    lease_until timestamptz
) WITH (fillfactor = 50);

INSERT INTO merkle_tree (ledger_id, size, root)
VALUES (replace(gen_random_uuid()::text, '-', ''), 0, sha256(''));

-- Tiles of at most 256 hashes (c2sp.org/tlog-tiles). A full one never changes; the last of each
-- level grows, and what is in it stays.
CREATE TABLE merkle_tiles (
    level smallint NOT NULL,
    index bigint NOT NULL,
    width smallint NOT NULL CHECK (width BETWEEN 1 AND 256),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 32 * width),
    PRIMARY KEY (level, index)
);

-- Hashes do not compress; they are kept out of line and read as they are.
ALTER TABLE merkle_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Every checkpoint that was signed (c2sp.org/tlog-checkpoint), as text.
CREATE TABLE merkle_checkpoints (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    signed_at timestamptz NOT NULL
);

CREATE INDEX merkle_checkpoints_size ON merkle_checkpoints (size, number);

-- The public keys, and from which size on each signed. The private ones are never in here.
-- `rotation` is the note by which its predecessor hands over; the first key has none.
CREATE TABLE merkle_keys (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    key_id bytea NOT NULL,
    public_key bytea NOT NULL,
    from_size bigint NOT NULL,
    rotation text,
    UNIQUE (name, key_id)
);

CREATE FUNCTION refuse_other_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.level <> OLD.level OR NEW.index <> OLD.index
        OR NEW.width < OLD.width
        OR substring(NEW.hashes FOR 32 * OLD.width) <> OLD.hashes
    THEN
        RAISE EXCEPTION 'a tile can only grow: tile % of level %', OLD.index, OLD.level
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION refuse_smaller_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size < OLD.size OR NEW.ledger_id <> OLD.ledger_id
        OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
    THEN
        RAISE EXCEPTION 'the tree can only grow: from % to % events', OLD.size, NEW.size
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER merkle_tiles_grow
    BEFORE UPDATE ON merkle_tiles
    FOR EACH ROW EXECUTE FUNCTION refuse_other_tile();

CREATE TRIGGER merkle_tiles_stay
    BEFORE DELETE OR TRUNCATE ON merkle_tiles
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER merkle_tree_grows
    BEFORE UPDATE ON merkle_tree
    FOR EACH ROW EXECUTE FUNCTION refuse_smaller_tree();

CREATE TRIGGER merkle_tree_stays
    BEFORE DELETE OR TRUNCATE ON merkle_tree
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER merkle_checkpoints_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON merkle_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER merkle_keys_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON merkle_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

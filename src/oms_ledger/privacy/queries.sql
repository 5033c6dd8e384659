-- name: ledger_id
SELECT ledger_id FROM merkle_tree;

-- name: ensure_key
-- A key that another process has just inserted is not in this statement's snapshot: the caller repeats
-- the statement, which then returns it.
WITH made AS (
    INSERT INTO subject_keys (key_id, subject, wrapped, kek_id, created_at)
    VALUES (%(id)s, %(subject)s, %(wrapped)s, %(kek)s, %(now)s)
    ON CONFLICT (subject) WHERE destroyed_at IS NULL DO NOTHING
    RETURNING key_id, subject, wrapped, kek_id
)
SELECT * FROM made
UNION ALL
SELECT key_id, subject, wrapped, kek_id FROM subject_keys
WHERE subject = %(subject)s AND destroyed_at IS NULL;

-- name: living_keys
SELECT key_id, subject, wrapped, kek_id FROM subject_keys
WHERE subject = ANY(%(subjects)s::text[]) AND destroyed_at IS NULL;

-- name: keys_by_id
SELECT key_id, subject, wrapped, kek_id FROM subject_keys WHERE key_id = ANY(%(ids)s::text[]);

-- name: destroyed_keys
SELECT key_id FROM subject_keys WHERE destroyed_at > %(since)s::timestamptz;

-- name: keys_to_rewrap
-- Keys that another key-encryption key than the current one wraps; locked.
SELECT key_id, subject, wrapped, kek_id FROM subject_keys
WHERE destroyed_at IS NULL AND kek_id <> %(kek)s::text
ORDER BY key_id LIMIT %(limit)s::bigint FOR UPDATE;

-- name: rewrap_keys
UPDATE subject_keys AS k SET wrapped = n.wrapped, kek_id = n.kek_id
FROM unnest(%(ids)s::text[], %(wrapped)s::bytea[], %(keks)s::text[]) AS n (key_id, wrapped, kek_id)
WHERE k.key_id = n.key_id AND k.destroyed_at IS NULL;

-- name: keks_in_use
SELECT DISTINCT kek_id FROM subject_keys WHERE destroyed_at IS NULL;

-- name: log_accesses
-- `keys` also holds the orders whose sensitive content was disclosed, as `sensitive:<order id>`, and
-- drafts as `sensitive-draft:<draft id>`.
INSERT INTO personal_access (at, actor, principal, purpose, route, keys)
SELECT clock_timestamp(), a.actor, a.principal, a.purpose, a.route,
       array(SELECT json_array_elements_text(a.keys))
FROM json_to_recordset(%(accesses)s::json)
    AS a (actor text, principal text, purpose text, route text, keys json);

-- name: list_accesses
SELECT a.number, a.at, a.actor, a.principal, a.purpose, a.route,
    array(SELECT DISTINCT k.subject FROM subject_keys AS k
          WHERE k.key_id = ANY(a.keys) ORDER BY k.subject) AS subjects,
    array(SELECT substr(k, length(%(mark)s::text) + 1) FROM unnest(a.keys) AS k
          WHERE starts_with(k, %(mark)s::text) ORDER BY k) AS sensitive_orders,
    array(SELECT substr(k, length(%(draft_mark)s::text) + 1) FROM unnest(a.keys) AS k
          WHERE starts_with(k, %(draft_mark)s::text) ORDER BY k) AS sensitive_drafts
FROM personal_access AS a
WHERE a.number < %(before)s::bigint
  AND (%(actor)s::text IS NULL OR a.actor = %(actor)s::text)
  AND (%(subjects)s::text[] IS NULL OR a.keys && array(
      SELECT s.key_id FROM subject_keys AS s WHERE s.subject = ANY(%(subjects)s::text[])))
  AND (%(order)s::text IS NULL OR a.keys @> ARRAY[%(mark)s::text || %(order)s::text])
ORDER BY a.number DESC LIMIT %(limit)s::bigint;

-- name: known_subject
SELECT FROM subject_keys WHERE subject = %(subject)s::text LIMIT 1;

-- name: resolve_subject
-- Guest orders belong to the owner of the e-mail address. `own`: keys of the subject; `touched`:
-- guest keys with the same address; `sharing`: other customers who use it (their holds count too).
WITH own AS (
    SELECT key_id, subject FROM subject_keys
    WHERE destroyed_at IS NULL AND (subject = ANY(%(subjects)s::text[]) OR key_id = %(key)s::text)
), touched AS (
    SELECT key_id, subject FROM own
    UNION
    SELECT k.key_id, k.subject FROM subject_keys AS k
    WHERE k.destroyed_at IS NULL AND k.subject IN (
        SELECT 'email:' || i.blind FROM subject_index AS i JOIN own USING (key_id)
        WHERE starts_with(own.subject, 'customer:'))
), sharing AS (
    SELECT k.key_id, k.subject FROM subject_keys AS k
    WHERE k.destroyed_at IS NULL AND k.key_id IN (
        SELECT i.key_id FROM touched JOIN subject_index AS i ON i.blind = substr(subject, 7)
        WHERE starts_with(subject, 'email:'))
)
SELECT 'own', key_id, subject FROM own
UNION ALL SELECT 'touched', key_id, subject FROM touched
UNION ALL SELECT 'sharing', key_id, subject FROM sharing
ORDER BY 2;

-- name: erasure_receipts
-- Walks the streams of customers, however long the log is: '-' is followed by '.' in the "C"
-- collation.
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events
WHERE (originator_id, originator_version) > (%(stream)s::text, %(version)s::bigint)
  AND originator_id < 'customer.' AND topic = ANY(%(topics)s::text[])
  AND notification_id > %(after)s::bigint AND notification_id <= %(until)s::bigint
ORDER BY originator_id, originator_version LIMIT %(limit)s::bigint;

-- name: erasure_receipt
SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events
WHERE notification_id = %(position)s::bigint AND topic = ANY(%(topics)s::text[]);

-- name: named_accounts
-- Streams of store credit before and after those of accounts with hashed names: ':' is followed by
-- ';' in the "C" collation, and '-' by '.'.
SELECT EXISTS (SELECT FROM ledger_events
               WHERE originator_id >= 'store_credit-' AND originator_id < 'store_credit-account:')
    OR EXISTS (SELECT FROM ledger_events
               WHERE originator_id >= 'store_credit-account;' AND originator_id < 'store_credit.');

-- name: has_stream
SELECT FROM ledger_events WHERE originator_id = %(stream)s::text LIMIT 1;

-- name: stream_events
SELECT topic, state FROM ledger_events
WHERE originator_id = %(stream)s::text AND topic = ANY(%(topics)s::text[])
ORDER BY originator_version;

-- name: keys_to_destroy
-- The keys that the receipts name, and keys made for the same subjects before the decision.
SELECT key_id FROM subject_keys
WHERE destroyed_at IS NULL AND key_id IN (
    SELECT unnest(%(keys)s::text[])
    UNION ALL
    SELECT k.key_id FROM unnest(%(subjects)s::text[], %(times)s::timestamptz[]) AS f (subject, at)
    JOIN subject_keys AS k ON k.subject = f.subject AND k.destroyed_at IS NULL
    WHERE k.created_at <= f.at)
ORDER BY key_id FOR UPDATE;

-- name: lock_head
-- The writer adds entries of the index under this lock: none for a key that is destroyed meanwhile.
SELECT FROM ledger_head FOR UPDATE;

-- name: remove_index_entries
DELETE FROM subject_index WHERE key_id = ANY(%(ids)s::text[]);

-- name: destroy_keys
-- The blinded address is removed too: the ledger's key would allow guessing it.
UPDATE subject_keys SET wrapped = NULL, kek_id = NULL, destroyed_at = %(at)s::timestamptz,
    subject = CASE WHEN subject LIKE 'email:%%' THEN 'email:' ELSE subject END
WHERE key_id = ANY(%(ids)s::text[]);

-- name: prune_accesses
-- Only the owner may delete from the access log; this function does so, as the owner.
SELECT prune_accesses(%s, %s);

-- The channels that a key is bound to, in lower case: with it only their orders are placed, seen and
-- changed. Null where it is bound to none.
ALTER TABLE api_keys ADD COLUMN channels text[] CHECK (cardinality(channels) > 0);

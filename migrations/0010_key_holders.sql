-- The id of the first key of those that have replaced each other by rotation: who acts, whichever
-- of their secrets is used. Null where that is the key itself.
ALTER TABLE api_keys ADD COLUMN holder text;

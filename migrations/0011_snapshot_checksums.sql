-- A snapshot is derived from the events of its stream, and stock is promised from it: the checksum,
-- SHA-256 over all the other columns, shows that it is still what the program stored. A snapshot
-- without one is from before, and is not read any more; the events are folded instead.
ALTER TABLE snapshots ADD COLUMN checksum bytea;

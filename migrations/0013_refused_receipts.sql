-- Receipts of refusals are deleted after some days, those of what happened by a period alone: who
-- sends refused commands for ever must not fill the table. This index finds them without reading
-- the others. A receipt begins with its position, then with the refusal or with what happened.
CREATE INDEX receipts_refused ON receipts (recorded_at)
    WHERE position(',"refusal":'::bytea IN substring(outcome FROM 1 FOR 45)) > 0;

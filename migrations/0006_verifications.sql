-- What `oms-ledger verify` found, so that everybody can see when the ledger was last looked at and
-- with which result. A note for the desk, not evidence: the report that is filed elsewhere is that.
CREATE TABLE verifications (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    verified_at timestamptz NOT NULL,
    ok boolean NOT NULL,
    report jsonb NOT NULL
);

-- The deadlines whose command was submitted and decided, whatever came of it: a command may do nothing
-- where it no longer applies, and then no event ends the deadline. They are deleted after a long time;
-- one that is still open by then is submitted once more.
CREATE TABLE submitted_deadlines (
    kind text NOT NULL,
    reference text COLLATE "C" NOT NULL,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (kind, reference)
);

CREATE INDEX submitted_deadlines_at ON submitted_deadlines (submitted_at);

-- What runs were worth. Each run has one current grade; those before it are kept.
CREATE TABLE grades (
    run_id     TEXT NOT NULL,
    at         TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    current    INTEGER NOT NULL,
    source     TEXT NOT NULL,
    score      INTEGER NOT NULL,
    passed     INTEGER NOT NULL,
    verified   TEXT,
    mode       TEXT NOT NULL,
    role       TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    model      TEXT,
    -- Deductions, the controller's words and remark: read with one run only.
    detail     TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX grades_current ON grades (run_id) WHERE current = 1;
CREATE INDEX grades_of_run ON grades (run_id, at_ms DESC);

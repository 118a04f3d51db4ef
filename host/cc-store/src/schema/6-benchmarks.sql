-- Benchmarks of models. `plan` is what is to be run, as JSON; a result is written when its run begins and again when
-- it is judged, so that whoever goes on with a benchmark knows what is missing.
CREATE TABLE benchmarks (
    benchmark_id TEXT PRIMARY KEY NOT NULL,
    created_ms   INTEGER NOT NULL,
    suite        TEXT NOT NULL,
    suite_digest TEXT NOT NULL,
    -- Its scores may speak for a model; those of one task that a caller made up may not.
    ranks        INTEGER NOT NULL,
    plan         TEXT NOT NULL
) STRICT;

CREATE INDEX benchmarks_newest ON benchmarks (created_ms DESC);

CREATE TABLE benchmark_results (
    benchmark_id       TEXT NOT NULL REFERENCES benchmarks (benchmark_id),
    profile_id         TEXT NOT NULL,
    profile_name       TEXT NOT NULL,
    -- Empty for the provider's default.
    model              TEXT NOT NULL,
    actual_model       TEXT,
    role               TEXT NOT NULL,
    task               TEXT NOT NULL,
    repetition         INTEGER NOT NULL,
    state              TEXT NOT NULL,
    score              REAL,
    checks             TEXT NOT NULL,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cost_usd           REAL,
    duration_ms        INTEGER,
    run_id             TEXT,
    at                 TEXT NOT NULL,
    error              TEXT,
    PRIMARY KEY (benchmark_id, profile_id, model, task, repetition)
) STRICT;

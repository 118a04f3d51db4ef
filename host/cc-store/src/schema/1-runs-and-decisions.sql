CREATE TABLE runs (
    run_id             TEXT PRIMARY KEY NOT NULL,
    status             TEXT NOT NULL,
    active             INTEGER NOT NULL,
    mode               TEXT NOT NULL,
    role               TEXT NOT NULL,
    task_type          TEXT NOT NULL,
    profile_id         TEXT NOT NULL,
    profile_name       TEXT NOT NULL,
    model              TEXT,
    actual_model       TEXT,
    cwd                TEXT NOT NULL,
    workspace_root     TEXT NOT NULL,
    run_dir            TEXT NOT NULL,
    started_at         TEXT NOT NULL,
    started_ms         INTEGER NOT NULL,
    finished_at        TEXT,
    duration_ms        INTEGER,
    exit_code          INTEGER,
    is_error           INTEGER,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cost_usd           REAL,
    cost_is_estimate   INTEGER NOT NULL,
    error              TEXT,
    allow_write        INTEGER NOT NULL,
    -- A lost run's processes and private files may still be there; whoever ends them clears this.
    leftovers          INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX runs_newest ON runs (active DESC, started_ms DESC, run_id DESC);
CREATE INDEX runs_of_workspace ON runs (workspace_root, active DESC, started_ms DESC, run_id DESC);
CREATE INDEX runs_by_time ON runs (started_ms DESC, run_id DESC);
CREATE INDEX runs_with_leftovers ON runs (run_id) WHERE leftovers = 1;

CREATE TABLE decisions (
    run_id     TEXT,
    at         TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    request    TEXT NOT NULL,
    candidates TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    plugins    TEXT NOT NULL
) STRICT;

CREATE INDEX decisions_of_run ON decisions (run_id, at_ms DESC);
CREATE INDEX decisions_newest ON decisions (at_ms DESC);

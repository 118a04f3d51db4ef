-- Jobs that wait for a worker, and what became of them.
CREATE TABLE jobs (
    job_id          TEXT PRIMARY KEY NOT NULL,
    state           TEXT NOT NULL,
    -- Of a running job: claimed, run, verify or rollback.
    stage           TEXT,
    project         TEXT NOT NULL,
    cwd             TEXT NOT NULL,
    -- The profile it names; '' for none.
    profile         TEXT NOT NULL,
    -- The one it runs on, or would have run on when that was full; '' is not known.
    lane            TEXT NOT NULL,
    writes          INTEGER NOT NULL,
    -- Null when no job can be in its way.
    footprint       TEXT,
    shared          INTEGER NOT NULL,
    priority        INTEGER NOT NULL,
    submitted_ms    INTEGER NOT NULL,
    -- The smallest is the next: priority and age in one number that time does not change.
    order_key       INTEGER NOT NULL,
    -- Queued, and waits neither for another job nor for a time.
    ready           INTEGER NOT NULL,
    waits_for       INTEGER NOT NULL,
    not_before_ms   INTEGER,
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- The rest as the policy was at the last claim.
    retries         INTEGER NOT NULL DEFAULT 0,
    backoff_ms      INTEGER NOT NULL DEFAULT 0,
    max_backoff_ms  INTEGER NOT NULL DEFAULT 0,
    run_id          TEXT,
    lease_owner     TEXT,
    lease_until_ms  INTEGER,
    -- Somebody wants it cancelled once its run has ended, and why.
    cancel          TEXT,
    reason          TEXT,
    changed_ms      INTEGER NOT NULL,
    started_ms      INTEGER,
    ended_ms        INTEGER,
    idempotency_key TEXT,
    tested          INTEGER NOT NULL,
    verification    TEXT,
    -- Profiles and models whose work failed its verification, as JSON.
    failures        TEXT NOT NULL DEFAULT '[]',
    last_failure    TEXT,
    scope_warning   TEXT,
    -- What the worker gets, byte for byte; gone once the job has ended.
    task            TEXT,
    context         TEXT,
    -- The task as it may be kept.
    shown           TEXT NOT NULL,
    spec            TEXT NOT NULL
) STRICT;

-- Rows that are equal in an index are in the order they were inserted.
CREATE INDEX jobs_ready ON jobs (project, lane, shared, order_key) WHERE ready = 1;
CREATE INDEX jobs_waiting ON jobs (not_before_ms) WHERE not_before_ms IS NOT NULL;
CREATE INDEX jobs_running ON jobs (job_id) WHERE state = 'running';
CREATE INDEX jobs_next ON jobs (order_key) WHERE state = 'queued';
CREATE INDEX jobs_of_run ON jobs (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (ended_ms DESC, job_id DESC) WHERE ended_ms IS NOT NULL;
CREATE UNIQUE INDEX jobs_by_key ON jobs (project, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE job_needs (
    job_id TEXT NOT NULL,
    needs  TEXT NOT NULL,
    PRIMARY KEY (job_id, needs)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_needs_by ON job_needs (needs);

CREATE TABLE job_events (
    seq        INTEGER PRIMARY KEY,
    job_id     TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    reason     TEXT,
    run_id     TEXT
) STRICT;

CREATE INDEX job_events_of ON job_events (job_id, seq);

-- Kept as jobs change, so that nobody counts a million rows.
CREATE TABLE job_counts (
    state TEXT PRIMARY KEY NOT NULL,
    n     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO job_counts VALUES ('queued', 0), ('running', 0), ('done', 0), ('failed', 0), ('timed_out', 0),
    ('cancelled', 0);

CREATE TRIGGER job_counted AFTER INSERT ON jobs BEGIN
    UPDATE job_counts SET n = n + 1 WHERE state = NEW.state;
END;

CREATE TRIGGER job_recounted AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE job_counts SET n = n - 1 WHERE state = OLD.state;
    UPDATE job_counts SET n = n + 1 WHERE state = NEW.state;
END;

CREATE TRIGGER job_discounted AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET n = n - 1 WHERE state = OLD.state;
END;

-- The ageing that the order keys were made with.
CREATE TABLE queue_order (ageing_ms INTEGER NOT NULL) STRICT;
INSERT INTO queue_order VALUES (60000);

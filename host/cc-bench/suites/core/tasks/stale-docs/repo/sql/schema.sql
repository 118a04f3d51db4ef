CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL CHECK (title <> ''),
    queue TEXT NOT NULL DEFAULT 'default',
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts <= {{limit}}),
    keep_days INTEGER NOT NULL DEFAULT {{days}},
    -- Null while the job runs.
    finished_on TEXT
);
CREATE TABLE output (
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    line TEXT NOT NULL
);

-- Where a run's supervisor listens, and how runs belong together.
ALTER TABLE runs ADD COLUMN control TEXT;
ALTER TABLE runs ADD COLUMN parent_run_id TEXT;
ALTER TABLE runs ADD COLUMN team_id TEXT;

CREATE INDEX runs_of_team ON runs (team_id) WHERE team_id IS NOT NULL;

CREATE TABLE teams (
    team_id    TEXT PRIMARY KEY NOT NULL,
    created_ms INTEGER NOT NULL,
    manifest   TEXT NOT NULL
) STRICT;

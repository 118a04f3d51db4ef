-- What each run used, by the day (UTC), the profile and the model that answered. Its supervisor replaces a run's rows
-- while it goes on; all sums of tokens and USD are made of these.
CREATE TABLE ledger (
    run_id             TEXT NOT NULL,
    day                TEXT NOT NULL,
    profile_id         TEXT NOT NULL,
    model              TEXT NOT NULL,
    profile_name       TEXT NOT NULL,
    declared_model     TEXT,
    role               TEXT NOT NULL,
    project            TEXT NOT NULL,
    mode               TEXT NOT NULL,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    tokens             INTEGER NOT NULL
        GENERATED ALWAYS AS (input_tokens + output_tokens + cache_read_tokens + cache_write_tokens) VIRTUAL,
    -- None where no price is known.
    usd                REAL,
    accuracy           TEXT NOT NULL,
    PRIMARY KEY (run_id, day, profile_id, model)
) STRICT, WITHOUT ROWID;

-- All that a look at a day's limits needs.
CREATE INDEX ledger_of_day ON ledger (day, profile_id, project, mode, usd, tokens);

INSERT INTO ledger (run_id, day, profile_id, model, profile_name, declared_model, role, project, mode, input_tokens,
    output_tokens, cache_read_tokens, cache_write_tokens, usd, accuracy)
SELECT run_id, date(started_ms / 1000, 'unixepoch'), profile_id, coalesce(actual_model, model, ''), profile_name, model,
    role, workspace_root, mode, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
    iif(cost_is_estimate, NULL, cost_usd), iif(cost_is_estimate OR cost_usd IS NULL, 'unknown', 'reported')
FROM runs WHERE input_tokens + output_tokens + cache_read_tokens + cache_write_tokens > 0;

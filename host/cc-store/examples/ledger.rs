//! How fast the ledger is with many rows: `cargo run --release -p cc-store --example ledger`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{path::Path, time::Instant};

use cc_domain::{CostGuard, Payer, RunRecord, Spent, Usage};
use cc_store::{Home, LedgerLine, Store, UsageBy, today};
use serde_json::json;

const ROWS: u32 = 100_000;
const ROUNDS: u32 = 20;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    let store = Store::open(&home).unwrap();
    for days in [100, 1] {
        fill(&home, days);
        println!("{ROWS} rows over {days} days:");
        figures(&store, dir.path());
    }
}

/// Runs of two models each, spread over the days that end today.
fn fill(home: &Home, days: u32) {
    let db = rusqlite::Connection::open(home.state_db()).unwrap();
    db.execute_batch(&format!(
        "DELETE FROM ledger; DELETE FROM runs;
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS} / 2 - 1)
         INSERT INTO runs SELECT printf('20261123T061500Z-%08x', i), iif(i % 9, 'succeeded', 'failed'), 0, 'blocking',
             'review', 'review', 'p-' || (i % 7), 'n', 'm', 'm', '/p', '/p/' || (i % 11), '/r', 'at',
             unixepoch('now', '-' || (i % {days}) || ' days') * 1000, NULL, 1, 0, 0, 1, 2, 3, 4, 0.1, 0, NULL, 0, 0,
             NULL, NULL, NULL FROM n;
         INSERT INTO ledger SELECT run_id, date(started_ms / 1000, 'unixepoch'), profile_id, answered, 'n', 'm', role,
             workspace_root, mode, 1000, 200, 3000, 40, 0.01, 'priced'
         FROM runs, (SELECT 'glm-5.2' AS answered UNION ALL SELECT 'kimi-k2.7-code'); ANALYZE;"
    ))
    .unwrap();
}

fn figures(store: &Store, dir: &Path) {
    let today = today().parse().unwrap();
    let first = jiff::ToSpan::days(-99_i64);
    let since = jiff::civil::Date::saturating_add(today, first);
    let payer = Payer { profile_id: "p-1", profile_name: "n", project: Path::new("/p/1") };
    let run: RunRecord = serde_json::from_value(json!({
        "format": 1, "run_id": "20261125T061500Z-00000000", "mode": "blocking", "status": "running",
        "started_at": "2026-11-25T06:15:00Z", "finished_at": null, "duration_ms": null, "cwd": dir,
        "workspace_root": "/p/1", "artifact_root": dir, "role": "review", "task_type": "review",
        "permission_mode": "plan", "allow_write": false, "timeout_seconds": 60, "prompt_sha256": "", "command": [],
        "supervisor_pid": null, "child_pid": null, "exit_code": null, "stop_reason": null, "error": null,
        "result": null, "route": { "role": "review", "task_type": "review", "profile_id": "p-1",
            "profile_name": "n", "model": "m", "score": null, "reason": "", "trace": [] },
    }))
    .unwrap();
    let usage = Usage { input_tokens: 10, ..Usage::default() };
    let line = LedgerLine {
        day: today.to_string(),
        profile_id: "p-1".into(),
        profile_name: "n".into(),
        declared_model: None,
        model: "glm-5.2".into(),
        spent: Spent { usage, usd: Some(0.1), ..Spent::default() },
    };
    let guard: CostGuard = serde_json::from_value(json!({ "usd": { "day": 1e9 } })).unwrap();
    let lines = std::slice::from_ref(&line);
    timed("  write a run's line, no limit set", || store.write_ledger(&run, lines, None).unwrap());
    timed("  write it and look at all limits", || store.write_ledger(&run, lines, Some(&guard)).unwrap());
    timed("  look alone (a quiet supervisor)", || store.spending_of(&run, &guard).unwrap());
    timed("  look before a start", || store.standing(payer).unwrap());
    timed("  usage of today by model", || store.usage(UsageBy::Model, today, today).unwrap());
    timed("  usage of a week by project", || {
        let week = today.saturating_sub(jiff::ToSpan::days(6_i64));
        store.usage(UsageBy::Project, week, today).unwrap()
    });
    timed("  usage of 100 days by profile", || store.usage(UsageBy::Profile, since, today).unwrap());
}

fn timed<T>(what: &str, mut act: impl FnMut() -> T) {
    act();
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        act();
    }
    println!("{what}: {:.2} ms", begun.elapsed().as_secs_f64() * 1_000.0 / f64::from(ROUNDS));
}

//! Recorded decisions, decided again: as an upgrade would, and as a router that somebody wants to add would.

use std::time::Instant;

use cc_orchestrator_tests::{
    Sandbox,
    plugin::{self, Router},
    script::Step,
};
use rusqlite::Connection;

const DECISIONS: usize = 10_000;
const ROLES: [&str; 5] = ["review", "testing", "security", "documentation", "implementation"];

/// Ten thousand records of five jobs, through the policy as it is and through one with another router.
pub(crate) fn replay() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("Done.")]);
    for role in ROLES {
        assert_eq!(sandbox.run(&["run-agent", "Do it.", "--role", role]).code, Some(0));
    }
    many(&sandbox);
    let candidate = sandbox.root().join("candidate");
    plugin::write(&candidate, "team.router", Router::Chooses { profile: "id-kimi", model: "kimi-k2.7-code" });
    let folder = candidate.to_str().expect("a path");
    let count = DECISIONS.to_string();
    for (what, arguments) in [
        ("upgrade-check, scored and routed again", vec!["upgrade-check", "--json", "--replay", &count]),
        ("a candidate router, routed again", vec!["plugin", "replay", folder, "--json", "--last", &count]),
    ] {
        let begun = Instant::now();
        let report = sandbox.run(&arguments).json();
        let found = if report["decisions"].is_object() { &report["decisions"] } else { &report };
        println!(
            "replay, {what}: {} of {} routes differ; {:.2} s",
            found["differ"],
            found["routes"],
            begun.elapsed().as_secs_f64()
        );
    }
}

fn many(sandbox: &Sandbox) {
    let db = Connection::open(sandbox.home().join("state.db")).expect("the database");
    let copies = DECISIONS / ROLES.len() - 1;
    let copy = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies})
         INSERT INTO decisions (run_id, at, at_ms, kind, request, candidates, outcome, plugins)
         SELECT run_id, at, at_ms, kind, request, candidates, outcome, plugins FROM decisions, n
         WHERE kind = 'route'"
    );
    db.execute(&copy, []).expect("copies");
}

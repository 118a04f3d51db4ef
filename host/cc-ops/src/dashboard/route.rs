//! Who chose a run's model, and what it cost.

use cc_domain::{Accuracy, RunId, RunRecord};
use cc_reports::dashboard::model::{CandidateRow, CostRow, RunRoute};
use serde_json::Value;

use super::Dashboard;
use crate::{OpError, facts::cost, wait};

pub(super) fn gather(dashboard: &Dashboard, id: &RunId) -> Result<RunRoute, OpError> {
    let store = dashboard.cx.store()?;
    let record = wait::read(&store, id)?;
    let decisions = store.decisions(Some(id), 20)?;
    let routed = decisions.iter().find(|decision| decision.kind == "route");
    let (result, spent) = (record.result.as_ref(), record.output_budget.spent);
    let models = result.into_iter().flat_map(|result| &result.actual.models).map(|one| CostRow {
        model: one.model.clone(),
        input: one.usage.input_tokens,
        output: one.usage.output_tokens,
        cache_read: one.usage.cache_read_tokens,
        cache_write: one.usage.cache_write_tokens,
        usd: one.cost_usd,
    });
    Ok(RunRoute {
        reason: record.route.reason.clone(),
        score: record.route.score,
        trace: record.route.trace.clone(),
        drift: record.route_drift.as_ref().filter(|drift| drift.route_changed).map(|drift| {
            format!(
                "the run before was on {} ({}): {}",
                drift.previous_profile,
                drift.previous_model.as_deref().unwrap_or("default model"),
                drift.route_change_reason.replace('_', " ")
            )
        }),
        candidates: routed.map(|decision| candidates(&decision.candidates, &record)).unwrap_or_default(),
        models: models.collect(),
        total_usd: cost(&record),
        accuracy: spent.map(|spent| sureness(spent.accuracy).to_owned()),
        facts: facts(&record),
        command: record.command.clone(),
    })
}

fn sureness(accuracy: Accuracy) -> &'static str {
    match accuracy {
        Accuracy::Reported => "tokens and USD as the worker reported them",
        Accuracy::Priced => "tokens as told, by the listed price",
        Accuracy::Reckoned => "tokens reckoned from what was written so far",
        Accuracy::Unknown => "no price is known: tokens only",
    }
}

fn candidates(all: &Value, record: &RunRecord) -> Vec<CandidateRow> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |one: &Value| CandidateRow {
        profile: text(&one["profile_name"]),
        model: text(&one["model"]),
        score: one["score"].as_f64().unwrap_or_default(),
        usable: one["usable"].as_bool().unwrap_or_default(),
        chosen: one["profile_id"] == record.route.profile_id.as_str()
            && text(&one["model"]) == record.route.model.as_deref().unwrap_or_default(),
    };
    let mut rows: Vec<CandidateRow> = all.as_array().into_iter().flatten().map(row).collect();
    rows.sort_by(|a, b| b.usable.cmp(&a.usable).then(b.score.total_cmp(&a.score)));
    rows
}

fn facts(record: &RunRecord) -> Vec<(String, String)> {
    let mut facts = vec![
        ("run".to_owned(), record.run_id.to_string()),
        ("folder".to_owned(), record.cwd.display().to_string()),
        (
            "record".to_owned(),
            cc_store::RunDir::of(&record.workspace_root, &record.run_id).path().display().to_string(),
        ),
        ("permission mode".to_owned(), record.permission_mode.clone()),
        ("time limit".to_owned(), format!("{} s", record.timeout_seconds)),
        ("prompt".to_owned(), format!("sha256 {}", record.prompt_sha256)),
    ];
    let mut known =
        |name: &str, value: Option<String>| facts.extend(value.map(|value| (name.to_owned(), value)));
    let session = record.result.as_ref().and_then(|result| result.session_id.clone());
    known("session", session.or_else(|| record.session_id.clone()));
    known("supervisor's process", record.supervisor_pid.map(|pid| pid.to_string()));
    known("worker's process", record.child_pid.map(|pid| pid.to_string()));
    known("exit code", record.exit_code.map(|code| code.to_string()));
    let moment = |ts: &String| ts.parse().map_or_else(|_| ts.clone(), super::moment);
    known("started", Some(moment(&record.started_at)));
    known("finished", record.finished_at.as_ref().map(moment));
    facts
}

//! What a rollback would do, in words.

use cc_domain::RunId;
use cc_reports::dashboard::model::RollbackPlan;
use serde_json::{Value, json};

use super::Dashboard;
use crate::{OpError, registry};

const STEPS: [(&str, &str); 8] = [
    ("restored", "Get back what they held"),
    ("removed", "Go"),
    ("set_aside", "Moved aside, and can be brought back"),
    ("brought_back", "Brought back"),
    ("modes", "Get back their permissions"),
    ("refs", "Refs that move back"),
    ("git_files", "Git's own files that get back what they held"),
    ("indexes", "Indexes restored"),
];

/// By the operation itself, which without confirm changes nothing.
pub(super) async fn gather(dashboard: &Dashboard, run: &RunId, undo: bool) -> Result<RollbackPlan, OpError> {
    let operation = registry().iter().find(|entry| entry.name == "cc_rollback_run");
    let Some(operation) = operation else { return Err(OpError::invalid("there is no rollback", "")) };
    let call = operation.call(dashboard.cx.clone(), json!({ "run_id": run, "undo": undo }));
    let reply = call.await?.structured;
    let plan = &reply["plan"];
    let steps = STEPS.into_iter().map(|(key, words)| (words, things(&plan[key])));
    let possible = reply["requires_confirm"] == true;
    let message = match (possible, undo) {
        (true, false) => "Nothing was done yet. This is what goes back to how it was before the run.",
        (true, true) => "Nothing was done yet. This is what the rollback took and is brought back.",
        _ => reply["message"].as_str().unwrap_or_default(),
    };
    Ok(RollbackPlan {
        message: message.to_owned(),
        undo,
        possible,
        steps: steps.filter(|(_, things)| !things.is_empty()).collect(),
        conflicts: remarks(&reply["conflicts"]),
        left: remarks(&plan["left"]),
    })
}

/// Paths, or refs by their names.
fn things(list: &Value) -> Vec<String> {
    let name = |one: &Value| one.as_str().or_else(|| one["name"].as_str()).unwrap_or_default().to_owned();
    list.as_array().into_iter().flatten().map(name).collect()
}

fn remarks(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.as_array().into_iter().flatten().map(|one| (text(&one["what"]), text(&one["why"]))).collect()
}

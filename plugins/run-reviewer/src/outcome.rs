//! How a run ended, what it cost, and whether it kept to its bounds.

use cc_policy_sdk::run_reviewer::{Confidence, Flag, Severity};

use crate::{facts::Facts, flag, settings::Settings};

/// Part of a budget that is worth a word while the run still goes on.
const NEAR_BUDGET: f64 = 0.8;

/// Bounds that were crossed.
pub(crate) fn safety(facts: &Facts<'_>) -> Vec<Flag> {
    [secrets(facts), scope(facts)].into_iter().flatten().collect()
}

/// The ending and its cost.
pub(crate) fn ending(facts: &Facts<'_>, settings: &Settings) -> Vec<Flag> {
    let found = [
        api_error(facts, settings),
        no_result(facts),
        tests_failed(facts),
        spend(facts),
        permission_denied(facts),
    ];
    found.into_iter().flatten().collect()
}

fn secrets(facts: &Facts<'_>) -> Option<Flag> {
    let count = facts.number("secrets_real").filter(|count| *count >= 1.0)?;
    let message = format!("{count:.0} findings in the run's output or changes look like real secrets");
    Some(flag("possible_secret_output", Severity::Critical, "secret", Confidence::High, message))
}

fn scope(facts: &Facts<'_>) -> Option<Flag> {
    match facts.text("scope")? {
        "violated" => {
            let message = "the run changed files outside its write scope";
            Some(flag("write_scope_violation", Severity::High, "scope", Confidence::High, message))
        }
        "unknown" => {
            let message = "the write scope could not be checked";
            Some(flag("write_scope_unknown", Severity::Low, "scope", Confidence::Low, message))
        }
        _ => None,
    }
}

fn api_error(facts: &Facts<'_>, settings: &Settings) -> Option<Flag> {
    if facts.api_failed() {
        let message = match facts.number("api_error_status") {
            Some(status) => format!("an API error ended the run: status {status}{}", advice(status)),
            None => "an API error ended the run: the provider did not answer".to_owned(),
        };
        return Some(flag("api_error", Severity::High, "provider", Confidence::High, message));
    }
    let retries = facts.number("api_retries").filter(|retries| *retries >= settings.retry_limit)?;
    let message = format!("{retries:.0} API calls had to be asked again");
    Some(flag("api_retries", Severity::Low, "provider", Confidence::High, message))
}

fn advice(status: f64) -> &'static str {
    match status {
        401.0 | 403.0 => "; check the profile's key in CC Switch",
        404.0 => "; check the profile's model and base URL",
        429.0 => "; the provider's limit is reached, choose another profile or wait",
        500.0.. => "; the provider has trouble, try again or choose another profile",
        _ => "",
    }
}

fn no_result(facts: &Facts<'_>) -> Option<Flag> {
    let has_text = !facts.run.final_text.trim().is_empty();
    // These say themselves why there is no answer.
    let explained = facts.api_failed() || facts.stopped_by_user() || facts.run.status == "timed_out";
    if facts.run.active || has_text || explained {
        return None;
    }
    let message = match facts.text("subtype") {
        Some("error_max_turns") => "the run reached its turn limit without an answer".to_owned(),
        Some("error_max_budget_usd") => "the run reached its budget without an answer".to_owned(),
        Some(subtype) => format!("the run ended without an answer ({subtype})"),
        None if facts.run.status == "lost" => {
            "the run's supervisor died before there was an answer".to_owned()
        }
        None => {
            let code = facts.text("exit_code").map(|code| format!(", exit code {code}")).unwrap_or_default();
            format!("the worker ended without a result{code}")
        }
    };
    Some(flag("no_result", Severity::High, "quality", Confidence::High, message))
}

fn tests_failed(facts: &Facts<'_>) -> Option<Flag> {
    facts.is("tests", "failed").then(|| {
        flag("tests_failed", Severity::High, "quality", Confidence::High, "the verification's tests failed")
    })
}

fn spend(facts: &Facts<'_>) -> Option<Flag> {
    let sure = if facts.yes("cost_is_estimate") { Confidence::Low } else { Confidence::High };
    if facts.is("stop_reason", "over_limit") {
        let message = "a limit of the cost guard ended the run";
        return Some(flag("spend", Severity::High, "cost", Confidence::High, message));
    }
    if facts.is("subtype", "error_max_budget_usd") || facts.is("stop_reason", "cost_budget_exceeded") {
        return Some(flag("spend", Severity::High, "cost", sure, "the run was ended at its budget"));
    }
    let cost = facts.number("cost_usd")?;
    let budget = facts.number("budget_usd").filter(|budget| *budget > 0.0)?;
    let message = format!("{cost:.2} USD spent of {budget:.2}");
    if cost > budget {
        Some(flag("spend", Severity::Medium, "cost", sure, message))
    } else if facts.run.active && cost >= NEAR_BUDGET * budget {
        Some(flag("spend", Severity::Low, "cost", sure, message))
    } else {
        None
    }
}

/// A worker that may not write is expected to be refused; one that may was kept from its work.
fn permission_denied(facts: &Facts<'_>) -> Option<Flag> {
    let count = facts.number("permission_denials").filter(|count| *count >= 1.0)?;
    let severity = if facts.run.write { Severity::Medium } else { Severity::Low };
    let message = format!("{count:.0} tool calls were refused");
    Some(flag("permission_denied", severity, "permission", Confidence::High, message))
}

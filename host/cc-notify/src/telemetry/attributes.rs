//! What a run is called in the GenAI conventions, and in our own words where they have none.

use cc_domain::{RunRecord, RunStatus};
use opentelemetry::KeyValue;

use super::Measured;

/// What spans and measurements share: few values each, so that measurements stay few.
pub(super) fn of_model(record: &RunRecord) -> Vec<KeyValue> {
    let actual = record.result.as_ref().and_then(|result| result.actual.model.clone());
    let model = record.route.model.clone();
    let mut all = vec![
        KeyValue::new("gen_ai.operation.name", "invoke_agent"),
        KeyValue::new("gen_ai.provider.name", record.route.profile_name.clone()),
        KeyValue::new("gen_ai.agent.name", record.role.to_string()),
    ];
    all.extend(model.map(|model| KeyValue::new("gen_ai.request.model", model)));
    all.extend(actual.map(|model| KeyValue::new("gen_ai.response.model", model)));
    all.extend(error_type(record).map(|error| KeyValue::new("error.type", error)));
    all
}

/// What only the span says.
pub(super) fn of_run(Measured { record, attempt }: Measured<'_>) -> Vec<KeyValue> {
    let mut all = of_model(record);
    let mut add = |name: &'static str, value: opentelemetry::Value| all.push(KeyValue::new(name, value));
    add("cc_orchestrator.run.id", record.run_id.to_string().into());
    add("cc_orchestrator.run.status", record.status.as_str().into());
    add("cc_orchestrator.run.write", record.allow_write.into());
    add("cc_orchestrator.task_type", record.task_type.to_string().into());
    if let Some(session) = &record.session_id {
        add("gen_ai.conversation.id", session.clone().into());
    }
    if let Some(team) = &record.team_id {
        add("cc_orchestrator.team.id", team.to_string().into());
    }
    if let Some(parent) = &record.parent_run_id {
        add("cc_orchestrator.run.parent_id", parent.to_string().into());
    }
    if let Some(attempt) = attempt {
        add("cc_orchestrator.job.id", attempt.job_id.to_string().into());
        add("cc_orchestrator.job.attempt", i64::from(attempt.number).into());
        add("cc_orchestrator.job.waited_seconds", attempt.waited.as_secs_f64().into());
    }
    if let Some(usd) = cost(record) {
        add("cc_orchestrator.run.cost_usd", usd.into());
    }
    if let Some(result) = &record.result {
        let usage = result.usage;
        add("gen_ai.usage.input_tokens", whole(usage.total() - usage.output_tokens));
        add("gen_ai.usage.output_tokens", whole(usage.output_tokens));
        add("gen_ai.usage.cache_read.input_tokens", whole(usage.cache_read_tokens));
        add("gen_ai.usage.cache_creation.input_tokens", whole(usage.cache_write_tokens));
    }
    all
}

/// USD, as far as known.
pub(super) fn cost(record: &RunRecord) -> Option<f64> {
    record.output_budget.spent.map_or_else(|| record.result.as_ref()?.cost_usd, |spent| spent.usd)
}

/// Why a run is no success, in one word.
pub(super) fn error_type(record: &RunRecord) -> Option<String> {
    let status = record.result.as_ref().and_then(|result| result.api_error_status);
    match (record.status, status) {
        (RunStatus::Succeeded, _) => None,
        (_, Some(code)) => Some(code.to_string()),
        (status, None) => Some(status.as_str().to_owned()),
    }
}

fn whole(tokens: u64) -> opentelemetry::Value {
    i64::try_from(tokens).unwrap_or(i64::MAX).into()
}

//! What is said of a run: a line for people, a small object for programs.

use cc_domain::{Moment, Question, RunRecord, one_line};
use serde_json::{Value, json};

/// Texts, characters.
const TEXT_CHARS: usize = 300;

/// Word of a run. Everything in it comes from the record, which is redacted; the answer is not in it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Message {
    pub(crate) fn of(record: &RunRecord, moment: Moment, question: Option<&Question>) -> Self {
        let title = match moment {
            Moment::Finished => format!("{} finished", record.role),
            Moment::Failed => format!("{} failed", record.role),
            Moment::Permission => format!("{} waits for your answer", record.role),
        };
        let text = text(record, question);
        let json = json(record, moment, question, &format!("{title}: {text}"));
        Self { title, text, json }
    }
}

fn text(record: &RunRecord, question: Option<&Question>) -> String {
    let project = record.workspace_root.file_name().unwrap_or_default().to_string_lossy();
    let model = record.route.model.as_deref().unwrap_or(&record.route.profile_name);
    let what = match question {
        Some(question) => format!("{} {}", question.tool, question.target),
        None => match (&record.error, record.duration_ms) {
            (Some(error), _) => error.clone(),
            (None, Some(ms)) => format!("after {} s", ms / 1_000),
            (None, None) => String::new(),
        },
    };
    one_line(&format!("{model} in {project}: {what}"), TEXT_CHARS)
}

/// `text` is what chat programs show; the rest is for programs.
fn json(record: &RunRecord, moment: Moment, question: Option<&Question>, text: &str) -> Value {
    let result = record.result.as_ref();
    let cost = record.output_budget.spent.map_or_else(|| result?.cost_usd, |spent| spent.usd);
    json!({
        "format": 1,
        "text": text,
        "event": moment.as_str(),
        "run_id": record.run_id,
        "team_id": record.team_id,
        "status": record.status,
        "stop_reason": record.stop_reason,
        "role": record.role,
        "task_type": record.task_type,
        "profile": record.route.profile_name,
        "model": record.route.model,
        "project": record.workspace_root,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "duration_ms": record.duration_ms,
        "tokens": result.map(|result| result.usage.total()),
        "cost_usd": cost,
        "error": record.error.as_deref().map(|error| one_line(error, TEXT_CHARS)),
        "question": question.map(|question| json!({
            "request_id": question.request_id,
            "tool": question.tool,
            "target": one_line(&question.target, TEXT_CHARS),
            "deadline": question.deadline,
        })),
    })
}

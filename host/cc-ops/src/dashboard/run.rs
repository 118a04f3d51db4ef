//! The head of a run's pages, and its timeline.

use cc_domain::{Accuracy, Activity, Doing, Question, RunId, RunRecord};
use cc_reports::dashboard::model::{Asked, Budgeted, Flying, RunHead, RunLine, RunTimeline, ToolRow};
use cc_store::read_bounded;
use jiff::Timestamp;

use super::{Ask, Dashboard, timeline};
use crate::{OpError, own, snapshot::Snapshot, wait};

/// Bytes of a kept prompt that are shown.
const MOST_PROMPT: u64 = 256 << 10;

pub(super) fn head(dashboard: &Dashboard, id: &RunId) -> Result<RunHead, OpError> {
    let run = Snapshot::of(&dashboard.cx, id, 0)?;
    own::check_folder(&run.dir)?;
    let record = &run.record;
    let flying = run.progress.in_flight.iter().map(|one| Flying {
        name: one.call.name.clone(),
        target: one.call.target.clone(),
        since: one.since.to_string(),
        subagent: one.call.subagent,
    });
    let snapshots = record.work.as_ref().is_some_and(|work| work.before.is_some());
    Ok(RunHead {
        line: line(&run),
        questions: run.progress.questions.iter().map(asked).collect(),
        in_flight: flying.collect(),
        notes: Vec::new(),
        can_stop: run.active(),
        can_verify: !run.active(),
        can_roll_back: !run.active() && snapshots,
        can_apply: !run.active() && record.work.as_ref().is_some_and(|work| work.isolated.is_some()),
        parent: record.parent_run_id.as_ref().map(ToString::to_string),
        team: record.team_id.as_ref().map(ToString::to_string),
        parked_until: record.parked_until.clone().filter(|_| run.active()),
        flags: run.review.flags.clone(),
        grade: run.review.grade.clone(),
        recommended: run.action().to_owned(),
    })
}

/// The run as a line, from its own record: it is newer than the index.
fn line(run: &Snapshot) -> RunLine {
    let record = &run.record;
    let result = record.result.as_ref();
    let actual =
        result.and_then(|result| result.actual.model.clone()).or_else(|| run.progress.actual_model.clone());
    let spent = record.output_budget.spent;
    let waits = !run.progress.questions.is_empty();
    RunLine {
        id: record.run_id.to_string(),
        state: if waits { "waiting" } else { record.status.as_str() }.to_owned(),
        active: run.active(),
        role: record.role.to_string(),
        task_type: record.task_type.to_string(),
        model: record.route.model.clone(),
        answered_by: actual.filter(|actual| Some(actual) != record.route.model.as_ref()),
        profile: record.route.profile_name.clone(),
        profile_id: record.route.profile_id.clone(),
        project: record.cwd.display().to_string(),
        started_at: record.started_at.clone(),
        duration_ms: record.duration_ms,
        cost_usd: run.cost(),
        cost_is_estimate: spent.is_some_and(|spent| spent.accuracy > Accuracy::Priced),
        tokens: run.tokens().unwrap_or_default(),
        write: record.allow_write,
        apart: super::apart(record.mode),
        task: super::task(&run.dir),
        activity: run.active().then(|| doing(&run.activity())),
        error: error(record),
        verified: own::verification(&run.dir).map(|verification| verification.status.as_str().to_owned()),
    }
}

fn error(record: &RunRecord) -> Option<String> {
    let reported = || {
        let result = record.result.as_ref().filter(|result| result.is_error)?;
        Some(if result.errors.is_empty() { result.subtype.clone() } else { result.errors.join("; ") })
    };
    record.error.clone().or_else(reported)
}

pub(super) fn asked(question: &Question) -> Asked {
    Asked {
        request_id: question.request_id.clone(),
        tool: question.tool.clone(),
        target: question.target.clone(),
        input: question.input.clone(),
        deadline: question.deadline.clone(),
    }
}

/// What a run does, without for how long: a page that says the same is not sent anew each second.
pub(super) fn doing(activity: &Activity) -> String {
    if let Some(until) = until(activity) {
        return until;
    }
    let seconds = format!(" {} s", activity.seconds);
    let text = activity.text();
    if activity.doing == Doing::Writing || activity.doing == Doing::Thinking {
        return text.split(&seconds).next().unwrap_or_default().to_owned();
    }
    text.replacen(&seconds, "", 1)
}

/// What waits for a moment says it as pages write one.
fn until(activity: &Activity) -> Option<String> {
    let what = match activity.doing {
        Doing::Parked => "parked",
        Doing::RateLimited => "waits at a usage limit",
        _ => return None,
    };
    let ts: Timestamp = activity.detail.as_deref()?.strip_prefix("until ")?.parse().ok()?;
    Some(format!("{what} until {}", super::moment(ts)))
}

pub(super) fn timeline(dashboard: &Dashboard, id: &RunId, ask: Ask) -> Result<RunTimeline, OpError> {
    let store = dashboard.cx.store()?;
    let (record, dir) = (wait::read(&store, id)?, store.run_dir(id)?);
    let progress = dashboard.cx.watched().look(id, &dir)?.progress;
    let prompt = read_bounded(&dir.prompt(), MOST_PROMPT).unwrap_or_default();
    let mut tools: Vec<ToolRow> = progress
        .tools
        .iter()
        .map(|(name, tally)| ToolRow {
            name: name.clone(),
            calls: tally.count,
            failed: tally.failed,
            repeated: tally.repeated,
        })
        .collect();
    tools.sort_by_key(|tool| std::cmp::Reverse(tool.calls));
    let answer = record.result.as_ref().map(|result| result.text.clone()).filter(|text| !text.is_empty());
    let budgets = progress.budgets.iter().map(|budget| Budgeted {
        name: format!("{:?}", budget.budget),
        used: budget.used,
        limit: budget.limit,
        stops: budget.stops,
    });
    Ok(RunTimeline {
        prompt: String::from_utf8_lossy(&prompt).into_owned(),
        answer,
        timeline: timeline::read(&dir, ask, record.status.is_active())?,
        tools,
        budgets: budgets.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_does_is_said_without_its_seconds() {
        let says = |doing, detail: Option<&str>| {
            super::doing(&Activity { doing, seconds: 12, detail: detail.map(ToOwned::to_owned) })
        };
        assert_eq!(says(Doing::UsingTool, Some("Bash sleep 12 s")), "using tool: Bash sleep 12 s");
        assert_eq!(says(Doing::Writing, Some("900 characters")), "writing");
        assert_eq!(says(Doing::WaitingForModel, None), "waiting for the model");
        assert_eq!(
            says(Doing::Parked, Some("until 2026-11-25T22:48:24.196004418Z")),
            "parked until 2026-11-25 22:48:24 UTC"
        );
    }
}

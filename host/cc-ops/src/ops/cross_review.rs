//! `cc_cross_review`.

use std::{fmt::Write as _, path::PathBuf};

use cc_domain::{Role, RunId, TeamId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::collect_team_results::finished;
use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output, launch,
    team::{self, Launched, Member, Team},
};

/// Reviewers when none are named.
const USUAL: [&str; 3] = ["security", "testing", "review"];
/// What of each answer a reviewer is given, characters.
const ANSWER_CHARS: usize = 6_000;
/// Runs that one review covers.
const MOST_RUNS: usize = 12;

/// Cross-review: workers check what other runs answered, one reviewer for each role, all or none. They only read.
/// Then cc_collect_team_results.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct CrossReview {
    /// Ended runs, 1-12.
    #[arg(required = true)]
    run_ids: Vec<RunId>,
    /// Default security, testing, review.
    #[arg(long, value_delimiter = ',')]
    #[serde(default)]
    reviewer_roles: Vec<Role>,
    /// Default: the first run's.
    #[arg(long)]
    cwd: Option<String>,
    /// 10-1800.
    #[arg(long)]
    timeout_seconds: Option<u32>,
}

/// Reviewers at work.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reviewing {
    status: &'static str,
    team_id: String,
    #[schemars(skip)]
    source_run_ids: Vec<RunId>,
    review_runs: Vec<Reviewer>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback: Option<team::Rollback>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[schemars(skip)]
    next_step: String,
    #[serde(skip)]
    lines: String,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reviewer {
    reviewer_role: Role,
    run_id: RunId,
    #[schemars(skip)]
    status: cc_domain::RunStatus,
    #[schemars(skip)]
    profile: String,
}

impl Operation for CrossReview {
    const NAME: &'static str = "cc_cross_review";
    const TITLE: &'static str = "Cross-review: let other workers check the answers of runs";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = Reviewing;

    async fn run(self, cx: Context) -> Result<Reviewing, OpError> {
        launch::check_timeout(self.timeout_seconds)?;
        team::within("run_ids", &self.run_ids, MOST_RUNS)?;
        team::check_roles("reviewer_roles", &self.reviewer_roles)?;
        let sources = self.run_ids.clone();
        let team = cx.blocking(move |cx| self.team(cx)).await?;
        Ok(Reviewing::of(sources, team::launch(&cx, team).await?))
    }
}

impl CrossReview {
    fn team(self, cx: &Context) -> Result<Team, OpError> {
        let id = TeamId::new(Timestamp::now());
        let cwd = self.folder(cx)?;
        let (answers, projects) = answers(cx, &self.run_ids)?;
        let member = |role: &Role| {
            let variables = [("role", role.as_str()), ("answers", answers.as_str())];
            let prompt = team::prompt(cx, Some(&cwd), "cross-review", &variables)?;
            let mut start = team::member(cx.setup().worker, &id, role, prompt);
            start.cwd = Some(cwd.clone());
            start.timeout_seconds = self.timeout_seconds;
            // A reviewer elsewhere sees the answers all the same.
            start.job.sees.clone_from(&projects);
            Ok(start)
        };
        let roles = if self.reviewer_roles.is_empty() { team::roles(&USUAL)? } else { self.reviewer_roles };
        let members = roles.iter().map(member).collect::<Result<_, OpError>>()?;
        let ids: Vec<&str> = self.run_ids.iter().map(RunId::as_str).collect();
        Ok(Team { id, task: format!("Cross-review of {}", ids.join(", ")), members })
    }

    fn folder(&self, cx: &Context) -> Result<String, OpError> {
        if let Some(cwd) = &self.cwd {
            return Ok(cwd.clone());
        }
        Ok(cx.store()?.run(&self.run_ids[0])?.cwd.display().to_string())
    }
}

/// Each run's answer under its role and id, and the projects they are of. A run that goes on, or ended without an
/// answer, has nothing to review.
fn answers(cx: &Context, runs: &[RunId]) -> Result<(String, Vec<PathBuf>), OpError> {
    let (mut text, mut projects) = (String::new(), Vec::new());
    for id in runs {
        let record = finished(cx, id)?;
        let answer = record.result.as_ref().map(|result| result.text.trim()).unwrap_or_default();
        if answer.is_empty() {
            let message = format!("run {id} is {} and has no answer to review", record.status.as_str());
            return Err(OpError::new(
                ErrorKind::InvalidInput,
                message,
                "leave it out, or wait for it with cc_run_status",
            ));
        }
        let cut: String = answer.chars().take(ANSWER_CHARS).collect();
        let more = if cut.len() < answer.len() { "\n[cut here]" } else { "" };
        let _ = write!(text, "<answer run=\"{id}\" role=\"{}\">\n{cut}{more}\n</answer>\n\n", record.role);
        projects.push(record.workspace_root);
    }
    projects.sort();
    projects.dedup();
    Ok((text, projects))
}

impl Reviewing {
    fn of(source_run_ids: Vec<RunId>, launched: Launched) -> Self {
        let reviewer = |member: Member| Reviewer {
            reviewer_role: member.role,
            run_id: member.run_id,
            status: member.status,
            profile: member.profile,
        };
        Self {
            status: launched.status,
            team_id: launched.team_id,
            lines: team::lines(&launched.runs),
            source_run_ids,
            review_runs: launched.runs.into_iter().map(reviewer).collect(),
            rollback: launched.rollback,
            error: launched.error,
            next_step: launched.next_step,
        }
    }
}

impl Output for Reviewing {
    fn text(&self) -> String {
        let error = self.error.as_ref().map(|error| format!("error: {error}\n")).unwrap_or_default();
        format!(
            "cross-review {}: {}\n{}{error}next: {}",
            self.team_id, self.status, self.lines, self.next_step
        )
    }

    fn succeeded(&self) -> bool {
        self.error.is_none()
    }
}

//! `cc_write_strategy_reports`.

use std::path::PathBuf;

use cc_domain::{ModelScore, Role};
use cc_profiles::ProfileStore;
use cc_reports::{Assignment, Rated};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Context, Effect, OpError, Operation, Output,
    arguments::ResponseFormat,
    past::History,
    plan::{self, Step, Wanted},
    report_files, routing,
};

/// The roles a model is best at, as many as are told.
const BEST: usize = 3;

/// Document which model does which role: writes the strategy files model_scores.json (ratings) and
/// multi_agent_strategy.md (who would get which role, and why).
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteStrategyReports {
    /// Default: the project's reports folder.
    #[arg(long)]
    output_dir: Option<String>,
    #[arg(long, hide = true)]
    #[allow(dead_code)] // read before the arguments are decoded
    response_format: Option<ResponseFormat>,
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StrategyWritten {
    scores_path: PathBuf,
    strategy_path: PathBuf,
    /// Each role's model, profile and score.
    #[schemars(with = "Vec<Value>")]
    workflow_plan: Vec<Value>,
    #[serde(skip)]
    page: String,
}

impl Operation for WriteStrategyReports {
    const NAME: &'static str = "cc_write_strategy_reports";
    const TITLE: &'static str = "Write strategy reports: model scores, who does which role";
    const EFFECT: Effect = Effect::WRITES;
    type Output = StrategyWritten;

    async fn run(self, cx: Context) -> Result<StrategyWritten, OpError> {
        cx.blocking(move |cx| self.write(cx)).await
    }
}

impl WriteStrategyReports {
    fn write(self, cx: &Context) -> Result<StrategyWritten, OpError> {
        let project = cx.project(None)?;
        let roles: Vec<Role> = Role::known().collect();
        let profiles = cc_profiles::load(&cx.setup().locations)?;
        let policy = cx.policy(&project.root);
        let scores = routing::score(&policy, &profiles, &History::read(cx)?, &roles)?;
        let said = scores.trace.iter().map(|step| format!("{}: {}", step.who, step.reason));
        let scored_by = said.collect::<Vec<_>>().join("; ");
        let wanted =
            Wanted { task: "Show who would do what.", context: None, roles: &roles, allow_write: false };
        let steps = plan::steps(cx, &project, &wanted)?;

        let at = Timestamp::now().to_string();
        let mut rated: Vec<Rated> = scores.value.iter().map(|score| rate(score, &profiles)).collect();
        rated.sort_by(|a, b| b.overall.total_cmp(&a.overall));
        let assigned: Vec<Assignment> = steps.iter().map(assignment).collect();
        let page = cc_reports::strategy(&at, &scored_by, &rated, &assigned);
        let json = json!({ "format": 1, "generated_at": at, "scored_by": scored_by, "models": scores.value });

        let folder = report_files::folder(cx, self.output_dir.as_deref(), &project.root)?;
        Ok(StrategyWritten {
            scores_path: report_files::write(&folder, "model_scores.json", &format!("{json:#}\n"))?,
            strategy_path: report_files::write(&folder, "multi_agent_strategy.md", &page)?,
            workflow_plan: steps.iter().map(brief).collect(),
            page,
        })
    }
}

fn rate(score: &ModelScore, profiles: &ProfileStore) -> Rated {
    let profile = profiles.profiles.iter().find(|profile| profile.id == score.profile_id);
    let mut best: Vec<(String, f64)> =
        score.roles.iter().map(|role| (role.role.clone(), role.total)).collect();
    best.sort_by(|a, b| b.1.total_cmp(&a.1));
    best.truncate(BEST);
    Rated {
        model: if score.model.is_empty() { "(provider's default)".to_owned() } else { score.model.clone() },
        profile: profile.map(|profile| profile.name.clone()).unwrap_or_default(),
        usable: profile.is_some_and(|profile| profile.usability.is_usable()),
        overall: score.roles.iter().map(|role| role.total).sum::<f64>() / score.roles.len().max(1) as f64,
        best_at: best,
    }
}

fn assignment(step: &Step) -> Assignment {
    let model = step.model.clone().unwrap_or_else(|| "(provider's default)".to_owned());
    Assignment {
        role: step.role.to_string(),
        purpose: step.role.info().map(|info| info.purpose.to_owned()).unwrap_or_default(),
        model: step.problem.clone().unwrap_or(model),
        profile: step.profile.clone(),
        score: step.selection_score,
        reason: step.reason.clone(),
    }
}

fn brief(step: &Step) -> Value {
    json!({ "role": step.role, "model": step.model, "profile": step.profile, "selection_score": step.selection_score })
}

impl Output for StrategyWritten {
    fn text(&self) -> String {
        let Self { scores_path, strategy_path, page, .. } = self;
        format!("{page}\nwritten: {}\nwritten: {}", scores_path.display(), strategy_path.display())
    }
}

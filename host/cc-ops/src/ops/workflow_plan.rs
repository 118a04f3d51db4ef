//! `cc_workflow_plan`.

use cc_domain::Role;
use cc_reports::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output, launch,
    plan::{self, Phase, Step, Total, Wanted},
    team,
};

/// Characters of all tasks together that a reply holds: Codex cuts a result at about 48,000.
const TASK_CHARS: usize = 24_000;

/// Plan, estimate and split a task before anything is done: which roles it would need, in which order, on which models,
/// with which prompts, at what cost. Launches nothing; each step has the arguments of cc_queue_submit.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkflowPlan {
    /// Up to 20000 characters.
    task: String,
    #[arg(long)]
    cwd: Option<String>,
    /// Up to 12; default requirements, architecture, security, testing, review, implementation, supervisor.
    #[arg(long, value_delimiter = ',')]
    #[serde(default)]
    roles: Vec<Role>,
    #[arg(long)]
    context: Option<String>,
    /// Steps that carry it out may edit.
    #[arg(long)]
    #[serde(default)]
    allow_write: bool,
    /// Only this step, whole: its id.
    #[arg(long)]
    step: Option<String>,
}

/// The plan.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Plan {
    #[schemars(skip)]
    task: String,
    #[schemars(skip)]
    cwd: String,
    #[schemars(skip)]
    controller: &'static str,
    #[schemars(skip)]
    worker_roles: Vec<&'static str>,
    #[schemars(skip)]
    phases: [Phase; 4],
    #[schemars(with = "Vec<serde_json::Value>")]
    steps: Vec<Step>,
    /// USD and tokens of all steps.
    #[schemars(with = "serde_json::Value")]
    estimate: Total,
    /// Steps of the whole plan.
    #[serde(skip)]
    planned: usize,
    /// Tasks of steps are cut; step shows one whole.
    tasks_cut: bool,
    next_step: &'static str,
}

impl Operation for WorkflowPlan {
    const NAME: &'static str = "cc_workflow_plan";
    const TITLE: &'static str = "Plan a workflow: steps, roles, models, order, estimated cost";
    const EFFECT: Effect = Effect::READS;
    type Output = Plan;

    async fn run(self, cx: Context) -> Result<Plan, OpError> {
        launch::check(&self.task, self.context.as_deref(), None)?;
        team::check_roles("roles", &self.roles)?;
        cx.blocking(move |cx| self.plan(cx)).await
    }
}

impl WorkflowPlan {
    fn plan(self, cx: &Context) -> Result<Plan, OpError> {
        let project = cx.project(self.cwd.as_deref())?;
        let wanted = Wanted {
            task: &self.task,
            context: self.context.as_deref(),
            roles: &self.roles,
            allow_write: self.allow_write,
        };
        let mut steps = plan::steps(cx, &project, &wanted)?;
        let (estimate, planned) = (Total::of(&steps), steps.len());
        let tasks_cut = match &self.step {
            Some(id) => {
                steps = vec![one(steps, id)?];
                false
            }
            None => cut(&mut steps),
        };
        Ok(Plan {
            task: cc_domain::one_line(&self.task, 300),
            cwd: project.cwd.display().to_string(),
            controller: "codex",
            worker_roles: Role::KNOWN.iter().map(|role| role.name).collect(),
            phases: Phase::ALL,
            steps,
            estimate,
            planned,
            tasks_cut,
            next_step: "cc_queue_submit each step's submit in this order, with the job ids of the steps in after; give \
                        what earlier steps answered as its context",
        })
    }
}

fn one(steps: Vec<Step>, id: &str) -> Result<Step, OpError> {
    let ids: Vec<String> = steps.iter().map(|step| step.id.clone()).collect();
    steps.into_iter().find(|step| step.id == id).ok_or_else(|| {
        let message = format!("the plan has no step '{id}'");
        OpError::new(ErrorKind::NotFound, message, format!("steps are {}", ids.join(", ")))
    })
}

/// Keeps the tasks of all steps within a reply; says whether any was cut.
fn cut(steps: &mut [Step]) -> bool {
    let share = TASK_CHARS / steps.len().max(1);
    let mut any = false;
    for task in steps.iter_mut().map(|step| &mut step.submit.task) {
        if let Some((at, _)) = task.char_indices().nth(share) {
            task.truncate(at);
            task.push('…');
            any = true;
        }
    }
    any
}

impl Output for Plan {
    fn text(&self) -> String {
        let mut table = Table::new(["step", "phase", "model", "profile", "after", "USD", "basis"]);
        for step in &self.steps {
            let model = step.model.as_deref().unwrap_or("(provider's default)");
            table.row([
                step.id.as_str(),
                step.phase.as_str(),
                step.problem.as_deref().unwrap_or(model),
                &step.profile,
                &step.submit.after.join(", "),
                &step.estimate.usd.map_or_else(|| "?".to_owned(), |usd| format!("{usd:.4}")),
                &step.estimate.basis,
            ]);
        }
        format!("{table}\n\n{}\nnext: {}", self.estimate.text(self.planned), self.next_step)
    }
}

//! `cc_spawn_role_team`.

use cc_domain::{Role, TeamId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Context, Effect, OpError, Operation, Output,
    launch::{self, Start},
    team::{self, Launched, Team},
};

/// Roles of a team that names none.
const USUAL: [&str; 4] = ["requirements", "architecture", "security", "testing"];

/// Start a team: several workers in parallel on one task, one for each role, all or none. They only read. Then
/// cc_collect_team_results.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpawnRoleTeam {
    /// Up to 20000 characters.
    task: String,
    /// Up to 12; default requirements, architecture, security, testing.
    #[arg(long, value_delimiter = ',')]
    #[serde(default)]
    roles: Vec<Role>,
    #[arg(long)]
    cwd: Option<String>,
    #[arg(long)]
    context: Option<String>,
    /// 10-1800.
    #[arg(long)]
    timeout_seconds: Option<u32>,
}

impl Operation for SpawnRoleTeam {
    const NAME: &'static str = "cc_spawn_role_team";
    const TITLE: &'static str = "Start a team of workers, one for each role, in parallel";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = Launched;

    async fn run(self, cx: Context) -> Result<Launched, OpError> {
        launch::check(&self.task, self.context.as_deref(), self.timeout_seconds)?;
        team::check_roles("roles", &self.roles)?;
        let team = cx.blocking(move |cx| self.team(cx)).await?;
        team::launch(&cx, team).await
    }
}

impl SpawnRoleTeam {
    fn team(self, cx: &Context) -> Result<Team, OpError> {
        let id = TeamId::new(Timestamp::now());
        let roles = if self.roles.is_empty() { team::roles(&USUAL)? } else { self.roles.clone() };
        let names = roles.iter().map(Role::as_str).collect::<Vec<_>>().join(", ");
        let member = |role: &Role| {
            Ok(Start {
                cwd: self.cwd.clone(),
                timeout_seconds: self.timeout_seconds,
                ..team::member(cx.setup().worker, &id, role, self.prompt(cx, role, &names)?)
            })
        };
        let members = roles.iter().map(member).collect::<Result<_, OpError>>()?;
        Ok(Team { id, task: self.task, members })
    }

    fn prompt(&self, cx: &Context, role: &Role, roles: &str) -> Result<String, OpError> {
        let mut variables = vec![("task", self.task.as_str()), ("role", role.as_str()), ("roles", roles)];
        variables.extend(self.context.as_deref().map(|context| ("context", context)));
        team::prompt(cx, self.cwd.as_deref(), "team-member", &variables)
    }
}

impl Output for Launched {
    fn text(&self) -> String {
        let error = self.error.as_ref().map(|error| format!("error: {error}\n")).unwrap_or_default();
        format!(
            "team {}: {}\n{}{error}next: {}",
            self.team_id,
            self.status,
            team::lines(&self.runs),
            self.next_step
        )
    }

    fn succeeded(&self) -> bool {
        self.error.is_none()
    }
}

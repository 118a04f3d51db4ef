//! `cc_collect_team_results`.

use std::fmt::Write as _;

use cc_domain::{Comparison, Opinion, Role, RunId, RunRecord, RunStatus, SharedPlace, TeamId};
use cc_store::RunFilter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, ErrorKind, OpError, Operation, Output, arguments, team, wait};

/// Places of each kind that are told.
const MOST_PLACES: usize = 20;
/// Runs that are compared.
const MOST_RUNS: usize = 24;

/// Collect and compare a team's results: each role's answer and findings, and where they agree or conflict on the same
/// place. Says who still runs.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectTeamResults {
    /// Or run_ids.
    #[arg(long)]
    team_id: Option<TeamId>,
    /// Up to 24.
    #[arg(long, value_delimiter = ',')]
    #[serde(default)]
    run_ids: Vec<RunId>,
    /// Of all answers together; 1000-50000, default 8000.
    #[arg(long)]
    tail_chars: Option<u32>,
}

/// What a team found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TeamResults {
    #[serde(skip_serializing_if = "Option::is_none")]
    team_id: Option<TeamId>,
    #[schemars(skip)]
    run_ids: Vec<RunId>,
    /// Members that have not ended.
    pending: usize,
    #[schemars(with = "Vec<serde_json::Value>")]
    items: Vec<Item>,
    #[schemars(with = "Vec<serde_json::Value>")]
    agreements: Vec<Place>,
    #[schemars(with = "Vec<serde_json::Value>")]
    conflicts: Vec<Place>,
    #[schemars(skip)]
    next_step: String,
}

/// One member's part.
#[derive(Debug, Serialize)]
struct Item {
    run_id: RunId,
    role: Role,
    status: RunStatus,
    active: bool,
    /// Its findings.
    signals: Vec<String>,
    /// Without the findings, cut to its share.
    answer: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    answer_cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A place, and who says what of it.
#[derive(Debug, Serialize)]
struct Place {
    place: String,
    says: Vec<String>,
}

impl Operation for CollectTeamResults {
    const NAME: &'static str = "cc_collect_team_results";
    const TITLE: &'static str = "Collect team results: compare workers' findings, agreements, conflicts";
    const EFFECT: Effect = Effect::READS;
    type Output = TeamResults;

    async fn run(self, cx: Context) -> Result<TeamResults, OpError> {
        let chars = arguments::number_within("tail_chars", self.tail_chars.unwrap_or(8_000), 1_000, 50_000)?;
        cx.blocking(move |cx| {
            let run_ids = self.runs(cx)?;
            let mut records = run_ids.iter().map(|id| finished(cx, id)).collect::<Result<Vec<_>, _>>()?;
            // Members start one after another, so this is the team's own order.
            records.sort_by(|a, b| a.started_at.cmp(&b.started_at));
            Ok(TeamResults::of(self.team_id, &records, chars as usize))
        })
        .await
    }
}

impl CollectTeamResults {
    fn runs(&self, cx: &Context) -> Result<Vec<RunId>, OpError> {
        let Some(team) = &self.team_id else {
            team::within("run_ids", &self.run_ids, MOST_RUNS)?;
            return Ok(self.run_ids.clone());
        };
        let filter = RunFilter { team_id: Some(team.clone()), limit: 100, ..RunFilter::default() };
        let mut runs: Vec<RunId> =
            cx.store()?.list_runs(&filter)?.into_iter().map(|run| run.run_id).collect();
        if runs.is_empty() {
            let hint = "cc_spawn_role_team and cc_cross_review give team ids; or name run_ids";
            return Err(OpError::new(
                ErrorKind::NotFound,
                format!("no runs of team '{team}' are known"),
                hint,
            ));
        }
        runs.extend(self.run_ids.iter().cloned());
        runs.sort();
        runs.dedup();
        Ok(runs)
    }
}

/// A run as it stands; its processes are gone if it has ended.
pub(super) fn finished(cx: &Context, id: &RunId) -> Result<RunRecord, OpError> {
    wait::read(&*cx.store()?, id)
}

impl TeamResults {
    fn of(team_id: Option<TeamId>, records: &[RunRecord], chars: usize) -> Self {
        let (mut opinions, mut items) = (Vec::new(), Vec::new());
        for record in records {
            let (item, said) = Item::of(record, chars / records.len().max(1), &name(record, records));
            items.push(item);
            opinions.extend(said);
        }
        let Comparison { agreements, conflicts } = cc_domain::compare(&opinions);
        let pending = items.iter().filter(|item| item.active).count();
        Self {
            team_id,
            run_ids: records.iter().map(|record| record.run_id.clone()).collect(),
            pending,
            items,
            agreements: places(agreements),
            conflicts: places(conflicts),
            next_step: match pending {
                0 => "settle the conflicts; cc_cross_review lets others check; cc_last_run shows a whole answer",
                _ => "cc_run_status with the run_ids that still run and wait_seconds, then this again",
            }
            .to_owned(),
        }
    }
}

/// A member by its role; by its run too when two have the same role.
fn name(record: &RunRecord, all: &[RunRecord]) -> String {
    let same = all.iter().filter(|other| other.role == record.role).count();
    if same > 1 { format!("{} {}", record.role, record.run_id) } else { record.role.to_string() }
}

fn places(shared: Vec<SharedPlace>) -> Vec<Place> {
    let said = |opinion: &Opinion| {
        let Opinion { by, finding } = opinion;
        format!("{by}: {}: {}", finding.stance.as_str(), finding.claim)
    };
    let place =
        |shared: SharedPlace| Place { says: shared.opinions.iter().map(said).collect(), place: shared.place };
    shared.into_iter().take(MOST_PLACES).map(place).collect()
}

impl Item {
    fn of(record: &RunRecord, chars: usize, name: &str) -> (Self, Vec<Opinion>) {
        let text = record.result.as_ref().map(|result| result.text.as_str()).unwrap_or_default();
        let (findings, rest) = cc_domain::findings(text);
        let answer: String = rest.chars().take(chars).collect();
        let item = Self {
            run_id: record.run_id.clone(),
            role: record.role.clone(),
            status: record.status,
            active: record.status.is_active(),
            signals: findings.iter().map(ToString::to_string).collect(),
            answer_cut: answer.len() < rest.len(),
            answer,
            error: record.error.clone(),
        };
        (item, findings.into_iter().map(|finding| Opinion { by: name.to_owned(), finding }).collect())
    }
}

impl Output for TeamResults {
    fn text(&self) -> String {
        let mut text = String::new();
        for (title, places) in [("Conflicts", &self.conflicts), ("Agreements", &self.agreements)] {
            let _ = write!(text, "## {title}\n\n");
            for Place { place, says } in places {
                let _ = write!(text, "- {place}\n  - {}\n", says.join("\n  - "));
            }
            text.push_str(if places.is_empty() { "none\n\n" } else { "\n" });
        }
        for item in &self.items {
            let _ = write!(text, "## {} ({}, {})\n\n", item.role, item.run_id, item.status.as_str());
            for signal in &item.signals {
                let _ = writeln!(text, "- {signal}");
            }
            let _ = write!(text, "\n{}\n\n", item.answer);
        }
        text + "next: " + &self.next_step
    }
}

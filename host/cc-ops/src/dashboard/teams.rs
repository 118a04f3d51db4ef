//! Teams, and what their members found.

use cc_domain::{Opinion, RunRecord, TeamId};
use cc_reports::dashboard::model::{RunLine, TeamAnswer, TeamLine, TeamPage, Teams};
use cc_store::{RunFilter, Store};
use serde_json::Value;

use super::{Dashboard, line};
use crate::{ErrorKind, OpError, wait};

/// Teams on a page.
const MOST: u32 = 50;
const MOST_MEMBERS: u32 = 100;

pub(super) fn all(dashboard: &Dashboard) -> Result<Teams, OpError> {
    let Some(store) = dashboard.store()? else { return Ok(Teams::default()) };
    let mut teams = Vec::new();
    for (id, manifest) in store.teams(MOST)? {
        let team = team(&store, &id, &manifest)?;
        let ours = |run: &RunLine| {
            dashboard.project.as_ref().is_none_or(|root| run.project == root.display().to_string())
        };
        if team.members.iter().all(ours) {
            teams.push(team);
        }
    }
    Ok(Teams { teams })
}

pub(super) fn one(dashboard: &Dashboard, id: &TeamId) -> Result<TeamPage, OpError> {
    let store = dashboard.cx.store()?;
    let manifest = store.team(id)?.ok_or_else(|| {
        OpError::new(ErrorKind::NotFound, format!("no team '{id}' is known"), "the page of teams lists them")
    })?;
    let team = team(&store, id, &manifest)?;
    let records = team
        .members
        .iter()
        .filter_map(|member| member.id.parse().ok())
        .map(|run| wait::read(&store, &run))
        .collect::<Result<Vec<RunRecord>, OpError>>()?;
    let (mut opinions, mut answers) = (Vec::new(), Vec::new());
    for record in &records {
        let text = record.result.as_ref().map(|result| result.text.as_str()).unwrap_or_default();
        let (findings, answer) = cc_domain::findings(text);
        answers.push(TeamAnswer {
            run: record.run_id.to_string(),
            role: record.role.to_string(),
            state: record.status.as_str().to_owned(),
            findings: findings.iter().map(ToString::to_string).collect(),
            answer,
        });
        opinions.extend(findings.into_iter().map(|finding| Opinion { by: record.role.to_string(), finding }));
    }
    Ok(TeamPage { team, comparison: cc_domain::compare(&opinions), answers })
}

fn team(store: &Store, id: &TeamId, manifest: &Value) -> Result<TeamLine, OpError> {
    let of_team = RunFilter { team_id: Some(id.clone()), limit: MOST_MEMBERS, ..RunFilter::default() };
    let mut members: Vec<RunLine> = store.list_runs(&of_team)?.iter().map(line).collect();
    members.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let text = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
    Ok(TeamLine {
        id: id.to_string(),
        created_at: text("created_at"),
        task: text("task"),
        status: text("status"),
        members,
    })
}

//! Models compared: scores and their parts, prices, and what became of their runs.

use cc_domain::{ModelScore, Profile, Role};
use cc_profiles::ProfileStore;
use cc_reports::dashboard::model::{ModelRow, Models, RoleParts};
use cc_store::HistoryLine;

use super::Dashboard;
use crate::{OpError, routing};

pub(super) fn gather(dashboard: &Dashboard) -> Models {
    scored(dashboard).unwrap_or_else(|error| Models { problem: Some(error.to_string()), ..Models::default() })
}

fn scored(dashboard: &Dashboard) -> Result<Models, OpError> {
    let cx = &dashboard.cx;
    let profiles = cc_profiles::load(&cx.setup().locations)?;
    let history = routing::history(cx)?;
    let roles: Vec<Role> = Role::KNOWN.iter().filter_map(|info| info.name.parse().ok()).collect();
    let policy = cx.policy(&cx.project(None)?.root);
    let answer = routing::score(&policy, &profiles, &history, &roles)?;
    let first = answer.value.first();
    let abilities = first.map(|score| score.abilities.iter().map(|(name, _)| name.clone()).collect()).unwrap_or_default();
    let names = first.map(|score| score.roles.iter().map(|role| role.role.clone()).collect()).unwrap_or_default();
    let mut models: Vec<ModelRow> = answer.value.iter().map(|score| row(score, &profiles, &history)).collect();
    models.sort_by(|a, b| a.unusable.is_some().cmp(&b.unusable.is_some()).then(b.overall.total_cmp(&a.overall)));
    Ok(Models {
        models,
        abilities,
        roles: names,
        scored_by: answer.trace.iter().map(|step| format!("{}: {}", step.who, step.reason)).collect(),
        ..Models::default()
    })
}

fn row(score: &ModelScore, profiles: &ProfileStore, history: &[HistoryLine]) -> ModelRow {
    let profile: Option<&Profile> = profiles.profiles.iter().find(|profile| profile.id == score.profile_id);
    let lines = history.iter().filter(|line| {
        line.profile_id == score.profile_id && line.model.as_deref().unwrap_or_default() == score.model
    });
    let (runs, successes) = lines.fold((0, 0), |(runs, good), line| (runs + line.runs, good + line.successes));
    let price = profile.and_then(|profile| {
        let price = profile.price_of(&score.model)?.times(profile.cost_multiplier);
        Some((price.input, price.output))
    });
    ModelRow {
        model: score.model.clone(),
        profile: profile.map(|profile| profile.name.clone()).unwrap_or_default(),
        current: profile.is_some_and(|profile| profile.current),
        unusable: profile.and_then(|profile| profile.usability.reason()).map(ToOwned::to_owned),
        known: score.known,
        overall: score.roles.iter().map(|role| role.total).sum::<f64>() / score.roles.len().max(1) as f64,
        abilities: score.abilities.iter().map(|(_, value)| *value).collect(),
        roles: score
            .roles
            .iter()
            .map(|role| RoleParts {
                total: role.total,
                parts: role.parts.iter().map(|part| (part.name.clone(), part.value, part.weight)).collect(),
            })
            .collect(),
        price,
        runs,
        successes,
        basis: score.basis.clone(),
    }
}

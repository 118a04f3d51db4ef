//! Models compared: scores and their parts, prices, and what became of their runs.

use cc_domain::{BenchmarkScore, ModelScore, Profile, Role};
use cc_profiles::ProfileStore;
use cc_reports::dashboard::model::{Benchmark, ModelRow, Models, RoleParts};

use super::Dashboard;
use crate::{OpError, past::History, routing};

pub(super) fn gather(dashboard: &Dashboard) -> Models {
    scored(dashboard).unwrap_or_else(|error| Models { problem: Some(error.to_string()), ..Models::default() })
}

fn scored(dashboard: &Dashboard) -> Result<Models, OpError> {
    let cx = &dashboard.cx;
    let profiles = cc_profiles::load(&cx.setup().locations)?;
    let history = History::read(cx)?;
    let roles: Vec<Role> = Role::known().collect();
    let policy = cx.policy(&cx.project(None)?.root);
    let answer = routing::score(&policy, &profiles, &history, &roles)?;
    let first = answer.value.first();
    let abilities =
        first.map(|score| score.abilities.iter().map(|(name, _)| name.clone()).collect()).unwrap_or_default();
    let names =
        first.map(|score| score.roles.iter().map(|role| role.role.clone()).collect()).unwrap_or_default();
    let mut models: Vec<ModelRow> =
        answer.value.iter().map(|score| row(score, &profiles, &history)).collect();
    models.sort_by(|a, b| {
        a.unusable.is_some().cmp(&b.unusable.is_some()).then(b.overall.total_cmp(&a.overall))
    });
    Ok(Models {
        models,
        abilities,
        roles: names,
        scored_by: answer.trace.iter().map(|step| format!("{}: {}", step.who, step.reason)).collect(),
        benchmarks: benchmarks(dashboard, &profiles)?,
        problem: None,
    })
}

fn benchmarks(dashboard: &Dashboard, profiles: &ProfileStore) -> Result<Vec<Benchmark>, OpError> {
    let Some(store) = dashboard.store()? else { return Ok(Vec::new()) };
    let name = |id: &str| {
        profiles.profiles.iter().find(|profile| profile.id == id).map(|profile| profile.name.clone())
    };
    let row = |score: BenchmarkScore| Benchmark {
        profile: name(&score.profile_id).unwrap_or(score.profile_id),
        model: score.model.unwrap_or_default(),
        role: score.role.to_string(),
        score: score.score.mean,
        low: score.score.low,
        high: score.score.high,
        tasks: score.tasks,
        usd: score.cost_usd,
        suite: score.suite,
        at: score.at,
    };
    Ok(store.benchmark_scores()?.into_iter().map(row).collect())
}

fn row(score: &ModelScore, profiles: &ProfileStore, history: &History) -> ModelRow {
    let profile: Option<&Profile> = profiles.profiles.iter().find(|profile| profile.id == score.profile_id);
    let known = profile.map(|profile| history.attributes(profile, &score.model)).unwrap_or_default();
    let figure =
        |key: &str| known.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.parse().ok());
    let (runs, successes) = (figure("history.runs"), figure("history.successes"));
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
        runs: runs.unwrap_or_default(),
        successes: successes.unwrap_or_default(),
        basis: score.basis.clone(),
    }
}

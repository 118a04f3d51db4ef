//! What is used of the user's limits now.

use std::{collections::BTreeSet, path::Path};

use cc_domain::{Amount, CostGuard, Measure, Payer, Standing};
use cc_store::{RunFilter, Store, UsageBy, today};
use jiff::civil::Date;

use crate::{Context, OpError};

/// Limits of each profile, project and run that are listed, those that are used most.
const MOST: usize = 30;

/// Every limit that is set, the most used first.
pub(crate) fn measures(store: &Store, guard: &CostGuard) -> Result<Vec<Measure>, OpError> {
    let nobody = Payer { profile_id: "", profile_name: "", project: Path::new("") };
    let standing = store.standing(nobody)?;
    let mut all = guard.workers(nobody, &standing);
    all.extend(
        guard.spending(nobody, &standing).into_iter().filter(|measure| is(measure, &["day", "fleet"])),
    );
    all.extend(of_profiles(store, guard)?);
    all.extend(of_projects(store, guard)?);
    all.extend(of_runs(store, guard)?);
    all.sort_by(|a, b| share(b).total_cmp(&share(a)));
    all.truncate(MOST);
    Ok(all)
}

fn is(measure: &Measure, kinds: &[&str]) -> bool {
    measure.path.iter().any(|part| kinds.contains(&part.as_str()))
}

/// How much of it is used.
fn share(measure: &Measure) -> f64 {
    if measure.most > 0.0 { measure.spent / measure.most } else { 1.0 }
}

fn of_profiles(store: &Store, guard: &CostGuard) -> Result<Vec<Measure>, OpError> {
    let mut known: BTreeSet<(String, String)> = used(store, UsageBy::Profile)?
        .into_iter()
        .map(|(id, name)| (id.clone(), name.unwrap_or(id)))
        .collect();
    for name in guard.profiles.keys() {
        if !known.iter().any(|(id, known)| id == name || known == name) {
            known.insert((name.clone(), name.clone()));
        }
    }
    let mut all = Vec::new();
    for (id, name) in &known {
        let payer = Payer { profile_id: id, profile_name: name, project: Path::new("") };
        all.extend(shares(store, guard, payer, &["profile", "profiles"])?);
    }
    Ok(all)
}

fn of_projects(store: &Store, guard: &CostGuard) -> Result<Vec<Measure>, OpError> {
    let used = used(store, UsageBy::Project)?.into_iter().map(|(folder, _)| folder);
    let known: BTreeSet<String> = used.chain(guard.projects.keys().cloned()).collect();
    let mut all = Vec::new();
    for folder in &known {
        let payer = Payer { profile_id: "", profile_name: "", project: Path::new(folder) };
        all.extend(shares(store, guard, payer, &["project", "projects"])?);
    }
    Ok(all)
}

/// Who spent something today.
fn used(store: &Store, by: UsageBy) -> Result<Vec<(String, Option<String>)>, OpError> {
    let today: Date = today().parse().unwrap_or_default();
    Ok(store.usage(by, today, today)?.into_iter().map(|sum| (sum.key, sum.name)).collect())
}

fn shares(
    store: &Store,
    guard: &CostGuard,
    payer: Payer<'_>,
    kinds: &[&str],
) -> Result<Vec<Measure>, OpError> {
    let standing = store.standing(payer)?;
    let all = guard.workers(payer, &standing).into_iter().chain(guard.spending(payer, &standing));
    Ok(all.filter(|measure| is(measure, kinds)).collect())
}

fn of_runs(store: &Store, guard: &CostGuard) -> Result<Vec<Measure>, OpError> {
    if guard.of_run(&Standing::default()).is_empty() {
        return Ok(Vec::new());
    }
    let active = store.list_runs(&RunFilter { active: Some(true), limit: 1_000, ..RunFilter::default() })?;
    let mut all = Vec::new();
    for run in active {
        let amount = Amount { usd: run.cost_usd.unwrap_or_default(), tokens: run.usage.total() };
        let measures = guard.of_run(&Standing { run: amount, ..Standing::default() });
        let of = Some(run.run_id.to_string());
        all.extend(measures.into_iter().map(|measure| Measure { of: of.clone(), ..measure }));
    }
    Ok(all)
}

/// Limits that will never hold anything.
pub(crate) fn warnings(cx: &Context, guard: &CostGuard) -> Vec<String> {
    let profiles = cc_profiles::load(&cx.setup().locations).map(|store| store.profiles).unwrap_or_default();
    let known = |name: &String| profiles.iter().any(|profile| profile.id == *name || profile.name == *name);
    let profile = |name: &String| {
        format!("no profile of CC Switch has the id or name '{name}'; cc_list_profiles lists them")
    };
    let project = |folder: &String| {
        format!("'{folder}' is no folder; name a project by its whole path, as cc_run_status shows it")
    };
    let nobody = guard.profiles.keys().filter(|name| !profiles.is_empty() && !known(name)).map(profile);
    let nowhere = |folder: &&String| !Path::new(folder).is_absolute() || !Path::new(folder).is_dir();
    nobody.chain(guard.projects.keys().filter(nowhere).map(project)).collect()
}

/// As people read it: six digits behind the point.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}

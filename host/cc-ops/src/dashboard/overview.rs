//! The first page: what needs a person, what goes on, what it costs.

use cc_domain::{RunMode, RunStatus, Verified};
use cc_reports::dashboard::model::{Attention, Overview, RunLine, Spend, SpendLine, Today};
use cc_store::{RunDir, RunFilter, RunSummary, Store, UsageBy};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use super::{Dashboard, line, moment, queue, run::doing, task};
use crate::{OpError, own};

const ACTIVE: u32 = 100;
const RECENT: u32 = 15;
/// Ended runs whose verdicts are looked at.
const JUDGED: u32 = 60;
const DAYS: i64 = 14;
/// Runs that are no measurement: a suite's would fill the page.
const WORK: [RunMode; 4] = [RunMode::Blocking, RunMode::Streaming, RunMode::Visible, RunMode::Demo];

pub(super) fn gather(dashboard: &Dashboard) -> Result<Overview, OpError> {
    let mut page = Overview { queue: queue::tally(dashboard)?, ..Overview::default() };
    let limits = limits(dashboard, &mut page);
    let Some(store) = dashboard.store()? else {
        page.spend = limits;
        return Ok(page);
    };
    let of = |active, limit| RunFilter {
        active: Some(active),
        modes: if active { Vec::new() } else { WORK.to_vec() },
        limit,
        workspace_root: dashboard.project.clone(),
        ..RunFilter::default()
    };
    for row in store.list_runs(&of(true, ACTIVE))? {
        let (line, waits) = active(dashboard, &row);
        page.attention.extend(waits);
        page.active.push(line);
    }
    let ended = store.list_runs(&of(false, JUDGED))?;
    page.attention.extend(ended.iter().filter_map(refused));
    page.recent = ended.iter().take(RECENT as usize).map(judged).collect();
    page.today = today(dashboard, &store)?;
    page.spend = spend(dashboard, &store, limits)?;
    page.attention.extend(over_limit(&page.spend));
    // What only a person can end comes first; what ends by itself, last.
    page.attention.sort_by_key(|one| {
        ["limit", "question", "gate"].iter().position(|kind| *kind == one.kind).unwrap_or(3)
    });
    Ok(page)
}

/// A run that goes on, and what it waits for.
fn active(dashboard: &Dashboard, row: &RunSummary) -> (RunLine, Vec<Attention>) {
    let dir = RunDir::at(&row.run_dir);
    let mut shown = RunLine { task: task(&dir), ..line(row) };
    let progress = dashboard.cx.watched().look(&row.run_id, &dir).map(|seen| seen.progress);
    let Ok(progress) = progress else { return (shown, Vec::new()) };
    shown.activity = Some(doing(&progress.activity(Timestamp::now())));
    shown.cost_usd = shown.cost_usd.or(progress.cost_usd);
    if !progress.questions.is_empty() {
        "waiting".clone_into(&mut shown.state);
    }
    let mut waits: Vec<Attention> = progress
        .questions
        .iter()
        .map(|question| Attention {
            kind: "question",
            run: Some(shown.clone()),
            what: format!("asks for permission: {} {}", question.tool, question.target),
            question: Some(super::run::asked(question)),
        })
        .collect();
    if row.status == RunStatus::Parked {
        let until = progress.parked_until.map(|until| format!(" at {}", moment(until)));
        let what = format!("a usage limit is reached; it goes on by itself{}", until.unwrap_or_default());
        waits.push(Attention { kind: "parked", run: Some(shown.clone()), what, question: None });
    }
    (shown, waits)
}

fn judged(row: &RunSummary) -> RunLine {
    let dir = RunDir::at(&row.run_dir);
    let verified = own::verification(&dir).map(|v| v.status.as_str().to_owned());
    RunLine { verified, task: task(&dir), ..line(row) }
}

/// A run whose work was refused, and is not older than a day.
fn refused(row: &RunSummary) -> Option<Attention> {
    let begun: Timestamp = row.started_at.parse().ok()?;
    if Timestamp::now().duration_since(begun).as_hours() >= 24 {
        return None;
    }
    let verification = own::verification(&RunDir::at(&row.run_dir))?;
    if verification.status != Verified::BlockedVerification {
        return None;
    }
    let failed = verification.gates.iter().filter(|gate| gate.state == cc_domain::GateState::Fail);
    let what: Vec<String> = failed.map(|gate| format!("{}: {}", gate.name, gate.evidence)).collect();
    let what = what.join("; ");
    Some(Attention { kind: "gate", run: Some(judged(row)), what, question: None })
}

fn midnight() -> Timestamp {
    today_utc().to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

fn today(dashboard: &Dashboard, store: &Store) -> Result<Today, OpError> {
    let project = || dashboard.project.clone();
    let of = |since, modes: &[RunMode]| RunFilter {
        since,
        modes: modes.to_vec(),
        workspace_root: project(),
        ..RunFilter::default()
    };
    let sums = store.run_sums(&of(Some(midnight()), &WORK))?;
    let total = store.run_sums(&of(None, &[]))?.runs;
    Ok(Today { runs: sums.runs, succeeded: sums.succeeded, failed: sums.failed, active: sums.active, total })
}

/// The limits in force.
fn limits(dashboard: &Dashboard, page: &mut Overview) -> Spend {
    let home = dashboard.cx.setup().home.root();
    match cc_policy::Overrides::read(home) {
        Ok(overrides) => Spend {
            usd_limit: overrides.cost_guard.usd.day,
            tokens_limit: overrides.cost_guard.tokens.day,
            running_limit: overrides.cost_guard.max_concurrent.get().into(),
            ..Spend::default()
        },
        Err(error) => {
            page.problems.push(error.to_string());
            Spend::default()
        }
    }
}

/// By the ledger: what its sums say is what limits are kept by. Demo and benchmark runs are apart.
fn spend(dashboard: &Dashboard, store: &Store, limits: Spend) -> Result<Spend, OpError> {
    let running = store.run_sums(&RunFilter { active: Some(true), ..RunFilter::default() })?.runs;
    let guard = cc_policy::Overrides::read(dashboard.cx.setup().home.root()).unwrap_or_default().cost_guard;
    let today = today_utc();
    let sums = store.usage(UsageBy::Profile, today, today)?;
    let profiles: Vec<SpendLine> = sums
        .into_iter()
        .filter(|sum| sum.apart.is_none())
        .map(|sum| {
            let name = sum.name.filter(|name| !name.is_empty()).unwrap_or_else(|| sum.key.clone());
            let own = guard.profiles.get(&sum.key).or_else(|| guard.profiles.get(&name));
            let usd_limit = own.and_then(|own| own.usd).or(guard.usd.profile);
            SpendLine { name, runs: sum.runs, usd: sum.usd, tokens: sum.usage.total(), usd_limit }
        })
        .collect();
    Ok(Spend {
        usd: profiles.iter().map(|line| line.usd).sum(),
        tokens: profiles.iter().map(|line| line.tokens).sum(),
        running,
        profiles,
        days: days(store, today)?,
        ..limits
    })
}

fn today_utc() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Each of the last days, those without runs too.
fn days(store: &Store, today: Date) -> Result<Vec<(String, f64)>, OpError> {
    let first = today.saturating_sub((DAYS - 1).days());
    let known = store.usage(UsageBy::Day, first, today)?;
    let day = |after: i64| {
        let day = first.saturating_add(after.days()).to_string();
        let usd = known.iter().filter(|sum| sum.key == day && sum.apart.is_none()).map(|sum| sum.usd).sum();
        (day, usd)
    };
    Ok((0..DAYS).map(day).collect())
}

fn over_limit(spend: &Spend) -> Option<Attention> {
    let limit = spend.usd_limit.filter(|limit| spend.usd >= *limit)?;
    let what = format!("today's limit of {limit} USD is reached; no worker starts before midnight UTC");
    Some(Attention { kind: "limit", run: None, what, question: None })
}

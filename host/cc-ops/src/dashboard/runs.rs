//! The list of runs: paged, filtered, summed up.

use std::path::PathBuf;

use cc_domain::RunStatus;
use cc_reports::dashboard::model::{Choices, Filter, RunLine, RunList};
use cc_store::{RunDir, RunFilter};
use jiff::{Timestamp, ToSpan as _};

use super::{Dashboard, line, run::doing, task};
use crate::{OpError, own};

const A_PAGE: u64 = 100;
const MOST_WORDS: usize = 8;

const STATUSES: [RunStatus; 9] = [
    RunStatus::Starting,
    RunStatus::Running,
    RunStatus::Parked,
    RunStatus::StopRequested,
    RunStatus::Stopped,
    RunStatus::Succeeded,
    RunStatus::Failed,
    RunStatus::TimedOut,
    RunStatus::Lost,
];

pub(super) fn gather(dashboard: &Dashboard, filter: Filter, page: u64) -> Result<RunList, OpError> {
    let Some(store) = dashboard.store()? else {
        return Ok(RunList { filter, page: 1, ..RunList::default() });
    };
    let (mut asked, problem) = match filter_of(&filter, Timestamp::now()) {
        Ok(asked) => (asked, None),
        Err(problem) => (RunFilter::default(), Some(problem)),
    };
    let sums = store.run_sums(&asked)?;
    let pages = sums.runs.div_ceil(A_PAGE).max(1);
    let page = page.clamp(1, pages);
    asked.limit = A_PAGE as u32;
    asked.offset = u32::try_from((page - 1) * A_PAGE).unwrap_or(u32::MAX);
    let names = store.names()?;
    Ok(RunList {
        runs: store.list_runs(&asked)?.iter().map(|row| shown(dashboard, row)).collect(),
        total: store.run_sums(&RunFilter::default())?.runs,
        matching: sums.runs,
        usd: sums.usd,
        tokens: sums.tokens,
        page,
        pages,
        choices: Choices {
            statuses: STATUSES.iter().map(|status| status.as_str().to_owned()).collect(),
            roles: names.roles,
            models: names.models,
            profiles: names.profiles,
            projects: names.projects,
        },
        filter,
        problem,
    })
}

fn shown(dashboard: &Dashboard, row: &cc_store::RunSummary) -> RunLine {
    let dir = RunDir::at(&row.run_dir);
    let mut shown = RunLine { task: task(&dir), ..line(row) };
    if row.status.is_active() {
        if let Ok(seen) = dashboard.cx.watched().look(&row.run_id, &dir) {
            shown.activity = Some(doing(&seen.progress.activity(Timestamp::now())));
            if !seen.progress.questions.is_empty() {
                "waiting".clone_into(&mut shown.state);
            }
        }
    } else {
        shown.verified = own::verification(&dir).map(|verification| verification.status.as_str().to_owned());
    }
    shown
}

/// The index's filter for that of an address.
///
/// # Errors
/// What was not understood, in a sentence.
pub fn filter_of(filter: &Filter, now: Timestamp) -> Result<RunFilter, String> {
    let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut asked = RunFilter {
        model: set(&filter.model),
        profile_id: set(&filter.profile),
        workspace_root: set(&filter.project).map(PathBuf::from),
        words: filter.q.split_whitespace().take(MOST_WORDS).map(ToOwned::to_owned).collect(),
        since: since(&filter.since, now)?,
        ..RunFilter::default()
    };
    match filter.status.as_str() {
        "" => {}
        "active" => asked.active = Some(true),
        name => {
            let status = RunStatus::parse(name).ok_or_else(|| format!("'{name}' is no state of a run"))?;
            asked.statuses.push(status);
        }
    }
    if !filter.role.is_empty() {
        asked.role = Some(filter.role.parse().map_err(|error| format!("{error}"))?);
    }
    asked.allow_write = match filter.write.as_str() {
        "" => None,
        "yes" => Some(true),
        "no" => Some(false),
        other => return Err(format!("'{other}' is neither yes nor no")),
    };
    Ok(asked)
}

fn since(text: &str, now: Timestamp) -> Result<Option<Timestamp>, String> {
    let hours = match text {
        "" => return Ok(None),
        "1h" => 1_i64,
        "24h" => 24,
        "7d" => 7 * 24,
        "30d" => 30 * 24,
        other => return Err(format!("'{other}' is no time span; use 1h, 24h, 7d or 30d")),
    };
    Ok(now.checked_sub(hours.hours()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_filter_or_says_what_is_wrong() {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        let filter = Filter {
            status: "failed".into(),
            role: "review".into(),
            write: "yes".into(),
            since: "24h".into(),
            q: " overloaded  kimi ".into(),
            ..Filter::default()
        };
        let asked = filter_of(&filter, now).unwrap();
        assert_eq!((asked.statuses, asked.allow_write), (vec![RunStatus::Failed], Some(true)));
        assert_eq!(asked.since, Some("2026-11-24T12:00:00Z".parse().unwrap()));
        assert_eq!(asked.words, ["overloaded", "kimi"]);
        for wrong in [
            Filter { status: "<b>".into(), ..Filter::default() },
            Filter { since: "3 weeks".into(), ..Filter::default() },
            Filter { write: "maybe".into(), ..Filter::default() },
            Filter { role: "No Role".into(), ..Filter::default() },
        ] {
            filter_of(&wrong, now).unwrap_err();
        }
        assert_eq!(filter_of(&Filter::default(), now).unwrap(), RunFilter::default());
    }
}

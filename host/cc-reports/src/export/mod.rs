//! Runs, teams and days as pages; serialised, they are the same report as JSON.

mod day;
mod run;
mod team;

pub use day::{DayReport, DayRun};
pub use run::RunReport;
pub use team::TeamReport;

/// Version of the reports' JSON.
const FORMAT: u32 = 1;

/// Two cells a row, without those that say nothing.
fn facts(pairs: Vec<(&str, String)>) -> Vec<Vec<String>> {
    pairs
        .into_iter()
        .filter(|(_, said)| !said.is_empty())
        .map(|(what, said)| vec![what.to_owned(), said])
        .collect()
}

fn usd(cost: Option<f64>) -> String {
    cost.map(|usd| format!("{usd:.4} USD")).unwrap_or_default()
}

fn seconds(ms: Option<u64>) -> String {
    ms.map(|ms| format!("{:.1} s", ms as f64 / 1e3)).unwrap_or_default()
}

fn tokens(total: u64) -> String {
    if total == 0 { String::new() } else { total.to_string() }
}

//! Sums of what was spent, and lines of them.

use std::collections::BTreeMap;

use cc_ops::{ErrorKind, OpError, plain};
use jiff::{ToSpan as _, civil::Date};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use serde::Deserialize;
use serde_json::json;

use super::head::Limit;
use crate::tui::{
    host::Caller,
    theme::{self, BAD, BOLD, BUSY, CAREFUL, DIM},
};

/// Cells of a row's figures.
const FIGURES: usize = 34;
/// Days of the chart.
const DAYS: i64 = 30;

/// What `cc_usage_summary` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Summed {
    pub(super) totals: Sum,
    pub(super) groups: Vec<Sum>,
    last_day: String,
    export: Option<String>,
}

/// One sum.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sum {
    key: String,
    name: Option<String>,
    kind: Option<String>,
    runs: u64,
    failures: u64,
    tokens: u64,
    cost_usd: f64,
    /// USD of each accuracy; of what has no price, tokens.
    accuracy: BTreeMap<String, f64>,
}

/// Asks for sums.
pub(super) struct Sums;

impl Sums {
    pub(super) fn by(caller: &Caller, group: &str, days: u32) -> Result<Summed, OpError> {
        let mut summed: Summed =
            caller.call("cc_usage_summary", json!({ "group_by": group, "days": days }))?;
        for sum in &mut summed.groups {
            sum.key = plain(&sum.key);
            sum.name = sum.name.take().map(|name| plain(&name));
        }
        Ok(summed)
    }

    /// Each of the last days. A reply lists twenty sums; an export has all.
    pub(super) fn days(caller: &Caller) -> Result<Vec<(String, f64)>, OpError> {
        let ask = json!({ "group_by": "day", "days": DAYS, "format": "json" });
        let summed: Summed = caller.call("cc_usage_summary", ask)?;
        let broken = |error: &dyn std::fmt::Display| {
            OpError::new(
                ErrorKind::State,
                format!("the days' sums were not understood: {error}"),
                "report it",
            )
        };
        let all: Vec<Sum> =
            serde_json::from_str(&summed.export.unwrap_or_default()).map_err(|error| broken(&error))?;
        let last: Date = summed.last_day.parse().map_err(|error| broken(&error))?;
        let work = |sum: &&Sum| sum.kind.as_deref() == Some("work");
        let known: BTreeMap<&str, f64> =
            all.iter().filter(work).map(|sum| (sum.key.as_str(), sum.cost_usd)).collect();
        let day = |before: i64| last.saturating_sub(before.days()).to_string();
        Ok((0..DAYS)
            .rev()
            .map(day)
            .map(|day| (day.clone(), known.get(day.as_str()).copied().unwrap_or(0.0)))
            .collect())
    }
}

impl Summed {
    /// Cells of the longest name.
    pub(super) fn names(&self) -> usize {
        let names = self.groups.iter().map(|sum| Span::raw(sum.name()).width());
        names.max().unwrap_or_default().max("profile".len())
    }

    /// The dearest first, with their share as a bar.
    pub(super) fn table(&self, what: &str, name: usize, width: u16) -> Vec<Line<'static>> {
        let room = usize::from(width);
        let name = name.min(room.saturating_sub(FIGURES).max(8));
        let bar = room.saturating_sub(name + FIGURES).min(30);
        let head = format!("  {:>5} {:>6} {:>7} {:>8}", "runs", "failed", "tokens", "USD");
        let mut lines =
            vec![Line::from(vec![Span::styled(fitted(what, name), BOLD), Span::styled(head, DIM)])];
        let most = self.groups.iter().map(|sum| sum.cost_usd).fold(0.0, f64::max);
        lines.extend(self.groups.iter().map(|sum| sum.line(name, bar, most)));
        if self.groups.is_empty() {
            lines.push(Line::styled("nothing was spent", DIM));
        }
        lines
    }
}

impl Sum {
    fn name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.key)
    }

    fn line(&self, name: usize, bar: usize, most: f64) -> Line<'static> {
        let failed = if self.failures > 0 { BAD } else { DIM };
        let tokens = theme::count(self.tokens);
        let mut line = Line::from(vec![
            Span::raw(fitted(self.name(), name)),
            Span::raw(format!("  {:>5} ", self.runs)),
            Span::styled(format!("{:>6} ", self.failures), failed),
            Span::raw(format!("{tokens:>7} {:>8}  ", theme::usd(self.cost_usd))),
        ]);
        if most > 0.0 {
            line.push_span(theme::bar(self.cost_usd / most, bar, BUSY)[0].clone());
        }
        line
    }

    /// How sure the figures are.
    pub(super) fn accuracy(&self) -> Vec<Line<'static>> {
        let share = |name: &str, say: &str, style: Style| {
            let usd = self.accuracy.get(name).copied().filter(|usd| *usd > 0.0)?;
            let text = format!("{:>10} USD  {say}", theme::usd(usd));
            Some(Line::styled(text, style))
        };
        let unknown = self.accuracy.get("unknown_tokens").copied().filter(|tokens| *tokens > 0.0);
        let unknown = unknown.map(|tokens| {
            let text = format!(
                "{:>7} tokens  without a price; cc_local_policy sets one",
                theme::count(tokens as u64)
            );
            Line::styled(text, CAREFUL)
        });
        let sure = [
            share("reported_usd", "told by the provider", Style::new()),
            share("priced_usd", "tokens by their price", Style::new()),
            share("reckoned_usd", "reckoned; the tokens were not told", CAREFUL),
        ];
        let all = format!(
            "{:>10} USD  in {} runs, {} tokens",
            theme::usd(self.cost_usd),
            self.runs,
            theme::count(self.tokens)
        );
        let mut lines = vec![title("how sure"), Line::styled(all, BOLD)];
        lines.extend(sure.into_iter().flatten().chain(unknown));
        lines
    }
}

pub(super) fn title(text: &'static str) -> Line<'static> {
    Line::styled(text, BOLD)
}

/// One limit with its bar.
pub(super) fn limit(limit: &Limit, width: u16) -> Line<'static> {
    let of = limit.of.as_ref().map(|of| format!(" {of}")).unwrap_or_default();
    let style = theme::used(limit.share());
    let figures =
        format!("{} of {} {}", limit.figure(limit.spent), limit.figure(limit.most), unit(&limit.unit));
    let room = usize::from(width);
    let name = room.saturating_sub(40).clamp(12, 32);
    let bar = room.saturating_sub(name + 26).min(20);
    let [full, empty] = theme::bar(limit.share(), bar, style);
    let label = fitted(&format!("{}{of}", limit.limit), name);
    Line::from(vec![Span::raw(label + " "), full, empty, Span::styled(format!(" {figures}"), style)])
}

fn unit(unit: &str) -> &str {
    if unit == "usd" { "USD" } else { unit }
}

/// Exactly so many cells; what is too long ends with a sign of it.
fn fitted(text: &str, cells: usize) -> String {
    let width = |text: &str| Span::raw(text.to_owned()).width();
    let mut shown = text.to_owned();
    if width(&shown) > cells {
        while width(&shown) + 1 > cells && shown.pop().is_some() {}
        shown.push('…');
    }
    let missing = cells.saturating_sub(width(&shown));
    shown + &" ".repeat(missing)
}

//! `cc_usage_summary`.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
};

use cc_store::{RunDir, UsageBy, UsageSum, create_private_dir, today, write_atomic};
use jiff::{ToSpan as _, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Context, Effect, ErrorKind, OpError, Operation, Output, arguments, guarded::rounded};

/// Days that one summary may span.
const MOST_DAYS: u32 = 366;
/// Sums that a reply lists; a file has them all.
const LISTED: usize = 20;
/// The longest export that comes in a reply, bytes: a year's days fit, and Codex cuts at about 48,000 characters.
const INLINE: usize = 40_000;

/// Usage and cost: how much money (USD) and tokens we did spend today or in the last days, by model, profile, role,
/// project or day; how many runs there were and failed, how sure each figure is. Exports csv or json. Demo and
/// benchmark runs apart.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageSummary {
    /// Last day, UTC, YYYY-MM-DD; default today.
    #[arg(long)]
    date: Option<String>,
    /// 1-366, default 1.
    #[arg(long)]
    days: Option<u32>,
    /// Default model.
    #[arg(long)]
    group_by: Option<GroupBy>,
    /// Also as a report file.
    #[arg(long)]
    #[serde(default)]
    write_report: bool,
    /// Export.
    #[arg(long)]
    format: Option<Format>,
    /// New file for the export; default: in the reply, when it is small.
    #[arg(long)]
    output: Option<PathBuf>,
}

/// What sums are made by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, description = "")]
pub(crate) enum GroupBy {
    Day,
    #[default]
    Model,
    Profile,
    Role,
    Project,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, description = "")]
pub(crate) enum Format {
    Json,
    Csv,
}

/// The sums.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Summed {
    #[schemars(skip)]
    first_day: String,
    #[schemars(skip)]
    last_day: String,
    #[schemars(skip)]
    group_by: GroupBy,
    totals: Sum,
    groups: Vec<Sum>,
    /// What is no work, by its mode.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    apart: BTreeMap<String, Sum>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_path: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    report_path: Option<String>,
}

/// One sum.
#[derive(Debug, Serialize, JsonSchema)]
struct Sum {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    runs: u64,
    failures: u64,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "is_0")]
    active: u64,
    tokens: u64,
    #[schemars(skip)]
    input_tokens: u64,
    #[schemars(skip)]
    output_tokens: u64,
    #[schemars(skip)]
    cache_read_tokens: u64,
    #[schemars(skip)]
    cache_write_tokens: u64,
    cost_usd: f64,
    /// USD of each accuracy; of what has no price, tokens.
    accuracy: BTreeMap<&'static str, f64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_0(value: &u64) -> bool {
    *value == 0
}

impl Operation for UsageSummary {
    const NAME: &'static str = "cc_usage_summary";
    const TITLE: &'static str = "Usage and cost: what was spent, by day, model, profile, role or project";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Summed;

    async fn run(self, cx: Context) -> Result<Summed, OpError> {
        let (first, last) = self.span()?;
        if self.output.is_some() && self.format.is_none() {
            return Err(OpError::invalid("'output' is given without 'format'", "say format json or csv"));
        }
        cx.blocking(move |cx| {
            let by = self.group_by.unwrap_or_default();
            let store = cx.store()?;
            // A run whose supervisor is gone does not go on.
            store.list_runs(&cc_store::RunFilter {
                active: Some(true),
                limit: 1_000,
                ..Default::default()
            })?;
            let all = store.usage(by.into(), first, last)?;
            let mut summed = Summed::of(by, (first, last), &all, &store.usage_in_all(first, last)?);
            if self.write_report {
                summed.reported(&cx.project(None)?.root)?;
            }
            if let Some(format) = self.format {
                summed.exported(
                    export(format, &all)?,
                    self.output.as_deref().map(|path| cx.setup().workspace.join(path)),
                )?;
            }
            Ok(summed)
        })
        .await
    }
}

impl UsageSummary {
    fn span(&self) -> Result<(Date, Date), OpError> {
        let days = arguments::number_within("days", self.days.unwrap_or(1), 1, MOST_DAYS)?;
        let last = self.date.clone().unwrap_or_else(today);
        let no_date = |_| OpError::invalid(format!("'date' is '{last}'"), "give a day such as 2026-11-25");
        let last: Date = last.parse().map_err(no_date)?;
        Ok((last.saturating_sub(i64::from(days - 1).days()), last))
    }
}

impl From<GroupBy> for UsageBy {
    fn from(by: GroupBy) -> Self {
        match by {
            GroupBy::Day => Self::Day,
            GroupBy::Model => Self::Model,
            GroupBy::Profile => Self::Profile,
            GroupBy::Role => Self::Role,
            GroupBy::Project => Self::Project,
        }
    }
}

impl Summed {
    fn of(by: GroupBy, (first, last): (Date, Date), all: &[UsageSum], whole: &[UsageSum]) -> Self {
        let work = all.iter().filter(|sum| sum.apart.is_none());
        let groups: Vec<Sum> = work.map(|sum| Sum { key: Some(sum.key.clone()), ..Sum::of(sum) }).collect();
        let apart = whole.iter().filter_map(|sum| Some((sum.apart.clone()?, Sum::of(sum))));
        let nothing = UsageSum::default();
        let totals = Sum::of(whole.iter().find(|sum| sum.apart.is_none()).unwrap_or(&nothing));
        let mut summed = Self {
            first_day: first.to_string(),
            last_day: last.to_string(),
            group_by: by,
            notes: notes(&totals, groups.len()),
            totals,
            groups,
            apart: apart.collect(),
            export: None,
            export_path: None,
            report_path: None,
        };
        summed.groups.truncate(LISTED);
        summed
    }

    fn exported(&mut self, text: String, path: Option<PathBuf>) -> Result<(), OpError> {
        match path {
            Some(path) => {
                write_new(&path, text.as_bytes())?;
                self.export_path = Some(path.display().to_string());
            }
            None if text.len() <= INLINE => {
                // It has them all.
                self.groups.clear();
                self.export = Some(text);
            }
            None => {
                let what = format!("the export has {} bytes; a reply takes {INLINE}", text.len());
                return Err(OpError::invalid(what, "name a new file with 'output', or ask for fewer days"));
            }
        }
        Ok(())
    }

    fn reported(&mut self, root: &Path) -> Result<(), OpError> {
        let folder = RunDir::artifact_root(root).join("reports");
        create_private_dir(&folder)?;
        let path = folder.join(format!("usage-{}.md", self.last_day));
        write_atomic(&path, self.table().as_bytes())?;
        self.report_path = Some(path.display().to_string());
        Ok(())
    }

    fn table(&self) -> String {
        cc_reports::usage(&serde_json::to_value(self).unwrap_or_default())
    }
}

fn notes(totals: &Sum, groups: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if totals.accuracy.contains_key("unknown_tokens") {
        notes.push(
            "Some tokens have no price: cc_local_policy with prices sets what you pay for a model."
                .to_owned(),
        );
    }
    if totals.accuracy.contains_key("reckoned_usd") {
        notes.push("Reckoned: from what was written of replies whose tokens nobody has told.".to_owned());
    }
    if groups > LISTED {
        notes.push(format!("{} further groups: format csv or json with output has them.", groups - LISTED));
    }
    notes
}

impl Sum {
    fn of(sum: &UsageSum) -> Self {
        let names = ["reported_usd", "priced_usd", "reckoned_usd", "unknown_tokens"];
        let shares = names.into_iter().zip(sum.by_accuracy).filter(|(_, share)| *share > 0.0);
        Self {
            key: None,
            name: sum.name.clone(),
            runs: sum.runs,
            failures: sum.failures,
            active: sum.active,
            tokens: sum.usage.total(),
            input_tokens: sum.usage.input_tokens,
            output_tokens: sum.usage.output_tokens,
            cache_read_tokens: sum.usage.cache_read_tokens,
            cache_write_tokens: sum.usage.cache_write_tokens,
            cost_usd: rounded(sum.usd),
            accuracy: shares.map(|(name, share)| (name, rounded(share))).collect(),
        }
    }
}

/// Every sum, those that are kept apart with their kind.
fn export(format: Format, all: &[UsageSum]) -> Result<String, OpError> {
    match format {
        Format::Csv => csv(all).map_err(|error| {
            OpError::new(ErrorKind::State, format!("the CSV could not be made: {error}"), "report it")
        }),
        Format::Json => {
            let sum = |sum: &UsageSum| {
                let kind = sum.apart.clone().unwrap_or_else(|| "work".into());
                let mut value = serde_json::to_value(Sum { key: Some(sum.key.clone()), ..Sum::of(sum) })
                    .unwrap_or_default();
                value["kind"] = kind.into();
                value
            };
            Ok(format!("{:#}", Value::Array(all.iter().map(sum).collect())))
        }
    }
}

const COLUMNS: [&str; 16] = [
    "key",
    "name",
    "kind",
    "runs",
    "failures",
    "active",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "tokens",
    "cost_usd",
    "reported_usd",
    "priced_usd",
    "reckoned_usd",
    "unknown_tokens",
];

fn csv(all: &[UsageSum]) -> Result<String, Box<dyn std::error::Error>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for sum in all {
        let usage = sum.usage;
        let words =
            [&sum.key, sum.name.as_deref().unwrap_or_default(), sum.apart.as_deref().unwrap_or("work")];
        let counts = [
            sum.runs,
            sum.failures,
            sum.active,
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens,
            usage.cache_write_tokens,
            usage.total(),
        ];
        let amounts = [sum.usd].into_iter().chain(sum.by_accuracy).map(|amount| rounded(amount).to_string());
        let counts = counts.iter().map(ToString::to_string);
        table.write_record(words.map(harmless).into_iter().chain(counts).chain(amounts))?;
    }
    Ok(String::from_utf8(table.into_inner()?)?)
}

/// Providers choose these words, and a spreadsheet would run what looks like a formula.
fn harmless(word: &str) -> String {
    let formula = word.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{word}") } else { word.to_owned() }
}

/// A file of the user's is never overwritten.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), OpError> {
    let written =
        OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| {
        OpError::invalid(
            format!("the export cannot be written to {}: {error}", path.display()),
            "name a new file in a folder that exists",
        )
    })
}

impl Output for Summed {
    fn text(&self) -> String {
        if let Some(export) = &self.export {
            return export.clone();
        }
        let written = [&self.export_path, &self.report_path];
        let paths: String =
            written.into_iter().flatten().map(|path| format!("\nwritten: {path}\n")).collect();
        format!("{}{paths}", self.table())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_needs_it_and_runs_nothing() {
        let sum = UsageSum {
            key: "=cmd|' /C calc'!A0".into(),
            name: Some("a, \"b\"".into()),
            runs: 2,
            usd: 0.1 + 0.2,
            by_accuracy: [0.3, 0.0, 0.0, 5.0],
            ..UsageSum::default()
        };
        let text = export(Format::Csv, &[sum]).unwrap();
        let row = text.lines().nth(1).unwrap();
        assert_eq!(row, "'=cmd|' /C calc'!A0,\"a, \"\"b\"\"\",work,2,0,0,0,0,0,0,0,0.3,0.3,0,0,5");
        assert_eq!(text.lines().next().unwrap().split(',').count(), row.split(',').count() - 1);
    }

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        write_new(&path, b"mine").unwrap();
        assert!(write_new(&path, b"theirs").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }

    #[test]
    fn a_span_ends_with_its_date() {
        let ask = |date: Option<&str>, days| UsageSummary {
            date: date.map(Into::into),
            days,
            group_by: None,
            write_report: false,
            format: None,
            output: None,
        };
        let (first, last) = ask(Some("2026-03-01"), Some(2)).span().unwrap();
        assert_eq!((first.to_string(), last.to_string()), ("2026-02-28".into(), "2026-03-01".into()));
        assert!(ask(Some("yesterday"), None).span().is_err() && ask(None, Some(0)).span().is_err());
    }
}

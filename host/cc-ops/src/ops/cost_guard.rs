//! `cc_cost_guard`.

use cc_domain::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Context, Effect, OpError, Operation, Output, arguments, guarded};

/// Cost guard: show or set spending limits, budget and quota in USD or tokens per run, day, profile, project or
/// fleet, and what is left; no more than so many workers at once; longest timeout. A reached limit refuses new
/// workers and stops running ones. Saves only with apply (default false).
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct CostGuard {
    /// usd, tokens: {run, day, profile, project, fleet}; profiles, projects: {name: {usd, tokens, max_concurrent}};
    /// per_model: {name: {max_timeout_seconds}}; max_concurrent (16), max_timeout_seconds (1800), output_budget:
    /// {max_output_bytes, …}; null removes.
    #[arg(long, value_name = "JSON", value_parser = arguments::json_object)]
    #[serde(default)]
    config: Option<Map<String, Value>>,
    /// Save it.
    #[arg(long)]
    #[serde(default)]
    apply: bool,
}

/// The limits as they are, or as they would be, and what is used of them now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Guarded {
    applied: bool,
    guard: Value,
    standing: Vec<Line>,
    /// Days are those of UTC.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    day_ends_at: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[schemars(skip)]
    path: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
}

/// One limit.
#[derive(Debug, Serialize, JsonSchema)]
struct Line {
    limit: String,
    /// The profile, project or run, of a limit for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    #[schemars(skip)]
    unit: Unit,
    spent: f64,
    most: f64,
    left: f64,
    #[schemars(skip)]
    reached: bool,
}

impl Operation for CostGuard {
    const NAME: &'static str = "cc_cost_guard";
    const TITLE: &'static str = "Cost guard: spending limits, budgets and quotas";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Guarded;

    async fn run(self, cx: Context) -> Result<Guarded, OpError> {
        cx.blocking(move |cx| {
            let config = json!({ "cost_guard": self.config.clone().unwrap_or_default() });
            let apply = self.apply && self.config.is_some();
            let merged = cc_policy::merge_overrides(cx.setup().home.root(), &config, apply)?;
            let guard = merged.policy.cost_guard;
            let measures = guarded::measures(&*cx.store()?, &guard)?;
            Ok(Guarded {
                applied: merged.applied,
                standing: measures.into_iter().map(Line::of).collect(),
                day_ends_at: cc_store::day_end(&cc_store::today()).map(|at| at.to_string()),
                warnings: guarded::warnings(cx, &guard),
                guard: serde_json::to_value(guard).unwrap_or_default(),
                path: merged.path.display().to_string(),
                backup_path: merged.backup.map(|path| path.display().to_string()),
            })
        })
        .await
    }
}

impl Line {
    fn of(measure: cc_domain::Measure) -> Self {
        Self {
            limit: measure.name(),
            unit: measure.unit,
            spent: guarded::rounded(measure.spent),
            most: measure.most,
            left: guarded::rounded(measure.left()),
            reached: measure.is_reached(),
            of: measure.of,
        }
    }
}

impl Output for Guarded {
    fn text(&self) -> String {
        let mut table = cc_reports::Table::new(["limit", "of", "used", "allowed", "left", ""]);
        for line in &self.standing {
            let of = line.of.clone().unwrap_or_default();
            let state = if line.reached { "reached" } else { "" };
            let figures = [line.spent, line.most, line.left].map(|figure| figure.to_string());
            let [used, allowed, left] = figures;
            table.row([line.limit.clone(), of, used, allowed, left, state.to_owned()]);
        }
        let state = if self.applied { "saved" } else { "as they are or would be; add apply to save" };
        let ends = self.day_ends_at.as_ref().map(|at| format!("\nthe day ends at {at}")).unwrap_or_default();
        let warnings: String = self.warnings.iter().map(|text| format!("\nwarning: {text}")).collect();
        let backup = self.backup_path.as_ref().map(|path| format!("\nbackup: {path}")).unwrap_or_default();
        let guard = serde_json::to_string_pretty(&self.guard).unwrap_or_default();
        format!("{} ({state}){backup}{ends}{warnings}\n\n{table}\n\n{guard}", self.path)
    }
}

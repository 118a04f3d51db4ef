//! How things stand with the cost guard's limits. Pure: what was spent is an argument.

use std::{fmt, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Amounts, CostGuard};

/// What was spent of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// USD, as far as prices are known.
    pub usd: f64,
    /// Tokens of all kinds together.
    pub tokens: u64,
}

/// Who pays for a run.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    /// CC Switch's id.
    pub profile_id: &'a str,
    /// CC Switch's name.
    pub profile_name: &'a str,
    /// The project's folder.
    pub project: &'a Path,
}

/// What is used of everything that one run counts towards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// By the run.
    pub run: Amount,
    /// Today, by all.
    pub day: Amount,
    /// Today, on its profile.
    pub profile: Amount,
    /// Today, in its project.
    pub project: Amount,
    /// By all runs that go on now, from their beginnings.
    pub fleet: Amount,
    /// Runs that go on now.
    pub active: u32,
    /// Those on its profile.
    pub active_on_profile: u32,
    /// Those in its project.
    pub active_in_project: u32,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Unit {
    Usd,
    Tokens,
    Workers,
}

/// One limit, and what is used of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Where it is in `[cost_guard]`, such as `usd` and `day`.
    pub path: Vec<String>,
    /// The profile or project, of a limit for each.
    pub of: Option<String>,
    /// What is counted.
    pub unit: Unit,
    /// So much of it.
    pub spent: f64,
    /// So much is allowed.
    pub most: f64,
    /// It begins anew with each day of UTC.
    pub daily: bool,
}

impl Measure {
    /// Nothing more may be started, and what counts towards it is ended.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.spent >= self.most
    }

    /// What is left.
    #[must_use]
    pub fn left(&self) -> f64 {
        (self.most - self.spent).max(0.0)
    }

    /// Such as `usd.day`.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.join(".")
    }

    /// The `config` of `cc_cost_guard` that sets it to another figure.
    #[must_use]
    pub fn config(&self, most: f64) -> Value {
        let figure = if self.unit == Unit::Usd { json!(most) } else { json!(most.ceil().max(0.0) as u64) };
        self.path
            .iter()
            .rev()
            .fold(figure, |inner, key| Value::Object(Map::from_iter([(key.clone(), inner)])))
    }

    /// A figure that leaves room again: as much again, rounded up to what people write.
    #[must_use]
    pub fn roomier(&self) -> f64 {
        let enough = self.spent + self.most.max(if self.unit == Unit::Usd { 1.0 } else { 1_000.0 });
        match self.unit {
            Unit::Usd => (enough * 100.0).ceil() / 100.0,
            Unit::Tokens => enough.ceil(),
            Unit::Workers => self.most.max(self.spent) * 2.0,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
        let day = if self.daily { " today" } else { "" };
        write!(f, "the limit {}{of} is reached: ", self.name())?;
        match self.unit {
            Unit::Usd => write!(f, "{:.4} of {} USD spent{day}", self.spent, self.most),
            Unit::Tokens => write!(f, "{:.0} of {:.0} tokens used{day}", self.spent, self.most),
            Unit::Workers => write!(f, "{:.0} of {:.0} workers run", self.spent, self.most),
        }
    }
}

impl CostGuard {
    /// Some limit counts USD or tokens.
    #[must_use]
    pub fn counts_spending(&self) -> bool {
        let shares = self.profiles.values().chain(self.projects.values());
        self.usd != Amounts::default()
            || self.tokens != Amounts::default()
            || shares.clone().any(|share| share.usd.is_some() || share.tokens.is_some())
    }

    /// Some limit counts USD.
    #[must_use]
    pub fn counts_usd(&self) -> bool {
        let mut shares = self.profiles.values().chain(self.projects.values());
        self.usd != Amounts::default() || shares.any(|share| share.usd.is_some())
    }

    /// The limit that keeps `more` further runs of a payer from starting.
    #[must_use]
    pub fn refuses(&self, payer: Payer<'_>, standing: &Standing, more: u32) -> Option<Measure> {
        let room = |measure: &Measure| measure.spent + f64::from(more) > measure.most;
        let workers = self.workers(payer, standing).into_iter().find(room);
        workers.or_else(|| self.spending(payer, standing).into_iter().find(Measure::is_reached))
    }

    /// The limit that a run that goes on has reached.
    #[must_use]
    pub fn stops(&self, payer: Payer<'_>, standing: &Standing) -> Option<Measure> {
        self.of_run(standing).into_iter().chain(self.spending(payer, standing)).find(Measure::is_reached)
    }

    /// Each limit that counts workers.
    #[must_use]
    pub fn workers(&self, payer: Payer<'_>, standing: &Standing) -> Vec<Measure> {
        let measure = |path: &[&str], spent: u32, most: u32| Measure {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            of: None,
            unit: Unit::Workers,
            spent: f64::from(spent),
            most: f64::from(most),
            daily: false,
        };
        let mut all = vec![measure(&["max_concurrent"], standing.active, self.max_concurrent.get())];
        for (kind, name, share, active) in self.shares(payer, standing) {
            let most = share.max_concurrent;
            all.extend(most.map(|most| measure(&[kind, name, "max_concurrent"], active, most.get())));
        }
        all
    }

    /// Each limit that counts USD or tokens, but those of one run.
    #[must_use]
    pub fn spending(&self, payer: Payer<'_>, standing: &Standing) -> Vec<Measure> {
        let (profile, project) = (Some(payer.profile_name.to_owned()), Some(shown(payer.project)));
        let mut all = Vec::new();
        let mut add =
            |key: &str, of: Option<String>, amount: Amount, usd: Option<f64>, tokens: Option<u64>| {
                let daily = key != "fleet";
                let measure = |unit, name: &str, spent, most| Measure {
                    path: vec![name.to_owned(), key.to_owned()],
                    of: of.clone(),
                    unit,
                    spent,
                    most,
                    daily,
                };
                all.extend(usd.map(|most| measure(Unit::Usd, "usd", amount.usd, most)));
                all.extend(
                    tokens.map(|most| measure(Unit::Tokens, "tokens", float(amount.tokens), float(most))),
                );
            };
        add("day", None, standing.day, self.usd.day, self.tokens.day);
        add("profile", profile, standing.profile, self.usd.profile, self.tokens.profile);
        add("project", project, standing.project, self.usd.project, self.tokens.project);
        add("fleet", None, standing.fleet, self.usd.fleet, self.tokens.fleet);
        all.extend(self.share_amounts(payer, standing));
        all
    }

    /// Each limit of one run alone.
    #[must_use]
    pub fn of_run(&self, standing: &Standing) -> Vec<Measure> {
        let measure = |unit, name: &str, spent, most| Measure {
            path: vec![name.to_owned(), "run".to_owned()],
            of: None,
            unit,
            spent,
            most,
            daily: false,
        };
        let usd = self.usd.run.map(|most| measure(Unit::Usd, "usd", standing.run.usd, most));
        let tokens = self.tokens.run.map(float);
        let tokens = tokens.map(|most| measure(Unit::Tokens, "tokens", float(standing.run.tokens), most));
        usd.into_iter().chain(tokens).collect()
    }

    fn share_amounts(&self, payer: Payer<'_>, standing: &Standing) -> Vec<Measure> {
        let mut all = Vec::new();
        for (kind, name, share, _) in self.shares(payer, standing) {
            let amount = if kind == "profiles" { standing.profile } else { standing.project };
            let measure = |unit, part: &str, spent, most| Measure {
                path: vec![kind.to_owned(), name.to_owned(), part.to_owned()],
                of: None,
                unit,
                spent,
                most,
                daily: true,
            };
            all.extend(share.usd.map(|most| measure(Unit::Usd, "usd", amount.usd, most)));
            let tokens = share.tokens.map(float);
            all.extend(tokens.map(|most| measure(Unit::Tokens, "tokens", float(amount.tokens), most)));
        }
        all
    }

    /// The limits of the payer's own profile and project, and how many workers these have.
    fn shares<'a>(
        &'a self,
        payer: Payer<'a>,
        standing: &Standing,
    ) -> impl Iterator<Item = (&'static str, &'a str, &'a crate::ShareLimits, u32)> {
        let (on_profile, in_project) = (standing.active_on_profile, standing.active_in_project);
        let is_profile = move |name: &str| name == payer.profile_id || name == payer.profile_name;
        let profiles = self.profiles.iter().filter(move |(name, _)| is_profile(name));
        let projects = self.projects.iter().filter(move |(folder, _)| Path::new(folder) == payer.project);
        let profiles = profiles.map(move |(name, share)| ("profiles", name.as_str(), share, on_profile));
        profiles.chain(projects.map(move |(name, share)| ("projects", name.as_str(), share, in_project)))
    }
}

fn shown(project: &Path) -> String {
    project.display().to_string()
}

#[expect(clippy::cast_precision_loss, reason = "2^53 tokens are out of anybody's reach")]
fn float(tokens: u64) -> f64 {
    tokens as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(text: &str) -> CostGuard {
        serde_json::from_str(text).expect("limits")
    }

    fn payer() -> Payer<'static> {
        Payer { profile_id: "p-1", profile_name: "深度求索", project: Path::new("/work/a") }
    }

    fn spent(usd: f64, tokens: u64) -> Amount {
        Amount { usd, tokens }
    }

    #[test]
    fn each_limit_is_measured_by_what_counts_towards_it() {
        let standing = Standing {
            run: spent(1.0, 10),
            day: spent(2.0, 20),
            profile: spent(3.0, 30),
            project: spent(4.0, 40),
            fleet: spent(5.0, 50),
            ..Standing::default()
        };
        for (text, name, figures) in [
            (r#"{"usd": {"run": 1}}"#, "usd.run", (1.0, 1.0)),
            (r#"{"usd": {"day": 2}}"#, "usd.day", (2.0, 2.0)),
            (r#"{"tokens": {"profile": 30}}"#, "tokens.profile", (30.0, 30.0)),
            (r#"{"usd": {"project": 3.5}}"#, "usd.project", (4.0, 3.5)),
            (r#"{"tokens": {"fleet": 1}}"#, "tokens.fleet", (50.0, 1.0)),
            (r#"{"profiles": {"深度求索": {"usd": 3}}}"#, "profiles.深度求索.usd", (3.0, 3.0)),
            (r#"{"profiles": {"p-1": {"tokens": 9}}}"#, "profiles.p-1.tokens", (30.0, 9.0)),
            (r#"{"projects": {"/work/a/": {"usd": 0}}}"#, "projects./work/a/.usd", (4.0, 0.0)),
        ] {
            let over = guard(text).stops(payer(), &standing).expect(text);
            assert_eq!((over.name().as_str(), (over.spent, over.most)), (name, figures));
        }
        for within in [
            r#"{"usd": {"day": 2.01}, "tokens": {"day": 21}}"#,
            r#"{"profiles": {"other": {"usd": 0}}}"#,
            "{}",
        ] {
            assert_eq!(guard(within).stops(payer(), &standing), None, "{within}");
        }
    }

    #[test]
    fn a_start_is_refused_for_want_of_room_and_not_for_what_one_run_spent() {
        let standing =
            Standing { active: 3, active_on_profile: 2, run: spent(9.0, 9), ..Standing::default() };
        let refused = |text: &str, more| guard(text).refuses(payer(), &standing, more).map(|m| m.name());
        assert_eq!(refused(r#"{"max_concurrent": 4, "usd": {"run": 1}}"#, 1), None);
        assert_eq!(refused(r#"{"max_concurrent": 4}"#, 2).as_deref(), Some("max_concurrent"));
        let share = r#"{"profiles": {"p-1": {"max_concurrent": 2}}}"#;
        assert_eq!(refused(share, 1).as_deref(), Some("profiles.p-1.max_concurrent"));
        assert_eq!(refused(r#"{"usd": {"day": 0}}"#, 1).as_deref(), Some("usd.day"));
    }

    #[test]
    fn the_config_that_would_raise_a_limit_does() {
        let standing = Standing { profile: spent(1.2, 7), active: 4, ..Standing::default() };
        for text in [r#"{"profiles": {"p-1": {"usd": 1}}}"#, r#"{"max_concurrent": 4}"#] {
            let before = guard(text);
            let over = before.refuses(payer(), &standing, 1).expect("refused");
            let raised = guard(&over.config(over.roomier()).to_string());
            assert_eq!(raised.refuses(payer(), &standing, 1), None, "{text}");
        }
    }

    #[test]
    fn figures_that_are_no_amounts_are_refused() {
        for text in [
            r#"{"usd": {"day": -1}}"#,
            r#"{"profiles": {"a": {"usd": -0.5}}}"#,
            r#"{"max_timeout_seconds": 9}"#,
            r#"{"max_concurrent": 0}"#,
            r#"{"per_model": {"a": {"max_timeout_seconds": 1}}}"#,
            r#"{"tokens": {"day": -1}}"#,
        ] {
            assert!(serde_json::from_str::<CostGuard>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_and_budgets_keep_to_the_guard() {
        let limits = guard(
            r#"{"max_timeout_seconds": 100, "per_model": {"GLM-5.2": {"max_timeout_seconds": 50}},
                "output_budget": {"max_output_bytes": 7}}"#,
        );
        let times = [limits.timeout(200, Some("kimi")), limits.timeout(200, Some("glm-5.2[1M]"))];
        assert_eq!((times, limits.timeout(20, None)), ([100, 50], 20));
        let budget = limits.budget(crate::Budget::for_answer());
        assert_eq!((budget.max_output_bytes, budget.max_events_bytes), (7, 16 << 20));
    }
}

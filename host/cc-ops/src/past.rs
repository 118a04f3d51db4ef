//! How a model did so far, in the words that plugins get.

use std::collections::BTreeMap;

use cc_domain::{Attributes, BenchmarkScore, ModelName, Profile, Role};
use cc_store::HistoryLine;

use crate::{Context, OpError};

/// What became of earlier runs, and what benchmarks say.
#[derive(Debug, Default)]
pub(crate) struct History {
    lines: Vec<Line>,
    benchmarks: Vec<BenchmarkScore>,
}

#[derive(Debug)]
struct Line {
    of: HistoryLine,
    routed: ModelName,
    answered: Option<ModelName>,
}

/// Some runs together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Past {
    pub(crate) runs: u32,
    pub(crate) successes: u32,
    /// Those that somebody graded.
    pub(crate) graded: u32,
    /// Failed verifications among the newest of each kind.
    pub(crate) recent_failures: u32,
    score_sum: u32,
    graded_sum: u32,
}

impl History {
    /// All that is known. Where nothing ever ran there is no database, and asking makes none.
    pub(crate) fn read(cx: &Context) -> Result<Self, OpError> {
        if !cx.setup().home.state_db().is_file() {
            return Ok(Self::default());
        }
        let store = cx.store()?;
        Ok(Self { benchmarks: store.benchmark_scores()?, ..Self::of(store.history()?) })
    }

    fn of(lines: Vec<HistoryLine>) -> Self {
        let line = |of: HistoryLine| Line {
            routed: ModelName::parse(of.routed.as_deref().unwrap_or_default()),
            answered: of.answered.as_deref().map(ModelName::parse),
            of,
        };
        Self { lines: lines.into_iter().map(line).collect(), benchmarks: Vec::new() }
    }

    /// The runs of a model on a profile, role by role.
    ///
    /// They are those that it answered, by whatever name. What a profile answers with when it has no such model is
    /// put down to the model that was asked for: that is what one gets for asking.
    pub(crate) fn by_role(&self, profile: &Profile, model: &str) -> BTreeMap<Role, Past> {
        let wanted = ModelName::parse(model);
        let own = own_models(profile);
        let mut roles: BTreeMap<Role, Past> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.of.profile_id == profile.id) {
            let answered = line.answered.as_ref().filter(|name| own.iter().any(|own| own.is_same(name)));
            if answered.unwrap_or(&line.routed).is_same(&wanted) {
                roles.entry(line.of.role.clone()).or_default().add(&line.of);
            }
        }
        roles
    }

    /// What the newest benchmarks say of a model on a profile, role by role. By the same rule: it is that of the model
    /// that answered.
    pub(crate) fn benchmarks<'h>(
        &'h self,
        profile: &'h Profile,
        model: &str,
    ) -> impl Iterator<Item = &'h BenchmarkScore> {
        let (wanted, own) = (ModelName::parse(model), own_models(profile));
        self.benchmarks.iter().filter(move |score| {
            let answered: Vec<ModelName> =
                score.answered_by.iter().map(|name| ModelName::parse(name)).collect();
            let known = answered.iter().find(|name| own.iter().any(|own| own.is_same(name)));
            let asked = ModelName::parse(score.model.as_deref().unwrap_or_default());
            score.profile_id == profile.id && known.unwrap_or(&asked).is_same(&wanted)
        })
    }

    /// The same as a plugin is told; the keys are listed in `docs/plugin-guide.md`.
    pub(crate) fn attributes(&self, profile: &Profile, model: &str) -> Attributes {
        let roles = self.by_role(profile, model);
        let mut facts = Attributes::new();
        for (role, past) in &roles {
            past.tell(&format!("history.{role}"), &mut facts);
        }
        Past::of(roles.values()).tell("history", &mut facts);
        let (mut runs, mut sum) = (0, 0.0);
        for benchmark in self.benchmarks(profile, model) {
            let (n, mean) = (benchmark.score.n, benchmark.score.mean * 100.0);
            tell_benchmark(&format!("benchmark.{}", benchmark.role), n, mean, &mut facts);
            runs += n;
            sum += f64::from(n) * mean;
        }
        if runs > 0 {
            tell_benchmark("benchmark", runs, sum / f64::from(runs), &mut facts);
        }
        facts
    }
}

fn own_models(profile: &Profile) -> Vec<ModelName> {
    profile.models.iter().map(|entry| ModelName::parse(&entry.name)).collect()
}

/// Runs and their mean score, 0 to 100.
fn tell_benchmark(prefix: &str, runs: u32, mean: f64, facts: &mut Attributes) {
    facts.push((format!("{prefix}.runs"), runs.to_string()));
    facts.push((format!("{prefix}.score"), format!("{mean:.1}")));
}

impl Past {
    /// All of them together.
    pub(crate) fn of<'p>(parts: impl Iterator<Item = &'p Self>) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            runs: sum.runs + part.runs,
            successes: sum.successes + part.successes,
            graded: sum.graded + part.graded,
            recent_failures: sum.recent_failures + part.recent_failures,
            score_sum: sum.score_sum + part.score_sum,
            graded_sum: sum.graded_sum + part.graded_sum,
        })
    }

    /// The mean grade, 0 to 100, of a run that nobody graded by how it ended; none without runs.
    pub(crate) fn score(&self) -> Option<f64> {
        (self.runs > 0).then(|| f64::from(self.score_sum) / f64::from(self.runs))
    }

    /// The mean of the grades that somebody gave; none without any.
    pub(crate) fn graded_score(&self) -> Option<f64> {
        (self.graded > 0).then(|| f64::from(self.graded_sum) / f64::from(self.graded))
    }

    fn add(&mut self, line: &HistoryLine) {
        self.runs += line.runs;
        self.successes += line.successes;
        self.graded += line.graded;
        self.recent_failures += line.recent_failures;
        self.score_sum += line.score_sum;
        self.graded_sum += line.graded_sum;
    }

    fn tell(&self, prefix: &str, facts: &mut Attributes) {
        let Some(score) = self.score() else { return };
        let mut fact = |name: &str, value: String| facts.push((format!("{prefix}.{name}"), value));
        fact("runs", self.runs.to_string());
        fact("successes", self.successes.to_string());
        fact("graded", self.graded.to_string());
        fact("score", format!("{score:.1}"));
        fact("recent_failures", self.recent_failures.to_string());
    }
}

#[cfg(test)]
mod tests {
    use cc_domain::{ModelEntry, Usability};

    use super::*;

    fn profile(models: &[&str]) -> Profile {
        let entry = |name: &&str| ModelEntry { name: (*name).into(), source: "ANTHROPIC_MODEL".into() };
        Profile {
            id: "p".into(),
            name: "P".into(),
            current: false,
            category: None,
            base_url: None,
            endpoints: Vec::new(),
            models: models.iter().map(entry).collect(),
            usability: Usability::Usable,
            cost_multiplier: 1.0,
            health: None,
            dropped_env: Vec::new(),
            prices: Vec::new(),
        }
    }

    fn line(routed: &str, answered: Option<&str>, role: &str, runs: u32, score_sum: u32) -> HistoryLine {
        HistoryLine {
            profile_id: "p".into(),
            routed: Some(routed.to_owned()).filter(|name| !name.is_empty()),
            answered: answered.map(str::to_owned),
            role: role.parse().unwrap(),
            runs,
            successes: runs,
            graded: runs,
            score_sum,
            graded_sum: score_sum,
            recent_failures: 0,
        }
    }

    fn runs(history: &History, models: &[&str], model: &str) -> u32 {
        Past::of(history.by_role(&profile(models), model).values()).runs
    }

    #[test]
    fn dated_names_and_aliases_of_a_model_are_one_model() {
        let history = History::of(vec![
            line("claude-haiku-4-5", Some("claude-haiku-4-5-20251001"), "review", 2, 180),
            line("anthropic/claude-haiku-4.5", None, "review", 3, 240),
            line("claude-opus-5", Some("claude-opus-5"), "review", 9, 900),
        ]);
        let models = ["claude-haiku-4-5[1M]", "claude-opus-5"];
        assert_eq!(runs(&history, &models, "claude-haiku-4-5[1M]"), 5);
        let facts = history.attributes(&profile(&models), "claude-haiku-4-5");
        let told = |key: &str| facts.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        assert_eq!((told("history.runs"), told("history.review.score")), (Some("5"), Some("84.0")));
    }

    #[test]
    fn a_model_is_judged_by_the_runs_it_answered() {
        let history = History::of(vec![line("glm-5.2", Some("glm-4.7"), "review", 7, 70)]);
        let models = ["glm-5.2", "glm-4.7"];
        assert_eq!((runs(&history, &models, "glm-5.2"), runs(&history, &models, "glm-4.7")), (0, 7));
        // A provider that answers with something else altogether is what one gets for asking.
        assert_eq!(runs(&history, &["glm-5.2"], "glm-5.2"), 7);
        let unnamed = History::of(vec![line("", Some("glm-4.7"), "review", 4, 70)]);
        assert_eq!((runs(&unnamed, &[], ""), runs(&unnamed, &["glm-5.2"], "glm-5.2")), (4, 0));
    }

    fn benchmark(model: &str, answered: &str, role: &str, scores: &[f64]) -> BenchmarkScore {
        BenchmarkScore {
            profile_id: "p".into(),
            model: Some(model.into()),
            answered_by: vec![answered.into()],
            role: role.parse().unwrap(),
            score: cc_domain::Estimate::of(scores).unwrap(),
            tasks: 1,
            cost_usd: None,
            duration_ms: None,
            suite: "core".into(),
            suite_digest: "0".into(),
            benchmark_id: "bench-20261123T061500Z-1a2b3c4d".parse().unwrap(),
            at: "2026-11-23T06:15:00Z".into(),
        }
    }

    #[test]
    fn benchmarks_are_told_of_the_model_that_answered() {
        let history = History {
            benchmarks: vec![
                benchmark("glm-5.2", "glm-5.2", "review", &[1.0, 0.5]),
                benchmark("glm-5.2", "glm-5.2", "testing", &[0.0]),
                benchmark("glm-5.2", "glm-4.7", "security", &[1.0]),
            ],
            ..History::default()
        };
        let profile = profile(&["glm-5.2", "glm-4.7"]);
        let told = |model: &str, key: &str| {
            let facts = history.attributes(&profile, model);
            facts.into_iter().find(|(k, _)| k == key).map(|(_, value)| value)
        };
        assert_eq!(told("glm-5.2", "benchmark.review.score").as_deref(), Some("75.0"));
        assert_eq!(told("glm-5.2", "benchmark.runs").as_deref(), Some("3"));
        assert_eq!(told("glm-5.2", "benchmark.score").as_deref(), Some("50.0"));
        assert_eq!(told("glm-5.2", "benchmark.security.score"), None);
        assert_eq!(told("glm-4.7", "benchmark.security.score").as_deref(), Some("100.0"));
    }

    #[test]
    fn without_runs_nothing_is_told() {
        assert!(History::default().attributes(&profile(&["m"]), "m").is_empty());
    }
}

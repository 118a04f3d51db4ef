//! What earlier runs and benchmarks say, weighed by how many there were.
//!
//! A Bayesian estimate of a mean: the table is worth `prior_strength` runs, each graded run is worth one, and the total
//! is the mean of all of them. So a few runs move little, and many decide.

use cc_policy_sdk::{Attributes, model_scorer::Part, number};

use crate::round;

/// A run in another role says a quarter of what one in the same role says.
const OTHER_ROLES: f64 = 0.25;
/// A run that nobody looked at says half of what a graded one says.
const UNGRADED: f64 = 0.5;
/// The parts' names.
const HERE: &str = "history";

/// Runs of one kind and how they went on average, 0 to 10.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Record {
    runs: f64,
    /// How many graded runs they are worth.
    evidence: f64,
    value: f64,
}

/// Runs in the asked role, and in all others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Records {
    here: Record,
    elsewhere: Record,
}

/// What a model did: in its work, and in benchmarks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct History {
    work: Records,
    benchmarks: Records,
}

impl Record {
    fn read(attributes: &Attributes, prefix: &str) -> Self {
        let given = |name: &str| number(attributes, &format!("{prefix}.{name}")).filter(|n| *n >= 0.0);
        let runs = given("runs").unwrap_or(0.0);
        // A grade already takes off for a failed run; without grades, success is all there is.
        let score = given("score").map(|score| score / 10.0);
        let counted = given("successes").map(|successes| 10.0 * successes / runs);
        let graded = given("graded").unwrap_or(if score.is_some() { runs } else { 0.0 }).min(runs);
        match score.or(counted) {
            Some(value) if runs >= 1.0 => {
                let evidence = graded + UNGRADED * (runs - graded);
                Self { runs, evidence, value: value.clamp(0.0, 10.0) }
            }
            _ => Self::default(),
        }
    }

    fn without(self, part: Self) -> Self {
        let runs = self.runs - part.runs;
        if runs < 1.0 {
            return Self::default();
        }
        let value = (self.runs * self.value - part.runs * part.value) / runs;
        let evidence = (self.evidence - part.evidence).max(0.0);
        Self { runs, evidence, value: value.clamp(0.0, 10.0) }
    }
}

impl Records {
    fn of(attributes: &Attributes, kind: &str, role: &str) -> Self {
        let here = Record::read(attributes, &format!("{kind}.{role}"));
        Self { here, elsewhere: Record::read(attributes, kind).without(here) }
    }
}

impl History {
    pub(crate) fn of(attributes: &Attributes, role: &str) -> Self {
        Self {
            work: Records::of(attributes, "history", role),
            benchmarks: Records::of(attributes, "benchmark", role),
        }
    }

    /// How many graded runs in the asked role all this is worth.
    pub(crate) fn evidence(&self) -> f64 {
        self.sources().iter().map(|(_, evidence, _)| evidence).sum()
    }

    /// Name, evidence and value of each source.
    fn sources(&self) -> [(&'static str, f64, f64); 4] {
        let Self { work, benchmarks } = self;
        [
            (HERE, work.here.evidence, work.here.value),
            ("history_other_roles", work.elsewhere.evidence * OTHER_ROLES, work.elsewhere.value),
            ("benchmark", benchmarks.here.evidence, benchmarks.here.value),
            (
                "benchmark_other_roles",
                benchmarks.elsewhere.evidence * OTHER_ROLES,
                benchmarks.elsewhere.value,
            ),
        ]
    }

    /// The parts history adds to a score: as `prior_strength` runs' worth of table, so every run counts once.
    pub(crate) fn parts(&self, prior_strength: f64) -> Vec<Part> {
        let whole = prior_strength + self.evidence();
        self.sources()
            .into_iter()
            .filter(|(_, evidence, _)| *evidence > 0.0)
            .map(|(name, evidence, value)| Part {
                name: name.into(),
                value: round(value),
                weight: evidence / whole,
            })
            .collect()
    }

    /// What the asked role's own runs weigh, in a sentence; none without such runs.
    pub(crate) fn explain(&self, role: &str, prior_strength: f64) -> Option<String> {
        let own = self.parts(prior_strength).into_iter().find(|part| part.name == HERE)?;
        let (runs, percent) = (self.work.here.runs, own.weight * 100.0);
        Some(format!(
            "{role}: {runs:.0} of these runs, {:.1} of 10 on average, weigh {percent:.0} %",
            own.value
        ))
    }
}

/// All earlier runs in a sentence, and all benchmarks in another; none without any.
pub(crate) fn summary(attributes: &Attributes) -> Vec<String> {
    let all = Record::read(attributes, "history");
    let measured = Record::read(attributes, "benchmark");
    let work = (all.runs > 0.0).then(|| {
        format!(
            "{:.0} earlier runs went {:.1} of 10 on average; for a role, those in other roles weigh a quarter, and \
             those that nobody graded half",
            all.runs, all.value
        )
    });
    let benchmarks = (measured.runs > 0.0)
        .then(|| format!("{:.0} benchmark runs went {:.1} of 10 on average", measured.runs, measured.value));
    work.into_iter().chain(benchmarks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(pairs: &[(&str, &str)]) -> History {
        let pairs: Vec<_> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        History::of(&pairs, "review")
    }

    #[test]
    fn as_many_runs_as_the_prior_weigh_half() {
        let parts = history(&[("history.review.runs", "8"), ("history.review.score", "90")]).parts(8.0);
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].value, parts[0].weight), (9.0, 0.5));
    }

    #[test]
    fn runs_in_other_roles_are_counted_once_and_weigh_less() {
        let seen = history(&[
            ("history.runs", "20"),
            ("history.score", "60"),
            ("history.review.runs", "4"),
            ("history.review.score", "100"),
        ]);
        let parts = seen.parts(8.0);
        assert_eq!((parts[0].name.as_str(), parts[0].weight), ("history", 0.25));
        assert_eq!(
            (parts[1].name.as_str(), parts[1].value, parts[1].weight),
            ("history_other_roles", 5.0, 0.25)
        );
    }

    #[test]
    fn success_counts_where_there_are_no_grades() {
        let parts = history(&[("history.review.runs", "4"), ("history.review.successes", "1")]).parts(8.0);
        assert_eq!(parts[0].value, 2.5);
    }

    #[test]
    fn a_run_that_nobody_graded_says_half() {
        let seen = history(&[
            ("history.review.runs", "10"),
            ("history.review.graded", "6"),
            ("history.review.score", "80"),
        ]);
        let parts = seen.parts(8.0);
        assert_eq!((parts[0].value, parts[0].weight, seen.evidence()), (8.0, 0.5, 8.0));
    }

    #[test]
    fn benchmarks_are_evidence_of_their_own() {
        let parts = history(&[
            ("history.review.runs", "8"),
            ("history.review.score", "20"),
            ("benchmark.review.runs", "8"),
            ("benchmark.review.score", "90"),
            ("benchmark.runs", "40"),
            ("benchmark.score", "90"),
        ])
        .parts(8.0);
        let seen: Vec<_> = parts.iter().map(|part| (part.name.as_str(), part.value, part.weight)).collect();
        let quarter = 0.25;
        assert_eq!(
            seen,
            [("history", 2.0, quarter), ("benchmark", 9.0, quarter), ("benchmark_other_roles", 9.0, quarter)]
        );
    }

    #[test]
    fn no_runs_or_nonsense_add_nothing() {
        for pairs in [
            &[][..],
            &[("history.review.runs", "0"), ("history.review.score", "90")],
            &[("history.review.runs", "5")],
            &[("history.review.runs", "-3"), ("history.review.score", "NaN")],
        ] {
            assert!(history(pairs).parts(8.0).is_empty(), "{pairs:?}");
        }
    }
}

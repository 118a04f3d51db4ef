//! Candidates are judged and become findings, which hold no value.

use cc_domain::{Classification, Confidence, SecretClass, SecretFinding};
use serde::{Deserialize, Serialize};

use super::{
    candidate::Candidate,
    fingerprint::{Fingerprint, Salt},
};

/// Candidates that are judged in one call.
const BATCH: usize = 256;
/// Bytes of secrets in one call: private keys are long.
const BATCH_BYTES: usize = 512 * 1024;

/// What is known of a secret once it has been judged. Everything in it may be shown and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that found it.
    pub rule: String,
    /// What it is.
    pub class: SecretClass,
    /// File it is in.
    pub path: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Line of its last character.
    pub end_line: u32,
    /// Column after its last character.
    pub end_column: u32,
    /// Its name in baselines and comparisons.
    pub fingerprint: Fingerprint,
    /// Why it is of its class, in a sentence.
    pub reason: String,
    /// How sure its rule is.
    pub confidence: Confidence,
}

/// The judgement on some candidates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What was found, in the order of the candidates.
    pub findings: Vec<Finding>,
    /// How many a comment on their line allows; they are not judged.
    pub allowed: usize,
}

/// Why candidates could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError<E> {
    /// The judge failed.
    #[error(transparent)]
    Failed(E),
    /// The judge answered something else than it was asked.
    #[error(
        "classification gave {given} judgements for {asked} findings; mend the plugin that classifies secrets"
    )]
    Count {
        /// Findings sent.
        asked: usize,
        /// Judgements received.
        given: usize,
    },
}

/// Has candidates judged, some hundred at a time, and drops their values.
///
/// # Errors
/// When the judge fails or does not give one judgement for each candidate.
pub fn judge<E>(
    candidates: Vec<Candidate>,
    salt: &Salt,
    mut classify: impl FnMut(Vec<SecretFinding>) -> Result<Vec<Classification>, E>,
) -> Result<Judged, JudgeError<E>> {
    let all = candidates.len();
    let mut rest: Vec<_> = candidates.into_iter().filter(|candidate| !candidate.allowed).collect();
    let mut judged = Judged { allowed: all - rest.len(), findings: Vec::with_capacity(rest.len()) };
    while !rest.is_empty() {
        let later = rest.split_off(batch(&rest));
        let (begun, asked): (Vec<_>, Vec<_>) = rest.into_iter().map(|one| begin(one, salt)).unzip();
        let sent = asked.len();
        let answers = classify(asked).map_err(JudgeError::Failed)?;
        if answers.len() != sent {
            return Err(JudgeError::Count { asked: sent, given: answers.len() });
        }
        let finish = |(finding, answer): (Finding, Classification)| Finding {
            class: answer.class,
            reason: answer.reason,
            ..finding
        };
        judged.findings.extend(begun.into_iter().zip(answers).map(finish));
        rest = later;
    }
    Ok(judged)
}

/// How many of the candidates go into one call, at least one.
fn batch(candidates: &[Candidate]) -> usize {
    let mut bytes = 0;
    let fits = |candidate: &&Candidate| {
        bytes += candidate.finding.secret.len();
        bytes <= BATCH_BYTES
    };
    candidates.iter().take(BATCH).take_while(fits).count().max(1)
}

/// A finding without its class yet, and what has to be judged.
fn begin(candidate: Candidate, salt: &Salt) -> (Finding, SecretFinding) {
    let Candidate { finding, place, confidence, .. } = candidate;
    let begun = Finding {
        rule: finding.rule_id.clone(),
        class: SecretClass::Unknown,
        path: finding.path.clone(),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        fingerprint: Fingerprint::new(salt, &finding.rule_id, &finding.secret),
        reason: String::new(),
        confidence,
    };
    (begun, finding)
}

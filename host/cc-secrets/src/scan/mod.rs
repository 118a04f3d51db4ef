//! Finds secrets in raw bytes and says where they are; `Scanner` is the way in.
//!
//! The way of a file: windows of it (`window`) go through the engine, as they are and with all escapes undone where
//! there are any (`flat`). Of finds that overlap the best stays (`candidate`). Whoever holds the
//! plugins has the candidates judged; what is left are findings, which hold no value (`finding`).

mod allow;
mod baseline;
mod candidate;
mod diff;
mod files;
mod finding;
mod fingerprint;
mod flat;
mod gate;
mod key;
mod report;
mod sarif;
mod window;

use std::{io, ops::Range};

use cc_domain::{Allow, Checksum, Confidence, SecretFinding, SecretRule};

use self::{
    candidate::Hit,
    flat::{Flat, pieces},
    gate::{Allowance, Gate, Seen},
    window::Pass,
};
use crate::{
    checksum::checksum,
    engine::{Engine, Found},
    entropy::entropy,
    error::RuleError,
};

pub use baseline::{Baseline, BaselineError};
pub(crate) use gate::check_allowances;

pub use candidate::{Candidate, Place};
pub use files::{FileOptions, FilesScan};
pub use finding::{Finding, JudgeError, Judged, judge};
pub use fingerprint::{Fingerprint, Salt};
pub use report::ScanReport;

/// Bytes of context that a candidate keeps, before and after.
const CONTEXT: usize = 64;
/// Bytes of a line that is a record rather than code.
const LOG_LINE: usize = 512;
/// Bytes with their escapes undone that are scanned at once: as much as stays in a processor's cache.
const BLOCK: usize = 256 * 1024;

/// Runs secret rules over bytes. Cheap to share between threads; patterns compile when they are first needed.
pub struct Scanner {
    engine: Engine,
    gates: Vec<Gate>,
    /// Name of each rule's checksum.
    checksums: Vec<Option<String>>,
    /// For every rule.
    allow: Vec<Allowance>,
}

impl Scanner {
    /// Prepares the rules.
    ///
    /// # Errors
    /// When there are too many rules, one has no keywords, needs a rule that is not in the set, or has a pattern for
    /// paths that cannot be used. Patterns are judged by [`crate::validate`].
    pub fn new(rules: &[SecretRule]) -> Result<Self, RuleError> {
        Self::with_allowances(rules, &[])
    }

    /// The same with allowances that hold for every rule, such as those of a user's file.
    ///
    /// # Errors
    /// As [`Scanner::new`], and when an allowance has a pattern that cannot be used.
    pub fn with_allowances(rules: &[SecretRule], allow: &[Allow]) -> Result<Self, RuleError> {
        // The engine leaves a rule for certain paths alone; here its gate decides.
        let anywhere: Vec<_> = rules.iter().map(|rule| SecretRule { path: None, ..rule.clone() }).collect();
        let gates: Result<_, _> = rules.iter().map(Gate::new).collect();
        let allow: Result<_, _> = allow.iter().map(|one| Allowance::new("allowlist", one)).collect();
        let checksums = rules.iter().map(|rule| rule.checksum.clone()).collect();
        Ok(Self { engine: Engine::new(&anywhere)?, gates: gates?, checksums, allow: allow? })
    }

    /// What the rules find in a text, in order of place; of more than ten thousand finds the first ones.
    #[must_use]
    pub fn scan_bytes(&self, path: Option<&str>, bytes: &[u8]) -> Vec<Candidate> {
        Pass::slice(self, path, bytes)
    }

    /// The same for a text of any size, of which little is in memory at once.
    ///
    /// # Errors
    /// What the reader says.
    pub fn scan_reader(&self, path: Option<&str>, reader: impl io::Read) -> io::Result<Vec<Candidate>> {
        Pass::reader(self, path, reader)
    }

    /// What is found in one window, the best of each place.
    fn hits(&self, path: Option<&str>, text: &[u8]) -> Vec<Hit> {
        let path = path.map(|path| path.replace('\\', "/"));
        let mut look = Look { scanner: self, path: path.as_deref(), hits: Vec::new() };
        let pieces: Vec<_> = pieces(text).collect();
        look.escaped(text, &pieces);
        let mut at = 0;
        for piece in pieces.into_iter().filter(|piece| is_log(&text[piece.clone()])) {
            look.plain(text, at..piece.start);
            at = piece.end;
        }
        look.plain(text, at..text.len());
        candidate::best(look.hits)
    }
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanner").field("rules", &self.gates.len()).finish_non_exhaustive()
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

/// Whether lines with escapes are records of a log: their escapes stand for what was written there, and looking at
/// them as they are as well would find nothing more. In the short lines of source code an escape can be meant.
fn is_log(lines: &[u8]) -> bool {
    lines.len() > LOG_LINE * memchr::memchr_iter(b'\n', lines).count().max(1)
}

/// A look at one window.
struct Look<'a> {
    scanner: &'a Scanner,
    path: Option<&'a str>,
    hits: Vec<Hit>,
}

impl Look<'_> {
    fn plain(&mut self, text: &[u8], part: Range<usize>) {
        let part_text = &text[part.clone()];
        for found in self.scanner.engine.find(part_text, |_| None) {
            let place = part.start + found.secret.start..part.start + found.secret.end;
            self.take(part_text, found, place, None);
        }
    }

    /// Lines with escapes in them, in blocks.
    fn escaped(&mut self, text: &[u8], pieces: &[Range<usize>]) {
        let mut flat = Flat::default();
        for piece in pieces {
            flat.add(text, piece.clone());
            if flat.text.len() > BLOCK {
                self.block(&flat);
                flat.clear();
            }
        }
        self.block(&flat);
    }

    fn block(&mut self, flat: &Flat) {
        for found in self.scanner.engine.find(&flat.text, |_| None) {
            if let Some(place) = flat.original(&found.secret) {
                let layers = flat.layers(&found.secret);
                self.take(&flat.text, found, place, Some(layers));
            }
        }
    }

    fn take(&mut self, text: &[u8], found: Found, place: Range<usize>, layers: Option<u8>) {
        let Found { rule, whole, secret } = found;
        let seen = Seen { path: self.path, text, whole, secret };
        let Scanner { gates, allow, engine, .. } = self.scanner;
        if gates[rule].admits(&seen) && !allow.iter().any(|one| one.covers(&seen)) {
            let hit = Hit {
                rule,
                confidence: engine.rules[rule].confidence,
                place,
                flat: layers.is_some(),
                finding: self.finding(rule, &seen, layers.unwrap_or(0)),
                allowed: allow::by_comment(seen.line()),
            };
            self.hits.push(hit);
        }
    }

    fn finding(&self, rule: usize, seen: &Seen<'_>, layers: u8) -> SecretFinding {
        let text = |range: Range<usize>| String::from_utf8_lossy(&seen.text[range]).into_owned();
        let Range { start, end } = seen.secret;
        let secret = text(seen.secret.clone());
        let name = self.scanner.checksums[rule].as_deref();
        SecretFinding {
            rule_id: self.scanner.engine.rules[rule].id.clone(),
            key: key::name_before(seen.text, start),
            path: seen.path.map(Into::into),
            before: text(start.saturating_sub(CONTEXT)..start),
            after: text(end..seen.text.len().min(end + CONTEXT)),
            entropy: entropy(seen.secret()),
            checksum: name.map_or(Checksum::Absent, |name| checksum(name, &secret)),
            depth: u32::from(layers),
            attributes: vec![(
                "confidence".into(),
                confidence(self.scanner.engine.rules[rule].confidence).into(),
            )],
            secret,
        }
    }
}

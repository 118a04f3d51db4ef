//! How much is found, and how much is found that is none.

use std::{collections::BTreeMap, fmt};

use cc_domain::{Classification, SecretClass, SecretFinding};
use cc_secrets::{Candidate, Scanner};

use super::{File, Planted};
use crate::common;

/// A candidate and the judgement on it.
type Judged = (Candidate, Classification);

fn judged(scanner: &Scanner, file: &File) -> Vec<Judged> {
    let found = match file.path.ends_with(".diff") {
        true => scanner.scan_diff(file.text.as_bytes()),
        false => scanner.scan_bytes(Some(&file.path), file.text.as_bytes()),
    };
    let findings: Vec<SecretFinding> = found.iter().map(|one| one.finding.clone()).collect();
    found.into_iter().zip(common::classify(findings)).collect()
}

/// Whether a find is the planted value, or most of it.
fn is(candidate: &Candidate, planted: &Planted) -> bool {
    let found = candidate.finding.secret.replace("\n  ", "\n");
    planted.value.contains(&found) && found.len() * 10 >= planted.value.len() * 6
        || found.contains(&planted.value)
}

fn real(judged: &Judged) -> bool {
    judged.1.class == SecretClass::Real
}

/// As much of a made-up value as is needed to see what it is.
fn start(value: &str) -> String {
    value.chars().take(40).collect()
}

/// The line of a short value, to see what is wrong.
fn line_of(file: &File, planted: &Planted) -> String {
    let line = file
        .text
        .find(&planted.value)
        .map(|at| &file.text[at.saturating_sub(40)..at + planted.value.len() + 4]);
    line.filter(|line| line.len() < 150).map(|line| format!(": {line:?}")).unwrap_or_default()
}

/// What was found and what was not.
#[derive(Default)]
pub struct Figures {
    pub secrets: usize,
    pub found: usize,
    pub decoys: usize,
    pub mistaken: usize,
    pub others: usize,
    pub bytes: usize,
    /// What went wrong, by kind and how it was written.
    pub faults: BTreeMap<String, usize>,
}

impl Figures {
    /// Scans files and compares.
    pub fn of(scanner: &Scanner, files: impl IntoIterator<Item = File>) -> Self {
        let mut figures = Self::default();
        for file in files {
            figures.add(&file, &judged(scanner, &file));
        }
        figures
    }

    fn add(&mut self, file: &File, judged: &[Judged]) {
        self.bytes += file.text.len();
        let hit = |planted: &Planted| judged.iter().find(|one| real(one) && is(&one.0, planted));
        for planted in &file.planted {
            let at = format!("{} in {}", planted.kind, planted.carrier);
            let overlaps = |one: &&Judged| planted.value.contains(&one.0.finding.secret);
            if planted.secret {
                self.secrets += 1;
                self.found += usize::from(hit(planted).is_some());
                if hit(planted).is_none() {
                    let near = judged.iter().find(|one| is(&one.0, planted));
                    let why =
                        near.map(|one| format!("{:?}, {}", one.1.class, one.1.reason)).unwrap_or_default();
                    *self
                        .faults
                        .entry(format!("missed {at} {why}{}", line_of(file, planted)))
                        .or_default() += 1;
                }
            } else {
                self.decoys += 1;
                if let Some(one) = judged.iter().filter(|one| real(one)).find(overlaps) {
                    self.mistaken += 1;
                    let fault =
                        format!("mistaken {at}: {} {}", one.0.finding.rule_id, start(&one.0.finding.secret));
                    *self.faults.entry(fault).or_default() += 1;
                }
            }
        }
        let planted = |one: &Judged| {
            file.planted.iter().any(|p| is(&one.0, p) || p.value.contains(&one.0.finding.secret))
        };
        for one in judged.iter().filter(|one| real(one) && !planted(one)) {
            self.others += 1;
            let Candidate { finding, .. } = &one.0;
            *self
                .faults
                .entry(format!("other {} {} {:?}", finding.rule_id, start(&finding.secret), finding.key))
                .or_default() += 1;
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.found as f64 / self.secrets.max(1) as f64;
        writeln!(
            f,
            "{} of {} secrets found ({percent:.1} %), {} of {} look-alikes called real, {} others in {:.1} MB",
            self.found,
            self.secrets,
            self.mistaken,
            self.decoys,
            self.others,
            self.bytes as f64 / 1e6
        )?;
        self.faults.iter().try_for_each(|(fault, count)| writeln!(f, "  {count:>3} {fault}"))
    }
}

//! What a run's acceptance rests on: its gates, its flags, and secrets that were found.

use cc_domain::{RunId, SecretClass};
use cc_reports::dashboard::model::{RunGates, SecretRow, Secrets};
use cc_secrets::Finding;
use cc_store::read_bounded;

use super::Dashboard;
use crate::{OpError, facts::name, own, snapshot::Snapshot};

/// Where secrets are looked for.
const PRINTED: &str = "all that the worker printed, as it was read";
const CHANGES: &str = "its changes";

const MOST_RECORD: u64 = 4 << 20;
/// Findings that a page shows.
const MOST_FINDINGS: usize = 200;

pub(super) fn gather(dashboard: &Dashboard, id: &RunId) -> Result<RunGates, OpError> {
    let run = Snapshot::of(&dashboard.cx, id, 0)?;
    let verification = own::verification(&run.dir);
    let commands = verification.iter().flat_map(|v| &v.tests).map(|test| test.command.as_str());
    Ok(RunGates {
        test_commands: commands.collect::<Vec<_>>().join("\n"),
        flags: run.review.flags.clone(),
        review_error: run.review.error.clone(),
        secrets: secrets(&run, verification.is_some()),
        verification,
    })
}

/// What was found as the worker printed it. Its changes are scanned by a verification.
fn secrets(run: &Snapshot, verified: bool) -> Secrets {
    let Some(counts) = run.record.printed_secrets else {
        let what = "what the worker prints is judged when the run has ended".to_owned();
        return Secrets { not_looked_at: vec![what], ..Secrets::default() };
    };
    let bytes = read_bounded(&run.dir.secrets(), MOST_RECORD).unwrap_or_default();
    let mut findings: Vec<Finding> = serde_json::from_slice(&bytes).unwrap_or_default();
    findings.sort_by_key(|finding| finding.class != SecretClass::Real);
    Secrets {
        findings: findings.iter().take(MOST_FINDINGS).map(row).collect(),
        found: counts.found,
        real: counts.real,
        looked_at: [PRINTED].into_iter().chain(verified.then_some(CHANGES)).map(ToOwned::to_owned).collect(),
        not_looked_at: (!verified)
            .then(|| format!("{CHANGES}: 'Check all gates' scans them"))
            .into_iter()
            .collect(),
    }
}

fn row(finding: &Finding) -> SecretRow {
    SecretRow {
        class: name(&finding.class).unwrap_or_default(),
        rule: finding.rule.clone(),
        place: format!("{}:{}", finding.path.as_deref().unwrap_or("printed"), finding.line),
        reason: finding.reason.clone(),
        fingerprint: finding.fingerprint.to_string(),
    }
}

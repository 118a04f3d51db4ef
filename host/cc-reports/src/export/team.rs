//! A team: what its members found, and each of them.

use cc_domain::{Comparison, Opinion, SharedPlace, TeamId};
use serde::Serialize;

use super::{FORMAT, RunReport, usd};
use crate::Page;

/// Places of each kind that a page lists.
const MOST_PLACES: usize = 100;

/// Everything that is told of a team.
#[derive(Clone, Debug, Serialize)]
pub struct TeamReport {
    format: u32,
    /// The team.
    pub team_id: TeamId,
    /// What it was asked, redacted.
    pub task: String,
    /// Where members agree and where not.
    pub comparison: Comparison,
    /// Its runs, in the order they began.
    pub members: Vec<RunReport>,
}

impl TeamReport {
    /// A report of those members.
    #[must_use]
    pub fn new(team_id: TeamId, task: String, comparison: Comparison, members: Vec<RunReport>) -> Self {
        Self { format: FORMAT, team_id, task, comparison, members }
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        let mut page = Page::new(format!("Team {}", self.team_id));
        if !self.task.is_empty() {
            page.verbatim(&self.task);
        }
        page.table(&["role", "run", "status", "model", "cost"], self.members.iter().map(line).collect());
        places(&mut page, "Conflicts", &self.comparison.conflicts);
        places(&mut page, "Agreements", &self.comparison.agreements);
        for member in &self.members {
            page.heading(1, format!("{}: {}", member.record.role, member.record.run_id));
            member.add_to(&mut page, 2);
        }
        page
    }
}

fn line(member: &RunReport) -> Vec<String> {
    let record = &member.record;
    vec![
        record.role.to_string(),
        record.run_id.to_string(),
        record.status.as_str().to_owned(),
        record.route.model.clone().unwrap_or_else(|| "the provider's default".to_owned()),
        usd(member.cost_usd),
    ]
}

fn places(page: &mut Page, title: &str, shared: &[SharedPlace]) {
    page.heading(1, format!("{title}: {}", shared.len()));
    for place in shared.iter().take(MOST_PLACES) {
        page.text(place.place.clone());
        let said = |Opinion { by, finding }: &Opinion| {
            format!("{by}: {}: {}", finding.stance.as_str(), finding.claim)
        };
        page.list(place.opinions.iter().map(said).collect());
    }
}

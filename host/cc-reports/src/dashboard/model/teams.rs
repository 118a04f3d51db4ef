//! Teams.

use cc_domain::Comparison;
use serde::Serialize;

use super::RunLine;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Teams {
    pub teams: Vec<TeamLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TeamLine {
    pub id: String,
    pub created_at: String,
    pub task: String,
    pub status: String,
    pub members: Vec<RunLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TeamPage {
    pub team: TeamLine,
    pub comparison: Comparison,
    pub answers: Vec<TeamAnswer>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TeamAnswer {
    pub run: String,
    pub role: String,
    pub state: String,
    pub findings: Vec<String>,
    pub answer: String,
}

//! One run: what stands above its pages, and its timeline.

use cc_domain::{Flag, Grade};
use serde::Serialize;

use super::RunLine;

/// The head of a run's pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunHead {
    pub line: RunLine,
    pub questions: Vec<Asked>,
    pub in_flight: Vec<Flying>,
    /// What became of what was asked from a page.
    pub notes: Vec<Note>,
    pub can_stop: bool,
    pub can_verify: bool,
    pub can_roll_back: bool,
    pub can_apply: bool,
    pub parent: Option<String>,
    pub team: Option<String>,
    pub parked_until: Option<String>,
    pub flags: Vec<Flag>,
    pub grade: Option<Grade>,
    pub recommended: String,
}

/// A permission question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub request_id: String,
    pub tool: String,
    pub target: String,
    pub input: String,
    pub deadline: String,
}

/// A tool that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flying {
    pub name: String,
    pub target: String,
    pub since: String,
    pub subagent: bool,
}

/// What became of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Note {
    /// `working`, `done` or `failed`.
    pub state: &'static str,
    pub text: String,
    pub at: String,
}

/// A run's own page.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunTimeline {
    pub prompt: String,
    pub answer: Option<String>,
    pub timeline: Timeline,
    pub tools: Vec<ToolRow>,
    pub budgets: Vec<Budgeted>,
}

/// A page of events, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    pub events: Vec<EventRow>,
    /// Where the next older page ends; none: there is none.
    pub older: Option<u64>,
    /// This is not the newest page.
    pub is_older: bool,
    /// `steps` or `all`.
    pub show: &'static str,
    pub unreadable: u32,
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventRow {
    pub seq: u64,
    pub ts: String,
    /// `said`, `thought`, `tool`, `result`, `asked`, `limit`, `end`, `steer` or `note`.
    pub kind: &'static str,
    /// `detail`, `step` or `attention`.
    pub weight: &'static str,
    pub label: String,
    pub text: String,
    /// The text's whole length, where the event keeps only its beginning.
    pub chars: Option<u64>,
    pub failed: bool,
    /// Of a tool: until its answer.
    pub took_ms: Option<u64>,
    pub in_flight: bool,
    pub subagent: bool,
}

/// A tool, all its calls together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ToolRow {
    pub name: String,
    pub calls: u32,
    pub failed: u32,
    pub repeated: u32,
}

/// How far a budget is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Budgeted {
    pub name: String,
    pub used: f64,
    pub limit: f64,
    pub stops: bool,
}

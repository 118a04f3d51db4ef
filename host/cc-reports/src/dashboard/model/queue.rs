//! The queue of jobs.

use serde::Serialize;

use super::Note;

/// The queue of jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Queue {
    pub jobs: Vec<Job>,
    /// Nobody starts what waits.
    pub unattended: bool,
    /// The limits in force, as names and values.
    pub policy: Vec<(String, String)>,
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Job {
    pub id: String,
    pub state: String,
    pub task: String,
    pub role: String,
    pub priority: i64,
    pub submitted_at: String,
    pub run: Option<String>,
    pub attempts: u32,
    /// Why it waits, or failed.
    pub why: Option<String>,
    pub can_cancel: bool,
}

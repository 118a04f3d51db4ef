//! What the replies of operations say of runs, with all foreign text made harmless once.

use cc_domain::{RunId, RunStatus, Verified};
use cc_ops::{OpError, plain};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::tui::host::Caller;

/// Runs of one call.
const A_CALL: usize = 500;

/// One run, as `cc_run_status` lists it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Run {
    pub(crate) run_id: String,
    pub(crate) status: String,
    pub(crate) activity: Option<String>,
    /// Of the question that waits for the user.
    pub(crate) request_id: Option<String>,
    pub(crate) verified: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) role: String,
    pub(crate) profile: String,
    pub(crate) model: Option<String>,
    pub(crate) started_at: String,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) tokens: u64,
    pub(crate) cost_usd: Option<f64>,
    /// Of `started_at`; 0 when that is no time.
    #[serde(skip)]
    pub(crate) started: i64,
}

/// Some of all runs, active ones first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) runs: Vec<Run>,
    /// There are more than were asked for.
    pub(crate) more: bool,
}

impl Listed {
    /// The first so many.
    pub(crate) fn look(caller: &Caller, wanted: usize) -> Result<Self, OpError> {
        #[derive(Deserialize)]
        struct Reply {
            runs: Vec<Run>,
        }
        let mut listed = Self { runs: Vec::new(), more: true };
        while listed.more && listed.runs.len() < wanted {
            let limit = A_CALL.min(wanted - listed.runs.len());
            let ask = json!({ "include_finished": true, "limit": limit, "offset": listed.runs.len() });
            let reply: Reply = caller.call("cc_run_status", ask)?;
            listed.more = reply.runs.len() == limit;
            listed.runs.extend(reply.runs);
        }
        listed.clean();
        Ok(listed)
    }

    /// A run that moved up between two calls is listed once.
    pub(crate) fn clean(&mut self) {
        let mut seen = std::collections::HashSet::new();
        self.runs.retain(|run| seen.insert(run.run_id.clone()));
        self.runs.iter_mut().for_each(Run::clean);
    }
}

impl Run {
    fn clean(&mut self) {
        self.started = self.started_at.parse::<Timestamp>().map_or(0, Timestamp::as_second);
        let needed = [&mut self.run_id, &mut self.status, &mut self.role, &mut self.profile];
        let others = [&mut self.activity, &mut self.error, &mut self.model, &mut self.verified];
        for text in needed.into_iter().chain(others.into_iter().flatten()) {
            *text = plain(text);
        }
    }

    pub(crate) fn id(&self) -> Option<RunId> {
        self.run_id.parse().ok()
    }

    pub(crate) fn is_active(&self) -> bool {
        RunStatus::parse(&self.status).is_some_and(RunStatus::is_active)
    }

    /// A permission question waits.
    pub(crate) fn waits(&self) -> bool {
        self.request_id.is_some()
    }

    /// What its gates said of it, if anybody asked them.
    pub(crate) fn verdict(&self) -> Option<Verified> {
        Verified::parse(self.verified.as_deref()?)
    }

    /// Its work was refused.
    pub(crate) fn is_refused(&self) -> bool {
        self.verdict() == Some(Verified::BlockedVerification)
    }

    /// Its status, or that it waits for the user.
    pub(crate) fn state(&self) -> &str {
        if self.waits() { "waiting" } else { &self.status }
    }

    /// Seconds it has taken so far, or took.
    pub(crate) fn took(&self, now: Timestamp) -> i64 {
        let ended = self.duration_ms.map(|ms| (ms / 1_000).cast_signed());
        ended.unwrap_or_else(|| now.as_second() - self.started)
    }

    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or("default model")
    }

    /// What it asks for: `awaiting permission 3 s: Bash rm -r build` says it behind the colon.
    pub(crate) fn asked(&self) -> &str {
        let activity = self.activity.as_deref().unwrap_or_default();
        activity.split_once(": ").map_or(activity, |(_, what)| what)
    }

    /// What it asks for, what it does, or what became of it.
    pub(crate) fn now(&self) -> &str {
        if self.waits() {
            return self.asked();
        }
        match self.verdict() {
            Some(Verified::BlockedVerification) => "refused by its gates",
            Some(Verified::Verified) => "verified",
            _ => self.activity.as_deref().or(self.error.as_deref()).unwrap_or_default(),
        }
    }

    /// Every one of the words is in it, whatever their case.
    pub(crate) fn holds(&self, words: &[String]) -> bool {
        if words.is_empty() {
            return true;
        }
        let place = [&self.run_id, self.state(), &self.role, &self.profile, self.model(), self.now()];
        let place = place.join(" ").to_lowercase();
        words.iter().all(|word| place.contains(word))
    }
}

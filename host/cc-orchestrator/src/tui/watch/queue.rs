//! The page of jobs: those that run, those that wait and for what, and the latest that ended.

use std::collections::BTreeMap;

use cc_domain::JobState;
use cc_ops::{OpError, plain};
use jiff::Timestamp;
use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::{Constraint, Rect},
    text::Line,
    widgets::{Cell, Row, Table},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    foot::{Foot, Prompt},
    help::Keys,
    job_detail::Whole,
    pane::{self, Pane},
    shown::Shown,
};
use crate::tui::{
    Action,
    asked::Asked,
    host::{Caller, Host, Note},
    theme::{self, CAREFUL, DIM},
};

/// Jobs of each kind that are asked for.
const MOST: u32 = 100;

pub(super) const KEYS: Keys = &[
    ("", "queue"),
    ("Enter", "attach to the job's run"),
    ("c x", "cancel it; one that runs has its worker stopped"),
    ("t", "tick: settle what ended, start what has a place"),
    ("y", "copy its id"),
    ("f", "with the jobs that have ended, or without"),
    ("p", "the pane with its details, or none"),
];

pub(super) const HINTS: Keys = &[
    ("?", "help"),
    ("q", "leave"),
    ("t", "tick"),
    ("c", "cancel"),
    ("Enter", "attach"),
    ("/", "filter"),
    ("f", "waiting"),
    ("y", "copy id"),
];

/// One job, as `cc_queue_status` lists it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Job {
    pub(super) job_id: String,
    pub(super) status: String,
    stage: Option<String>,
    role: String,
    priority: i32,
    attempts: u32,
    pub(super) run_id: Option<String>,
    reason: Option<String>,
    not_before: Option<String>,
    paths: Vec<String>,
    scope_warning: Option<String>,
    task: String,
}

/// The jobs of a look.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Jobs {
    state_counts: BTreeMap<String, u64>,
    jobs: Vec<Job>,
}

/// The queue, and where one is in it.
pub(crate) struct Queue {
    asked: Asked<Jobs>,
    asked_closer: Asked<Whole>,
    jobs: Jobs,
    rows: Shown,
    without_ended: bool,
    pane: Pane,
    whole: Option<Whole>,
    looked: bool,
    now: Timestamp,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            asked: Asked::every(1_000),
            asked_closer: Asked::every(2_000),
            jobs: Jobs::default(),
            rows: Shown::default(),
            without_ended: false,
            pane: Pane::default(),
            whole: None,
            looked: false,
            now: Timestamp::now(),
        }
    }
}

impl Jobs {
    pub(super) fn look(caller: &Caller) -> Result<Self, OpError> {
        caller.call("cc_queue_status", json!({ "limit": MOST }))
    }
}

impl Job {
    fn clean(&mut self) {
        let needed = [&mut self.job_id, &mut self.status, &mut self.role, &mut self.task];
        let others = [&mut self.stage, &mut self.reason, &mut self.scope_warning, &mut self.run_id];
        for text in needed.into_iter().chain(others.into_iter().flatten()).chain(&mut self.paths) {
            *text = plain(text);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        JobState::parse(&self.status).is_none_or(JobState::is_ended)
    }

    fn holds(&self, words: &[String]) -> bool {
        let place = [&self.job_id, &self.status, &self.role, &self.task, &self.why()];
        let place = [place.map(String::as_str).join(" "), self.paths.join(" ")].join(" ").to_lowercase();
        words.iter().all(|word| place.contains(word))
    }

    /// What it waits for, or why it stands where it does.
    fn why(&self) -> String {
        let paths =
            (!self.paths.is_empty() && !self.has_ended()).then(|| format!("in {}", self.paths.join(" ")));
        let said = [&self.scope_warning, &self.reason, &paths];
        said.into_iter().flatten().cloned().collect::<Vec<_>>().join("; ")
    }

    /// `in 40s`, when it is not to be tried before.
    fn next_try(&self, now: Timestamp) -> String {
        let at = self.not_before.as_ref().filter(|_| self.status == "queued");
        let at = at.and_then(|at| at.parse::<Timestamp>().ok()).filter(|at| *at > now);
        at.map(|at| format!("in {}", theme::span(at.duration_since(now).as_secs()))).unwrap_or_default()
    }
}

impl Queue {
    pub(super) fn look(&mut self, host: &Host, foot: &mut Foot) {
        self.now = Timestamp::now();
        if let Some(looked) = self.asked.look(host, Jobs::look)
            && let Some(jobs) = foot.looked("queue", looked)
        {
            self.show(jobs);
        }
    }

    pub(super) fn look_closer(&mut self, host: &Host) {
        let Some(job) = self.job().filter(|_| self.pane.is_in_view()) else { return };
        let (id, about) = (job.job_id.clone(), job.job_id.clone());
        let seen = self.asked_closer.look_at(&about, host, move |caller| Whole::look(caller, &id));
        if let Some(Ok(whole)) = seen {
            self.whole = Some(whole);
        }
    }

    pub(super) fn again(&mut self) {
        self.asked.again();
        self.asked_closer.again();
    }

    pub(super) fn show(&mut self, mut jobs: Jobs) {
        jobs.jobs.iter_mut().for_each(Job::clean);
        let kept = self.job().map(|job| job.job_id.clone());
        (self.jobs, self.looked) = (jobs, true);
        self.arrange(kept);
    }

    fn arrange(&mut self, kept: Option<String>) {
        let words = self.rows.words();
        let jobs = &self.jobs.jobs;
        let shown = |job: &Job| !(self.without_ended && job.has_ended()) && job.holds(&words);
        let order = (0..jobs.len()).filter(|at| shown(&jobs[*at])).collect();
        self.rows.set(order, |at| kept.as_deref() == Some(jobs[at].job_id.as_str()));
    }

    fn job(&self) -> Option<&Job> {
        self.rows.selected().and_then(|at| self.jobs.jobs.get(at))
    }

    fn count(&self, state: &str) -> u64 {
        self.jobs.state_counts.get(state).copied().unwrap_or_default()
    }

    /// Those that have not ended.
    pub(super) fn rows(&self) -> String {
        let open = self.count("queued") + self.count("running");
        if self.looked { open.to_string() } else { String::new() }
    }

    pub(super) fn shown(&self) -> String {
        let filter = self.rows.filtered();
        let counts = self.jobs.state_counts.iter().filter(|(_, number)| **number > 0);
        let counts: Vec<String> =
            counts.map(|(state, number)| format!("{number} {}", theme::state(&plain(state)).1)).collect();
        format!("{filter}{}", counts.join(", "))
    }

    pub(super) fn filter(&self) -> &str {
        self.rows.filter()
    }

    pub(super) fn set_filter(&mut self, filter: String) {
        let kept = self.job().map(|job| job.job_id.clone());
        self.rows.set_filter(filter);
        self.arrange(kept);
    }

    pub(super) fn key(&mut self, key: KeyCode, foot: &mut Foot) -> Action {
        if self.rows.key(key) {
            return Action::None;
        }
        match key {
            KeyCode::Char('f') => {
                let kept = self.job().map(|job| job.job_id.clone());
                self.without_ended = !self.without_ended;
                self.arrange(kept);
            }
            KeyCode::Char('p') => self.pane.toggle(),
            KeyCode::Char('t') => {
                foot.tell(Note::new("ticking…"));
                return Action::Call("cc_queue_tick", json!({}));
            }
            _ => return self.act(key, foot),
        }
        Action::None
    }

    /// What is done to the selected job.
    fn act(&self, key: KeyCode, foot: &mut Foot) -> Action {
        let Some(job) = self.job() else { return Action::None };
        let id = job.job_id.clone();
        match key {
            KeyCode::Enter => match job.run_id.as_ref().and_then(|run| run.parse().ok()) {
                Some(run) => return Action::Attach(run),
                None => foot.tell(Note::new("it has no run yet")),
            },
            KeyCode::Char('c' | 'x') if job.has_ended() => foot.tell(Note::new("it has ended")),
            KeyCode::Char('c' | 'x') => foot.ask(Prompt::Choice {
                question: format!("cancel {id}?"),
                yes: Action::Call("cc_queue_cancel", json!({ "job_id": id })),
                no: Action::None,
            }),
            KeyCode::Char('y') => return foot.copy(id),
            _ => {}
        }
        Action::None
    }

    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let (list, pane) = self.pane.places(area);
        if self.rows.is_empty() {
            frame.render_widget(Line::styled(self.nothing(), DIM), list);
        } else {
            let (jobs, now) = (&self.jobs.jobs, self.now);
            self.rows.draw(frame, list, |seen, room| table(seen.iter().map(|at| &jobs[*at]), room, now));
        }
        if let Some((pane, job)) = pane.zip(self.job()) {
            let whole = self.whole.as_ref().filter(|whole| whole.job_id == job.job_id);
            let lines = whole.map(|whole| whole.lines.clone()).unwrap_or_default();
            pane::draw(frame, pane, &job.job_id, lines.into());
        }
    }

    #[cfg(test)]
    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    #[cfg(test)]
    pub(super) fn detailed(&mut self, whole: Whole) {
        self.whole = Some(whole);
    }

    fn nothing(&self) -> &'static str {
        match (self.looked, self.jobs.jobs.is_empty()) {
            (false, _) => "",
            (_, true) => "no jobs; cc_queue_submit puts one into the queue",
            (_, false) => "no job is like that; Esc clears the filter, f shows all",
        }
    }
}

fn table<'a>(jobs: impl Iterator<Item = &'a Job>, room: u16, now: Timestamp) -> Table<'static> {
    let wide = room >= 70;
    let mut widths = vec![Constraint::Length(12), Constraint::Length(4)];
    let mut head = vec!["state", "prio"];
    if wide {
        widths.extend([5, 8, 15].map(Constraint::Length));
        head.extend(["tries", "next try", "role"]);
    }
    widths.extend([Constraint::Fill(3), Constraint::Fill(2)]);
    head.extend(["task", "why"]);
    Table::new(jobs.map(|job| row(job, wide, now)), widths).header(Row::new(head).style(DIM))
}

fn row(job: &Job, wide: bool, now: Timestamp) -> Row<'static> {
    let (mark, word, style) = theme::state(&job.status);
    // What is done after its run: its tests, or taking its work back.
    let word = job.stage.as_deref().filter(|stage| *stage != "run").unwrap_or(word);
    let mut cells: Vec<Cell<'_>> = vec![
        Line::styled(format!("{mark} {word}"), style).into(),
        Line::raw(job.priority.to_string()).right_aligned().into(),
    ];
    if wide {
        cells.push(Line::raw(job.attempts.to_string()).right_aligned().into());
        cells.push(job.next_try(now).into());
        cells.push(job.role.clone().into());
    }
    cells.push(job.task.clone().into());
    let style = if job.scope_warning.is_some() { CAREFUL } else { DIM };
    cells.push(Line::styled(job.why(), style).into());
    Row::new(cells)
}

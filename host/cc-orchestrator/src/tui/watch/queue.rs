//! The page of jobs: those that run, those that wait and for what, and the latest that ended.

use std::collections::BTreeMap;

use cc_ops::{OpError, plain};
use jiff::Timestamp;
use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::{Cell, Row, Table, TableState},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    foot::{Foot, Prompt},
    help::Keys,
    job_detail::Whole,
    pane::{self, Pane},
};
use crate::tui::{
    Action,
    asked::Asked,
    host::{Caller, Host, Note},
    list::{self, Place},
    theme::{self, CAREFUL, DIM, SELECTED},
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
    order: Vec<usize>,
    place: Place,
    without_ended: bool,
    pub(super) filter: String,
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
            order: Vec::new(),
            place: Place::default(),
            without_ended: false,
            filter: String::new(),
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
        !matches!(self.status.as_str(), "queued" | "running")
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
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let jobs = &self.jobs.jobs;
        let shown = |job: &Job| !(self.without_ended && job.has_ended()) && job.holds(&words);
        self.order = (0..jobs.len()).filter(|at| shown(&jobs[*at])).collect();
        let found = kept.and_then(|id| self.order.iter().position(|at| jobs[*at].job_id == id));
        self.place.go(found.unwrap_or(self.place.at()), self.order.len());
    }

    fn job(&self) -> Option<&Job> {
        self.order.get(self.place.at()).and_then(|at| self.jobs.jobs.get(*at))
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
        let filter = if self.filter.is_empty() {
            String::new()
        } else {
            format!("/{} ({})  ", self.filter, self.order.len())
        };
        let counts = self.jobs.state_counts.iter().filter(|(_, number)| **number > 0);
        let counts: Vec<String> =
            counts.map(|(state, number)| format!("{number} {}", theme::state(&plain(state)).1)).collect();
        format!("{filter}{}", counts.join(", "))
    }

    pub(super) fn filter(&mut self, filter: String) {
        let kept = self.job().map(|job| job.job_id.clone());
        self.filter = filter;
        self.arrange(kept);
    }

    pub(super) fn key(&mut self, key: KeyCode, foot: &mut Foot) -> Action {
        if self.place.key(key, self.order.len()) {
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
            KeyCode::Char('y') => {
                foot.tell(Note::new(format!("{id} is copied, if the terminal allows it")));
                return Action::Copy(id);
            }
            _ => {}
        }
        Action::None
    }

    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let (list, pane) = self.pane.places(area);
        if self.order.is_empty() {
            frame.render_widget(Line::styled(self.nothing(), DIM), list);
        } else {
            self.table(frame, list);
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

    fn table(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let (wide, rows) = (area.width >= 70, self.order.len());
        let seen = self.place.window(rows, usize::from(area.height.saturating_sub(1)));
        let selected = self.place.at() - seen.start.min(self.place.at());
        let mut widths = vec![Constraint::Length(12), Constraint::Length(4)];
        let mut head = vec!["state", "prio"];
        if wide {
            widths.extend([5, 8, 15].map(Constraint::Length));
            head.extend(["tries", "next try", "role"]);
        }
        widths.extend([Constraint::Fill(3), Constraint::Fill(2)]);
        head.extend(["task", "why"]);
        let shown = self.order[seen.clone()].iter().map(|at| self.row(&self.jobs.jobs[*at], wide));
        let table = Table::new(shown, widths).header(Row::new(head).style(DIM)).row_highlight_style(SELECTED);
        let inner = Rect { width: area.width.saturating_sub(1), ..area };
        let mut state = TableState::default().with_selected(Some(selected));
        frame.render_stateful_widget(table, inner, &mut state);
        let [_, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        list::scrollbar(frame, body, &seen, rows);
    }

    fn row(&self, job: &Job, wide: bool) -> Row<'static> {
        let (mark, word, style) = theme::state(&job.status);
        // What is done after its run: its tests, or taking its work back.
        let word = job.stage.as_deref().filter(|stage| *stage != "run").unwrap_or(word);
        let mut cells: Vec<Cell<'_>> = vec![
            Line::styled(format!("{mark} {word}"), style).into(),
            Line::raw(job.priority.to_string()).right_aligned().into(),
        ];
        if wide {
            cells.push(Line::raw(job.attempts.to_string()).right_aligned().into());
            cells.push(job.next_try(self.now).into());
            cells.push(job.role.clone().into());
        }
        cells.push(job.task.clone().into());
        let style = if job.scope_warning.is_some() { CAREFUL } else { DIM };
        cells.push(Line::styled(job.why(), style).into());
        Row::new(cells)
    }
}

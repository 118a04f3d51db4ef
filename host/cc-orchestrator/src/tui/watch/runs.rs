//! The page of runs: those that need the user first, and one of them in detail.

use std::cmp::Reverse;

use jiff::Timestamp;
use ratatui::{Frame, crossterm::event::KeyCode, layout::Rect, text::Line};
use serde_json::json;

use super::{
    foot::{Foot, Prompt},
    head::Counts,
    help::Keys,
    pane::{self, Pane},
    rows::{Listed, Run},
    run_detail::{self, Detail},
    run_table,
    shown::Shown,
};
use crate::tui::{
    Action,
    asked::Asked,
    host::{Host, Note},
    steer,
    theme::DIM,
};

/// Rows that are asked for at first, and how many more when one comes so near to their end.
const FIRST: usize = 200;
const MORE: usize = 500;
const NEAR: usize = 50;
/// Rows that are ever asked for.
const MOST: usize = 10_000;

pub(super) const KEYS: Keys = &[
    ("", "runs"),
    ("Enter", "attach: follow it, steer it, answer it"),
    ("a", "answer its question: y allows, n denies"),
    ("i", "send it an instruction"),
    ("x s", "stop it, with all it started"),
    ("v", "verify it: all gates, without test commands"),
    ("f", "all runs, active ones, ended ones"),
    ("o O", "sort by another column, the other way round"),
    ("y", "copy its id"),
    ("p", "the pane with its details, or none"),
];

pub(super) const HINTS: Keys = &[
    ("?", "help"),
    ("q", "leave"),
    ("Enter", "attach"),
    ("x", "stop"),
    ("a", "answer"),
    ("/", "filter"),
    ("f", "active"),
    ("o", "sort"),
    ("i", "instruct"),
    ("v", "verify"),
    ("y", "copy id"),
];

/// Which runs are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Show {
    #[default]
    All,
    Active,
    Ended,
}

/// What they are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Newest,
    Longest,
    Costliest,
    Tokens,
    Model,
    Role,
}

/// The runs, and where one is among them.
pub(crate) struct Runs {
    asked: Asked<Listed>,
    asked_closer: Asked<Detail>,
    listed: Listed,
    rows: Shown,
    show: Show,
    sort: Sort,
    reversed: bool,
    wanted: usize,
    pane: Pane,
    detail: Option<Detail>,
    /// The details may be old even of a run that has ended.
    stale: bool,
    pub(super) looked: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            asked: Asked::every(400),
            asked_closer: Asked::every(1_000),
            listed: Listed::default(),
            rows: Shown::default(),
            show: Show::default(),
            sort: Sort::default(),
            reversed: false,
            wanted: FIRST,
            pane: Pane::default(),
            detail: None,
            stale: false,
            looked: None,
            now: Timestamp::now(),
        }
    }
}

impl Runs {
    pub(super) fn look(&mut self, host: &Host, foot: &mut Foot) {
        self.now = Timestamp::now();
        let wanted = self.wanted;
        if let Some(looked) = self.asked.look(host, move |caller| Listed::look(caller, wanted))
            && let Some(listed) = foot.looked("runs", looked)
        {
            self.show(listed);
        }
    }

    /// Only while the page is in view: risk flags need the plugins.
    pub(super) fn look_closer(&mut self, host: &Host) {
        let Some(run) = self.run().filter(|_| self.pane.is_in_view()).cloned() else { return };
        if !self.stale && self.detail.as_ref().is_some_and(|known| known.is_final(&run)) {
            return;
        }
        let id = run.run_id.clone();
        let seen = self.asked_closer.look_at(&id, host, move |caller| Ok(Detail::look(caller, run)));
        if let Some(Ok(detail)) = seen {
            (self.detail, self.stale) = (Some(detail), false);
        }
    }

    /// The selection stays on its run when others come and go.
    pub(super) fn show(&mut self, listed: Listed) {
        let kept = self.run().map(|run| run.run_id.clone());
        (self.listed, self.looked) = (listed, Some(self.now));
        self.arrange_keeping(kept);
    }

    pub(super) fn again(&mut self) {
        self.asked.again();
        self.asked_closer.again();
        self.stale = true;
    }

    fn arrange(&mut self) {
        self.arrange_keeping(self.run().map(|run| run.run_id.clone()));
    }

    fn arrange_keeping(&mut self, kept: Option<String>) {
        let words = self.rows.words();
        let runs = &self.listed.runs;
        let shown = |run: &Run| match self.show {
            Show::All => true,
            Show::Active => run.is_active(),
            Show::Ended => !run.is_active(),
        };
        let mut order: Vec<usize> =
            (0..runs.len()).filter(|at| shown(&runs[*at]) && runs[*at].holds(&words)).collect();
        self.sort.apply(runs, self.now, &mut order);
        if self.reversed {
            order.reverse();
        }
        order.sort_by_key(|at| !runs[*at].waits());
        self.rows.set(order, |at| kept.as_deref() == Some(runs[at].run_id.as_str()));
    }

    fn run(&self) -> Option<&Run> {
        self.rows.selected().and_then(|at| self.listed.runs.get(at))
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for run in &self.listed.runs {
            counts.waiting += usize::from(run.waits());
            counts.parked += usize::from(run.status == "parked");
            counts.running += usize::from(run.is_active() && !run.waits() && run.status != "parked");
            counts.refused += usize::from(run.is_refused());
        }
        counts
    }

    /// How many there are, as far as is known.
    pub(super) fn rows(&self) -> String {
        let more = if self.listed.more { "+" } else { "" };
        if self.looked.is_some() { format!("{}{more}", self.listed.runs.len()) } else { String::new() }
    }

    pub(super) fn shown(&self) -> String {
        let show = match self.show {
            Show::All => "",
            Show::Active => "active only  ",
            Show::Ended => "ended only  ",
        };
        let filter = self.rows.filtered();
        let way = if self.reversed { " ↑" } else { "" };
        format!("{show}{filter}by {}{way}", self.sort.name())
    }

    pub(super) fn filter(&self) -> &str {
        self.rows.filter()
    }

    pub(super) fn set_filter(&mut self, filter: String) {
        self.rows.set_filter(filter);
        self.arrange();
        self.want();
    }

    pub(super) fn key(&mut self, key: KeyCode, foot: &mut Foot) -> Action {
        if self.rows.key(key) {
            self.want();
            return Action::None;
        }
        match key {
            KeyCode::Char('f') => self.show = self.show.next(),
            KeyCode::Char('o') => self.sort = self.sort.next(),
            KeyCode::Char('O') => self.reversed = !self.reversed,
            KeyCode::Char('p') => self.pane.toggle(),
            _ => return self.act(key, foot),
        }
        self.arrange();
        self.want();
        Action::None
    }

    /// More rows are asked for near the end of those that are there, and all when they are searched or sorted.
    fn want(&mut self) {
        let all = !self.rows.filter().is_empty()
            || self.show == Show::Ended
            || self.sort != Sort::Newest
            || self.reversed;
        let needed = self.rows.at() + NEAR;
        let wanted = match needed {
            _ if all => MOST,
            0..=FIRST => FIRST,
            needed => needed.next_multiple_of(MORE).min(MOST),
        };
        if wanted > self.wanted {
            self.asked.again();
        }
        self.wanted = wanted;
    }

    /// What is done to the selected run.
    fn act(&self, key: KeyCode, foot: &mut Foot) -> Action {
        let Some(run) = self.run() else { return Action::None };
        let id = run.run_id.clone();
        match key {
            KeyCode::Enter => return run.id().map_or(Action::None, Action::Attach),
            KeyCode::Char('x' | 's') if run.is_active() => foot.ask(Prompt::Choice {
                question: format!("stop {id}?"),
                yes: steer::stop(&id),
                no: Action::None,
            }),
            KeyCode::Char('x' | 's') => foot.tell(Note::new("it has ended")),
            KeyCode::Char('a') if run.waits() => foot.ask(answer(&id, run)),
            KeyCode::Char('a') => foot.tell(Note::new("no question waits")),
            KeyCode::Char('i') => foot.ask(Prompt::Instruct { run: id, typed: String::new() }),
            KeyCode::Char('v') if run.is_active() => {
                foot.tell(Note::new("it still runs; stop it or wait for its end"))
            }
            KeyCode::Char('v') => {
                foot.tell(Note::new(format!("verifying {id}…")));
                return Action::Call("cc_verify_run", json!({ "run_id": id }));
            }
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
            let (runs, now) = (&self.listed.runs, self.now);
            self.rows
                .draw(frame, list, |seen, room| run_table::of(seen.iter().map(|at| &runs[*at]), room, now));
        }
        if let Some((pane, run)) = pane.zip(self.run()) {
            pane::draw(frame, pane, &run.run_id, run_detail::text(run, self.detail.as_ref(), self.now));
        }
    }

    #[cfg(test)]
    pub(super) fn wanted(&self) -> usize {
        self.wanted
    }

    #[cfg(test)]
    pub(super) fn in_view(&mut self) -> usize {
        self.rows.in_view()
    }

    #[cfg(test)]
    pub(super) fn detailed(&mut self, detail: Detail) {
        self.detail = Some(detail);
    }

    fn nothing(&self) -> &'static str {
        match (self.looked, self.listed.runs.is_empty()) {
            (None, _) => "",
            (_, true) => "no runs yet; cc_run_agent starts one, or 'cc-orchestrator demo' shows one",
            (_, false) => "no run is like that; Esc clears the filter, f shows all",
        }
    }
}

fn answer(id: &str, run: &Run) -> Prompt {
    let call = |answer| steer::answer(id, run.request_id.as_deref().unwrap_or_default(), answer);
    Prompt::Choice { question: format!("allow {}?", run.asked()), yes: call("allow"), no: call("deny") }
}

impl Show {
    fn next(self) -> Self {
        match self {
            Self::All => Self::Active,
            Self::Active => Self::Ended,
            Self::Ended => Self::All,
        }
    }
}

impl Sort {
    fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Longest => "longest",
            Self::Costliest => "cost",
            Self::Tokens => "tokens",
            Self::Model => "model",
            Self::Role => "role",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Newest => Self::Longest,
            Self::Longest => Self::Costliest,
            Self::Costliest => Self::Tokens,
            Self::Tokens => Self::Model,
            Self::Model => Self::Role,
            Self::Role => Self::Newest,
        }
    }

    /// Rows come active first and then the newest; what is equal stays so.
    fn apply(self, runs: &[Run], now: Timestamp, order: &mut [usize]) {
        match self {
            Self::Newest => {}
            Self::Longest => order.sort_by_key(|at| Reverse(runs[*at].took(now))),
            Self::Costliest => {
                let cost = |at: &usize| runs[*at].cost_usd.unwrap_or(-1.0);
                order.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
            }
            Self::Tokens => order.sort_by_key(|at| Reverse(runs[*at].tokens)),
            Self::Model => order.sort_by(|a, b| runs[*a].model().cmp(runs[*b].model())),
            Self::Role => order.sort_by(|a, b| runs[*a].role.cmp(&runs[*b].role)),
        }
    }
}

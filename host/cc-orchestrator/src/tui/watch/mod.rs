//! Runs, queue and spending on one screen. Each page is a state, a picture of it and what keys do to it; the head, the
//! foot and the help are theirs in common.

mod chart;
mod foot;
mod head;
mod help;
mod job_detail;
mod pane;
mod queue;
mod rows;
mod run_detail;
mod run_table;
mod runs;
mod shown;
mod spend;
mod sums;
#[cfg(test)]
mod tests;

use cc_ops::OpError;
use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::{Constraint, Layout},
};

use self::{
    foot::{Answer, Foot, Prompt},
    head::{Head, Today},
    help::{Help, Keys},
    queue::Queue,
    runs::Runs,
    spend::Spend,
};
use super::{
    Action, View,
    asked::Asked,
    host::{Host, Note},
};

/// What one looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Page {
    #[default]
    Runs,
    Queue,
    Spend,
}

/// The whole view.
pub(crate) struct Watch {
    page: Page,
    runs: Runs,
    queue: Queue,
    spend: Spend,
    today: Option<Today>,
    asked_today: Asked<Today>,
    foot: Foot,
    help: Option<Help>,
}

impl Page {
    const ALL: [Self; 3] = [Self::Runs, Self::Queue, Self::Spend];

    fn name(self) -> &'static str {
        match self {
            Self::Runs => "Runs",
            Self::Queue => "Queue",
            Self::Spend => "Spend",
        }
    }

    fn keys(self) -> [Keys; 2] {
        match self {
            Self::Runs => [runs::KEYS, runs::HINTS],
            Self::Queue => [queue::KEYS, queue::HINTS],
            Self::Spend => [spend::KEYS, spend::HINTS],
        }
    }

    fn next(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            page: Page::default(),
            runs: Runs::default(),
            queue: Queue::default(),
            spend: Spend::default(),
            today: None,
            asked_today: Asked::every(3_000),
            foot: Foot::default(),
            help: None,
        }
    }
}

impl View for Watch {
    fn look(&mut self, host: &Host) -> Result<(), OpError> {
        let foot = &mut self.foot;
        self.runs.look(host, foot);
        self.queue.look(host, foot);
        match self.page {
            Page::Runs => self.runs.look_closer(host),
            Page::Queue => self.queue.look_closer(host),
            Page::Spend => self.spend.look(host, foot),
        }
        if let Some(today) = self.asked_today.look(host, Today::look) {
            self.today = foot.looked("today's spending", today).or(self.today.take());
        }
        Ok(())
    }

    fn key(&mut self, key: KeyCode) -> Action {
        if let Some(help) = &mut self.help {
            if !help.key(key) {
                self.help = None;
            }
            return Action::None;
        }
        match self.foot.key(key) {
            Some(Answer::Act(action)) => action,
            Some(Answer::Filter(filter)) => {
                self.filter(filter);
                Action::None
            }
            None => self.pressed(key),
        }
    }

    fn tell(&mut self, note: Note) {
        self.foot.tell(note);
        self.again();
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let rows = [Constraint::Length(2), Constraint::Min(0), Constraint::Length(1)];
        let [head, body, foot] = Layout::vertical(rows).areas(frame.area());
        self.head().draw(frame, head);
        match self.page {
            Page::Runs => self.runs.draw(frame, body),
            Page::Queue => self.queue.draw(frame, body),
            Page::Spend => self.spend.draw(frame, body),
        }
        let [keys, hints] = self.page.keys();
        self.foot.draw(frame, foot, hints);
        if let Some(help) = &mut self.help {
            help.draw(frame, keys);
        }
    }
}

impl Watch {
    fn pressed(&mut self, key: KeyCode) -> Action {
        match key {
            KeyCode::Esc if !self.filtered().is_empty() => self.filter(String::new()),
            KeyCode::Char('q') | KeyCode::Esc => return Action::Leave,
            KeyCode::Char('?') => self.help = Some(Help::default()),
            KeyCode::Char('1') => self.page = Page::Runs,
            KeyCode::Char('2') => self.page = Page::Queue,
            KeyCode::Char('3') => self.page = Page::Spend,
            KeyCode::Tab | KeyCode::Right => self.page = self.page.next(1),
            KeyCode::BackTab | KeyCode::Left => self.page = self.page.next(2),
            KeyCode::Char('r') => self.again(),
            KeyCode::Char('/') if self.page != Page::Spend => {
                self.foot.ask(Prompt::Filter(self.filtered().to_owned()));
            }
            _ => return self.on_page(key),
        }
        Action::None
    }

    fn on_page(&mut self, key: KeyCode) -> Action {
        match self.page {
            Page::Runs => self.runs.key(key, &mut self.foot),
            Page::Queue => self.queue.key(key, &mut self.foot),
            Page::Spend => self.spend.key(key),
        }
    }

    fn filtered(&self) -> &str {
        match self.page {
            Page::Runs => self.runs.filter(),
            Page::Queue => self.queue.filter(),
            Page::Spend => "",
        }
    }

    fn filter(&mut self, filter: String) {
        match self.page {
            Page::Runs => self.runs.set_filter(filter),
            Page::Queue => self.queue.set_filter(filter),
            Page::Spend => {}
        }
    }

    fn again(&mut self) {
        self.runs.again();
        self.queue.again();
        self.spend.again();
        self.asked_today.again();
    }

    fn head(&self) -> Head<'_> {
        Head {
            counts: self.runs.counts(),
            today: self.today.as_ref(),
            looked: self.runs.looked,
            now: self.runs.now,
            page: self.page,
            rows: [self.runs.rows(), self.queue.rows()],
            shown: match self.page {
                Page::Runs => self.runs.shown(),
                Page::Queue => self.queue.shown(),
                Page::Spend => self.spend.shown(),
            },
        }
    }
}

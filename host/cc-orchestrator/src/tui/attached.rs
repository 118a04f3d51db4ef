//! One run as it goes on.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    Action, View,
    host::{Host, Note},
    list, steer,
    theme::{self, BOLD, CALLS, DIM},
    typing::{Edit, edit},
};
use cc_domain::{RunId, RunProgress, RunRecord};
use cc_ops::{Context, Follower, OpError, event_line, plain};
use jiff::Timestamp;
use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span, Text},
    widgets::{Block, Borders, Paragraph},
};

/// How often the run's record is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// Lines that can be scrolled back to; `logs` has them all.
const KEPT: usize = 5_000;
const KEYS: [(&str, &str); 7] = [
    ("q", "leave it running"),
    ("i", "instruct"),
    ("a", "allow"),
    ("d", "deny"),
    ("x", "stop"),
    ("↑ ↓", "scroll"),
    ("End", "newest"),
];

/// A run followed on the screen.
pub(crate) struct Attached {
    follower: Follower,
    progress: RunProgress,
    screen: Screen,
    due: Instant,
}

/// What the picture is of.
struct Screen {
    run: RunId,
    title: String,
    status: String,
    now: String,
    active: bool,
    questions: Vec<(String, String)>,
    lines: VecDeque<String>,
    /// Lines above the newest; 0 follows.
    back: usize,
    /// Lines in view.
    room: usize,
    mode: Mode,
    note: Option<Note>,
}

/// What keys mean.
#[derive(Clone, Debug, PartialEq)]
enum Mode {
    Keys,
    Typing(String),
    Stopping,
}

impl Attached {
    pub(crate) fn new(cx: &Context, run: &RunId) -> Result<Self, OpError> {
        Ok(Self {
            follower: Follower::new(cx, run)?,
            progress: RunProgress::default(),
            screen: Screen::new(run.clone()),
            due: Instant::now(),
        })
    }
}

impl View for Attached {
    fn look(&mut self, _: &Host) -> Result<(), OpError> {
        let now = Instant::now();
        if now < self.due {
            return Ok(());
        }
        self.due = now + LOOK_EVERY;
        let record = self.follower.record()?;
        loop {
            let events = self.follower.read()?;
            if events.is_empty() {
                break;
            }
            for event in &events {
                self.screen.push(event_line(event));
                self.progress.apply(event);
            }
        }
        self.screen.show(&record, &self.progress, Timestamp::now());
        Ok(())
    }

    fn key(&mut self, key: KeyCode) -> Action {
        self.screen.key(key)
    }

    fn tell(&mut self, note: Note) {
        self.screen.note = Some(note);
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        self.screen.draw(frame);
    }
}

impl Screen {
    fn new(run: RunId) -> Self {
        Self {
            run,
            title: String::new(),
            status: String::new(),
            now: String::new(),
            active: true,
            questions: Vec::new(),
            lines: VecDeque::new(),
            back: 0,
            room: 10,
            mode: Mode::Keys,
            note: None,
        }
    }

    fn push(&mut self, line: String) {
        self.lines.push_back(line);
        if self.lines.len() > KEPT {
            self.lines.pop_front();
        }
        // Who has scrolled back keeps the lines in view.
        if self.back > 0 {
            self.back = (self.back + 1).min(self.lines.len().saturating_sub(1));
        }
    }

    fn show(&mut self, record: &RunRecord, progress: &RunProgress, now: Timestamp) {
        let model =
            progress.actual_model.as_deref().or(record.route.model.as_deref()).unwrap_or("default model");
        let cost = record.output_budget.spent.and_then(|spent| spent.usd);
        let cost = cost.map(|cost| format!("   {cost:.4} USD")).unwrap_or_default();
        self.title = plain(&format!(
            "{}   {} on {model} ({}){cost}",
            self.run, record.role, record.route.profile_name
        ));
        record.status.as_str().clone_into(&mut self.status);
        self.active = record.status.is_active();
        self.now = plain(&progress.activity(now).text());
        let question =
            |q: &cc_domain::Question| (q.request_id.clone(), plain(&format!("{} {}", q.tool, q.target)));
        self.questions = progress.questions.iter().map(question).collect();
    }

    fn key(&mut self, key: KeyCode) -> Action {
        match std::mem::replace(&mut self.mode, Mode::Keys) {
            Mode::Typing(text) => self.typed(text, key),
            Mode::Stopping if key == KeyCode::Char('y') => steer::stop(self.run.as_str()),
            Mode::Stopping => Action::None,
            Mode::Keys => self.pressed(key),
        }
    }

    fn pressed(&mut self, key: KeyCode) -> Action {
        self.note = None;
        let most = self.lines.len().saturating_sub(1);
        match key {
            KeyCode::Char('q') | KeyCode::Esc => return Action::Leave,
            KeyCode::Char('i') => self.mode = Mode::Typing(String::new()),
            KeyCode::Char('s' | 'x') if self.active => self.mode = Mode::Stopping,
            KeyCode::Char('a') => return self.answer("allow"),
            KeyCode::Char('d') => return self.answer("deny"),
            KeyCode::Up | KeyCode::Char('k') => self.back = (self.back + 1).min(most),
            KeyCode::Down | KeyCode::Char('j') => self.back = self.back.saturating_sub(1),
            KeyCode::PageUp => self.back = (self.back + self.room).min(most),
            KeyCode::PageDown => self.back = self.back.saturating_sub(self.room),
            KeyCode::Home | KeyCode::Char('g') => self.back = most,
            KeyCode::End | KeyCode::Char('G') => self.back = 0,
            _ => {}
        }
        Action::None
    }

    fn typed(&mut self, mut text: String, key: KeyCode) -> Action {
        match edit(&mut text, key) {
            Edit::Done if !text.trim().is_empty() => return steer::instruct(self.run.as_str(), &text),
            Edit::Done | Edit::Dropped => {}
            Edit::On => self.mode = Mode::Typing(text),
        }
        Action::None
    }

    /// Answers the oldest question.
    fn answer(&mut self, answer: &str) -> Action {
        let Some((request, _)) = self.questions.first() else {
            self.note = Some(Note::new("no question waits"));
            return Action::None;
        };
        steer::answer(self.run.as_str(), request, answer)
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let asked = u16::try_from(self.questions.len().min(3)).unwrap_or(0);
        let rows =
            [Constraint::Length(2), Constraint::Length(asked), Constraint::Min(1), Constraint::Length(1)];
        let [head, questions, events, foot] = Layout::vertical(rows).areas(frame.area());
        frame.render_widget(Text::from(vec![Line::styled(self.title.as_str(), BOLD), self.standing()]), head);
        let waiting = self.questions.iter().take(3).map(|(_, what)| format!("? may it use {what}"));
        frame.render_widget(Text::from_iter(waiting).style(CALLS), questions);
        self.room = usize::from(events.height.saturating_sub(1)).max(1);
        frame.render_widget(
            Paragraph::new(Text::from_iter(self.visible(self.room).map(event)))
                .block(Block::new().borders(Borders::TOP).border_style(DIM)),
            events,
        );
        let end = self.lines.len().saturating_sub(self.back);
        let below = Rect { y: events.y + 1, height: events.height.saturating_sub(1), ..events };
        list::scrollbar(frame, below, &(end.saturating_sub(self.room)..end), self.lines.len());
        frame.render_widget(self.foot(foot.width), foot);
    }

    fn standing(&self) -> Line<'static> {
        let state = if self.questions.is_empty() { &self.status } else { "waiting" };
        let (mark, word, style) = theme::state(state);
        Line::from(vec![Span::styled(format!("{mark} {word}"), style), Span::raw(format!("  {}", self.now))])
    }

    fn visible(&self, room: usize) -> impl Iterator<Item = &str> {
        let end = self.lines.len() - self.back.min(self.lines.len());
        self.lines.range(end.saturating_sub(room)..end).map(String::as_str)
    }

    fn foot(&self, width: u16) -> Line<'static> {
        match (&self.mode, &self.note) {
            (Mode::Typing(text), _) => {
                Line::raw(format!("instruction (Enter sends, Esc drops): {}█", plain(text)))
            }
            (Mode::Stopping, _) => Line::styled(format!("stop {}?  y/n ", self.run), CALLS),
            (Mode::Keys, Some(note)) => note.line(),
            (Mode::Keys, None) => theme::hints(&KEYS, width),
        }
    }
}

/// An event's line: when it was is the least of it.
fn event(line: &str) -> Line<'_> {
    match line.split_at_checked(14) {
        Some((when, what)) => Line::from(vec![Span::styled(when, DIM), Span::raw(what)]),
        None => Line::raw(line),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};
    use serde_json::json;

    use super::*;

    fn screen() -> Screen {
        let mut screen = Screen::new("20261123T061500Z-1a2b3c4d".parse().unwrap());
        screen.title = "20261123T061500Z-1a2b3c4d   review on glm-5.2 (GLM)".into();
        screen.status = "running".into();
        screen.now = "awaiting permission 3 s: Bash rm -r build".into();
        screen.questions = vec![("ask-1".into(), "Bash rm -r build".into())];
        (1..=30).for_each(|n| screen.push(format!("06:15:{n:02} {n:>4} said: word {n}")));
        screen
    }

    fn picture(screen: &mut Screen, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| screen.draw(frame)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn a_run_is_shown_at_any_size() {
        let mut screen = screen();
        insta::assert_snapshot!("attached_80", picture(&mut screen, 80, 12));
        screen.key(KeyCode::PageUp);
        screen.key(KeyCode::Char('i'));
        "go on".chars().for_each(|c| drop(screen.key(KeyCode::Char(c))));
        insta::assert_snapshot!("attached_typing", picture(&mut screen, 60, 8));
        picture(&mut screen, 2, 1);
        picture(&mut Screen::new(screen.run.clone()), 80, 24);
    }

    #[test]
    fn keys_answer_steer_and_stop() {
        let (mut screen, run) = (screen(), "20261123T061500Z-1a2b3c4d");
        let asked = json!({ "run_id": run, "answer": "allow", "request_id": "ask-1" });
        assert_eq!(screen.key(KeyCode::Char('a')), Action::Call("cc_send_instruction", asked));
        screen.key(KeyCode::Char('i'));
        "queue".chars().for_each(|c| assert_eq!(screen.key(KeyCode::Char(c)), Action::None));
        screen.key(KeyCode::Backspace);
        let sent = json!({ "run_id": run, "instruction": "queu" });
        assert_eq!(screen.key(KeyCode::Enter), Action::Call("cc_send_instruction", sent));
        screen.key(KeyCode::Char('s'));
        assert_eq!(screen.key(KeyCode::Char('x')), Action::None);
        screen.key(KeyCode::Char('s'));
        assert_eq!(screen.key(KeyCode::Char('y')), Action::Call("cc_stop_run", json!({ "run_id": run })));
        assert_eq!(screen.key(KeyCode::Char('q')), Action::Leave);
        screen.questions.clear();
        assert_eq!(screen.key(KeyCode::Char('d')), Action::None);
    }

    #[test]
    fn who_scrolled_back_keeps_the_lines_in_view() {
        let mut screen = screen();
        screen.key(KeyCode::PageUp);
        let before: Vec<String> = screen.visible(5).map(str::to_owned).collect();
        screen.push("new".into());
        assert_eq!(screen.visible(5).collect::<Vec<_>>(), before);
        screen.key(KeyCode::End);
        assert_eq!(screen.visible(1).collect::<Vec<_>>(), ["new"]);
    }
}

//! The last line: what is asked or typed, what became of a call, what went wrong, else the keys.

use std::collections::BTreeMap;

use crate::tui::{
    Action,
    host::Note,
    steer,
    theme::{self, BAD, BOLD, CALLS, DIM},
    typing::{Edit, edit},
};
use cc_ops::plain;
use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::Rect,
    text::{Line, Span},
};

/// What one asks of the user, and what became of what was asked of an operation.
#[derive(Default)]
pub(crate) struct Foot {
    prompt: Option<Prompt>,
    note: Option<Note>,
    /// What cannot be looked at, by what it is.
    troubles: BTreeMap<&'static str, String>,
}

/// Something that keys go to before anything else.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Prompt {
    /// `y` does the one thing and `n` the other; all else neither.
    Choice { question: String, yes: Action, no: Action },
    /// What rows must hold, applied as it is typed.
    Filter(String),
    /// An instruction for a run.
    Instruct { run: String, typed: String },
}

/// What a key did to a prompt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Act(Action),
    Filter(String),
}

impl Foot {
    pub(crate) fn ask(&mut self, prompt: Prompt) {
        (self.prompt, self.note) = (Some(prompt), None);
    }

    pub(crate) fn tell(&mut self, note: Note) {
        self.note = Some(note);
    }

    /// Copies an id, and says so.
    pub(crate) fn copy(&mut self, id: String) -> Action {
        self.tell(Note::new(format!("{id} is copied, if the terminal allows it")));
        Action::Copy(id)
    }

    /// Something could be looked at, or not.
    pub(crate) fn looked<T>(&mut self, what: &'static str, looked: Result<T, cc_ops::OpError>) -> Option<T> {
        match looked {
            Ok(seen) => {
                self.troubles.remove(what);
                Some(seen)
            }
            Err(error) => {
                self.troubles.insert(what, plain(&error.to_string()));
                None
            }
        }
    }

    /// None: there is no prompt, and the key is somebody else's.
    pub(crate) fn key(&mut self, key: KeyCode) -> Option<Answer> {
        self.note = None;
        match self.prompt.take()? {
            Prompt::Choice { yes, no, .. } => Some(Answer::Act(match key {
                KeyCode::Char('y' | 'Y') => yes,
                KeyCode::Char('n' | 'N') => no,
                _ => Action::None,
            })),
            Prompt::Filter(typed) => Some(self.filter(typed, key)),
            Prompt::Instruct { run, typed } => Some(Answer::Act(self.instruct(run, typed, key))),
        }
    }

    fn filter(&mut self, mut typed: String, key: KeyCode) -> Answer {
        match edit(&mut typed, key) {
            Edit::Done => return Answer::Act(Action::None),
            Edit::Dropped => return Answer::Filter(String::new()),
            Edit::On => self.prompt = Some(Prompt::Filter(typed.clone())),
        }
        Answer::Filter(typed)
    }

    fn instruct(&mut self, run: String, mut typed: String, key: KeyCode) -> Action {
        match edit(&mut typed, key) {
            Edit::Done if !typed.trim().is_empty() => {
                return steer::instruct(&run, &typed);
            }
            Edit::Done | Edit::Dropped => {}
            Edit::On => self.prompt = Some(Prompt::Instruct { run, typed }),
        }
        Action::None
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, keys: &[(&'static str, &'static str)]) {
        frame.render_widget(self.line(area.width, keys), area);
    }

    fn line(&self, width: u16, keys: &[(&'static str, &'static str)]) -> Line<'static> {
        if let Some(prompt) = &self.prompt {
            return prompt.line(usize::from(width));
        }
        if let Some(note) = &self.note {
            return note.line();
        }
        if let Some(trouble) = self.troubles.values().next() {
            return Line::styled(trouble.clone(), BAD);
        }
        theme::hints(keys, width)
    }
}

impl Prompt {
    fn line(&self, width: usize) -> Line<'static> {
        match self {
            Self::Choice { question, .. } => Line::styled(format!("{question}  y/n "), CALLS),
            Self::Filter(typed) => typing("filter", "Enter keeps it, Esc clears it", typed, width),
            Self::Instruct { typed, .. } => typing("instruction", "Enter sends, Esc drops it", typed, width),
        }
    }
}

/// The end of what is typed stays in view.
fn typing(label: &str, how: &str, typed: &str, width: usize) -> Line<'static> {
    let room = width.saturating_sub(label.chars().count() + 4).max(1);
    let typed = plain(typed);
    let skipped = typed.chars().count().saturating_sub(room);
    let shown: String = typed.chars().skip(skipped).collect();
    let how = if typed.is_empty() { format!(" {how}") } else { String::new() };
    Line::from(vec![
        Span::styled(format!("{label}: "), BOLD),
        Span::raw(shown),
        Span::styled("█", DIM),
        Span::styled(how, DIM),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn typed(foot: &mut Foot, text: &str) -> Option<Answer> {
        text.chars().fold(None, |_, c| foot.key(KeyCode::Char(c)))
    }

    #[test]
    fn a_filter_applies_as_it_is_typed_and_escape_clears_it() {
        let mut foot = Foot::default();
        assert_eq!(foot.key(KeyCode::Char('j')), None);
        foot.ask(Prompt::Filter(String::new()));
        assert_eq!(typed(&mut foot, "kimq"), Some(Answer::Filter("kimq".into())));
        assert_eq!(foot.key(KeyCode::Backspace), Some(Answer::Filter("kim".into())));
        assert_eq!(foot.key(KeyCode::Enter), Some(Answer::Act(Action::None)));
        assert_eq!(foot.key(KeyCode::Char('j')), None, "kept, and keys mean what they did");
        foot.ask(Prompt::Filter("kim".into()));
        assert_eq!(foot.key(KeyCode::Esc), Some(Answer::Filter(String::new())));
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        let ask = Prompt::Choice { question: "stop it?".into(), yes: Action::Leave, no: Action::None };
        for (key, does) in [('y', Action::Leave), ('n', Action::None), ('x', Action::None)] {
            let mut foot = Foot::default();
            foot.ask(ask.clone());
            assert_eq!(foot.key(KeyCode::Char(key)), Some(Answer::Act(does)));
            assert_eq!(foot.key(KeyCode::Char('y')), None, "it is asked once");
        }
    }

    #[test]
    fn troubles_stay_until_the_next_good_look() {
        let mut foot = Foot::default();
        let broken = || cc_ops::OpError::invalid("the index\u{1b}[2J cannot be read", "");
        assert_eq!(foot.looked::<()>("runs", Err(broken())), None);
        foot.key(KeyCode::Down);
        assert_eq!(foot.line(80, &[]).to_string(), "the index [2J cannot be read");
        assert_eq!(foot.looked("queue", Ok(1)), Some(1));
        assert!(!foot.line(80, &[]).to_string().is_empty());
        foot.looked("runs", Ok(()));
        assert_eq!(foot.line(80, &[("q", "leave")]).to_string(), "q leave  ");
    }

    #[test]
    fn the_end_of_long_words_is_in_view() {
        let mut foot = Foot::default();
        foot.ask(Prompt::Instruct { run: "a run".into(), typed: String::new() });
        assert_eq!(foot.key(KeyCode::Enter), Some(Answer::Act(Action::None)), "nothing is not sent");
        foot.ask(Prompt::Instruct { run: "a run".into(), typed: String::new() });
        typed(&mut foot, "go on");
        let sent = json!({ "run_id": "a run", "instruction": "go on" });
        assert_eq!(foot.key(KeyCode::Enter), Some(Answer::Act(Action::Call("cc_send_instruction", sent))));
        foot.ask(Prompt::Filter("0123456789".into()));
        assert_eq!(foot.line(15, &[]).to_string(), "filter: 56789█");
    }
}

//! All runs, active ones first.

use cc_domain::RunId;
use cc_ops::{OpError, plain};
use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::{Constraint, Layout},
    style::{Modifier, Style},
    text::Line,
    widgets::{Row, Table, TableState},
};
use serde::Deserialize;
use serde_json::json;

use super::{Action, View, host::Host};

/// Rows that are asked for.
const MOST: u32 = 200;
const KEYS: &str = "up/down select   Enter attach   s stop   q leave";

/// The table, and what is selected in it.
#[derive(Default)]
pub(crate) struct Fleet {
    runs: Vec<Run>,
    active: usize,
    selected: usize,
    stopping: Option<RunId>,
    note: Option<String>,
}

/// One row, as `cc_run_status` lists it.
#[derive(Clone, Debug, Deserialize)]
struct Run {
    run_id: RunId,
    status: String,
    #[serde(default)]
    activity: Option<String>,
    role: String,
    profile: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    cost_usd: Option<f64>,
}

#[derive(Deserialize)]
struct Listed {
    active_count: usize,
    runs: Vec<Run>,
}

impl View for Fleet {
    fn look(&mut self, host: &Host) -> Result<(), OpError> {
        let listed = host.call("cc_run_status", json!({ "include_finished": true, "limit": MOST }))?;
        if let Ok(listed) = serde_json::from_value::<Listed>(listed) {
            self.show(listed);
        }
        Ok(())
    }

    fn key(&mut self, key: KeyCode) -> Action {
        if let Some(run) = self.stopping.take() {
            self.note = None;
            let stop = Action::Call("cc_stop_run", json!({ "run_id": run }));
            return if key == KeyCode::Char('y') { stop } else { Action::None };
        }
        match key {
            KeyCode::Char('q') | KeyCode::Esc => return Action::Leave,
            KeyCode::Up | KeyCode::Char('k') => self.selected = self.selected.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.selected = (self.selected + 1).min(self.last()),
            KeyCode::Home => self.selected = 0,
            KeyCode::End => self.selected = self.last(),
            KeyCode::Enter => {
                return self.run().map_or(Action::None, |run| Action::Attach(run.run_id.clone()));
            }
            KeyCode::Char('s') => self.ask_to_stop(),
            _ => {}
        }
        Action::None
    }

    fn tell(&mut self, note: String) {
        self.note = Some(note);
    }

    fn draw(&self, frame: &mut Frame<'_>) {
        let [head, body, foot] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)])
                .areas(frame.area());
        let title = format!("cc-orchestrator: {} active of {} runs", self.active, self.runs.len());
        frame.render_widget(Line::from(title).style(Modifier::BOLD), head);
        if self.runs.is_empty() {
            frame.render_widget(Line::from("no runs yet; cc_run_streaming_agent starts one"), body);
        } else {
            let mut state = TableState::default().with_selected(Some(self.selected));
            frame.render_stateful_widget(self.table(), body, &mut state);
        }
        frame.render_widget(Line::from(self.note.as_deref().unwrap_or(KEYS)), foot);
    }
}

impl Fleet {
    /// The selection stays on its run when others come and go.
    fn show(&mut self, listed: Listed) {
        let before = self.run().map(|run| run.run_id.clone());
        self.active = listed.active_count;
        self.runs = listed.runs;
        let kept = before.and_then(|id| self.runs.iter().position(|run| run.run_id == id));
        self.selected = kept.unwrap_or(self.selected).min(self.last());
    }

    fn last(&self) -> usize {
        self.runs.len().saturating_sub(1)
    }

    fn run(&self) -> Option<&Run> {
        self.runs.get(self.selected)
    }

    fn ask_to_stop(&mut self) {
        let active = |run: &&Run| run.activity.is_some();
        self.stopping = self.run().filter(active).map(|run| run.run_id.clone());
        self.note = Some(match &self.stopping {
            Some(run) => format!("stop {run}? y/n"),
            None => "this run has ended".to_owned(),
        });
    }

    fn table(&self) -> Table<'_> {
        let widths = [
            Constraint::Min(25),
            Constraint::Max(10),
            Constraint::Max(14),
            Constraint::Max(20),
            Constraint::Max(7),
            Constraint::Fill(1),
        ];
        let head = Row::new(["run", "status", "role", "model", "USD", "now"]).style(Modifier::UNDERLINED);
        Table::new(self.runs.iter().map(row), widths)
            .header(head)
            .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
    }
}

fn row(run: &Run) -> Row<'static> {
    let cost = run.cost_usd.map(|cost| format!("{cost:.4}")).unwrap_or_default();
    let model = run.model.as_deref().unwrap_or(&run.profile);
    let now = run.activity.as_deref().unwrap_or_default();
    let cells = [run.run_id.as_str(), &run.status, &run.role, model, &cost, now].map(plain);
    Row::new(cells).style(super::attached::colour(&run.status))
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};

    use super::*;

    fn fleet() -> Fleet {
        let listed = json!({ "active_count": 1, "runs": [
            { "run_id": "20261123T061500Z-00000001", "status": "running", "activity": "using tool 12 s: Bash cargo test",
              "role": "implementation", "profile": "Kimi", "model": "kimi-k2.7-code", "cost_usd": 0.0123 },
            { "run_id": "20261123T061500Z-00000002", "status": "failed", "role": "review", "profile": "Deep\u{1b}[2JSeek" },
        ]});
        let mut fleet = Fleet::default();
        fleet.show(serde_json::from_value(listed).unwrap());
        fleet
    }

    fn picture(fleet: &Fleet, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| fleet.draw(frame)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn runs_are_a_table_at_any_size() {
        insta::assert_snapshot!("fleet_wide", picture(&fleet(), 130, 6));
        insta::assert_snapshot!("fleet_80", picture(&fleet(), 80, 6));
        insta::assert_snapshot!("fleet_empty", picture(&Fleet::default(), 60, 4));
        picture(&fleet(), 3, 1);
    }

    #[test]
    fn a_run_is_stopped_only_after_a_yes() {
        let mut fleet = fleet();
        assert_eq!(fleet.key(KeyCode::Char('s')), Action::None);
        assert_eq!(fleet.key(KeyCode::Char('n')), Action::None);
        fleet.key(KeyCode::Char('s'));
        let stop = Action::Call("cc_stop_run", json!({ "run_id": "20261123T061500Z-00000001" }));
        assert_eq!(fleet.key(KeyCode::Char('y')), stop);
        fleet.key(KeyCode::Down);
        fleet.key(KeyCode::Char('s'));
        assert_eq!(fleet.key(KeyCode::Char('y')), Action::None, "an ended run cannot be stopped");
    }

    #[test]
    fn the_selection_stays_on_its_run() {
        let mut fleet = fleet();
        fleet.key(KeyCode::Down);
        let chosen = fleet.run().unwrap().clone();
        fleet.show(Listed { active_count: 0, runs: vec![chosen.clone()] });
        assert_eq!(fleet.key(KeyCode::Enter), Action::Attach(chosen.run_id));
        assert_eq!(Fleet::default().key(KeyCode::Enter), Action::None);
    }
}

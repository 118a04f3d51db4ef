//! Runs as rows: as many columns as there is room for, the most telling ones first.

use cc_domain::Verified;
use jiff::Timestamp;
use ratatui::{
    layout::Constraint,
    text::Line,
    widgets::{Cell, Row, Table},
};

use super::rows::Run;
use crate::tui::theme::{self, BAD, DIM, GOOD};

#[derive(Clone, Copy)]
enum Column {
    Status,
    Age,
    Took,
    Role,
    Model,
    Profile,
    Tokens,
    Usd,
    Id,
    Now,
}

/// Each with its name, its width, and the width of the table from which on it is shown.
const COLUMNS: [(Column, &str, u16, u16); 10] = [
    (Column::Status, "status", 11, 0),
    (Column::Age, "age", 4, 0),
    (Column::Took, "took", 7, 96),
    (Column::Role, "role", 15, 64),
    (Column::Model, "model", 18, 56),
    (Column::Profile, "profile", 12, 132),
    (Column::Tokens, "tokens", 7, 110),
    (Column::Usd, "USD", 7, 72),
    (Column::Id, "run", 25, 160),
    (Column::Now, "now", 0, 0),
];

pub(super) fn of<'a>(runs: impl Iterator<Item = &'a Run>, room: u16, now: Timestamp) -> Table<'static> {
    let shown = || COLUMNS.into_iter().filter(|(_, _, _, from)| room >= *from);
    let widths = shown().map(|(_, _, width, _)| match width {
        0 => Constraint::Fill(1),
        width => Constraint::Length(width),
    });
    let head = shown().map(|(column, name, ..)| aligned(column, Line::raw(name)));
    let row = |run: &Run| Row::new(shown().map(|(column, ..)| cell(column, run, now)).collect::<Vec<_>>());
    Table::new(runs.map(row), widths).header(Row::new(head).style(DIM)).column_spacing(1)
}

fn aligned(column: Column, line: Line<'static>) -> Cell<'static> {
    let figure = matches!(column, Column::Age | Column::Took | Column::Tokens | Column::Usd);
    if figure { line.right_aligned() } else { line }.into()
}

fn cell(column: Column, run: &Run, now: Timestamp) -> Cell<'static> {
    let line = match column {
        Column::Status => {
            let (mark, word, style) = theme::state(run.state());
            Line::styled(format!("{mark} {word}"), style)
        }
        Column::Age => Line::raw(theme::age(now.as_second() - run.started)),
        Column::Took => Line::raw(theme::span(run.took(now))),
        Column::Role => Line::raw(run.role.clone()),
        Column::Model => Line::raw(run.model().to_owned()),
        Column::Profile => Line::styled(run.profile.clone(), DIM),
        Column::Tokens if run.tokens == 0 => Line::default(),
        Column::Tokens => Line::raw(theme::count(run.tokens)),
        Column::Usd => Line::raw(run.cost_usd.map(theme::usd).unwrap_or_default()),
        Column::Id => Line::styled(run.run_id.clone(), DIM),
        Column::Now => doing(run),
    };
    aligned(column, line)
}

fn doing(run: &Run) -> Line<'static> {
    let style = match run.verdict() {
        Some(Verified::BlockedVerification) => BAD,
        Some(Verified::Verified) => GOOD,
        _ if run.is_active() => ratatui::style::Style::new(),
        _ => DIM,
    };
    Line::styled(run.now().to_owned(), style)
}

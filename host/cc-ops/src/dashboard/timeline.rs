//! A page of a run's events, from the end of its record back.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use cc_domain::{Event, EventBody, Weight};
use cc_reports::dashboard::model::{EventRow, Timeline};
use cc_store::RunDir;
use jiff::Timestamp;

use super::Ask;
use crate::{ErrorKind, OpError, watched};

/// Bytes of the record that a page is made of, at first; more where one event is longer.
const WINDOW: u64 = 256 << 10;
const MOST_WINDOW: u64 = 16 << 20;
/// Events on a page.
const MOST: usize = 200;

pub(super) fn read(dir: &RunDir, ask: Ask, active: bool) -> Result<Timeline, OpError> {
    let end = ask.before.unwrap_or(u64::MAX).min(watched::size(dir));
    let page = window(dir, end, ask.all).map_err(|error| {
        let what = format!("{} cannot be read: {error}", dir.events().display());
        OpError::new(ErrorKind::State, what, "check the folder's permissions")
    })?;
    let newest = ask.before.is_none();
    let mut events = rows(&page.events, ask.all, active && newest);
    events.reverse();
    Ok(Timeline {
        events,
        older: (page.start > 0).then_some(page.start),
        is_older: !newest,
        show: if ask.all { "all" } else { "steps" },
        unreadable: page.unreadable,
    })
}

#[derive(Default)]
struct Window {
    /// Oldest first.
    events: Vec<Event>,
    /// Where the first of them begins; all before it are older.
    start: u64,
    unreadable: u32,
}

/// The last events that end before a byte, which is the beginning of a line or the end.
fn window(dir: &RunDir, end: u64, all: bool) -> io::Result<Window> {
    if end == 0 {
        return Ok(Window::default());
    }
    let mut file = File::open(dir.events())?;
    let mut wanted = WINDOW;
    loop {
        let from = end.saturating_sub(wanted);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        (&mut file).take(end - from).read_to_end(&mut bytes)?;
        // The first line may be cut, unless it is the record's first.
        let skip =
            if from == 0 { Some(0) } else { bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1) };
        // A whole event is wanted, not only the end of one and the beginning of another.
        match skip.filter(|skip| from == 0 || bytes[*skip..].contains(&b'\n')) {
            Some(skip) => return Ok(Window::of(&bytes[skip..], from + skip as u64, all)),
            None if wanted < MOST_WINDOW && from > 0 => wanted *= 4,
            None => return Ok(Window { start: from, ..Window::default() }),
        }
    }
}

impl Window {
    fn of(bytes: &[u8], start: u64, all: bool) -> Self {
        let mut window = Self { start, ..Self::default() };
        let mut shown = 0;
        let mut at = start + bytes.len() as u64;
        let mut events = Vec::new();
        // From the end back, until the page is full. A line that is being written has no end yet.
        for line in bytes.split_inclusive(|byte| *byte == b'\n').rev() {
            at -= line.len() as u64;
            if line.last() != Some(&b'\n') {
                continue;
            }
            match serde_json::from_slice::<Event>(line) {
                Ok(event) => {
                    shown += usize::from(all || event.body.weight() >= Weight::Step);
                    events.push(event);
                }
                Err(_) => window.unreadable += 1,
            }
            if shown >= MOST {
                window.start = at;
                break;
            }
        }
        events.reverse();
        window.events = events;
        window
    }
}

fn rows(events: &[Event], all: bool, active: bool) -> Vec<EventRow> {
    let answers: HashMap<&str, &Event> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::ToolResult { id, .. } => Some((id.as_str(), event)),
            _ => None,
        })
        .collect();
    // A call that nobody answered and after which a process ended runs no more.
    let last_end = events.iter().rposition(|event| {
        matches!(
            event.body,
            EventBody::ProcessExited { .. } | EventBody::Parked { .. } | EventBody::TurnEnded { .. }
        )
    });
    let mut rows = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if !all && event.body.weight() < Weight::Step {
            continue;
        }
        let mut row = row(event);
        if let EventBody::ToolCall(call) = &event.body {
            match answers.get(call.id.as_str()) {
                Some(answer) => row.answered(event, answer),
                None => row.in_flight = active && last_end.is_none_or(|end| at > end),
            }
        }
        rows.push(row);
    }
    rows
}

trait Answered {
    fn answered(&mut self, call: &Event, answer: &Event);
}

impl Answered for EventRow {
    fn answered(&mut self, call: &Event, answer: &Event) {
        let time = |event: &Event| event.ts.parse::<Timestamp>().ok();
        let took = time(call).zip(time(answer)).map(|(from, to)| to.duration_since(from).as_millis());
        self.took_ms = took.and_then(|ms| u64::try_from(ms).ok());
        if let EventBody::ToolResult { is_error, .. } = &answer.body {
            self.failed = *is_error;
        }
    }
}

fn row(event: &Event) -> EventRow {
    let weight = match event.body.weight() {
        Weight::Detail => "detail",
        Weight::Step => "step",
        Weight::Attention => "attention",
    };
    let mut row =
        EventRow { seq: event.seq, ts: event.ts.clone(), weight, kind: "note", ..EventRow::default() };
    let mut say = |kind: &'static str, label: &str, text: String| {
        row.kind = kind;
        label.clone_into(&mut row.label);
        row.text = text;
    };
    match &event.body {
        EventBody::Message { text, chars, subagent } => {
            say("said", "said", text.clone());
            (row.chars, row.subagent) = (Some(*chars), *subagent);
        }
        EventBody::Thinking { text, chars } => {
            say("thought", "thought", text.clone());
            row.chars = Some(*chars);
        }
        EventBody::ToolCall(call) => {
            say("tool", &call.name, call.target.clone());
            row.subagent = call.subagent;
        }
        EventBody::ToolResult { is_error, exit_code, text, chars, .. } => {
            let code = exit_code.map(|code| format!(" ({code})")).unwrap_or_default();
            say("result", &format!("{}{code}", if *is_error { "failed" } else { "answered" }), text.clone());
            (row.chars, row.failed) = (Some(*chars), *is_error);
        }
        EventBody::PermissionAsked(question) => {
            say("asked", "asks", format!("{} {}", question.tool, question.target));
        }
        EventBody::PermissionAnswered { allowed, message, .. } => {
            let headline = event.body.headline();
            let why = if message.is_empty() { headline } else { format!("{headline}: {message}") };
            say("asked", if *allowed { "allowed" } else { "denied" }, why);
        }
        EventBody::InstructionSent { text, .. } => say("steer", "instruction", text.clone()),
        EventBody::Parked { reason, until, .. } => {
            let until = until.parse().map_or_else(|_| until.clone(), super::moment);
            say("limit", "limit", format!("parked until {until}: {reason}"));
        }
        EventBody::Resumed { .. } | EventBody::RateLimit { .. } => {
            say("limit", "limit", event.body.headline());
        }
        EventBody::ApiRetry { .. } => say("limit", "API retry", event.body.headline()),
        EventBody::ProcessExited { status, exit_code, .. } => {
            let code = exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
            say("end", "ended", format!("{}{code}", status.as_str().replace('_', " ")));
            row.failed = *status != cc_domain::RunStatus::Succeeded;
        }
        EventBody::TurnEnded { is_error, subtype, .. } => {
            say("note", "turn ended", subtype.clone());
            row.failed = *is_error;
        }
        EventBody::ActualModel { .. } => say("note", "model", event.body.headline()),
        EventBody::ProjectChanged { .. } => {
            say("note", "project", event.body.headline().trim_start_matches("project: ").to_owned());
        }
        body => say("note", &event_type(event).replace('_', " "), body.headline()),
    }
    row
}

/// The event's name, as it is stored.
fn event_type(event: &Event) -> String {
    let value = serde_json::to_value(&event.body).unwrap_or_default();
    value["type"].as_str().unwrap_or("event").to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn line(seq: u64, body: &str) -> String {
        format!(
            "{{\"seq\":{seq},\"ts\":\"2026-11-25T19:00:{:02}Z\",\"run_id\":\"20261125T190000Z-1a2b3c4d\",{body}}}\n",
            seq % 60
        )
    }

    fn said(seq: u64, text: &str) -> String {
        line(seq, &format!("\"type\":\"message\",\"text\":\"{text}\",\"chars\":{}", text.len()))
    }

    fn run(lines: &[String]) -> (tempfile::TempDir, RunDir) {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::at(folder.path());
        std::fs::write(dir.events(), lines.concat()).unwrap();
        (folder, dir)
    }

    #[test]
    fn pages_go_back_to_the_first_event_without_a_gap() {
        let lines: Vec<String> = (1..=1_000).map(|seq| said(seq, &"x".repeat(600))).collect();
        let (_folder, dir) = run(&lines);
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = read(&dir, Ask { before, all: false }, true).unwrap();
            assert!(page.events.len() <= MOST && page.unreadable == 0);
            seen.extend(page.events.iter().map(|event| event.seq));
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, (1..=1_000).rev().collect::<Vec<u64>>());
    }

    #[test]
    fn a_line_longer_than_the_window_is_found_and_a_half_one_waits() {
        let (_folder, dir) = run(&[said(1, "a"), said(2, &"y".repeat(1 << 20))]);
        std::fs::File::options().append(true).open(dir.events()).unwrap().write_all(b"{\"seq\":3").unwrap();
        let page = read(&dir, Ask::default(), true).unwrap();
        assert_eq!(page.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn a_call_says_how_long_it_took_or_that_it_runs() {
        let call = |seq, id: &str| {
            line(
                seq,
                &format!(
                    "\"type\":\"tool_call\",\"id\":\"{id}\",\"name\":\"Bash\",\"target\":\"make\",\"fingerprint\":\"f\""
                ),
            )
        };
        let answer =
            line(4, "\"type\":\"tool_result\",\"id\":\"a\",\"is_error\":true,\"text\":\"no\",\"chars\":2");
        let (_folder, dir) = run(&[call(1, "a"), call(2, "b"), answer]);
        let events = read(&dir, Ask::default(), true).unwrap().events;
        let rows: Vec<_> =
            events.iter().map(|row| (row.seq, row.took_ms, row.failed, row.in_flight)).collect();
        assert_eq!(rows, [(4, None, true, false), (2, None, false, true), (1, Some(3_000), true, false)]);
        let ended = read(&dir, Ask::default(), false).unwrap().events;
        assert!(ended.iter().all(|row| !row.in_flight), "nothing runs in a run that has ended");
    }

    #[test]
    fn an_empty_record_is_an_empty_page() {
        let (_folder, dir) = run(&[]);
        assert_eq!(read(&dir, Ask::default(), true).unwrap().events, []);
    }
}

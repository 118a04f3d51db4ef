//! What a page may ask for: calls of operations, each told of on the page until it has ended and after.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use axum::{
    Extension, Form,
    extract::{Path, State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use cc_domain::RunId;
use cc_ops::{ErrorKind, OpError, registry};
use cc_reports::dashboard::model::Note;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, guard::Nonce, pages};

/// Where notes on jobs are kept.
pub(super) const QUEUE: &str = "queue";
/// Notes of one page.
const MOST_NOTES: usize = 3;
/// Pages that have notes.
const MOST_PAGES: usize = 200;
/// Characters of a note.
const MOST_CHARS: usize = 4_000;

/// What became of actions, the newest first; kept for as long as the server runs.
#[derive(Default)]
pub(super) struct Notes(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    pages: HashMap<String, VecDeque<(u64, Note)>>,
}

impl Notes {
    /// Those of a page.
    pub(super) fn of(&self, page: &str) -> Vec<Note> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pages.get(page).into_iter().flatten().map(|(_, note)| note.clone()).collect()
    }

    fn begin(&self, page: &str, text: &str) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let id = kept.last;
        if kept.pages.len() >= MOST_PAGES && !kept.pages.contains_key(page) {
            kept.pages.clear();
        }
        let notes = kept.pages.entry(page.to_owned()).or_default();
        notes.push_front((id, note("working", text)));
        notes.truncate(MOST_NOTES);
        id
    }

    fn end(&self, page: &str, id: u64, ended: Note) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let notes = kept.pages.get_mut(page).into_iter().flatten();
        if let Some((_, note)) = notes.into_iter().find(|(known, _)| *known == id) {
            *note = ended;
        }
    }
}

fn note(state: &'static str, text: &str) -> Note {
    Note { state, text: text.chars().take(MOST_CHARS).collect(), at: Timestamp::now().to_string() }
}

/// Calls an operation aside; open pages are told when it has ended.
fn act(app: &Shared, page: String, what: &str, tool: &'static str, arguments: Value) {
    let id = app.notes.begin(&page, what);
    let app = app.clone();
    tokio::spawn(async move {
        let ended = match call(&app, tool, arguments).await {
            Ok(reply) => note(if reply.succeeded { "done" } else { "failed" }, &reply.text),
            Err(error) => note("failed", &error.to_string()),
        };
        app.notes.end(&page, id, ended);
        app.live.tell();
    });
}

async fn call(app: &Shared, tool: &str, arguments: Value) -> Result<cc_ops::Reply, OpError> {
    let entry = registry().iter().find(|entry| entry.name == tool);
    let Some(entry) = entry else {
        return Err(OpError::new(ErrorKind::Unavailable, format!("this version has no {tool}"), ""));
    };
    entry.call(app.dashboard.context().clone(), arguments).await
}

/// Where the browser goes after a form.
fn to(path: String) -> Response {
    Redirect::to(&path).into_response()
}

type Who = (State<Shared>, Extension<Nonce>, Path<String>);

/// The run that a form is for, or the page that says what is wrong with it.
#[allow(clippy::result_large_err)] // the reply itself
fn run_of((State(app), Extension(nonce), Path(run)): Who) -> Result<(Shared, RunId), Response> {
    match run.parse() {
        Ok(run) => Ok((app, run)),
        Err(error) => {
            let error =
                OpError::new(ErrorKind::NotFound, format!("{error}"), "the list of runs has every run");
            Err(pages::refused(&app, &nonce, &error))
        }
    }
}

pub(super) async fn stop(app: State<Shared>, nonce: Extension<Nonce>, run: Path<String>) -> Response {
    match run_of((app, nonce, run)) {
        Ok((app, run)) => {
            act(&app, run.to_string(), "the run is being stopped", "cc_stop_run", json!({ "run_id": run }));
            to(app.run_page(&run))
        }
        Err(refused) => refused,
    }
}

#[derive(Deserialize)]
pub(super) struct Answer {
    request_id: String,
    answer: String,
    #[serde(default)]
    instruction: String,
}

pub(super) async fn answer(
    app: State<Shared>,
    nonce: Extension<Nonce>,
    run: Path<String>,
    form: Result<Form<Answer>, FormRejection>,
) -> Response {
    let (app, run, form) = match with_form((app, nonce, run), form) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let mut arguments = json!({ "run_id": run, "request_id": form.request_id, "answer": form.answer });
    let why = form.instruction.trim();
    if form.answer == "deny" && !why.is_empty() {
        arguments["instruction"] = why.into();
    }
    let what = format!("the question is answered: {}", form.answer);
    act(&app, run.to_string(), &what, "cc_send_instruction", arguments);
    to(app.run_page(&run))
}

#[derive(Deserialize)]
pub(super) struct Verify {
    #[serde(default)]
    test_commands: String,
    #[serde(default)]
    clean: bool,
}

pub(super) async fn verify(
    app: State<Shared>,
    nonce: Extension<Nonce>,
    run: Path<String>,
    form: Result<Form<Verify>, FormRejection>,
) -> Response {
    let (app, run, form) = match with_form((app, nonce, run), form) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let commands: Vec<&str> =
        form.test_commands.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let what = if commands.is_empty() {
        "the gates are checked"
    } else {
        "the tests run, then the gates are checked"
    };
    let arguments = json!({ "run_id": run, "test_commands": commands, "clean": form.clean });
    act(&app, run.to_string(), what, "cc_verify_run", arguments);
    to(format!("{}/gates", app.run_page(&run)))
}

#[derive(Deserialize)]
pub(super) struct RollBack {
    #[serde(default)]
    confirm: bool,
    #[serde(default)]
    undo: bool,
}

pub(super) async fn roll_back(
    app: State<Shared>,
    nonce: Extension<Nonce>,
    run: Path<String>,
    form: Result<Form<RollBack>, FormRejection>,
) -> Response {
    let (app, run, form) = match with_form((app, nonce, run), form) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let what = if form.undo { "the rollback is taken back" } else { "the run is rolled back" };
    let arguments = json!({ "run_id": run, "confirm": form.confirm, "undo": form.undo });
    act(&app, run.to_string(), what, "cc_rollback_run", arguments);
    to(app.run_page(&run))
}

#[derive(Deserialize)]
pub(super) struct Cancel {
    job_id: String,
}

pub(super) async fn cancel(
    State(app): State<Shared>,
    Extension(nonce): Extension<Nonce>,
    form: Result<Form<Cancel>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return pages::refused(
            &app,
            &nonce,
            &OpError::invalid("no job was named", "use the form on the page"),
        );
    };
    let what = format!("job {} is cancelled", form.job_id);
    act(&app, QUEUE.to_owned(), &what, "cc_queue_cancel", json!({ "job_id": form.job_id }));
    to(format!("{}queue", app.base()))
}

#[allow(clippy::result_large_err)] // the reply itself
fn with_form<T>(who: Who, form: Result<Form<T>, FormRejection>) -> Result<(Shared, RunId, T), Response> {
    let nonce = who.1.clone();
    let (app, run) = run_of(who)?;
    match form {
        Ok(Form(form)) => Ok((app, run, form)),
        Err(error) => {
            let error = OpError::invalid(error.body_text(), "use the form on the run's page");
            Err(pages::refused(&app, &nonce.0, &error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_few_and_end_where_they_began() {
        let notes = Notes::default();
        let ids: Vec<u64> = (0..5).map(|n| notes.begin("run", &format!("action {n}"))).collect();
        notes.end("run", ids[4], note("done", "it went well"));
        notes.end("run", ids[0], note("done", "nobody sees it any more"));
        let seen: Vec<_> = notes.of("run").into_iter().map(|note| (note.state, note.text)).collect();
        assert_eq!(
            seen,
            [("done", "it went well".into()), ("working", "action 3".into()), ("working", "action 2".into())]
        );
        assert_eq!(notes.of("another"), []);
        for page in 0..MOST_PAGES + 10 {
            notes.begin(&page.to_string(), "x");
        }
        assert!(notes.0.lock().unwrap().pages.len() <= MOST_PAGES);
    }
}

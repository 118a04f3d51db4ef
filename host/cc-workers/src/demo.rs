//! The built-in demo worker: behaves on its standard input and output as Claude Code does, without a model.
//!
//! It says something true about the folder it was started in, so that a demonstration shows a real run.

use std::{
    collections::{HashMap, VecDeque},
    env,
    ffi::OsString,
    fs,
    io::{self, BufRead as _, Read as _, Write as _},
    path::Path,
    process::ExitCode,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{command::new_session_id, stream::bounded};

/// Milliseconds between two lines.
const PAUSE: &str = "CC_ORCHESTRATOR_DEMO_PAUSE_MS";
const DEFAULT_PAUSE_MS: u64 = 250;
/// The model when none is asked for.
const MODEL: &str = "demo-model-1";
/// USD per million tokens, in and out.
const PRICE: (f64, f64) = (3.0, 15.0);
/// Files that are named in the answer.
const MAX_FILES: usize = 12;
/// What is read of a file, bytes.
const MAX_READ: u64 = 400;

/// The demo worker's entry. `args` are Claude Code's own, after the word that selects this entry; those it
/// has no use for are passed over.
pub fn demo_worker(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let replays = args.iter().any(|arg| arg == "--replay-user-messages");
    let options = options(args);
    let mut demo = Demo {
        session: options
            .get("--session-id")
            .or(options.get("--resume"))
            .cloned()
            .unwrap_or_else(new_session_id),
        model: options.get("--model").cloned().unwrap_or_else(|| MODEL.into()),
        mode: options.get("--permission-mode").cloned().unwrap_or_else(|| "default".into()),
        pause: pause(),
        input: listen(),
        waiting: VecDeque::new(),
        replays,
        total: Tokens::default(),
        failed: false,
    };
    match demo.serve() {
        Ok(()) if !demo.failed => ExitCode::SUCCESS,
        // The last turn was interrupted, or nobody reads any more.
        _ => ExitCode::FAILURE,
    }
}

/// Flags with the value that follows them; a flag without one gets the next flag, which nobody asks for.
fn options(args: impl IntoIterator<Item = OsString>) -> HashMap<String, String> {
    let args: Vec<String> = args.into_iter().filter_map(|arg| arg.into_string().ok()).collect();
    args.windows(2).filter(|pair| pair[0].starts_with("--")).map(|p| (p[0].clone(), p[1].clone())).collect()
}

fn pause() -> Duration {
    let given = env::var(PAUSE).ok().and_then(|text| text.parse().ok());
    Duration::from_millis(given.unwrap_or(DEFAULT_PAUSE_MS))
}

/// What comes in.
enum Message {
    Task(String),
    Interrupt(Value),
}

fn listen() -> Receiver<Message> {
    let (told, hear) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
            let message = match value["type"].as_str() {
                Some("user") => {
                    Message::Task(value["message"]["content"].as_str().unwrap_or_default().into())
                }
                Some("control_request") => Message::Interrupt(value["request_id"].clone()),
                _ => continue,
            };
            if told.send(message).is_err() {
                return;
            }
        }
    });
    hear
}

#[derive(Clone, Copy, Default)]
struct Tokens {
    input: u64,
    output: u64,
}

struct Demo {
    session: String,
    model: String,
    mode: String,
    pause: Duration,
    input: Receiver<Message>,
    waiting: VecDeque<Message>,
    replays: bool,
    total: Tokens,
    /// The last turn did not come to its end.
    failed: bool,
}

impl Demo {
    /// One turn for each message, until the input is closed.
    fn serve(&mut self) -> io::Result<()> {
        while let Some(message) = self.waiting.pop_front().or_else(|| self.input.recv().ok()) {
            match message {
                Message::Task(task) => self.turn(&task)?,
                Message::Interrupt(id) => self.answer_control(&id)?,
            }
        }
        Ok(())
    }

    fn turn(&mut self, task: &str) -> io::Result<()> {
        let started = Instant::now();
        if self.replays {
            self.say(&json!({"type": "user", "isReplay": true, "session_id": self.session,
                             "message": {"role": "user", "content": task}}))?;
        }
        let script = Script::new(task);
        let mut turn = Tokens { input: tokens(task) + 900, output: 0 };
        for step in script.lines(self) {
            if let Some(id) = self.wait() {
                self.answer_control(&id)?;
                return self.result(turn, started, None);
            }
            turn.output += tokens(&step["message"]["content"].to_string());
            self.say(&step)?;
        }
        self.result(turn, started, Some(&script.answer))
    }

    /// The pause before a line; the request's id when it was cut short by an interrupt.
    fn wait(&mut self) -> Option<Value> {
        match self.input.recv_timeout(self.pause) {
            Ok(Message::Interrupt(id)) => Some(id),
            // A further task is for the next turn.
            Ok(task @ Message::Task(_)) => {
                self.waiting.push_back(task);
                None
            }
            Err(RecvTimeoutError::Timeout) => None,
            // The end of the input: the turn under way is finished all the same.
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(self.pause);
                None
            }
        }
    }

    fn answer_control(&self, id: &Value) -> io::Result<()> {
        self.say(&json!({"type": "control_response", "response": {
            "subtype": "success", "request_id": id, "response": {"still_queued": []}}}))
    }

    fn result(&mut self, turn: Tokens, started: Instant, answer: Option<&str>) -> io::Result<()> {
        self.failed = answer.is_none();
        self.total.input += turn.input;
        self.total.output += turn.output;
        let mut line = json!({
            "type": "result", "session_id": self.session, "num_turns": 3, "permission_denials": [],
            "duration_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or_default(),
            "total_cost_usd": cost(self.total),
            "usage": {"input_tokens": turn.input, "output_tokens": turn.output,
                      "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
            "modelUsage": {&self.model: model_usage(self.total)},
            "model_usage_since_last_result": {&self.model: model_usage(turn)},
            "api_error_status": null,
        });
        let end = match answer {
            Some(answer) => json!({"subtype": "success", "is_error": false,
                                   "terminal_reason": "completed", "result": answer}),
            None => json!({"subtype": "error_during_execution", "is_error": true,
                           "terminal_reason": "aborted_streaming", "errors": ["interrupted"]}),
        };
        if let (Value::Object(line), Value::Object(end)) = (&mut line, end) {
            line.extend(end);
        }
        self.say(&line)
    }

    fn say(&self, line: &Value) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    fn init(&self) -> Value {
        json!({
            "type": "system", "subtype": "init", "session_id": self.session, "model": self.model,
            "cwd": env::current_dir().unwrap_or_default(), "permissionMode": self.mode,
            "tools": ["Glob", "Read"], "mcp_servers": [], "apiKeySource": "none",
            "claude_code_version": concat!("demo-", env!("CARGO_PKG_VERSION")),
        })
    }

    fn assistant(&self, reply: u32, block: &Value) -> Value {
        json!({
            "type": "assistant", "parent_tool_use_id": null, "session_id": self.session,
            "message": {"id": format!("msg_demo_{reply}"), "type": "message", "role": "assistant",
                        "model": self.model, "content": [block], "stop_reason": null,
                        "usage": {"input_tokens": 900, "output_tokens": 1}},
        })
    }

    fn tool_result(&self, tool: &str, content: &str) -> Value {
        json!({
            "type": "user", "parent_tool_use_id": null, "session_id": self.session,
            "message": {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": tool, "content": content, "is_error": false}]},
        })
    }
}

fn model_usage(tokens: Tokens) -> Value {
    json!({"inputTokens": tokens.input, "outputTokens": tokens.output, "cacheReadInputTokens": 0,
           "cacheCreationInputTokens": 0, "costUSD": cost(tokens), "costBasis": "list", "contextWindow": 200_000})
}

/// About four characters a token.
fn tokens(text: &str) -> u64 {
    text.len() as u64 / 4 + 1
}

fn cost(tokens: Tokens) -> f64 {
    demo_cost(tokens.input, tokens.output)
}

/// USD that the demo worker says so many tokens cost.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
pub fn demo_cost(input_tokens: u64, output_tokens: u64) -> f64 {
    (input_tokens as f64 * PRICE.0 + output_tokens as f64 * PRICE.1) / 1e6
}

/// What the demo finds out, and says.
struct Script {
    listing: String,
    first_file: Option<(String, String)>,
    answer: String,
}

impl Script {
    fn new(task: &str) -> Self {
        let names = names(Path::new("."));
        let first_file = names.iter().filter(|name| !name.ends_with('/')).find_map(|name| {
            let text = beginning(Path::new(name))?;
            Some((name.clone(), text))
        });
        let task = bounded(task.trim().to_owned(), 300);
        let shown = names.iter().take(MAX_FILES).map(|name| format!("- {name}")).collect::<Vec<_>>();
        let more = names.len().saturating_sub(MAX_FILES);
        let more = if more > 0 { format!("\nand {more} more.") } else { String::new() };
        let listing =
            if shown.is_empty() { "(the folder is empty)".into() } else { shown.join("\n") + &more };
        let answer = format!(
            "This is the demo worker; no model was asked.\n\nThe task was: {task}\n\n\
             In the folder it was started in it found {} entries:\n{listing}\n",
            names.len()
        );
        Self { listing, first_file, answer }
    }

    fn lines(&self, demo: &Demo) -> Vec<Value> {
        let thought =
            json!({"type": "thinking", "thinking": "I look at what is here first.", "signature": ""});
        let glob =
            json!({"type": "tool_use", "id": "toolu_demo_1", "name": "Glob", "input": {"pattern": "*"}});
        let mut lines = vec![
            demo.init(),
            demo.assistant(1, &thought),
            demo.assistant(1, &glob),
            demo.tool_result("toolu_demo_1", &self.listing),
        ];
        if let Some((name, text)) = &self.first_file {
            let read = json!({"type": "tool_use", "id": "toolu_demo_2", "name": "Read", "input": {"file_path": name}});
            lines.push(demo.assistant(2, &read));
            lines.push(demo.tool_result("toolu_demo_2", text));
        }
        lines.push(demo.assistant(3, &json!({"type": "text", "text": self.answer})));
        lines
    }
}

/// What is in a folder, sorted, folders with a slash; hidden ones are left out.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| {
            let slash = if entry.path().is_dir() { "/" } else { "" };
            format!("{}{slash}", entry.file_name().to_string_lossy())
        })
        .filter(|name| !name.starts_with('.'))
        .take(10_000)
        .collect();
    names.sort();
    names
}

fn beginning(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_READ).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

//! A stand-in for Claude Code that does what a test's script says.
#![forbid(unsafe_code)]
// A program of the tests alone: it talks on stdout, and fails loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::{
    env, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use cc_orchestrator_tests::{
    flood,
    script::{KEY, Received, SCRIPT_ENV, Step},
};
use serde_json::{Value, json};

/// The real one's answer to `--version` has this form.
const VERSION: &str = "2.1.330 (Claude Code)";
/// Waits end with this, so that a test that went wrong leaves no process for long.
const MOST_WAITING: Duration = Duration::from_secs(180);
const DETACHED: &str = "--detached";

fn main() {
    let argv: Vec<String> = env::args().skip(1).collect();
    match argv.first().map(String::as_str) {
        Some("--version") => println!("{VERSION}"),
        Some(DETACHED) => os::detached(Path::new(&argv[1])),
        _ => Worker::start(argv).play(&script()),
    }
}

/// The steps; without a script, a plain answer.
fn script() -> Vec<Step> {
    match env::var_os(SCRIPT_ENV) {
        Some(path) => {
            serde_json::from_slice(&fs::read(path).expect("the script is there")).expect("the script fits")
        }
        None => vec![Step::replay("text")],
    }
}

/// The next message of that type; others are passed over.
fn next_message(kind: &str) -> Value {
    loop {
        let mut text = String::new();
        assert!(io::stdin().read_line(&mut text).expect("a message in UTF-8") > 0, "the input has ended");
        let message: Value = serde_json::from_str(&text).expect("a message is JSON");
        if message["type"] == kind {
            return message;
        }
    }
}

struct Worker {
    received: Received,
    key: String,
}

impl Worker {
    fn start(argv: Vec<String>) -> Self {
        let mut message = String::new();
        io::stdin().read_line(&mut message).expect("a message in UTF-8");
        let message: Value = serde_json::from_str(&message).expect("a message is JSON");
        assert_eq!(message["type"], "user", "the first message is the user's: {message}");
        let mut received = Received {
            argv,
            env: env::vars().collect(),
            cwd: env::current_dir().expect("a folder"),
            prompt: message["message"]["content"].as_str().expect("a text").to_owned(),
            settings_path: None,
            settings: None,
            settings_mode: None,
        };
        received.settings_path = received.flag("--settings").map(PathBuf::from);
        if let Some(path) = &received.settings_path {
            received.settings = fs::read_to_string(path).ok();
            received.settings_mode = os::mode(path);
        }
        let settings = received.settings.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let key = settings
            .and_then(|s| Some(s["env"]["ANTHROPIC_AUTH_TOKEN"].as_str()?.to_owned()))
            .unwrap_or_default();
        Self { received, key }
    }

    fn play(&self, steps: &[Step]) {
        for step in steps {
            self.take(step);
        }
        io::stdin().read_to_end(&mut Vec::new()).expect("the input ends");
    }

    fn take(&self, step: &Step) {
        match step {
            Step::Record(path) => put(path, &serde_json::to_vec_pretty(&self.received).expect("JSON")),
            Step::Replay(name) => self.replay(name),
            Step::Print(text) => out(self.keyed(text).as_bytes()),
            Step::Complain(text) => {
                io::stderr().write_all(self.keyed(text).as_bytes()).expect("stderr is open")
            }
            Step::PrintBytes(bytes) => out(bytes),
            Step::Say(text) => self.say(&self.keyed(text)),
            Step::Reply { tokens, until } => self.reply(*tokens, until),
            Step::HugeLine(bytes) => self.say(&"x".repeat(*bytes)),
            Step::Flood(bytes) => drop(flood::write(&mut io::stdout().lock(), *bytes, SESSION)),
            Step::Work(seconds) => (0..*seconds).for_each(|turn| {
                out(&flood::round(turn, SESSION));
                thread::sleep(Duration::from_secs(1));
            }),
            Step::Finish { text, is_error } => line(&self.result(&self.keyed(text), *is_error)),
            Step::Heed => self.heed(),
            Step::Ask(file) => self.ask(file),
            Step::When(text, steps) if self.received.prompt.contains(text) => {
                steps.iter().for_each(|step| self.take(step));
            }
            Step::When(..) => {}
            Step::WhenModel(model, steps) if self.model() == model => {
                steps.iter().for_each(|step| self.take(step));
            }
            Step::WhenModel(..) => {}
            Step::Answer(command) => line(&self.result(&printed(command), false)),
            Step::Mark(path) => put(path, process::id().to_string().as_bytes()),
            Step::WaitFor(path) => wait_for(path),
            Step::Shell(command) => shell(command),
            Step::IgnoreTerm => os::ignore_polite_signals(),
            Step::Detach(path) => detach(path),
            Step::Exit(code) => process::exit(*code),
            Step::Die(signal) => os::die(*signal),
        }
    }

    fn heed(&self) {
        let message = next_message("user");
        let mut replay = message.clone();
        replay["isReplay"] = true.into();
        line(&replay);
        self.say(&format!("heard: {}", message["message"]["content"].as_str().expect("a text")));
    }

    fn ask(&self, file: &str) {
        let input = json!({ "file_path": file, "content": "x" });
        line(&json!({ "type": "control_request", "request_id": "ask-1",
            "request": { "subtype": "can_use_tool", "tool_name": "Write", "input": input } }));
        let answer = next_message("control_response");
        assert_eq!(answer["response"]["request_id"], "ask-1");
        self.say(&format!("answer: {}", answer["response"]["response"]));
    }

    fn keyed(&self, text: &str) -> String {
        text.replace(KEY, &self.key)
    }

    fn replay(&self, name: &str) {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/claude").join(format!("{name}.ndjson"));
        let stream = fs::read_to_string(path).expect("the stream is there");
        let cwd = Value::from(self.received.cwd.to_string_lossy().as_ref()).to_string();
        out(stream.replace("/home/user/repo", cwd.trim_matches('"')).as_bytes());
    }

    fn say(&self, text: &str) {
        line(&json!({ "type": "assistant", "session_id": SESSION, "parent_tool_use_id": null, "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": self.model(),
            "content": [{ "type": "text", "text": text }],
            "usage": { "input_tokens": 100, "output_tokens": 1 },
        }}));
    }

    fn reply(&self, tokens: u64, until: &Path) {
        static REPLIES: AtomicUsize = AtomicUsize::new(0);
        let id = format!("msg_{}_{}", process::id(), REPLIES.fetch_add(1, Ordering::Relaxed));
        line(&json!({ "type": "assistant", "session_id": SESSION, "parent_tool_use_id": null, "message": {
            "id": id, "type": "message", "role": "assistant", "model": self.model(),
            "content": [{ "type": "text", "text": "a reply" }],
            "usage": { "input_tokens": tokens, "output_tokens": 1 },
        }}));
        let begun = std::time::Instant::now();
        while !until.exists() && begun.elapsed() < MOST_WAITING {
            match messages().recv_timeout(Duration::from_millis(20)) {
                Ok(message) if message["request"]["subtype"] == "interrupt" => interrupted(&message),
                Err(RecvTimeoutError::Disconnected) => process::exit(0),
                _ => {}
            }
        }
    }

    fn result(&self, text: &str, is_error: bool) -> Value {
        let reason = if is_error { "api_error" } else { "completed" };
        json!({
            "subtype": "success", "is_error": is_error, "result": text, "session_id": SESSION, "num_turns": 1,
            "total_cost_usd": 0.001, "usage": { "input_tokens": 100, "output_tokens": 20 }, "permission_denials": [],
            "modelUsage": { self.model(): { "inputTokens": 100, "outputTokens": 20, "cacheReadInputTokens": 0,
                "cacheCreationInputTokens": 0, "costUSD": 0.001, "costBasis": "list" } },
            "terminal_reason": reason, "api_error_status": if is_error { json!(500) } else { Value::Null },
            "type": "result",
        })
    }

    fn model(&self) -> &str {
        self.received.flag("--model").unwrap_or("claude-opus-5")
    }
}

/// What comes in from now on. Nothing else can read it then.
fn messages() -> MutexGuard<'static, Receiver<Value>> {
    static MESSAGES: OnceLock<Mutex<Receiver<Value>>> = OnceLock::new();
    let begin = || {
        let (sender, messages) = channel();
        thread::spawn(move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).expect("a message is JSON")).is_err() {
                    return;
                }
            }
        });
        Mutex::new(messages)
    };
    MESSAGES.get_or_init(begin).lock().expect("one thread takes them")
}

/// The turn ends, and the process once it may.
fn interrupted(message: &Value) -> ! {
    line(&json!({ "type": "control_response", "response": {
        "subtype": "success", "request_id": message["request_id"], "response": {} } }));
    line(
        &json!({ "type": "result", "subtype": "error_during_execution", "is_error": true, "session_id": SESSION,
        "terminal_reason": "aborted_streaming", "errors": ["interrupted"], "modelUsage": {}, "total_cost_usd": 0 }),
    );
    let left = messages();
    while left.recv().is_ok() {}
    process::exit(0)
}

const SESSION: &str = "6f2b1f0e-0f55-4a53-9d0f-0c4f2a6c7b11";

fn line(value: &Value) {
    out(format!("{value}\n").as_bytes());
}

fn out(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    // A reader that went away ends no worker: the real one goes on, too.
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Whole or not at all, for whoever waits for the file.
fn put(path: &Path, bytes: &[u8]) {
    let partial = path.with_extension(format!("partial-{}", process::id()));
    fs::write(&partial, bytes).expect("the file can be written");
    fs::rename(&partial, path).expect("the file can be named");
}

fn wait_for(path: &Path) {
    let begun = std::time::Instant::now();
    while !path.exists() && begun.elapsed() < MOST_WAITING {
        thread::sleep(Duration::from_millis(20));
    }
}

/// What it prints goes where a worker's own complaints go: stdout is the stream.
fn shell(command: &str) {
    let done = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).output().expect("a shell");
    io::stderr().write_all(&[done.stdout, done.stderr].concat()).expect("stderr is open");
}

fn printed(command: &str) -> String {
    let done = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).output().expect("a shell");
    String::from_utf8(done.stdout).expect("UTF-8")
}

fn detach(path: &Path) {
    let me = env::current_exe().expect("this program has a file");
    let mut child = Command::new(me);
    child.arg(DETACHED).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().expect("a process starts");
    thread::spawn(move || child.wait());
    wait_for(path);
}

#[cfg(unix)]
mod os {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path, process, thread};

    use rustix::process::{Signal, getpid, kill_process, setsid};
    use tokio::{
        runtime,
        signal::unix::{SignalKind, signal},
    };

    pub(crate) fn mode(path: &Path) -> Option<u32> {
        fs::metadata(path).ok().map(|data| data.permissions().mode() & 0o777)
    }

    /// Catches the signals and does nothing: tokio's handlers stay until the process ends.
    pub(crate) fn ignore_polite_signals() {
        let runtime = runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let _inside = runtime.enter();
        for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
            drop(signal(kind).expect("a handler"));
        }
    }

    /// The life of a process that got away from its worker.
    pub(crate) fn detached(path: &Path) {
        setsid().expect("a session of its own");
        ignore_polite_signals();
        super::put(path, process::id().to_string().as_bytes());
        thread::sleep(super::MOST_WAITING);
    }

    pub(crate) fn die(signal: i32) {
        kill_process(getpid(), Signal::from_named_raw(signal).expect("a signal"))
            .expect("the signal is sent");
        thread::sleep(super::MOST_WAITING);
    }
}

#[cfg(not(unix))]
mod os {
    use std::{path::Path, process, thread};

    pub(crate) fn mode(_path: &Path) -> Option<u32> {
        None
    }

    /// There are none here.
    pub(crate) fn ignore_polite_signals() {}

    pub(crate) fn detached(path: &Path) {
        super::put(path, process::id().to_string().as_bytes());
        thread::sleep(super::MOST_WAITING);
    }

    pub(crate) fn die(signal: i32) {
        process::exit(signal);
    }
}

//! What the fake worker does, written by a test and read by `fake_claude`.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Names the file with the steps. The product passes variables with its own prefix on to workers.
pub const SCRIPT_ENV: &str = "CC_ORCHESTRATOR_FAKE_SCRIPT";

/// In any text of a step: replaced by the key of the settings file that the worker was given.
pub const KEY: &str = "{key}";

/// One thing the fake worker does, in order. It has read its first message before the first step; after the last
/// it waits for the end of its input, as the real one does, and ends well.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Writes what the worker was given, a [`Received`], to a file.
    Record(PathBuf),
    /// A stream of the real Claude Code: `fixtures/claude/NAME.ndjson`, with this run's folder and session.
    Replay(String),
    /// Bytes on stdout as they are; without a newline, half a line.
    Print(String),
    /// Bytes on stderr as they are.
    Complain(String),
    /// Bytes on stdout that are no UTF-8.
    PrintBytes(Vec<u8>),
    /// An assistant's text, as a line of the stream.
    Say(String),
    /// One reply of the model, which has read so many tokens. Goes on once the file is there; interrupted meanwhile, it
    /// ends its turn and goes, as Claude Code does.
    Reply {
        /// Not from the cache.
        tokens: u64,
        /// What it waits for.
        until: PathBuf,
    },
    /// One line of the stream, this long.
    HugeLine(usize),
    /// At least so many bytes of the stream, as fast as they are read.
    Flood(u64),
    /// Works for so many seconds: a round of the conversation each.
    Work(usize),
    /// The last line of the stream.
    Finish {
        /// The answer.
        text: String,
        /// Failed, in Claude Code's own way: the line still says success.
        is_error: bool,
    },
    /// Reads the next message, shows that it did as Claude Code does, and repeats it.
    Heed,
    /// Asks whether it may write a file, and says the answer it gets.
    Ask(String),
    /// Steps of a worker whose prompt holds a text.
    When(String, Vec<Step>),
    /// Steps of a worker that was given this model.
    WhenModel(String, Vec<Step>),
    /// Answers well with what a command of the system's shell prints, run in the worker's folder.
    Answer(String),
    /// Creates a file, its content being the worker's process id.
    Mark(PathBuf),
    /// Goes on once a file is there.
    WaitFor(PathBuf),
    /// Runs a command of the system's shell, as Claude Code's Bash tool does, to its end.
    Shell(String),
    /// Goes on living whatever polite signal comes.
    IgnoreTerm,
    /// Starts a process in a session of its own that ignores polite signals, and goes on when it does; the file
    /// then has its process id.
    Detach(PathBuf),
    /// Ends with this code.
    Exit(i32),
    /// Ends by this signal.
    Die(i32),
}

impl Step {
    /// Replays a stream.
    #[must_use]
    pub fn replay(name: &str) -> Self {
        Self::Replay(name.into())
    }

    /// Answers well.
    #[must_use]
    pub fn finish(text: &str) -> Self {
        Self::Finish { text: text.into(), is_error: false }
    }
}

/// What a worker was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Received {
    /// Its arguments, without the program.
    pub argv: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// Its folder.
    pub cwd: PathBuf,
    /// The text of its first message.
    pub prompt: String,
    /// Its settings file.
    pub settings_path: Option<PathBuf>,
    /// What was in it.
    pub settings: Option<String>,
    /// Who may read it: the low nine bits of its Unix mode.
    pub settings_mode: Option<u32>,
}

impl Received {
    /// The value after a flag.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&str> {
        let at = self.argv.iter().position(|argument| argument == name)?;
        self.argv.get(at + 1).map(String::as_str)
    }
}

//! From what is asked to a command line. Pure.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use cc_domain::{Asking, RunId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Environment, environment::of_worker, protocol::user_message};

/// What a worker may do to files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PermissionMode {
    /// Read, and run commands that only read.
    #[serde(rename = "plan")]
    Plan,
    /// Also write inside the project.
    #[serde(rename = "acceptEdits")]
    AcceptEdits,
}

impl PermissionMode {
    /// Claude Code's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::AcceptEdits => "acceptEdits",
        }
    }
}

/// One worker, as it is asked for.
#[derive(Clone, Debug)]
pub struct WorkerRequest {
    /// The run.
    pub run_id: RunId,
    /// Claude Code, or what behaves as it does.
    pub program: PathBuf,
    /// Arguments that come before Claude Code's own: `demo-worker` when the program is ours.
    pub leading_args: Vec<String>,
    /// The folder to work in.
    pub cwd: PathBuf,
    /// The task, sent byte for byte as it is.
    pub prompt: String,
    /// What the worker may do to files.
    pub permission_mode: PermissionMode,
    /// A new UUID, or that of the session to go on with.
    pub session_id: String,
    /// The session is there already.
    pub resume: bool,
    /// What happens when it wants a tool its mode does not allow.
    pub asking: Asking,
    /// Tell also of words that are still being written.
    pub partial: bool,
    /// Turns it may take.
    pub max_turns: Option<u32>,
    /// USD it may spend, by Claude Code's own count.
    pub max_cost_usd: Option<f64>,
    /// The run's settings file: provider, key, model.
    pub settings_file: PathBuf,
    /// What is added to Claude Code's own system prompt.
    pub system_prompt_file: Option<PathBuf>,
    /// Beats the settings' model.
    pub model: Option<String>,
    /// `low`, `medium`, `high`, `xhigh` or `max`.
    pub effort: Option<String>,
    /// The caller's environment; a worker gets the harmless part of it.
    pub environment: Environment,
}

/// A worker that can be started. Holds no secret but those in the prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub environment: Environment,
    /// The folder to start it in.
    pub cwd: PathBuf,
    /// The first line for its standard input, line end included.
    pub first_message: String,
}

impl WorkerCommand {
    /// Program and arguments, as the record keeps them.
    #[must_use]
    pub fn command_line(&self) -> Vec<String> {
        std::iter::once(self.program.to_string_lossy().into_owned())
            .chain(self.args.iter().cloned())
            .collect()
    }
}

/// The command for a request. The task goes through standard input: an argument would show it to every user
/// of the machine, and could be taken for a flag.
#[must_use]
pub fn build(request: &WorkerRequest) -> WorkerCommand {
    WorkerCommand {
        program: request.program.clone(),
        args: args(request),
        environment: of_worker(&request.environment, &request.run_id),
        cwd: request.cwd.clone(),
        first_message: user_message(&request.prompt),
    }
}

fn args(request: &WorkerRequest) -> Vec<String> {
    let mut args = request.leading_args.clone();
    args.push("-p".into());
    // stream-json output is refused without --verbose.
    args.push("--verbose".into());
    let mut flag = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
    flag("--output-format", "stream-json");
    flag("--input-format", "stream-json");
    let mode = match (request.asking, request.permission_mode) {
        // In plan mode nothing that writes is ever asked for.
        (Asking::Ask, PermissionMode::Plan) => "default",
        (_, mode) => mode.as_str(),
    };
    flag("--permission-mode", mode);
    if request.asking == Asking::Ask {
        flag("--permission-prompt-tool", "stdio");
    }
    flag(if request.resume { "--resume" } else { "--session-id" }, &request.session_id);
    flag("--settings", &text(&request.settings_file));
    if let Some(file) = &request.system_prompt_file {
        flag("--append-system-prompt-file", &text(file));
    }
    if let Some(model) = &request.model {
        flag("--model", model);
    }
    if let Some(effort) = &request.effort {
        flag("--effort", effort);
    }
    if let Some(turns) = request.max_turns {
        flag("--max-turns", &turns.to_string());
    }
    if let Some(usd) = request.max_cost_usd {
        flag("--max-budget-usd", &usd.to_string());
    }
    // Says when a message of ours has been taken into the conversation.
    args.push("--replay-user-messages".into());
    if request.partial {
        args.push("--include-partial-messages".into());
    }
    args
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A random UUID (version 4) for a session.
#[must_use]
pub fn new_session_id() -> String {
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 50),
        low & 0xffff_ffff_ffff,
    )
}

/// Random bits; the time's where the system has none to give.
pub(crate) fn random() -> u64 {
    getrandom::u64()
        .unwrap_or_else(|_| u64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or_default())
}

/// The digest of what a worker got, for the record's `prompt_sha256`.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> WorkerRequest {
        WorkerRequest {
            run_id: "20261123T061500Z-1a2b3c4d".parse().unwrap(),
            program: "/opt/claude".into(),
            leading_args: Vec::new(),
            cwd: "/home/user/repo".into(),
            prompt: "--risk-assessment-engine\n\"é\" sk-not-to-be-touched".into(),
            permission_mode: PermissionMode::AcceptEdits,
            session_id: "56731b0a-82f5-4075-aa19-f9f16bb4e706".into(),
            resume: false,
            asking: Asking::Deny,
            partial: true,
            max_turns: Some(9),
            max_cost_usd: Some(1.5),
            settings_file: "/run/user/1000/s.json".into(),
            system_prompt_file: Some("/run/user/1000/p.md".into()),
            model: Some("glm-5.1[1M]".into()),
            effort: Some("high".into()),
            environment: [("HOME", "/home/user"), ("ANTHROPIC_API_KEY", "sk-ant-x"), ("PATH", "/bin")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
        }
    }

    #[test]
    fn a_full_request_becomes_this_command() {
        insta::assert_json_snapshot!(build(&request()));
    }

    #[test]
    fn what_is_not_asked_for_is_not_passed() {
        let request = WorkerRequest {
            system_prompt_file: None,
            model: None,
            effort: None,
            resume: true,
            asking: Asking::Ask,
            partial: false,
            max_turns: None,
            max_cost_usd: None,
            permission_mode: PermissionMode::Plan,
            leading_args: vec!["demo-worker".into()],
            ..request()
        };
        insta::assert_json_snapshot!(build(&request).args);
    }

    #[test]
    fn the_prompt_arrives_byte_for_byte() {
        let line = build(&request()).first_message;
        assert_eq!(line.matches('\n').count(), 1, "one line");
        let message: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["message"]["content"], request().prompt);
    }

    #[test]
    fn session_ids_are_version_4_uuids() {
        let id = new_session_id();
        let bytes = id.as_bytes();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
        assert!(bytes[14] == b'4' && matches!(bytes[19], b'8' | b'9' | b'a' | b'b'), "{id}");
        assert_ne!(id, new_session_id());
    }

    #[test]
    fn the_digest_is_sha256() {
        assert_eq!(&sha256_hex(b"")[..16], "e3b0c44298fc1c14");
    }
}

//! The lines we send: Claude Code's stream-json input, and our own between guard and supervisor.

use serde::{Deserialize, Serialize};
use serde_json::json;

/// A message to the worker. Line end included.
pub(crate) fn user_message(content: &str) -> String {
    line(&json!({"type": "user", "message": {"role": "user", "content": content}}))
}

/// Ends the turn under way; the worker answers with a result and lives on. Line end included.
pub(crate) fn interrupt() -> String {
    line(&json!({"type": "control_request", "request_id": "interrupt", "request": {"subtype": "interrupt"}}))
}

/// Lets a tool run with this input. Line end included.
pub(crate) fn allow(request_id: &str, input: &serde_json::Value) -> String {
    answer(request_id, &json!({"behavior": "allow", "updatedInput": input}))
}

/// Does not let it run; the worker reads why. Line end included.
pub(crate) fn deny(request_id: &str, message: &str) -> String {
    answer(request_id, &json!({"behavior": "deny", "message": message}))
}

fn answer(request_id: &str, response: &serde_json::Value) -> String {
    let response = json!({"subtype": "success", "request_id": request_id, "response": response});
    line(&json!({"type": "control_response", "response": response}))
}

fn line(value: &serde_json::Value) -> String {
    format!("{value}\n")
}

/// What a guard says once, on the worker's standard output. The worker may have said something before it,
/// but nothing long: it has not been given its task. So neither cuts the other's line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum GuardHello {
    /// The worker runs.
    #[serde(rename = "cc_orchestrator_guard_started")]
    Started {
        /// The worker's process.
        pid: u32,
        /// The system keeps it, and all that it starts, to its sandbox.
        #[serde(default)]
        sandboxed: bool,
    },
    /// There is no worker.
    #[serde(rename = "cc_orchestrator_guard_failed")]
    Failed {
        /// Why, in a sentence.
        error: String,
    },
}

/// What a supervisor tells its launcher.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Handshake {
    /// The supervisor has the run's lock.
    TakenOver {
        /// The supervisor's process.
        pid: u32,
    },
    /// It has not, and why.
    Refused {
        /// In a sentence.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_guard_is_taken_for_a_guard() {
        let read = |line: &str| serde_json::from_str::<GuardHello>(line).ok();
        assert_eq!(read(r#"{"type":"system","subtype":"init","pid":7,"error":"x"}"#), None);
        assert_eq!(read(r#"{"pid":7}"#), None);
        let hello = GuardHello::Started { pid: 7, sandboxed: true };
        assert_eq!(read(&serde_json::to_string(&hello).unwrap()), Some(hello));
    }
}

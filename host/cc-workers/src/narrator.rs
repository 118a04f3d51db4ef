//! From Claude Code's lines to the run's events: compact, typed, and none for a mere piece of a text.
//!
//! Pure. The lines are redacted already. Measured on Claude Code 2.1.330; kinds that are not known give nothing.

use std::time::Duration;

use cc_domain::{Block, EventBody, ToolCall, one_line};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::{command::sha256_hex, stream::bounded};

/// What is kept of something said, bytes; the final answer is in the record.
const MAX_MESSAGE: usize = 4 << 10;
/// What is kept of a thought or of a tool's answer, bytes.
const MAX_ASIDE: usize = 600;
/// What is kept of a name or id, bytes.
const MAX_NAME: usize = 200;
/// What is kept of what a tool works on, bytes.
pub(crate) const MAX_TARGET: usize = 2 << 10;
/// Between two words on a block that is still being written.
const GENERATING: Duration = Duration::from_secs(10);
/// Where a tool's input says what it works on, the best first.
const TARGETS: &[&str] =
    &["command", "file_path", "notebook_path", "pattern", "url", "query", "description", "path"];

/// Tells what a worker's lines mean.
#[derive(Debug, Default)]
pub(crate) struct Narrator {
    /// The block that is being written, and its characters so far.
    block: Option<(Block, u64)>,
    last_word: Option<Instant>,
    model: Option<String>,
}

impl Narrator {
    /// The events of one line.
    pub(crate) fn tell(&mut self, line: &Value, now: Instant) -> Vec<EventBody> {
        match text(line, "type") {
            "system" => self.system(line).into_iter().collect(),
            "assistant" => self.assistant(line),
            "user" => results(line),
            "stream_event" => self.piece(&line["event"], now).into_iter().collect(),
            "rate_limit_event" => vec![rate_limit(&line["rate_limit_info"])],
            "result" => vec![turn_ended(line)],
            _ => Vec::new(),
        }
    }

    fn system(&mut self, line: &Value) -> Option<EventBody> {
        match text(line, "subtype") {
            "init" => Some(EventBody::SessionStarted {
                session_id: owned(line, "session_id"),
                model: owned(line, "model"),
                permission_mode: owned(line, "permissionMode"),
            }),
            "api_retry" => Some(EventBody::ApiRetry {
                attempt: small(&line["attempt"]),
                max_retries: small(&line["max_retries"]),
                delay_ms: line["retry_delay_ms"].as_u64().unwrap_or_default(),
                status: line["error_status"].as_u64().and_then(|status| u16::try_from(status).ok()),
                error: bounded(text(line, "error").to_owned(), MAX_ASIDE),
            }),
            "permission_denied" => Some(EventBody::PermissionDenied {
                tool: name(line, "tool_name"),
                reason: bounded(text(line, "message").to_owned(), MAX_ASIDE),
            }),
            "task_started" => Some(task(line, "started", "description")),
            "task_notification" => Some(task(line, text(line, "status"), "summary")),
            "informational" => Some(EventBody::Notice {
                kind: "informational".to_owned(),
                text: bounded(first(line, &["content", "message", "text"]).to_owned(), MAX_ASIDE),
            }),
            _ => None,
        }
    }

    fn assistant(&mut self, line: &Value) -> Vec<EventBody> {
        self.block = None;
        let subagent = !line["parent_tool_use_id"].is_null();
        let blocks = line["message"]["content"].as_array().into_iter().flatten();
        blocks.filter_map(|block| said(block, subagent)).collect()
    }

    /// A piece of a block: counted, and now and then told.
    fn piece(&mut self, event: &Value, now: Instant) -> Option<EventBody> {
        match text(event, "type") {
            "content_block_start" => {
                let what = match text(&event["content_block"], "type") {
                    "thinking" => Block::Thinking,
                    "tool_use" => Block::ToolInput,
                    _ => Block::Text,
                };
                self.block = Some((what, 0));
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                let piece = first(delta, &["text", "thinking", "partial_json"]).chars().count() as u64;
                if let Some((_, chars)) = &mut self.block {
                    *chars += piece;
                }
            }
            _ => return None,
        }
        let (what, chars) = self.block?;
        let due = self.last_word.is_none_or(|last| now - last >= GENERATING);
        due.then(|| {
            self.last_word = Some(now);
            EventBody::Generating { what, chars }
        })
    }

    /// The model that answers, when it is another than before.
    pub(crate) fn model_is(&mut self, declared: Option<&str>, actual: &str) -> Option<EventBody> {
        if self.model.as_deref() == Some(actual) {
            return None;
        }
        self.model = Some(actual.to_owned());
        Some(EventBody::ActualModel { declared: declared.map(str::to_owned), actual: actual.to_owned() })
    }
}

/// A tool's input in a word: the command, the file, the pattern.
pub(crate) fn target(input: &Value) -> String {
    let named = TARGETS.iter().find_map(|key| input[*key].as_str());
    let text = named.map_or_else(|| input.to_string(), str::to_owned);
    bounded(text, MAX_TARGET)
}

fn said(block: &Value, subagent: bool) -> Option<EventBody> {
    match text(block, "type") {
        "text" => {
            let text = text(block, "text");
            let chars = text.chars().count() as u64;
            Some(EventBody::Message { text: bounded(text.to_owned(), MAX_MESSAGE), chars, subagent })
        }
        "thinking" => {
            let text = text(block, "thinking");
            let chars = text.chars().count() as u64;
            Some(EventBody::Thinking { text: bounded(text.to_owned(), MAX_ASIDE), chars })
        }
        "tool_use" | "server_tool_use" => Some(EventBody::ToolCall(ToolCall {
            id: name(block, "id"),
            name: name(block, "name"),
            target: target(&block["input"]),
            fingerprint: sha256_hex(block["input"].to_string().as_bytes())[..12].to_owned(),
            subagent,
        })),
        _ => None,
    }
}

fn results(line: &Value) -> Vec<EventBody> {
    let blocks = line["message"]["content"].as_array().into_iter().flatten();
    blocks.filter(|block| block["type"] == "tool_result").map(answered).collect()
}

fn answered(block: &Value) -> EventBody {
    let is_error = block["is_error"].as_bool().unwrap_or(false);
    let content = match &block["content"] {
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    EventBody::ToolResult {
        id: name(block, "tool_use_id"),
        is_error,
        exit_code: if is_error { exit_code(&content) } else { Some(0) },
        chars: content.chars().count() as u64,
        text: one_line(&bounded(content, MAX_ASIDE), MAX_ASIDE),
    }
}

/// A failed command's answer begins so.
fn exit_code(content: &str) -> Option<i32> {
    let rest = content.trim_start().strip_prefix("Exit code ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn task(line: &Value, state: &str, key: &str) -> EventBody {
    EventBody::Task {
        id: name(line, "task_id"),
        state: bounded(state.to_owned(), MAX_NAME),
        text: bounded(text(line, key).to_owned(), MAX_ASIDE),
    }
}

fn rate_limit(info: &Value) -> EventBody {
    let resets = info["resetsAt"].as_i64().and_then(|second| Timestamp::from_second(second).ok());
    EventBody::RateLimit {
        status: name(info, "status"),
        resets_at: resets.map(|at| at.to_string()),
        kind: owned(info, "rateLimitType"),
        utilization: info["utilization"].as_f64(),
    }
}

fn turn_ended(line: &Value) -> EventBody {
    EventBody::TurnEnded {
        subtype: name(line, "subtype"),
        is_error: line["is_error"].as_bool().unwrap_or(false),
        turns: line["num_turns"].as_u64().and_then(|turns| u32::try_from(turns).ok()),
        cost_usd: line["total_cost_usd"].as_f64(),
        chars: text(line, "result").chars().count() as u64,
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Names and ids are short, or none.
fn name(value: &Value, key: &str) -> String {
    bounded(text(value, key).to_owned(), MAX_NAME)
}

fn owned(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(|text| bounded(text.to_owned(), MAX_ASIDE))
}

fn first<'a>(value: &'a Value, keys: &[&str]) -> &'a str {
    keys.iter().find_map(|key| value[*key].as_str()).unwrap_or_default()
}

fn small(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(lines: &[Value]) -> Vec<EventBody> {
        let mut narrator = Narrator::default();
        let now = Instant::now();
        lines.iter().flat_map(|line| narrator.tell(line, now)).collect()
    }

    #[test]
    fn nine_thousand_pieces_are_one_message() {
        let mut lines = vec![json!({"type": "stream_event", "event": {"type": "content_block_start",
                                    "content_block": {"type": "text", "text": ""}}})];
        let piece = json!({"type": "stream_event", "event": {"type": "content_block_delta",
                           "delta": {"type": "text_delta", "text": "ab"}}});
        lines.extend(std::iter::repeat_n(piece, 9_000));
        lines.push(json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "abab"}]}}));
        let events = told(&lines);
        assert_eq!(events.len(), 2, "one sign of life and the message");
        assert!(matches!(&events[1], EventBody::Message { text, chars: 4, .. } if text == "abab"));
    }

    #[test]
    fn pieces_are_told_again_after_a_while_and_without_their_text() {
        let mut narrator = Narrator::default();
        let start = json!({"type": "stream_event", "event": {"type": "content_block_start",
                           "content_block": {"type": "thinking"}}});
        let piece = json!({"type": "stream_event", "event": {"type": "content_block_delta",
                           "delta": {"type": "thinking_delta", "thinking": "hmm"}}});
        let now = Instant::now();
        assert_eq!(narrator.tell(&start, now), [EventBody::Generating { what: Block::Thinking, chars: 0 }]);
        assert_eq!(narrator.tell(&piece, now + GENERATING / 2), []);
        assert_eq!(
            narrator.tell(&piece, now + GENERATING),
            [EventBody::Generating { what: Block::Thinking, chars: 6 }]
        );
    }

    #[test]
    fn a_failed_command_keeps_its_exit_code() {
        let lines =
            [json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t",
            "is_error": true, "content": "Exit code 124\nno"}]}})];
        assert!(matches!(
            &told(&lines)[..],
            [EventBody::ToolResult { exit_code: Some(124), is_error: true, .. }]
        ));
    }

    #[test]
    fn a_call_says_what_it_works_on() {
        assert_eq!(target(&json!({"description": "step", "command": "cargo test"})), "cargo test");
        assert_eq!(target(&json!({"todos": []})), r#"{"todos":[]}"#);
    }
}

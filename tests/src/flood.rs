//! A stream of any length, shaped as Claude Code's: what tools read and print, edits, texts, thoughts and pieces.

use std::io::{self, Write};

use serde_json::{Value, json};

/// What workers read and print most: source code. Ours holds words such as "key" and "token" as any other does.
const SOURCE: &str = concat!(
    include_str!("sandbox.rs"),
    include_str!("mcp.rs"),
    include_str!("ccswitch.rs"),
    include_str!("leaks.rs"),
    include_str!("script.rs"),
);
/// About so much is made; then it comes again.
const BLOCK: usize = 8 << 20;
/// Lines of the source that one tool result shows, by turns.
const SHOWN: [usize; 6] = [40, 400, 120, 900, 15, 250];

/// Writes whole lines of that kind until at least so many bytes are written, and says how many were.
///
/// # Errors
/// When they cannot be written.
pub fn write(to: &mut impl Write, bytes: u64, session: &str) -> io::Result<u64> {
    let block = block(session);
    let mut written = 0;
    while written < bytes {
        to.write_all(&block)?;
        written += block.len() as u64;
    }
    to.flush()?;
    Ok(written)
}

/// One round of a conversation, as lines: pieces of a reply, the reply, and what its tool answered.
#[must_use]
pub fn round(turn: usize, session: &str) -> Vec<u8> {
    let source: Vec<&str> = SOURCE.lines().collect();
    let shown = SHOWN[turn % SHOWN.len()];
    let from = (turn * 37) % source.len();
    let text = source.iter().cycle().skip(from).take(shown).copied().collect::<Vec<_>>().join("\n");
    let mut round = Vec::new();
    for mut line in lines(turn, &text) {
        line["session_id"] = session.into();
        round.extend(line.to_string().bytes());
        round.push(b'\n');
    }
    round
}

fn block(session: &str) -> Vec<u8> {
    let mut block = Vec::with_capacity(BLOCK + (1 << 20));
    let mut turns = 0..;
    while block.len() < BLOCK {
        block.extend(turns.next().map(|turn| round(turn, session)).unwrap_or_default());
    }
    block
}

fn lines(turn: usize, text: &str) -> Vec<Value> {
    let id = format!("toolu_{turn:08}");
    let few: String = text.chars().take(900).collect();
    let mut all: Vec<Value> = few.split_inclusive(' ').take(60).map(piece).collect();
    all.extend([
        assistant(turn, json!({ "type": "thinking", "thinking": few, "signature": "" })),
        assistant(turn, json!({ "type": "text", "text": few })),
        assistant(
            turn,
            json!({ "type": "tool_use", "id": id, "name": "Edit", "input": {
            "file_path": "src/lib.rs", "old_string": few, "new_string": few } }),
        ),
        json!({ "type": "user", "parent_tool_use_id": null, "message": { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": id, "content": text, "is_error": false }] },
            "tool_use_result": { "stdout": text, "stderr": "", "interrupted": false } }),
    ]);
    all
}

fn piece(text: &str) -> Value {
    json!({ "type": "stream_event", "parent_tool_use_id": null, "event": { "type": "content_block_delta",
        "index": 0, "delta": { "type": "text_delta", "text": text } } })
}

fn assistant(turn: usize, block: Value) -> Value {
    json!({ "type": "assistant", "parent_tool_use_id": null, "message": { "id": format!("msg_{turn}"),
        "type": "message", "role": "assistant", "model": "glm-5.2", "content": [block],
        "usage": { "input_tokens": 100, "output_tokens": 1 } } })
}

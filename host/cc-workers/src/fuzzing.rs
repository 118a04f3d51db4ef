//! What a fuzzer calls: a worker's stream from its bytes to its events.

use std::time::Instant;

use serde_json::Value;

use crate::{
    lines::{Lines, tidy_value},
    narrator::Narrator,
    stream::StreamFacts,
};

/// Reads a whole stream.
pub fn stream(bytes: &[u8]) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    runtime.block_on(async {
        let (mut lines, mut narrator) = (Lines::new(bytes), Narrator::default());
        let mut facts = StreamFacts::default();
        while let Ok(Some(line)) = lines.next().await {
            let Ok(mut value) = serde_json::from_str::<Value>(&line.text) else { continue };
            tidy_value(&mut value);
            let _ = facts.observe(&value);
            let _ = narrator.tell(&value, Instant::now());
        }
        let _ = facts.finish();
    });
}

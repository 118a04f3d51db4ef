//! What a fuzzer calls: a worker's stream from its bytes to its events.

use serde_json::Value;
use tokio::time::Instant;

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

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proptest::prelude::*;

    use super::*;

    /// A real stream with one byte of it replaced, or cut off there.
    fn damaged() -> impl Strategy<Value = Vec<u8>> {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
        let files = fs::read_dir(captures).unwrap().map(|entry| entry.unwrap().path());
        let streams: Vec<Vec<u8>> =
            files.filter(|path| path.is_file()).map(|path| fs::read(path).unwrap()).collect();
        (prop::sample::select(streams), any::<prop::sample::Index>(), any::<Option<u8>>()).prop_map(
            |(mut bytes, at, byte)| {
                let at = at.index(bytes.len().max(1)).min(bytes.len());
                match (byte, bytes.get_mut(at)) {
                    (Some(byte), Some(place)) => *place = byte,
                    _ => bytes.truncate(at),
                }
                bytes
            },
        )
    }

    proptest! {
        #[test]
        fn a_damaged_stream_is_read_to_its_end(bytes in damaged()) {
            stream(&bytes);
        }
    }
}

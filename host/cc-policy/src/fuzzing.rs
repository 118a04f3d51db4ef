//! What a fuzzer calls: everything here that reads what others wrote.

use crate::{Overrides, catalog, engine, overrides};

/// Reads a lock.
pub fn lock(text: &str) {
    let _ = catalog::parse_lock(text);
}

/// Reads overrides, and merges a change into them.
///
/// # Panics
/// When a change that was accepted cannot be read again.
pub fn overrides(text: &str) {
    if Overrides::parse("overrides.toml", text).is_err() {
        return;
    }
    let change = serde_json::json!({ "notes": "n", "queue": { "max_concurrent": 2 }, "prices": null });
    if let Ok(after) = overrides::merged_text("overrides.toml", text, &change) {
        assert!(Overrides::parse("overrides.toml", &after).is_ok(), "{after}");
    }
}

/// Looks at a component.
#[must_use]
pub fn component(bytes: &[u8]) -> bool {
    engine::inspect(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_breaks_a_reader(text in "(\\[[a-z_.\"]{1,9}\\]|[a-z_]{1,9} = ([0-9]{1,3}|\"[^\"]{0,5}\"|\\[\\])|\\PC{0,9}|\n){0,12}") {
            lock(&text);
            super::overrides(&text);
        }
    }

    #[test]
    fn what_is_no_component_is_refused() {
        assert!(!component(b"") && !component(b"\0asm"));
    }
}

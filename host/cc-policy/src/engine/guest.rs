//! What the host holds for one call of a plugin: its budgets, its log, its config.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use super::{PluginSpec, limits::LOG_LINE_BYTES, text::tidy};

/// Elements of one table. The pool allows fewer; interpreters need many.
const TABLE_ELEMENTS: usize = 1 << 20;
/// Core instances, tables and memories of one call. A component of an interpreter with its libraries has dozens.
const INSTANCES: usize = 100;
const TABLES: usize = 50;
const MEMORIES: usize = 10;

/// Severity of a plugin's log line.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// The state of one call.
pub(crate) struct Guest {
    spec: Arc<PluginSpec>,
    pub(super) budget: Budget,
    hidden: Hidden,
    lines_left: u32,
    lines_dropped: u64,
}

/// Texts the plugin was shown and must not repeat: the secrets of findings.
#[derive(Clone, Default)]
pub(crate) struct Hidden(Arc<[String]>);

impl Guest {
    pub(super) fn new(spec: Arc<PluginSpec>, hidden: Hidden) -> Self {
        let budget = Budget { memory_left: spec.limits.memory_bytes, refused: false };
        let lines_left = spec.limits.log_lines;
        Self { spec, budget, hidden, lines_left, lines_dropped: 0 }
    }

    pub(super) fn spec(&self) -> &PluginSpec {
        &self.spec
    }

    pub(super) fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// The plugin's `log`.
    pub(crate) fn log(&mut self, level: Level, message: &str) {
        if self.lines_left == 0 {
            self.lines_dropped += 1;
            return;
        }
        self.lines_left -= 1;
        let plugin = self.spec.id.as_str();
        let line = tidy(&self.hidden.strip(message), LOG_LINE_BYTES);
        match level {
            Level::Debug => tracing::debug!(plugin, "{line}"),
            Level::Info => tracing::info!(plugin, "{line}"),
            Level::Warn => tracing::warn!(plugin, "{line}"),
            Level::Error => tracing::error!(plugin, "{line}"),
        }
    }

    /// The plugin's `config`.
    pub(crate) fn config(&self, key: &str) -> Option<String> {
        self.spec.config.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone())
    }

    /// Tells of the lines that were dropped.
    pub(super) fn close_log(&self) {
        if self.lines_dropped > 0 {
            let (plugin, most) = (self.spec.id.as_str(), self.spec.limits.log_lines);
            tracing::warn!(
                plugin,
                "{} more log lines were dropped: a call may write {most}",
                self.lines_dropped
            );
        }
    }
}

impl Hidden {
    /// Shorter ones are everywhere, and to cut them out would only garble the text.
    const SHORTEST: usize = 4;

    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<_> =
            secrets.into_iter().filter(|secret| secret.len() >= Self::SHORTEST).collect();
        // Longest first: one secret may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets.into())
    }

    /// The text without them.
    pub(crate) fn strip(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"))
    }
}

/// How much memory is left for all of a call's memories together, and whether some was refused.
pub(super) struct Budget {
    memory_left: u64,
    pub(super) refused: bool,
}

impl Budget {
    /// Bytes that may still be used.
    pub(super) fn left(&self) -> u64 {
        self.memory_left
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _most: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let Some(left) = self.memory_left.checked_sub(desired.saturating_sub(current) as u64) else {
            self.refused = true;
            return Ok(false);
        };
        self.memory_left = left;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _most: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.refused |= desired > TABLE_ELEMENTS;
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_share_one_budget() {
        let mut budget = Budget { memory_left: 100, refused: false };
        assert!(budget.memory_growing(0, 60, None).expect("an answer"));
        assert!(budget.memory_growing(0, 40, None).expect("an answer"));
        assert!(!budget.memory_growing(40, 41, None).expect("an answer"));
        assert!(budget.refused);
    }

    #[test]
    fn hidden_texts_vanish_the_longest_first() {
        let hidden = Hidden::new(["hunter22".into(), "hunter2234".into(), "abc".into()]);
        assert_eq!(hidden.strip("hunter2234 and hunter22, abc"), "[redacted] and [redacted], abc");
    }
}

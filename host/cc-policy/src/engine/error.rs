//! What can go wrong with a plugin, as a value: who, what it did, what to do.

use serde::{Deserialize, Serialize};

/// A plugin that could not be loaded or could not answer.
///
/// Reads as one sentence: `plugin 'team.router' 1.2.0 ran past its deadline of 2000 ms; make it faster, or …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct PluginError {
    /// The plugin's id; empty while only its file is known.
    pub plugin: String,
    /// The plugin's version; empty while only its file is known.
    pub version: String,
    /// The kind, for callers that decide by it.
    pub kind: PluginErrorKind,
    /// What it did: a predicate without its subject, bounded and free of control characters.
    pub what: String,
    /// What the user can do about it.
    pub hint: Option<String>,
}

/// The kinds of [`PluginError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginErrorKind {
    /// The file cannot be read, or is no regular file.
    Unreadable,
    /// The file, or the part of it that was asked for, is larger than allowed.
    TooLarge,
    /// The bytes end early.
    Truncated,
    /// The bytes are a core module or no WebAssembly at all.
    NotAComponent,
    /// The bytes are a component that is not valid, or uses features that policy does without.
    Invalid,
    /// It exports another interface than its world asks for.
    WrongWorld,
    /// It imports something else than the host interface.
    ForbiddenImport,
    /// It needs a policy version that this host does not have.
    NewerPolicy,
    /// Its content is not what its digest says.
    Digest,
    /// It took longer than its deadline.
    DeadlineExceeded,
    /// It asked for more memory than its limit.
    OutOfMemory,
    /// It called itself too deeply.
    StackOverflow,
    /// It trapped in another way: a panic, most often.
    Trap,
    /// Its answer is larger than its limit.
    OutputTooLarge,
    /// Its answer breaks the contract.
    BadOutput,
    /// It answered with a failure of its own.
    Said,
    /// The host failed it, not the plugin itself: no memory to map, no cache.
    Host,
}

impl PluginError {
    /// An error of a component whose plugin is not known yet; see [`PluginError::of`].
    pub(crate) fn new(kind: PluginErrorKind, what: impl Into<String>) -> Self {
        Self { plugin: String::new(), version: String::new(), kind, what: what.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the plugin, for an error that came of its file alone.
    #[must_use]
    pub fn of(mut self, plugin: &str, version: &str) -> Self {
        self.plugin = plugin.into();
        self.version = version.into();
        self
    }

    fn sentence(&self) -> String {
        let subject = match (self.plugin.as_str(), self.version.as_str()) {
            ("", _) => "this plugin file".to_owned(),
            (plugin, "") => format!("plugin '{plugin}'"),
            (plugin, version) => format!("plugin '{plugin}' {version}"),
        };
        let hint = self.hint.as_ref().map_or(String::new(), |hint| format!("; {hint}"));
        format!("{subject} {}{hint}", self.what)
    }
}

/// The engine itself cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refused its configuration or could not reserve address space.
    #[error("the plugin engine cannot start: {0}; check that this process may map 512 MiB of address space")]
    Wasmtime(String),
    /// The thread that enforces deadlines could not be started.
    #[error("the plugin engine cannot start its clock thread: {0}; check the limit on threads")]
    Clock(#[source] std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_a_sentence_with_its_plugin_and_what_to_do() {
        let error = PluginError::new(PluginErrorKind::Trap, "trapped").hint("report it");
        assert_eq!(error.to_string(), "this plugin file trapped; report it");
        assert_eq!(
            error.of("team.router", "1.2.0").to_string(),
            "plugin 'team.router' 1.2.0 trapped; report it"
        );
    }
}

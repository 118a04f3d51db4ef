//! Whether a worker keeps to its write scope, while it works.
//!
//! Two kinds of evidence: an edit that its tools say they made, at once; and the project itself, looked at now and then
//! on a thread of its own, which also sees what a shell command wrote. Prevention is elsewhere; the last word has the
//! comparison after the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::mpsc as sync,
    thread,
    time::{Duration, Instant},
};

use cc_domain::{EventBody, Violation, WriteScope};
use cc_repo::{Repo, Scope, Snapshot, changes};
use tokio::sync::mpsc;

/// Tools that change the file they name.
const EDITS: [&str; 4] = ["Edit", "MultiEdit", "Write", "NotebookEdit"];
/// Between two looks at the project.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A look takes at most one part of so many of the time.
const SHARE: u32 = 30;
/// Violations that are told of.
const MOST_TOLD: usize = 20;
/// Edits whose outcome is waited for.
const MOST_PENDING: usize = 100;
/// The look needs room for paths, not for recursion.
const THREAD_STACK: usize = 1 << 20;

/// Looks whether a worker keeps to its scope.
pub(super) struct Sentry {
    scope: Scope,
    root: PathBuf,
    cwd: PathBuf,
    /// Edits that may not have been made, by the tool call's id.
    pending: BTreeMap<String, Violation>,
    told: BTreeSet<String>,
    looks: mpsc::UnboundedReceiver<Vec<Violation>>,
    /// The thread ends when this is dropped.
    _watching: sync::Sender<()>,
}

impl Sentry {
    /// Begins to look; none when the scope cannot be judged by, which is told of elsewhere.
    pub(super) fn post(scope: &WriteScope, repo: &Repo, before: &Snapshot, cwd: PathBuf) -> Option<Self> {
        let judge = Scope::new(scope).ok()?;
        let (found, looks) = mpsc::unbounded_channel();
        let (watching, ended) = sync::channel();
        let watch = Watch { scope: judge.clone(), repo: repo.clone(), before: before.clone(), found };
        let body = move || watch.until(&ended);
        if let Err(e) = thread::Builder::new().name("scope".into()).stack_size(THREAD_STACK).spawn(body) {
            tracing::warn!("no thread to look at the project with: {e}");
        }
        let (pending, told) = (BTreeMap::new(), BTreeSet::new());
        let root = repo.root().to_owned();
        Some(Self { scope: judge, root, cwd, pending, told, looks, _watching: watching })
    }

    /// What an event says of the scope: a warning, once an edit outside of it was made.
    pub(super) fn observe(&mut self, event: &EventBody) -> Option<EventBody> {
        match event {
            EventBody::ToolCall(call) if EDITS.contains(&call.name.as_str()) => {
                let broken = self.scope.check_write(&self.root, &self.cwd, call.target.as_ref())?;
                if self.pending.len() < MOST_PENDING {
                    self.pending.insert(call.id.clone(), broken);
                }
                None
            }
            EventBody::ToolResult { id, is_error, .. } => {
                let broken = self.pending.remove(id)?;
                // A refused edit broke nothing.
                if *is_error { None } else { self.warn(broken) }
            }
            _ => None,
        }
    }

    /// What the next look at the project found; never returns where nobody looks.
    pub(super) async fn next_look(&mut self) -> Vec<EventBody> {
        match self.looks.recv().await {
            Some(found) => found.into_iter().filter_map(|broken| self.warn(broken)).collect(),
            None => std::future::pending().await,
        }
    }

    /// Each path once, and not without end.
    fn warn(&mut self, broken: Violation) -> Option<EventBody> {
        let new = self.told.len() < MOST_TOLD && self.told.insert(broken.path.clone());
        new.then_some(EventBody::ScopeWarned { path: broken.path, reason: broken.reason })
    }
}

/// The project, from its own thread.
struct Watch {
    scope: Scope,
    repo: Repo,
    before: Snapshot,
    found: mpsc::UnboundedSender<Vec<Violation>>,
}

impl Watch {
    fn until(&self, ended: &sync::Receiver<()>) {
        let mut pause = LOOK_EVERY;
        while ended.recv_timeout(pause) == Err(sync::RecvTimeoutError::Timeout) {
            let begun = Instant::now();
            let found = self.look().unwrap_or_else(|error| {
                tracing::warn!("the project could not be looked at: {error}");
                Vec::new()
            });
            if !found.is_empty() && self.found.send(found).is_err() {
                return;
            }
            pause = LOOK_EVERY.max(begun.elapsed() * SHARE);
        }
    }

    fn look(&self) -> cc_repo::Result<Vec<Violation>> {
        let now = self.repo.now(&self.before)?;
        Ok(self.scope.check(&changes(&self.before, &now)?).violations)
    }
}

#[cfg(test)]
mod tests {
    use cc_domain::ToolCall;

    use super::*;

    fn sentry(root: &std::path::Path) -> Sentry {
        let scope = WriteScope { allow: vec!["/src/".into()], ..WriteScope::default() };
        let (_, looks) = mpsc::unbounded_channel();
        Sentry {
            scope: Scope::new(&scope).unwrap(),
            root: root.into(),
            cwd: root.into(),
            pending: BTreeMap::new(),
            told: BTreeSet::new(),
            looks,
            _watching: sync::channel().0,
        }
    }

    fn call(id: &str, name: &str, target: &str) -> EventBody {
        EventBody::ToolCall(ToolCall {
            id: id.into(),
            name: name.into(),
            target: target.into(),
            ..ToolCall::default()
        })
    }

    fn result(id: &str, is_error: bool) -> EventBody {
        EventBody::ToolResult { id: id.into(), is_error, exit_code: None, text: String::new(), chars: 0 }
    }

    #[test]
    fn an_edit_outside_is_told_of_once_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let mut sentry = sentry(dir.path());
        for (event, warns) in [
            (call("1", "Write", "src/a.rs"), false),
            (result("1", false), false),
            (call("2", "Edit", "docs/a.md"), false),
            (result("2", true), false),
            (call("3", "Edit", "docs/a.md"), false),
            (result("3", false), true),
            (call("4", "Write", "docs/a.md"), false),
            (result("4", false), false),
            (call("5", "Read", "docs/b.md"), false),
            (result("5", false), false),
        ] {
            let told = sentry.observe(&event);
            assert_eq!(told.is_some(), warns, "{event:?}");
            if let Some(EventBody::ScopeWarned { path, .. }) = told {
                assert_eq!(path, "docs/a.md");
            }
        }
    }
}

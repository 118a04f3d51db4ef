//! What a run changed in its project, and whether it may have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is no longer there.
    Deleted,
    /// Its content differs.
    Modified,
    /// Only its permissions differ.
    Mode,
    /// A file became a link, or the like.
    Type,
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum FileKind {
    File,
    Executable,
    Link,
    /// A pipe, a socket, a device.
    Special,
}

/// One file that differs. Paths are relative to the project's root, `/` between the parts; one that is no
/// plain text is in double quotes, with octal escapes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// Which.
    pub path: String,
    /// What happened to it.
    pub change: ChangeKind,
    /// What it is now; what it was, if it is gone.
    pub kind: FileKind,
    /// The deleted file it seems to be. For display: it counts as a deletion and an addition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub renamed_from: Option<String>,
    /// Lines that were not there before.
    pub added: u64,
    /// Lines that are gone.
    pub deleted: u64,
    /// Whether it has no lines to count.
    pub binary: bool,
    /// Bytes, before.
    pub size_before: Option<u64>,
    /// Bytes, now.
    pub size_after: Option<u64>,
    /// Whether git ignores it, by the rules that held before the run.
    pub ignored: bool,
    /// Whether git ignores it by rules that the run itself made.
    pub hidden: bool,
    /// Whether the snapshots hold its content. If not, it was only seen that something changed.
    pub kept: bool,
    /// Whether it belongs to agents, not to the project's source.
    pub artifact: bool,
    /// Where it leads, if it is a link that leaves the project.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leads_outside: Option<String>,
}

/// An empty folder, or permissions of a folder, that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FolderChange {
    /// Which.
    pub path: String,
    /// What happened to it.
    pub change: ChangeKind,
}

/// A commit that was not there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitMade {
    /// Its id.
    pub id: String,
    /// Its first line.
    pub subject: String,
    /// What it touches.
    pub paths: Vec<String>,
}

/// A ref that is not where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefChange {
    /// Such as `refs/heads/main`, or `HEAD`.
    pub name: String,
    /// Where it was: an object, or `ref: ` and a name.
    pub before: Option<String>,
    /// Where it is.
    pub after: Option<String>,
}

/// A file in a git folder that differs: a hook, the configuration, an ignore rule, unfinished work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitFileChange {
    /// Inside the git folder, such as `hooks/pre-commit`.
    pub path: String,
    /// What happened to it.
    pub change: ChangeKind,
}

/// What changed in a repository beside the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepoChange {
    /// The folder it is for; empty for the project's own.
    pub folder: String,
    /// Whether it is new, gone or another.
    pub change: ChangeKind,
    /// Refs that moved.
    pub refs: Vec<RefChange>,
    /// Commits that were made, newest first.
    pub commits: Vec<CommitMade>,
    /// Paths whose index entry differs, or a flag that hides them from git.
    pub staged: Vec<String>,
    /// What can change git's own behaviour.
    pub git_files: Vec<GitFileChange>,
}

/// Something outside the project that a link inside it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutsideChange {
    /// The link.
    pub link: String,
    /// What differs.
    pub target: String,
}

/// Everything that differs between two moments of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// Files, in the order of their paths.
    pub files: Vec<FileChange>,
    /// Folders.
    pub folders: Vec<FolderChange>,
    /// Repositories.
    pub repos: Vec<RepoChange>,
    /// What is not in the project.
    pub outside: Vec<OutsideChange>,
    /// What was not looked at, in sentences.
    pub incomplete: Vec<String>,
    /// The part of that which was looked at before the run: something may be hidden there.
    pub no_longer_seen: Vec<String>,
}

impl Changes {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty() && self.repos.is_empty() && self.outside.is_empty()
    }

    /// Lines of the project's source that were added or deleted.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.files.iter().filter(|file| !file.artifact).map(|file| file.added + file.deleted).sum()
    }
}

/// What a run may change. Patterns are written as in `.gitignore`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WriteScope {
    /// Where it may; empty for everywhere.
    pub allow: Vec<String>,
    /// Where it may not, whatever is allowed. Case does not matter here.
    pub deny: Vec<String>,
    /// How many lines it may add and delete in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_changed_lines: Option<u64>,
    /// Files in a git folder that it may change, such as `hooks/`; none unless they are named.
    pub allow_git_files: Vec<String>,
}

/// Which rule a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeRule {
    /// It is denied.
    Denied,
    /// Nothing allows it.
    NotAllowed,
    /// It is no path inside the project.
    OutsideProject,
    /// It changes what git does.
    GitFolder,
    /// More lines than allowed.
    TooManyLines,
    /// It cannot be counted or was not looked at.
    Unknown,
}

/// One breach of a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// What broke it.
    pub path: String,
    /// Which rule.
    pub rule: ScopeRule,
    /// Why, in a sentence.
    pub reason: String,
}

/// Whether a run kept to its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopeVerdict {
    /// Every breach; none if it kept to it.
    pub violations: Vec<Violation>,
    /// Lines added and deleted.
    pub changed_lines: u64,
}

impl ScopeVerdict {
    /// Whether the run kept to its scope.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.violations.is_empty()
    }
}

/// What makes a change worth a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Risk {
    Secrets,
    Auth,
    Ci,
    Migration,
    Dependency,
    Binary,
    Generated,
    Tests,
}

/// A diff that fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// In git's unified format, whole hunks only.
    pub text: String,
    /// Whether something was left out, and the text says where.
    pub cut: bool,
    /// What was left out, in sentences.
    pub left_out: Vec<String>,
}

/// A thing and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    /// What it is about.
    pub what: String,
    /// Why, in a sentence.
    pub why: String,
}

/// What a rollback does, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rollback {
    /// Whether it was done.
    pub done: bool,
    /// Files and links that get back what they held.
    pub restored: Vec<String>,
    /// Files and links that go; a snapshot has what they held.
    pub removed: Vec<String>,
    /// What goes without a snapshot having it: moved into the product's own folder, to be brought back.
    pub set_aside: Vec<String>,
    /// What is brought back from there.
    pub brought_back: Vec<String>,
    /// Files and folders that get back their permissions.
    pub modes: Vec<String>,
    /// Refs that move back, with the repository's folder before a colon if it is not the project's own.
    pub refs: Vec<RefChange>,
    /// Files in git folders that get back what they held.
    pub git_files: Vec<String>,
    /// Folders of the repositories whose index is restored; the project's own is `.`.
    pub indexes: Vec<String>,
    /// What stays as it is, though the run changed it.
    pub left: Vec<Remark>,
    /// What somebody changed since. While there are any, nothing is done.
    pub conflicts: Vec<Remark>,
}

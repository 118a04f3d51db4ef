//! Where a run may write: what the project says, and what the run's caller adds.
//!
//! A project's scope is in `.claude-code-orchestrator/write-scope.json` of a folder, as the predecessor kept it, and
//! holds for every run in that folder and below. Patterns are those of `.gitignore`, from the folder of the file.

use std::path::{Path, PathBuf};

use cc_domain::WriteScope;
use cc_repo::Project;
use cc_store::read_bounded;
use serde::{Deserialize, Serialize};

use crate::{ErrorKind, OpError};

/// The file, below the folder it is for.
const FILE: &str = ".claude-code-orchestrator/write-scope.json";
const MOST_BYTES: u64 = 1 << 20;
/// What no worker may change, whatever its scope: what decides about the next one.
const ALWAYS_DENIED: [&str; 2] = ["/.claude-code-orchestrator/", "/.cc-orchestrator/"];

/// The file's content, with the predecessor's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScopeFile {
    pub(crate) created_at: String,
    /// The folder it is for.
    pub(crate) cwd: PathBuf,
    #[serde(default)]
    pub(crate) allowed_paths: Vec<String>,
    #[serde(default)]
    pub(crate) denied_paths: Vec<String>,
    #[serde(default)]
    pub(crate) max_diff_lines: Option<u64>,
}

impl ScopeFile {
    /// Where the scope of a folder is.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// The scope that holds in a project's `cwd`: that of the nearest folder, and its file.
    pub(crate) fn find(project: &Project) -> Result<Option<(PathBuf, Self)>, OpError> {
        let folders = project.cwd.ancestors().take_while(|folder| folder.starts_with(&project.root));
        let Some(path) = folders.map(Self::path).find(|path| path.is_file()) else { return Ok(None) };
        let file = Self::parse(&path, &read_bounded(&path, MOST_BYTES)?)?;
        Ok(Some((path, file)))
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, OpError> {
        serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("the write scope in {} cannot be read: {error}", path.display());
            OpError::new(ErrorKind::InvalidInput, message, "set it anew with cc_preflight_write_scope")
        })
    }

    /// With patterns from the project's root.
    pub(crate) fn scope(&self, project: &Project) -> WriteScope {
        let folder = if self.cwd.starts_with(&project.root) { &self.cwd } else { &project.cwd };
        let from = |patterns: &[String]| from_root(project, folder, patterns);
        WriteScope {
            allow: from(&self.allowed_paths),
            deny: from(&self.denied_paths),
            max_changed_lines: self.max_diff_lines,
            allow_git_files: Vec::new(),
        }
    }
}

/// What a caller asks for.
pub(crate) fn asked(allow: Vec<String>, deny: Vec<String>) -> WriteScope {
    WriteScope { allow, deny, ..WriteScope::default() }
}

/// The scope of a run; none when neither project nor caller set one.
pub(crate) fn of_run(project: &Project, asked: WriteScope) -> Result<Option<WriteScope>, OpError> {
    let stored = ScopeFile::find(project)?.map(|(_, file)| file.scope(project));
    if stored.is_none() && asked == WriteScope::default() {
        return Ok(None);
    }
    let stored = stored.unwrap_or_default();
    let allow = from_root(project, &project.cwd, &asked.allow);
    let deny = from_root(project, &project.cwd, &asked.deny);
    let scope = WriteScope {
        allow: if allow.is_empty() { stored.allow } else { allow },
        deny: [stored.deny, deny, ALWAYS_DENIED.map(str::to_owned).into()].concat(),
        max_changed_lines: asked.max_changed_lines.or(stored.max_changed_lines),
        allow_git_files: stored.allow_git_files,
    };
    check(&scope)?;
    Ok(Some(scope))
}

/// Whether every pattern is one.
pub(crate) fn check(scope: &WriteScope) -> Result<(), OpError> {
    let checked = cc_repo::Scope::new(scope);
    checked.map(drop).map_err(|error| OpError::invalid(error.to_string(), "patterns are those of .gitignore"))
}

/// Patterns of a folder as they are written at the project's root.
pub(crate) fn from_root(project: &Project, folder: &Path, patterns: &[String]) -> Vec<String> {
    let below = folder.strip_prefix(&project.root).unwrap_or(Path::new(""));
    let below: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let below = below.join("/");
    patterns.iter().map(|pattern| one_from_root(project, &below, pattern)).collect()
}

fn one_from_root(project: &Project, below: &str, pattern: &str) -> String {
    let (not, pattern) = pattern.strip_prefix('!').map_or(("", pattern), |rest| ("!", rest));
    // The predecessor wrote absolute paths.
    let root = project.root.to_string_lossy();
    if let Some(rest) = pattern.strip_prefix(root.as_ref()).filter(|rest| rest.starts_with(['/', '\\'])) {
        return format!("{not}{}", rest.replace('\\', "/"));
    }
    let plain = pattern.strip_prefix("./").map_or(pattern.to_owned(), |rest| format!("/{rest}"));
    if below.is_empty() {
        return format!("{not}{plain}");
    }
    // As in a .gitignore of that folder: one with a slash in it is anchored there, another one holds at any depth.
    let anchored = plain.trim_end_matches('/').contains('/');
    let middle = if anchored { "/" } else { "/**/" };
    format!("{not}/{below}{middle}{}", plain.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(cwd: &str) -> Project {
        Project { root: "/p".into(), cwd: cwd.into() }
    }

    #[test]
    fn patterns_of_a_subfolder_hold_there() {
        let from = |cwd: &str, pattern: &str| from_root(&project(cwd), Path::new(cwd), &[pattern.to_owned()]);
        for (pattern, at_root, below) in [
            ("src/**", "src/**", "/web/src/**"),
            ("./src", "/src", "/web/src"),
            ("*.md", "*.md", "/web/**/*.md"),
            ("build/", "build/", "/web/**/build/"),
            ("!*.md", "!*.md", "!/web/**/*.md"),
            ("/p/web/src", "/web/src", "/web/src"),
        ] {
            assert_eq!(from("/p", pattern), [at_root]);
            assert_eq!(from("/p/web", pattern), [below]);
        }
    }

    #[test]
    fn a_caller_replaces_what_is_allowed_and_adds_to_what_is_denied() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let project = Project { root: root.clone(), cwd: root.clone() };
        assert_eq!(of_run(&project, WriteScope::default()).unwrap(), None);
        let file = ScopeFile::path(&root);
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        let stored = ScopeFile {
            created_at: String::new(),
            cwd: root,
            allowed_paths: vec!["src/".into()],
            denied_paths: vec!["src/auth/".into()],
            max_diff_lines: Some(9),
        };
        std::fs::write(&file, serde_json::to_vec(&stored).unwrap()).unwrap();
        let asked =
            WriteScope { allow: vec!["docs/".into()], deny: vec!["*.key".into()], ..Default::default() };
        let scope = of_run(&project, asked).unwrap().unwrap();
        assert_eq!((scope.allow, scope.max_changed_lines), (vec!["docs/".to_owned()], Some(9)));
        assert_eq!(scope.deny[..2], ["src/auth/", "*.key"]);
        assert!(scope.deny.contains(&"/.claude-code-orchestrator/".to_owned()));

        std::fs::write(&file, "{").unwrap();
        assert!(of_run(&project, WriteScope::default()).unwrap_err().message.contains("write-scope.json"));
    }
}

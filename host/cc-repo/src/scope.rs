//! Whether what a run changed is within what it may change.

use std::collections::BTreeSet;

use cc_domain::{
    ChangeKind, Changes, FileChange, RepoChange, ScopeRule, ScopeVerdict, Violation, WriteScope,
};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::{RepoError, Result};

/// A write scope, ready to judge.
#[derive(Clone, Debug)]
pub struct Scope {
    allow: Option<Gitignore>,
    deny: Gitignore,
    git_files: Gitignore,
    max_changed_lines: Option<u64>,
}

impl Scope {
    /// Reads the patterns.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn new(scope: &WriteScope) -> Result<Self> {
        let allow = patterns(&scope.allow, false)?;
        Ok(Self {
            allow: (!scope.allow.is_empty()).then_some(allow),
            // Also where names have case: `.ENV` is read like `.env` on the next machine.
            deny: patterns(&scope.deny, true)?,
            git_files: patterns(&scope.allow_git_files, false)?,
            max_changed_lines: scope.max_changed_lines,
        })
    }

    /// Whether a write to this path is within the scope, before it happens. `path` is relative to the
    /// project's root, as the caller got it.
    #[must_use]
    pub fn check_path(&self, path: &str) -> Option<Violation> {
        let Some(plain) = inside(path) else {
            let reason = "it is no path inside the project".to_owned();
            return Some(Violation { path: path.to_owned(), rule: ScopeRule::OutsideProject, reason });
        };
        if plain.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
            let reason = "it is in a git folder".to_owned();
            return Some(Violation { path: path.to_owned(), rule: ScopeRule::GitFolder, reason });
        }
        self.judge(&plain, true, "")
    }

    /// Every breach among the changes of a run.
    #[must_use]
    pub fn check(&self, changes: &Changes) -> ScopeVerdict {
        let mut found = Vec::new();
        changes.files.iter().for_each(|file| self.file(file, &mut found));
        let folders = changes.folders.iter().filter(|folder| folder.change != ChangeKind::Mode);
        found.extend(folders.filter_map(|folder| self.judge(&folder.path, true, "the folder ")));
        changes.repos.iter().for_each(|repo| self.repo(repo, &mut found));
        found.extend(changes.outside.iter().map(|outside| Violation {
            path: outside.link.clone(),
            rule: ScopeRule::OutsideProject,
            reason: format!("what it leads to, {}, is outside the project and was changed", outside.target),
        }));
        found.extend(changes.no_longer_seen.iter().map(|sentence| Violation {
            path: String::new(),
            rule: ScopeRule::Unknown,
            reason: format!("it can no longer be looked at: {sentence}"),
        }));
        self.count(changes, &mut found);
        let mut seen = BTreeSet::new();
        found.retain(|violation| seen.insert((violation.path.clone(), violation.reason.clone())));
        ScopeVerdict { violations: found, changed_lines: changes.lines() }
    }

    fn file(&self, file: &FileChange, found: &mut Vec<Violation>) {
        // What the project's rules ignore anyway, and agents' own things, need nobody's leave: build output.
        let needs_leave = !(file.artifact || file.ignored && !file.kept);
        found.extend(self.judge(&file.path, needs_leave, verb(file.change)));
        if let Some(target) = &file.leads_outside {
            let reason = format!("it is a link that leaves the project, to {target}");
            found.push(Violation { path: file.path.clone(), rule: ScopeRule::OutsideProject, reason });
        }
        if file.hidden {
            let reason = "a rule that the run made hides it from git".to_owned();
            found.push(Violation { path: file.path.clone(), rule: ScopeRule::Unknown, reason });
        }
    }

    fn repo(&self, repo: &RepoChange, found: &mut Vec<Violation>) {
        let within = |path: &str| {
            if repo.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", repo.folder) }
        };
        if !repo.folder.is_empty() && !repo.refs.is_empty() {
            found.extend(self.judge(&repo.folder, true, "the repository in it moved: "));
        }
        for commit in &repo.commits {
            let short = commit.id.get(..10).unwrap_or(&commit.id);
            let why = format!("commit {short} touches it: ");
            found.extend(commit.paths.iter().filter_map(|path| self.judge(&within(path), true, &why)));
        }
        for path in &repo.staged {
            found.extend(self.judge(&within(path), true, "its index entry was changed: "));
        }
        let git_files = repo.git_files.iter().filter(|_| repo.change == ChangeKind::Modified);
        for file in git_files.filter(|file| !is_match(&self.git_files, &file.path)) {
            found.push(Violation {
                path: within(&format!(".git/{}", file.path)),
                rule: ScopeRule::GitFolder,
                reason: "it changes what git does, and nothing allows that".to_owned(),
            });
        }
        if repo.change != ChangeKind::Modified {
            let reason = format!("the repository was {}", verb(repo.change).trim_end_matches(": "));
            found.push(Violation { path: within(".git"), rule: ScopeRule::GitFolder, reason });
        }
    }

    /// Lines count in files of the project; one whose lines cannot be counted is over any limit.
    fn count(&self, changes: &Changes, found: &mut Vec<Violation>) {
        let Some(limit) = self.max_changed_lines else { return };
        let lines = changes.lines();
        if lines > limit {
            let reason = format!("{lines} lines were changed, and {limit} may be");
            found.push(Violation { path: String::new(), rule: ScopeRule::TooManyLines, reason });
        }
        let uncounted = changes.files.iter().filter(|file| !file.kept && !file.ignored && !file.artifact);
        found.extend(uncounted.map(|file| Violation {
            path: file.path.clone(),
            rule: ScopeRule::Unknown,
            reason: "its lines cannot be counted, and their number is limited".to_owned(),
        }));
    }

    fn judge(&self, path: &str, needs_leave: bool, what: &str) -> Option<Violation> {
        let violation =
            |rule, why: &str| Some(Violation { path: path.to_owned(), rule, reason: format!("{what}{why}") });
        if is_match(&self.deny, path) {
            return violation(ScopeRule::Denied, "it is denied");
        }
        match &self.allow {
            Some(allow) if needs_leave && !is_match(allow, path) => {
                violation(ScopeRule::NotAllowed, "nothing allows it")
            }
            _ => None,
        }
    }
}

fn verb(change: ChangeKind) -> &'static str {
    match change {
        ChangeKind::Added => "added: ",
        ChangeKind::Deleted => "deleted: ",
        ChangeKind::Modified => "modified: ",
        ChangeKind::Mode => "permissions changed: ",
        ChangeKind::Type => "became another kind of file: ",
    }
}

/// The last pattern that matches the path, or else a folder it is in, decides; as in git.
fn is_match(patterns: &Gitignore, path: &str) -> bool {
    !path.is_empty() && patterns.matched_path_or_any_parents(path, false).is_ignore()
}

fn patterns(lines: &[String], any_case: bool) -> Result<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    let failed = |pattern: &str, e: ignore::Error| RepoError::Pattern {
        pattern: pattern.to_owned(),
        reason: e.to_string(),
    };
    builder.case_insensitive(any_case).map_err(|e| failed("", e))?;
    for line in lines {
        let plain = line.strip_prefix("./").map_or(line.clone(), |rest| format!("/{rest}"));
        builder.add_line(None, &plain).map_err(|e| failed(line, e))?;
    }
    builder.build().map_err(|e| failed(&lines.join(", "), e))
}

/// A path without `.` and `..`; none if it is absolute or leaves the project.
fn inside(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    if path.starts_with('/') || path.get(1..2) == Some(":") {
        return None;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(allow: &[&str], deny: &[&str]) -> Scope {
        let list = |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect();
        Scope::new(&WriteScope { allow: list(allow), deny: list(deny), ..WriteScope::default() }).unwrap()
    }

    fn rule(scope: &Scope, path: &str) -> Option<ScopeRule> {
        scope.check_path(path).map(|violation| violation.rule)
    }

    #[test]
    fn patterns_mean_what_they_mean_in_gitignore() {
        let scope =
            scope(&["/src/", "*.md", "!/src/generated/"], &["secrets/", "/src/auth/**/*.rs", ".env*"]);
        for fine in ["src/a.rs", "src/deep/b.rs", "docs/x.md", "./src/a.rs", "src/x/../a.rs"] {
            assert_eq!(rule(&scope, fine), None, "{fine}");
        }
        for (path, expected) in [
            ("lib/src/a.rs", ScopeRule::NotAllowed),
            ("src/generated/a.rs", ScopeRule::NotAllowed),
            ("src/auth/x/login.rs", ScopeRule::Denied),
            ("src/secrets/key.md", ScopeRule::Denied),
            ("src/.ENV.local", ScopeRule::Denied),
            ("src/Secrets/key.md", ScopeRule::Denied),
            ("../other/src/a.rs", ScopeRule::OutsideProject),
            ("src/../../a.md", ScopeRule::OutsideProject),
            ("/etc/passwd.md", ScopeRule::OutsideProject),
            ("C:\\x.md", ScopeRule::OutsideProject),
            ("src\\..\\..\\x.md", ScopeRule::OutsideProject),
            ("", ScopeRule::OutsideProject),
            (".git/hooks/x.md", ScopeRule::GitFolder),
            ("src/.GIT/config", ScopeRule::GitFolder),
        ] {
            assert_eq!(rule(&scope, path), Some(expected), "{path}");
        }
    }

    #[test]
    fn case_counts_for_what_is_allowed() {
        assert_eq!(rule(&scope(&["/src/"], &[]), "SRC/a.rs"), Some(ScopeRule::NotAllowed));
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let bad = WriteScope { deny: vec!["[z-a]".into()], ..WriteScope::default() };
        assert!(Scope::new(&bad).unwrap_err().to_string().contains("'[z-a]'"));
    }

    #[test]
    fn an_empty_scope_allows_everything_but_git_folders() {
        let scope = scope(&[], &[]);
        assert_eq!((rule(&scope, "a"), rule(&scope, ".git/config")), (None, Some(ScopeRule::GitFolder)));
    }
}

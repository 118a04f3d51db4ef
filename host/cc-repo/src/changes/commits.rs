//! The commits that were not there before, and what each of them touches.

use std::collections::BTreeSet;

use cc_domain::CommitMade;

use crate::{Result, git::Git, path::RelPath, snapshot::manifest::RepoState};

const MAX_COMMITS: usize = 1_000;
const MAX_PATHS: usize = 10_000;

/// Newest first, and whether that is all.
pub(crate) fn made(git: &Git, from: &RepoState, to: &RepoState) -> Result<(Vec<CommitMade>, bool)> {
    let (known, now) = (objects(from), objects(to));
    let new: Vec<&str> = now.difference(&known).copied().collect();
    if new.is_empty() {
        return Ok((Vec::new(), true));
    }
    let most = format!("--max-count={}", MAX_COMMITS + 1);
    let listed = git.feed(&["rev-list", &most, "--ignore-missing", "--format=%s", "--stdin"], |to| {
        new.iter().try_for_each(|id| writeln!(to, "{id}"))?;
        known.iter().try_for_each(|id| writeln!(to, "^{id}"))
    })?;
    let mut commits = parse(&String::from_utf8_lossy(&listed));
    let is_all = commits.len() <= MAX_COMMITS;
    commits.truncate(MAX_COMMITS);
    let are_all = touch(git, &mut commits)?;
    Ok((commits, is_all && are_all))
}

fn objects(state: &RepoState) -> BTreeSet<&str> {
    state.refs.values().map(String::as_str).filter(|value| !value.starts_with("ref: ")).collect()
}

fn parse(listed: &str) -> Vec<CommitMade> {
    let mut lines = listed.lines();
    let mut commits = Vec::new();
    while let (Some(id), Some(subject)) = (lines.next(), lines.next()) {
        let id = id.trim_start_matches("commit ").to_owned();
        commits.push(CommitMade { id, subject: subject.to_owned(), paths: Vec::new() });
    }
    commits
}

/// Fills in the paths of each; a merge touches what differs from any parent. Says whether all fitted.
fn touch(git: &Git, commits: &mut [CommitMade]) -> Result<bool> {
    let args = ["diff-tree", "--stdin", "-r", "-z", "-m", "--root", "--raw", "--no-renames", "--no-ext-diff"];
    let ids: Vec<String> = commits.iter().map(|commit| commit.id.clone()).collect();
    let text = git.feed(&args, |to| ids.iter().try_for_each(|id| writeln!(to, "{id}")))?;
    let mut fields = text.split(|b| *b == 0).filter(|field| !field.is_empty());
    let (mut at, mut count) = (0, 0);
    while let Some(field) = fields.next() {
        if field.starts_with(b":") {
            let (Some(path), Some(commit)) = (fields.next(), commits.get_mut(at)) else { continue };
            count += 1;
            if count <= MAX_PATHS {
                commit.paths.push(RelPath::new(path).to_string());
            }
        } else {
            let id = String::from_utf8_lossy(field);
            at = ids.iter().position(|known| id.trim_start().starts_with(known.as_str())).unwrap_or(at);
        }
    }
    for commit in commits {
        commit.paths.sort_unstable();
        commit.paths.dedup();
    }
    Ok(count <= MAX_PATHS)
}

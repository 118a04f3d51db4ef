//! Claude Code asks before each edit: a PreToolUse hook that knows the run's write scope.
//!
//! The scope is in the hook's own command line, which Claude Code read before the worker's first step: no file that a
//! worker could change decides about it.

use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cc_domain::WriteScope;
use cc_repo::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::os;

/// Longest question, bytes: it holds the whole edit.
const MOST_QUESTION: u64 = 64 << 20;
/// Tools that change a file, as Claude Code's matcher wants them.
const TOOLS: &str = "Edit|MultiEdit|Write|NotebookEdit";
/// Seconds; it takes milliseconds.
const PATIENCE: u32 = 20;

/// What the hook knows.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    root: PathBuf,
    scope: WriteScope,
}

/// The `hooks` of a worker's settings. `program` is this program.
#[must_use]
pub fn scope_hook_settings(program: &Path, root: &Path, scope: &WriteScope) -> Value {
    let held = Held { root: root.to_owned(), scope: scope.clone() };
    let held = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&held).unwrap_or_default());
    let command = format!("{} scope-hook {held}", os::quoted(program));
    let hook = json!({ "type": "command", "command": command, "timeout": PATIENCE });
    json!({ "PreToolUse": [{ "matcher": TOOLS, "hooks": [hook] }] })
}

/// Claude Code's own rules for what a scope denies; it reads them for redirections of its shell as well. What a scope
/// allows cannot be said in them.
#[must_use]
pub fn scope_rules(root: &Path, scope: &WriteScope) -> Vec<String> {
    let root = root.to_string_lossy().replace('\\', "/");
    let rule = |pattern: &String| {
        let anchored = pattern.trim_end_matches('/').trim_start_matches("./");
        let middle = if anchored.contains('/') { "" } else { "**/" };
        let all = if pattern.ends_with('/') { "/**" } else { "" };
        // Two slashes: from the root of the file system, not from the settings file.
        format!("Edit(//{}/{middle}{}{all})", root.trim_start_matches('/'), anchored.trim_start_matches('/'))
    };
    scope.deny.iter().filter(|pattern| !pattern.starts_with('!')).map(rule).collect()
}

/// The hook's entry: a question on stdin, a refusal on stdout or nothing. One that it cannot read is refused.
pub fn scope_hook(args: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let held = args.into_iter().next().and_then(|held| decode(held.to_str()?));
    let mut question = Vec::new();
    let read = io::stdin().take(MOST_QUESTION).read_to_end(&mut question);
    let question = read.ok().and_then(|_| serde_json::from_slice::<Value>(&question).ok());
    let refusal = match (held, question) {
        (Some(held), Some(question)) => held.refusal(&question),
        _ => Some("the write scope of this run could not be read".to_owned()),
    };
    if let Some(reason) = refusal {
        let answer = json!({ "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": format!("Outside the write scope of this run: {reason}. Change only what the scope allows."),
        }});
        let _ = writeln!(io::stdout(), "{answer}");
    }
    ExitCode::SUCCESS
}

fn decode(text: &str) -> Option<Held> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

impl Held {
    /// Why the edit may not be made; none when it may.
    fn refusal(&self, question: &Value) -> Option<String> {
        let input = &question["tool_input"];
        let Some(path) = input["file_path"].as_str().or_else(|| input["notebook_path"].as_str()) else {
            return Some("the edit names no file".to_owned());
        };
        let cwd = question["cwd"].as_str().map_or_else(|| self.root.clone(), PathBuf::from);
        let scope = match Scope::new(&self.scope) {
            Ok(scope) => scope,
            Err(error) => return Some(error.to_string()),
        };
        let broken = scope.check_write(&self.root, &cwd, Path::new(path));
        broken.map(|broken| format!("{}: {}", broken.path, broken.reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(root: &Path) -> Held {
        let scope =
            WriteScope { allow: vec!["src/".into()], deny: vec!["*.key".into()], ..WriteScope::default() };
        Held { root: root.to_owned(), scope }
    }

    #[test]
    fn edits_are_judged_by_where_they_really_go() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("project");
        std::fs::create_dir_all(root.join("src/deep")).unwrap();
        std::fs::create_dir_all(root.join("docs")).unwrap();
        let held = held(&root);
        let judge = |path: &str| {
            held.refusal(&json!({ "cwd": root.join("src"), "tool_input": { "file_path": path } }))
        };
        let absolute = root.join("src/new.rs");
        for fine in ["lib.rs", "deep/a/b.rs", "../src/c.rs", absolute.to_str().unwrap()] {
            assert_eq!(judge(fine), None, "{fine}");
        }
        for bad in ["../docs/a.md", "x.KEY", "../../outside.rs", "/etc/hosts", "../.git/hooks/pre-commit", ""]
        {
            assert!(judge(bad).is_some(), "{bad}");
        }
        assert!(held.refusal(&json!({ "tool_input": {} })).is_some());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.join("docs"), root.join("src/link")).unwrap();
            assert!(judge("link/a.md").is_some(), "a link leads to the docs");
        }
    }

    #[test]
    fn what_is_denied_is_said_in_claude_codes_own_words_too() {
        let deny = ["/secret/", "*.key", "src/auth/**", "!x", "docs/"].map(str::to_owned).into();
        let scope = WriteScope { deny, ..WriteScope::default() };
        let rules = scope_rules(Path::new("/home/u/p"), &scope);
        let expected = [
            "Edit(//home/u/p/secret/**)",
            "Edit(//home/u/p/**/*.key)",
            "Edit(//home/u/p/src/auth/**)",
            "Edit(//home/u/p/**/docs/**)",
        ];
        assert_eq!(rules, expected);
    }

    #[test]
    fn the_scope_comes_through_a_command_line_whole() {
        let settings =
            scope_hook_settings(Path::new("/opt/my tools/cc"), Path::new("/p"), &held(Path::new("/p")).scope);
        let command = settings["PreToolUse"][0]["hooks"][0]["command"].as_str().unwrap();
        let (program, text) = command.split_once(" scope-hook ").unwrap();
        assert!(
            program.contains("/opt/my tools/cc") && program.len() > "/opt/my tools/cc".len(),
            "{program}"
        );
        assert_eq!(decode(text), Some(held(Path::new("/p"))));
    }
}

//! Git commands that throw away work or rewrite what others have.

use cc_policy_sdk::run_reviewer::Severity;

use crate::danger::{Danger, danger};

/// `args` is all that comes after `git`.
pub(crate) fn of(args: &[&str]) -> Option<Danger> {
    let [subcommand, rest @ ..] = without_global_options(args) else { return None };
    match *subcommand {
        "push" => push(rest),
        "reset" if rest.contains(&"--hard") => Some(danger("git reset --hard", Severity::High)),
        "clean" if has(rest, 'f', "--force") && !has(rest, 'n', "--dry-run") => {
            Some(danger("git clean -f", Severity::High))
        }
        "filter-branch" | "filter-repo" => Some(danger(format!("git {subcommand}"), Severity::High)),
        "checkout" if has(rest, 'f', "--force") || everything(rest) => {
            Some(danger("git checkout over local changes", Severity::Medium))
        }
        "restore" if everything(rest) && (!rest.contains(&"--staged") || has(rest, 'W', "--worktree")) => {
            Some(danger("git restore over local changes", Severity::Medium))
        }
        "branch" if has(rest, 'D', "") => Some(danger("git branch -D", Severity::Medium)),
        "stash" if matches!(rest.first(), Some(&("drop" | "clear"))) => {
            Some(danger(format!("git stash {}", rest[0]), Severity::Medium))
        }
        "reflog" if rest.first() == Some(&"expire") => Some(danger("git reflog expire", Severity::Medium)),
        _ => None,
    }
}

fn push(args: &[&str]) -> Option<Danger> {
    let forced = has(args, 'f', "--force")
        || args.contains(&"--mirror")
        || args.iter().any(|arg| arg.starts_with('+'));
    let leased = args.iter().any(|arg| arg.starts_with("--force-with-lease"));
    let deletes = has(args, 'd', "--delete") || args.iter().any(|arg| arg.starts_with(':'));
    match (forced, leased, deletes) {
        (true, ..) => Some(danger("git push --force", Severity::High)),
        (_, true, _) => Some(danger("git push --force-with-lease", Severity::Medium)),
        (_, _, true) => Some(danger("git push --delete", Severity::Medium)),
        _ => None,
    }
}

/// An option by its letter, alone or among others, or by its name.
fn has(args: &[&str], letter: char, name: &str) -> bool {
    args.iter()
        .any(|arg| *arg == name || (arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter)))
}

fn everything(args: &[&str]) -> bool {
    args.iter().any(|arg| matches!(*arg, "." | "./" | "*" | ":/"))
}

fn without_global_options<'a>(args: &'a [&'a str]) -> &'a [&'a str] {
    let mut rest = args;
    while let [option, after @ ..] = rest
        && option.starts_with('-')
    {
        let valued = matches!(*option, "-C" | "-c" | "--git-dir" | "--work-tree" | "--namespace");
        rest = if valued { after.get(1..).unwrap_or_default() } else { after };
    }
    rest
}

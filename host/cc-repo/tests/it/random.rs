//! Random trees, random work, and the way back from it.
//!
//! Forty cases; `CC_TEST_ROLLBACK_CASES=10000` for more.

use std::{fs, path::Path, process::Command};

use cc_domain::{ChangeKind, FileChange, Remark};
use cc_repo::RepoError;
use proptest::{prelude::*, sample::select, test_runner::RngSeed};

use crate::{
    picture::{Picture, picture},
    project::{TestProject, run},
};

#[derive(Clone, Debug)]
enum Op {
    Write(String, Vec<u8>),
    Remove(String),
    Folder(String),
    Link(String, &'static str),
    Mode(String, u32),
    Rename(String, String),
    Nest(&'static str),
    Git(&'static str, Vec<&'static str>),
    Stage(String),
    Hide(String),
    Hook(&'static str),
}

fn names() -> impl Strategy<Value = String> {
    let mut names = vec![
        "a",
        "b",
        "A",
        "dir",
        "sub",
        "é ü",
        "-x",
        ".env",
        "x.log",
        "target",
        ".gitignore",
        "n\"q\\",
        "git~1",
    ];
    if cfg!(unix) {
        names.extend(["line\nbreak", "tab\t", "nested"]);
    }
    select(names).prop_map(str::to_owned)
}

fn paths() -> impl Strategy<Value = String> {
    prop::collection::vec(names(), 1..4).prop_map(|names| names.join("/"))
}

fn contents() -> impl Strategy<Value = Vec<u8>> {
    let texts: Vec<&[u8]> = vec![
        b"",
        b"a\n",
        b"a\r\nb\r\n",
        b"mixed\r\nends\n\r",
        b"$Id$\n",
        b"\0\x01\x02",
        b"\xff\xfea\0",
        b"\xef\xbb\xbfx",
        b"*.tmp\nb\n/dir/\n",
        b"* text eol=crlf ident\n*.x filter=evil working-tree-encoding=UTF-16\n",
        b"no end",
    ];
    prop_oneof![
        3 => select(texts).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let git: Vec<(&'static str, Vec<&'static str>)> = vec![
        (".", vec!["add", "-A"]),
        (".", vec!["commit", "-q", "-a", "-m", "x"]),
        (".", vec!["commit", "-q", "--allow-empty", "-m", "y"]),
        (".", vec!["checkout", "-q", "-b", "feature"]),
        (".", vec!["checkout", "-q", "--detach"]),
        (".", vec!["reset", "-q", "--hard", "HEAD~1"]),
        (".", vec!["reset", "-q"]),
        (".", vec!["tag", "v1"]),
        (".", vec!["branch", "-D", "main"]),
        (".", vec!["stash", "-q"]),
        (".", vec!["config", "core.excludesFile", "b"]),
        (".", vec!["gc", "-q", "--prune=now"]),
        ("nested", vec!["add", "-A"]),
        ("nested", vec!["commit", "-q", "-a", "--allow-empty", "-m", "n"]),
    ];
    prop_oneof![
        8 => (paths(), contents()).prop_map(|(path, bytes)| Op::Write(path, bytes)),
        3 => paths().prop_map(Op::Remove),
        1 => paths().prop_map(Op::Folder),
        1 => (paths(), select(vec!["a", "../x", "dir", "/nowhere/at/all", ".."])).prop_map(|(p, t)| Op::Link(p, t)),
        1 => (paths(), select(vec![0o644, 0o755, 0o600, 0o444])).prop_map(|(path, mode)| Op::Mode(path, mode)),
        2 => (paths(), paths()).prop_map(|(from, to)| Op::Rename(from, to)),
        1 => select(vec!["nested", "dir/nested"]).prop_map(Op::Nest),
        4 => select(git).prop_map(|(folder, args)| Op::Git(folder, args)),
        2 => paths().prop_map(Op::Stage),
        1 => paths().prop_map(Op::Hide),
        1 => select(vec!["hooks/pre-commit", "info/exclude", "info/attributes"]).prop_map(Op::Hook),
    ]
}

/// What cannot be done is not.
fn act(project: &TestProject, op: &Op) {
    let at = |path: &str| project.path(path);
    match op {
        Op::Write(path, bytes) => {
            if let Some(folder) = at(path).parent() {
                let _ = fs::create_dir_all(folder);
            }
            let _ = fs::write(at(path), bytes);
        }
        Op::Remove(path) => {
            let _ = fs::remove_file(at(path)).or_else(|_| fs::remove_dir_all(at(path)));
        }
        Op::Folder(path) => drop(fs::create_dir_all(at(path))),
        Op::Link(path, target) => link(target, &at(path)),
        Op::Mode(path, mode) => set_mode(&at(path), *mode),
        Op::Rename(from, to) => drop(fs::rename(at(from), at(to))),
        Op::Nest(path) => {
            if fs::create_dir_all(at(path)).is_ok() {
                git(&at(path), &["init", "-q", "-b", "main"]);
            }
        }
        Op::Git(folder, args) if at(folder).join(".git").exists() => git(&at(folder), args),
        Op::Git(..) => {}
        Op::Stage(path) => git(&project.root(), &["add", "-f", "--", path]),
        Op::Hide(path) => git(&project.root(), &["update-index", "--assume-unchanged", "--", path]),
        Op::Hook(name) => drop(fs::write(at(".git").join(name), "*.hidden\na filter=evil\n")),
    }
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "gc.auto=0"];
    let _ = Command::new("git")
        .args(identity)
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
        .output();
}

#[cfg(unix)]
fn link(target: &str, at: &Path) {
    let _ = std::os::unix::fs::symlink(target, at);
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) {}

/// Of files only: what a mode on a folder forbids would stop the test itself.
#[cfg(unix)]
fn set_mode(at: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::symlink_metadata(at).is_ok_and(|meta| meta.is_file()) {
        let _ = fs::set_permissions(at, fs::Permissions::from_mode(mode));
    }
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// Only ignored files whose content nobody asked to keep, and repositories that were deleted, may stay.
fn may_stay(remark: &Remark) -> bool {
    let ignored = ["x.log", "target", "b", "dir", "tmp", ".env"];
    remark.what.ends_with(".git")
        || remark.why.contains("is gone")
        || remark.why.contains("only its size") && ignored.iter().any(|name| remark.what.contains(name))
        || remark.why.contains("stays where it is")
}

fn without(mut picture: Picture, left: &[Remark]) -> Picture {
    let is_left = |key: &str| {
        left.iter().any(|remark| {
            let plain = format!("{:?}", unquoted(&remark.what));
            let of_repo = remark.what.rsplit_once(" in ").or(remark.what.rsplit_once(" of "));
            let git =
                of_repo.map(|(_, repo)| if repo == "." { ".git".into() } else { format!("{repo}/.git") });
            key == plain || git.is_some_and(|git| key == format!("{git:?}"))
        })
    };
    picture.retain(|key, _| !is_left(key));
    picture
}

/// Where only permissions changed, nobody's content is at stake.
fn is_content(file: &FileChange) -> bool {
    file.kept && file.change != ChangeKind::Mode && !file.path.starts_with('"')
}

/// A path as the library shows it, as it is.
fn unquoted(shown: &str) -> String {
    let Some(inner) = shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return shown.to_owned();
    };
    let (mut bytes, mut rest) = (Vec::new(), inner.as_bytes());
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'\\', [escaped @ (b'"' | b'\\'), after @ ..]) => (*escaped, after),
            (b'\\', [a, b, c, after @ ..]) => ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), after),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).unwrap()
}

/// The same few each time, so that nobody's change fails for what another one did; as many new ones as are asked for.
fn config() -> ProptestConfig {
    let asked = std::env::var("CC_TEST_ROLLBACK_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(40),
        rng_seed: if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(20_261_125) },
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

fn project(is_repo: bool, hostile: bool, setup: &[Op]) -> TestProject {
    let project = if is_repo { TestProject::committed() } else { TestProject::plain() };
    project.write(".gitignore", "/target\n*.log\n.env\n");
    if hostile && is_repo {
        project.git(&["config", "core.autocrlf", "true"]);
        project.git(&["config", "filter.evil.clean", "touch ../ran; cat"]);
        project.write(".gitattributes", "* text=auto ident filter=evil\n");
    }
    setup.iter().for_each(|op| act(&project, op));
    let _ = fs::remove_file(project.dir.path().join("ran"));
    project
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn whatever_a_worker_does_goes_back(
        is_repo in prop::bool::weighted(0.9),
        hostile: bool,
        setup in prop::collection::vec(ops(), 0..12),
        work in prop::collection::vec(ops(), 0..12),
        others in prop::collection::vec((paths(), contents()), 0..3),
    ) {
        let project = project(is_repo, hostile, &setup);
        let was = picture(&project.root());
        let (before, after, changes) = project.run(|| work.iter().for_each(|op| act(&project, op)));

        // Somebody else writes files that the run has nothing to do with.
        for (path, bytes) in &others {
            act(&project, &Op::Write(format!("others/{path}"), bytes.clone()));
        }
        let both = picture(&project.root());
        let of_others = |picture: &Picture| -> Picture {
            picture.iter().filter(|(key, _)| key.starts_with("\"others")).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let mut expected = was;
        expected.extend(of_others(&both));

        let done = project.repo().rollback(&run(), &before, &after, true).unwrap();
        prop_assert!(done.left.iter().all(may_stay), "{:#?}", done.left);
        prop_assert_eq!(without(picture(&project.root()), &done.left), without(expected, &done.left));
        let undone = project.repo().undo_rollback(&run(), &before, &after, true).unwrap();
        let left = [done.left, undone.left].concat();
        prop_assert_eq!(without(picture(&project.root()), &left), without(both, &left));

        // Then on a file that the run changed.
        if let Some(file) = changes.files.iter().find(|file| is_content(file)) {
            act(&project, &Op::Remove(file.path.clone()));
            act(&project, &Op::Write(file.path.clone(), b"somebody else's".to_vec()));
            let is = picture(&project.root());
            if is.contains_key(&format!("{:?}", file.path)) {
                let refused = project.repo().rollback(&run(), &before, &after, true);
                prop_assert!(matches!(refused, Err(RepoError::Conflict { .. })), "{:?}", refused);
                prop_assert_eq!(picture(&project.root()), is);
            }
        }
    }
}

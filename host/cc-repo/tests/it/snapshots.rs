//! What a snapshot sees, and that it touches nothing.

use std::fs;

use cc_domain::ChangeKind;
use cc_repo::{Moment, Options, Repo, RepoError, changes};

use crate::project::{TestProject, file, git_in, other_run, paths, run};

#[test]
fn a_run_that_does_nothing_changed_nothing() {
    for project in [TestProject::plain(), TestProject::unborn(), TestProject::committed()] {
        project.write("dirty.txt", "the user's\r\n");
        let (.., changes) = project.run(|| {});
        assert!(changes.is_empty() && changes.incomplete.is_empty(), "{changes:#?}");
    }
}

#[test]
fn what_the_user_had_dirty_is_not_the_workers() {
    let project = TestProject::committed();
    project.write("README.md", "changed by the user\n");
    project.write("untracked.txt", "the user's");
    project.write("staged.txt", "the user's");
    project.git(&["add", "staged.txt"]);
    project.remove("src/main.rs");
    let (.., changes) = project.run(|| project.write("src/new.rs", "// the worker's\n"));
    assert_eq!(paths(&changes), ["src/new.rs"]);
    assert_eq!((changes.lines(), changes.repos.len()), (1, 0));
}

#[test]
fn each_kind_of_change_is_told() {
    let project = TestProject::committed();
    project.write("old name.txt", "a\nb\nc\nd\ne\nf\n");
    project.write("run.sh", "#!/bin/sh\n");
    project.write("image.png", [0, 1, 2]);
    let (.., changes) = project.run(|| {
        project.write("src/main.rs", "fn main() {}\nfn two() {}\n");
        project.remove("README.md");
        fs::rename(project.path("old name.txt"), project.path("new name.txt")).unwrap();
        project.write("image.png", [0, 1, 3, 4]);
        project.write("résumé.txt", "x");
        fs::create_dir(project.path("empty")).unwrap();
    });
    assert_eq!((file(&changes, "src/main.rs").added, file(&changes, "src/main.rs").deleted), (1, 0));
    assert_eq!(file(&changes, "README.md").change, ChangeKind::Deleted);
    assert_eq!(file(&changes, "new name.txt").renamed_from.as_deref(), Some("old name.txt"));
    assert!(file(&changes, "image.png").binary);
    assert_eq!(file(&changes, "image.png").size_after, Some(4));
    assert_eq!(file(&changes, "résumé.txt").change, ChangeKind::Added);
    assert_eq!((changes.folders.len(), changes.folders[0].path.as_str()), (1, "empty"));
}

#[test]
fn every_byte_is_kept_whatever_git_is_told_to_convert() {
    let project = TestProject::committed();
    project.git(&["config", "core.autocrlf", "true"]);
    project.git(&["config", "filter.evil.clean", "touch ../ran; cat"]);
    project.git(&["config", "filter.evil.process", "touch ../ran"]);
    project.git(&["config", "diff.evil.textconv", "touch ../ran; cat"]);
    project.git(&["config", "core.fsmonitor", "touch ../ran"]);
    project.write(
        ".gitattributes",
        "* text eol=crlf ident filter=evil diff=evil\n*.u16 working-tree-encoding=UTF-16\n",
    );
    project.write("a.txt", "one\ntwo\n$Id$\n");
    project.write("b.u16", [0xff, 0xfe, 0x61, 0x00]);
    let (before, after, changes) = project.run(|| {
        project.write("a.txt", "one\r\ntwo\n$Id: x$\n");
        project.write("c.txt", "\r\n\n\r");
    });
    assert_eq!(paths(&changes), ["a.txt", "c.txt"]);
    let show =
        |snapshot: &str, path: &str| project.git(&["cat-file", "-p", &format!("{snapshot}:tree/{path}")]);
    assert_eq!(show(before.id(), "a.txt"), "one\ntwo\n$Id$");
    assert_eq!(show(after.id(), "a.txt"), "one\r\ntwo\n$Id: x$");
    assert!(!project.dir.path().join("ran").exists());
}

#[test]
fn nothing_of_the_users_is_touched() {
    let project = TestProject::committed();
    for hook in ["post-index-change", "reference-transaction", "pre-commit", "post-commit"] {
        project.write(&format!(".git/hooks/{hook}"), "#!/bin/sh\ntouch ../ran\n");
        #[cfg(unix)]
        fs::set_permissions(
            project.path(&format!(".git/hooks/{hook}")),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
    }
    project.write("staged.txt", "x");
    project.git(&["-c", "core.hooksPath=/dev/null", "add", "staged.txt"]);
    let look = || {
        let index = fs::read(project.path(".git/index")).unwrap();
        let config = fs::read(project.path(".git/config")).unwrap();
        let refs = project.git(&["for-each-ref", "refs/heads", "refs/tags", "refs/stash"]);
        (index, config, refs, project.git(&["rev-parse", "HEAD"]))
    };
    let was = look();
    project.run(|| project.write("new.txt", "x"));
    assert_eq!(look(), was);
    assert!(!project.dir.path().join("ran").exists());
}

#[test]
fn flags_in_the_users_index_hide_nothing() {
    let project = TestProject::committed();
    let (.., changes) = project.run(|| {
        project.git(&["update-index", "--assume-unchanged", "README.md"]);
        project.git(&["update-index", "--skip-worktree", "src/main.rs"]);
        project.write("README.md", "other\n");
        project.write("src/main.rs", "fn main() { other() }\n");
    });
    assert_eq!(paths(&changes), ["README.md", "src/main.rs"]);
    assert_eq!(changes.repos[0].staged, ["README.md", "src/main.rs"]);
}

#[test]
fn ignored_files_are_watched_and_chosen_ones_kept() {
    let project = TestProject::committed();
    project.write("target/old.o", "x");
    let (.., changes) = project.run(|| {
        project.write(".env", "KEY=1\n");
        project.write("target/new.o", "x");
        project.write("debug.log", "x");
    });
    assert_eq!(paths(&changes), [".env", "debug.log", "target/new.o"]);
    assert!(changes.files.iter().all(|file| file.ignored && !file.hidden));
    assert!(file(&changes, ".env").kept && !file(&changes, "debug.log").kept);
    assert_eq!(file(&changes, ".env").added, 1);
}

#[test]
fn a_worker_cannot_hide_a_file_by_ignoring_it() {
    let project = TestProject::committed();
    project.write("src/old.rs", "// untracked, the user's\n");
    let (.., changes) = project.run(|| {
        project.write("src/.gitignore", "*\n");
        project.write("src/hidden.rs", "// x\n");
        project.write(".git/info/exclude", "README.md\nsecret.txt\n");
        project.write("secret.txt", "x\n");
    });
    assert_eq!(paths(&changes), ["secret.txt", "src/.gitignore", "src/hidden.rs"]);
    assert!(file(&changes, "src/hidden.rs").hidden && file(&changes, "src/hidden.rs").kept);
    assert_eq!(changes.repos[0].git_files[0].path, "info/exclude");
}

#[test]
fn what_is_no_longer_ignored_does_not_become_the_workers() {
    let project = TestProject::committed();
    project.write("target/the-users.o", "x");
    let (.., changes) = project.run(|| project.write(".gitignore", ""));
    assert_eq!(paths(&changes), [".gitignore"]);
}

#[test]
fn tracked_files_count_even_where_they_are_ignored() {
    let project = TestProject::committed();
    project.write("kept.log", "x\n");
    project.git(&["add", "-f", "kept.log"]);
    let (.., changes) = project.run(|| {
        project.write("kept.log", "y\n");
        project.git(&["rm", "-q", "--cached", "-f", "kept.log"]);
    });
    assert_eq!(paths(&changes), ["kept.log"]);
    assert!(file(&changes, "kept.log").kept);
}

#[test]
fn commits_refs_and_head_are_seen() {
    let project = TestProject::committed();
    project.write("dirty.txt", "the user's");
    let (.., changes) = project.run(|| {
        project.git(&["checkout", "-q", "-b", "feature"]);
        project.write("denied/x.rs", "x\n");
        project.git(&["add", "denied"]);
        project.git(&["commit", "-q", "-m", "sneaky"]);
        project.git(&["rm", "-q", "-r", "denied"]);
        project.git(&["commit", "-q", "-m", "clean"]);
    });
    assert!(changes.files.is_empty(), "{changes:#?}");
    let repo = &changes.repos[0];
    let names: Vec<_> = repo.refs.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["HEAD", "refs/heads/feature"]);
    let subjects: Vec<_> = repo.commits.iter().map(|c| c.subject.as_str()).collect();
    assert_eq!(subjects, ["clean", "sneaky"]);
    assert!(repo.commits.iter().all(|c| c.paths == ["denied/x.rs"]));
}

#[test]
fn a_subfolder_a_linked_worktree_and_a_submodule_are_projects_too() {
    let project = TestProject::committed();
    project.git(&["worktree", "add", "-q", "-b", "other", "../linked"]);
    let sub = project.dir.path().join("library");
    fs::create_dir(&sub).unwrap();
    git_in(&sub, &["init", "-q", "-b", "main"]);
    git_in(&sub, &["commit", "-q", "--allow-empty", "-m", "x"]);
    project.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "sub"]);
    project.commit("with a submodule");
    for root in [project.dir.path().join("linked"), project.path("sub")] {
        let state = tempfile::tempdir().unwrap();
        let repo = Repo::open(&root.canonicalize().unwrap(), state.path()).unwrap();
        let before = repo.before(&run()).unwrap();
        fs::write(root.join("new.txt"), "x\n").unwrap();
        git_in(&root, &["add", "new.txt"]);
        git_in(&root, &["commit", "-q", "-m", "mine"]);
        let after = repo.after(&run(), &before).unwrap();
        let changes = changes(&before, &after).unwrap();
        assert_eq!(paths(&changes), ["new.txt"]);
        assert_eq!(changes.repos[0].commits.len(), 1, "{changes:#?}");
    }
    let root = cc_repo::Project::at(&project.path("src")).unwrap().root;
    assert_eq!(root, project.root().canonicalize().unwrap());
}

#[test]
fn a_submodule_and_a_nested_repository_are_looked_into() {
    let project = TestProject::committed();
    let nested = project.path("vendor/nested");
    fs::create_dir_all(&nested).unwrap();
    git_in(&nested, &["init", "-q", "-b", "main"]);
    project.write("vendor/nested/a.txt", "a\n");
    git_in(&nested, &["add", "-A"]);
    git_in(&nested, &["commit", "-q", "-m", "a"]);
    let (.., changes) = project.run(|| {
        project.write("vendor/nested/a.txt", "b\n");
        git_in(&nested, &["commit", "-q", "-a", "-m", "b"]);
        project.write("fresh/x.txt", "x\n");
        git_in(&project.path("fresh"), &["init", "-q"]);
    });
    assert_eq!(paths(&changes), ["fresh/x.txt", "vendor/nested/a.txt"]);
    let folders: Vec<_> = changes.repos.iter().map(|r| (r.folder.as_str(), r.change)).collect();
    assert_eq!(folders, [("fresh", ChangeKind::Added), ("vendor/nested", ChangeKind::Modified)]);
    assert_eq!(changes.repos[1].commits[0].subject, "b");
}

#[test]
fn hooks_and_configuration_are_watched() {
    let project = TestProject::committed();
    let (.., changes) = project.run(|| {
        project.write(".git/hooks/pre-commit", "#!/bin/sh\n");
        project.git(&["config", "core.pager", "evil"]);
    });
    let seen: Vec<_> = changes.repos[0].git_files.iter().map(|f| (f.path.as_str(), f.change)).collect();
    assert_eq!(seen, [("config", ChangeKind::Modified), ("hooks/pre-commit", ChangeKind::Added)]);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_project_are_told_and_what_is_behind_them() {
    use std::os::unix::fs::symlink;
    let project = TestProject::committed();
    let outside = project.dir.path().join("outside.txt");
    fs::write(&outside, "a").unwrap();
    symlink(&outside, project.path("link")).unwrap();
    symlink("README.md", project.path("inside")).unwrap();
    let (.., changes) = project.run(|| {
        fs::write(project.path("link"), "b").unwrap();
        symlink("../outside.txt", project.path("new")).unwrap();
    });
    assert_eq!(paths(&changes), ["new"]);
    assert!(file(&changes, "new").leads_outside.is_some());
    assert_eq!(changes.outside[0].link, "link");
}

#[cfg(unix)]
#[test]
fn odd_names_modes_and_kinds_are_kept() {
    use std::os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _};
    let project = TestProject::committed();
    project.write("private", "x");
    let set = |path: &str, mode| fs::set_permissions(project.path(path), fs::Permissions::from_mode(mode));
    let odd = project.root().join(std::ffi::OsStr::from_bytes(b"\xff\n\"q\\"));
    let (.., changes) = project.run(|| {
        fs::write(&odd, "x\n").unwrap();
        set("private", 0o600).unwrap();
        set("src/main.rs", 0o755).unwrap();
        project.write(".GIT/x", "y\n");
        project.write("src/.git/hidden", "z\n");
    });
    assert_eq!(file(&changes, r#""\377\012\"q\\""#).added, 1);
    assert_eq!(file(&changes, "private").change, ChangeKind::Mode);
    assert_eq!(file(&changes, "src/main.rs").change, ChangeKind::Mode);
    assert_eq!(file(&changes, ".GIT/x").added, 1);
    assert_eq!(file(&changes, "src/.git/hidden").added, 1);
}

#[test]
fn large_files_are_watched() {
    let mut project = TestProject::committed();
    project.options.max_file_bytes = 100;
    project.write("big.bin", vec![1; 200]);
    project.write("other.bin", vec![1; 200]);
    let (.., changes) = project.run(|| project.write("big.bin", vec![2; 300]));
    assert_eq!(paths(&changes), ["big.bin"]);
    assert!(!file(&changes, "big.bin").kept && file(&changes, "big.bin").size_after == Some(300));
}

#[test]
fn our_own_records_are_no_part_and_agents_things_are_told_apart() {
    let project = TestProject::committed();
    let (.., changes) = project.run(|| {
        project.write(".agent-workspace/claude-code-orchestrator/runs/x/metadata.json", "{}");
        project.write(".agent-workspace/notes.md", "x");
    });
    assert_eq!(paths(&changes), [".agent-workspace/notes.md"]);
    assert!(file(&changes, ".agent-workspace/notes.md").artifact);
}

#[test]
fn a_snapshot_is_found_again_and_survives_housekeeping() {
    let project = TestProject::committed();
    project.git(&["tag", "-a", "-m", "t", "v1"]);
    project.write("untracked.txt", "x\n");
    project.write("staged.txt", "only in the index");
    project.git(&["add", "staged.txt"]);
    project.write("staged.txt", "other");
    let (before, after, seen) = project.run(|| project.write("new.txt", "y\n"));
    project.git(&["branch", "-f", "other"]);
    project.git(&["gc", "-q", "--prune=now"]);
    let repo = project.repo();
    let found = repo.find(&run(), Moment::Before).unwrap();
    assert_eq!(found.id(), before.id());
    assert_eq!(changes(&found, &repo.load(after.id()).unwrap()).unwrap(), seen);
    project.git(&["cat-file", "-e", &project.git(&["rev-parse", ":staged.txt"])]);
    repo.forget(&run()).unwrap();
    assert!(repo.find(&run(), Moment::Before).is_err());
    let (.., again) = project.run(|| project.write("newer.txt", "y\n"));
    assert_eq!(paths(&again), ["newer.txt"]);
}

#[test]
fn only_what_changed_is_read_and_that_reliably() {
    let project = TestProject::committed();
    let before = project.before();
    std::thread::sleep(std::time::Duration::from_millis(2_200));
    let settled = project.repo().now(&before).unwrap();
    assert!(changes(&before, &settled).unwrap().is_empty());
    project.write("README.md", "HELLO\n");
    let once = project.repo().now(&before).unwrap();
    project.write("README.md", "WORLD\n");
    let twice = project.repo().now(&before).unwrap();
    assert_eq!(paths(&changes(&settled, &once).unwrap()), ["README.md"]);
    assert_eq!(paths(&changes(&once, &twice).unwrap()), ["README.md"]);
}

#[test]
fn no_program_that_a_configuration_names_is_run() {
    let project = TestProject::committed();
    project.git(&["tag", "-a", "-m", "t", "v1"]);
    let evil = "touch ../ran; touch ran; false";
    for key in [
        "core.sshCommand",
        "core.gitProxy",
        "core.editor",
        "core.pager",
        "core.askPass",
        "core.fsmonitor",
        "core.alternateRefsCommand",
        "diff.external",
        "diff.x.command",
        "diff.x.textconv",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "gpg.program",
        "credential.helper",
        "merge.x.driver",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
        "remote.origin.vcs",
        "alias.ls-files",
        "alias.for-each-ref",
        "pager.for-each-ref",
        "pager.ls-files",
        "trace2.normalTarget",
    ] {
        project.git(&["config", key, evil]);
    }
    for (key, value) in [
        ("remote.origin.url", "ext::sh -c touch% ../ran"),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("core.worktree", "/"),
        ("core.hooksPath", "hooks"),
        ("core.attributesFile", "attributes"),
        ("submodule.recurse", "true"),
        ("log.showSignature", "true"),
        ("core.ignoreStat", "true"),
        ("core.fileMode", "false"),
        ("core.symlinks", "false"),
        ("core.quotePath", "false"),
        ("diff.orderFile", "order"),
        ("diff.renames", "copies"),
        ("diff.noPrefix", "true"),
        ("color.ui", "always"),
        ("index.version", "4"),
    ] {
        project.git(&["config", key, value]);
    }
    project.write(".gitattributes", "* filter=x diff=x merge=x\n");
    project.write(".git/info/attributes", "* filter=x diff=x\n");
    let (before, after, changes) = project.run(|| {
        project.write("README.md", "x\r\n");
        project.write("new.txt", "y\n");
    });
    assert_eq!(paths(&changes), ["README.md", "new.txt"]);
    assert!(
        cc_repo::diff(&before, &after, &cc_repo::DiffOptions::default()).unwrap().text.contains("+x\r\n")
    );
    project.repo().rollback(&run(), &before, &after, true).unwrap();
    assert_eq!(project.read("README.md"), "hello\n");
    let traces = ["ran", "project/ran", "project/.git/ran", "state/git/ran"];
    assert!(traces.iter().all(|trace| !project.dir.path().join(trace).exists()));
}

#[test]
fn a_shallow_clone_is_a_project_too() {
    let project = TestProject::committed();
    (0..3).for_each(|n| project.commit(&n.to_string()));
    let from = format!("file://{}", project.root().display());
    let shallow = project.dir.path().join("shallow");
    git_in(project.dir.path(), &["clone", "-q", "--depth=1", &from, "shallow"]);
    let repo = Repo::open(&shallow.canonicalize().unwrap(), &project.dir.path().join("state2")).unwrap();
    let before = repo.before(&run()).unwrap();
    git_in(&shallow, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    let after = repo.after(&run(), &before).unwrap();
    let changes = changes(&before, &after).unwrap();
    assert_eq!(changes.repos[0].commits.len(), 1, "{changes:#?}");
    assert!(changes.incomplete.is_empty(), "{:?}", changes.incomplete);
}

#[test]
fn many_snapshots_at_once_do_not_disturb_each_other() {
    let project = TestProject::committed();
    let before = project.before();
    project.write("README.md", "x\n");
    std::thread::scope(|scope| {
        let takers: Vec<_> = (0..6)
            .map(|n| (n, project.repo(), &before))
            .map(|(n, repo, before)| scope.spawn(move || repo.after(&other_run(n), before).unwrap()))
            .collect();
        for taker in takers {
            assert_eq!(paths(&changes(&before, &taker.join().unwrap()).unwrap()), ["README.md"]);
        }
    });
}

#[test]
fn what_a_run_wrote_can_be_read_byte_for_byte() {
    let project = TestProject::committed();
    let (_, after, changes) = project.run(|| {
        project.write(".env", "KEY=1\r\n");
        project.write("big.txt", "x".repeat(200));
        project.write("debug.log", "x");
        project.write("new\t.bin", [0, 255, 13]);
        project.remove("README.md");
    });
    let names: Vec<String> = changes.files.iter().map(|file| file.path.clone()).collect();
    let mut seen = Vec::new();
    let left =
        after.contents(&names, 100, |path, bytes| seen.push((path.to_owned(), bytes.to_vec()))).unwrap();
    assert_eq!(
        seen,
        [("\"new\\011.bin\"".to_owned(), vec![0, 255, 13]), (".env".to_owned(), b"KEY=1\r\n".to_vec())]
    );
    assert_eq!(left, ["README.md", "big.txt", "debug.log"]);
}

#[test]
fn what_is_too_large_is_refused_before_any_of_it_is_copied() {
    let project = TestProject::plain();
    for name in ["a.txt", "b.txt", "c.txt"] {
        project.write(name, [b'x'; 1024]);
    }
    let with = |options| {
        Repo::with(&project.root(), &project.dir.path().join("limited"), options).unwrap().before(&run())
    };
    let few = Options { max_files: 2, ..Options::default() };
    let little = Options { max_new_bytes: 2048, ..Options::default() };
    for options in [few, little] {
        let refused = with(options).unwrap_err();
        assert!(matches!(refused, RepoError::TooLarge { .. }), "{refused}");
    }
    assert!(with(Options { max_files: 3, max_new_bytes: 3 * 1024, ..Options::default() }).is_ok());
}

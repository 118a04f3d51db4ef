//! The way back, and the way forward again.

use std::fs;

use cc_domain::Rollback;
use cc_repo::{RepoError, Snapshot};

use crate::{
    picture::{Picture, picture},
    project::{TestProject, git_in, run},
};

impl TestProject {
    fn roll_back(&self, (before, after): (&Snapshot, &Snapshot)) -> Result<Rollback, RepoError> {
        self.repo().rollback(&run(), before, after, true)
    }

    fn go_forward(&self, (before, after): (&Snapshot, &Snapshot)) -> Result<Rollback, RepoError> {
        self.repo().undo_rollback(&run(), before, after, true)
    }

    fn picture(&self) -> Picture {
        picture(&self.root())
    }
}

/// There, back, and forward again, with all that is on the disk compared.
fn there_and_back(project: &TestProject, work: impl FnOnce()) -> Rollback {
    let was = project.picture();
    let (before, after, _) = project.run(work);
    let is = project.picture();
    let planned = project.repo().rollback(&run(), &before, &after, false).unwrap();
    assert_eq!(project.picture(), is, "a preview does nothing");
    let done = project.roll_back((&before, &after)).unwrap();
    assert_eq!(Rollback { done: true, ..planned }, done);
    assert_eq!(project.picture(), was);
    project.go_forward((&before, &after)).unwrap();
    assert_eq!(project.picture(), is);
    project.roll_back((&before, &after)).unwrap();
    assert_eq!(project.picture(), was);
    done
}

#[test]
fn edits_new_files_deletions_and_folders_go_back() {
    for project in [TestProject::plain(), TestProject::unborn(), TestProject::committed()] {
        project.write("a/crlf.txt", "one\r\ntwo\n\r");
        project.write("a/deep/gone.bin", [0, 255, 13, 10]);
        project.write("becomes-a-folder", "x");
        project.write("was-a-folder/x", "x");
        fs::create_dir_all(project.path("empty/one")).unwrap();
        let done = there_and_back(&project, || {
            project.write("a/crlf.txt", "one\ntwo\n");
            fs::remove_dir_all(project.path("a/deep")).unwrap();
            project.remove("becomes-a-folder");
            project.write("becomes-a-folder/x/y", "y");
            fs::remove_dir_all(project.path("was-a-folder")).unwrap();
            project.write("was-a-folder", "z");
            project.write("new/one/two.txt", "x");
            fs::remove_dir_all(project.path("empty")).unwrap();
            fs::create_dir_all(project.path("hollow/er")).unwrap();
        });
        assert!(done.left.is_empty(), "{done:#?}");
    }
}

#[test]
fn commits_branches_and_the_index_go_back() {
    let project = TestProject::committed();
    project.write("README.md", "staged by the user\n");
    project.git(&["add", "README.md"]);
    project.write("README.md", "and dirty\n");
    let done = there_and_back(&project, || {
        project.git(&["checkout", "-q", "-b", "feature"]);
        project.write("x.rs", "x\n");
        project.git(&["add", "x.rs"]);
        project.git(&["commit", "-q", "-m", "worker"]);
        project.git(&["tag", "v1"]);
    });
    assert_eq!((done.refs.len(), done.indexes.len()), (3, 1));
    assert_eq!(project.git(&["status", "--porcelain"]), "MM README.md");
}

#[test]
fn a_branch_that_moved_on_stays() {
    let project = TestProject::committed();
    let (before, after, _) = project.run(|| {
        project.write("x.rs", "x\n");
        project.commit("worker");
    });
    project.write("the-users.rs", "x\n");
    project.commit("the user");
    let head = project.git(&["rev-parse", "HEAD"]);
    let done = project.roll_back((&before, &after)).unwrap();
    assert_eq!((done.removed, done.left.len()), (vec!["x.rs".to_owned()], 2));
    assert_eq!(project.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(project.git(&["status", "--porcelain"]).trim(), "D x.rs");
}

#[test]
fn what_somebody_changed_since_is_named_and_nothing_is_done() {
    let project = TestProject::committed();
    let (before, after, _) = project.run(|| {
        project.write("README.md", "worker\n");
        project.write("src/new.rs", "worker\n");
        project.remove("src/main.rs");
    });
    project.write("README.md", "the user\n");
    project.write("src/main.rs", "late, in the background\n");
    project.write("untouched.txt", "the user's");
    let is = project.picture();
    let error = project.roll_back((&before, &after)).unwrap_err().to_string();
    assert!(error.contains("README.md (it was changed since)"), "{error}");
    assert!(error.contains("src/main.rs (it was created since)") && !error.contains("new.rs"), "{error}");
    assert_eq!(project.picture(), is);
    project.write("README.md", "worker\n");
    project.remove("src/main.rs");
    project.roll_back((&before, &after)).unwrap();
    assert_eq!(project.read("untouched.txt"), "the user's");
    assert_eq!(project.read("README.md"), "hello\n");
}

#[test]
fn chosen_ignored_files_go_back_and_other_new_ones_are_set_aside() {
    let project = TestProject::committed();
    project.write(".env", "KEY=1\n");
    project.write("old.log", "the user's");
    let done = there_and_back(&project, || {
        project.write(".env", "KEY=2\n");
        project.write("target/debug/x.o", "x");
    });
    assert_eq!(done.set_aside, ["target/debug/x.o"]);
    let (before, after, _) = project.run(|| project.write("old.log", "changed"));
    let done = project.roll_back((&before, &after)).unwrap();
    assert_eq!(done.left[0].what, "old.log");
    assert_eq!(project.read("old.log"), "changed");
}

#[test]
fn hooks_and_configuration_go_back() {
    let project = TestProject::committed();
    let config = project.read(".git/config");
    there_and_back(&project, || {
        project.write(".git/hooks/pre-commit", "#!/bin/sh\n");
        project.git(&["config", "core.pager", "evil"]);
        project.git(&["update-index", "--assume-unchanged", "README.md"]);
    });
    assert_eq!(project.read(".git/config"), config);
    assert!(!project.path(".git/hooks/pre-commit").exists());
}

#[test]
fn nested_repositories_go_back() {
    let project = TestProject::committed();
    let nested = project.path("vendor/nested");
    fs::create_dir_all(&nested).unwrap();
    git_in(&nested, &["init", "-q", "-b", "main"]);
    project.write("vendor/nested/a.txt", "a\n");
    git_in(&nested, &["add", "-A"]);
    git_in(&nested, &["commit", "-q", "-m", "a"]);
    let head = git_in(&nested, &["rev-parse", "HEAD"]);
    let done = there_and_back(&project, || {
        project.write("vendor/nested/a.txt", "b\n");
        git_in(&nested, &["commit", "-q", "-a", "-m", "b"]);
        project.write("fresh/x.txt", "x\n");
        git_in(&project.path("fresh"), &["init", "-q"]);
    });
    assert_eq!(git_in(&nested, &["rev-parse", "HEAD"]), head);
    assert_eq!(git_in(&nested, &["status", "--porcelain"]), "");
    assert_eq!(done.set_aside, ["fresh/.git"]);
}

#[test]
fn a_nested_repository_that_was_moved_loses_nothing() {
    let project = TestProject::committed();
    let nested = project.path("vendor/nested");
    fs::create_dir_all(&nested).unwrap();
    git_in(&nested, &["init", "-q", "-b", "main"]);
    git_in(&nested, &["commit", "-q", "--allow-empty", "-m", "a"]);
    project.write("vendor/nested/x.txt", "x");
    let done = there_and_back(&project, || {
        fs::rename(project.path("vendor"), project.path("line\nend")).unwrap();
    });
    assert_eq!((done.left.len(), done.brought_back), (0, vec!["vendor/nested/.git".to_owned()]));
    assert_eq!(git_in(&nested, &["log", "--format=%s"]), "a");
}

#[test]
fn a_repository_that_the_run_made_of_a_plain_folder_goes_and_comes() {
    let project = TestProject::plain();
    project.write("a.txt", "a");
    there_and_back(&project, || {
        project.git(&["init", "-q", "-b", "main"]);
        project.commit("worker");
    });
}

#[test]
fn a_stash_of_the_users_survives_what_a_worker_does_to_it() {
    let project = TestProject::committed();
    for text in ["one\n", "two\n"] {
        project.write("README.md", text);
        project.git(&["stash", "-q"]);
    }
    let stashes = project.git(&["stash", "list"]);
    let (before, after, _) = project.run(|| {
        project.git(&["stash", "clear"]);
        project.git(&["gc", "-q", "--prune=now"]);
    });
    project.roll_back((&before, &after)).unwrap();
    assert_eq!(project.git(&["stash", "list"]), stashes);
    assert_eq!(project.git(&["show", "stash@{1}:README.md"]), "one");
}

#[test]
fn git_at_work_is_waited_for_by_the_caller() {
    let project = TestProject::committed();
    let (before, after, _) = project.run(|| {
        project.write("x.rs", "x\n");
        project.commit("worker");
    });
    project.write(".git/index.lock", "");
    let error = project.roll_back((&before, &after)).unwrap_err().to_string();
    assert!(error.contains("index.lock") && project.path("x.rs").exists(), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn links_and_modes_go_back() {
        let project = TestProject::committed();
        project.write("run.sh", "x");
        project.write("private", "x");
        project.write("dir/x", "x");
        let set = |path: &str, mode| {
            fs::set_permissions(project.path(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        set("private", 0o600);
        symlink("README.md", project.path("link")).unwrap();
        there_and_back(&project, || {
            set("run.sh", 0o755);
            set("dir", 0o700);
            project.remove("private");
            project.remove("link");
            symlink("nowhere", project.path("link")).unwrap();
            symlink("link", project.path("new-link")).unwrap();
        });
    }

    /// Only somebody who is not root is kept out; for root this is a change of permissions like others.
    #[test]
    fn a_folder_that_nobody_may_enter_is_opened_again() {
        let project = TestProject::committed();
        project.write("src/deep/x.rs", "x\n");
        let was = project.picture();
        let set = |path: &str, mode| {
            fs::set_permissions(project.path(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        let (before, after, changes) = project.run(|| {
            project.write("README.md", "worker\n");
            set("src", 0o000);
        });
        assert!(!changes.is_empty());
        let planned = project.repo().rollback(&run(), &before, &after, false).unwrap();
        assert!(!planned.restored.is_empty());
        project.roll_back((&before, &after)).unwrap();
        assert_eq!(project.picture(), was);
    }

    #[test]
    fn names_that_are_no_text_go_back() {
        use std::os::unix::ffi::OsStrExt as _;
        let project = TestProject::committed();
        let at = |name: &[u8]| project.root().join(std::ffi::OsStr::from_bytes(name));
        fs::write(at(b"old \xff\n"), "x").unwrap();
        there_and_back(&project, || {
            fs::write(at(b"old \xff\n"), "y").unwrap();
            fs::create_dir(at(b"\xfe")).unwrap();
            fs::write(at(b"\xfe/\"\\\t"), "z").unwrap();
        });
    }

    #[test]
    fn a_folder_that_became_a_link_is_never_followed() {
        let project = TestProject::committed();
        let outside = project.dir.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("main.rs"), "theirs").unwrap();
        let to_outside = || {
            fs::remove_dir_all(project.path("src")).unwrap();
            symlink(&outside, project.path("src")).unwrap();
        };
        there_and_back(&project, to_outside);
        assert_eq!(fs::read_to_string(outside.join("main.rs")).unwrap(), "theirs");

        let (before, after, _) = project.run(|| project.write("src/main.rs", "worker\n"));
        to_outside();
        assert!(project.roll_back((&before, &after)).is_err());
        let (before, after, _) = project.run(|| {});
        project.roll_back((&before, &after)).unwrap();
        assert_eq!(fs::read_to_string(outside.join("main.rs")).unwrap(), "theirs");
    }
}

#[test]
fn a_rollback_that_stopped_half_way_is_taken_up_again() {
    let project = TestProject::committed();
    let was = project.picture();
    let (before, after, _) = project.run(|| {
        project.write("README.md", "worker\n");
        project.write("src/main.rs", "worker\n");
        project.write("new.rs", "worker\n");
        project.commit("worker");
    });
    project.write("README.md", "hello\n");
    project.remove("new.rs");
    let done = project.roll_back((&before, &after)).unwrap();
    assert_eq!((done.restored, done.removed.len()), (vec!["src/main.rs".to_owned()], 0));
    assert_eq!(project.picture(), was);
    project.repo().forget(&run()).unwrap();
    assert!(matches!(project.go_forward((&before, &after)), Err(RepoError::NoSnapshot { .. })));
}

#[test]
fn the_first_commit_goes_back() {
    let project = TestProject::unborn();
    project.write("a.txt", "a\n");
    there_and_back(&project, || project.commit("worker"));
    assert_eq!(project.git(&["status", "--porcelain"]), "?? a.txt");
}

#[test]
fn a_conflict_that_a_worker_left_goes_back() {
    let project = TestProject::committed();
    project.git(&["checkout", "-q", "-b", "other"]);
    project.write("README.md", "other\n");
    project.commit("other");
    project.git(&["checkout", "-q", "main"]);
    project.write("README.md", "main\n");
    project.commit("main");
    there_and_back(&project, || {
        let mut merge = std::process::Command::new("git");
        merge.args(["merge", "-q", "other"]).current_dir(project.root());
        assert!(!merge.output().unwrap().status.success());
    });
    assert_eq!(project.git(&["status"]).lines().count(), 2, "nothing is being merged");
}

#[test]
fn a_linked_worktree_goes_back_and_the_main_one_does_not_notice() {
    let project = TestProject::committed();
    project.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    let linked = project.dir.path().join("linked");
    let (was, main) = (picture(&linked), project.git(&["status", "--porcelain", "--branch"]));
    let repo = project.repo_at(&linked);
    let before = repo.before(&run()).unwrap();
    std::fs::write(linked.join("README.md"), "x\n").unwrap();
    git_in(&linked, &["commit", "-q", "-a", "-m", "worker"]);
    std::fs::write(linked.join("staged.txt"), "x\n").unwrap();
    git_in(&linked, &["add", "staged.txt"]);
    let after = repo.after(&run(), &before).unwrap();
    repo.rollback(&run(), &before, &after, true).unwrap();
    assert_eq!(picture(&linked), was);
    assert_eq!(git_in(&linked, &["status", "--porcelain"]), "");
    assert_eq!(project.git(&["status", "--porcelain", "--branch"]), main);
}

#[test]
fn submodules_go_back() {
    let project = TestProject::committed();
    let library = project.dir.path().join("library");
    fs::create_dir(&library).unwrap();
    git_in(&library, &["init", "-q", "-b", "main"]);
    fs::write(library.join("a.txt"), "a\n").unwrap();
    git_in(&library, &["add", "-A"]);
    git_in(&library, &["commit", "-q", "-m", "one"]);
    let add = |to: &str| {
        project.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", to])
    };
    add("lib");
    project.commit("with a submodule");
    let done = there_and_back(&project, || {
        project.write("lib/a.txt", "b\n");
        git_in(&project.path("lib"), &["commit", "-q", "-a", "-m", "two"]);
        project.git(&["add", "lib"]);
        add("second");
    });
    assert!(done.left.is_empty(), "{done:#?}");
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    let done = there_and_back(&project, || fs::remove_dir_all(project.path("lib")).unwrap());
    assert!(done.left.is_empty(), "{done:#?}");
    assert_eq!(project.git(&["submodule", "status"]).split(' ').nth(2), Some("lib"));

    let copy = project.dir.path().join("copy");
    project.repo().isolate(&project.before(), &copy, &project.dir.path().join("copy-state")).unwrap();
    assert_eq!(fs::read_to_string(copy.join("lib/a.txt")).unwrap(), "a\n");
    git_in(&copy, &["status", "--porcelain"]);
}

#[test]
fn what_the_system_refuses_in_the_middle_can_be_gone_on_with_and_undone() {
    let project = TestProject::committed();
    let was = project.picture();
    let (before, after, _) = project.run(|| {
        project.write("README.md", "worker\n");
        project.write("a-new-file.rs", "worker\n");
        project.commit("worker");
        project.write("target/x.o", "x");
        project.write("zzz.rs", "worker\n");
    });
    let is = project.picture();
    let in_the_way = ".agent-workspace/claude-code-orchestrator/aside";
    project.write(in_the_way, "");
    let error = project.roll_back((&before, &after)).unwrap_err();
    assert!(matches!(error, RepoError::HalfWay { .. }), "{error}");
    assert!(!project.path("zzz.rs").exists() && !project.path(".git/index.lock").exists());
    assert!(project.roll_back((&before, &after)).is_err());
    project.go_forward((&before, &after)).unwrap();
    assert_eq!(project.picture(), is);
    assert!(project.roll_back((&before, &after)).is_err());
    project.remove(in_the_way);
    project.roll_back((&before, &after)).unwrap();
    assert_eq!(project.picture(), was);
    project.go_forward((&before, &after)).unwrap();
    assert_eq!(project.picture(), is);
}

#[test]
fn a_folder_that_somebody_put_something_into_does_not_give_way() {
    let project = TestProject::committed();
    project.write("thing", "a file\n");
    let (before, after, _) = project.run(|| {
        project.remove("thing");
        project.write("thing/x", "worker\n");
        fs::create_dir_all(project.path("thing/empty")).unwrap();
    });
    for theirs in ["thing/theirs", "thing/deep/theirs"] {
        fs::create_dir_all(project.path(theirs)).unwrap();
        let error = project.roll_back((&before, &after)).unwrap_err().to_string();
        assert!(error.contains(theirs) && project.path("thing/x").exists(), "{error}");
        fs::remove_dir(project.path(theirs)).unwrap();
    }
    let _ = fs::remove_dir(project.path("thing/deep"));
    project.roll_back((&before, &after)).unwrap();
    assert_eq!(project.read("thing"), "a file\n");
}

#[test]
fn a_repository_whose_folder_became_a_file_goes_back_and_forth() {
    for project in [TestProject::plain(), TestProject::committed()] {
        let nested = project.path("dir/nested");
        fs::create_dir_all(&nested).unwrap();
        git_in(&nested, &["init", "-q", "-b", "main"]);
        let (before, after, _) = project.run(|| {
            fs::remove_dir_all(project.path("dir")).unwrap();
            project.write("dir", "");
        });
        project.repo().rollback(&run(), &before, &after, true).unwrap();
        assert!(project.path("dir/nested").is_dir());
        project.repo().undo_rollback(&run(), &before, &after, true).unwrap();
        assert_eq!(project.read("dir"), "");
    }
}

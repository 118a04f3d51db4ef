//! Ways round a scope that somebody thought of, each of them seen.

use std::fs;

use cc_domain::{Changes, ScopeRule, ScopeVerdict, WriteScope};
use cc_repo::{Scope, changes};

use crate::project::{TestProject, git_in, run};

/// Work in `src`, nowhere near secrets, fifty lines.
fn check(changes: &Changes) -> ScopeVerdict {
    let scope = WriteScope {
        allow: vec!["/src/".into()],
        deny: vec![".env*".into(), "/src/denied/".into(), "secrets/".into()],
        max_changed_lines: Some(50),
        ..WriteScope::default()
    };
    Scope::new(&scope).unwrap().check(changes)
}

/// The one rule that this work breaks, and on what.
#[track_caller]
fn breach(project: &TestProject, work: impl FnOnce()) -> Vec<(String, ScopeRule)> {
    let (.., changes) = project.run(work);
    let verdict = check(&changes);
    assert!(!verdict.holds(), "{changes:#?}");
    let mut found: Vec<_> = verdict.violations.into_iter().map(|v| (v.path, v.rule)).collect();
    found.dedup();
    found
}

fn one(path: &str, rule: ScopeRule) -> Vec<(String, ScopeRule)> {
    vec![(path.to_owned(), rule)]
}

#[test]
fn honest_work_in_a_dirty_tree_holds() {
    let project = TestProject::committed();
    project.write("secrets/the-users.txt", "x\n".repeat(500));
    project.write("README.md", "dirty\n");
    project.write(".env", "THE=USERS\n");
    let (.., changes) = project.run(|| {
        project.write("src/new.rs", "fn new() {}\n");
        project.write("target/debug/new.o", [0; 100]);
        project.write("README.md", "dirty\n");
        project.commit_only("src/new.rs");
    });
    let verdict = check(&changes);
    assert!(verdict.holds() && verdict.changed_lines == 1, "{verdict:#?}");
}

impl TestProject {
    fn commit_only(&self, path: &str) {
        self.git(&["add", path]);
        self.git(&["commit", "-q", "-m", "x", "--", path]);
    }
}

#[test]
fn committing_to_a_denied_path_and_taking_it_back() {
    let project = TestProject::committed();
    let found = breach(&project, || {
        project.write("src/denied/x.rs", "x\n");
        project.commit_only("src/denied/x.rs");
        project.git(&["rm", "-q", "src/denied/x.rs"]);
        project.git(&["commit", "-q", "-m", "back"]);
    });
    assert_eq!(found, one("src/denied/x.rs", ScopeRule::Denied));
}

#[test]
fn an_ignored_secret_in_another_case() {
    let project = TestProject::committed();
    assert_eq!(breach(&project, || project.write(".env", "A=1\n")), one(".env", ScopeRule::Denied));
    assert_eq!(breach(&project, || project.write("src/.ENV", "A=1\n")), one("src/.ENV", ScopeRule::Denied));
    let found = breach(&project, || project.write("src/Denied/x.rs", "x\n"));
    assert_eq!(found, one("src/Denied/x.rs", ScopeRule::Denied));
}

#[test]
fn a_file_hidden_by_a_rule_of_the_workers() {
    let project = TestProject::committed();
    let found = breach(&project, || {
        project.write("src/.gitignore", "*\n");
        project.write("src/x.rs", "x\n");
        project.write(".git/info/exclude", "/other\n");
        project.write("other", "x\n");
    });
    assert!(found.contains(&("src/x.rs".into(), ScopeRule::Unknown)), "{found:?}");
    assert!(found.contains(&("other".into(), ScopeRule::NotAllowed)), "{found:?}");
    assert!(found.contains(&(".git/info/exclude".into(), ScopeRule::GitFolder)), "{found:?}");
}

#[cfg(unix)]
#[test]
fn a_link_out_and_a_write_through_one() {
    use std::os::unix::fs::symlink;
    let project = TestProject::committed();
    let outside = project.dir.path().join("outside.txt");
    fs::write(&outside, "a").unwrap();
    let found = breach(&project, || symlink("../../outside.txt", project.path("src/link")).unwrap());
    assert_eq!(found, one("src/link", ScopeRule::OutsideProject));
    let found = breach(&project, || fs::write(project.path("src/link"), "b").unwrap());
    assert_eq!(found, one("src/link", ScopeRule::OutsideProject));
    let into_git = breach(&project, || {
        symlink("../.git/hooks", project.path("src/hooks")).unwrap();
        fs::write(project.path("src/hooks/pre-commit"), "#!/bin/sh\n").unwrap();
    });
    assert_eq!(into_git, one(".git/hooks/pre-commit", ScopeRule::GitFolder));
}

#[test]
fn moving_a_file_into_the_scope() {
    let project = TestProject::committed();
    let found = breach(&project, || {
        fs::rename(project.path("README.md"), project.path("src/README.md")).unwrap();
    });
    assert_eq!(found, one("README.md", ScopeRule::NotAllowed));
}

#[test]
fn a_new_file_of_five_thousand_lines() {
    let project = TestProject::committed();
    let found = breach(&project, || project.write("src/big.rs", "x\n".repeat(5_000)));
    assert_eq!(found, one("", ScopeRule::TooManyLines));
}

#[test]
fn a_file_too_large_to_count() {
    let mut project = TestProject::committed();
    project.options.max_file_bytes = 1_000;
    let found = breach(&project, || project.write("src/big.rs", "x\n".repeat(5_000)));
    assert_eq!(found, one("src/big.rs", ScopeRule::Unknown));
}

#[test]
fn moving_a_submodule() {
    let project = TestProject::committed();
    let library = project.dir.path().join("library");
    fs::create_dir(&library).unwrap();
    git_in(&library, &["init", "-q", "-b", "main"]);
    git_in(&library, &["commit", "-q", "--allow-empty", "-m", "one"]);
    project.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "lib"]);
    project.commit("with a submodule");
    let found = breach(&project, || {
        git_in(&project.path("lib"), &["commit", "-q", "--allow-empty", "-m", "two"]);
    });
    assert_eq!(found, one("lib", ScopeRule::NotAllowed));
    let staged = breach(&project, || drop(project.git(&["add", "lib"])));
    assert_eq!(staged, one("lib", ScopeRule::NotAllowed));
}

#[test]
fn telling_git_to_look_away() {
    let project = TestProject::committed();
    let found = breach(&project, || {
        project.git(&["update-index", "--assume-unchanged", "README.md"]);
        project.write("README.md", "x\n");
    });
    assert_eq!(found, one("README.md", ScopeRule::NotAllowed));
}

#[test]
fn hooks_and_configuration() {
    let project = TestProject::committed();
    let found = breach(&project, || project.write(".git/hooks/post-commit", "#!/bin/sh\n"));
    assert_eq!(found, one(".git/hooks/post-commit", ScopeRule::GitFolder));
    let found = breach(&project, || drop(project.git(&["config", "core.hooksPath", "src/hooks"])));
    assert_eq!(found, one(".git/config", ScopeRule::GitFolder));
    let allowed = WriteScope { allow_git_files: vec!["/config".into()], ..WriteScope::default() };
    let (.., changes) = project.run(|| drop(project.git(&["config", "user.name", "x"])));
    assert!(Scope::new(&allowed).unwrap().check(&changes).holds());
}

#[test]
fn a_subfolder_as_working_folder_hides_nothing() {
    let project = TestProject::committed();
    let root = cc_repo::Project::at(&project.path("src")).unwrap().root;
    let repo = project.repo_at(&root);
    let before = repo.before(&run()).unwrap();
    project.write("README.md", "x\n");
    let after = repo.after(&run(), &before).unwrap();
    let verdict = check(&changes(&before, &after).unwrap());
    assert_eq!(verdict.violations[0].path, "README.md");
}

#[test]
fn what_a_process_of_the_workers_writes_after_its_end() {
    let project = TestProject::committed();
    let (_, after, _) = project.run(|| project.write("src/x.rs", "x\n"));
    project.write("README.md", "late\n");
    let late = changes(&after, &project.repo().now(&after).unwrap()).unwrap();
    assert_eq!(check(&late).violations[0].path, "README.md");
}

#[test]
fn what_is_written_late_under_a_rule_that_the_worker_left() {
    let project = TestProject::committed();
    let (_, after, _) = project.run(|| project.write("src/.gitignore", "*\n"));
    project.write("src/late.rs", "late\n");
    let late = changes(&after, &project.repo().now(&after).unwrap()).unwrap();
    let found = &check(&late).violations;
    assert_eq!((found[0].path.as_str(), found[0].rule), ("src/late.rs", ScopeRule::Unknown));
}

#[test]
fn breaking_the_repository() {
    let breaks: [(&str, &str); 4] = [
        (".git/config", "[broken"),
        (".git/HEAD", "x"),
        (".git/index", "x"),
        (".git/refs/heads/main", "x\n"),
    ];
    for (path, text) in breaks {
        let project = TestProject::committed();
        let kept = project.read_bytes(path);
        let (before, after, changes) = project.run(|| {
            project.write("src/main.rs", "fn evil() {}\n");
            project.write(path, text);
        });
        let verdict = check(&changes);
        assert!(!verdict.holds(), "{path}: {changes:#?}");
        let again = project.repo();
        let (before, after) = (again.load(before.id()).unwrap(), again.load(after.id()).unwrap());
        again.rollback(&run(), &before, &after, true).unwrap();
        assert_eq!(project.read("src/main.rs"), "fn main() {}\n", "{path}");
        project.write(path, kept);
        assert_eq!(project.git(&["status", "--porcelain"]), "", "{path}");
    }
}

#[test]
fn a_repository_made_in_the_scope() {
    let project = TestProject::committed();
    let found = breach(&project, || {
        fs::create_dir(project.path("src/own")).unwrap();
        git_in(&project.path("src/own"), &["init", "-q"]);
        project.write("src/own/x.rs", "x\n");
    });
    assert_eq!(found, one("src/own/.git", ScopeRule::GitFolder));
}

#[test]
fn dependencies_and_build_output_need_nobodys_leave() {
    let project = TestProject::committed();
    let (.., changes) = project.run(|| {
        project.write("target/debug/x.o", "x");
        project.write("target/package/tests/server.key", "x");
    });
    assert!(check(&changes).holds(), "{changes:#?}");
    let found = breach(&project, || project.write("target/.env", "x"));
    assert_eq!(found, one("target/.env", ScopeRule::Denied));
}

#[test]
fn so_many_ignored_files_that_nobody_looks() {
    let mut project = TestProject::committed();
    project.options.max_ignored_files = 20;
    let many = |from: u32| (from..from + 30).for_each(|n| project.write(&format!("target/{n}.o"), "x"));
    let found = breach(&project, || many(0));
    assert_eq!(found, one("", ScopeRule::Unknown));
    let (.., changes) = project.run(|| many(30));
    assert!(check(&changes).holds() && !changes.incomplete.is_empty(), "{changes:#?}");
}

//! A project to try things on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cc_domain::{Changes, FileChange, RunId};
use cc_repo::{Options, Repo, Snapshot, changes};

pub(crate) fn run() -> RunId {
    other_run(0)
}

pub(crate) fn other_run(n: u32) -> RunId {
    format!("20261123T061500Z-{n:08x}").parse().unwrap()
}

pub(crate) struct TestProject {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) options: Options,
}

impl TestProject {
    /// A folder that is no repository.
    pub(crate) fn plain() -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap(), options: Options::default() };
        fs::create_dir(project.root()).unwrap();
        project
    }

    /// A repository without a commit.
    pub(crate) fn unborn() -> Self {
        let project = Self::plain();
        project.git(&["init", "-q", "-b", "main"]);
        project
    }

    /// A repository with one commit of a few files.
    pub(crate) fn committed() -> Self {
        let project = Self::unborn();
        project.write("src/main.rs", "fn main() {}\n");
        project.write("README.md", "hello\n");
        project.write(".gitignore", "/target\n.env\n*.log\n");
        project.commit("first");
        project
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn read_bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap()
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git_in(&self.root(), args)
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    pub(crate) fn repo(&self) -> Repo {
        self.repo_at(&self.root())
    }

    pub(crate) fn repo_at(&self, root: &Path) -> Repo {
        let root = root.canonicalize().unwrap();
        Repo::with(&root, &self.dir.path().join("state"), self.options.clone()).unwrap()
    }

    pub(crate) fn before(&self) -> Snapshot {
        self.repo().before(&run()).unwrap()
    }

    /// What a worker that does this changes.
    pub(crate) fn run(&self, work: impl FnOnce()) -> (Snapshot, Snapshot, Changes) {
        let before = self.before();
        work();
        let after = self.repo().after(&run(), &before).unwrap();
        let changes = changes(&before, &after).unwrap();
        (before, after, changes)
    }
}

pub(crate) fn git_in(folder: &Path, args: &[&str]) -> String {
    let said = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "n"), ("GIT_AUTHOR_EMAIL", "e"), ("GIT_COMMITTER_NAME", "n")])
        .env("GIT_COMMITTER_EMAIL", "e")
        .env("GIT_ALLOW_PROTOCOL", "file")
        .output()
        .unwrap();
    assert!(said.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).trim_end().to_owned()
}

pub(crate) fn paths(changes: &Changes) -> Vec<&str> {
    changes.files.iter().map(|file| file.path.as_str()).collect()
}

pub(crate) fn file<'a>(changes: &'a Changes, path: &str) -> &'a FileChange {
    changes.files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} in {changes:#?}"))
}

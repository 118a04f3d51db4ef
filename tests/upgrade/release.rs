//! Releases of this repository, built.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use cc_orchestrator_tests::repository;
use serde::Deserialize;

#[derive(Deserialize)]
struct Releases {
    release: Vec<Release>,
}

/// One release.
#[derive(Deserialize)]
pub(crate) struct Release {
    pub(crate) version: String,
    pub(crate) commit: String,
}

/// All of them, oldest first.
pub(crate) fn all() -> Vec<Release> {
    let releases: Releases = toml::from_str(include_str!("releases.toml")).expect("releases.toml");
    releases.release
}

impl Release {
    /// Its program; none where this clone has no such commit.
    pub(crate) fn build(&self, folder: &Path) -> Option<PathBuf> {
        let binary = folder.join(format!("{}{}", self.commit, env::consts::EXE_SUFFIX));
        if binary.is_file() {
            return Some(binary);
        }
        let there = format!("{}^{{commit}}", self.commit);
        if !git(&["cat-file", "-e", &there]).status().expect("git starts").success() {
            return None;
        }
        let tree = folder.join(format!("{}-source", self.commit));
        let _ = fs::remove_dir_all(&tree);
        fs::create_dir_all(folder).expect("a folder");
        let text = tree.to_str().expect("a path");
        run(git(&["clone", "--quiet", "--shared", "--no-checkout", ".", text]));
        run(git(&["-C", text, "checkout", "--quiet", "--detach", &self.commit]));
        let mut cargo = Command::new("cargo");
        // With the features of the whole workspace, so that what is compiled already serves.
        cargo.args(["build", "--workspace", "--locked", "--bin", "cc-orchestrator"]).current_dir(&tree);
        // Beside this very program: its dependencies are compiled there already.
        let target = target_folder();
        cargo.env("CARGO_TARGET_DIR", &target);
        run(cargo);
        let built = target.join(format!("debug/cc-orchestrator{}", env::consts::EXE_SUFFIX));
        fs::copy(built, &binary).expect("the built program");
        fs::remove_dir_all(&tree).expect("the source is gone");
        Some(binary)
    }
}

fn target_folder() -> PathBuf {
    let me = env::current_exe().expect("this program has a file");
    me.parent().and_then(Path::parent).expect("target/debug").to_owned()
}

fn git(arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(repository());
    git
}

fn run(mut command: Command) {
    let status = command.status().expect("the program starts");
    assert!(status.success(), "{command:?}: {status}");
}

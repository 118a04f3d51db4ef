//! The programs under test.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// Names a ready binary to test instead of building one, such as a release build.
const READY: &str = "CC_ORCHESTRATOR_TEST_BIN";

/// The repository's root.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests have a folder in the repository")
}

/// The product's binary, built once a process if it is not up to date.
///
/// # Panics
/// When it does not build.
#[must_use]
pub fn product() -> &'static Path {
    static PRODUCT: OnceLock<PathBuf> = OnceLock::new();
    PRODUCT.get_or_init(|| match env::var_os(READY) {
        Some(path) => std::path::absolute(path).expect("a path"),
        None => build("cc-orchestrator"),
    })
}

/// The scripted stand-in for Claude Code.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn fake_worker() -> &'static Path {
    static FAKE: OnceLock<PathBuf> = OnceLock::new();
    FAKE.get_or_init(|| {
        // Cargo builds a package's programs with its tests, one folder above them.
        let name = format!("fake_claude{}", env::consts::EXE_SUFFIX);
        let beside = profile_folder().join(name);
        assert!(beside.is_file(), "{} is missing: build the tests with cargo", beside.display());
        beside
    })
}

/// `target/debug` or the like, where this very program was built.
fn profile_folder() -> PathBuf {
    let me = env::current_exe().expect("this program has a file");
    let folder = me.parent().expect("a file is in a folder");
    let folder =
        if folder.ends_with("deps") { folder.parent().expect("deps is in a folder") } else { folder };
    folder.to_owned()
}

fn build(package: &str) -> PathBuf {
    let target = profile_folder().parent().expect("a profile is in the target folder").to_owned();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(repository())
        .args(["build", "--package", package, "--bin", package, "--message-format=json", "--target-dir"])
        .arg(target)
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{package} does not build");
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == package)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the program it built")
}

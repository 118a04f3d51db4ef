//! The programs under test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Names a ready binary to test instead of building one, such as a release build.
const READY: &str = "CC_ORCHESTRATOR_TEST_BIN";

/// The repository's root.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests have a folder in the repository")
}

/// The product's binary: the one named by `CC_ORCHESTRATOR_TEST_BIN`, else the one built with these tests.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn product() -> &'static Path {
    static PRODUCT: OnceLock<PathBuf> = OnceLock::new();
    PRODUCT.get_or_init(|| match env::var_os(READY) {
        Some(path) => std::path::absolute(path).expect("a path"),
        None => under_its_name(&beside("cc-orchestrator-tested")),
    })
}

/// The same program under the product's own name, which `setup` knows its entries by.
fn under_its_name(built: &Path) -> PathBuf {
    let folder = profile_folder().join("under-test");
    let named = folder.join(format!("cc-orchestrator{}", env::consts::EXE_SUFFIX));
    let fresh = folder.join(format!("fresh-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    fs::hard_link(built, &fresh).expect("a second name");
    // Renaming replaces the last build's program in one step, also while another test process uses it.
    fs::rename(&fresh, &named).expect("its name");
    // Renaming one name of a file onto another of the same file does nothing, and keeps both.
    let _ = fs::remove_file(&fresh);
    named
}

/// The scripted stand-in for Claude Code.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn fake_worker() -> &'static Path {
    static FAKE: OnceLock<PathBuf> = OnceLock::new();
    FAKE.get_or_init(|| beside("fake_claude"))
}

/// Plays dispatcher and worker on the queue itself.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn queue_player() -> PathBuf {
    beside("queue_player")
}

/// A program of this package. Cargo builds them with its tests, one folder above those.
fn beside(name: &str) -> PathBuf {
    let path = profile_folder().join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is missing: build it with 'cargo build -p cc-orchestrator-tests --bins'",
        path.display()
    );
    path
}

/// `target/debug` or the like, where this very program was built.
fn profile_folder() -> PathBuf {
    let me = env::current_exe().expect("this program has a file");
    let folder = me.parent().expect("a file is in a folder");
    let folder =
        if folder.ends_with("deps") { folder.parent().expect("deps is in a folder") } else { folder };
    folder.to_owned()
}

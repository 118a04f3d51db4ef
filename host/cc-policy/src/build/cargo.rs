//! Building a plugin crate's core module with cargo, so that the bytes do not depend on where it is built.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use super::{
    BuildOptions, most_bytes,
    tool::{failed, run},
};
use crate::{PolicyError, files};

const TARGET: &str = "wasm32-unknown-unknown";

/// Small, and the same on every machine: no parallel code generation, no symbols.
const PROFILE: [&str; 8] = [
    "profile.release.opt-level=\"s\"",
    "profile.release.lto=true",
    "profile.release.codegen-units=1",
    "profile.release.panic=\"abort\"",
    "profile.release.strip=true",
    "profile.release.debug=false",
    "profile.release.incremental=false",
    "profile.release.overflow-checks=false",
];

/// Variables that would add to the flags below.
const FLAG_VARIABLES: [&str; 4] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
];

const INSTALL: &str = "install Rust from https://rustup.rs";

/// Builds the crate in `folder` and returns its core module.
pub(super) fn module(folder: &Path, options: &BuildOptions) -> Result<Vec<u8>, PolicyError> {
    let toolchain = Toolchain::find(folder)?;
    let mut command = program("CARGO", "cargo", folder);
    command.args(["rustc", "--lib", "--crate-type", "cdylib", "--release", "--target", TARGET]);
    command.args(["--message-format", "json-render-diagnostics"]);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    command.arg("--config").arg(rustflags(&toolchain.remaps(folder, options)?));
    add_options(&mut command, options);
    let output = run(command, "cargo rustc", folder, INSTALL)?;
    let path = artifact(&output.stdout)
        .ok_or_else(|| failed("cargo rustc", folder, "it made no wasm file".into()))?;
    files::read(&path, most_bytes())?
        .ok_or_else(|| failed("cargo rustc", folder, "its wasm file is gone".into()))
}

fn add_options(command: &mut Command, options: &BuildOptions) {
    if let Some(target_dir) = &options.target_dir {
        command.arg("--target-dir").arg(target_dir);
    }
    if options.locked {
        command.arg("--locked");
    }
    if options.offline {
        command.arg("--offline");
    }
}

/// Paths of this machine that the compiler would otherwise write into the module.
struct Toolchain {
    sysroot: PathBuf,
    commit: String,
}

impl Toolchain {
    fn find(folder: &Path) -> Result<Self, PolicyError> {
        let rustc = |arguments: &[&str]| {
            let mut command = program("RUSTC", "rustc", folder);
            command.args(arguments);
            run(command, "rustc", folder, INSTALL)
                .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let libraries = rustc(&["--print", "target-libdir", "--target", TARGET])?;
        if !Path::new(libraries.trim()).is_dir() {
            let message = format!("the target {TARGET} is not installed: run `rustup target add {TARGET}`");
            return Err(failed("rustc", folder, message));
        }
        let version = rustc(&["--version", "--verbose"])?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        Ok(Self { sysroot: rustc(&["--print", "sysroot"])?.trim().into(), commit: commit.into() })
    }

    /// `from=to` for every folder that differs between machines. A later one outranks an earlier one.
    fn remaps(&self, folder: &Path, options: &BuildOptions) -> Result<Vec<String>, PolicyError> {
        let metadata = Metadata::read(folder, options)?;
        let mut remaps = vec![(metadata.target_directory.clone(), "/target".to_owned())];
        remaps.extend(metadata.outside(options)?);
        remaps.push((metadata.workspace_root, "/plugin".to_owned()));
        remaps.extend(registries());
        // The compiler knows its own sources by this name when they are not installed.
        remaps.push((self.sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{}", self.commit)));
        Ok(remaps.iter().map(|(from, to)| format!("{}={to}", from.display())).collect())
    }
}

/// What cargo says of a workspace. Nothing is asked that needs the network: what other members of it depend on
/// may not be on this machine.
#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// None for a crate of a registry.
    path: Option<PathBuf>,
}

impl Metadata {
    fn read(folder: &Path, options: &BuildOptions) -> Result<Self, PolicyError> {
        let mut command = program("CARGO", "cargo", folder);
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        add_options(&mut command, &BuildOptions { target_dir: None, ..options.clone() });
        let output = run(command, "cargo metadata", folder, INSTALL)?;
        serde_json::from_slice(&output.stdout)
            .map_err(|error| failed("cargo metadata", folder, error.to_string()))
    }

    /// Crates in folders outside the workspace, and those that these depend on in turn.
    fn outside(&self, options: &BuildOptions) -> Result<BTreeMap<PathBuf, String>, PolicyError> {
        let mut found = BTreeMap::new();
        let mut left = self.paths();
        while let Some((folder, name)) = left.pop() {
            if !folder.starts_with(&self.workspace_root)
                && found.insert(folder.clone(), format!("/{name}")).is_none()
            {
                left.extend(Self::read(&folder, options)?.paths());
            }
        }
        Ok(found)
    }

    fn paths(&self) -> Vec<(PathBuf, String)> {
        let all = self.packages.iter().flat_map(|package| &package.dependencies);
        all.filter_map(|one| Some((one.path.clone()?, one.name.clone()))).collect()
    }
}

/// Where cargo unpacks crates: the registry's folder has a name that depends on its address.
fn registries() -> Vec<(PathBuf, String)> {
    let own = || std::env::home_dir().map(|home| home.join(".cargo"));
    let Some(home) = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(own) else {
        return Vec::new();
    };
    let unpacked = std::fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    let mut remaps: Vec<_> = unpacked.map(|entry| (entry.path(), "/registry".to_owned())).collect();
    remaps.push((home.join("git/checkouts"), "/git".to_owned()));
    remaps
}

fn rustflags(remaps: &[String]) -> OsString {
    let flags: toml_edit::Array = remaps.iter().map(|remap| format!("--remap-path-prefix={remap}")).collect();
    format!("target.{TARGET}.rustflags={flags}").into()
}

fn program(variable: &str, name: &str, folder: &Path) -> Command {
    let program = std::env::var_os(variable).filter(|path| !path.is_empty()).unwrap_or_else(|| name.into());
    let mut command = Command::new(program);
    command.current_dir(folder);
    for variable in FLAG_VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// The last wasm file that cargo says it made: the crate's own comes after its dependencies'.
fn artifact(messages: &[u8]) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    let lines = messages.split(|byte| *byte == b'\n');
    let mut made =
        lines.filter_map(|line| serde_json::from_slice::<Message>(line).ok()).flat_map(|m| m.filenames);
    made.rfind(|path| path.extension().is_some_and(|end| end == "wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_s_own_wasm_file_is_found_among_cargo_s_messages() {
        let messages = b"{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/libdep.rlib\"]}\n\
            {\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/router.wasm\"]}\n{\"reason\":\"build-finished\"}\nnoise";
        assert_eq!(artifact(messages), Some("/t/router.wasm".into()));
        assert_eq!(artifact(b""), None);
    }

    #[test]
    fn flags_survive_spaces_and_backslashes_in_paths() {
        let flags = rustflags(&["C:\\Users\\Ann Lee=/plugin".into()]).into_string().expect("text");
        let parsed: toml::Table = toml::from_str(&flags).expect("TOML");
        let value = parsed["target"][TARGET]["rustflags"][0].as_str();
        assert_eq!(value, Some("--remap-path-prefix=C:\\Users\\Ann Lee=/plugin"));
    }
}

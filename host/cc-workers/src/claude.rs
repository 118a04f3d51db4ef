//! Finding Claude Code.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{Environment, WorkerError, environment::passed};

/// How long `claude --version` may take; it takes half a second.
const VERSION_LIMIT: Duration = Duration::from_secs(15);
/// Longest answer that is read, bytes.
const MAX_VERSION: u64 = 4 << 10;

/// Claude Code's program file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaudeBinary {
    /// The file.
    pub path: PathBuf,
    /// Where it was found.
    pub found_by: FoundBy,
}

/// Where Claude Code was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// `CLAUDE_CODE_BIN`.
    Variable,
    /// `PATH`.
    Path,
    /// A place where its installers put it.
    UsualPlace,
}

/// Finds Claude Code: `CLAUDE_CODE_BIN`, then `PATH`, then where its installers put it.
///
/// # Errors
/// When it is nowhere, or the variable names no program.
pub fn find_claude(environment: &Environment) -> Result<ClaudeBinary, WorkerError> {
    let found = |path: PathBuf, found_by| ClaudeBinary { path, found_by };
    if let Some(named) = environment.get("CLAUDE_CODE_BIN").filter(|value| !value.is_empty()) {
        let named = PathBuf::from(named);
        return match with_extensions(&named, environment).find(|path| is_program(path)) {
            Some(path) => Ok(found(path, FoundBy::Variable)),
            None => Err(WorkerError::BadClaude(named)),
        };
    }
    let in_folders = |folders| in_folders(folders, "claude", environment);
    if let Some(path) = in_folders(search_path(environment)) {
        return Ok(found(path, FoundBy::Path));
    }
    let usual = usual_folders(environment);
    let tried = usual.iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", ");
    match in_folders(usual) {
        Some(path) => Ok(found(path, FoundBy::UsualPlace)),
        None => Err(WorkerError::NoClaude { tried: format!("PATH, {tried}") }),
    }
}

/// A program of that name in `PATH`.
#[must_use]
pub fn find_program(name: &str, environment: &Environment) -> Option<PathBuf> {
    in_folders(search_path(environment), name, environment)
}

fn in_folders(folders: Vec<PathBuf>, name: &str, environment: &Environment) -> Option<PathBuf> {
    folders
        .into_iter()
        .flat_map(|folder| with_extensions(&folder.join(name), environment).collect::<Vec<_>>())
        .find(|path| is_program(path))
}

/// Empty and relative entries are passed over: they would run what a project brings along.
fn search_path(environment: &Environment) -> Vec<PathBuf> {
    let path = get(environment, "PATH").unwrap_or_default();
    std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect()
}

fn usual_folders(environment: &Environment) -> Vec<PathBuf> {
    let under = |variable: &str, rest: &[&str]| {
        let root = get(environment, variable)?;
        Some(rest.iter().fold(PathBuf::from(root), |path, part| path.join(part)))
    };
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let mut folders: Vec<PathBuf> = [
        under(home, &[".local", "bin"]),
        under(home, &[".claude", "local"]),
        under(home, &[".npm-global", "bin"]),
        under("APPDATA", &["npm"]),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !cfg!(windows) {
        folders.extend(["/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    }
    folders
}

/// On Windows a program has an extension of `PATHEXT`, best a real program; elsewhere it has none.
fn with_extensions<'a>(path: &Path, environment: &'a Environment) -> impl Iterator<Item = PathBuf> + use<'a> {
    let extensions = if cfg!(windows) { get(environment, "PATHEXT").unwrap_or(".EXE;.CMD;.BAT") } else { "" };
    let path = path.to_path_buf();
    let bare = (!cfg!(windows) || path.extension().is_some()).then(|| path.clone());
    bare.into_iter().chain(extensions.split(';').filter(|e| !e.is_empty()).map(move |extension| {
        let mut name = path.clone().into_os_string();
        name.push(extension.to_lowercase());
        PathBuf::from(name)
    }))
}

/// Windows does not tell `Path` from `PATH`.
fn get<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    let same = |key: &str| if cfg!(windows) { key.eq_ignore_ascii_case(name) } else { key == name };
    environment.iter().find(|(key, value)| same(key) && !value.is_empty()).map(|(_, value)| value.as_str())
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// What the program says its version is, such as `2.1.330 (Claude Code)`. Takes at most 15 s.
///
/// # Errors
/// When it cannot be started, does not answer in time or says nothing.
pub fn version(program: &Path, environment: &Environment) -> Result<String, WorkerError> {
    version_within(program, environment, VERSION_LIMIT)
}

/// [`version`] with a limit of the caller's.
///
/// # Errors
/// As those.
pub fn version_within(
    program: &Path,
    environment: &Environment,
    limit: Duration,
) -> Result<String, WorkerError> {
    let mut child = Command::new(program)
        .arg("--version")
        .env_clear()
        .envs(passed(environment))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(WorkerError::io("start", program))?;
    let (told, hear) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut text = String::new();
            let read = stdout.take(MAX_VERSION).read_to_string(&mut text);
            // Nobody listens any more when it took too long.
            let _ = told.send(read.map(|_| text.trim().to_owned()));
        });
    }
    let answer = hear.recv_timeout(limit);
    let _ = child.kill();
    let _ = child.wait();
    let failed = |reason: String| WorkerError::NoVersion { path: program.into(), reason };
    match answer {
        Ok(Ok(text)) if !text.is_empty() => Ok(text),
        Ok(Ok(_)) => Err(failed("said nothing".into())),
        Ok(Err(e)) => Err(failed(format!("could not be read ({e})"))),
        Err(_) => Err(failed(format!("did not answer within {} s", limit.as_secs()))),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn program(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn environment(pairs: &[(&str, &Path)]) -> Environment {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), v.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn the_variable_beats_the_path_and_the_path_the_usual_places() {
        let dir = tempfile::tempdir().unwrap();
        let (home, bin, own) =
            (dir.path().join("home"), dir.path().join("bin"), dir.path().join("my-claude"));
        let mut known = environment(&[("HOME", &home), ("PATH", &bin), ("CLAUDE_CODE_BIN", &own)]);
        program(&home.join(".local/bin/claude"), 0o755);
        program(&bin.join("claude"), 0o755);
        program(&own, 0o755);

        let by = |known: &Environment| find_claude(known).unwrap().found_by;
        assert_eq!(by(&known), FoundBy::Variable);
        known.remove("CLAUDE_CODE_BIN");
        assert_eq!(by(&known), FoundBy::Path);
        program(&bin.join("claude"), 0o644);
        assert_eq!(by(&known), FoundBy::UsualPlace, "what cannot be run is no program");
    }

    #[test]
    fn a_wrong_variable_is_an_error_and_not_passed_over() {
        let known =
            environment(&[("CLAUDE_CODE_BIN", Path::new("/nowhere/claude")), ("PATH", Path::new("/bin"))]);
        assert!(matches!(find_claude(&known), Err(WorkerError::BadClaude(_))));
    }

    #[test]
    fn a_relative_path_entry_is_never_searched() {
        assert_eq!(
            search_path(&environment(&[("PATH", Path::new(".:relative::/bin"))])),
            [Path::new("/bin")]
        );
    }
}

//! Runs the git program: bounded, timed, and deaf to whatever a repository's configuration names.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use crate::{
    RepoError, Result, os,
    talk::{Said, Talk},
};

/// More than the listing of a million files.
const MAX_OUTPUT: usize = 256 << 20;
/// A first snapshot reads every file of the project.
const TIME_LIMIT: Duration = Duration::from_secs(900);
const OLDEST: (u32, u32) = (2, 40);

/// All that git may know of the caller's environment.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "WINDIR",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "XDG_CONFIG_HOME",
    "COMSPEC",
    "PATHEXT",
];

/// A repository's configuration may name programs to run and files to read. None of them is used.
const SAFE: &[&str] = &[
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.autocrlf=false",
    "core.safecrlf=false",
    // Names that are unsafe to check out are stored all the same: a snapshot is never checked out by git.
    "core.protectNTFS=false",
    "core.protectHFS=false",
    "core.compression=1",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=false",
];

/// Git on one repository.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    dir: PathBuf,
    home: Option<PathBuf>,
    vars: Vec<(&'static str, OsString)>,
    user_config: bool,
}

impl Git {
    /// On the repository with this git folder, or with this file that names it.
    pub(crate) fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), home: None, vars: Vec::new(), user_config: false }
    }

    /// With one more variable in git's environment.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.vars.push((name, value.into()));
        self
    }

    /// With this working tree, whatever the repository's configuration says about it.
    pub(crate) fn on(mut self, worktree: &Path) -> Self {
        self.home = Some(worktree.to_owned());
        self.with("GIT_WORK_TREE", worktree)
    }

    /// With what the user and the system configured, for the few things that are theirs to say.
    pub(crate) fn with_user_config(mut self) -> Self {
        self.user_config = true;
        self
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the command prints.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: &[A]) -> Result<Vec<u8>> {
        self.feed(args, |_| Ok(()))
    }

    /// What the command prints, without the line's end.
    pub(crate) fn line<A: AsRef<OsStr>>(&self, args: &[A]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.run(args)?).trim_end_matches(['\n', '\r']).to_owned())
    }

    /// The same for a command that says no with exit code 1.
    pub(crate) fn ask<A: AsRef<OsStr>>(&self, args: &[A]) -> Result<Option<Vec<u8>>> {
        let said = self.exchange(args, |_| Ok(()), MAX_OUTPUT)?;
        if said.status.code() == Some(1) {
            return Ok(None);
        }
        self.checked(args, said).map(Some)
    }

    /// What the command prints when it is given this input.
    pub(crate) fn feed<A, F>(&self, args: &[A], input: F) -> Result<Vec<u8>>
    where
        A: AsRef<OsStr>,
        F: FnOnce(&mut dyn Write) -> io::Result<()> + Send,
    {
        let said = self.exchange(args, input, MAX_OUTPUT)?;
        self.checked(args, said)
    }

    /// At most the first `limit` bytes of what the command prints.
    pub(crate) fn head<A: AsRef<OsStr>>(&self, args: &[A], limit: usize) -> Result<Said> {
        let said = self.exchange(args, |_| Ok(()), limit)?;
        if said.cut || said.status.success() { Ok(said) } else { Err(self.failed(args, &said)) }
    }

    fn checked<A: AsRef<OsStr>>(&self, args: &[A], said: Said) -> Result<Vec<u8>> {
        if said.cut {
            let (command, place) = (name(args), self.dir.clone());
            return Err(RepoError::TooMuch { command, place, limit: MAX_OUTPUT });
        }
        if said.status.success() { Ok(said.stdout) } else { Err(self.failed(args, &said)) }
    }

    fn failed<A: AsRef<OsStr>>(&self, args: &[A], said: &Said) -> RepoError {
        let reason = match said.stderr.trim() {
            "" => said.status.to_string(),
            text => text.to_owned(),
        };
        RepoError::Git { command: name(args), place: self.dir.clone(), reason }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        os::without_window(&mut command).env_clear();
        command.envs(PASSED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("GIT_DIR", &self.dir).envs(FIXED.iter().copied());
        command.env("GIT_GRAFT_FILE", format!("{}/none", os::NULL_DEVICE));
        if !self.user_config {
            command.env("GIT_CONFIG_GLOBAL", os::NULL_DEVICE).env("GIT_CONFIG_NOSYSTEM", "1");
        }
        if let Some(home) = &self.home {
            command.current_dir(home);
        }
        command.envs(self.vars.iter().map(|(name, value)| (name, value)));
        command.arg("--no-pager");
        let own = if self.user_config { None } else { Some("core.excludesFile") };
        for name in ["core.hooksPath", "core.attributesFile"].into_iter().chain(own) {
            command.arg("-c").arg(format!("{name}={}", os::NULL_DEVICE));
        }
        command.args(SAFE.iter().flat_map(|setting| ["-c", setting]));
        command
    }

    fn exchange<A, F>(&self, args: &[A], input: F, limit: usize) -> Result<Said>
    where
        A: AsRef<OsStr>,
        F: FnOnce(&mut dyn Write) -> io::Result<()> + Send,
    {
        let mut command = self.command();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(RepoError::GitMissing)?;
        let talk = Talk::with(child);
        let (said, in_time) =
            talk.hold(input, limit, TIME_LIMIT).map_err(RepoError::io("talk to git in", &self.dir))?;
        if !in_time {
            let (command, place) = (name(args), self.dir.clone());
            return Err(RepoError::TimedOut { command, place, seconds: TIME_LIMIT.as_secs() });
        }
        Ok(said)
    }
}

/// Set for every git: no network, no locks it can do without, no prompts, English, no rewritten history.
const FIXED: &[(&str, &str)] = &[
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("LC_ALL", "C"),
];

fn name<A: AsRef<OsStr>>(args: &[A]) -> String {
    args.first().map(|arg| arg.as_ref().to_string_lossy().into_owned()).unwrap_or_default()
}

/// That git is there and new enough; asked once a process.
pub(crate) fn check_version() -> Result<()> {
    static KNOWN: OnceLock<()> = OnceLock::new();
    if KNOWN.get().is_some() {
        return Ok(());
    }
    let text = Git::at(os::NULL_DEVICE).line(&["version"])?;
    if version(&text) < Some(OLDEST) {
        return Err(RepoError::GitTooOld(text.trim_start_matches("git version ").to_owned()));
    }
    KNOWN.get_or_init(|| ());
    Ok(())
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("git version ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version("nonsense"), None);
        check_version().unwrap();
    }

    #[test]
    fn output_is_cut_at_the_limit_and_failures_say_what_git_said() {
        let git = Git::at(os::NULL_DEVICE);
        let said = git.head(&["help", "-a"], 10).unwrap();
        assert!(said.cut && said.stdout.len() == 10);
        let error = git.run(&["rev-parse", "HEAD"]).unwrap_err().to_string();
        assert!(error.contains("git rev-parse failed") && error.contains("not a git repository"), "{error}");
    }
}

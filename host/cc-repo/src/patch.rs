//! What a repository is about to get, or ever got, as patches.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
};

use crate::{RepoError, Result};

/// Bytes of patches that are handed over at once, about: whole commits.
const AT_ONCE: usize = 4 << 20;
/// How much of what git complains of is told, bytes.
const MOST_REASON: u64 = 2_000;

/// Which changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// What is in the index and not in the last commit.
    Staged,
    /// Every commit that a ref leads to.
    History,
}

impl Patch {
    /// Hands the patches over, some whole commits at a time, so that a long history needs little memory.
    ///
    /// # Errors
    /// When git is missing or the folder is in no repository.
    pub fn read(self, folder: &Path, mut take: impl FnMut(&[u8])) -> Result<()> {
        let mut git = self.command(folder);
        let mut child = git.spawn().map_err(RepoError::GitMissing)?;
        let mut buffer = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let mut lines = BufReader::new(stdout);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).map_err(RepoError::io("read patches of", folder))? > 0 {
                // A diff's own lines begin with a blank, a sign or a letter of git's: this is the next commit.
                if line.starts_with(b"commit ") && buffer.len() >= AT_ONCE {
                    take(&buffer);
                    buffer.clear();
                }
                buffer.append(&mut line);
            }
        }
        take(&buffer);
        let mut reason = String::new();
        if let Some(stderr) = child.stderr.take() {
            let _ = stderr.take(MOST_REASON).read_to_string(&mut reason);
        }
        let status = child.wait().map_err(RepoError::io("wait for git in", folder))?;
        if status.success() {
            return Ok(());
        }
        let command = self.arguments()[0].to_owned();
        Err(RepoError::Git { command, place: folder.to_owned(), reason: reason.trim().to_owned() })
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Staged => &["diff", "--cached", "--unified=3"],
            Self::History => &["log", "--all", "--patch", "--unified=3", "--no-color", "--no-notes"],
        }
    }

    /// Nothing that the repository's configuration names is run.
    fn command(self, folder: &Path) -> Command {
        let mut git = Command::new("git");
        let quiet = ["core.fsmonitor=false", "core.hooksPath=/dev/null", "diff.external=", "core.pager=cat"];
        git.arg("--no-pager").args(quiet.iter().flat_map(|setting| ["-c", setting]));
        git.args(self.arguments()).args(["--no-ext-diff", "--no-textconv", "--no-color"]);
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"] {
            git.env_remove(name);
        }
        git.env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C").current_dir(folder);
        git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        git
    }
}

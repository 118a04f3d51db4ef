//! Where the user's state lives.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use cc_domain::RunId;
use directories::BaseDirs;
use sha2::{Digest as _, Sha256};

use crate::{FileLock, Result, StoreError, create_private_dir, read_bounded, write_atomic};

const SALT_BYTES: usize = 32;

/// The user's home of the product. Nothing is created before something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The variable that moves it.
    pub const ENV: &str = "CC_ORCHESTRATOR_HOME";

    /// `CC_ORCHESTRATOR_HOME`, else `cc-orchestrator` in the platform's data folder.
    ///
    /// # Errors
    /// When the user has no home folder and the variable is not set.
    pub fn locate() -> Result<Self> {
        if let Some(root) = env::var_os(Self::ENV).filter(|value| !value.is_empty()) {
            let root = PathBuf::from(root);
            return Ok(Self { root: std::path::absolute(&root).unwrap_or(root) });
        }
        let base = BaseDirs::new().ok_or(StoreError::NoHome)?;
        Ok(Self { root: base.data_dir().join("cc-orchestrator") })
    }

    /// The home in that folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database of runs, decisions and all else that is shared.
    #[must_use]
    pub fn state_db(&self) -> PathBuf {
        self.root.join("state.db")
    }

    /// User plugins, `<id>/<version>/`.
    #[must_use]
    pub fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// Which user plugins are installed, with their digests.
    #[must_use]
    pub fn plugins_lock(&self) -> PathBuf {
        self.root.join("plugins.lock")
    }

    /// The user's own values, which have the last word.
    #[must_use]
    pub fn overrides(&self) -> PathBuf {
        self.root.join("overrides.toml")
    }

    /// The user's own prompt templates.
    #[must_use]
    pub fn prompts(&self) -> PathBuf {
        self.root.join("prompts")
    }

    /// What operations replaced.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }

    /// A path in `backups/` that nothing has yet: `<second>-<name>`, or `-2`, `-3` and so on between the two.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn free_backup(&self, name: &str) -> Result<PathBuf> {
        let folder = self.backups();
        create_private_dir(&folder)?;
        let second = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let first = folder.join(format!("{second}-{name}"));
        let later = (2..).map(|n| folder.join(format!("{second}-{n}-{name}")));
        Ok(std::iter::once(first.clone()).chain(later).find(|path| !path.exists()).unwrap_or(first))
    }

    /// Compiled components and cached rules; may be deleted at any time.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// What is known of one project: what its last snapshot saw, and the history of one that is no repository.
    #[must_use]
    pub fn project(&self, root: &Path) -> PathBuf {
        let id = Sha256::digest(root.as_os_str().as_encoded_bytes());
        let name: String = id.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        self.root.join("projects").join(name)
    }

    /// The copy of a project that one run works in.
    #[must_use]
    pub fn isolated(&self, run: &RunId) -> PathBuf {
        self.root.join("worktrees").join(run.as_str())
    }

    /// The benchmarks' runs, whose projects are thrown away, and the lock of each benchmark under way.
    #[must_use]
    pub fn benchmarks(&self) -> PathBuf {
        self.root.join("benchmarks")
    }

    /// The user's own benchmark suites, a folder each.
    #[must_use]
    pub fn suites(&self) -> PathBuf {
        self.root.join("suites")
    }

    /// What each version of this program that worked here has left.
    #[must_use]
    pub fn versions(&self) -> PathBuf {
        self.root.join("versions")
    }

    /// Log files.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Random bytes of this home's own, made at the first call: fingerprints of secrets are made with them.
    ///
    /// # Errors
    /// When they cannot be read or kept.
    pub fn salt(&self) -> Result<Vec<u8>> {
        let path = self.root.join("fingerprint-salt");
        if let Ok(salt) = read_bounded(&path, SALT_BYTES as u64)
            && salt.len() == SALT_BYTES
        {
            return Ok(salt);
        }
        self.create()?;
        // Two processes may come here at once; the lock lets one of them make it.
        let _lock = FileLock::acquire(&path.with_extension("lock"))?;
        if let Ok(salt) = read_bounded(&path, SALT_BYTES as u64)
            && salt.len() == SALT_BYTES
        {
            return Ok(salt);
        }
        let mut salt = vec![0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|error| {
            StoreError::io("make random bytes for", &path)(io::Error::other(error.to_string()))
        })?;
        write_atomic(&path, &salt)?;
        Ok(salt)
    }

    /// Creates the folder, for the user alone, before the first write.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(&self) -> Result<()> {
        create_private_dir(&self.root)
    }
}

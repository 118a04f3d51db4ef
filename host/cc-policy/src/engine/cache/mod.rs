//! Compiled components, kept between runs. Everything in it can be deleted at any time.

use std::{
    fs,
    hash::{Hash, Hasher},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use super::{machine_code::MachineCode, spec::hex};

#[cfg(not(unix))]
#[path = "other.rs"]
mod private;
#[cfg(unix)]
#[path = "unix.rs"]
mod private;

/// First bytes of an entry; the number is the version of its form.
const MAGIC: &[u8; 8] = b"ccwasm1\n";
/// Length of the sha256 that follows.
const CHECKSUM: usize = 32;
/// Largest entry that is read or written. An interpreter of 18 MB makes about 60 MB.
const ENTRY_BYTES: u64 = 256 << 20;
/// What the folder may hold; the entries that were used least recently go first.
const KEPT_ENTRIES: usize = 64;
const KEPT_BYTES: u64 = 512 << 20;
/// Age at which a file that is no entry, left by a process that died, is removed.
const LEFTOVER: Duration = Duration::from_secs(3600);

/// A folder of compiled components: `<cache>/compiled/<key>.cwasm`.
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(super) fn new(cache: &Path) -> Self {
        Self { folder: cache.join("compiled") }
    }

    /// The name of an entry: component, wasmtime's version, its configuration and the target all count.
    pub(super) fn key(engine: &wasmtime::Engine, component_digest: &str) -> String {
        let mut hasher = Sha256Hasher(Sha256::new());
        component_digest.hash(&mut hasher);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        (std::env::consts::ARCH, std::env::consts::OS, MAGIC).hash(&mut hasher);
        hex(&hasher.0.finalize())
    }

    /// The code of that key. None when there is none, when it is damaged, or when others could have written it.
    pub(super) fn get(&self, key: &str) -> Option<MachineCode> {
        let path = self.path(key);
        match self.read(&path) {
            Ok(content) => content.map(MachineCode::from_private_cache),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!("compiled plugin {} is not used, and compiled again: {error}", path.display());
                None
            }
        }
    }

    /// Keeps the code. A failure costs only the next start's time, so it is logged and forgotten.
    pub(super) fn put(&self, key: &str, code: &MachineCode) {
        if let Err(error) = self.write(key, code.bytes()) {
            tracing::warn!("compiled plugins are not kept in {}: {error}", self.folder.display());
        }
        if let Err(error) = self.prune() {
            tracing::debug!("old compiled plugins are not removed from {}: {error}", self.folder.display());
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key).with_extension("cwasm")
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        private::check_folder(&self.folder)?;
        let file = private::open(path)?;
        let mut entry =
            Vec::with_capacity(usize::try_from(file.metadata()?.len().min(ENTRY_BYTES)).unwrap_or(0));
        (&file).take(ENTRY_BYTES).read_to_end(&mut entry)?;
        let content = unwrap(entry);
        if content.is_some() {
            // Shows the entry as used; where that is not allowed it only goes earlier.
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(content)
    }

    fn write(&self, key: &str, content: &[u8]) -> io::Result<()> {
        private::make_folder(&self.folder)?;
        private::check_folder(&self.folder)?;
        let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(&self.folder)?;
        file.write_all(MAGIC)?;
        file.write_all(&Sha256::digest(content))?;
        file.write_all(content)?;
        // Not synced: an entry that a power cut tears fails its checksum and is compiled again.
        cc_store::persist(file, &self.path(key))
    }

    fn prune(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut files =
            fs::read_dir(&self.folder)?.filter_map(|file| Kept::of(&file.ok()?)).collect::<Vec<_>>();
        files.sort_by_key(|file| std::cmp::Reverse(file.used));
        let (mut entries, mut bytes) = (0, 0);
        for file in files {
            let superfluous = if file.is_entry() {
                (entries, bytes) = (entries + 1, bytes + file.bytes);
                entries > KEPT_ENTRIES || bytes > KEPT_BYTES
            } else {
                now.duration_since(file.used).is_ok_and(|age| age > LEFTOVER)
            };
            if superfluous {
                fs::remove_file(&file.path)?;
            }
        }
        Ok(())
    }
}

/// One file of the folder.
struct Kept {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

impl Kept {
    fn of(file: &fs::DirEntry) -> Option<Self> {
        let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Self { path: file.path(), used: metadata.modified().ok()?, bytes: metadata.len() })
    }

    fn is_entry(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "cwasm")
    }
}

/// The content of an entry that is whole.
fn unwrap(mut entry: Vec<u8>) -> Option<Vec<u8>> {
    let content = entry.strip_prefix(MAGIC)?;
    let (checksum, content) = content.split_at_checked(CHECKSUM)?;
    if Sha256::digest(content).as_slice() != checksum {
        return None;
    }
    entry.drain(..MAGIC.len() + CHECKSUM);
    Some(entry)
}

/// Feeds what `Hash` writes to sha256: wasmtime offers its configuration as a `Hash` only.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests;

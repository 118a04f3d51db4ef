//! A folder, scanned on all cores.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{Scanner, candidate::Candidate, window::MOST};

/// Bytes of a file that say whether it is text.
const HEAD: usize = 8 * 1024;
/// Bytes of a file that is read at once. Of a larger one in UTF-16 no more is scanned.
const WHOLE: usize = 1024 * 1024;
/// Folders that hold no work: git's own, and this program's records, which are redacted when they are written.
const OWN_FOLDERS: [&str; 2] = [".git", ".agent-workspace/claude-code-orchestrator"];

/// What a scan of files looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Also files that git ignores.
    pub ignored: bool,
    /// Larger files are skipped and reported.
    pub max_bytes: u64,
    /// Threads; 0: one for each core.
    pub threads: usize,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { ignored: false, max_bytes: 256 * 1024 * 1024, threads: 0 }
    }
}

/// What was found in files, always in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilesScan {
    /// By path, then by place.
    pub candidates: Vec<Candidate>,
    /// Files scanned.
    pub files: usize,
    /// Bytes in them.
    pub bytes: u64,
    /// Binary files that were left out.
    pub binary: usize,
    /// Files that were left out for another reason, each with it.
    pub skipped: Vec<String>,
}

/// What became of one file.
enum Outcome {
    Scanned(Vec<Candidate>, u64),
    Binary,
    Skipped(String),
}

impl Scanner {
    /// Scans a file or every file of a folder. Paths in the result are relative to the folder, with `/`.
    /// Symbolic links are not followed.
    #[must_use]
    pub fn scan_path(&self, root: &Path, options: &FileOptions) -> FilesScan {
        let all = Mutex::new(FilesScan::default());
        let walker = walker(root, options).build_parallel();
        walker.run(|| {
            Box::new(|entry| {
                if let Some(outcome) = self.entry(root, entry, options) {
                    all.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
                }
                WalkState::Continue
            })
        });
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.sort();
        all
    }

    /// Scans the given files of a folder, as far as they are there.
    #[must_use]
    pub fn scan_files(&self, root: &Path, files: &[PathBuf], options: &FileOptions) -> FilesScan {
        let mut all = FilesScan::default();
        for file in files {
            all.add(self.file(root, &root.join(file), options));
        }
        all.sort();
        all
    }

    fn entry(
        &self,
        root: &Path,
        entry: Result<DirEntry, ignore::Error>,
        options: &FileOptions,
    ) -> Option<Outcome> {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                Some(self.file(root, entry.path(), options))
            }
            Ok(_) => None,
            Err(error) => Some(Outcome::Skipped(error.to_string())),
        }
    }

    fn file(&self, root: &Path, path: &Path, options: &FileOptions) -> Outcome {
        let name = relative(root, path);
        match self.open(&name, path, options) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Skipped(format!("{name}: {error}")),
        }
    }

    fn open(&self, name: &str, path: &Path, options: &FileOptions) -> io::Result<Outcome> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        if size > options.max_bytes {
            let max = options.max_bytes;
            return Ok(Outcome::Skipped(format!("{name}: {size} bytes are over the limit of {max}")));
        }
        // Most files are small: one read, and no copy.
        let mut head = Vec::with_capacity((size as usize + 1).min(WHOLE));
        file.by_ref().take(WHOLE as u64).read_to_end(&mut head)?;
        let candidates = match content(&head[..head.len().min(HEAD)]) {
            Content::Text if head.len() < WHOLE => self.scan_bytes(Some(name), &head),
            Content::Text => {
                let rest = file.take(options.max_bytes);
                self.scan_reader(Some(name), head.as_slice().chain(rest))?
            }
            Content::Wide(decode) => self.scan_bytes(Some(name), wide(&head, decode).as_bytes()),
            Content::Binary => return Ok(Outcome::Binary),
        };
        Ok(Outcome::Scanned(candidates, size))
    }
}

fn walker(root: &Path, options: &FileOptions) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    let top = root.to_path_buf();
    walker
        .hidden(false)
        .ignore(false)
        .parents(!options.ignored)
        .git_ignore(!options.ignored)
        .git_exclude(!options.ignored)
        .git_global(!options.ignored)
        .threads(options.threads)
        .filter_entry(move |entry| {
            let own = |folder: &&str| entry.path().ends_with(folder) && entry.path() != top;
            !OWN_FOLDERS.iter().any(own)
        });
    walker
}

impl FilesScan {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Scanned(candidates, bytes) => {
                if let Some(last) = candidates.get(MOST - 1) {
                    let name = last.finding.path.as_deref().unwrap_or_default();
                    self.skipped.push(format!("{name}: only the first {MOST} secrets are listed"));
                }
                self.files += 1;
                self.bytes += bytes;
                self.candidates.extend(candidates);
            }
            Outcome::Binary => self.binary += 1,
            Outcome::Skipped(why) => self.skipped.push(why),
        }
    }

    fn sort(&mut self) {
        // A file's candidates came together and in order; a stable sort keeps it.
        self.candidates.sort_by(|one, other| one.finding.path.cmp(&other.finding.path));
        self.skipped.sort();
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).ok().filter(|inside| !inside.as_os_str().is_empty());
    let name = inside.or_else(|| path.file_name().map(Path::new)).unwrap_or(path);
    name.to_string_lossy().replace('\\', "/")
}

/// What a file holds.
#[derive(Clone, Copy)]
enum Content {
    Text,
    /// UTF-16, by the way to read two bytes.
    Wide(fn([u8; 2]) -> u16),
    Binary,
}

/// A file is binary when it has zero bytes and is not mostly text: databases and logs with some of them are scanned.
fn content(head: &[u8]) -> Content {
    match head {
        [0xFF, 0xFE, ..] => return Content::Wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => return Content::Wide(u16::from_be_bytes),
        _ => {}
    }
    let control = |byte: &&u8| **byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let strange = head.iter().filter(control).count();
    let zeros = head.contains(&0);
    if zeros && strange * 10 > head.len() * 3 { Content::Binary } else { Content::Text }
}

fn wide(bytes: &[u8], decode: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| decode([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

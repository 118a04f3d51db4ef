//! Logs: warnings to stderr, and to a file, because Codex shows nobody its servers' stderr.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tracing_subscriber::{
    EnvFilter,
    fmt::{MakeWriter, writer::MakeWriterExt},
};

/// The file is begun anew past this size, and the old one kept beside it.
const MOST_BYTES: u64 = 2 << 20;

/// Starts logging. `CC_ORCHESTRATOR_LOG` takes `tracing` filters; the default is `warn`.
pub(crate) fn start(folder: &Path) {
    let filter = EnvFilter::try_from_env("CC_ORCHESTRATOR_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let file = LogFile::at(folder.join("cc-orchestrator.log"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_target(false);
    // Fails only when a logger is set already, which then is the one to use.
    let _ = lines.with_writer(io::stderr.and(file)).try_init();
}

/// A file that is opened by its first line: a quiet process leaves no trace.
struct LogFile {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl LogFile {
    fn at(path: PathBuf) -> Self {
        Self { path, file: Mutex::default() }
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = Some(open(&self.path)?);
        }
        file.as_mut().map_or(Ok(()), |file| file.write_all(line))
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::metadata(path).is_ok_and(|data| data.len() > MOST_BYTES) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

struct Line<'a>(&'a LogFile);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A log that cannot be written must not stop the work it tells of.
        let _ = self.0.append(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

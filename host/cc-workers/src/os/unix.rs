//! What all Unix systems share.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, ErrorKind},
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
        process::{CommandExt as _, ExitStatusExt as _},
    },
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use interprocess::local_socket::{GenericFilePath, Name, ToFsName as _};
use rustix::process::WaitOptions;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};

/// Leaves the caller's session, so that what ends the caller's process group does not reach us.
pub(crate) fn detach() {
    // It fails only for a group's leader, such as one that a person started by hand.
    let _ = rustix::process::setsid();
}

/// The child is to outlive us. It sees to that itself, by `detach`: a group's leader could not.
pub(crate) fn spawn_in_background(command: &mut Command) -> io::Result<std::process::Child> {
    command.spawn()
}

/// The child gets a process group of its own.
pub(crate) fn isolate(command: &mut Command) {
    command.process_group(0);
}

/// The shell that understands a command line, and its flag for one.
pub(crate) fn shell() -> (PathBuf, &'static str) {
    ("/bin/sh".into(), "-c")
}

/// A program's path as the shell takes it for one word.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// How to start this very program again, even when an upgrade has replaced its file meanwhile.
pub(crate) fn own_program() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.into()) } else { std::env::current_exe() }
}

/// As a shell reports it: 128 and the number of the signal that ended the process.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// The worker's exit code. Collects the orphans that end before it does, too.
pub(crate) fn wait_for_worker(worker: std::process::Child) -> i32 {
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::empty()) {
        if pid.as_raw_nonzero().get().cast_unsigned() == worker.id() {
            return status
                .exit_status()
                .or_else(|| status.terminating_signal().map(|s| 128 + s))
                .unwrap_or(-1);
        }
    }
    -1
}

/// The guard of a worker, from its supervisor's side.
pub(crate) struct Guarded {
    child: Child,
    pid: Option<u32>,
}

impl Guarded {
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        isolate(&mut command);
        let child = tokio::process::Command::from(command).spawn()?;
        let pid = child.id();
        Ok(Self { child, pid })
    }

    /// The guard's own process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub(crate) fn take_output(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        Some((self.child.stdout.take()?, self.child.stderr.take()?))
    }

    pub(crate) fn take_io(&mut self) -> Option<(ChildStdin, ChildStdout, ChildStderr)> {
        Some((self.child.stdin.take()?, self.child.stdout.take()?, self.child.stderr.take()?))
    }

    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the worker and everything under it, not the guard, which then ends by itself.
    pub(crate) fn ask_tree(&mut self, tree: super::Tree, ask: super::Ask) {
        for process in super::members(tree).iter().filter(|process| Some(process.pid) != self.pid) {
            super::send(process, ask);
        }
    }

    /// Ends a guard that does not end by itself.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.start_kill();
    }
}

/// Where a run's supervisor listens: a path short enough for a socket, in the user's private folder.
pub(crate) fn socket_address(run: &str, random: u64) -> io::Result<String> {
    let folders = private_folders();
    let usable =
        |folder: &&PathBuf| make_private_folder(folder).is_ok() && check_private_folder(folder).is_ok();
    let folder = folders.iter().find(usable).ok_or(ErrorKind::NotFound)?;
    Ok(folder.join(format!("{run}-{random:08x}.sock")).to_string_lossy().into_owned())
}

/// The address as the library wants it.
pub(crate) fn socket_name(address: &str) -> io::Result<Name<'_>> {
    address.to_fs_name::<GenericFilePath>()
}

/// A file that is created with these options is for the user alone.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Where a run's private files may be, the best place first.
pub(crate) fn private_folders() -> Vec<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|v| !v.is_empty()).map(PathBuf::from);
    let places = [Some(format!("/run/user/{uid}").into()), Some(std::env::temp_dir()), Some("/tmp".into())];
    let mut folders: Vec<PathBuf> = [runtime].into_iter().chain(places).flatten().collect();
    folders.iter_mut().for_each(|folder| folder.push(format!("cc-orchestrator-{uid}")));
    folders
}

/// Makes one folder for the user alone; its parent must be there.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// What is wrong with a folder that should be the user's alone: in a shared temporary folder anybody could
/// have made it first.
pub(crate) fn check_private_folder(folder: &Path) -> Result<(), &'static str> {
    let found = fs::symlink_metadata(folder).map_err(|_| "it is not there")?;
    if !found.is_dir() {
        return Err("it is not a folder");
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user");
    }
    if found.mode() & 0o077 != 0 {
        return Err("other users can reach into it");
    }
    Ok(())
}

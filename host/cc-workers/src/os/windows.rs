//! Process trees on Windows: a job object that ends with its last handle, which the supervisor holds.
//! So the tree ends with the supervisor, however that ends, and nothing is left to find.

use interprocess::local_socket::{GenericFilePath, Name, ToFsName as _};
use std::{
    fs::{self, OpenOptions},
    io,
    os::windows::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

use super::{Ask, Process, Tree};

/// Of `CreateProcess`: no console flashes up.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
/// Ctrl-C in the caller's console does not reach it.
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
/// It outlives a caller that is itself in a job.
const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;

pub(crate) fn adopt_orphans() {}

pub(crate) fn reap_orphans() {}

/// Being started in the background is all there is to it.
pub(crate) fn detach() {}

/// The child is to outlive us, as far as whoever put us into a job lets it.
pub(crate) fn spawn_in_background(command: &mut Command) -> io::Result<std::process::Child> {
    const ACCESS_DENIED: i32 = 5;
    let flags = CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP;
    match command.creation_flags(flags | CREATE_BREAKAWAY_FROM_JOB).spawn() {
        Err(error) if error.raw_os_error() == Some(ACCESS_DENIED) => command.creation_flags(flags).spawn(),
        done => done,
    }
}

/// The child stays in our job.
pub(crate) fn isolate(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// The job is ended as a whole; its members are not listed.
pub(crate) fn members(_tree: Tree) -> Vec<Process> {
    Vec::new()
}

pub(crate) fn marked(_name: &str, _value: &str) -> Vec<Process> {
    Vec::new()
}

pub(crate) fn send(_process: &Process, _ask: Ask) {}

/// The job ends the guard with the supervisor, so there is nothing to wait for.
pub(crate) fn wait_for_end_of(_parent: u32) {
    loop {
        std::thread::park();
    }
}

pub(crate) fn shell() -> (PathBuf, &'static str) {
    let shell = std::env::var_os("COMSPEC").filter(|shell| !shell.is_empty());
    (shell.map_or_else(|| "cmd.exe".into(), PathBuf::from), "/C")
}

/// Names of files hold no quotes here.
pub(crate) fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

pub(crate) fn own_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

/// The worker's exit code.
pub(crate) fn wait_for_worker(mut worker: std::process::Child) -> i32 {
    worker.wait().map_or(-1, exit_code)
}

/// The guard of a worker, from its supervisor's side.
pub(crate) struct Guarded {
    child: Box<dyn ChildWrapper>,
}

impl Guarded {
    pub(crate) fn spawn(command: Command) -> io::Result<Self> {
        let mut wrap = CommandWrap::from(tokio::process::Command::from(command));
        // The job gets its "kill on close" limit from KillOnDrop.
        wrap.wrap(KillOnDrop).wrap(JobObject);
        Ok(Self { child: wrap.spawn()? })
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub(crate) fn take_output(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        let (stdout, stderr) = (self.child.stdout().take(), self.child.stderr().take());
        Some((stdout?, stderr?))
    }

    pub(crate) fn take_io(&mut self) -> Option<(ChildStdin, ChildStdout, ChildStderr)> {
        let (stdin, stdout, stderr) =
            (self.child.stdin().take(), self.child.stdout().take(), self.child.stderr().take());
        Some((stdin?, stdout?, stderr?))
    }

    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Nothing milder than the end of the job reaches a process without a window.
    pub(crate) fn ask_tree(&mut self, _tree: Tree, _ask: Ask) {
        self.kill();
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.start_kill();
    }
}

/// Files inherit the folder's access list.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// The user's own temporary folder is inside the profile, which others cannot read.
pub(crate) fn private_folders() -> Vec<PathBuf> {
    vec![std::env::temp_dir().join("cc-orchestrator")]
}

pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

pub(crate) fn check_private_folder(folder: &Path) -> Result<(), &'static str> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err("it is not a folder"),
        Err(_) => Err("it is not there"),
    }
}

/// Where a run's supervisor listens: a named pipe, which only its creator may write to.
pub(crate) fn socket_address(run: &str, random: u64) -> io::Result<String> {
    Ok(format!(r"\\.\pipe\cc-orchestrator-{run}-{random:016x}"))
}

/// The address as the library wants it.
pub(crate) fn socket_name(address: &str) -> io::Result<Name<'_>> {
    address.to_fs_name::<GenericFilePath>()
}

//! What differs between systems: process trees, and who may read our files.
//!
//! Each system's file gives the same names. `Process` says which process is meant even after its number
//! has been given to another one.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{
    Guarded, check_private_folder, detach, exit_code, isolate, make_private_folder, own_program, private,
    private_folders, quoted, shell, socket_address, socket_name, spawn_in_background, wait_for_worker,
};

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod pages;
#[cfg(target_os = "linux")]
pub(crate) use landlock::restrict;
#[cfg(target_os = "linux")]
pub(crate) use linux::{adopt_orphans, marked, members, reap_orphans, send, wait_for_end_of};
#[cfg(target_os = "linux")]
pub(crate) use pages::give_back_pages;

#[cfg(all(unix, not(target_os = "linux")))]
mod other_unix;
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) use other_unix::{adopt_orphans, marked, members, reap_orphans, send, wait_for_end_of};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{
    Guarded, adopt_orphans, check_private_folder, detach, exit_code, isolate, make_private_folder, marked,
    members, own_program, private, private_folders, quoted, reap_orphans, send, shell, socket_address,
    socket_name, spawn_in_background, wait_for_end_of, wait_for_worker,
};

/// Nothing here keeps a program from writing where its user may.
///
/// # Errors
/// Always: nothing is restricted.
#[cfg(not(target_os = "linux"))]
pub(crate) fn restrict(_sandbox: &crate::Sandbox) -> std::io::Result<()> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "only Linux has a sandbox"))
}

/// Other systems count a program's file once, however many processes run it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_back_pages() {}

/// One process, told apart from a later one of the same number by when it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// In the system's own ticks.
    pub(crate) started: u64,
    pub(crate) name: String,
}

/// A worker and all that it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree {
    /// The process of ours that it hangs under. Only Linux finds a tree by that.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(crate) root: u32,
    /// The worker itself, once it is known. Only where a process group stands for the tree.
    #[cfg_attr(any(target_os = "linux", windows), allow(dead_code))]
    pub(crate) worker: Option<u32>,
}

/// How to ask a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// It may clean up.
    Terminate,
    /// It has no say.
    Kill,
}

//! The program that shows a notification, one for each system.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(all(unix, not(target_os = "macos")))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "macos")]
pub(crate) use macos::notification;
#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) use unix::notification;
#[cfg(windows)]
pub(crate) use windows::notification;

//! Reads CC Switch; says which environment and settings a worker gets.
//!
//! [`load`] finds the store, reads it once and closes it; it never writes there. What a user or a plugin may see is
//! in [`ProfileStore::profiles`], without anything secret. Credentials leave this crate only through
//! [`ProfileStore::worker_settings`].
//!
//! Where CC Switch keeps what, and how it reads it back, follows its source around version 3.20.
#![forbid(unsafe_code)]

mod env;
mod error;
mod legacy;
mod locations;
mod mask;
mod merge;
mod models;
mod prices;
mod profile;
mod raw;
mod rows;
mod secrets;
mod snapshot;
mod sqlite;
mod store;
mod usability;
mod worker;

#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(windows), path = "unix.rs")]
mod platform;

pub use error::ProfileError;
pub use locations::Locations;
pub use store::{OWN_LOGIN_ID, Origin, ProfileStore, load};
pub use worker::WorkerSettings;

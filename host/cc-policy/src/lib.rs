//! The plugin host: engine, worlds, catalog (layers, lock, trust), overrides.
// `deny`, not `forbid`: two modules of the engine say why they may.
#![deny(unsafe_code)]

mod boundary;
mod build;
mod catalog;
mod decide;
pub mod engine;
mod error;
mod files;
#[cfg(fuzzing)]
pub mod fuzzing;
mod id;
mod manifest;
mod overrides;
mod policy;
mod rules;
mod runtime;
mod toml_text;
mod worlds;

pub use build::{
    BUNDLED_LOCK, BuildOptions, Built, BundledLock, LockedBundle, PackageReport, build_bundled, build_plugin,
    check_bundled, inspect_package, read_bundled_lock, source_digest, validate_package,
};
pub use catalog::{
    Added, BUNDLED, Bundled, LOCK, LockedPlugin, Removed, Status, TRUST, Trusted, TrustedPlugin,
    TrustedProject, add_local, remove, set_enabled, trust, trusts, untrust,
};
pub use decide::{Answer, RouteDecision};
pub use error::PolicyError;
pub use files::FileError;
pub use id::{IdError, PluginId};
pub use manifest::{
    COMPONENT, HostMismatch, MANIFEST, MAX_MANIFEST, Manifest, ManifestError, Mismatch, host_version,
};
pub use overrides::{Boundary, Key, Merged, Name, OVERRIDES, Overrides, Price, merge_overrides};
pub use policy::{PluginStatus, Policy, PolicyConfig, bundled_plugins};
pub use rules::{RuleSet, read_rules};
pub use toml_text::{Setting, TextError};

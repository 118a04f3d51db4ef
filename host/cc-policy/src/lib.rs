//! The plugin host: engine, worlds, catalog (layers, lock, trust), overrides.
// `deny`, not `forbid`: two modules of the engine say why they may.
#![deny(unsafe_code)]

mod author;
mod boundary;
mod build;
mod catalog;
mod decide;
pub mod engine;
mod error;
mod files;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod health;
mod id;
mod manifest;
mod overrides;
mod package;
mod payload;
mod policy;
mod rules;
mod runtime;
mod toml_text;
mod worlds;

pub use author::{
    BenchReport, Cost, FIXTURES, Measured, NewPlugin, Opened, Outcome, Scaffold, Subject, TestCase,
    TestReport, bench_plugins, open_plugin, package_folder, scaffold, test_plugin,
};
pub use build::{
    BUNDLED_LOCK, BuildOptions, Built, BundledLock, Language, LockedBundle, PackageReport, build_bundled,
    build_plugin, check_bundled, inspect_bundled, inspect_package, read_bundled_lock, source_digest,
    validate_package,
};
pub use catalog::{
    Added, BUNDLED, Bundled, Consent, KEYS, KeyName, LOCK, LockedPlugin, Origin, Parcel, PinnedKey, Place,
    Removed, RemovedKey, Status, TRUST, Trusted, TrustedPlugin, TrustedProject, add, add_key, add_local,
    add_package, keys, promote, remove, remove_key, set_enabled, set_place, trust, trusts, untrust,
};
pub use decide::{Answer, RouteDecision, Shadowed};
pub use error::PolicyError;
pub use files::FileError;
pub use health::forgive;
pub use id::{IdError, PluginId};
pub use manifest::{
    COMPONENT, HostMismatch, MANIFEST, MAX_MANIFEST, Manifest, ManifestError, Mismatch, SIGNATURE,
    host_version,
};
pub use overrides::{Boundary, Key, Merged, Name, OVERRIDES, Overrides, Price, merge_overrides};
pub use package::{PACKED, PackageSource, Packed, RulesSource, pack_plugin};
pub use policy::{PluginStatus, Policy, PolicyConfig, bundled_plugins};
pub use rules::{RuleSet, read_rules};
pub use toml_text::{Setting, TextError};

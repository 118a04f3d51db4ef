//! The plugin host: engine, worlds, catalog (layers, lock, trust), overrides.
// `deny`, not `forbid`: two modules of the engine say why they may.
#![deny(unsafe_code)]

pub mod engine;
mod error;
mod files;
mod id;
mod manifest;
mod overrides;
mod toml_text;

pub use error::PolicyError;
pub use files::FileError;
pub use id::{IdError, PluginId};
pub use manifest::{
    COMPONENT, HostMismatch, LimitsText, MANIFEST, Manifest, ManifestError, Mismatch, host_version,
};
pub use overrides::{Key, Merged, Name, OVERRIDES, Overrides, merge_overrides};
pub use toml_text::{Setting, TextError};

//! What stops a decision.

use std::path::PathBuf;

use cc_domain::TraceStep;

use crate::{
    engine::{EngineError, PluginError},
    files::FileError,
    manifest::{HostMismatch, ManifestError},
    toml_text::TextError,
};

/// A decision, or a change of the catalog, that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A router refused the job, and no override says otherwise.
    #[error(
        "{who} refuses this job: {reason}. Change its settings, or name a profile for this role in overrides.toml"
    )]
    Denied {
        /// The router's id and layer.
        who: String,
        /// Its reason.
        reason: String,
        /// Every step, in order.
        trace: Vec<TraceStep>,
    },
    /// What the project is kept to leaves nobody, or not the profile asked for.
    #[error("{reason}. Ask for one of these profiles, or change the boundary")]
    Boundary {
        /// Which boundary, and what it lets in.
        reason: String,
        /// Every step, in order.
        trace: Vec<TraceStep>,
    },
    /// No candidate can be started.
    #[error("no profile can run this job: {0}. Add a profile in CC Switch, or complete one of these")]
    NoCandidate(String),
    /// No profile, or several, of the name asked for.
    #[error("{what}; the profiles are {choices}")]
    Profile {
        /// What was asked for and how many there are.
        what: String,
        /// Name and id of each.
        choices: String,
    },
    /// Every plugin that could answer failed.
    #[error("no {what} answered: {reasons}")]
    NobodyAnswered {
        /// Such as `run-reviewer`.
        what: String,
        /// Who failed and why.
        reasons: String,
        /// Every step, in order.
        trace: Vec<TraceStep>,
    },
    /// Secret rules are not complete, so nothing may be called free of secrets.
    #[error("the secret rules are not complete: {0}. Repair or remove that plugin")]
    FailClosed(String),
    /// The value or change asked for is not possible.
    #[error("{0}")]
    Refused(String),
    /// Nobody whom the user trusts vouches for a plugin, or it is older than it was.
    #[error("{0}")]
    NotTrusted(String),
    /// A built file that the binary carries is damaged.
    #[error("the bundled plugins are damaged: {0}. Install cc-orchestrator again")]
    Bundle(String),
    /// A file that cannot be used, with its line.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A manifest that cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A plugin and a host that do not go together.
    #[error(transparent)]
    Host(#[from] HostMismatch),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A plugin's file cannot be used.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The home's database cannot be used.
    #[error(transparent)]
    Store(#[from] cc_store::StoreError),
    /// The engine cannot start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A program that builds plugins failed.
    #[error("{program} failed for {folder}: {message}", folder = folder.display())]
    Build {
        /// Such as `cargo rustc`.
        program: String,
        /// What was built.
        folder: PathBuf,
        /// Its last words, and what to do.
        message: String,
    },
}

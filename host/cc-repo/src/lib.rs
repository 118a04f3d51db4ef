//! The project a run works in: what was there before and after, what the run changed, whether it may have,
//! and the way back.
//!
//! A [`Snapshot`] is a private commit that holds every file as it is, byte for byte, and all that git knows
//! beside: refs, index, hooks. Everything else compares two of them. Git is used for what it is good at,
//! storing and comparing; it never looks at the working tree, so that no filter, attribute, flag, hook or
//! program that a repository's configuration names has a say.
#![forbid(unsafe_code)]

mod changes;
mod diff;
mod error;
mod git;
mod isolate;
mod objects;
mod os;
mod patch;
mod path;
mod place;
mod project;
mod repo;
mod resolve;
mod restore;
mod risk;
mod scope;
mod scratch;
mod snapshot;
mod talk;

pub use changes::changes;
pub use diff::{DiffOptions, diff};
pub use error::{RepoError, Result};
pub use isolate::AppliedBack;
pub use patch::Patch;
pub use project::{Project, ProjectError};
pub use repo::{Moment, Options, Repo};
pub use risk::{risks, summary};
pub use scope::Scope;
pub use scratch::init;
pub use snapshot::Snapshot;

/// Where the product keeps its own records in a project: never part of a snapshot.
pub(crate) const ARTIFACTS: &str = ".agent-workspace/claude-code-orchestrator";
/// Our refs: never part of a snapshot either.
pub(crate) const REFS: &str = "refs/cc-orchestrator/";

//! The operations, one file each in `ops/`, and their one registry.
//!
//! MCP and the command line are loops over [`registry`]. A new operation is one file, one line in
//! `ops/mod.rs`, one test.
#![forbid(unsafe_code)]

mod accept;
mod arguments;
mod artifacts;
mod bench;
mod calibration;
mod context;
mod convert;
pub mod dashboard;
mod demo;
mod error;
mod facts;
mod failed;
mod follow;
mod guarded;
mod launch;
mod migrate;
mod operation;
mod ops;
mod own;
mod past;
mod plan;
mod progress;
mod prompts;
mod quality;
mod queue;
mod replay;
mod report_files;
mod routing;
mod rules;
mod rules_package;
mod schema;
mod scope;
mod secrets;
mod shadow;
mod slice;
mod snapshot;
mod team;
mod terminal;
mod upgrade;
mod user_file;
mod verify;
mod wait;
mod watch;
mod watched;
mod why;

pub use cc_reports::plain;
pub use context::{Context, Setup, WorkerKind};
pub use demo::{demo_files, demo_setup};
pub use error::{ErrorKind, OpError};
pub use follow::{Follower, event_line};
pub use migrate::{FileFound, MigrateFrom, Migration, migrate};
pub use operation::{Call, Effect, Entry, Operation, Output, Reply};
pub use ops::registry;
pub use progress::{Progress, ProgressSink};
pub use prompts::{list_prompts, render_prompt};
pub use queue::{Dispatcher, Pass, dispatch_when_asked, queue_counts, queue_events};
pub use replay::{Before, Difference, Outcome, Replay, replay, replay_recorded};
pub use rules_package::{RulesPackage, rules_package};
pub use secrets::{Detector, judge_secrets};
pub use shadow::{Change, Comparison, compare_shadow};
pub use upgrade::note as note_version;
pub use why::{Why, why};

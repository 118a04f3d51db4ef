//! Snapshots, changes, scope, diff and rollback on real repositories.

mod project;
mod snapshots;

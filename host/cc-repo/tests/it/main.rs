//! Snapshots, changes, scope, diff and rollback on real repositories.

mod picture;
mod project;
mod random;
mod rollbacks;
mod snapshots;

//! Snapshots, changes, scope, diff and rollback on real repositories.

mod attacks;
mod diffs;
mod picture;
mod project;
mod random;
mod rollbacks;
mod snapshots;

//! Snapshots, changes, scope, diff and rollback on real repositories.

// The helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used)]

mod attacks;
mod diffs;
mod isolation;
mod picture;
mod project;
mod random;
mod rollbacks;
mod snapshots;

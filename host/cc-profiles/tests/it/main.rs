//! The crate against stores made here: every schema, every kind of provider, and every way a store can be in use.
#![allow(clippy::expect_used)]

mod home;
mod kinds;
mod legacy;
mod locations;
mod locks;
mod rows;
mod worker;

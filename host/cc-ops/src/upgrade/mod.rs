//! What an upgrade of this program leaves as it was, and the way back.

pub(crate) mod compare;
mod inventory;
mod record;
pub(crate) mod restore;

pub use record::note;
pub(crate) use record::{Record, accepted, own_name};

//! The plugin engine: what runs one component, within limits, and says clearly why it could not.

mod error;
mod limits;
mod spec;
mod world;

pub use error::{EngineError, PluginError, PluginErrorKind};
pub use limits::{LimitError, Limits};
pub use spec::{PluginSpec, digest};
pub use world::{UnknownWorld, World};
